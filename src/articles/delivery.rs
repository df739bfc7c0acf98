//! Articles for readers. Nothing here can reach a working copy.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use uuid::Uuid;

use crate::articles::article::{
    ArticleFailure, ArticleLookup, PublishedArticle, PublishedArticleRow, PublishedBodyRow, PublishedFilter,
    PublishedSummaryRow,
};
use crate::articles::blocks::blocks;
use crate::articles::filters::{FilterIds, FilterNames};
use crate::articles::views::blocks::ArticleBlocksOut;
use crate::articles::views::queries::ArticleListQuery;
use crate::articles::views::reader::{ArticleOut, ArticlePage, ArticleSummaryOut};
use crate::authors::author::AuthorAudience;
use crate::authors::delivery::{ListProblems, ReadProblems};
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::field::LanguageTag;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_response, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SlugInPath};
use crate::http::page::{ListIdentity, Page, PageInfo, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading an article can answer with.
    ArticleReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_FOUND, GONE
);

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
        section,
        tag,
        series,
        lang,
    } = query.0;
    let list = ListIdentity {
        name: "articles by published_at",
        order: order.unwrap_or(SortOrder::Descending),
        filter: format!("{author:?} {section:?} {tag:?} {series:?} {lang:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let names = FilterNames {
        author,
        section,
        tag,
        series,
    };
    let FilterIds {
        author,
        sections,
        tag,
        series,
    } = names.resolve(&state, AuthorAudience::Public).await?;
    let filter = PublishedFilter {
        author,
        sections,
        tag,
        series,
        lang: lang.map(LanguageTag::into_string),
    };
    let slice = page_request.slice();
    let rows: Result<Vec<PublishedArticle<PublishedSummaryRow>>, Failure> =
        read!(&state.database, articles::list_published(filter, slice));
    let page = state.cursors.page(&page_request, rows?, |article| Position {
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
        (status = 304, description = "The client has it already"), ArticleReadProblems),
)]
#[get("/articles/{id}")]
pub async fn get_article(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<Option<PublishedArticle<PublishedArticleRow>>, Failure> =
        read!(&state.database, articles::find_published(id));
    let Some(article) = found? else {
        return Err(absent(&state, id).await?);
    };
    resource_response(
        &conditions,
        (article.row.article_id.0, article.row.revision),
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
            (article.row.article_id.0, article.row.revision),
            Caching::Public,
            &ArticleOut::from(*article),
        ),
        ArticleLookup::Moved(current) => Ok(moved_response(&request, &state.settings.public_url, &current)),
        ArticleLookup::Absent => Err(Problem::not_found("article")),
    }
}

/// Read the text of an article as blocks.
///
/// For front ends that show paragraphs, headings and pictures with parts of their own. A flat list: a list or a quotation
/// is one block, with what stands in it in its HTML.
#[utoipa::path(
    tag = "articles",
    operation_id = "get_article_blocks",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "The blocks", body = ArticleBlocksOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ArticleReadProblems),
)]
#[get("/articles/{id}/blocks")]
pub async fn get_article_blocks(
    state: Data<AppState>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<Option<PublishedBodyRow>, Failure> = read!(&state.database, articles::find_published_body(id));
    let Some(row) = found? else {
        return Err(absent(&state, id).await?);
    };
    let revision = row.revision;
    // Off the worker, since a long text would hold up its other requests.
    let view = tokio::task::spawn_blocking(move || {
        let blocks = blocks(&row.body_markdown);
        ArticleBlocksOut::new(row, blocks)
    });
    let view = view.await.map_err(|panic| Problem::internal(panic.to_string()))?;
    resource_response(&conditions, revision, Caching::Public, &view)
}

/// Whether an article never was there for readers, or is gone for good.
async fn absent(state: &AppState, id: Uuid) -> Result<Problem, Problem> {
    let purged: Result<Option<RowTime>, Failure> = read!(&state.database, articles::purged_at(id));
    Ok(match purged? {
        Some(at) => ArticleFailure::Purged { at: at.utc() }.into(),
        None => Problem::not_found("article"),
    })
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
