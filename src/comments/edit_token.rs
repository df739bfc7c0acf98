//! The edit token of a comment: what a reader without an account shows to see, change or withdraw what they wrote.
//!
//! It is a [`MarkedSecret`] whose mark is `cmt` and whose id is that of the comment, so that it is good for this comment only.
//! It is shown once, in the answer to the post, and of its secret only the SHA-256 is stored. It is good as long as the
//! comment is there.

use secrecy::SecretString;
use uuid::Uuid;

use crate::accounts::marked_secret::{MarkedSecret, MarkedSecretFault};
use crate::accounts::secrets;

/// What an edit token begins with.
pub const EDIT_TOKEN_PREFIX: &str = "galley_cmt_";

const MARK: &str = "cmt";

/// What is compared in place of a hash where none is stored, so that the time of a refusal does not tell that.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An edit token, taken apart.
#[derive(Debug, Clone)]
pub struct EditToken(MarkedSecret);

impl EditToken {
    /// A new token for a comment.
    #[must_use]
    pub fn new(comment: Uuid) -> Self {
        Self(MarkedSecret::new(MARK, comment))
    }

    /// Takes a token apart, and checks its checksum.
    ///
    /// # Errors
    /// [`MarkedSecretFault`].
    pub fn parse(text: &str) -> Result<Self, MarkedSecretFault> {
        MarkedSecret::parse(text, &[MARK]).map(Self)
    }

    /// The whole token, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        self.0.reveal()
    }

    /// The comment that it is good for.
    #[must_use]
    pub fn comment(&self) -> Uuid {
        self.0.id()
    }

    /// What is stored of its secret.
    #[must_use]
    pub fn secret_hash(&self) -> String {
        self.0.hash()
    }
}

/// Whether the hash of a secret that was shown is the stored one; never where none is stored.
#[must_use]
pub fn admits(stored: Option<&str>, shown: &str) -> bool {
    let is_equal = secrets::hashes_are_equal(stored.unwrap_or(NO_HASH), shown);
    is_equal && stored.is_some()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_is_read_back_and_admitted_by_its_hash_only() {
        let token = EditToken::new(Uuid::from_u128(7));
        let text = token.reveal();
        assert!(text.expose_secret().starts_with(EDIT_TOKEN_PREFIX));
        let read = EditToken::parse(text.expose_secret()).unwrap();
        assert_eq!(read.comment(), Uuid::from_u128(7));
        assert!(admits(Some(&token.secret_hash()), &read.secret_hash()));
        let other = EditToken::new(Uuid::from_u128(7)).secret_hash();
        assert!(!admits(Some(&other), &read.secret_hash()));
        assert!(!admits(None, &read.secret_hash()));
        assert!(!admits(None, NO_HASH), "nothing stored admits nobody");
    }
}
