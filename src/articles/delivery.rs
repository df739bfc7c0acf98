//! Articles for readers. Nothing here can reach a working copy.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::articles::article::{ArticleLookup, PublishedArticle, PublishedArticleRow, PublishedSummaryRow};
use crate::articles::views::{ArticleListQuery, ArticleOut, ArticlePage, ArticleSummaryOut};
use crate::authors::author::AuthorAudience;
use crate::authors::author::AuthorLookup;
use crate::authors::delivery::{ListProblems, ReadProblems};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_response, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SlugInPath, SlugOrId};
use crate::http::page::{ListIdentity, Page, PageInfo, PageRequest, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::read;
use crate::state::AppState;

type Summaries = Vec<PublishedArticle<PublishedSummaryRow>>;

/// List the articles.
///
/// What readers see, without the texts; the newest first.
#[utoipa::path(
    tag = "articles",
    operation_id = "list_articles",
    params(ArticleListQuery),
    responses((status = 200, description = "A page of articles", body = ArticlePage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), ListProblems),
)]
#[get("/articles")]
pub async fn list_articles(
    request: HttpRequest,
    state: Data<AppState>,
    query: QueryParameters<ArticleListQuery>,
) -> Result<HttpResponse, Problem> {
    let ArticleListQuery {
        limit,
        cursor,
        order,
        author,
    } = query.0;
    let list = ListIdentity {
        name: "articles by published_at",
        order: order.unwrap_or(SortOrder::Descending),
        filter: format!("{author:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let rows = load(&state, &page_request, author).await?;
    let page = state.cursors.page(&page_request, rows, |article| Position {
        key: PositionKey::Time(article.row.published_at.micros()),
        id: article.row.article_id.0,
    });
    Ok(respond(&request, &state, page))
}

/// Read an article.
#[utoipa::path(
    tag = "articles",
    operation_id = "get_article",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "The article", body = ArticleOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ReadProblems),
)]
#[get("/articles/{id}")]
pub async fn get_article(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<Option<PublishedArticle<PublishedArticleRow>>, Failure> =
        read!(&state.database, articles::find_published(id));
    let article = found?.ok_or_else(|| Problem::not_found("article"))?;
    resource_response(
        &conditions,
        article.row.revision,
        Caching::Public,
        &ArticleOut::from(article),
    )
}

/// Read an article by slug.
///
/// A slug that the article had before answers 308 with the current address.
#[utoipa::path(
    tag = "articles",
    operation_id = "get_article_by_slug",
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the article", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")),
    responses((status = 200, description = "The article", body = ArticleOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The article has another slug now",
            headers(("Location" = String, description = "Where the article is"))),
        ReadProblems),
)]
#[get("/articles/by-slug/{slug}")]
pub async fn get_article_by_slug(
    request: HttpRequest,
    state: Data<AppState>,
    slug: SlugInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let slug = slug.0;
    let found: Result<ArticleLookup, Failure> = read!(&state.database, articles::find_published_by_slug(slug));
    match found? {
        ArticleLookup::Found(article) => resource_response(
            &conditions,
            article.row.revision,
            Caching::Public,
            &ArticleOut::from(*article),
        ),
        ArticleLookup::Moved(current) => Ok(moved_response(&request, &state.settings.public_url, &current)),
        ArticleLookup::Absent => Err(Problem::not_found("article")),
    }
}

async fn load(state: &AppState, request: &PageRequest, author: Option<SlugOrId>) -> Result<Summaries, Problem> {
    let slice = request.slice();
    let Some(author) = author else {
        let rows: Result<Summaries, Failure> = read!(&state.database, articles::list_published(slice));
        return Ok(rows?);
    };
    match author_id(state, author, AuthorAudience::Public).await? {
        None => Ok(Vec::new()),
        Some(author) => {
            let rows: Result<Summaries, Failure> =
                read!(&state.database, articles::list_published_by_author(author, slice));
            Ok(rows?)
        }
    }
}

/// The author that a filter names; `None` when there is none, which makes the list empty.
///
/// # Errors
/// What the database gives.
pub async fn author_id(state: &AppState, author: SlugOrId, audience: AuthorAudience) -> Result<Option<RowId>, Problem> {
    let slug = match author {
        SlugOrId::Id(id) => return Ok(Some(RowId(id))),
        SlugOrId::Slug(slug) => slug,
    };
    let found: Result<AuthorLookup, Failure> = read!(&state.database, authors::find_by_slug(slug, audience));
    match found? {
        AuthorLookup::Found(row) | AuthorLookup::Moved(row) => Ok(Some(row.id)),
        AuthorLookup::Absent => Ok(None),
    }
}

fn respond(request: &HttpRequest, state: &AppState, page: Page<PublishedArticle<PublishedSummaryRow>>) -> HttpResponse {
    let Page { rows, info } = page;
    let data = rows.into_iter().map(ArticleSummaryOut::from).collect();
    let envelope = ArticlePage {
        data,
        page: PageInfo::clone(&info),
    };
    list_response(request, &state.settings.public_url, Caching::Public, &info, &envelope)
}
