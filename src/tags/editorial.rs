//! Tags for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{ReadArticles, WriteTaxonomy};
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, Expected, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::list_response;
use crate::http::patch::Patch;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::WriteMode;
use crate::state::AppState;
use crate::tags::delivery::tag_page;
use crate::tags::tag::{NewTag, TagAudience, TagChange, TagFailure, TagRow, TagVisibility};
use crate::tags::views::{EditorialTagOut, EditorialTagPage, TagIn, TagListQuery, TagMergeIn, TagPatchIn};
use crate::{carry_out, read, write_problems};

write_problems!(
    /// What making a tag can answer with.
    TagCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, SLUG_TAKEN, TAG_NAME_TAKEN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing a tag can answer with.
    TagChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, SLUG_TAKEN, TAG_NAME_TAKEN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing a tag can answer with.
    TagDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, TAG_IN_USE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What merging tags can answer with.
    TagMergeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, TAG_CYCLE, TAG_UNKNOWN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// List all tags.
///
/// Also those that readers cannot see yet, and those that were merged into others.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "list_editorial_tags",
    security(("bearer" = [])),
    params(TagListQuery),
    responses((status = 200, description = "A page of tags, by name", body = EditorialTagPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/tags")]
pub async fn list_editorial_tags(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    query: QueryParameters<TagListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = tag_page(&state, query.0, TagAudience::Newsroom).await?;
    let data = page.rows.into_iter().map(EditorialTagOut::from).collect();
    let envelope = EditorialTagPage {
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

/// Read a tag for editing.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "get_editorial_tag",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the tag")),
    responses((status = 200, description = "The tag", body = EditorialTagOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/tags/{id}")]
pub async fn get_editorial_tag(
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing(&state, &id).await?;
    resource_response(&conditions, row.revision, Caching::Private, &EditorialTagOut::from(row))
}

/// Make a tag.
///
/// Readers can see the tag at once. An article that names a tag which is not there makes it, too.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "create_tag",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = TagIn, content_type = "application/json"),
    responses((status = 201, description = "The tag", body = EditorialTagOut,
        headers(("Location" = String, description = "Where the tag is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), TagCreateProblems),
)]
#[post("/tags")]
pub async fn create_tag(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(&caller);
    let TagIn {
        name,
        slug,
        description,
    } = write.body.json().await?;
    let new = NewTag {
        id: stamp.new_id(),
        slug: slug.unwrap_or_else(|| name.slug().clone()),
        name,
        description,
        visibility: TagVisibility::Public,
    };
    carry_out!(state, write.mode, tags::create(new, stamp), |row: TagRow| {
        let path = format!("/v1/editorial/tags/{}", row.id.0);
        Answer::created(path, row.revision, &EditorialTagOut::from(row))
    })
}

/// Put a tag in place of one.
///
/// What the body leaves out is removed, but for the slug, which stays. Articles keep the tag.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "replace_tag",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the tag"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = TagIn, content_type = "application/json"),
    responses((status = 200, description = "The tag", body = EditorialTagOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), TagChangeProblems),
)]
#[put("/tags/{id}")]
pub async fn replace_tag(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing(&state, &id).await?.stale())?;
    let TagIn {
        name,
        slug,
        description,
    } = write.body.json().await?;
    let change = TagChange {
        name: Some(name),
        slug,
        description: Patch::replacing(description),
    };
    change_tag(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Change a tag.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`. Articles
/// keep the tag, and its former names and slugs still mean it.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "update_tag",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the tag"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = TagPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The tag", body = EditorialTagOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), TagChangeProblems),
)]
#[patch("/tags/{id}")]
pub async fn update_tag(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing(&state, &id).await?.stale())?;
    let TagPatchIn {
        name,
        slug,
        description,
    } = write.body.json().await?;
    let change = TagChange {
        name: name.0,
        slug: slug.0,
        description,
    };
    change_tag(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Remove a tag.
///
/// Only one that no article has. Tags that were merged into it go with it.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "delete_tag",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the tag"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The tag is gone"), TagDeleteProblems),
)]
#[delete("/tags/{id}")]
pub async fn delete_tag(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing(&state, &id).await?.stale())?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, tags::delete(id, expected, stamp), |()| Ok(
        Answer::removed()
    ))
}

/// Merge a tag into another.
///
/// All articles that have the tag get the other one in its place, also for readers. The tag stays as a pointer: its slugs
/// redirect, and an article that names it gets the other one. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "editorial tags",
    operation_id = "merge_tag",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader,
        ("id" = Uuid, Path, description = "The id of the tag that goes")),
    request_body(content = TagMergeIn, content_type = "application/json"),
    responses((status = 200, description = "The tag that stays", body = EditorialTagOut,
        headers(("ETag" = String, description = "The entity tag of the tag that stays, to send as If-Match"))),
        TagMergeProblems),
)]
#[post("/tags/{id}/merge")]
pub async fn merge_tag(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (row, expected) = (existing(&state, &id).await?, conditions.optional());
    if !expected.allows(row.revision) {
        return Err(row.stale().into());
    }
    let TagMergeIn { into } = write.body.json().await?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        tags::merge(id, expected, into, stamp),
        |row: TagRow| { Answer::changed(row.revision, &EditorialTagOut::from(row)) }
    )
}

async fn existing(state: &AppState, id: &IdInPath) -> Result<TagRow, Problem> {
    let id = id.0;
    let found: Result<Option<TagRow>, Failure> = read!(&state.database, tags::find(id));
    found?.ok_or_else(|| Problem::not_found("tag"))
}

async fn change_tag(
    state: &AppState,
    caller: &Authorized<WriteTaxonomy>,
    id: &IdInPath,
    mode: WriteMode,
    (expected, change): (Expected, TagChange),
) -> Result<HttpResponse, Problem> {
    let (id, stamp) = (id.0, state.stamp(caller));
    carry_out!(state, mode, tags::update(id, expected, change, stamp), |row: TagRow| {
        Answer::changed(row.revision, &EditorialTagOut::from(row))
    })
}

impl From<TagFailure> for Problem {
    fn from(failure: TagFailure) -> Self {
        match failure {
            TagFailure::Absent => Self::not_found("tag"),
            TagFailure::Stale(stale) => stale.into(),
            TagFailure::SlugTaken(conflict) => conflict.into(),
            TagFailure::NameTaken { conflicting_id, name } => {
                let detail = format!("There is the tag {name:?} already; use that one, or merge the two.");
                Self::new(&problem_codes::TAG_NAME_TAKEN, detail.clone())
                    .with_fault(ProblemFault::member("/name", "taken", detail))
                    .with_members(|details| details.conflicting_id = Some(conflicting_id))
            }
            TagFailure::InUse => Self::new(
                &problem_codes::TAG_IN_USE,
                "Articles have this tag; take it from those first, or merge it into another tag.",
            ),
            TagFailure::Cycle => {
                let detail = "This is the tag that would be merged; name another one.";
                Self::new(&problem_codes::TAG_CYCLE, detail).with_fault(ProblemFault::member("/into", "cycle", detail))
            }
            TagFailure::TargetUnknown(slug) => {
                let detail = format!("There is no tag with the slug {slug}.");
                Self::new(&problem_codes::TAG_UNKNOWN, detail.clone())
                    .with_fault(ProblemFault::member("/into", "unknown", detail))
            }
            TagFailure::Database(failure) => failure.into(),
        }
    }
}
