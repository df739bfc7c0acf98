//! What the tokens say that an installation signs: access tokens (RFC 9068) and those of preview links.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::accounts::account::AccountStanding;
use crate::accounts::api_tokens::api_token::TokenStanding;
use crate::accounts::permissions::{Role, Scope};
use crate::audit::origin::{Actor, Credential};

/// The `typ` of an access token (RFC 9068, section 2.1). Tokens of other kinds have another, so that one cannot stand for
/// the other (RFC 8725, section 3.11).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The `typ` of a token for a preview link.
pub const PREVIEW_TOKEN_TYPE: &str = "preview+jwt";

/// Seconds that an access token is valid.
pub const ACCESS_TOKEN_SECONDS: i64 = 900;

/// The `client_id` of tokens that were got with an e-mail address and a password.
pub const PASSWORD_CLIENT: &str = "galley-login";

/// The claims of an access token. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The issuer: the public URL of the installation.
    pub iss: String,
    /// The account.
    pub sub: Uuid,
    /// The audience: the API of the installation.
    pub aud: String,
    /// When the token ends.
    pub exp: i64,
    /// When the token was made.
    pub iat: i64,
    /// Before this moment the token is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The id of the token.
    pub jti: Uuid,
    /// The session that the token belongs to: it is not accepted once the session has ended.
    pub sid: Uuid,
    /// What the token was got with.
    pub client_id: String,
    /// The scopes, separated by blanks.
    pub scope: String,
    /// The roles of the account; one, today.
    pub roles: Vec<Role>,
}

/// The claims of a token that shows one revision of one article to whoever has it. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewClaims {
    /// The issuer: the public URL of the installation.
    pub iss: String,
    /// The article.
    pub sub: Uuid,
    /// The audience: the previews of the installation.
    pub aud: String,
    /// When the token ends.
    pub exp: i64,
    /// When the token was made.
    pub iat: i64,
    /// The id of the preview link.
    pub jti: Uuid,
    /// The revision that it shows.
    pub revision: i32,
}

/// When a token is valid, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub from: i64,
    /// The second when it is over.
    pub until: i64,
}

/// The claims of one kind of token. Each kind has a type and an audience of its own, so that a token of one kind never
/// stands for another (RFC 8725, sections 3.9, 3.11 and 3.12).
pub trait Claims: Serialize + DeserializeOwned {
    /// The `typ` of the header.
    const TYPE: &'static str;

    /// What follows the audience of access tokens in the audience of this kind.
    const AUDIENCE_SUFFIX: &'static str;

    /// When the token is valid.
    fn validity(&self) -> Validity;
}

impl Claims for AccessClaims {
    const TYPE: &'static str = ACCESS_TOKEN_TYPE;
    const AUDIENCE_SUFFIX: &'static str = "";

    fn validity(&self) -> Validity {
        Validity {
            from: self.nbf.unwrap_or(self.iat).max(self.iat),
            until: self.exp,
        }
    }
}

impl Claims for PreviewClaims {
    const TYPE: &'static str = PREVIEW_TOKEN_TYPE;
    const AUDIENCE_SUFFIX: &'static str = "/preview";

    fn validity(&self) -> Validity {
        Validity {
            from: self.iat,
            until: self.exp,
        }
    }
}

/// Who sends a request: what a verified token says, and what its account may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account_id: Uuid,
    /// Its role now.
    pub role: Role,
    /// Whom it writes as, if it is linked to an author.
    pub author_id: Option<Uuid>,
    /// What it showed.
    pub credential: Credential,
    /// What an API token of the kind `upload` is confined to.
    pub upload: Option<UploadGrant>,
    scope: String,
}

/// All that an API token of the kind `upload` may do: bring drafts of one author, and see and change those that it brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadGrant {
    /// The token.
    pub token_id: Uuid,
    /// The author who stands in the byline of everything it brings.
    pub author_id: Uuid,
}

impl Identity {
    /// The sender that verified claims name, as their account stands now.
    #[must_use]
    pub fn of(claims: AccessClaims, standing: &AccountStanding) -> Self {
        let AccessClaims { sub, scope, sid, .. } = claims;
        Self {
            account_id: sub,
            role: standing.role(),
            author_id: standing.author_id.map(|author| author.0),
            credential: Credential::AccessToken(sid),
            upload: None,
            scope,
        }
    }

    /// The sender that an API token stands for, as its account stands now.
    #[must_use]
    pub fn of_api_token(token: TokenStanding) -> Self {
        let upload = token.upload_grant();
        let TokenStanding {
            id, scopes, account, ..
        } = token;
        Self {
            account_id: account.id.0,
            role: account.role(),
            author_id: account.author_id.map(|author| author.0),
            credential: Credential::ApiToken(id.0),
            upload,
            scope: scopes,
        }
    }

    /// The session, of a sender who logged in; `None` for a script.
    #[must_use]
    pub fn session_id(&self) -> Option<Uuid> {
        match self.credential {
            Credential::AccessToken(session) => Some(session),
            Credential::ApiToken(_) => None,
        }
    }

    /// Whom answers are kept for by which a repeated request is answered: the account, or the token where that sees less.
    #[must_use]
    pub fn principal(&self) -> Uuid {
        self.upload.map_or(self.account_id, |grant| grant.token_id)
    }

    /// The sender, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Account {
            account_id: self.account_id,
            credential: self.credential,
        }
    }

    /// Whether the token carries a scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scope.split_ascii_whitespace().any(|name| name == scope.as_str())
    }
}
