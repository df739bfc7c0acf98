//! The sessions of others, for administrators.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get};
use uuid::Uuid;

use crate::accounts::account::AccountRow;
use crate::accounts::guards::{Authorized, InPerson};
use crate::accounts::permissions::WriteUsers;
use crate::accounts::sessions::handlers::sessions_page;
use crate::accounts::sessions::session::EndReason;
use crate::accounts::sessions::views::{SessionListQuery, SessionPage};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What listing the sessions of somebody can answer with.
    UserSessionListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND
);

write_problems!(
    /// What logging somebody out can answer with.
    UserSessionsEndProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, SESSION_REQUIRED, NOT_FOUND
);

/// List the sessions of a user.
///
/// Those that go on.
#[utoipa::path(
    tag = "accounts",
    operation_id = "list_user_sessions",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the account"), SessionListQuery),
    responses((status = 200, description = "A page of sessions, the newest first", body = SessionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), UserSessionListProblems),
)]
#[get("/users/{id}/sessions")]
pub async fn list_user_sessions(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    id: IdInPath,
    query: QueryParameters<SessionListQuery>,
) -> Result<HttpResponse, Problem> {
    let account = existing(&state, id.0).await?;
    sessions_page(&request, &state, account, caller.identity().session_id(), query.0).await
}

/// Log a user out everywhere.
///
/// Ends every session of the account. The password still opens a new one: disable the account to shut it out. API tokens go
/// on.
#[utoipa::path(
    tag = "accounts",
    operation_id = "end_user_sessions",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the account")),
    responses((status = 204, description = "Every session is over"), UserSessionsEndProblems),
)]
#[delete("/users/{id}/sessions")]
pub async fn end_user_sessions(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    _person: InPerson,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (account, stamp) = (existing(&state, id.0).await?, state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        sessions::end_everywhere(account, EndReason::Revoked, stamp),
        |_ended: usize| Ok::<_, Problem>(Answer::removed())
    )
}

async fn existing(state: &AppState, id: Uuid) -> Result<Uuid, Problem> {
    let found: Result<Option<AccountRow>, Failure> = read!(&state.database, accounts::find(id));
    found?
        .map(|account| account.id.0)
        .ok_or_else(|| Problem::not_found("user"))
}
