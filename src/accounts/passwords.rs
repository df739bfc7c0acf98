//! Passwords: hashed with argon2id, on threads of their own, with the same effort for accounts that do not exist.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;

/// The fewest characters of a password.
pub const MIN_LENGTH: usize = 12;

/// The most bytes of a password; more only costs time.
pub const MAX_LENGTH: usize = 1_024;

/// Hashes computed at one time. Each takes 19 MiB and a core, so more would starve the requests of readers.
static HASHING: Semaphore = Semaphore::const_new(2);

/// What a password is verified against when there is no such account, so that both answers take as long.
static DECOY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("no account has this password").ok());

/// Why a password cannot be stored.
#[derive(Debug, Error)]
pub enum PasswordFault {
    /// It has too few characters or too many bytes.
    #[error("a password has at least {MIN_LENGTH} characters and at most {MAX_LENGTH} bytes")]
    Length,
    /// The hash could not be computed, which is a defect.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
}

/// The hash of a new password, in PHC string format.
///
/// # Errors
/// [`PasswordFault`].
pub async fn hash(password: SecretString) -> Result<String, PasswordFault> {
    let text = password.expose_secret();
    if text.chars().count() < MIN_LENGTH || text.len() > MAX_LENGTH {
        return Err(PasswordFault::Length);
    }
    off_worker(move || hash_now(password.expose_secret())).await?
}

/// Whether a password is the one of an account. For an account that does not exist it takes as long and is false.
///
/// # Errors
/// [`PasswordFault::Hashing`] when it could not be computed.
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
    let _turn = HASHING.acquire().await.map_err(|closed| failed(closed.to_string()))?;
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
