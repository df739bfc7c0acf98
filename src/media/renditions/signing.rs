//! Signatures of addresses: that the newsroom asked for this size of this picture.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;
use uuid::Uuid;

use crate::media::renditions::rendition::RenditionRequest;

/// Bytes of a signature. 128 bits cannot be guessed, and addresses stay short.
const SIGNATURE_BYTES: usize = 16;

/// Signs with a secret that all instances on one database share.
pub struct RenditionSigner {
    secret: SecretSlice<u8>,
}

impl RenditionSigner {
    /// With a secret.
    #[must_use]
    pub fn new(secret: Vec<u8>) -> Self {
        Self { secret: secret.into() }
    }

    /// The signature of a size of a picture. It holds for ever: what it allows is the same picture each time.
    #[must_use]
    pub fn sign(&self, media: Uuid, request: RenditionRequest) -> String {
        let digest: [u8; 32] = self.mac(media, request).finalize().into_bytes().into();
        let digest = digest.get(..SIGNATURE_BYTES).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// Whether a signature is of this size of this picture.
    #[must_use]
    pub fn verifies(&self, media: Uuid, request: RenditionRequest, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        // A shorter one would be good for its own length.
        signature.len() == SIGNATURE_BYTES && self.mac(media, request).verify_truncated_left(&signature).is_ok()
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    fn mac(&self, media: Uuid, request: RenditionRequest) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose_secret()).expect("HMAC takes keys of every length");
        mac.update(media.as_bytes());
        mac.update(request.normal_form().as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::images::encoding::RenditionFormat;
    use crate::media::images::geometry::Fit;

    const REQUEST: RenditionRequest = RenditionRequest {
        width: Some(700),
        height: Some(300),
        fit: Fit::Cover,
        format: RenditionFormat::Webp,
    };

    #[test]
    fn a_signature_is_of_one_size_of_one_picture_by_one_installation() {
        let signer = RenditionSigner::new(vec![7; 32]);
        let (one, another) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let signature = signer.sign(one, REQUEST);
        assert!(signer.verifies(one, REQUEST, &signature));
        assert!(!signer.verifies(another, REQUEST, &signature));
        let others = [
            RenditionRequest {
                width: Some(701),
                ..REQUEST
            },
            RenditionRequest {
                height: None,
                ..REQUEST
            },
            RenditionRequest {
                fit: Fit::Contain,
                ..REQUEST
            },
            RenditionRequest {
                format: RenditionFormat::Avif,
                ..REQUEST
            },
        ];
        for other in others {
            assert!(!signer.verifies(one, other, &signature), "{other:?}");
        }
        assert!(!RenditionSigner::new(vec![8; 32]).verifies(one, REQUEST, &signature));
        for spoilt in [
            "",
            "AA",
            signature.get(..20).unwrap(),
            "not base64!",
            &format!("{signature}AAAA"),
        ] {
            assert!(!signer.verifies(one, REQUEST, spoilt), "{spoilt}");
        }
    }
}
