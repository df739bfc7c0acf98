//! The settings of the site for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, put};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{Administer, ReadArticles};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, Expected, IfNoneMatchHeader, resource_response};
use crate::http::input::InputFaults;
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::WriteMode;
use crate::site::site::{SettingsChange, SiteFailure, SiteSettingsRow};
use crate::site::views::{SiteSettingsIn, SiteSettingsOut, SiteSettingsPatchIn};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What reading the settings can answer with.
    SettingsReadProblems: MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE
);

write_problems!(
    /// What changing the settings can answer with.
    SettingsChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

/// Read the settings of the site.
#[utoipa::path(
    tag = "settings",
    operation_id = "get_settings",
    security(("bearer" = [])),
    params(IfNoneMatchHeader),
    responses((status = 200, description = "The settings", body = SiteSettingsOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has them already"), SettingsReadProblems),
)]
#[get("/settings")]
pub async fn get_settings(
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = current(&state).await?;
    resource_response(&conditions, row.revision, Caching::Private, &SiteSettingsOut::from(row))
}

/// Put settings in place of those that there are.
///
/// What the body leaves out is as on a new site.
#[utoipa::path(
    tag = "settings",
    operation_id = "replace_settings",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader,
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = SiteSettingsIn, content_type = "application/json"),
    responses((status = 200, description = "The settings", body = SiteSettingsOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), SettingsChangeProblems),
)]
#[put("/settings")]
pub async fn replace_settings(
    state: Data<AppState>,
    caller: Authorized<Administer>,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(current(&state).await?.stale())?;
    let body: SiteSettingsIn = write.body.json().await?;
    change_settings(&state, &caller, write.mode, expected, body.into()).await
}

/// Change the settings of the site.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`.
#[utoipa::path(
    tag = "settings",
    operation_id = "update_settings",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader,
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = SiteSettingsPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The settings", body = SiteSettingsOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), SettingsChangeProblems),
)]
#[patch("/settings")]
pub async fn update_settings(
    state: Data<AppState>,
    caller: Authorized<Administer>,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(current(&state).await?.stale())?;
    let body: SiteSettingsPatchIn = write.body.json().await?;
    change_settings(&state, &caller, write.mode, expected, body.into()).await
}

async fn current(state: &AppState) -> Result<SiteSettingsRow, Problem> {
    let row: Result<SiteSettingsRow, Failure> = read!(&state.database, site::load());
    Ok(row?)
}

async fn change_settings(
    state: &AppState,
    caller: &Authorized<Administer>,
    mode: WriteMode,
    expected: Expected,
    change: SettingsChange,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(caller);
    carry_out!(
        state,
        mode,
        site::update(expected, change, stamp),
        |row: SiteSettingsRow| { Answer::changed(row.revision, &SiteSettingsOut::from(row)) }
    )
}

impl From<SiteFailure> for Problem {
    fn from(failure: SiteFailure) -> Self {
        match failure {
            SiteFailure::Stale(stale) => stale.into(),
            SiteFailure::Schema(fault) => {
                let pointer = format!("/custom_fields_schema{}", fault.pointer);
                InputFaults::at(&pointer, "invalid-schema", fault.detail).into_body_problem()
            }
            SiteFailure::Database(failure) => failure.into(),
        }
    }
}
