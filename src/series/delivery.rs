//! Series for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::authors::delivery::{ListProblems, ReadProblems};
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_response, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SlugInPath};
use crate::http::page::{ListIdentity, Page, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::read;
use crate::series::series::{SeriesLookup, SeriesRow};
use crate::series::views::{SeriesListQuery, SeriesOut, SeriesPage};
use crate::state::AppState;

/// List the series.
#[utoipa::path(
    tag = "series",
    operation_id = "list_series",
    params(SeriesListQuery),
    responses((status = 200, description = "A page of series, by title", body = SeriesPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), ListProblems),
)]
#[get("/series")]
pub async fn list_series(
    request: HttpRequest,
    state: Data<AppState>,
    query: QueryParameters<SeriesListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = series_page(&state, query.0).await?;
    let envelope = SeriesPage {
        data: page.rows.into_iter().map(SeriesOut::from).collect(),
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

/// Read a series.
#[utoipa::path(
    tag = "series",
    operation_id = "get_series",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the series")),
    responses((status = 200, description = "The series", body = SeriesOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ReadProblems),
)]
#[get("/series/{id}")]
pub async fn get_series(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let row = existing_series(&state, &id).await?;
    resource_response(&conditions, row.revision, Caching::Public, &SeriesOut::from(row))
}

/// Read a series by slug.
#[utoipa::path(
    tag = "series",
    operation_id = "get_series_by_slug",
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the series", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-year-at-sea")),
    responses((status = 200, description = "The series", body = SeriesOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The series has another slug now",
            headers(("Location" = String, description = "Where the series is"))),
        ReadProblems),
)]
#[get("/series/by-slug/{slug}")]
pub async fn get_series_by_slug(
    request: HttpRequest,
    state: Data<AppState>,
    slug: SlugInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let slug = slug.0;
    let found: Result<SeriesLookup, Failure> = read!(&state.database, series::find_by_slug(slug));
    match found? {
        SeriesLookup::Found(row) => {
            resource_response(&conditions, row.revision, Caching::Public, &SeriesOut::from(row))
        }
        SeriesLookup::Moved(current) => Ok(moved_response(&request, &state.settings.public_url, &current.slug)),
        SeriesLookup::Absent => Err(Problem::not_found("series")),
    }
}

/// A page of series. Readers and the newsroom have the same ones.
///
/// # Errors
/// What the cursor or the database gives.
pub async fn series_page(state: &AppState, query: SeriesListQuery) -> Result<Page<SeriesRow>, Problem> {
    let SeriesListQuery { limit, cursor, order } = query;
    let list = ListIdentity {
        name: "series by title",
        order: order.unwrap_or(SortOrder::Ascending),
        filter: String::new(),
    };
    let request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = request.slice();
    let rows: Result<Vec<SeriesRow>, Failure> = read!(&state.database, series::list(slice));
    Ok(state.cursors.page(&request, rows?, |row| Position {
        key: PositionKey::Text(row.title.clone()),
        id: row.id.0,
    }))
}

/// The series that a path names.
///
/// # Errors
/// `not-found`, or what the database gives.
pub async fn existing_series(state: &AppState, id: &IdInPath) -> Result<SeriesRow, Problem> {
    let id = id.0;
    let found: Result<Option<SeriesRow>, Failure> = read!(&state.database, series::find(id));
    found?.ok_or_else(|| Problem::not_found("series"))
}
