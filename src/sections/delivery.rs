//! Sections for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::authors::delivery::{ListProblems, ReadProblems};
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_response, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SlugInPath};
use crate::http::page::{ListIdentity, Page, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::read;
use crate::sections::section::{SectionLookup, SectionRow};
use crate::sections::views::{SectionListQuery, SectionOut, SectionPage};
use crate::state::AppState;

/// List the sections.
///
/// In the order of the tree: each section is followed by those below it, siblings by position and slug.
#[utoipa::path(
    tag = "sections",
    operation_id = "list_sections",
    params(SectionListQuery),
    responses((status = 200, description = "A page of sections, in the order of the tree", body = SectionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), ListProblems),
)]
#[get("/sections")]
pub async fn list_sections(
    request: HttpRequest,
    state: Data<AppState>,
    query: QueryParameters<SectionListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = section_page(&state, query.0).await?;
    let envelope = SectionPage {
        data: page.rows.into_iter().map(SectionOut::from).collect(),
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

/// Read a section.
#[utoipa::path(
    tag = "sections",
    operation_id = "get_section",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the section")),
    responses((status = 200, description = "The section", body = SectionOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ReadProblems),
)]
#[get("/sections/{id}")]
pub async fn get_section(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let row = existing_section(&state, &id).await?;
    resource_response(&conditions, row.revision, Caching::Public, &SectionOut::from(row))
}

/// Read a section by slug.
#[utoipa::path(
    tag = "sections",
    operation_id = "get_section_by_slug",
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the section", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "europe")),
    responses((status = 200, description = "The section", body = SectionOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The section has another slug now",
            headers(("Location" = String, description = "Where the section is"))),
        ReadProblems),
)]
#[get("/sections/by-slug/{slug}")]
pub async fn get_section_by_slug(
    request: HttpRequest,
    state: Data<AppState>,
    slug: SlugInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let slug = slug.0;
    let found: Result<SectionLookup, Failure> = read!(&state.database, sections::find_by_slug(slug));
    match found? {
        SectionLookup::Found(row) => {
            resource_response(&conditions, row.revision, Caching::Public, &SectionOut::from(row))
        }
        SectionLookup::Moved(current) => Ok(moved_response(&request, &state.settings.public_url, &current.slug)),
        SectionLookup::Absent => Err(Problem::not_found("section")),
    }
}

/// A page of sections. Readers and the newsroom have the same ones.
///
/// # Errors
/// What the cursor or the database gives.
pub async fn section_page(state: &AppState, query: SectionListQuery) -> Result<Page<SectionRow>, Problem> {
    let SectionListQuery { limit, cursor } = query;
    let list = ListIdentity {
        name: "sections by tree_order",
        order: SortOrder::Ascending,
        filter: String::new(),
    };
    let request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = request.slice();
    let rows: Result<Vec<SectionRow>, Failure> = read!(&state.database, sections::list(slice));
    Ok(state.cursors.page(&request, rows?, |row| Position {
        key: PositionKey::Text(row.tree_order.clone()),
        id: row.id.0,
    }))
}

/// The section that a path names.
///
/// # Errors
/// `not-found`, or what the database gives.
pub async fn existing_section(state: &AppState, id: &IdInPath) -> Result<SectionRow, Problem> {
    let id = id.0;
    let found: Result<Option<SectionRow>, Failure> = read!(&state.database, sections::find(id));
    found?.ok_or_else(|| Problem::not_found("section"))
}
