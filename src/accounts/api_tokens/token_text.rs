//! The text of an API token: `galley_pat_<id>_<secret>_<checksum>`.
//!
//! `pat` is a personal token, `upl` one to upload with. The id is a UUID without its hyphens, the secret is 43 letters and
//! digits, and the checksum is the CRC-32 of all before it in eight hexadecimal digits, as in the tokens of other services.
//! A scanner that looks for leaked secrets finds them by this expression, and drops by the checksum what only looks like one:
//!
//! ```text
//! galley_(pat|upl)_[0-9a-f]{32}_[0-9A-Za-z]{43}_[0-9a-f]{8}
//! ```

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::api_tokens::api_token::ApiTokenFault;
use crate::accounts::secrets;

/// What every secret of this program begins with.
pub const TOKEN_PREFIX: &str = "galley_";

/// What a refresh token begins with, which is no API token.
pub const REFRESH_PREFIX: &str = "galley_rt_";

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, clap::ValueEnum, deserr::Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(rename_all = lowercase)]
pub enum TokenKind {
    /// Does what its account may do, as far as its scopes go.
    Personal,
    /// Brings drafts and pictures as one author, and sees and changes those only.
    Upload,
}

impl TokenKind {
    /// The name, as the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Upload => "upload",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Personal, Self::Upload]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Personal => "pat",
            Self::Upload => "upl",
        }
    }
}

/// A token, taken apart.
#[derive(Debug, Clone)]
pub struct TokenText {
    kind: TokenKind,
    id: Uuid,
    secret: SecretString,
}

impl TokenText {
    /// A new token with a new secret.
    #[must_use]
    pub fn new(kind: TokenKind, id: Uuid) -> Self {
        let secret = secrets::random();
        Self { kind, id, secret }
    }

    /// Takes a token apart, and checks its checksum.
    ///
    /// # Errors
    /// [`ApiTokenFault::Malformed`], [`ApiTokenFault::Checksum`], or [`ApiTokenFault::RefreshToken`] for one that is another
    /// kind of secret.
    pub fn parse(text: &str) -> Result<Self, ApiTokenFault> {
        if text.starts_with(REFRESH_PREFIX) {
            return Err(ApiTokenFault::RefreshToken);
        }
        let rest = text.strip_prefix(TOKEN_PREFIX).ok_or(ApiTokenFault::Malformed)?;
        let mut parts = rest.split('_');
        let (Some(mark), Some(id), Some(secret), Some(checksum), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ApiTokenFault::Malformed);
        };
        let kind = [TokenKind::Personal, TokenKind::Upload]
            .into_iter()
            .find(|kind| kind.mark() == mark)
            .ok_or(ApiTokenFault::Malformed)?;
        if checksum.len() != 8 || id.len() != 32 || !secrets::is_shaped(secret) {
            return Err(ApiTokenFault::Malformed);
        }
        let id = Uuid::try_parse(id).map_err(|_malformed| ApiTokenFault::Malformed)?;
        let whole = Self {
            kind,
            id,
            secret: secret.into(),
        };
        match whole.reveal().expose_secret() == text {
            true => Ok(whole),
            false => Err(ApiTokenFault::Checksum),
        }
    }

    /// The whole token, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        let (mark, id, secret) = (self.kind.mark(), self.id.as_simple(), self.secret.expose_secret());
        let checked = format!("{TOKEN_PREFIX}{mark}_{id}_{secret}");
        let checksum = crc32fast::hash(checked.as_bytes());
        format!("{checked}_{checksum:08x}").into()
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What is stored of its secret.
    #[must_use]
    pub fn secret_hash(&self) -> String {
        secrets::hash(self.secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> TokenText {
        TokenText {
            kind: TokenKind::Upload,
            id: Uuid::from_u128(0x019a_b3c4_5d6e_7f80_9a1b_2c3d_4e5f_6071),
            secret: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG".into(),
        }
    }

    #[test]
    fn a_token_has_the_documented_form() {
        let text = token().reveal();
        assert_eq!(
            text.expose_secret(),
            "galley_upl_019ab3c45d6e7f809a1b2c3d4e5f6071_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_19c11fbc"
        );
        let read = TokenText::parse(text.expose_secret()).unwrap();
        assert_eq!((read.kind(), read.id()), (TokenKind::Upload, token().id()));
        assert_eq!(read.secret_hash(), token().secret_hash());
    }

    #[test]
    fn every_single_change_is_noticed() {
        let text = token().reveal();
        let text = text.expose_secret();
        for (place, letter) in text.char_indices() {
            for other in "0aAz_-".chars().filter(|other| *other != letter) {
                let mut changed = text.to_owned();
                changed.replace_range(place..=place, &other.to_string());
                assert!(TokenText::parse(&changed).is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let upper = token().reveal().expose_secret().to_uppercase();
        for text in ["", "galley_", "galley_pat_", "galley_pat_a_b_c", "ghp_abc", &upper] {
            assert!(
                matches!(TokenText::parse(text), Err(ApiTokenFault::Malformed)),
                "{text}"
            );
        }
        let refresh = format!("galley_rt_{}", "a".repeat(43));
        assert!(matches!(TokenText::parse(&refresh), Err(ApiTokenFault::RefreshToken)));
    }

    #[test]
    fn the_text_is_not_in_what_is_logged() {
        assert!(!format!("{:?}", token()).contains("0123456789"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(galley_)?(pat|upl)?[_a-z0-9é]*") {
            let _ = TokenText::parse(&text);
        }

        #[test]
        fn every_new_token_is_read_back(id in any::<u128>()) {
            let made = TokenText::new(TokenKind::Personal, Uuid::from_u128(id));
            let read = TokenText::parse(made.reveal().expose_secret()).unwrap();
            prop_assert_eq!(read.id(), made.id());
            prop_assert_eq!(read.secret_hash(), made.secret_hash());
        }
    }
}
