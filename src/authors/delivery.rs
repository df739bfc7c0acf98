//! Authors for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::authors::author::AuthorAudience;
use crate::authors::author::{AuthorLookup, AuthorRow};
use crate::authors::views::{AuthorListQuery, AuthorOut, AuthorPage};
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_response, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SlugInPath};
use crate::http::page::{ListIdentity, Page, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading a public list can answer with.
    pub ListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER
);

problems!(
    /// What reading a public resource can answer with.
    pub ReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_FOUND
);

/// List the authors.
#[utoipa::path(
    tag = "authors",
    operation_id = "list_authors",
    params(AuthorListQuery),
    responses((status = 200, description = "A page of authors, by name", body = AuthorPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), ListProblems),
)]
#[get("/authors")]
pub async fn list_authors(
    request: HttpRequest,
    state: Data<AppState>,
    query: QueryParameters<AuthorListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = author_page(&state, query.0, AuthorAudience::Public).await?;
    let envelope = AuthorPage {
        data: page.rows.into_iter().map(AuthorOut::from).collect(),
        page: page.info.clone(),
    };
    Ok(list_response(
        &request,
        &state.settings.public_url,
        Caching::Public,
        &page.info,
        &envelope,
    ))
}

/// Read an author.
#[utoipa::path(
    tag = "authors",
    operation_id = "get_author",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the author")),
    responses((status = 200, description = "The author", body = AuthorOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ReadProblems),
)]
#[get("/authors/{id}")]
pub async fn get_author(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<Option<AuthorRow>, Failure> = read!(&state.database, authors::find(id, AuthorAudience::Public));
    let row = found?.ok_or_else(|| Problem::not_found("author"))?;
    resource_response(&conditions, row.revision, Caching::Public, &AuthorOut::from(row))
}

/// Read an author by slug.
#[utoipa::path(
    tag = "authors",
    operation_id = "get_author_by_slug",
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the author", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")),
    responses((status = 200, description = "The author", body = AuthorOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The author has another slug now",
            headers(("Location" = String, description = "Where the author is"))),
        ReadProblems),
)]
#[get("/authors/by-slug/{slug}")]
pub async fn get_author_by_slug(
    request: HttpRequest,
    state: Data<AppState>,
    slug: SlugInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let slug = slug.0;
    let found: Result<AuthorLookup, Failure> =
        read!(&state.database, authors::find_by_slug(slug, AuthorAudience::Public));
    match found? {
        AuthorLookup::Found(row) => {
            resource_response(&conditions, row.revision, Caching::Public, &AuthorOut::from(row))
        }
        AuthorLookup::Moved(current) => Ok(moved_response(&request, &state.settings.public_url, &current.slug)),
        AuthorLookup::Absent => Err(Problem::not_found("author")),
    }
}

/// A page of authors for an audience.
///
/// # Errors
/// What the cursor or the database gives.
pub async fn author_page(
    state: &AppState,
    query: AuthorListQuery,
    audience: AuthorAudience,
) -> Result<Page<AuthorRow>, Problem> {
    let AuthorListQuery { limit, cursor, order } = query;
    let list = ListIdentity {
        name: "authors by name",
        order: order.unwrap_or(SortOrder::Ascending),
        filter: format!("{audience:?}"),
    };
    let request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = request.slice();
    let rows: Result<Vec<AuthorRow>, Failure> = read!(&state.database, authors::list(audience, slice));
    Ok(state.cursors.page(&request, rows?, |row| Position {
        key: PositionKey::Text(row.name.clone()),
        id: row.id.0,
    }))
}
