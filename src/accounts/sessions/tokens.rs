//! The pair of tokens that a session gives: a short access token, and a refresh token to get the next pair with.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::account::AccountRow;
use crate::accounts::claims::{ACCESS_TOKEN_SECONDS, AccessClaims, PASSWORD_CLIENT};
use crate::accounts::sessions::session::{LiveSession, NewSession, RefreshToken, agent};
use crate::accounts::views::TokenPairOut;
use crate::audit::origin::{Actor, Credential, Origin};
use crate::database::failure::Failure;
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::write_unit;

/// Opens a session for an account whose password was right: the one with `password_hash`. `None` when that changed since.
///
/// # Errors
/// What the database gives.
pub async fn open_session(
    state: &AppState,
    request: &HttpRequest,
    account: &AccountRow,
    password_hash: String,
) -> Result<Option<HttpResponse>, Problem> {
    let id = state.ids.next(state.clock.now());
    let actor = Actor::Account {
        account_id: account.id.0,
        credential: Credential::AccessToken(id),
    };
    let (origin, refresh) = (Origin::of(request, actor), RefreshToken::random());
    let user_agent = request.headers().get(header::USER_AGENT);
    let new = NewSession {
        id,
        account: account.id.0,
        password_hash,
        user_agent: user_agent.and_then(|value| agent(&String::from_utf8_lossy(value.as_bytes()))),
        address: origin.address.map(|address| address.to_string()),
        network: state.client_keys.of(request),
        refresh_hash: refresh.hash(),
    };
    let stamp = state.stamp(origin);
    let opened: Result<Option<LiveSession>, Failure> = write_unit!(&state.database, sessions::open(new, stamp));
    opened?.map(|session| answer(state, &session, &refresh)).transpose()
}

/// The answer that gives the tokens of a session, which nobody may keep.
///
/// # Errors
/// `internal-error` when nothing can be signed, which is a defect.
pub fn answer(state: &AppState, session: &LiveSession, refresh: &RefreshToken) -> Result<HttpResponse, Problem> {
    let (now, role) = (state.clock.now(), session.account.role());
    let claims = AccessClaims {
        iss: state.keys.issuer().to_owned(),
        sub: session.account.id.0,
        aud: state.keys.audience().to_owned(),
        exp: now.timestamp().saturating_add(ACCESS_TOKEN_SECONDS),
        iat: now.timestamp(),
        nbf: None,
        jti: state.ids.next(now),
        sid: session.row.id.0,
        client_id: PASSWORD_CLIENT.to_owned(),
        scope: role.scopes(),
        roles: vec![role],
    };
    let access_token = state
        .keys
        .sign(&claims)
        .map_err(|error| Problem::internal(error.to_string()))?;
    let pair = TokenPairOut {
        access_token,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
        refresh_token: refresh.reveal(),
        refresh_expires_in: (session.row.expires_at.utc() - now).num_seconds(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(pair))
}
