//! One's own sessions: keeping them alive, seeing them, ending them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use uuid::Uuid;

use crate::accounts::guards::InPerson;
use crate::accounts::sessions::session::{EndReason, RefreshToken, Renewal, SessionRow};
use crate::accounts::sessions::tokens;
use crate::accounts::sessions::views::{LogoutIn, RefreshIn, SessionListQuery, SessionOut, SessionPage};
use crate::accounts::views::TokenPairOut;
use crate::audit::origin::{Actor, Origin};
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::http::answer::Answer;
use crate::http::conditional::Caching;
use crate::http::input::{IdInPath, QueryParameters, UnreadBody};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems, write_unit};

problems!(
    /// What keeping a session alive can answer with.
    RefreshProblems: REFRESH_TOKEN_INVALID, MALFORMED_JSON, MALFORMED_REQUEST, PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

problems!(
    /// What listing one's own sessions can answer with.
    SessionListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, SESSION_REQUIRED
);

write_problems!(
    /// What logging out can answer with.
    LogoutProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, SESSION_REQUIRED, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What logging out everywhere can answer with.
    LogoutEverywhereProblems: NOT_AUTHENTICATED, TOKEN_INVALID, SESSION_REQUIRED
);

write_problems!(
    /// What ending a session can answer with.
    SessionEndProblems: NOT_AUTHENTICATED, TOKEN_INVALID, SESSION_REQUIRED, NOT_FOUND
);

/// Keep a session alive.
///
/// Exchanges a refresh token for a new access token and the next refresh token. Each refresh token is good for one exchange:
/// one that is shown again ends the session, since somebody else may have it. A session ends 30 days after it was last kept
/// alive, and 90 days after the log-in.
#[utoipa::path(
    tag = "accounts",
    operation_id = "refresh_session",
    request_body(content = RefreshIn, content_type = "application/json"),
    responses((status = 200, description = "The next pair of tokens", body = TokenPairOut), RefreshProblems),
)]
#[post("/auth/refresh")]
pub async fn refresh_session(
    request: HttpRequest,
    state: Data<AppState>,
    body: UnreadBody,
) -> Result<HttpResponse, Problem> {
    let RefreshIn { refresh_token } = body.json().await?;
    let shown = RefreshToken::parse(&refresh_token).ok_or_else(refresh_token_invalid)?;
    let (shown, next) = (shown.hash(), RefreshToken::random());
    let next_hash = next.hash();
    let stamp = state.stamp(Origin::of(&request, Actor::Anonymous));
    let renewal: Result<Renewal, Failure> = write_unit!(&state.database, sessions::renew(shown, next_hash, stamp));
    match renewal? {
        Renewal::Renewed(session) => tokens::answer(&state, &session, &next),
        // The answers are the same, so that nobody learns what a token was once.
        Renewal::Refused | Renewal::Reused => Err(refresh_token_invalid()),
    }
}

/// Log out here.
///
/// Ends the session of the access token, or the one of the refresh token in the body, which needs no access token. Its tokens
/// are refused at once. A refresh token that leads nowhere is answered in the same way.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logout",
    security((), ("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = LogoutIn, content_type = "application/json"),
    responses((status = 204, description = "The session is over"), LogoutProblems),
)]
#[post("/auth/logout")]
pub async fn logout(request: HttpRequest, state: Data<AppState>, write: Write) -> Result<HttpResponse, Problem> {
    let LogoutIn { refresh_token } = write.body.optional_json().await?;
    let Some(text) = refresh_token else {
        let caller = InPerson::of(&request).await?;
        let (account, session) = (caller.account_id(), caller.session_id());
        let stamp = state.stamp(&caller);
        return carry_out!(
            state,
            write.mode,
            sessions::end_one(account, session, EndReason::Logout, stamp),
            |_known: bool| Ok::<_, Problem>(Answer::removed())
        );
    };
    // What cannot be a refresh token is the token of no session.
    let shown = RefreshToken::parse(&text).map_or_else(String::new, |token| token.hash());
    let stamp = state.stamp(Origin::of(&request, Actor::Anonymous));
    carry_out!(state, write.mode, sessions::end_by_refresh_token(shown, stamp), |()| {
        Ok::<_, Problem>(Answer::removed())
    })
}

/// Log out everywhere.
///
/// Ends every session of the account, also this one. API tokens go on.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logout_everywhere",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    responses((status = 204, description = "Every session is over"), LogoutEverywhereProblems),
)]
#[post("/auth/logout-everywhere")]
pub async fn logout_everywhere(state: Data<AppState>, caller: InPerson, write: Write) -> Result<HttpResponse, Problem> {
    let (account, stamp) = (caller.account_id(), state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        sessions::end_everywhere(account, EndReason::Logout, stamp),
        |_ended: usize| Ok::<_, Problem>(Answer::removed())
    )
}

/// List one's own sessions.
///
/// Those that go on.
#[utoipa::path(
    tag = "accounts",
    operation_id = "list_sessions",
    security(("bearer" = [])),
    params(SessionListQuery),
    responses((status = 200, description = "A page of sessions, the newest first", body = SessionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), SessionListProblems),
)]
#[get("/auth/sessions")]
pub async fn list_sessions(
    request: HttpRequest,
    state: Data<AppState>,
    caller: InPerson,
    query: QueryParameters<SessionListQuery>,
) -> Result<HttpResponse, Problem> {
    sessions_page(
        &request,
        &state,
        caller.account_id(),
        Some(caller.session_id()),
        query.0,
    )
    .await
}

/// End one of one's own sessions.
#[utoipa::path(
    tag = "accounts",
    operation_id = "end_session",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the session")),
    responses((status = 204, description = "The session is over"), SessionEndProblems),
)]
#[delete("/auth/sessions/{id}")]
pub async fn end_session(
    state: Data<AppState>,
    caller: InPerson,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (account, session, stamp) = (caller.account_id(), id.0, state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        sessions::end_one(account, session, EndReason::Revoked, stamp),
        |is_own: bool| match is_own {
            true => Ok(Answer::removed()),
            false => Err(Problem::not_found("session")),
        }
    )
}

/// A page of the sessions of an account, as the session `current` sees them.
///
/// # Errors
/// `cursor-invalid`, `cursor-mismatch`, or what the database gives.
pub async fn sessions_page(
    request: &HttpRequest,
    state: &AppState,
    account: Uuid,
    current: Option<Uuid>,
    query: SessionListQuery,
) -> Result<HttpResponse, Problem> {
    let SessionListQuery { limit, cursor } = query;
    let list = ListIdentity {
        name: "sessions by created_at",
        order: SortOrder::Descending,
        filter: account.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let (slice, now) = (page_request.slice(), RowTime::from(state.clock.now()));
    let rows: Result<Vec<SessionRow>, Failure> = read!(&state.database, sessions::list(account, now, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let data = page.rows.into_iter().map(|row| SessionOut::seen_from(current, row));
    let envelope = SessionPage {
        data: data.collect(),
        page: page.info.clone(),
    };
    Ok(list_response(
        request,
        &state.settings.public_url,
        Caching::Private,
        &page.info,
        &envelope,
    ))
}

fn refresh_token_invalid() -> Problem {
    Problem::new(
        &problem_codes::REFRESH_TOKEN_INVALID,
        "The refresh token leads to no session. Log in with POST /v1/auth/login.",
    )
}
