//! Who sends what readers send: a comment, a change to their own, a vote.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use secrecy::SecretString;
use uuid::Uuid;

use crate::accounts::claims::Identity;
use crate::accounts::guards::{authenticate, bearer_token, recognize_by};
use crate::comments::comment::IdentifiedReader;
use crate::comments::edit_token::EDIT_TOKEN_PREFIX;
use crate::http::client_key::ClientKeys;
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::state::AppState;

/// The sender of a request to the routes for readers.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The network that the request comes from, as a keyed hash.
    pub network_key: Uuid,
    /// What else tells who sends it.
    pub credential: ReaderCredential,
}

/// By what a reader is known. Each kind of token is told by its form, and none can stand for another (RFC 8725,
/// section 3.12).
#[derive(Debug, Clone)]
pub enum ReaderCredential {
    /// By nothing but the network.
    None,
    /// By the edit token of one comment, which is not verified yet.
    EditToken(SecretString),
    /// By a token of the identity provider of the site.
    Identified(IdentifiedReader),
    /// By an account of the newsroom.
    Staff(Identity),
}

impl Reader {
    /// Who sends a request.
    ///
    /// # Errors
    /// `token-invalid`, or `service-unavailable` while the token of an identity provider cannot be verified.
    pub async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Ok(Self {
            network_key: AppState::of(request).client_keys.of(request),
            credential: known_credential(request).await?,
        })
    }

    /// What stands for the sender: the same for one account, one identified reader, or else one network.
    #[must_use]
    pub fn key(&self, keys: &ClientKeys) -> Uuid {
        match &self.credential {
            ReaderCredential::None | ReaderCredential::EditToken(_) => self.network_key,
            ReaderCredential::Identified(reader) => reader.key(keys),
            ReaderCredential::Staff(identity) => identity.principal(),
        }
    }
}

impl IdentifiedReader {
    /// What stands for the reader.
    #[must_use]
    pub fn key(&self, keys: &ClientKeys) -> Uuid {
        keys.named("commenter", &[self.issuer.as_bytes(), self.subject.as_bytes()])
    }
}

/// What a request showed, once that was verified.
#[derive(Clone)]
struct Shown(Result<ReaderCredential, Problem>);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        recognize(request);
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

/// Makes the sender of a request to a route for readers known to whoever answers in place of its handler.
pub fn recognize(request: &HttpRequest) {
    recognize_by(request, |request| {
        Box::pin(async move {
            let (reader, keys) = (Reader::of(&request).await?, &AppState::of(&request).client_keys);
            Ok(match reader.credential {
                // Whoever has only the same network is somebody else.
                ReaderCredential::EditToken(_) => keys.of_sender(&request),
                ReaderCredential::None | ReaderCredential::Identified(_) | ReaderCredential::Staff(_) => {
                    reader.key(keys)
                }
            })
        })
    });
}

/// What a request shows. It is verified once, however many parts of the request ask.
async fn known_credential(request: &HttpRequest) -> Result<ReaderCredential, Problem> {
    let known = request.extensions().get::<Shown>().cloned();
    if let Some(Shown(verdict)) = known {
        return verdict;
    }
    let verdict = credential_of(request).await;
    request.extensions_mut().insert(Shown(verdict.clone()));
    verdict
}

async fn credential_of(request: &HttpRequest) -> Result<ReaderCredential, Problem> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(ReaderCredential::None);
    }
    let token = bearer_token(request)?;
    if token.starts_with(EDIT_TOKEN_PREFIX) {
        return Ok(ReaderCredential::EditToken(token.into()));
    }
    let state = AppState::of(request);
    match &state.reader_identities {
        Some(identities) if identities.issued(token) => {
            let reader = identities.identify(token, state.clock.now()).await;
            reader.map(ReaderCredential::Identified)
        }
        _ => of_account(authenticate(request).await?).map(ReaderCredential::Staff),
    }
}

/// What a token brings drafts with must not speak for the account that made it: a leaked one could vote for it, and erase
/// what it wrote.
fn of_account(identity: Identity) -> Result<Identity, Problem> {
    match identity.upload {
        None => Ok(identity),
        Some(_) => Err(Problem::new(
            &problem_codes::INSUFFICIENT_SCOPE,
            "A token to upload with brings drafts and does nothing else. Send another token, or none.",
        )),
    }
}
