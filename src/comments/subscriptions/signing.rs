//! Tokens that end a subscription: they are made for each mail and stored nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the id of a subscription.
const ID_BYTES: usize = 16;

/// Bytes of a signature. 128 bits cannot be guessed, and addresses stay short.
const SIGNATURE_BYTES: usize = 16;

/// Signs with a secret that all instances on one database share.
pub struct SubscriptionSigner {
    secret: SecretSlice<u8>,
}

impl SubscriptionSigner {
    /// With a secret.
    #[must_use]
    pub fn new(secret: Vec<u8>) -> Self {
        Self { secret: secret.into() }
    }

    /// The token that ends a subscription: its id and a signature of it, base64url. It holds for ever, as a link in an old
    /// mail has to.
    #[must_use]
    pub fn token(&self, subscription: Uuid) -> String {
        let digest: [u8; 32] = self.mac(subscription).finalize().into_bytes().into();
        let signature = digest.into_iter().take(SIGNATURE_BYTES);
        let bytes: Vec<u8> = subscription.into_bytes().into_iter().chain(signature).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The subscription that a token ends; `None` when we did not make it.
    #[must_use]
    pub fn verified(&self, token: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, signature) = bytes.split_at_checked(ID_BYTES)?;
        // A shorter one would be good for its own length.
        if signature.len() != SIGNATURE_BYTES {
            return None;
        }
        let id = Uuid::from_slice(id).ok()?;
        self.mac(id).verify_truncated_left(signature).is_ok().then_some(id)
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    fn mac(&self, subscription: Uuid) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose_secret()).expect("HMAC takes keys of every length");
        mac.update(subscription.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_of_one_subscription_by_one_installation() {
        let signer = SubscriptionSigner::new(vec![7; 32]);
        let id = Uuid::from_u128(1);
        let token = signer.token(id);
        assert_eq!(token.len(), 43);
        assert_eq!(signer.verified(&token), Some(id));
        assert_eq!(SubscriptionSigner::new(vec![8; 32]).verified(&token), None);
        for spoilt in [
            "",
            "AA",
            token.get(..40).unwrap(),
            "not base64!",
            &format!("{token}AAAA"),
        ] {
            assert_eq!(signer.verified(spoilt), None, "{spoilt}");
        }
    }

    proptest! {
        #[test]
        fn a_spoilt_token_is_none(id in any::<u128>(), at in 0_usize..32, by in 1_u8..) {
            let signer = SubscriptionSigner::new(vec![7; 32]);
            let mut bytes = URL_SAFE_NO_PAD.decode(signer.token(Uuid::from_u128(id))).unwrap();
            bytes[at] ^= by;
            prop_assert_eq!(signer.verified(&URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }
}
