//! Passwords: hashed with argon2id, on threads of their own, with the same effort for accounts that do not exist.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::field::{Refusal, read_from_text};

/// The fewest characters of a password.
pub const MIN_LENGTH: usize = 12;

/// The most bytes of a password; more only costs time.
pub const MAX_LENGTH: usize = 1_024;

/// Hashes computed at one time. Each takes 19 MiB and a core, so more would starve the requests of readers.
static HASHING: Semaphore = Semaphore::const_new(2);

/// The longest that somebody waits for their turn, so that a flood of log-ins ends in answers and not in a queue.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What a password is verified against when there is no such account, so that both answers take as long.
static DECOY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("no account has this password").ok());

/// A new password, of a length that can be stored. It is never shown, not even in a log.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

/// A text that cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthFault {
    /// It has too few characters.
    TooShort,
    /// It has too many bytes.
    TooLong,
}

/// Why a password cannot be stored.
#[derive(Debug, Error)]
pub enum PasswordFault {
    /// It has too few characters or too many bytes.
    #[error("a password has at least {MIN_LENGTH} characters and at most {MAX_LENGTH} bytes")]
    Length,
    /// Too many are being hashed at this moment.
    #[error("no turn to hash a password came within {} seconds", LONGEST_WAIT.as_secs())]
    Busy,
    /// The hash could not be computed, which is a defect.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
}

impl NewPassword {
    /// Takes a password.
    ///
    /// # Errors
    /// [`LengthFault`].
    pub fn parse(text: &str) -> Result<Self, LengthFault> {
        match (text.chars().count(), text.len()) {
            (..MIN_LENGTH, _) => Err(LengthFault::TooShort),
            (_, length) if length > MAX_LENGTH => Err(LengthFault::TooLong),
            _ => Ok(Self(text.to_owned().into())),
        }
    }

    /// The password, given away to be hashed.
    #[must_use]
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

impl TryFrom<&String> for NewPassword {
    type Error = LengthFault;

    fn try_from(text: &String) -> Result<Self, LengthFault> {
        Self::parse(text)
    }
}

read_from_text!(NewPassword);

impl fmt::Display for LengthFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "it is too short; take at least {MIN_LENGTH} characters"),
            Self::TooLong => write!(f, "it is too long; take at most {MAX_LENGTH} bytes"),
        }
    }
}

impl Refusal for LengthFault {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "too-short",
            Self::TooLong => "too-long",
        }
    }
}

/// The hash of a new password, in PHC string format.
///
/// # Errors
/// [`PasswordFault`].
pub async fn hash(password: SecretString) -> Result<String, PasswordFault> {
    NewPassword::parse(password.expose_secret()).map_err(|_fault| PasswordFault::Length)?;
    off_worker(move || hash_now(password.expose_secret())).await?
}

/// Whether a password is the one of an account. For an account that does not exist it takes as long and is false.
///
/// # Errors
/// [`PasswordFault::Busy`], or [`PasswordFault::Hashing`] when it could not be computed.
pub async fn verify(password: SecretString, stored: Option<String>) -> Result<bool, PasswordFault> {
    off_worker(move || {
        let Some(hash) = stored.as_ref().or(DECOY.as_ref()) else {
            return false;
        };
        let matches = Argon2::default()
            .verify_password(password.expose_secret().as_bytes(), hash.as_str())
            .is_ok();
        matches && stored.is_some()
    })
    .await
}

/// Computes what unknown accounts are verified against, so that the first of them does not take longer than the rest.
pub fn prepare() {
    LazyLock::force(&DECOY);
}

/// A random password of 24 letters and digits.
#[must_use]
pub fn random() -> SecretString {
    Alphanumeric.sample_string(&mut rand::rng(), 24).into()
}

async fn off_worker<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordFault> {
    let failed = |error: String| PasswordFault::Hashing(error);
    let turn = tokio::time::timeout(LONGEST_WAIT, HASHING.acquire())
        .await
        .map_err(|_elapsed| PasswordFault::Busy)?
        .map_err(|closed| failed(closed.to_string()))?;
    // The turn ends with the work, also when nobody waits for the answer any more.
    let work = move || {
        let outcome = work();
        drop(turn);
        outcome
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|panic| failed(panic.to_string()))
}

fn hash_now(password: &str) -> Result<String, PasswordFault> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| PasswordFault::Hashing(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_is_known_again_and_no_other() {
        let stored = hash("correct horse battery".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(
            verify("correct horse battery".into(), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(!verify("correct horse batterx".into(), Some(stored)).await.unwrap());
        assert!(!verify("no account has this password".into(), None).await.unwrap());
    }

    #[actix_web::test]
    async fn short_passwords_are_refused() {
        assert!(matches!(hash("elevenchars".into()).await, Err(PasswordFault::Length)));
    }
}
