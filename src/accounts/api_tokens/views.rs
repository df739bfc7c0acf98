//! API tokens on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::api_tokens::api_token::{
    ApiTokenRow, ApiTokenState, ApiTokenWithAuthor, MAX_DAYS, TokenEnd, TokenName, TokenWish,
};
use crate::accounts::api_tokens::token_text::TokenKind;
use crate::accounts::permissions::Scope;
use crate::database::timestamp::RowTime;
use crate::field::{Refusal, WholeNumber, read_from_text};
use crate::http::input::{InputFaults, TimeText, UuidText};
use crate::http::page::{ListLimit, PageInfo};
use crate::http::times;
use crate::slug::Slug;

/// Days that a token can be good for.
pub type TokenDays = WholeNumber<1, MAX_DAYS>;

/// An API token. The token itself is shown once, when it is made.
#[derive(Serialize, ToSchema)]
pub struct ApiTokenOut {
    /// The id. It is the third part of the token.
    pub id: Uuid,
    /// What it is for, in words.
    #[schema(example = "Nightly import")]
    pub name: String,
    /// What kind of token it is.
    pub kind: TokenKind,
    /// Whether it is good.
    pub state: ApiTokenState,
    /// The account that it acts for.
    pub account_id: Uuid,
    /// What it may do, as far as its account may do it then.
    #[schema(example = json!(["articles:read", "articles:write"]))]
    pub scopes: Vec<String>,
    /// The slug of the author whom a token of the kind upload writes as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ada-lovelace")]
    pub author: Option<String>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When it ends.
    #[serde(with = "times")]
    pub expires_at: DateTime<Utc>,
    /// When it was last used, give or take a minute; left out when it never was.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// The account that revoked it; left out when that was done at the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoked_by: Option<Uuid>,
}

/// A page of API tokens.
#[derive(Serialize, ToSchema)]
pub struct ApiTokenPage {
    /// The tokens, the newest first.
    pub data: Vec<ApiTokenOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// An API token that was just made.
#[derive(Clone, Serialize, ToSchema)]
pub struct ApiTokenCreatedOut {
    /// The id. It is the third part of the token.
    pub id: Uuid,
    /// What it is for, in words.
    #[schema(example = "Nightly import")]
    pub name: String,
    /// What kind of token it is.
    pub kind: TokenKind,
    /// Whether it is good.
    pub state: ApiTokenState,
    /// The account that it acts for.
    pub account_id: Uuid,
    /// What it may do, as far as its account may do it then.
    #[schema(example = json!(["articles:read", "articles:write"]))]
    pub scopes: Vec<String>,
    /// The slug of the author whom a token of the kind upload writes as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ada-lovelace")]
    pub author: Option<String>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When it ends.
    #[serde(with = "times")]
    pub expires_at: DateTime<Utc>,
    /// The token, to be sent as `Authorization: Bearer`. It is in this answer and nowhere else: a rehearsal leaves it out, and
    /// so does the answer to a request that is sent again with its idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        pattern = "^galley_(pat|upl)_[0-9a-f]{32}_[0-9A-Za-z]{43}_[0-9a-f]{8}$",
        example = "galley_pat_019ab3c45d6e7f809a1b2c3d4e5f6071_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_5f0c9a1b"
    )]
    pub token: Option<String>,
}

/// An API token to make.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ApiTokenIn {
    /// What it is for, in words, so that somebody can tell later whether it is still needed.
    #[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Nightly import")]
    pub name: TokenName,
    /// What kind of token it is; personal when it is left out.
    #[deserr(default)]
    #[schema(value_type = TokenKind, required = false, nullable = false)]
    pub kind: Option<TokenKind>,
    /// What it may do: some of the scopes that `GET /v1/auth/me` lists. A token of the kind upload has always the same ones
    /// (articles:read, articles:write and media:write, over what it brought), so they are left out for it.
    #[deserr(default)]
    #[schema(value_type = Vec<String>, required = false, nullable = false, example = json!(["articles:read", "articles:write"]))]
    pub scopes: Option<Vec<ScopeText>>,
    /// The slug of the author whom a token of the kind upload writes as. Who may change every article names any author, who
    /// may change their own names the author whom their account is linked to.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<Slug>,
    /// Days that it is good for. A personal token is good for 90 when nothing is said; one to upload with needs an end.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, maximum = 366, example = 30)]
    pub expires_in_days: Option<TokenDays>,
    /// When it ends, in place of `expires_in_days`: at most 366 days from now.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-12-31T23:59:59Z")]
    pub expires_at: Option<TimeText>,
}

/// How to list API tokens.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApiTokenListQuery {
    /// The most tokens of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// Only tokens of this account.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub account_id: Option<UuidText>,
}

/// The name of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeText(pub Scope);

/// A text that is no scope.
#[derive(Debug)]
pub struct ScopeFault {
    found: String,
}

impl TryFrom<&String> for ScopeText {
    type Error = ScopeFault;

    fn try_from(text: &String) -> Result<Self, ScopeFault> {
        Scope::from_name(text)
            .map(Self)
            .ok_or_else(|| ScopeFault { found: text.clone() })
    }
}

impl std::fmt::Display for ScopeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
        write!(f, "{:?} is not one of {}", self.found, all.join(", "))
    }
}

impl Refusal for ScopeFault {
    fn code(&self) -> &'static str {
        "unknown-value"
    }
}

read_from_text!(ScopeText);

impl ApiTokenIn {
    /// What the request wishes.
    ///
    /// # Errors
    /// A fault when it names two ends.
    pub fn into_wish(self) -> Result<TokenWish, InputFaults> {
        let Self {
            name,
            kind,
            scopes,
            author,
            expires_in_days,
            expires_at,
        } = self;
        let end = match (expires_in_days, expires_at) {
            (Some(_), Some(_)) => {
                let detail = "it ends once: send expires_in_days or expires_at, not both";
                return Err(InputFaults::at("/expires_at", "not-allowed", detail));
            }
            (Some(days), None) => Some(TokenEnd::InDays(days.get())),
            (None, Some(moment)) => Some(TokenEnd::At(moment.0)),
            (None, None) => None,
        };
        Ok(TokenWish {
            name,
            kind: kind.unwrap_or(TokenKind::Personal),
            scopes: scopes.map(|scopes| scopes.into_iter().map(|scope| scope.0).collect()),
            author,
            end,
        })
    }
}

impl ApiTokenOut {
    /// A token as it is at a moment.
    #[must_use]
    pub fn at(now: DateTime<Utc>, (row, author): ApiTokenWithAuthor) -> Self {
        let (kind, state) = (row.kind(), row.state(now));
        let ApiTokenRow {
            id,
            account_id,
            kind: _,
            name,
            secret_hash: _,
            scopes,
            author_id: _,
            created_at,
            created_by: _,
            expires_at,
            last_used_at,
            revoked_at,
            revoked_by,
        } = row;
        Self {
            id: id.0,
            name,
            kind,
            state,
            account_id: account_id.0,
            scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
            author,
            created_at: created_at.utc(),
            expires_at: expires_at.utc(),
            last_used_at: last_used_at.map(RowTime::utc),
            revoked_at: revoked_at.map(RowTime::utc),
            revoked_by: revoked_by.map(|account| account.0),
        }
    }
}

impl ApiTokenCreatedOut {
    /// A token that was just made, so far without its text.
    #[must_use]
    pub fn new(token: ApiTokenOut) -> Self {
        let ApiTokenOut {
            id,
            name,
            kind,
            state,
            account_id,
            scopes,
            author,
            created_at,
            expires_at,
            last_used_at: _,
            revoked_at: _,
            revoked_by: _,
        } = token;
        Self {
            id,
            name,
            kind,
            state,
            account_id,
            scopes,
            author,
            created_at,
            expires_at,
            token: None,
        }
    }

    /// With its text.
    #[must_use]
    pub fn showing(self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }
}
