//! Tags for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::authors::delivery::{ListProblems, ReadProblems};
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_response, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SlugInPath};
use crate::http::page::{ListIdentity, Page, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::read;
use crate::state::AppState;
use crate::tags::tag::{TagAudience, TagLookup, TagRow};
use crate::tags::views::{TagListQuery, TagOut, TagPage};

/// List the tags.
///
/// Tags that were merged into others are left out.
#[utoipa::path(
    tag = "tags",
    operation_id = "list_tags",
    params(TagListQuery),
    responses((status = 200, description = "A page of tags, by name", body = TagPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), ListProblems),
)]
#[get("/tags")]
pub async fn list_tags(
    request: HttpRequest,
    state: Data<AppState>,
    query: QueryParameters<TagListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = tag_page(&state, query.0, TagAudience::Public).await?;
    let envelope = TagPage {
        data: page.rows.into_iter().map(TagOut::from).collect(),
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

/// Read a tag.
#[utoipa::path(
    tag = "tags",
    operation_id = "get_tag",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the tag")),
    responses((status = 200, description = "The tag", body = TagOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The tag was merged into another",
            headers(("Location" = String, description = "Where that one is"))),
        ReadProblems),
)]
#[get("/tags/{id}")]
pub async fn get_tag(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<TagLookup, Failure> = read!(&state.database, tags::find_by_id(id, TagAudience::Public));
    match found? {
        TagLookup::Found(row) => resource_response(&conditions, row.revision, Caching::Public, &TagOut::from(row)),
        TagLookup::Moved(current) => {
            let id = current.id.0.to_string();
            Ok(moved_response(&request, &state.settings.public_url, &id))
        }
        TagLookup::Absent => Err(Problem::not_found("tag")),
    }
}

/// Read a tag by slug.
#[utoipa::path(
    tag = "tags",
    operation_id = "get_tag_by_slug",
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the tag", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "open-source")),
    responses((status = 200, description = "The tag", body = TagOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The tag has another slug now, or was merged into another",
            headers(("Location" = String, description = "Where the tag is"))),
        ReadProblems),
)]
#[get("/tags/by-slug/{slug}")]
pub async fn get_tag_by_slug(
    request: HttpRequest,
    state: Data<AppState>,
    slug: SlugInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let slug = slug.0;
    let found: Result<TagLookup, Failure> = read!(&state.database, tags::find_by_slug(slug, TagAudience::Public));
    match found? {
        TagLookup::Found(row) => resource_response(&conditions, row.revision, Caching::Public, &TagOut::from(row)),
        TagLookup::Moved(current) => Ok(moved_response(&request, &state.settings.public_url, &current.slug)),
        TagLookup::Absent => Err(Problem::not_found("tag")),
    }
}

/// A page of tags for an audience.
///
/// # Errors
/// What the cursor or the database gives.
pub async fn tag_page(state: &AppState, query: TagListQuery, audience: TagAudience) -> Result<Page<TagRow>, Problem> {
    let TagListQuery { limit, cursor, order } = query;
    let list = ListIdentity {
        name: "tags by name",
        order: order.unwrap_or(SortOrder::Ascending),
        filter: format!("{audience:?}"),
    };
    let request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = request.slice();
    let rows: Result<Vec<TagRow>, Failure> = read!(&state.database, tags::list(audience, slice));
    Ok(state.cursors.page(&request, rows?, |row| Position {
        key: PositionKey::Text(row.name.clone()),
        id: row.id.0,
    }))
}
