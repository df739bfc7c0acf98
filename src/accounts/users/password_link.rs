//! Links by which somebody sets a password without knowing one: invitations, and resets by an administrator.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::database::ids::RowId;
use crate::database::schema::password_links;
use crate::database::timestamp::RowTime;

/// Days that an invitation is good for.
pub const INVITATION_DAYS: i64 = 7;

/// Hours that a reset is good for.
pub const RESET_HOURS: i64 = 24;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// The first password of an account.
    Invitation,
    /// Another password in place of one that was lost.
    Reset,
}

/// The token of a link. It is shown once and never stored.
#[derive(Debug, Clone)]
pub struct LinkToken(SecretString);

/// A row of `password_links`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = password_links)]
pub struct PasswordLinkRow {
    /// The id.
    pub id: RowId,
    /// Whose password it sets.
    pub account_id: RowId,
    /// What it is for.
    pub purpose: String,
    /// The SHA-256 of the token, base64url.
    pub secret_hash: String,
    /// When it was made.
    pub created_at: RowTime,
    /// The account that made it; none at the command line.
    pub created_by: Option<RowId>,
    /// When it ends.
    pub expires_at: RowTime,
}

/// A link to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The id.
    pub id: Uuid,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The SHA-256 of its token.
    pub secret_hash: String,
}

impl LinkPurpose {
    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// When a link that is made now ends.
    #[must_use]
    pub fn expiry(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Invitation => now + Duration::days(INVITATION_DAYS),
            Self::Reset => now + Duration::hours(RESET_HOURS),
        }
    }
}

impl LinkToken {
    /// A new token of 256 random bits, base64url.
    #[must_use]
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; TOKEN_BYTES]>()).into())
    }

    /// The token that somebody sends.
    #[must_use]
    pub fn sent(text: String) -> Self {
        Self(text.into())
    }

    /// What is stored of the token. It has 256 random bits, so one SHA-256 is enough to keep it.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret()))
    }

    /// The token, to show it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_random_and_only_its_hash_is_known_again() {
        let (one, other) = (LinkToken::random(), LinkToken::random());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), other.expose());
        assert_eq!(LinkToken::sent(one.expose().to_owned()).hash(), one.hash());
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(one.expose()), "a log would show the token");
    }
}
