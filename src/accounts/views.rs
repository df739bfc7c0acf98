//! Accounts and tokens on the wire.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::account::{AccountRow, EmailAddress};
use crate::accounts::claims::Identity;
use crate::accounts::permissions::{Role, Scope};
use crate::accounts::users::user::{User, UserState};
use crate::accounts::users::views::UserStatus;
use crate::authors::views::BylineAuthorOut;
use crate::http::input::InputFaults;

/// What one logs in with.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct LoginIn {
    /// The e-mail address of the account; case does not count.
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.org")]
    pub email: EmailAddress,
    /// The password.
    #[schema(max_length = 1024, example = "correct horse battery staple")]
    pub password: String,
}

/// The tokens of a session (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenPairOut {
    /// The access token: a signed JWT (RFC 9068). Treat it as opaque.
    pub access_token: String,
    /// How it is sent: as `Authorization: Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// What `POST /v1/auth/refresh` takes for the next pair. It is good for one exchange.
    #[schema(example = "galley_rt_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")]
    pub refresh_token: String,
    /// Seconds until the refresh token ends.
    #[schema(example = 2_592_000)]
    pub refresh_expires_in: i64,
}

/// The account that a token belongs to.
#[derive(Serialize, ToSchema)]
pub struct AccountOut {
    /// The id.
    pub id: Uuid,
    /// The e-mail address.
    #[schema(example = "ada@example.org")]
    pub email: String,
    /// The name.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// The role.
    pub role: Role,
    /// Where the account stands.
    pub state: UserStatus,
    /// The author whom the account writes as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<BylineAuthorOut>,
    /// What the token may do: what it was made for, as far as the role has it.
    #[schema(example = json!(["articles:read", "articles:write"]))]
    pub scopes: Vec<String>,
}

impl AccountOut {
    /// The account, with what the token of a sender may do.
    #[must_use]
    pub fn new(user: User, identity: &Identity) -> Self {
        let scopes = Scope::ALL.into_iter().filter(|scope| identity.has(*scope));
        Self {
            scopes: scopes
                .filter(|scope| identity.role.reach(*scope).is_some())
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            ..Self::of_role(user)
        }
    }

    /// The account, with all that its role may do.
    #[must_use]
    pub fn of_role(user: User) -> Self {
        let User { row, author, link: _ } = user;
        let (role, state) = (row.role(), UserState::of(&row));
        let AccountRow {
            id,
            email,
            name,
            role: _,
            password_hash: _,
            author_id: _,
            revision: _,
            created_at: _,
            created_by: _,
            updated_at: _,
            disabled_at: _,
            last_login_at: _,
        } = row;
        Self {
            id: id.0,
            email,
            name,
            role,
            state: state.into(),
            author: author.map(BylineAuthorOut::from),
            scopes: role.scopes().split_ascii_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// The public keys of the installation (RFC 7517, section 5).
#[derive(Serialize, ToSchema)]
pub struct JsonWebKeySet {
    /// The keys.
    pub keys: Vec<JsonWebKeyOut>,
}

/// One public key (RFC 7517 and RFC 8037).
#[derive(Serialize, ToSchema)]
pub struct JsonWebKeyOut {
    /// The kind of key.
    #[schema(example = "OKP")]
    pub kty: String,
    /// The curve.
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The public key, base64url without padding.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
    /// The id: the RFC 7638 thumbprint of the key.
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    pub kid: String,
    /// The algorithm.
    #[schema(example = "EdDSA")]
    pub alg: String,
    /// What the key is for.
    #[schema(example = "sig")]
    pub r#use: String,
}
