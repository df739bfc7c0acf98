//! Logging in, and who one is.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};

use crate::accounts::account::AccountRow;
use crate::accounts::claims::{ACCESS_TOKEN_SECONDS, AccessClaims, PASSWORD_CLIENT};
use crate::accounts::guards::{self, Authenticated};
use crate::accounts::passwords;
use crate::accounts::views::{AccessTokenOut, AccountOut, JsonWebKeySet, LoginIn};
use crate::http::input::UnreadBody;
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What logging in can answer with.
    LoginProblems: CREDENTIALS_INVALID, MALFORMED_JSON, MALFORMED_REQUEST, PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT,
    UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

problems!(
    /// What reading one's own account can answer with.
    AccountProblems: NOT_AUTHENTICATED, TOKEN_INVALID
);

/// Log in.
///
/// Gives an access token for an e-mail address and a password. It is valid for 15 minutes.
#[utoipa::path(
    tag = "accounts",
    operation_id = "login",
    request_body(content = LoginIn, content_type = "application/json"),
    responses((status = 200, description = "The access token", body = AccessTokenOut), LoginProblems),
)]
#[post("/auth/login")]
pub async fn login(state: Data<AppState>, body: UnreadBody) -> Result<HttpResponse, Problem> {
    let LoginIn { email, password } = body.json().await?;
    let email = email.into_string();
    let account: Option<AccountRow> = read!(&state.database, accounts::find_by_email(email))?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = passwords::verify(password.into(), stored)
        .await
        .map_err(|fault| Problem::internal(fault.to_string()))?;
    match account {
        Some(account) if is_right => issue_token(&state, &account),
        _ => Err(Problem::new(
            &problem_codes::CREDENTIALS_INVALID,
            "No account has this e-mail address and password.",
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"galley\"")),
    }
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
    let id = caller.0.account_id;
    let account: Option<AccountRow> = read!(&state.database, accounts::find(id))?;
    let account = account.ok_or_else(|| guards::invalid_token("the account is gone"))?;
    Ok(HttpResponse::Ok().json(AccountOut::from(account)))
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
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(state.keys.jwks())
}

fn issue_token(state: &AppState, account: &AccountRow) -> Result<HttpResponse, Problem> {
    let (now, role) = (state.clock.now(), account.role());
    let claims = AccessClaims {
        iss: state.keys.issuer().to_owned(),
        sub: account.id.0,
        aud: state.keys.audience().to_owned(),
        exp: now.timestamp().saturating_add(ACCESS_TOKEN_SECONDS),
        iat: now.timestamp(),
        nbf: None,
        jti: state.ids.next(now),
        client_id: PASSWORD_CLIENT.to_owned(),
        scope: role.scopes(),
        roles: vec![role],
    };
    let access_token = state
        .keys
        .sign(&claims)
        .map_err(|error| Problem::internal(error.to_string()))?;
    let answer = AccessTokenOut {
        access_token,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(answer))
}
