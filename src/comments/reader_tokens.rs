//! The tokens by which the identity provider of the site vouches for readers (RFC 7519), and the keys that verify them
//! (RFC 7517). Pure: what is fetched, and when, stands in [`reader_keys`](crate::comments::reader_keys).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Number, Value};
use thiserror::Error;

use crate::comments::comment::{IdentifiedReader, ReaderName};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far the clock of the identity provider may differ, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// The longest subject, in characters (`OpenID` Connect Core 1.0, section 2).
const MAX_SUBJECT_LENGTH: usize = 255;

/// The fewest bytes of an RSA modulus: 2048 bits (RFC 7518, section 3.3).
const LEAST_MODULUS_BYTES: usize = 256;

/// The fewest bytes of a shared secret (RFC 7518, section 3.2).
const LEAST_SECRET_BYTES: usize = 32;

/// Why a token of a reader is not accepted. The message names the reason and nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReaderTokenFault {
    /// It is no signed token, or its header cannot be used.
    #[error("the token is malformed")]
    Malformed,
    /// Its key is not one of the identity provider.
    #[error("the token was signed with a key that the identity provider of this site does not have")]
    UnknownKey,
    /// Signature, algorithm, issuer, audience or a required claim is wrong.
    #[error("the token was not made by the identity provider of this site for its comments")]
    Foreign,
    /// Its time is over.
    #[error("the token has expired; get a new one from the identity provider of the site")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its subject cannot be used.
    #[error("the subject of the token is empty, too long or has control characters")]
    Subject,
}

/// Where a set of keys comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// A file of the server. It may hold secrets.
    File,
    /// An address of the web. A secret that stands there is none.
    Address,
}

/// The keys of the identity provider.
pub struct ReaderKeySet {
    keys: Vec<ReaderKey>,
}

struct ReaderKey {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

/// A text that is no set of keys to verify with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeySetFault {
    /// It is not a JWK set.
    #[error("it is not a JWK set (RFC 7517): an object with an array \"keys\"")]
    NotASet,
    /// It has no key that can be used.
    #[error(
        "it holds no key that can be used: Ed25519, P-256, P-384, or RSA of 2048 bits and more; a shared secret of 32 bytes and more in a file only"
    )]
    NoKey,
}

impl ReaderKeySet {
    /// Reads a JWK set. Keys of other kinds, and those for something else than signatures, are left out.
    ///
    /// # Errors
    /// [`KeySetFault`] when it is none, or has no key that can be used.
    pub fn parse(json: &[u8], origin: KeyOrigin) -> Result<Self, KeySetFault> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let Set { keys } = serde_json::from_slice(json).map_err(|_other| KeySetFault::NotASet)?;
        let keys: Vec<ReaderKey> = keys.into_iter().filter_map(|key| usable(key, origin)).collect();
        match keys.is_empty() {
            true => Err(KeySetFault::NoKey),
            false => Ok(Self { keys }),
        }
    }

    /// The key of this id. A token that names none means the only key there is.
    fn named(&self, id: Option<&str>) -> Option<&ReaderKey> {
        match (id, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}

/// Which algorithms a key verifies is settled by the key, and never by a token (RFC 8725, section 3.1).
fn usable(key: Value, origin: KeyOrigin) -> Option<ReaderKey> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = jwk.common.key_operations.as_ref();
    if !is_for_signatures || operations.is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return None;
    }
    let possible: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::RSA(rsa) if decoded_length(&rsa.n) >= LEAST_MODULUS_BYTES => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::OctetKey(secret)
            if origin == KeyOrigin::File && decoded_length(&secret.value) >= LEAST_SECRET_BYTES =>
        {
            &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]
        }
        _ => return None,
    };
    let algorithms = match jwk.common.key_algorithm {
        None => possible.to_vec(),
        Some(named) => {
            let named: Algorithm = named.to_string().parse().ok()?;
            possible
                .iter()
                .copied()
                .filter(|algorithm| *algorithm == named)
                .collect()
        }
    };
    let decoding = DecodingKey::from_jwk(&jwk).ok().filter(|_| !algorithms.is_empty())?;
    Some(ReaderKey {
        id: jwk.common.key_id,
        algorithms,
        decoding,
    })
}

fn decoded_length(text: &str) -> usize {
    URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.len())
}

/// The issuer that a token claims to have, before anything about it is verified: by it each kind of token finds whoever
/// verifies it.
#[must_use]
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    let mut parts = token.split('.');
    let (payload, signature, rest) = (parts.nth(1)?, parts.next(), parts.next());
    if token.len() > MAX_TOKEN_BYTES || signature.is_none() || rest.is_some() {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok().map(|Claimed { iss }| iss)
}

#[derive(Deserialize)]
struct ReaderClaims {
    sub: String,
    exp: Number,
    #[serde(default)]
    nbf: Option<Number>,
    #[serde(default)]
    name: Option<Value>,
    #[serde(default)]
    preferred_username: Option<Value>,
    #[serde(default)]
    nickname: Option<Value>,
}

/// Verifies a token of a reader at a moment (RFC 8725). Nothing in the token has a say in how it is verified but the id of a
/// key: `jku`, `jwk` and `x5u` are not looked at.
///
/// # Errors
/// The first [`ReaderTokenFault`] that is found.
pub fn verify(
    keys: &ReaderKeySet,
    issuer: &str,
    audience: &str,
    token: &str,
    now: DateTime<Utc>,
) -> Result<IdentifiedReader, ReaderTokenFault> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(ReaderTokenFault::Malformed);
    }
    let header = decode_header(token).map_err(|_malformed| ReaderTokenFault::Malformed)?;
    // An extension that we must understand and do not know makes the token unusable (RFC 7515, section 4.1.11).
    if header.crit.is_some() || header.enc.is_some() {
        return Err(ReaderTokenFault::Malformed);
    }
    let key = keys.named(header.kid.as_deref()).ok_or(ReaderTokenFault::UnknownKey)?;
    let claims = decode::<ReaderClaims>(token, &key.decoding, &validation(&key.algorithms, issuer, audience))
        .map_err(|_foreign| ReaderTokenFault::Foreign)?
        .claims;
    in_time(&claims, now)?;
    reader_of(issuer, claims)
}

fn validation(algorithms: &[Algorithm], issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.algorithms = algorithms.to_vec();
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    // Without this list a token that leaves a claim out is accepted.
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Times are compared with the clock of the application, which the library does not know.
    validation.validate_exp = false;
    validation
}

fn in_time(claims: &ReaderClaims, now: DateTime<Utc>) -> Result<(), ReaderTokenFault> {
    let now = now.timestamp();
    let until = whole_seconds(&claims.exp).ok_or(ReaderTokenFault::Foreign)?;
    if until.saturating_add(CLOCK_SKEW_SECONDS) <= now {
        return Err(ReaderTokenFault::Expired);
    }
    let from = claims
        .nbf
        .as_ref()
        .map(|nbf| whole_seconds(nbf).ok_or(ReaderTokenFault::Foreign));
    match from.transpose()? {
        Some(from) if from.saturating_sub(CLOCK_SKEW_SECONDS) > now => Err(ReaderTokenFault::NotYetValid),
        _ => Ok(()),
    }
}

/// A `NumericDate`, which may have a fraction (RFC 7519, section 2), cut to seconds.
fn whole_seconds(date: &Number) -> Option<i64> {
    date.as_i64()
        .or_else(|| date.to_string().split('.').next().and_then(|whole| whole.parse().ok()))
}

fn reader_of(issuer: &str, claims: ReaderClaims) -> Result<IdentifiedReader, ReaderTokenFault> {
    let ReaderClaims {
        sub,
        name,
        preferred_username,
        nickname,
        ..
    } = claims;
    let is_subject = !sub.is_empty() && sub.chars().count() <= MAX_SUBJECT_LENGTH && !sub.chars().any(char::is_control);
    if !is_subject {
        return Err(ReaderTokenFault::Subject);
    }
    let names = [name, preferred_username, nickname];
    Ok(IdentifiedReader {
        issuer: issuer.to_owned(),
        subject: sub,
        // A name that no comment could show counts as none.
        name: names
            .iter()
            .find_map(|name| ReaderName::parse(name.as_ref()?.as_str()?).ok()),
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example";
    const AUDIENCE: &str = "comments";
    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn secrets() -> ReaderKeySet {
        let set = json!({"keys": [{"kty": "oct", "kid": "k", "k": URL_SAFE_NO_PAD.encode(SECRET)}]});
        ReaderKeySet::parse(set.to_string().as_bytes(), KeyOrigin::File).unwrap()
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "exp": now().timestamp() + 60, "name": "Grace"})
    }

    fn token(header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(SECRET)).unwrap()
    }

    fn read(claims: &Value) -> Result<IdentifiedReader, ReaderTokenFault> {
        verify(&secrets(), ISSUER, AUDIENCE, &token(&header(), claims), now())
    }

    fn header() -> Header {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k".into());
        header
    }

    fn with(member: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[member] = value;
        claims
    }

    #[test]
    fn a_token_of_the_identity_provider_names_a_reader() {
        let reader = read(&claims()).unwrap();
        assert_eq!((reader.issuer.as_str(), reader.subject.as_str()), (ISSUER, "7"));
        assert_eq!(reader.name.unwrap().as_str(), "Grace");
        assert!(read(&with("aud", json!(["another", AUDIENCE]))).is_ok());
        assert!(read(&with("exp", json!(1_800_000_000.75))).is_ok());
        assert_eq!(claimed_issuer(&token(&header(), &claims())).as_deref(), Some(ISSUER));
    }

    #[test]
    fn every_claim_is_held_to_what_it_must_be() {
        for (member, value, fault) in [
            ("iss", json!("https://id.example/"), ReaderTokenFault::Foreign),
            ("iss", Value::Null, ReaderTokenFault::Foreign),
            ("aud", json!("another"), ReaderTokenFault::Foreign),
            ("aud", json!([]), ReaderTokenFault::Foreign),
            ("aud", Value::Null, ReaderTokenFault::Foreign),
            ("sub", json!(7), ReaderTokenFault::Foreign),
            ("sub", json!(""), ReaderTokenFault::Subject),
            ("sub", json!("a\u{0}b"), ReaderTokenFault::Subject),
            ("sub", json!("x".repeat(256)), ReaderTokenFault::Subject),
            ("exp", Value::Null, ReaderTokenFault::Foreign),
            ("exp", json!("1800000060"), ReaderTokenFault::Foreign),
            ("exp", json!(1_799_999_940), ReaderTokenFault::Expired),
            ("nbf", json!(1_800_000_061), ReaderTokenFault::NotYetValid),
        ] {
            assert_eq!(read(&with(member, value.clone())), Err(fault), "{member} {value}");
        }
        for member in ["iss", "aud", "sub", "exp"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(member);
            assert_eq!(read(&claims), Err(ReaderTokenFault::Foreign), "without {member}");
        }
        assert!(
            read(&with("exp", json!(1_799_999_941))).is_ok(),
            "clocks differ by up to a minute"
        );
        assert!(read(&with("nbf", json!(1_800_000_060))).is_ok());
    }

    #[test]
    fn the_name_is_the_first_that_can_be_shown() {
        let name = |claims: Value| read(&claims).unwrap().name.map(ReaderName::into_string);
        let mut all = with("preferred_username", json!("grace"));
        assert_eq!(name(all.clone()).as_deref(), Some("Grace"));
        all["name"] = json!("Gr\u{202e}ace");
        assert_eq!(name(all.clone()).as_deref(), Some("grace"));
        all["preferred_username"] = json!(["x"]);
        all["nickname"] = json!("g");
        assert_eq!(name(all).as_deref(), Some("g"));
        assert_eq!(name(with("name", json!(""))), None);
    }

    #[test]
    fn a_forged_token_is_refused() {
        let verified = |token: &str| verify(&secrets(), ISSUER, AUDIENCE, token, now());
        let good = token(&header(), &claims());
        let another = encode(
            &header(),
            &claims(),
            &EncodingKey::from_secret(b"another secret of thirty-two bytes!!"),
        )
        .unwrap();
        assert_eq!(verified(&another), Err(ReaderTokenFault::Foreign));
        let (head, signature) = good.rsplit_once('.').unwrap();
        assert!(verified(head).is_err() && verified(&format!("{head}.")).is_err());
        let other_claims = URL_SAFE_NO_PAD.encode(with("sub", json!("8")).to_string());
        let (first, _) = head.split_once('.').unwrap();
        assert_eq!(
            verified(&format!("{first}.{other_claims}.{signature}")),
            Err(ReaderTokenFault::Foreign)
        );
        for header in [
            json!({"alg": "none", "kid": "k"}),
            json!({"alg": "HS256", "kid": "k", "crit": ["x"]}),
            json!({"kid": "k"}),
        ] {
            let forged = format!(
                "{}.{}.{signature}",
                URL_SAFE_NO_PAD.encode(header.to_string()),
                URL_SAFE_NO_PAD.encode(claims().to_string())
            );
            assert_eq!(verified(&forged), Err(ReaderTokenFault::Malformed), "{header}");
        }
        let mut unknown = header();
        unknown.kid = Some("other".into());
        assert_eq!(verified(&token(&unknown, &claims())), Err(ReaderTokenFault::UnknownKey));
        assert_eq!(verified(&"x".repeat(9_000)), Err(ReaderTokenFault::Malformed));
        let long = token(&header(), &with("padding", json!("x".repeat(8_000))));
        assert_eq!(verified(&long), Err(ReaderTokenFault::Malformed));
        assert_eq!(claimed_issuer(&long), None);
    }

    #[test]
    fn a_key_says_by_which_algorithms_it_verifies() {
        let public =
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let set = |key: Value, origin| ReaderKeySet::parse(json!({"keys": [key]}).to_string().as_bytes(), origin);
        let keys = set(public.clone(), KeyOrigin::Address).unwrap();
        // The public half as the secret of an HMAC is the best known forgery (RFC 8725, section 2.1).
        let bytes = URL_SAFE_NO_PAD
            .decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
            .unwrap();
        let forged = encode(&header(), &claims(), &EncodingKey::from_secret(&bytes)).unwrap();
        assert_eq!(
            verify(&keys, ISSUER, AUDIENCE, &forged, now()),
            Err(ReaderTokenFault::Foreign)
        );

        let secret = |bytes: &[u8]| json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(bytes)});
        assert!(set(secret(SECRET), KeyOrigin::File).is_ok());
        assert_eq!(set(secret(SECRET), KeyOrigin::Address).err(), Some(KeySetFault::NoKey));
        assert_eq!(set(secret(b"short"), KeyOrigin::File).err(), Some(KeySetFault::NoKey));
        let mut encrypting = public.clone();
        encrypting["use"] = json!("enc");
        assert_eq!(set(encrypting, KeyOrigin::File).err(), Some(KeySetFault::NoKey));
        let mut contradicting = public;
        contradicting["alg"] = json!("RS256");
        assert_eq!(set(contradicting, KeyOrigin::File).err(), Some(KeySetFault::NoKey));
        assert_eq!(
            ReaderKeySet::parse(b"{}", KeyOrigin::File).err(),
            Some(KeySetFault::NotASet)
        );
        assert_eq!(
            ReaderKeySet::parse(b"<html>", KeyOrigin::File).err(),
            Some(KeySetFault::NotASet)
        );
    }

    #[test]
    fn a_token_without_the_id_of_a_key_means_the_only_one() {
        let nameless = token(&Header::new(Algorithm::HS512), &claims());
        assert!(verify(&secrets(), ISSUER, AUDIENCE, &nameless, now()).is_ok());
        let k = URL_SAFE_NO_PAD.encode(SECRET);
        let two = json!({"keys": [{"kty": "oct", "kid": "a", "k": k}, {"kty": "oct", "kid": "b", "k": k}]});
        let two = ReaderKeySet::parse(two.to_string().as_bytes(), KeyOrigin::File).unwrap();
        assert_eq!(
            verify(&two, ISSUER, AUDIENCE, &nameless, now()),
            Err(ReaderTokenFault::UnknownKey)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(token in "[A-Za-z0-9_.\\-]{0,80}|\\PC*") {
            let _ = claimed_issuer(&token);
            prop_assert!(verify(&secrets(), ISSUER, AUDIENCE, &token, now()).is_err());
        }
    }
}
