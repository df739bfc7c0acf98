//! The text of an API token: a [`MarkedSecret`] whose mark is `pat` for a personal token, and `upl` for one to upload with.

use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::api_tokens::api_token::ApiTokenFault;
use crate::accounts::marked_secret::{MarkedSecret, MarkedSecretFault};

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
    const ALL: [Self; 2] = [Self::Personal, Self::Upload];

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
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
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
    secret: MarkedSecret,
}

impl TokenText {
    /// A new token with a new secret.
    #[must_use]
    pub fn new(kind: TokenKind, id: Uuid) -> Self {
        let secret = MarkedSecret::new(kind.mark(), id);
        Self { kind, secret }
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
        let marks = TokenKind::ALL.map(TokenKind::mark);
        let secret = MarkedSecret::parse(text, &marks).map_err(|fault| match fault {
            MarkedSecretFault::Malformed => ApiTokenFault::Malformed,
            MarkedSecretFault::Checksum => ApiTokenFault::Checksum,
        })?;
        let kind = TokenKind::ALL.into_iter().find(|kind| kind.mark() == secret.mark());
        kind.map(|kind| Self { kind, secret }).ok_or(ApiTokenFault::Malformed)
    }

    /// The whole token, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        self.secret.reveal()
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.secret.id()
    }

    /// What is stored of its secret.
    #[must_use]
    pub fn secret_hash(&self) -> String {
        self.secret.hash()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    const TEXT: &str =
        "galley_upl_019ab3c45d6e7f809a1b2c3d4e5f6071_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_19c11fbc";

    #[test]
    fn a_token_has_the_documented_form() {
        let read = TokenText::parse(TEXT).unwrap();
        let id = Uuid::from_u128(0x019a_b3c4_5d6e_7f80_9a1b_2c3d_4e5f_6071);
        assert_eq!((read.kind(), read.id()), (TokenKind::Upload, id));
        assert_eq!(read.reveal().expose_secret(), TEXT);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let upper = TEXT.to_uppercase();
        let of_a_comment = MarkedSecret::new("cmt", Uuid::from_u128(7)).reveal();
        for text in [
            "",
            "galley_",
            "galley_pat_",
            "galley_pat_a_b_c",
            "ghp_abc",
            &upper,
            of_a_comment.expose_secret(),
        ] {
            assert!(
                matches!(TokenText::parse(text), Err(ApiTokenFault::Malformed)),
                "{text}"
            );
        }
        let changed = TEXT.replace("_19c11fbc", "_19c11fbd");
        assert!(matches!(TokenText::parse(&changed), Err(ApiTokenFault::Checksum)));
        let refresh = format!("galley_rt_{}", "a".repeat(43));
        assert!(matches!(TokenText::parse(&refresh), Err(ApiTokenFault::RefreshToken)));
    }

    #[test]
    fn the_text_is_not_in_what_is_logged() {
        assert!(!format!("{:?}", TokenText::parse(TEXT).unwrap()).contains("0123456789"));
    }

    proptest! {
        #[test]
        fn every_new_token_is_read_back(id in any::<u128>()) {
            let made = TokenText::new(TokenKind::Personal, Uuid::from_u128(id));
            let read = TokenText::parse(made.reveal().expose_secret()).unwrap();
            prop_assert_eq!((read.kind(), read.id()), (TokenKind::Personal, made.id()));
            prop_assert_eq!(read.secret_hash(), made.secret_hash());
        }
    }
}
