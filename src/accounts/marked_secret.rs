//! The text of a secret that names what it is good for: `galley_<mark>_<id>_<secret>_<checksum>`.
//!
//! The mark says what kind it is. The id is a UUID without its hyphens, the secret is 43 letters and digits, and the checksum
//! is the CRC-32 of all before it in eight hexadecimal digits, as in the tokens of other services. A scanner that looks for
//! leaked secrets finds them by this expression, and drops by the checksum what only looks like one:
//!
//! ```text
//! galley_(pat|upl|cmt)_[0-9a-f]{32}_[0-9A-Za-z]{43}_[0-9a-f]{8}
//! ```

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::accounts::secrets;

/// What every secret of this program begins with.
pub const TOKEN_PREFIX: &str = "galley_";

/// A secret, taken apart.
#[derive(Debug, Clone)]
pub struct MarkedSecret {
    mark: &'static str,
    id: Uuid,
    secret: SecretString,
}

/// A text that is no such secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkedSecretFault {
    /// It does not have the form, or not one of the marks.
    Malformed,
    /// Its checksum is of another text.
    Checksum,
}

impl MarkedSecret {
    /// A new secret for what has this id.
    #[must_use]
    pub fn new(mark: &'static str, id: Uuid) -> Self {
        let secret = secrets::random();
        Self { mark, id, secret }
    }

    /// Takes a secret apart that has one of these marks, and checks its checksum.
    ///
    /// # Errors
    /// [`MarkedSecretFault`].
    pub fn parse(text: &str, marks: &[&'static str]) -> Result<Self, MarkedSecretFault> {
        let rest = text.strip_prefix(TOKEN_PREFIX).ok_or(MarkedSecretFault::Malformed)?;
        let mut parts = rest.split('_');
        let (Some(mark), Some(id), Some(secret), Some(checksum), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(MarkedSecretFault::Malformed);
        };
        let mark = marks.iter().copied().find(|known| *known == mark);
        let mark = mark.ok_or(MarkedSecretFault::Malformed)?;
        if checksum.len() != 8 || id.len() != 32 || !secrets::is_shaped(secret) {
            return Err(MarkedSecretFault::Malformed);
        }
        let id = Uuid::try_parse(id).map_err(|_malformed| MarkedSecretFault::Malformed)?;
        let whole = Self {
            mark,
            id,
            secret: secret.into(),
        };
        match whole.reveal().expose_secret() == text {
            true => Ok(whole),
            false => Err(MarkedSecretFault::Checksum),
        }
    }

    /// The whole text, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        let (mark, id, secret) = (self.mark, self.id.as_simple(), self.secret.expose_secret());
        let checked = format!("{TOKEN_PREFIX}{mark}_{id}_{secret}");
        let checksum = crc32fast::hash(checked.as_bytes());
        format!("{checked}_{checksum:08x}").into()
    }

    /// The mark.
    #[must_use]
    pub fn mark(&self) -> &'static str {
        self.mark
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What is stored of the secret.
    #[must_use]
    pub fn hash(&self) -> String {
        secrets::hash(self.secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKS: [&str; 2] = ["pat", "cmt"];

    fn secret() -> MarkedSecret {
        MarkedSecret {
            mark: "cmt",
            id: Uuid::from_u128(0x019a_b3c4_5d6e_7f80_9a1b_2c3d_4e5f_6071),
            secret: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG".into(),
        }
    }

    #[test]
    fn every_single_change_is_noticed() {
        let text = secret().reveal();
        let text = text.expose_secret();
        assert!(text.starts_with("galley_cmt_019ab3c45d6e7f809a1b2c3d4e5f6071_0123456789"));
        for (place, letter) in text.char_indices() {
            for other in "0aAz_-".chars().filter(|other| *other != letter) {
                let mut changed = text.to_owned();
                changed.replace_range(place..=place, &other.to_string());
                assert!(MarkedSecret::parse(&changed, &MARKS).is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn a_secret_of_another_mark_is_none() {
        let text = secret().reveal();
        let read = MarkedSecret::parse(text.expose_secret(), &["pat"]);
        assert_eq!(read.unwrap_err(), MarkedSecretFault::Malformed);
    }

    #[test]
    fn the_text_is_not_in_what_is_logged() {
        assert!(!format!("{:?}", secret()).contains("0123456789"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(galley_)?(pat|cmt)?[_a-z0-9é]*") {
            let _ = MarkedSecret::parse(&text, &MARKS);
        }

        #[test]
        fn every_new_secret_is_read_back(id in any::<u128>()) {
            let made = MarkedSecret::new("cmt", Uuid::from_u128(id));
            let read = MarkedSecret::parse(made.reveal().expose_secret(), &MARKS).unwrap();
            prop_assert_eq!((read.mark(), read.id(), read.hash()), ("cmt", made.id(), made.hash()));
        }
    }
}
