//! Who sends what readers send: a comment, a change to their own, a vote.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use secrecy::SecretString;
use uuid::Uuid;

use crate::accounts::claims::Identity;
use crate::accounts::guards::{authenticate, bearer_token};
use crate::http::problem::Problem;
use crate::state::AppState;

/// What an edit token begins with.
pub const EDIT_TOKEN_PREFIX: &str = "galley_cmt_";

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

/// A reader whom the identity provider of the site vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifiedReader {
    /// The issuer of the token.
    pub issuer: String,
    /// The subject of the token, which names the reader to the issuer.
    pub subject: String,
    /// The name to show.
    pub name: String,
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(Self {
                network_key: AppState::of(&request).client_keys.of(&request),
                credential: credential_of(&request).await?,
            })
        })
    }
}

async fn credential_of(request: &HttpRequest) -> Result<ReaderCredential, Problem> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(ReaderCredential::None);
    }
    let token = bearer_token(request)?;
    if token.starts_with(EDIT_TOKEN_PREFIX) {
        return Ok(ReaderCredential::EditToken(token.into()));
    }
    authenticate(request).await.map(ReaderCredential::Staff)
}
