//! The keys that sign access tokens and those of preview links, and the ring that verifies them.
//!
//! Every instance signs with an Ed25519 key of its own, which never leaves its data folder. The public halves of all
//! instances stand in the database, so that each verifies what any other signed, and each serves the same JWKS.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use aws_lc_rs::signature::Ed25519KeyPair;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use thiserror::Error;

use crate::accounts::claims::{AccessClaims, Claims, PreviewClaims, Validity};
use crate::accounts::key_files::KeyFolder;

/// The longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far the clocks of two instances may differ, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 30;

/// Why a token is not accepted. The message is for the client that sent an access token: it names the reason and nothing of
/// the token. Whoever takes another kind says it in other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenFault {
    /// It is no signed token, or its header cannot be used.
    #[error("the token is malformed")]
    Malformed,
    /// Its key is not one of this installation.
    #[error("the token was signed with a key that this installation does not know")]
    UnknownKey,
    /// It is a token for something else.
    #[error("the token is not an access token")]
    OtherKind,
    /// Signature, issuer, audience or a required claim is wrong.
    #[error("the token was not made by this installation for this API")]
    Foreign,
    /// Its time is over.
    #[error("the token has expired; log in again")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// Why the signing key cannot be used.
#[derive(Debug, Error)]
pub enum KeyFault {
    /// The file cannot be read or written.
    #[error("signing key {path}: {cause}")]
    File {
        /// The path of the file.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file holds no Ed25519 key in PKCS#8 PEM.
    #[error("signing key: {0}")]
    Unusable(String),
}

/// The private key of this instance.
pub struct SigningKey {
    encoding: EncodingKey,
    public: Jwk,
    kid: String,
}

/// The keys that tokens are signed with and verified by.
#[derive(Clone)]
pub struct KeyRing {
    signing: Arc<RwLock<Arc<SigningKey>>>,
    verifying: Arc<RwLock<HashMap<String, VerifyingKey>>>,
    issuer: String,
    audience: String,
}

#[derive(Clone)]
struct VerifyingKey {
    decoding: DecodingKey,
    public: Jwk,
}

impl SigningKey {
    /// The key of the data folder; it is made at the first start, readable by its owner only.
    ///
    /// # Errors
    /// [`KeyFault`] when the file cannot be read, written or understood.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, KeyFault> {
        let folder = KeyFolder::of(data_dir);
        folder.prepare()?;
        folder.current_or_new()
    }

    /// A key from PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyFault::Unusable`] when the text is no Ed25519 key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyFault> {
        let unusable = |error: jsonwebtoken::errors::Error| KeyFault::Unusable(error.to_string());
        let encoding = EncodingKey::from_ed_pem(pem).map_err(unusable)?;
        let mut public = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).map_err(unusable)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_algorithm = Some(KeyAlgorithm::EdDSA);
        Ok(Self { encoding, public, kid })
    }

    /// The RFC 7638 thumbprint of the public key, which is its id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK (RFC 7517) in JSON.
    ///
    /// # Errors
    /// [`KeyFault::Unusable`] when it cannot be written, which is a defect.
    pub fn public_json(&self) -> Result<String, KeyFault> {
        serde_json::to_string(&self.public).map_err(|error| KeyFault::Unusable(error.to_string()))
    }
}

impl KeyRing {
    /// A ring that signs with `signing` and so far knows only that key. `issuer` is the public URL of the installation.
    #[must_use]
    pub fn new(signing: SigningKey, issuer: &str) -> Self {
        let (kid, public) = (signing.kid.clone(), signing.public.clone());
        let ring = Self {
            signing: Arc::new(RwLock::new(Arc::new(signing))),
            verifying: Arc::default(),
            issuer: issuer.to_owned(),
            audience: format!("{issuer}/v1"),
        };
        ring.verifying_keys().extend(usable(kid, public));
        ring
    }

    /// Verifies by the public keys of the database from now on, and by its own: pairs of id and JWK in JSON. One that cannot be
    /// read is logged and left out.
    pub fn learn(&self, keys: impl IntoIterator<Item = (String, String)>) {
        let mut known: HashMap<String, VerifyingKey> = keys
            .into_iter()
            .filter_map(|(kid, json)| match serde_json::from_str(&json) {
                Ok(public) => usable(kid, public),
                Err(error) => {
                    tracing::error!(%kid, %error, "a public key in the database cannot be read");
                    None
                }
            })
            .collect();
        let signing = self.signing_key();
        known.extend(usable(signing.kid.clone(), signing.public.clone()));
        *self.verifying_keys() = known;
    }

    /// Signs with another key from now on. The one before goes on to verify, as long as it is announced.
    pub fn sign_with(&self, key: SigningKey) {
        self.verifying_keys()
            .extend(usable(key.kid.clone(), key.public.clone()));
        let mut signing = self.signing.write().unwrap_or_else(PoisonError::into_inner);
        *signing = Arc::new(key);
    }

    /// The key that signs.
    #[must_use]
    pub fn signing_key(&self) -> Arc<SigningKey> {
        Arc::clone(&self.signing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who signs: the public URL of the installation.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom tokens are for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Signs an access token.
    ///
    /// # Errors
    /// What the crypto library gives, which is a defect.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, jsonwebtoken::errors::Error> {
        self.seal(claims)
    }

    /// Verifies an access token at a moment (RFC 8725 and RFC 9068, section 4). Nothing in the token chooses how it is
    /// verified but the id of one of our own keys.
    ///
    /// # Errors
    /// The first [`TokenFault`] that is found.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, TokenFault> {
        self.open(token, now)
    }

    /// Whom tokens of preview links are for.
    #[must_use]
    pub fn preview_audience(&self) -> String {
        self.audience_of::<PreviewClaims>()
    }

    /// Signs the token of a preview link. It can stand in a path as it is.
    ///
    /// # Errors
    /// What the crypto library gives, which is a defect.
    pub fn sign_preview(&self, claims: &PreviewClaims) -> Result<String, jsonwebtoken::errors::Error> {
        self.seal(claims)
    }

    /// Verifies the token of a preview link at a moment, as strictly as an access token. Whether the link was called off
    /// does not stand in the token.
    ///
    /// # Errors
    /// The first [`TokenFault`] that is found.
    pub fn verify_preview(&self, token: &str, now: DateTime<Utc>) -> Result<PreviewClaims, TokenFault> {
        self.open(token, now)
    }

    /// The public keys (RFC 7517, section 5), in the order of their ids.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        let keys = self.verifying.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<Jwk> = keys.values().map(|key| key.public.clone()).collect();
        keys.sort_by(|left, right| left.common.key_id.cmp(&right.common.key_id));
        JwkSet { keys }
    }

    fn seal<C: Claims>(&self, claims: &C) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(C::TYPE.to_owned());
        let signing = self.signing_key();
        header.kid = Some(signing.kid.clone());
        encode(&header, claims, &signing.encoding)
    }

    fn open<C: Claims>(&self, token: &str, now: DateTime<Utc>) -> Result<C, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::Malformed);
        }
        let header = decode_header(token).map_err(|_malformed| TokenFault::Malformed)?;
        // An extension that we must understand and do not know makes the token unusable (RFC 7515, section 4.1.11).
        if header.crit.is_some() || header.enc.is_some() {
            return Err(TokenFault::Malformed);
        }
        if !header.typ.as_deref().is_some_and(|typ| is_type(typ, C::TYPE)) {
            return Err(TokenFault::OtherKind);
        }
        let key = header
            .kid
            .and_then(|kid| self.verifying_key(&kid))
            .ok_or(TokenFault::UnknownKey)?;
        let claims = decode::<C>(token, &key.decoding, &self.validation::<C>())
            .map_err(|_foreign| TokenFault::Foreign)?
            .claims;
        in_time(claims.validity(), now).map(|()| claims)
    }

    fn audience_of<C: Claims>(&self) -> String {
        format!("{}{}", self.audience, C::AUDIENCE_SUFFIX)
    }

    fn verifying_keys(&self) -> RwLockWriteGuard<'_, HashMap<String, VerifyingKey>> {
        self.verifying.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn verifying_key(&self, kid: &str) -> Option<VerifyingKey> {
        self.verifying
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kid)
            .cloned()
    }

    fn validation<C: Claims>(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[self.audience_of::<C>()]);
        // Without this list a token that leaves a claim out is accepted.
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared with the clock of the application, which the library does not know.
        validation.validate_exp = false;
        validation
    }
}

/// A public key, ready to verify with. One that is of no use is logged.
fn usable(kid: String, public: Jwk) -> Option<(String, VerifyingKey)> {
    match DecodingKey::from_jwk(&public) {
        Ok(decoding) => Some((kid, VerifyingKey { decoding, public })),
        Err(error) => {
            tracing::error!(%kid, %error, "a public key cannot be used");
            None
        }
    }
}

/// Whether a `typ` is of a kind, with or without the prefix that it may leave out (RFC 7515, section 4.1.9).
fn is_type(typ: &str, kind: &str) -> bool {
    let bare = typ
        .get(..12)
        .filter(|start| start.eq_ignore_ascii_case("application/"))
        .and(typ.get(12..))
        .unwrap_or(typ);
    bare.eq_ignore_ascii_case(kind)
}

fn in_time(validity: Validity, now: DateTime<Utc>) -> Result<(), TokenFault> {
    let now = now.timestamp();
    if validity.until.saturating_add(CLOCK_SKEW_SECONDS) <= now {
        return Err(TokenFault::Expired);
    }
    if validity.from.saturating_sub(CLOCK_SKEW_SECONDS) > now {
        return Err(TokenFault::NotYetValid);
    }
    Ok(())
}

/// A new key in PKCS#8 PEM.
///
/// # Errors
/// [`KeyFault::Unusable`] when the crypto library cannot make one.
pub fn generate_pem() -> Result<String, KeyFault> {
    let pair = Ed25519KeyPair::generate().map_err(|error| KeyFault::Unusable(error.to_string()))?;
    let document = pair
        .to_pkcs8v1()
        .map_err(|error| KeyFault::Unusable(error.to_string()))?;
    Ok(pem::encode(&pem::Pem::new("PRIVATE KEY", document.as_ref())))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::accounts::permissions::Role;

    fn ring(issuer: &str) -> KeyRing {
        KeyRing::new(
            SigningKey::from_pem(generate_pem().unwrap().as_bytes()).unwrap(),
            issuer,
        )
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn claims(ring: &KeyRing) -> AccessClaims {
        AccessClaims {
            iss: ring.issuer().into(),
            sub: Uuid::from_u128(1),
            aud: ring.audience().into(),
            exp: now().timestamp() + 900,
            iat: now().timestamp(),
            nbf: None,
            jti: Uuid::from_u128(2),
            sid: Uuid::from_u128(5),
            client_id: "test".into(),
            scope: Role::Editor.scopes(),
            roles: vec![Role::Editor],
        }
    }

    #[test]
    fn a_token_is_read_back_until_it_ends() {
        let ring = ring("https://a.example");
        let token = ring.sign(&claims(&ring)).unwrap();
        assert_eq!(ring.verify(&token, now()), Ok(claims(&ring)));
        assert_eq!(
            ring.verify(&token, now() + TimeDelta::seconds(931)),
            Err(TokenFault::Expired)
        );
        assert_eq!(
            ring.verify(&token, now() - TimeDelta::seconds(31)),
            Err(TokenFault::NotYetValid)
        );
    }

    fn preview_claims(ring: &KeyRing) -> PreviewClaims {
        PreviewClaims {
            iss: ring.issuer().into(),
            sub: Uuid::from_u128(3),
            aud: ring.preview_audience(),
            exp: now().timestamp() + 3_600,
            iat: now().timestamp(),
            jti: Uuid::from_u128(4),
            revision: 7,
        }
    }

    /// A token that our own key signed, with any header and any claims.
    fn forged(ring: &KeyRing, typ: Option<&str>, claims: &impl serde::Serialize) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = typ.map(str::to_owned);
        let signing = ring.signing_key();
        header.kid = Some(signing.kid.clone());
        encode(&header, claims, &signing.encoding).unwrap()
    }

    #[test]
    fn a_preview_token_is_read_back_until_it_ends() {
        let ring = ring("https://a.example");
        let claims = preview_claims(&ring);
        assert_eq!(claims.aud, "https://a.example/v1/preview");
        let token = ring.sign_preview(&claims).unwrap();
        assert_eq!(ring.verify_preview(&token, now()), Ok(claims));
        let after = |seconds| ring.verify_preview(&token, now() + TimeDelta::seconds(seconds));
        assert!(after(3_629).is_ok());
        assert_eq!(after(3_630), Err(TokenFault::Expired));
        assert_eq!(after(-31), Err(TokenFault::NotYetValid));
    }

    #[test]
    fn a_preview_token_is_a_path_segment_as_it_is() {
        let ring = ring("https://a.example");
        let token = ring.sign_preview(&preview_claims(&ring)).unwrap();
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        assert!(token.bytes().all(is_unreserved), "{token}");
        assert!(token.len() < 1_000, "{token}");
        let url = url::Url::parse(&format!("https://a.example/v1/previews/{token}")).unwrap();
        assert_eq!(
            url.path_segments().and_then(|mut segments| segments.next_back()),
            Some(&*token)
        );
    }

    #[test]
    fn a_token_of_one_kind_never_stands_for_another() {
        let ring = ring("https://a.example");
        let (access, preview) = (claims(&ring), preview_claims(&ring));
        let access_token = ring.sign(&access).unwrap();
        let preview_token = ring.sign_preview(&preview).unwrap();
        assert_eq!(ring.verify_preview(&access_token, now()), Err(TokenFault::OtherKind));
        assert_eq!(ring.verify(&preview_token, now()), Err(TokenFault::OtherKind));
        for typ in [
            None,
            Some("JWT"),
            Some("at+jwt"),
            Some("application/at+jwt"),
            Some("xpreview+jwt"),
        ] {
            let token = forged(&ring, typ, &preview);
            assert_eq!(
                ring.verify_preview(&token, now()),
                Err(TokenFault::OtherKind),
                "{typ:?}"
            );
        }
        assert!(
            ring.verify_preview(&forged(&ring, Some("application/Preview+JWT"), &preview), now())
                .is_ok()
        );
        // With the type of the other kind, the audience is still wrong.
        for aud in [
            &*access.aud,
            "https://a.example",
            "https://a.example/v1/preview/",
            "https://b.example/v1/preview",
        ] {
            let other = PreviewClaims {
                aud: aud.into(),
                ..preview.clone()
            };
            assert_eq!(
                ring.verify_preview(&ring.sign_preview(&other).unwrap(), now()),
                Err(TokenFault::Foreign),
                "{aud}"
            );
        }
        let widened = AccessClaims {
            aud: preview.aud.clone(),
            ..access.clone()
        };
        assert_eq!(
            ring.verify(&ring.sign(&widened).unwrap(), now()),
            Err(TokenFault::Foreign)
        );
        // With type and audience of the other kind, the claims are.
        assert_eq!(
            ring.verify_preview(&forged(&ring, Some("preview+jwt"), &widened), now()),
            Err(TokenFault::Foreign)
        );
        let claimed = PreviewClaims {
            aud: access.aud,
            ..preview
        };
        assert_eq!(
            ring.verify(&forged(&ring, Some("at+jwt"), &claimed), now()),
            Err(TokenFault::Foreign)
        );
    }

    #[test]
    fn a_preview_token_of_another_installation_or_without_a_claim_is_refused() {
        let ours = ring("https://a.example");
        let theirs = KeyRing {
            issuer: "https://b.example".into(),
            ..ours.clone()
        };
        let token = theirs.sign_preview(&preview_claims(&theirs)).unwrap();
        assert_eq!(ours.verify_preview(&token, now()), Err(TokenFault::Foreign));
        assert_eq!(
            ring("https://a.example").verify_preview(&token, now()),
            Err(TokenFault::UnknownKey)
        );
        for claim in ["iss", "sub", "aud", "exp", "iat", "jti", "revision"] {
            let mut claims = serde_json::to_value(preview_claims(&ours)).unwrap();
            claims.as_object_mut().unwrap().remove(claim);
            let token = forged(&ours, Some("preview+jwt"), &claims);
            assert_eq!(ours.verify_preview(&token, now()), Err(TokenFault::Foreign), "{claim}");
        }
    }

    #[test]
    fn an_unsigned_preview_token_is_refused() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let ring = ring("https://a.example");
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&preview_claims(&ring)).unwrap());
        let kid = ring.signing_key().kid().to_owned();
        for alg in ["none", "None", "HS256", "ES256"] {
            let header = format!("{{\"alg\":\"{alg}\",\"typ\":\"preview+jwt\",\"kid\":\"{kid}\"}}");
            for signature in ["", "AAAA"] {
                let token = format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode(&header));
                assert!(ring.verify_preview(&token, now()).is_err(), "{alg}");
            }
        }
    }

    #[test]
    fn a_damaged_preview_token_is_refused() {
        let ring = ring("https://a.example");
        let token = ring.sign_preview(&preview_claims(&ring)).unwrap();
        for index in 0..token.len() {
            let (before, rest) = token.split_at(index);
            let after = rest.get(1..).unwrap();
            assert!(
                ring.verify_preview(&format!("{before}{after}"), now()).is_err(),
                "cut at {index}"
            );
            for other in ["A", "z", "-", ".", "=", "%"] {
                let damaged = format!("{before}{other}{after}");
                assert!(
                    damaged == token || ring.verify_preview(&damaged, now()).is_err(),
                    "{other} at {index}"
                );
            }
        }
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            &format!("{token}."),
            &format!("{token}={}", "A".repeat(9_000)),
        ] {
            assert!(ring.verify_preview(text, now()).is_err());
        }
    }

    #[test]
    fn another_installation_is_foreign_even_with_the_same_key() {
        let ours = ring("https://a.example");
        let theirs = KeyRing {
            issuer: "https://b.example".into(),
            ..ours.clone()
        };
        let token = theirs.sign(&claims(&theirs)).unwrap();
        assert_eq!(ours.verify(&token, now()), Err(TokenFault::Foreign));
        assert_eq!(
            ring("https://a.example").verify(&token, now()),
            Err(TokenFault::UnknownKey)
        );
    }

    #[test]
    fn an_instance_verifies_what_another_signed_once_it_knows_the_key() {
        let (ours, theirs) = (ring("https://a.example"), ring("https://a.example"));
        let token = theirs.sign(&claims(&theirs)).unwrap();
        assert_eq!(ours.verify(&token, now()), Err(TokenFault::UnknownKey));
        let key = theirs.signing_key();
        ours.learn([(key.kid().to_owned(), key.public_json().unwrap())]);
        assert_eq!(ours.verify(&token, now()), Ok(claims(&theirs)));
        assert_eq!(ours.jwks().keys.len(), 2);
    }

    #[test]
    fn a_ring_changes_the_key_that_it_signs_with() {
        let ours = ring("https://a.example");
        let (old, before) = (ours.signing_key(), ours.sign(&claims(&ours)).unwrap());
        let next = SigningKey::from_pem(generate_pem().unwrap().as_bytes()).unwrap();
        let next_kid = next.kid().to_owned();
        ours.sign_with(next);
        let after = ours.sign(&claims(&ours)).unwrap();
        let kid_of = |token: &str| decode_header(token).unwrap().kid.unwrap();
        assert_eq!((kid_of(&before), kid_of(&after)), (old.kid().to_owned(), next_kid));
        assert!(ours.verify(&before, now()).is_ok() && ours.verify(&after, now()).is_ok());

        // Once the old key is not announced any more, what it signed is foreign.
        ours.learn([]);
        assert_eq!(ours.verify(&before, now()), Err(TokenFault::UnknownKey));
        assert!(ours.verify(&after, now()).is_ok());
    }
}
