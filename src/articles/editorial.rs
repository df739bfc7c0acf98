//! Articles for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};

use crate::accounts::guards::{Authorized, WhenGranted};
use crate::accounts::permissions::{DeleteArticles, PublishArticles, ReadArticles, WriteArticles};
use crate::articles::article::WorkingFilter;
use crate::articles::article::{
    ArticleChange, ArticleFailure, ArticleSummaryRow, ArticleText, Body, NewArticle, NewThread, Ownership, Publication,
    Upserted, WorkingArticle,
};
use crate::articles::delivery::author_id;
use crate::articles::views::{
    ArticleIn, ArticlePatchIn, ArticleStatus, EditorialArticleListQuery, EditorialArticleOut, EditorialArticlePage,
    EditorialArticleSummaryOut, patch_change, replacement,
};
use crate::authors::author::AuthorAudience;
use crate::authors::author::BylineAuthorRow;
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::database::failure::Failure;
use crate::http::conditional::{
    Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, Written, precondition_required, resource_response, written,
};
use crate::http::input::{IdInPath, InputFaults, JsonBody, QueryParameters, SlugInPath};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::markup::{Policy, Rendered};
use crate::slug::Slug;
use crate::state::AppState;
use crate::{problems, read, write_unit};

problems!(
    /// What making an article can answer with.
    ArticleCreateProblems: MALFORMED_JSON, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE,
    REQUEST_TIMEOUT, SLUG_TAKEN, AUTHOR_UNKNOWN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

problems!(
    /// What changing an article can answer with.
    ArticleChangeProblems: INVALID_PARAMETER, MALFORMED_JSON, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID,
    INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, SLUG_TAKEN, AUTHOR_UNKNOWN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

problems!(
    /// What a step of the lifecycle can answer with.
    LifecycleProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE,
    NOT_FOUND, NOT_PUBLISHED, PRECONDITION_FAILED
);

problems!(
    /// What removing an article can answer with.
    ArticleDeleteProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE,
    NOT_FOUND, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

type StoredArticle = Result<WorkingArticle, ArticleFailure>;

/// List the working copies.
///
/// Drafts and published articles, without the texts; those changed last come first. Authors see their own.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "list_editorial_articles",
    security(("bearer" = [])),
    params(EditorialArticleListQuery),
    responses((status = 200, description = "A page of working copies", body = EditorialArticlePage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/articles")]
pub async fn list_editorial_articles(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    query: QueryParameters<EditorialArticleListQuery>,
) -> Result<HttpResponse, Problem> {
    let EditorialArticleListQuery {
        limit,
        cursor,
        order,
        status,
        author,
    } = query.0;
    let ownership = Ownership::from_filter(caller.owner_filter());
    let list = ListIdentity {
        name: "working copies by updated_at",
        order: order.unwrap_or(SortOrder::Descending),
        filter: format!("{ownership:?} {status:?} {author:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let author = match author {
        None => None,
        // An author whom nobody knows has no articles: the nil id stands in no byline.
        Some(author) => Some(
            author_id(&state, author, AuthorAudience::Newsroom)
                .await?
                .unwrap_or_default(),
        ),
    };
    let is_published = status.map(|status| status == ArticleStatus::Published);
    let (filter, slice) = (
        WorkingFilter {
            ownership,
            is_published,
            author,
        },
        page_request.slice(),
    );
    let rows: Result<Vec<(ArticleSummaryRow, Vec<BylineAuthorRow>)>, Failure> =
        read!(&state.database, articles::list_working(filter, slice));
    let page = state.cursors.page(&page_request, rows?, |(row, _)| Position {
        key: PositionKey::Time(row.updated_at.micros()),
        id: row.id.0,
    });
    let data = page.rows.into_iter().map(EditorialArticleSummaryOut::from).collect();
    let envelope = EditorialArticlePage {
        data,
        page: page.info.clone(),
    };
    Ok(list_response(
        &request,
        &state.settings.public_url,
        Caching::Private,
        &page.info,
        &envelope,
    ))
}

/// Read an article for editing.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "get_editorial_article",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/articles/{id}")]
pub async fn get_editorial_article(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let article = existing(&state, &id, Ownership::from_filter(caller.owner_filter())).await?;
    resource_response(
        &conditions,
        article.row.revision,
        Caching::Private,
        &EditorialArticleOut::from(article),
    )
}

/// Make an article.
///
/// A draft, or published at once with `"status": "published"`.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "create_article",
    security(("bearer" = [])),
    request_body(content = ArticleIn, content_type = "application/json"),
    responses((status = 201, description = "The working copy", body = EditorialArticleOut,
        headers(("Location" = String, description = "Where the article is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), ArticleCreateProblems),
)]
#[post("/articles")]
pub async fn create_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    publisher: WhenGranted<PublishArticles>,
    body: JsonBody<ArticleIn>,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(caller.account_id());
    let new = new_article(&state, body.read().await?, None, &publisher, &caller).await?;
    let stored: StoredArticle = write_unit!(&state.database, articles::create(new, stamp));
    created(&state, stored?)
}

/// Put an article in place of one.
///
/// What the body leaves out is removed, but for the slug and the date of publication, which stay.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "replace_article",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = ArticleIn, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), ArticleChangeProblems),
)]
#[put("/articles/{id}")]
pub async fn replace_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    publisher: WhenGranted<PublishArticles>,
    id: IdInPath,
    conditions: Conditions,
    body: JsonBody<ArticleIn>,
) -> Result<HttpResponse, Problem> {
    let ownership = Ownership::from_filter(caller.owner_filter());
    let expected = conditions.required(existing(&state, &id, ownership).await?.row.stale())?;
    let input = body.read().await?;
    let publication = allowed_publication(ArticleStatus::publication(input.status), &publisher)?;
    let text = rendered(input.body_markdown.clone()).await?;
    let change = replacement(input, text, state.clock.now()).map_err(InputFaults::into_body_problem)?;
    let (id, stamp) = (id.0, state.stamp(caller.account_id()));
    let stored: StoredArticle = write_unit!(
        &state.database,
        articles::update(id, ownership, expected, change, publication, stamp)
    );
    changed(stored?)
}

/// Change an article.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "update_article",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = ArticlePatchIn, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), ArticleChangeProblems),
)]
#[patch("/articles/{id}")]
pub async fn update_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    conditions: Conditions,
    body: JsonBody<ArticlePatchIn>,
) -> Result<HttpResponse, Problem> {
    let ownership = Ownership::from_filter(caller.owner_filter());
    let expected = conditions.required(existing(&state, &id, ownership).await?.row.stale())?;
    let input = body.read().await?;
    let text = match input.body_markdown.0.clone() {
        Some(body) => Some(rendered(body).await?),
        None => None,
    };
    let change = patch_change(input, text, state.clock.now()).map_err(InputFaults::into_body_problem)?;
    let (id, stamp, publication) = (id.0, state.stamp(caller.account_id()), Publication::Unchanged);
    let stored: StoredArticle = write_unit!(
        &state.database,
        articles::update(id, ownership, expected, change, publication, stamp)
    );
    changed(stored?)
}

/// Make an article, or put it in place of the one with its slug.
///
/// The slug of the path is the slug of the article. When there is one already, `If-Match` is required; with
/// `If-Match: *` the request makes or overwrites, whichever it takes. `If-None-Match: *` only makes.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "upsert_article",
    security(("bearer" = [])),
    params(IfMatchHeader, IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the article", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")),
    request_body(content = ArticleIn, content_type = "application/json"),
    responses((status = 200, description = "The working copy, which was changed", body = EditorialArticleOut,
            headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 201, description = "The working copy, which was made", body = EditorialArticleOut,
            headers(("Location" = String, description = "Where the article is"),
                ("ETag" = String, description = "The entity tag, to send as If-Match"))),
        ArticleChangeProblems),
)]
#[put("/articles/by-slug/{slug}")]
pub async fn upsert_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    publisher: WhenGranted<PublishArticles>,
    slug: SlugInPath,
    conditions: Conditions,
    body: JsonBody<ArticleIn>,
) -> Result<HttpResponse, Problem> {
    let new = new_article(&state, body.read().await?, Some(slug.0), &publisher, &caller).await?;
    let (ownership, stamp) = (
        Ownership::from_filter(caller.owner_filter()),
        state.stamp(caller.account_id()),
    );
    let stored: Result<Upserted, ArticleFailure> =
        write_unit!(&state.database, articles::upsert(new, ownership, conditions, stamp));
    match stored? {
        Upserted::Created(article) => created(&state, article),
        Upserted::Changed(article) => changed(article),
    }
}

/// Publish an article.
///
/// Readers see the working copy as it is now. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "publish_article",
    security(("bearer" = [])),
    params(IfMatchHeader, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), LifecycleProblems),
)]
#[post("/articles/{id}/publish")]
pub async fn publish_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (id, stamp, expected) = (id.0, state.stamp(caller.account_id()), conditions.optional());
    let ownership = Ownership::from_filter(caller.owner_filter());
    let stored: StoredArticle = write_unit!(&state.database, articles::publish(id, ownership, expected, stamp));
    changed(stored?)
}

/// Take an article away from readers.
///
/// The working copy stays. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "unpublish_article",
    security(("bearer" = [])),
    params(IfMatchHeader, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), LifecycleProblems),
)]
#[post("/articles/{id}/unpublish")]
pub async fn unpublish_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (id, expected) = (id.0, conditions.optional());
    let ownership = Ownership::from_filter(caller.owner_filter());
    let stored: StoredArticle = write_unit!(&state.database, articles::unpublish(id, ownership, expected));
    changed(stored?)
}

/// Remove an article.
///
/// With its thread, for good.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "delete_article",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The article is gone"), ArticleDeleteProblems),
)]
#[delete("/articles/{id}")]
pub async fn delete_article(
    state: Data<AppState>,
    caller: Authorized<DeleteArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let ownership = Ownership::from_filter(caller.owner_filter());
    let expected = conditions.required(existing(&state, &id, ownership).await?.row.stale())?;
    let id = id.0;
    let removed: Result<(), ArticleFailure> = write_unit!(&state.database, articles::delete(id, ownership, expected));
    removed?;
    Ok(HttpResponse::NoContent().finish())
}

/// Renders the text of an article, off the worker.
///
/// # Errors
/// `internal-error` when rendering panics, which is a defect.
pub async fn rendered(body: Body) -> Result<ArticleText, Problem> {
    let rendered = Rendered::off_worker(body.into_string(), Policy::Article)
        .await
        .map_err(Problem::internal)?;
    Ok(ArticleText::new(rendered))
}

/// The publication that a request asks for, if the caller may.
///
/// # Errors
/// `insufficient-scope` when the caller may not publish.
pub fn allowed_publication(
    publication: Publication,
    publisher: &WhenGranted<PublishArticles>,
) -> Result<Publication, Problem> {
    if publication == Publication::Immediate {
        publisher.require()?;
    }
    Ok(publication)
}

/// The answer to a write that made an article.
///
/// # Errors
/// `internal-error` when the view cannot be written, which is a defect.
pub fn created(state: &AppState, article: WorkingArticle) -> Result<HttpResponse, Problem> {
    let location = article_location(state, &article);
    written(
        &Written::Created { location },
        article.row.revision,
        &EditorialArticleOut::from(article),
    )
}

/// The absolute URL of a working copy.
#[must_use]
pub fn article_location(state: &AppState, article: &WorkingArticle) -> String {
    format!(
        "{}/v1/editorial/articles/{}",
        state.settings.public_url, article.row.id.0
    )
}

fn changed(article: WorkingArticle) -> Result<HttpResponse, Problem> {
    written(
        &Written::Changed,
        article.row.revision,
        &EditorialArticleOut::from(article),
    )
}

async fn existing(state: &AppState, id: &IdInPath, ownership: Ownership) -> Result<WorkingArticle, Problem> {
    let id = id.0;
    let found: Result<Option<WorkingArticle>, Failure> = read!(&state.database, articles::find_working(id, ownership));
    found?.ok_or_else(|| Problem::not_found("article"))
}

async fn new_article(
    state: &AppState,
    input: ArticleIn,
    slug_in_path: Option<Slug>,
    publisher: &WhenGranted<PublishArticles>,
    caller: &Authorized<WriteArticles>,
) -> Result<NewArticle, Problem> {
    let publication = allowed_publication(ArticleStatus::publication(input.status), publisher)?;
    let slug = chosen_slug(slug_in_path, input.slug.as_ref(), input.title.as_str())?;
    let (title, text) = (input.title.clone(), rendered(input.body_markdown.clone()).await?);
    let change = replacement(input, text.clone(), state.clock.now()).map_err(InputFaults::into_body_problem)?;
    let id = state.stamp(caller.account_id()).new_id();
    let change = ArticleChange { slug: None, ..change };
    Ok(NewArticle {
        id,
        slug,
        title,
        text,
        change,
        thread: NewThread::default(),
        publication,
    })
}

fn chosen_slug(in_path: Option<Slug>, in_body: Option<&Slug>, title: &str) -> Result<Slug, Problem> {
    match (in_path, in_body) {
        (Some(path), Some(body)) if path != *body => {
            let detail = format!("the path says {path} and the body {body}; leave slug out of the body");
            Err(InputFaults::at("/slug", "contradiction", detail).into_body_problem())
        }
        (Some(slug), _) => Ok(slug),
        (None, Some(slug)) => Ok(slug.clone()),
        (None, None) => Slug::of(title).ok_or_else(|| {
            InputFaults::at("/slug", "required", "no slug can be made from this title; give one").into_body_problem()
        }),
    }
}

impl From<ArticleFailure> for Problem {
    fn from(failure: ArticleFailure) -> Self {
        match failure {
            ArticleFailure::Absent => Self::not_found("article"),
            ArticleFailure::Stale(stale) => stale.into(),
            ArticleFailure::NoPrecondition { revision } => precondition_required(revision),
            ArticleFailure::Exists(stale) => Self::from(stale).with_fault(ProblemFault::header(
                "If-None-Match",
                "exists",
                "there is an article with this slug already",
            )),
            ArticleFailure::NothingToMatch => {
                let detail = "If-Match names a revision, and there is no article with this slug. Leave the header out to make one.";
                Self::new(&problem_codes::PRECONDITION_FAILED, detail)
                    .with_fault(ProblemFault::header("If-Match", "absent", detail))
            }
            ArticleFailure::SlugTaken(conflict) => conflict.into(),
            ArticleFailure::AuthorUnknown { index, slug } => {
                let detail = format!("there is no author with the slug {slug}; create one, or give a name");
                Self::new(
                    &problem_codes::AUTHOR_UNKNOWN,
                    format!("The byline is wrong: {detail}."),
                )
                .with_fault(ProblemFault::member(
                    &format!("/authors/{index}/slug"),
                    "unknown",
                    detail,
                ))
            }
            ArticleFailure::NotPublished => {
                Self::new(&problem_codes::NOT_PUBLISHED, "Readers do not see this article.")
            }
            ArticleFailure::Database(failure) => failure.into(),
        }
    }
}
