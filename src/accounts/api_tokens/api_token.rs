//! API tokens: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::account::AccountStanding;
use crate::accounts::api_tokens::token_text::{TokenKind, TokenText};
use crate::accounts::claims::UploadGrant;
use crate::accounts::permissions::{Reach, Role, Scope};
use crate::accounts::secrets;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{accounts, api_tokens};
use crate::database::timestamp::RowTime;
use crate::field::Line;
use crate::http::input::InputFaults;
use crate::slug::Slug;
use crate::state::Stamp;

/// What a token is for, in words.
pub type TokenName = Line<100>;

/// The most days that a token can be good for.
pub const MAX_DAYS: i32 = 366;

/// Days that a personal token is good for when nothing is said.
pub const DEFAULT_DAYS: i32 = 90;

/// The most tokens of an account that are good at one time.
pub const MAX_LIVE_TOKENS: i64 = 100;

/// The revision of every token: it is made, and never changed but by its end.
pub const API_TOKEN_REVISION: i32 = 1;

/// All that a token to upload with may do.
pub const UPLOAD_SCOPES: [Scope; 3] = [Scope::ArticlesRead, Scope::ArticlesWrite, Scope::MediaWrite];

/// A row of `api_tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens)]
pub struct ApiTokenRow {
    /// The id.
    pub id: RowId,
    /// The account that it acts for.
    pub account_id: RowId,
    /// The name of its kind.
    pub kind: String,
    /// What it is for.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: String,
    /// The names of its scopes, separated by blanks.
    pub scopes: String,
    /// Whom a token to upload with writes as.
    pub author_id: Option<RowId>,
    /// When it was made.
    pub created_at: RowTime,
    /// The account that made it.
    pub created_by: RowId,
    /// When it ends.
    pub expires_at: RowTime,
    /// When it was last used, to the minute.
    pub last_used_at: Option<RowTime>,
    /// When it was revoked.
    pub revoked_at: Option<RowTime>,
    /// The account that revoked it; none at the command line.
    pub revoked_by: Option<RowId>,
}

/// A token with the slug of the author whom it writes as.
pub type ApiTokenWithAuthor = (ApiTokenRow, Option<String>);

/// Whether a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiTokenState {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// What a request shows that carries a token is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct TokenStanding {
    /// The id.
    pub id: RowId,
    /// The name of its kind.
    pub kind: String,
    /// The hash of its secret.
    pub secret_hash: String,
    /// The names of its scopes, separated by blanks.
    pub scopes: String,
    /// Whom a token to upload with writes as.
    pub author_id: Option<RowId>,
    /// When it ends.
    pub expires_at: RowTime,
    /// When it was revoked.
    pub revoked_at: Option<RowTime>,
    /// The account, as it stands now.
    #[diesel(embed)]
    pub account: AccountStanding,
    /// When the account was disabled.
    #[diesel(select_expression = accounts::disabled_at)]
    pub account_disabled_at: Option<RowTime>,
}

/// Why a token is not accepted. The message is for the client: from the fourth on it is told to those only who have the
/// secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ApiTokenFault {
    /// It has not the form of a token.
    #[error("the token is malformed")]
    Malformed,
    /// A letter of it is wrong or missing.
    #[error("the checksum of the token is wrong, so a part of it was lost or changed")]
    Checksum,
    /// It is what an access token is got with.
    #[error("this is a refresh token, which only POST /v1/auth/refresh takes")]
    RefreshToken,
    /// There is none with this id and secret.
    #[error("there is no such token")]
    Unknown,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the token has expired; make a new one")]
    Expired,
    /// Its account is disabled.
    #[error("the account of the token is disabled")]
    AccountDisabled,
}

/// A new token, checked as far as it can be without the database.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// The text, which is shown once.
    pub text: TokenText,
    /// What it is for.
    pub name: TokenName,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whom a token to upload with writes as.
    pub author: Option<Slug>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// What somebody wishes of a new token.
#[derive(Debug, Clone)]
pub struct TokenWish {
    /// What it is for, in words.
    pub name: TokenName,
    /// What it is for.
    pub kind: TokenKind,
    /// What it may do; left out for one to upload with.
    pub scopes: Option<Vec<Scope>>,
    /// Whom a token to upload with writes as.
    pub author: Option<Slug>,
    /// When it ends.
    pub end: Option<TokenEnd>,
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenEnd {
    /// So many days from now.
    InDays(i32),
    /// At a moment.
    At(DateTime<Utc>),
}

/// Whose tokens somebody reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenReach {
    /// Everybody's.
    All,
    /// Those of this account.
    Of(Uuid),
}

/// The authors for whom somebody makes tokens to upload with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorReach {
    /// Every author.
    All,
    /// The one whom the account is linked to.
    Linked,
}

/// Why a token was not stored.
#[derive(Debug)]
pub enum ApiTokenFailure {
    /// There is none, or not within reach.
    Absent,
    /// The account is gone or disabled.
    AccountGone,
    /// The request names another revision than the one that every token has.
    Stale(StaleRevision),
    /// There is no author with this slug.
    AuthorUnknown(Slug),
    /// The account is linked to another author, or to none.
    AuthorNotLinked(Slug),
    /// The account has as many as it may have.
    TooMany,
    /// The database failed.
    Database(Failure),
}

impl TokenWish {
    /// The token, with a new secret, for an account that has a role.
    ///
    /// # Errors
    /// Every rule that the wish breaks.
    pub fn grant(self, id: Uuid, role: Role, now: DateTime<Utc>) -> Result<NewApiToken, InputFaults> {
        let Self {
            name,
            kind,
            scopes,
            author,
            end,
        } = self;
        let scopes = match kind {
            TokenKind::Personal => personal_scopes(scopes, role)?,
            TokenKind::Upload => upload_scopes(scopes.as_deref())?,
        };
        match (kind, &author) {
            (TokenKind::Personal, Some(_)) => {
                let detail = "only a token of the kind upload writes as an author; leave author out, or send \"kind\": \"upload\"";
                return Err(InputFaults::at("/author", "not-allowed", detail));
            }
            (TokenKind::Upload, None) => {
                let detail = "a token of the kind upload needs the slug of the author it writes as";
                return Err(InputFaults::at("/author", "required", detail));
            }
            _ => {}
        }
        Ok(NewApiToken {
            text: TokenText::new(kind, id),
            name,
            scopes,
            author,
            expires_at: end_of(kind, end, now)?,
        })
    }
}

fn personal_scopes(wished: Option<Vec<Scope>>, role: Role) -> Result<Vec<Scope>, InputFaults> {
    let wished = wished.unwrap_or_default();
    if wished.is_empty() {
        let detail = format!("name at least one scope; the role {role} has: {}", role.scopes());
        return Err(InputFaults::at("/scopes", "required", detail));
    }
    for (place, scope) in wished.iter().enumerate() {
        if role.reach(*scope).is_none() {
            let detail = format!("the role {role} does not have {scope}; it has: {}", role.scopes());
            return Err(InputFaults::at(&format!("/scopes/{place}"), "beyond-role", detail));
        }
    }
    Ok(Scope::ALL.into_iter().filter(|scope| wished.contains(scope)).collect())
}

fn upload_scopes(wished: Option<&[Scope]>) -> Result<Vec<Scope>, InputFaults> {
    if wished.is_some() {
        let detail = "a token of the kind upload has always the same scopes; leave scopes out";
        return Err(InputFaults::at("/scopes", "not-allowed", detail));
    }
    Ok(UPLOAD_SCOPES.to_vec())
}

fn end_of(kind: TokenKind, end: Option<TokenEnd>, now: DateTime<Utc>) -> Result<DateTime<Utc>, InputFaults> {
    let latest = now + Duration::days(MAX_DAYS.into());
    match (end, kind) {
        (Some(TokenEnd::InDays(days)), _) => Ok(now + Duration::days(days.into())),
        (Some(TokenEnd::At(moment)), _) if moment <= now => Err(InputFaults::at(
            "/expires_at",
            "in-the-past",
            "it is over already; name a later time",
        )),
        (Some(TokenEnd::At(moment)), _) if moment > latest => {
            let detail = format!("a token is good for at most {MAX_DAYS} days; name an earlier time");
            Err(InputFaults::at("/expires_at", "too-late", detail))
        }
        (Some(TokenEnd::At(moment)), _) => Ok(moment),
        (None, TokenKind::Personal) => Ok(now + Duration::days(DEFAULT_DAYS.into())),
        (None, TokenKind::Upload) => {
            let detail = "a token of the kind upload needs an end: send expires_in_days or expires_at";
            Err(InputFaults::at("/expires_in_days", "required", detail))
        }
    }
}

impl NewApiToken {
    /// The row of the token that an account makes.
    #[must_use]
    pub fn row(&self, account: Uuid, author: Option<RowId>, stamp: &Stamp) -> ApiTokenRow {
        let names: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        ApiTokenRow {
            id: RowId(self.text.id()),
            account_id: RowId(account),
            kind: self.text.kind().as_str().to_owned(),
            name: self.name.as_str().to_owned(),
            secret_hash: self.text.secret_hash(),
            scopes: names.join(" "),
            author_id: author,
            created_at: stamp.now.into(),
            created_by: RowId(account),
            expires_at: self.expires_at.into(),
            last_used_at: None,
            revoked_at: None,
            revoked_by: None,
        }
    }
}

impl ApiTokenRow {
    /// Whether it is good at a moment.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> ApiTokenState {
        match self.revoked_at {
            Some(_) => ApiTokenState::Revoked,
            None if self.expires_at.utc() <= now => ApiTokenState::Expired,
            None => ApiTokenState::Active,
        }
    }

    /// The kind; one that this version does not know counts as the lesser.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        TokenKind::from_name(&self.kind).unwrap_or(TokenKind::Upload)
    }

    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: API_TOKEN_REVISION,
            changed_by: Some(self.created_by.0),
            changed_at: self.created_at.utc(),
        }
    }
}

impl TokenStanding {
    /// Passes if a request may be let in that shows this text at a moment. What is wrong is told in order: only who has the
    /// secret learns anything of the token.
    ///
    /// # Errors
    /// [`ApiTokenFault`].
    pub fn admits(&self, shown: &TokenText, now: DateTime<Utc>) -> Result<(), ApiTokenFault> {
        let is_secret = secrets::hashes_are_equal(&self.secret_hash, &shown.secret_hash());
        if !is_secret || self.kind != shown.kind().as_str() {
            return Err(ApiTokenFault::Unknown);
        }
        if self.revoked_at.is_some() {
            return Err(ApiTokenFault::Revoked);
        }
        if self.expires_at.utc() <= now {
            return Err(ApiTokenFault::Expired);
        }
        if self.account_disabled_at.is_some() {
            return Err(ApiTokenFault::AccountDisabled);
        }
        // A token to upload with is revoked when its author is removed; without one it would be confined to nothing.
        match shown.kind() == TokenKind::Upload && self.author_id.is_none() {
            true => Err(ApiTokenFault::Revoked),
            false => Ok(()),
        }
    }

    /// What it is confined to, if it is to upload with.
    #[must_use]
    pub fn upload_grant(&self) -> Option<UploadGrant> {
        let author = self.author_id.filter(|_| self.kind == TokenKind::Upload.as_str())?;
        Some(UploadGrant {
            token_id: self.id.0,
            author_id: author.0,
        })
    }
}

impl TokenReach {
    /// The tokens that a permission reaches.
    #[must_use]
    pub fn of(reach: Reach, account: Uuid) -> Self {
        match reach {
            Reach::All => Self::All,
            Reach::Own => Self::Of(account),
        }
    }
}

impl From<Reach> for AuthorReach {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::All => Self::All,
            Reach::Own => Self::Linked,
        }
    }
}

impl From<Failure> for ApiTokenFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for ApiTokenFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn standing(text: &TokenText) -> TokenStanding {
        TokenStanding {
            id: RowId(text.id()),
            kind: text.kind().as_str().to_owned(),
            secret_hash: text.secret_hash(),
            scopes: "articles:read".to_owned(),
            author_id: None,
            expires_at: (now() + Duration::seconds(1)).into(),
            revoked_at: None,
            account: AccountStanding {
                id: RowId(Uuid::from_u128(1)),
                role: "editor".to_owned(),
                author_id: None,
            },
            account_disabled_at: None,
        }
    }

    #[test]
    fn a_token_is_admitted_by_its_secret_until_it_ends() {
        let text = TokenText::new(TokenKind::Personal, Uuid::from_u128(7));
        let token = standing(&text);
        assert_eq!(token.admits(&text, now()), Ok(()));
        assert_eq!(
            token.admits(&text, now() + Duration::seconds(1)),
            Err(ApiTokenFault::Expired)
        );
        let other_secret = TokenText::new(TokenKind::Personal, Uuid::from_u128(7));
        assert_eq!(token.admits(&other_secret, now()), Err(ApiTokenFault::Unknown));
    }

    #[test]
    fn what_is_wrong_is_told_to_who_has_the_secret_only() {
        let text = TokenText::new(TokenKind::Personal, Uuid::from_u128(7));
        let guess = TokenText::new(TokenKind::Personal, Uuid::from_u128(7));
        let spoilt = [
            (
                ApiTokenFault::Revoked,
                TokenStanding {
                    revoked_at: Some(now().into()),
                    ..standing(&text)
                },
            ),
            (
                ApiTokenFault::Expired,
                TokenStanding {
                    expires_at: now().into(),
                    ..standing(&text)
                },
            ),
            (
                ApiTokenFault::AccountDisabled,
                TokenStanding {
                    account_disabled_at: Some(now().into()),
                    ..standing(&text)
                },
            ),
        ];
        for (fault, token) in spoilt {
            assert_eq!(token.admits(&text, now()), Err(fault));
            assert_eq!(token.admits(&guess, now()), Err(ApiTokenFault::Unknown));
        }
    }

    #[test]
    fn a_token_to_upload_with_is_confined_or_refused() {
        let text = TokenText::new(TokenKind::Upload, Uuid::from_u128(7));
        assert_eq!(standing(&text).admits(&text, now()), Err(ApiTokenFault::Revoked));
        let author = RowId(Uuid::from_u128(3));
        let token = TokenStanding {
            author_id: Some(author),
            ..standing(&text)
        };
        assert_eq!(token.admits(&text, now()), Ok(()));
        let grant = UploadGrant {
            token_id: text.id(),
            author_id: author.0,
        };
        assert_eq!(token.upload_grant(), Some(grant));
        let personal = TokenStanding {
            kind: "personal".to_owned(),
            ..token
        };
        assert_eq!(personal.upload_grant(), None);
        assert_eq!(personal.admits(&text, now()), Err(ApiTokenFault::Unknown));
    }
}
