//! Sections for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{ReadArticles, WriteTaxonomy};
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, Expected, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, InputFaults, QueryParameters};
use crate::http::page::list_response;
use crate::http::patch::Patch;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::WriteMode;
use crate::sections::delivery::{existing_section, section_page};
use crate::sections::section::{NewSection, SectionChange, SectionFailure, SectionRow, SectionUse};
use crate::sections::tree::MAX_LEVELS;
use crate::sections::views::{EditorialSectionOut, EditorialSectionPage, SectionIn, SectionListQuery, SectionPatchIn};
use crate::slug::Slug;
use crate::state::AppState;
use crate::{carry_out, write_problems};

write_problems!(
    /// What making a section can answer with.
    SectionCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, SECTION_TOO_DEEP, SECTION_UNKNOWN, SLUG_TAKEN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing a section can answer with.
    SectionChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, SECTION_CYCLE, SECTION_TOO_DEEP, SECTION_UNKNOWN, SLUG_TAKEN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing a section can answer with.
    SectionDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, SECTION_IN_USE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List the sections for editing.
#[utoipa::path(
    tag = "editorial sections",
    operation_id = "list_editorial_sections",
    security(("bearer" = [])),
    params(SectionListQuery),
    responses((status = 200, description = "A page of sections, in the order of the tree", body = EditorialSectionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/sections")]
pub async fn list_editorial_sections(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    query: QueryParameters<SectionListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = section_page(&state, query.0).await?;
    let envelope = EditorialSectionPage {
        data: page.rows.into_iter().map(EditorialSectionOut::from).collect(),
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

/// Read a section for editing.
#[utoipa::path(
    tag = "editorial sections",
    operation_id = "get_editorial_section",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the section")),
    responses((status = 200, description = "The section", body = EditorialSectionOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/sections/{id}")]
pub async fn get_editorial_section(
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing_section(&state, &id).await?;
    resource_response(
        &conditions,
        row.revision,
        Caching::Private,
        &EditorialSectionOut::from(row),
    )
}

/// Make a section.
///
/// Readers can see it at once.
#[utoipa::path(
    tag = "editorial sections",
    operation_id = "create_section",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = SectionIn, content_type = "application/json"),
    responses((status = 201, description = "The section", body = EditorialSectionOut,
        headers(("Location" = String, description = "Where the section is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), SectionCreateProblems),
)]
#[post("/sections")]
pub async fn create_section(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(&caller);
    let SectionIn {
        name,
        slug,
        description,
        parent,
        position,
        comments_close_after_days,
    } = write.body.json().await?;
    let slug = slug.or_else(|| Slug::of(name.as_str())).ok_or_else(no_slug)?;
    let new = NewSection {
        id: stamp.new_id(),
        name,
        slug,
        description,
        parent,
        position,
        comments_close_after_days,
    };
    carry_out!(state, write.mode, sections::create(new, stamp), |row: SectionRow| {
        let path = format!("/v1/editorial/sections/{}", row.id.0);
        Answer::created(path, row.revision, &EditorialSectionOut::from(row))
    })
}

/// Put a section in place of one.
///
/// What the body leaves out is removed, but for the slug, which stays: without a parent the section becomes a root.
#[utoipa::path(
    tag = "editorial sections",
    operation_id = "replace_section",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the section"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = SectionIn, content_type = "application/json"),
    responses((status = 200, description = "The section", body = EditorialSectionOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), SectionChangeProblems),
)]
#[put("/sections/{id}")]
pub async fn replace_section(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing_section(&state, &id).await?.stale())?;
    let SectionIn {
        name,
        slug,
        description,
        parent,
        position,
        comments_close_after_days,
    } = write.body.json().await?;
    let change = SectionChange {
        name: Some(name),
        slug,
        description: Patch::replacing(description),
        parent: Patch::replacing(parent),
        position: Some(position),
        comments_close_after_days: Patch::replacing(comments_close_after_days),
    };
    change_section(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Change a section.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`. With
/// another slug, parent or position all sections below move along and keep their revisions.
#[utoipa::path(
    tag = "editorial sections",
    operation_id = "update_section",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the section"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = SectionPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The section", body = EditorialSectionOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), SectionChangeProblems),
)]
#[patch("/sections/{id}")]
pub async fn update_section(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing_section(&state, &id).await?.stale())?;
    let SectionPatchIn {
        name,
        slug,
        description,
        parent,
        position,
        comments_close_after_days,
    } = write.body.json().await?;
    let change = SectionChange {
        name: name.0,
        slug: slug.0,
        description,
        parent,
        position: position.0,
        comments_close_after_days,
    };
    change_section(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Remove a section.
///
/// Only one that has no sections below it and no articles in it.
#[utoipa::path(
    tag = "editorial sections",
    operation_id = "delete_section",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the section"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The section is gone"), SectionDeleteProblems),
)]
#[delete("/sections/{id}")]
pub async fn delete_section(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing_section(&state, &id).await?.stale())?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, sections::delete(id, expected, stamp), |()| Ok(
        Answer::removed()
    ))
}

async fn change_section(
    state: &AppState,
    caller: &Authorized<WriteTaxonomy>,
    id: &IdInPath,
    mode: WriteMode,
    (expected, change): (Expected, SectionChange),
) -> Result<HttpResponse, Problem> {
    let (id, stamp) = (id.0, state.stamp(caller));
    carry_out!(
        state,
        mode,
        sections::update(id, expected, change, stamp),
        |row: SectionRow| { Answer::changed(row.revision, &EditorialSectionOut::from(row)) }
    )
}

fn no_slug() -> Problem {
    InputFaults::at("/slug", "required", "no slug can be made from this name; give one").into_body_problem()
}

impl From<SectionFailure> for Problem {
    fn from(failure: SectionFailure) -> Self {
        match failure {
            SectionFailure::Absent => Self::not_found("section"),
            SectionFailure::Stale(stale) => stale.into(),
            SectionFailure::SlugTaken(conflict) => conflict.into(),
            SectionFailure::ParentUnknown { wanted, moved_to } => parent_unknown(&wanted, moved_to.as_deref()),
            SectionFailure::Cycle { way } => about_parent(
                &problem_codes::SECTION_CYCLE,
                "cycle",
                format!(
                    "The section would stand below itself: {}. Name another parent, or move that one first.",
                    way.join(" > ")
                ),
            ),
            SectionFailure::TooDeep => about_parent(
                &problem_codes::SECTION_TOO_DEEP,
                "too-deep",
                format!(
                    "Sections have at most {MAX_LEVELS} levels, counted with those that move along; name a parent further up."
                ),
            ),
            SectionFailure::InUse(SectionUse::Sections) => Self::new(
                &problem_codes::SECTION_IN_USE,
                "Other sections stand below this one; move or remove those first.",
            ),
            SectionFailure::InUse(SectionUse::Articles) => Self::new(
                &problem_codes::SECTION_IN_USE,
                "Articles are in this section; give those another one first, and publish again what readers see.",
            ),
            SectionFailure::Database(failure) => failure.into(),
        }
    }
}

fn parent_unknown(wanted: &Slug, moved_to: Option<&str>) -> Problem {
    let detail = match moved_to {
        Some(current) => format!("The section that was {wanted} is {current} now; send that."),
        None => format!("No section has the slug {wanted}; make it first, or name another parent."),
    };
    about_parent(&problem_codes::SECTION_UNKNOWN, "unknown", detail)
}

fn about_parent(kind: &'static problem_codes::ProblemCode, code: &str, detail: String) -> Problem {
    Problem::new(kind, detail.clone()).with_fault(ProblemFault::member("/parent", code, detail))
}
