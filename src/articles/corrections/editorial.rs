//! Corrections for the newsroom. Readers get them with the article.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{PublishArticles, ReadArticles};
use crate::articles::access::{AccessFailure, BelongingListProblems, BelongingReadProblems, reached_article};
use crate::articles::article::Ownership;
use crate::articles::corrections::correction::{
    CORRECTION_REVISION, CorrectionFailure, CorrectionPlace, CorrectionRow, MAX_CORRECTIONS, NewCorrection,
};
use crate::articles::corrections::views::{
    CorrectionIn, CorrectionListQuery, EditorialCorrectionOut, EditorialCorrectionPage,
};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, InputFaults, QueryParameters, RevisionNumber, SubIdInPath, SubIdName};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

/// The name of a correction's id in a path.
#[derive(Debug, Clone, Copy)]
pub struct CorrectionId;

impl SubIdName for CorrectionId {
    const NAME: &'static str = "correction_id";
}

write_problems!(
    /// What making a correction can answer with.
    CorrectionCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, TOO_MANY, GONE, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What removing a correction can answer with.
    CorrectionDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List the corrections of an article.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "list_corrections",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"), CorrectionListQuery),
    responses((status = 200, description = "A page of corrections, the newest first", body = EditorialCorrectionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), BelongingListProblems),
)]
#[get("/articles/{id}/corrections")]
pub async fn list_corrections(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<CorrectionListQuery>,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    let CorrectionListQuery { limit, cursor } = query.0;
    let list = ListIdentity {
        name: "corrections by created_at",
        order: SortOrder::Descending,
        filter: article.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<CorrectionRow>, AccessFailure> =
        read!(&state.database, corrections::list(article, ownership, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let envelope = EditorialCorrectionPage {
        data: page.rows.into_iter().map(EditorialCorrectionOut::from).collect(),
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

/// Correct an article.
///
/// Readers of a published article are told at once, and feeds show it as updated. The text is not changed by this.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "create_correction",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = CorrectionIn, content_type = "application/json"),
    responses((status = 201, description = "The correction", body = EditorialCorrectionOut,
        headers(("Location" = String, description = "Where the correction is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), CorrectionCreateProblems),
)]
#[post("/articles/{id}/corrections")]
pub async fn create_correction(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    reached_article(&state, article, ownership).await?;
    let CorrectionIn { note, from_revision } = write.body.json().await?;
    let stamp = state.stamp(&caller);
    let id = stamp.new_id();
    let new = NewCorrection {
        id,
        note,
        from_revision: from_revision.map(RevisionNumber::get),
    };
    carry_out!(
        state,
        write.mode,
        corrections::create(article, ownership, new, stamp),
        |row: CorrectionRow| {
            let path = format!("/v1/editorial/articles/{article}/corrections/{id}");
            Answer::created(path, CORRECTION_REVISION, &EditorialCorrectionOut::from(row))
        }
    )
}

/// Read a correction.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "get_correction",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("correction_id" = Uuid, Path, description = "The id of the correction")),
    responses((status = 200, description = "The correction", body = EditorialCorrectionOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), BelongingReadProblems),
)]
#[get("/articles/{id}/corrections/{correction_id}")]
pub async fn get_correction(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    correction: SubIdInPath<CorrectionId>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing(&state, place(id, Ownership::from(&caller), correction)).await?;
    resource_response(
        &conditions,
        CORRECTION_REVISION,
        Caching::Private,
        &EditorialCorrectionOut::from(row),
    )
}

/// Remove a correction.
///
/// Readers of a published article no longer see it. Corrections are never changed: make another one in its place.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "delete_correction",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("correction_id" = Uuid, Path, description = "The id of the correction"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The correction is gone"), CorrectionDeleteProblems),
)]
#[delete("/articles/{id}/corrections/{correction_id}")]
pub async fn delete_correction(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    correction: SubIdInPath<CorrectionId>,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let place = place(id, Ownership::from(&caller), correction);
    let expected = conditions.required(existing(&state, place).await?.stale())?;
    let stamp = state.stamp(&caller);
    carry_out!(state, write.mode, corrections::delete(place, expected, stamp), |()| Ok(
        Answer::removed()
    ))
}

fn place(article: IdInPath, ownership: Ownership, correction: SubIdInPath<CorrectionId>) -> CorrectionPlace {
    CorrectionPlace {
        article: article.0,
        ownership,
        correction: correction.id,
    }
}

async fn existing(state: &AppState, place: CorrectionPlace) -> Result<CorrectionRow, Problem> {
    let found: Result<CorrectionRow, CorrectionFailure> = read!(&state.database, corrections::find(place));
    Ok(found?)
}

impl From<CorrectionFailure> for Problem {
    fn from(failure: CorrectionFailure) -> Self {
        match failure {
            CorrectionFailure::Article(failure) => failure.into(),
            CorrectionFailure::Absent => Self::not_found("correction"),
            CorrectionFailure::Stale(stale) => stale.into(),
            CorrectionFailure::RevisionAhead { current } => {
                let detail = format!("the article is at revision {current}, so the error was in that one or before");
                InputFaults::at("/from_revision", "out-of-range", detail).into_body_problem()
            }
            CorrectionFailure::TooMany => Self::new(
                &problem_codes::TOO_MANY,
                format!("The article has {MAX_CORRECTIONS} corrections, and that is the most there may be."),
            ),
            CorrectionFailure::Database(failure) => failure.into(),
        }
    }
}
