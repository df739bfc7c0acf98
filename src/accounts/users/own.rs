//! What people do about their own account: set a password by a link, change it, change their name.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch, post};
use secrecy::SecretString;

use crate::accounts::account::AccountRow;
use crate::accounts::guards::InPerson;
use crate::accounts::handlers::own_account;
use crate::accounts::passwords::{self, NewPassword};
use crate::accounts::throttle::{self, Subject};
use crate::accounts::users::password_link::LinkToken;
use crate::accounts::users::user::{User, UserChange, UserFailure};
use crate::accounts::users::views::{LinkAcceptanceIn, OwnAccountPatchIn, PasswordChangeIn};
use crate::accounts::views::AccountOut;
use crate::audit::origin::{Actor, Origin};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Expected};
use crate::http::input::UnreadBody;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, problems, write_problems, write_unit};

problems!(
    /// What setting a password by a link can answer with.
    LinkAcceptanceProblems: MALFORMED_JSON, MALFORMED_REQUEST, LINK_INVALID, LOGIN_THROTTLED, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

problems!(
    /// What changing the own password can answer with.
    PasswordChangeProblems: MALFORMED_JSON, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, SESSION_REQUIRED, CURRENT_PASSWORD_WRONG, LOGIN_THROTTLED, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing the own account can answer with.
    OwnAccountProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, SESSION_REQUIRED, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// Set a password by a link.
///
/// With the token of an invitation or of a reset. The link ends with it, and so does every session of the account; log in
/// with the new password then. An unknown token, one that was used and one whose time is over get the same answer. No
/// `Idempotency-Key` is taken: what it keeps is made of the body, and nothing made of a password is kept but its hash.
#[utoipa::path(
    tag = "accounts",
    operation_id = "accept_password_link",
    request_body(content = LinkAcceptanceIn, content_type = "application/json"),
    responses((status = 200, description = "The account, which can be logged in with", body = AccountOut), LinkAcceptanceProblems),
)]
#[post("/auth/password-links/accept")]
pub async fn accept_password_link(
    request: HttpRequest,
    state: Data<AppState>,
    body: UnreadBody,
) -> Result<HttpResponse, Problem> {
    let LinkAcceptanceIn { token, password, name } = body.json().await?;
    let attempt = throttle::admit(&state, &request, Subject::Secret).await?;
    // Before the link is looked up, so that a bad one is refused as late as a good one is accepted.
    let hash = match hashed(password).await {
        Ok(hash) => hash,
        Err(problem) => {
            attempt.withdrawn(&state).await?;
            return Err(problem);
        }
    };
    let (secret_hash, stamp) = (
        LinkToken::sent(token).hash(),
        state.stamp(Origin::of(&request, Actor::Anonymous)),
    );
    let accepted: Result<Option<User>, UserFailure> =
        write_unit!(&state.database, users::accept_link(secret_hash, (hash, name), stamp));
    let Some(user) = accepted? else {
        attempt.failed();
        return Err(link_invalid());
    };
    attempt.succeeded(&state).await?;
    Ok(private(&AccountOut::of_role(user)))
}

/// Change the own password.
///
/// The present one is sent with it. Every other session of the account ends. This takes an access token: API tokens cannot
/// change a password. No `Idempotency-Key` is taken: what it keeps is made of the body, and nothing made of a password is
/// kept but its hash.
#[utoipa::path(
    tag = "accounts",
    operation_id = "change_own_password",
    security(("bearer" = [])),
    request_body(content = PasswordChangeIn, content_type = "application/json"),
    responses((status = 204, description = "The password is changed"), PasswordChangeProblems),
)]
#[post("/auth/password")]
pub async fn change_own_password(
    request: HttpRequest,
    state: Data<AppState>,
    caller: InPerson,
    body: UnreadBody,
) -> Result<HttpResponse, Problem> {
    let PasswordChangeIn {
        current_password,
        new_password,
    } = body.json().await?;
    let account = caller.account_id();
    let verified = verified_password(&state, &request, account, current_password.into()).await?;
    let hash = hashed(new_password).await?;
    let stamp = state.stamp(&caller);
    let changed: Result<(), UserFailure> = write_unit!(
        &state.database,
        users::change_password(account, (verified, hash), Some(caller.session_id()), stamp)
    );
    changed?;
    Ok(HttpResponse::NoContent()
        .insert_header(("Cache-Control", Caching::Private.header_value()))
        .finish())
}

/// Change the own account.
///
/// The name, that is: the address and the role are changed by administrators. A merge patch (RFC 7396). This takes an access
/// token: API tokens cannot change an account.
#[utoipa::path(
    tag = "accounts",
    operation_id = "update_me",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = OwnAccountPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The account", body = AccountOut), OwnAccountProblems),
)]
#[patch("/auth/me")]
pub async fn update_me(state: Data<AppState>, caller: InPerson, write: Write) -> Result<HttpResponse, Problem> {
    let OwnAccountPatchIn { name } = write.body.json().await?;
    let change = UserChange {
        name: name.0,
        ..UserChange::default()
    };
    let (id, identity) = (caller.account_id(), caller.identity().clone());
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        users::update(id, Expected::Any, change, stamp),
        move |user: User| Answer::outcome(200, &AccountOut::new(user, &identity))
    )
}

/// The hash of the password of an account, once it is settled that this is the password. A wrong one counts as a failed
/// log-in.
async fn verified_password(
    state: &AppState,
    request: &HttpRequest,
    account: uuid::Uuid,
    password: SecretString,
) -> Result<String, Problem> {
    let row: AccountRow = own_account(state, account).await?.row;
    let attempt = throttle::admit(state, request, Subject::Account(&row.email)).await?;
    let is_right = match passwords::verify(password, row.password_hash.clone()).await {
        Ok(is_right) => is_right,
        Err(fault) => {
            attempt.withdrawn(state).await?;
            return Err(fault.into());
        }
    };
    let Some(hash) = row.password_hash.filter(|_hash| is_right) else {
        attempt.failed();
        return Err(current_password_wrong());
    };
    attempt.succeeded(state).await?;
    Ok(hash)
}

async fn hashed(password: NewPassword) -> Result<String, Problem> {
    Ok(passwords::hash(password.into_secret()).await?)
}

fn current_password_wrong() -> Problem {
    let detail = "this is not the present password";
    Problem::new(
        &problem_codes::CURRENT_PASSWORD_WRONG,
        "This is not the present password.",
    )
    .with_fault(ProblemFault::member("/current_password", "wrong", detail))
}

fn link_invalid() -> Problem {
    Problem::new(
        &problem_codes::LINK_INVALID,
        "The token is not that of a link that is good now. Ask an administrator for another one.",
    )
}

fn private(view: &AccountOut) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(view)
}
