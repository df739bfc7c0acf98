//! What the tokens say that an installation signs: access tokens (RFC 9068) and those of preview links.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::accounts::permissions::{Role, Scope};

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

/// Who sends a request, as a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account_id: Uuid,
    /// Its role when the token was made.
    pub role: Role,
    scope: String,
}

impl Identity {
    /// The sender that verified claims name; `None` when they name no role.
    #[must_use]
    pub fn from_claims(claims: AccessClaims) -> Option<Self> {
        let AccessClaims { sub, scope, roles, .. } = claims;
        roles.first().map(|role| Self {
            account_id: sub,
            role: *role,
            scope,
        })
    }

    /// Whether the token carries a scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scope.split_ascii_whitespace().any(|name| name == scope.as_str())
    }
}
