//! Secrets that are shown once: made from the randomness of the system, and stored as a hash only.
//!
//! They are 256 bits of chance, so that one SHA-256 is hash enough: nobody can try them all. Passwords, which people choose,
//! go through argon2id.

use std::fmt::Write as _;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// Letters and digits of a secret: 43 of 62 kinds are 256 bits.
pub const SECRET_LENGTH: usize = 43;

/// A new secret of 43 letters and digits, which are 256 bits.
#[must_use]
pub fn random() -> SecretString {
    Alphanumeric.sample_string(&mut rand::rng(), SECRET_LENGTH).into()
}

/// Whether a text has the shape of a secret.
#[must_use]
pub fn is_shaped(text: &str) -> bool {
    text.len() == SECRET_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What is stored of a secret: its SHA-256, in hexadecimal.
#[must_use]
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether two hashes are equal, in a time that does not tell how far they are.
#[must_use]
pub fn hashes_are_equal(left: &str, right: &str) -> bool {
    verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_secret_has_its_shape_and_is_new_each_time() {
        let (one, other) = (random(), random());
        assert!(is_shaped(one.expose_secret()));
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(!is_shaped("short"));
        assert!(!is_shaped(&"_".repeat(SECRET_LENGTH)));
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(hashes_are_equal(&hash("abc"), &hash("abc")));
        assert!(!hashes_are_equal(&hash("abc"), &hash("abd")));
        assert!(!hashes_are_equal(&hash("abc"), ""));
    }
}
