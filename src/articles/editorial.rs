//! Articles for the newsroom: reading and saving working copies.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};

use crate::accounts::guards::{Authorized, WhenGranted};
use crate::accounts::permissions::{Administer, DeleteArticles, PublishArticles, ReadArticles, WriteArticles};
use crate::articles::article::{
    ArticleFailure, ArticleRow, ArticleText, Body, Maker, MergePolicy, NewArticle, NewThread, Ownership, Publication,
    Readiness, StepRequest, Upserted, WorkingArticle, WorkingFilter, WorkingSummary,
};
use crate::articles::content::ExternalId;
use crate::articles::edit::ArticleEdit;
use crate::articles::filters::{FilterIds, FilterNames};
use crate::articles::preflight::has_errors;
use crate::articles::views::input::{ArticleIn, ArticlePatchIn, patch_edit, replacement};
use crate::articles::views::newsroom::{
    ArticleStatus, EditorialArticleOut, EditorialArticlePage, EditorialArticleSummaryOut, PreflightFindingOut,
    PreflightOut,
};
use crate::articles::views::queries::{CreateQuery, DeleteQuery, EditorialArticleListQuery, Force, Purge, SaveQuery};
use crate::authors::author::AuthorAudience;
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, Expected, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{ExternalIdInPath, IdInPath, InputFaults, QueryParameters, SlugInPath, UuidText};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::patch::Patch;
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write};
use crate::markup::{Policy, Rendered};
use crate::slug::Slug;
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

write_problems!(
    /// What making an article can answer with.
    ArticleCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, SLUG_TAKEN, AUTHOR_UNKNOWN, REFERENCE_UNKNOWN, TRANSLATION_TAKEN, EXTERNAL_ID_TAKEN, NOT_READY, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing an article can answer with.
    ArticleChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, REQUEST_TIMEOUT, SLUG_TAKEN, AUTHOR_UNKNOWN, REFERENCE_UNKNOWN, TRANSLATION_TAKEN, EXTERNAL_ID_TAKEN, ILLEGAL_TRANSITION, NOT_READY, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing an article can answer with.
    ArticleDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, PUBLISHED_BEFORE, NOT_FOUND, GONE, ILLEGAL_TRANSITION, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

problems!(
    /// What reading an article in the newsroom can answer with.
    pub EditorialArticleReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID,
    INSUFFICIENT_SCOPE, NOT_FOUND, GONE
);

/// List the working copies.
///
/// Without the texts; those changed last come first. What is in the trash is shown with `status=trashed`. Authors see
/// their own.
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
        section,
        tag,
        assignee,
    } = query.0;
    let ownership = Ownership::from(&caller);
    let list = ListIdentity {
        name: "working copies by updated_at",
        order: order.unwrap_or(SortOrder::Descending),
        filter: format!("{ownership:?} {status:?} {author:?} {section:?} {tag:?} {assignee:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let names = FilterNames {
        author,
        section,
        tag,
        series: None,
    };
    let FilterIds {
        author,
        sections,
        tag,
        series: _,
    } = names.resolve(&state, AuthorAudience::Newsroom).await?;
    let filter = WorkingFilter {
        ownership,
        state: status.map(ArticleStatus::state),
        author,
        sections,
        tag,
        assignee: assignee.map(|UuidText(account)| RowId(account)),
    };
    let slice = page_request.slice();
    let rows: Result<Vec<WorkingSummary>, Failure> = read!(&state.database, articles::list_working(filter, slice));
    let page = state.cursors.page(&page_request, rows?, |summary| Position {
        key: PositionKey::Time(summary.row.updated_at.micros()),
        id: summary.row.id.0,
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
        (status = 304, description = "The client has it already"), EditorialArticleReadProblems),
)]
#[get("/articles/{id}")]
pub async fn get_editorial_article(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (id, ownership) = (id.0, Ownership::from(&caller));
    let found: Result<WorkingArticle, ArticleFailure> = read!(&state.database, articles::find_working(id, ownership));
    let article = found?;
    resource_response(
        &conditions,
        article.row.version(),
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
    params(CreateQuery, IdempotencyKeyHeader),
    request_body(content = ArticleIn, content_type = "application/json"),
    responses((status = 201, description = "The working copy", body = EditorialArticleOut,
        headers(("Location" = String, description = "Where the article is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), ArticleCreateProblems),
)]
#[post("/articles")]
pub async fn create_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    rights: PublicationRights,
    write: Write<CreateQuery>,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(&caller);
    let input = write.body.json().await?;
    let new = new_article(&state, input, None, (&rights, write.query.force), &caller).await?;
    let new = NewArticle {
        save: write.query.save(),
        ..new
    };
    carry_out!(state, write.mode, article_writes::create(new, stamp), created)
}

/// Put an article in place of one.
///
/// What the body leaves out is removed, but for the slug and the date of publication, which stay.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "replace_article",
    security(("bearer" = [])),
    params(SaveQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = ArticleIn, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), ArticleChangeProblems),
)]
#[put("/articles/{id}")]
pub async fn replace_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    rights: PublicationRights,
    id: IdInPath,
    conditions: Conditions,
    write: Write<SaveQuery>,
) -> Result<HttpResponse, Problem> {
    let (target, stamp) = (target(&caller, &id), state.stamp(&caller));
    let current = current_row(&state, target).await?;
    let expected = conditions.named(current.revision)?;
    let save = write.query.save();
    let earlier = |fault| earlier(&current, &expected, save.merge, fault);
    let input: ArticleIn = write.body.json().await.map_err(earlier)?;
    let publication = rights.allowed(write.query.force.publication(input.status))?;
    let text = rendered(input.body_markdown.clone()).await?;
    let edit = replacement(input, text, state.clock.now()).map_err(|faults| earlier(faults.into_body_problem()))?;
    carry_out!(
        state,
        write.mode,
        article_writes::update(target, expected, edit, publication, save, stamp),
        changed
    )
}

/// Change an article.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "update_article",
    security(("bearer" = [])),
    params(SaveQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
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
    write: Write<SaveQuery>,
) -> Result<HttpResponse, Problem> {
    let (target, stamp) = (target(&caller, &id), state.stamp(&caller));
    let current = current_row(&state, target).await?;
    let expected = conditions.named(current.revision)?;
    let save = write.query.save();
    let earlier = |fault| earlier(&current, &expected, save.merge, fault);
    let input = write.body.json().await.map_err(earlier)?;
    let edit = patched(&state, input, "").await.map_err(earlier)?;
    carry_out!(
        state,
        write.mode,
        article_writes::update(target, expected, edit, Publication::Unchanged, save, stamp),
        changed
    )
}

/// Make an article, or put it in place of the one with its slug.
///
/// The slug of the path is the slug of the article. When there is one already, `If-Match` is required; with
/// `If-Match: *` the request makes or overwrites, whichever it takes. `If-None-Match: *` only makes.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "upsert_article",
    security(("bearer" = [])),
    params(SaveQuery, IfMatchHeader, IfNoneMatchHeader, IdempotencyKeyHeader, ("slug" = String, Path, description = "The slug of the article", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")),
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
    rights: PublicationRights,
    slug: SlugInPath,
    conditions: Conditions,
    write: Write<SaveQuery>,
) -> Result<HttpResponse, Problem> {
    let input = write.body.json().await?;
    let new = new_article(&state, input, Some(slug.0), (&rights, write.query.force), &caller).await?;
    let new = NewArticle {
        save: write.query.save(),
        ..new
    };
    let (ownership, stamp) = (Ownership::from(&caller), state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        article_writes::upsert(new, ownership, conditions, stamp),
        upserted
    )
}

/// Make an article, or put it in place of the one that another system knows by an id.
///
/// For scripts that copy articles from elsewhere: run twice, they make no doubles. An article that is there keeps its
/// slug unless the body gives one. Preconditions are those of the upsert by slug.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "upsert_article_by_external_id",
    security(("bearer" = [])),
    params(SaveQuery, IfMatchHeader, IfNoneMatchHeader, IdempotencyKeyHeader,
        ("source" = String, Path, description = "The other system", max_length = 100, example = "wordpress"),
        ("external_id" = String, Path, description = "The id there", max_length = 300, example = "4711")),
    request_body(content = ArticleIn, content_type = "application/json"),
    responses((status = 200, description = "The working copy, which was changed", body = EditorialArticleOut,
            headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 201, description = "The working copy, which was made", body = EditorialArticleOut,
            headers(("Location" = String, description = "Where the article is"),
                ("ETag" = String, description = "The entity tag, to send as If-Match"))),
        ArticleChangeProblems),
)]
#[put("/articles/by-external-id/{source}/{external_id}")]
pub async fn upsert_article_by_external_id(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    rights: PublicationRights,
    name: ExternalIdInPath,
    conditions: Conditions,
    write: Write<SaveQuery>,
) -> Result<HttpResponse, Problem> {
    let input: ArticleIn = write.body.json().await?;
    let slug_given = input.slug.clone();
    let new = new_article(&state, input, None, (&rights, write.query.force), &caller).await?;
    let ExternalIdInPath { source, id } = name;
    let name = ExternalId { source, id };
    let edit = named_externally(new.edit, &name)?;
    let new = NewArticle {
        edit,
        save: write.query.save(),
        ..new
    };
    let (ownership, stamp) = (Ownership::from(&caller), state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        article_writes::upsert_by_external_id(new, name, slug_given, ownership, conditions, stamp),
        upserted
    )
}

/// Throw an article away.
///
/// Readers see it no more; it lies in the trash, where `…/restore` takes it from. With `purge=true` an article in the
/// trash is removed for good, with its thread and its history; the addresses with its id answer 410 from then on.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "delete_article",
    security(("bearer" = [])),
    params(DeleteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The article is in the trash, or gone"), ArticleDeleteProblems),
)]
#[delete("/articles/{id}")]
pub async fn delete_article(
    state: Data<AppState>,
    caller: Authorized<DeleteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write<DeleteQuery>,
) -> Result<HttpResponse, Problem> {
    let target = (id.0, Ownership::from(&caller));
    let current = current_row(&state, target).await?;
    let expected = conditions.named(current.revision)?;
    let stamp = state.stamp(&caller);
    match write.query.purge {
        Purge::Yes => carry_out!(
            state,
            write.mode,
            article_writes::purge(target, expected, stamp),
            |()| Ok(Answer::removed())
        ),
        Purge::No => {
            let request = (StepRequest::Trash, None);
            carry_out!(
                state,
                write.mode,
                article_steps::take(target, expected, request, stamp),
                |_article: WorkingArticle| Ok(Answer::removed())
            )
        }
    }
}

/// See what speaks against publishing an article.
///
/// The same checks that a publication makes. Errors stop it, warnings and notices do not.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "preflight_article",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "What was found", body = PreflightOut), EditorialReadProblems),
)]
#[get("/articles/{id}/preflight")]
pub async fn preflight_article(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let target = (id.0, Ownership::from(&caller));
    let public_url = state.settings.public_url.clone();
    let found: Result<(ArticleRow, Vec<_>), ArticleFailure> =
        read!(&state.database, readiness::preflight(target, public_url));
    let (row, findings) = found?;
    let view = PreflightOut {
        revision: row.revision,
        ready: !has_errors(&findings),
        findings: findings.into_iter().map(PreflightFindingOut::from).collect(),
    };
    resource_response(&conditions, row.revision, Caching::Private, &view)
}

/// What a caller may do about publishing.
pub type PublicationRights = (WhenGranted<PublishArticles>, WhenGranted<Administer>);

/// The publication that a request asks for, if the caller may.
pub trait Allowed {
    /// # Errors
    /// `insufficient-scope` when the caller may not publish, or may not waive what preflight says.
    fn allowed(&self, publication: Publication) -> Result<Publication, Problem>;
}

impl Allowed for PublicationRights {
    fn allowed(&self, publication: Publication) -> Result<Publication, Problem> {
        let (publisher, administrator) = self;
        match publication {
            Publication::Unchanged => {}
            Publication::Immediate(Readiness::Required) => publisher.require()?,
            Publication::Immediate(Readiness::Waived) => {
                publisher.require()?;
                administrator.require()?;
            }
        }
        Ok(publication)
    }
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

/// A merge patch as an edit, with its text rendered. `place` is the JSON Pointer of the patch in the body, empty for all of
/// it.
///
/// # Errors
/// `validation-failed`.
pub async fn patched(state: &AppState, input: ArticlePatchIn, place: &str) -> Result<ArticleEdit, Problem> {
    let text = match input.body_markdown.0.clone() {
        Some(body) => Some(rendered(body).await?),
        None => None,
    };
    patch_edit(input, text, state.clock.now()).map_err(|faults| faults.below(place).into_body_problem())
}

/// The answer to a write that made an article.
///
/// # Errors
/// `internal-error` when the view cannot be written, which is a defect.
pub fn created(article: WorkingArticle) -> Result<Answer, Problem> {
    let path = format!("/v1/editorial/articles/{}", article.row.id.0);
    Answer::created(path, article.row.version(), &EditorialArticleOut::from(article))
}

/// The answer to a write that changed an article.
///
/// # Errors
/// `internal-error` when the view cannot be written, which is a defect.
pub fn changed(article: WorkingArticle) -> Result<Answer, Problem> {
    Answer::changed(article.row.version(), &EditorialArticleOut::from(article))
}

/// The article of a path, and whose it must be.
#[must_use]
pub fn target<P>(caller: &Authorized<P>, id: &IdInPath) -> (uuid::Uuid, Ownership) {
    (id.0, Ownership::from(caller))
}

fn upserted(outcome: Upserted) -> Result<Answer, Problem> {
    match outcome {
        Upserted::Created(article) => created(article),
        Upserted::Changed(article) => changed(article),
    }
}

/// The row as it is before the body is read.
///
/// # Errors
/// `not-found` or `gone`.
pub async fn current_row(state: &AppState, target: (uuid::Uuid, Ownership)) -> Result<ArticleRow, Problem> {
    let (id, ownership) = target;
    let found: Result<ArticleRow, ArticleFailure> = read!(&state.database, article_rows::find(id, ownership));
    Ok(found?)
}

/// A precondition that fails is answered before a body that is wrong. One that fails with a good body is answered by the
/// store, which can tell what became of the article and whether the change would merge. A request that may be merged does
/// not fail by its precondition, so that its body is what is wrong.
fn earlier(current: &ArticleRow, expected: &Expected, merge: MergePolicy, fault: Problem) -> Problem {
    let is_overtaken = !expected.allows(current.revision) && merge == MergePolicy::Refuse;
    match is_overtaken {
        false => fault,
        true => current.stale().into(),
    }
}

async fn new_article(
    state: &AppState,
    input: ArticleIn,
    slug_in_path: Option<Slug>,
    (rights, force): (&PublicationRights, Force),
    caller: &Authorized<WriteArticles>,
) -> Result<NewArticle, Problem> {
    let publication = rights.allowed(force.publication(input.status))?;
    let slug = chosen_slug(slug_in_path, input.slug.as_ref(), input.title.as_str())?;
    let (title, text) = (input.title.clone(), rendered(input.body_markdown.clone()).await?);
    let edit = replacement(input, text.clone(), state.clock.now()).map_err(InputFaults::into_body_problem)?;
    let id = state.stamp(caller).new_id();
    Ok(NewArticle {
        id,
        slug,
        title,
        text,
        edit: ArticleEdit { slug: None, ..edit },
        thread: NewThread::default(),
        publication,
        save: crate::articles::article::Save::default(),
        maker: Maker::from(caller),
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

fn named_externally(edit: ArticleEdit, name: &ExternalId) -> Result<ArticleEdit, Problem> {
    match &edit.external_id {
        Patch::Value(other) if other != name => {
            let detail = "the path and the body name different ids; leave external_id out of the body";
            Err(InputFaults::at("/external_id", "contradiction", detail).into_body_problem())
        }
        _ => Ok(ArticleEdit {
            external_id: Patch::Value(name.clone()),
            ..edit
        }),
    }
}
