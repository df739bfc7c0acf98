//! Series for the newsroom.

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
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::WriteMode;
use crate::series::delivery::{existing_series, series_page};
use crate::series::series::{NewSeries, SeriesChange, SeriesFailure, SeriesRow};
use crate::series::views::{EditorialSeriesOut, EditorialSeriesPage, SeriesIn, SeriesListQuery, SeriesPatchIn};
use crate::slug::Slug;
use crate::state::AppState;
use crate::{carry_out, write_problems};

write_problems!(
    /// What making a series can answer with.
    SeriesCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, SLUG_TAKEN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing a series can answer with.
    SeriesChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, SLUG_TAKEN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing a series can answer with.
    SeriesDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, SERIES_IN_USE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List the series for editing.
#[utoipa::path(
    tag = "editorial series",
    operation_id = "list_editorial_series",
    security(("bearer" = [])),
    params(SeriesListQuery),
    responses((status = 200, description = "A page of series, by title", body = EditorialSeriesPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/series")]
pub async fn list_editorial_series(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    query: QueryParameters<SeriesListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = series_page(&state, query.0).await?;
    let envelope = EditorialSeriesPage {
        data: page.rows.into_iter().map(EditorialSeriesOut::from).collect(),
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

/// Read a series for editing.
#[utoipa::path(
    tag = "editorial series",
    operation_id = "get_editorial_series",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the series")),
    responses((status = 200, description = "The series", body = EditorialSeriesOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/series/{id}")]
pub async fn get_editorial_series(
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing_series(&state, &id).await?;
    resource_response(
        &conditions,
        row.revision,
        Caching::Private,
        &EditorialSeriesOut::from(row),
    )
}

/// Make a series.
///
/// Readers can see it at once.
#[utoipa::path(
    tag = "editorial series",
    operation_id = "create_series",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = SeriesIn, content_type = "application/json"),
    responses((status = 201, description = "The series", body = EditorialSeriesOut,
        headers(("Location" = String, description = "Where the series is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), SeriesCreateProblems),
)]
#[post("/series")]
pub async fn create_series(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(&caller);
    let SeriesIn {
        title,
        slug,
        description,
    } = write.body.json().await?;
    let slug = slug.or_else(|| Slug::of(title.as_str())).ok_or_else(no_slug)?;
    let new = NewSeries {
        id: stamp.new_id(),
        title,
        slug,
        description,
    };
    carry_out!(state, write.mode, series::create(new, stamp), |row: SeriesRow| {
        let path = format!("/v1/editorial/series/{}", row.id.0);
        Answer::created(path, row.revision, &EditorialSeriesOut::from(row))
    })
}

/// Put a series in place of one.
///
/// What the body leaves out is removed, but for the slug, which stays.
#[utoipa::path(
    tag = "editorial series",
    operation_id = "replace_series",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the series"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = SeriesIn, content_type = "application/json"),
    responses((status = 200, description = "The series", body = EditorialSeriesOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), SeriesChangeProblems),
)]
#[put("/series/{id}")]
pub async fn replace_series(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing_series(&state, &id).await?.stale())?;
    let SeriesIn {
        title,
        slug,
        description,
    } = write.body.json().await?;
    let change = SeriesChange {
        title: Some(title),
        slug,
        description: Patch::replacing(description),
    };
    change_series(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Change a series.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`.
#[utoipa::path(
    tag = "editorial series",
    operation_id = "update_series",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the series"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = SeriesPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The series", body = EditorialSeriesOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), SeriesChangeProblems),
)]
#[patch("/series/{id}")]
pub async fn update_series(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing_series(&state, &id).await?.stale())?;
    let SeriesPatchIn {
        title,
        slug,
        description,
    } = write.body.json().await?;
    let change = SeriesChange {
        title: title.0,
        slug: slug.0,
        description,
    };
    change_series(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Remove a series.
///
/// Only one that no article belongs to.
#[utoipa::path(
    tag = "editorial series",
    operation_id = "delete_series",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the series"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The series is gone"), SeriesDeleteProblems),
)]
#[delete("/series/{id}")]
pub async fn delete_series(
    state: Data<AppState>,
    caller: Authorized<WriteTaxonomy>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing_series(&state, &id).await?.stale())?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, series::delete(id, expected, stamp), |()| Ok(
        Answer::removed()
    ))
}

async fn change_series(
    state: &AppState,
    caller: &Authorized<WriteTaxonomy>,
    id: &IdInPath,
    mode: WriteMode,
    (expected, change): (Expected, SeriesChange),
) -> Result<HttpResponse, Problem> {
    let (id, stamp) = (id.0, state.stamp(caller));
    carry_out!(
        state,
        mode,
        series::update(id, expected, change, stamp),
        |row: SeriesRow| { Answer::changed(row.revision, &EditorialSeriesOut::from(row)) }
    )
}

fn no_slug() -> Problem {
    InputFaults::at("/slug", "required", "no slug can be made from this title; give one").into_body_problem()
}

impl From<SeriesFailure> for Problem {
    fn from(failure: SeriesFailure) -> Self {
        match failure {
            SeriesFailure::Absent => Self::not_found("series"),
            SeriesFailure::Stale(stale) => stale.into(),
            SeriesFailure::SlugTaken(conflict) => conflict.into(),
            SeriesFailure::InUse => Self::new(
                &problem_codes::SERIES_IN_USE,
                "Articles belong to this series; take those out of it first, and publish again what readers see.",
            ),
            SeriesFailure::Database(failure) => failure.into(),
        }
    }
}
