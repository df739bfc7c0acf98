//! API tokens: the handlers by which people make, see and revoke them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use secrecy::ExposeSecret as _;

use crate::accounts::api_tokens::api_token::{
    API_TOKEN_REVISION, ApiTokenFailure, ApiTokenWithAuthor, AuthorReach, MAX_LIVE_TOKENS, TokenReach,
};
use crate::accounts::api_tokens::token_text::TokenKind;
use crate::accounts::api_tokens::views::{
    ApiTokenCreatedOut, ApiTokenIn, ApiTokenListQuery, ApiTokenOut, ApiTokenPage,
};
use crate::accounts::guards::{Authorized, InPerson, WhenGranted, invalid_token};
use crate::accounts::permissions::{Reach, Scope, WriteArticles, WriteTokens};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, InputFaults, QueryParameters, UuidText};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::Persistence;
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What listing tokens can answer with.
    ApiTokenListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE
);

problems!(
    /// What reading a token can answer with.
    ApiTokenReadProblems: INVALID_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND
);

write_problems!(
    /// What making a token can answer with.
    ApiTokenCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, SESSION_REQUIRED, REQUEST_TIMEOUT, AUTHOR_UNKNOWN, TOO_MANY, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What revoking a token can answer with.
    ApiTokenRevokeProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, PRECONDITION_FAILED
);

/// List API tokens.
///
/// One's own; an administrator sees everybody's. Also those that are no longer good. No token is in this list.
#[utoipa::path(
    tag = "accounts",
    operation_id = "list_api_tokens",
    security(("bearer" = [])),
    params(ApiTokenListQuery),
    responses((status = 200, description = "A page of API tokens, the newest first", body = ApiTokenPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), ApiTokenListProblems),
)]
#[get("/tokens")]
pub async fn list_api_tokens(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<WriteTokens>,
    query: QueryParameters<ApiTokenListQuery>,
) -> Result<HttpResponse, Problem> {
    let ApiTokenListQuery {
        limit,
        cursor,
        account_id,
    } = query.0;
    let (reach, account) = (
        TokenReach::of(caller.reach(), caller.account_id()),
        account_id.map(|UuidText(id)| id),
    );
    let list = ListIdentity {
        name: "api tokens by created_at",
        order: SortOrder::Descending,
        filter: format!("{reach:?} {account:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<ApiTokenWithAuthor>, Failure> =
        read!(&state.database, api_tokens::list(reach, account, slice));
    let page = state.cursors.page(&page_request, rows?, |(row, _)| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let now = state.clock.now();
    let data = page.rows.into_iter().map(|row| ApiTokenOut::at(now, row));
    let envelope = ApiTokenPage {
        data: data.collect(),
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

/// Make an API token.
///
/// It acts for one's own account until it ends, at most 366 days. The token is shown in this answer and nowhere else. Only a
/// person who logged in makes tokens. One of the kind upload is for a freelancer: it brings drafts and pictures as one
/// author, and sees and changes only those.
#[utoipa::path(
    tag = "accounts",
    operation_id = "create_api_token",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = ApiTokenIn, content_type = "application/json"),
    responses((status = 201, description = "The token, with its text", body = ApiTokenCreatedOut,
        headers(("Location" = String, description = "Where the token is"),
            ("ETag" = String, description = "The entity tag"))), ApiTokenCreateProblems),
)]
#[post("/tokens")]
pub async fn create_api_token(
    state: Data<AppState>,
    caller: Authorized<WriteTokens>,
    _person: InPerson,
    may_write: WhenGranted<WriteArticles>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let body: ApiTokenIn = write.body.json().await?;
    let wish = body.into_wish().map_err(InputFaults::into_body_problem)?;
    if wish.kind == TokenKind::Upload {
        may_write.require()?;
    }
    let (account, role, stamp) = (caller.account_id(), caller.identity().role, state.stamp(&caller));
    let new = wish
        .grant(stamp.new_id(), role, stamp.now)
        .map_err(InputFaults::into_body_problem)?;
    let reach = AuthorReach::from(role.reach(Scope::ArticlesWrite).unwrap_or(Reach::Own));
    let (text, now, persistence) = (new.text.clone(), stamp.now, write.mode.persistence);
    carry_out!(
        state,
        write.mode,
        api_tokens::create(account, new, reach, stamp),
        |token: ApiTokenWithAuthor| {
            let view = ApiTokenCreatedOut::new(ApiTokenOut::at(now, token));
            let path = format!("/v1/editorial/tokens/{}", view.id);
            // The token of a rehearsal would open nothing.
            if persistence == Persistence::Rehearse {
                return Answer::created(path, API_TOKEN_REVISION, &view);
            }
            let kept = view.clone();
            let shown = view.showing(text.reveal().expose_secret().to_owned());
            Answer::created(path, API_TOKEN_REVISION, &shown)?.keeping(&kept)
        }
    )
}

/// Read an API token, without its text.
#[utoipa::path(
    tag = "accounts",
    operation_id = "get_api_token",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the token")),
    responses((status = 200, description = "The token", body = ApiTokenOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ApiTokenReadProblems),
)]
#[get("/tokens/{id}")]
pub async fn get_api_token(
    state: Data<AppState>,
    caller: Authorized<WriteTokens>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (id, reach) = (id.0, TokenReach::of(caller.reach(), caller.account_id()));
    let found: Result<ApiTokenWithAuthor, ApiTokenFailure> = read!(&state.database, api_tokens::find(id, reach));
    resource_response(
        &conditions,
        API_TOKEN_REVISION,
        Caching::Private,
        &ApiTokenOut::at(state.clock.now(), found?),
    )
}

/// Revoke an API token.
///
/// It is refused from then on, and stays in the list. Revoking it again changes nothing. `If-Match` may be sent and need not
/// be: a token is never changed, so there is nothing to overwrite.
#[utoipa::path(
    tag = "accounts",
    operation_id = "revoke_api_token",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("id" = Uuid, Path, description = "The id of the token")),
    responses((status = 204, description = "The token is refused from now on"), ApiTokenRevokeProblems),
)]
#[delete("/tokens/{id}")]
pub async fn revoke_api_token(
    state: Data<AppState>,
    caller: Authorized<WriteTokens>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (id, reach) = (id.0, TokenReach::of(caller.reach(), caller.account_id()));
    let (expected, stamp) = (conditions.optional(), state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        api_tokens::revoke(id, reach, expected, stamp),
        |()| { Ok(Answer::removed()) }
    )
}

impl From<ApiTokenFailure> for Problem {
    fn from(failure: ApiTokenFailure) -> Self {
        match failure {
            ApiTokenFailure::Absent => Self::not_found("API token"),
            ApiTokenFailure::AccountGone => invalid_token("the account is gone or disabled"),
            ApiTokenFailure::Stale(stale) => stale.into(),
            ApiTokenFailure::AuthorUnknown(slug) => {
                let detail = format!("there is no author with the slug {:?}", slug.as_str());
                Self::new(
                    &problem_codes::AUTHOR_UNKNOWN,
                    format!("There is no author with the slug {:?}.", slug.as_str()),
                )
                .with_fault(ProblemFault::member("/author", "unknown", detail))
            }
            ApiTokenFailure::AuthorNotLinked(slug) => {
                let detail = format!(
                    "your account is not linked to {:?}; name the author whom it is linked to, or ask an editor",
                    slug.as_str()
                );
                InputFaults::at("/author", "not-yours", detail).into_body_problem()
            }
            ApiTokenFailure::TooMany => Self::new(
                &problem_codes::TOO_MANY,
                format!("The account has {MAX_LIVE_TOKENS} tokens that are good, and that is the most there may be."),
            ),
            ApiTokenFailure::Database(failure) => failure.into(),
        }
    }
}
