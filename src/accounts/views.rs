//! Accounts and tokens on the wire.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::account::{AccountRow, EmailAddress};
use crate::accounts::permissions::Role;
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

/// An access token (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct AccessTokenOut {
    /// The token: a signed JWT (RFC 9068). Treat it as opaque.
    pub access_token: String,
    /// How it is sent: as `Authorization: Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until it ends.
    #[schema(example = 900)]
    pub expires_in: i64,
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
    /// What the role may do.
    #[schema(example = json!(["articles:read", "articles:write"]))]
    pub scopes: Vec<String>,
}

impl From<AccountRow> for AccountOut {
    fn from(row: AccountRow) -> Self {
        let role = row.role();
        let AccountRow {
            id,
            email,
            name,
            role: _,
            password_hash: _,
            created_at: _,
            updated_at: _,
        } = row;
        let scopes = role.scopes().split_ascii_whitespace().map(str::to_owned).collect();
        Self {
            id: id.0,
            email,
            name,
            role,
            scopes,
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
