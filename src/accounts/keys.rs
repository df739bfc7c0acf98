//! The keys that sign access tokens, and the ring that verifies them.
//!
//! Every instance signs with an Ed25519 key of its own, which never leaves its data folder. The public halves of all
//! instances stand in the database, so that each verifies what any other signed, and each serves the same JWKS.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::signature::Ed25519KeyPair;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use thiserror::Error;

use crate::accounts::claims::{ACCESS_TOKEN_TYPE, AccessClaims};

/// The longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far the clocks of two instances may differ, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 30;

/// The file of the private key, in the data folder.
const KEY_FILE: &str = "keys/signing-key.pem";

/// Why a token is not accepted. The message is for the client: it names the reason and nothing of the token.
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
    signing: Arc<SigningKey>,
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
        let path = data_dir.join(KEY_FILE);
        let file_fault = |cause| KeyFault::File {
            path: path.display().to_string(),
            cause,
        };
        if !path.exists() {
            let pem = generate_pem()?;
            fs::create_dir_all(path.parent().unwrap_or(data_dir)).map_err(file_fault)?;
            write_private(&path, &pem).map_err(file_fault)?;
        }
        Self::from_pem(&fs::read(&path).map_err(file_fault)?)
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
        let ring = Self {
            signing: Arc::new(signing),
            verifying: Arc::default(),
            issuer: issuer.to_owned(),
            audience: format!("{issuer}/v1"),
        };
        ring.insert(ring.signing.kid.clone(), ring.signing.public.clone());
        ring
    }

    /// Adds the public keys of the database: pairs of id and JWK in JSON. One that cannot be read is logged and left out.
    pub fn learn(&self, keys: impl IntoIterator<Item = (String, String)>) {
        for (kid, json) in keys {
            match serde_json::from_str(&json) {
                Ok(public) => self.insert(kid, public),
                Err(error) => tracing::error!(%kid, %error, "a public key in the database cannot be read"),
            }
        }
    }

    /// The key that signs.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing
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
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(ACCESS_TOKEN_TYPE.to_owned());
        header.kid = Some(self.signing.kid.clone());
        encode(&header, claims, &self.signing.encoding)
    }

    /// Verifies an access token at a moment (RFC 8725 and RFC 9068, section 4). Nothing in the token chooses how it is
    /// verified but the id of one of our own keys.
    ///
    /// # Errors
    /// The first [`TokenFault`] that is found.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::Malformed);
        }
        let header = decode_header(token).map_err(|_malformed| TokenFault::Malformed)?;
        // An extension that we must understand and do not know makes the token unusable (RFC 7515, section 4.1.11).
        if header.crit.is_some() || header.enc.is_some() {
            return Err(TokenFault::Malformed);
        }
        if !header.typ.as_deref().is_some_and(is_access_token_type) {
            return Err(TokenFault::OtherKind);
        }
        let key = header
            .kid
            .and_then(|kid| self.verifying_key(&kid))
            .ok_or(TokenFault::UnknownKey)?;
        let claims = decode::<AccessClaims>(token, &key.decoding, &self.validation())
            .map_err(|_foreign| TokenFault::Foreign)?
            .claims;
        in_time(claims, now)
    }

    /// The public keys (RFC 7517, section 5), in the order of their ids.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        let keys = self.verifying.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<Jwk> = keys.values().map(|key| key.public.clone()).collect();
        keys.sort_by(|left, right| left.common.key_id.cmp(&right.common.key_id));
        JwkSet { keys }
    }

    fn insert(&self, kid: String, public: Jwk) {
        match DecodingKey::from_jwk(&public) {
            Ok(decoding) => {
                let mut keys = self.verifying.write().unwrap_or_else(PoisonError::into_inner);
                keys.insert(kid, VerifyingKey { decoding, public });
            }
            Err(error) => tracing::error!(%kid, %error, "a public key cannot be used"),
        }
    }

    fn verifying_key(&self, kid: &str) -> Option<VerifyingKey> {
        self.verifying
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kid)
            .cloned()
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        // Without this list a token that leaves a claim out is accepted.
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared with the clock of the application, which the library does not know.
        validation.validate_exp = false;
        validation
    }
}

fn is_access_token_type(typ: &str) -> bool {
    let bare = typ
        .get(..12)
        .filter(|start| start.eq_ignore_ascii_case("application/"))
        .and(typ.get(12..))
        .unwrap_or(typ);
    bare.eq_ignore_ascii_case(ACCESS_TOKEN_TYPE)
}

fn in_time(claims: AccessClaims, now: DateTime<Utc>) -> Result<AccessClaims, TokenFault> {
    let now = now.timestamp();
    if claims.exp.saturating_add(CLOCK_SKEW_SECONDS) <= now {
        return Err(TokenFault::Expired);
    }
    if claims
        .nbf
        .unwrap_or(claims.iat)
        .max(claims.iat)
        .saturating_sub(CLOCK_SKEW_SECONDS)
        > now
    {
        return Err(TokenFault::NotYetValid);
    }
    Ok(claims)
}

fn generate_pem() -> Result<String, KeyFault> {
    let pair = Ed25519KeyPair::generate().map_err(|error| KeyFault::Unusable(error.to_string()))?;
    let document = pair
        .to_pkcs8v1()
        .map_err(|error| KeyFault::Unusable(error.to_string()))?;
    Ok(pem::encode(&pem::Pem::new("PRIVATE KEY", document.as_ref())))
}

/// Writes a file that only its owner can read. It is made under another name first: a second process that starts at the
/// same moment must never read half a key, and whoever is first wins.
fn write_private(path: &Path, content: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
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
    fn the_key_file_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = SigningKey::load_or_create(folder.path()).unwrap();
        let second = SigningKey::load_or_create(folder.path()).unwrap();
        assert_eq!(first.kid(), second.kid());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path().join("keys")).unwrap().count(), 1);
    }
}
