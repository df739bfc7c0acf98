//! Logging in, and who one is.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use uuid::Uuid;

use crate::accounts::account::AccountRow;
use crate::accounts::guards::{self, Authenticated};
use crate::accounts::key_rotation::JWKS_SECONDS;
use crate::accounts::passwords::{self, PasswordFault};
use crate::accounts::sessions::tokens;
use crate::accounts::throttle::{self, Subject};
use crate::accounts::users::user::User;
use crate::accounts::views::{AccountOut, JsonWebKeySet, LoginIn, TokenPairOut};
use crate::database::failure::Failure;
use crate::http::input::{InputFaults, UnreadBody};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What logging in can answer with.
    LoginProblems: CREDENTIALS_INVALID, LOGIN_THROTTLED, MALFORMED_JSON, MALFORMED_REQUEST, PAYLOAD_TOO_LARGE,
    REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

problems!(
    /// What reading one's own account can answer with.
    AccountProblems: NOT_AUTHENTICATED, TOKEN_INVALID
);

/// Log in.
///
/// Opens a session for an e-mail address and a password: an access token that is valid for 15 minutes, and a refresh token to
/// get the next one with. After 5 failures within 15 minutes an account cannot be tried any more from that network, and
/// after 50 no account can, until the 15 minutes are over.
#[utoipa::path(
    tag = "accounts",
    operation_id = "login",
    request_body(content = LoginIn, content_type = "application/json"),
    responses((status = 200, description = "The tokens of the session", body = TokenPairOut), LoginProblems),
)]
#[post("/auth/login")]
pub async fn login(request: HttpRequest, state: Data<AppState>, body: UnreadBody) -> Result<HttpResponse, Problem> {
    let LoginIn { email, password } = body.json().await?;
    let email = email.into_string();
    let attempt = throttle::admit(&state, &request, Subject::Account(&email)).await?;
    let account: Option<AccountRow> = read!(&state.database, accounts::find_by_email(email))?;
    // A disabled account is none, and takes as long.
    let account = account.filter(|account| account.disabled_at.is_none());
    let stored = account.as_ref().and_then(|account| account.password_hash.clone());
    let is_right = match passwords::verify(password.into(), stored.clone()).await {
        Ok(is_right) => is_right,
        Err(fault) => {
            attempt.withdrawn(&state).await?;
            return Err(fault.into());
        }
    };
    let opened = match (account, stored) {
        (Some(account), Some(hash)) if is_right => tokens::open_session(&state, &request, &account, hash).await?,
        _ => None,
    };
    let Some(answer) = opened else {
        attempt.failed();
        return Err(credentials_invalid());
    };
    attempt.succeeded(&state).await?;
    Ok(answer)
}

/// Read one's own account.
#[utoipa::path(
    tag = "accounts",
    operation_id = "get_me",
    security(("bearer" = [])),
    responses((status = 200, description = "The account of the token", body = AccountOut), AccountProblems),
)]
#[get("/auth/me")]
pub async fn get_me(state: Data<AppState>, caller: Authenticated) -> Result<HttpResponse, Problem> {
    let user = own_account(&state, caller.0.account_id).await?;
    Ok(HttpResponse::Ok().json(AccountOut::new(user, &caller.0)))
}

/// The account of whoever sends a request.
///
/// # Errors
/// `token-invalid` when it is gone in this moment.
pub async fn own_account(state: &AppState, id: Uuid) -> Result<User, Problem> {
    let user: Result<Option<User>, Failure> = read!(&state.database, users::find(id));
    user?.ok_or_else(|| guards::invalid_token("the account is gone"))
}

/// Read the public keys.
///
/// The keys that verify access tokens, as a JWK Set (RFC 7517).
#[utoipa::path(
    tag = "accounts",
    operation_id = "get_jwks",
    responses((status = 200, description = "The keys", body = JsonWebKeySet, content_type = "application/json",
        headers(("Cache-Control" = String, description = "How long the keys may be kept")))),
)]
#[get("/.well-known/jwks.json")]
pub async fn get_jwks(state: Data<AppState>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={JWKS_SECONDS}")))
        .json(state.keys.jwks())
}

fn credentials_invalid() -> Problem {
    Problem::new(
        &problem_codes::CREDENTIALS_INVALID,
        "No account has this e-mail address and password.",
    )
    .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"galley\"")
}

impl From<PasswordFault> for Problem {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::Length => {
                InputFaults::at("/password", "wrong-length", fault.to_string()).into_body_problem()
            }
            PasswordFault::Busy => Self::unavailable(
                "Too many passwords are being checked at this moment; nothing was stored.",
                fault.to_string(),
            ),
            PasswordFault::Hashing(cause) => Self::internal(cause),
        }
    }
}
