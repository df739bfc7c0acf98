//! Who sends the request: the extractors by which a handler states what it needs.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use uuid::Uuid;

use crate::accounts::claims::Identity;
use crate::accounts::keys::TokenFault;
use crate::accounts::permissions::{Permission, Reach};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::state::AppState;

/// A sender whose token is valid, whatever their role.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Identity);

/// A sender who has a permission. A handler that takes `Authorized<WriteArticles>` cannot run without it.
pub struct Authorized<P> {
    identity: Identity,
    reach: Reach,
    permission: PhantomData<P>,
}

/// What the guards in a handler's signature demand of the sender. They state it before any of them is carried out, so that
/// whoever answers in place of the handler can settle it first; see [`admitted`].
#[derive(Clone, Default)]
struct Demands(Vec<Demand>);

type Demand = fn(&Identity) -> Result<(), Problem>;

/// A permission that only some requests to an operation need: it is settled before the body is read, and asked for once
/// the body shows that it is needed.
pub struct WhenGranted<P> {
    verdict: Result<(), Problem>,
    permission: PhantomData<P>,
}

impl<P> WhenGranted<P> {
    /// Passes if the sender has the permission.
    ///
    /// # Errors
    /// `insufficient-scope` if not.
    pub fn require(&self) -> Result<(), Problem> {
        self.verdict.clone()
    }
}

impl<P> Authorized<P> {
    /// The account of the sender.
    #[must_use]
    pub fn account_id(&self) -> Uuid {
        self.identity.account_id
    }

    /// Whose things the permission reaches: `None` for everybody's, or the account that must have created them.
    #[must_use]
    pub fn owner_filter(&self) -> Option<Uuid> {
        match self.reach {
            Reach::All => None,
            Reach::Own => Some(self.identity.account_id),
        }
    }
}

impl<P: Permission> Authorized<P> {
    async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let identity = authenticate(request).await?;
        let reach = granted::<P>(&identity)?;
        Ok(Self {
            identity,
            reach,
            permission: PhantomData,
        })
    }
}

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        demand(request, |_anybody| Ok(()));
        let request = request.clone();
        Box::pin(async move { authenticate(&request).await.map(Self) })
    }
}

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        demand(request, |identity| granted::<P>(identity).map(drop));
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl<P: Permission + 'static> FromRequest for WhenGranted<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(Self {
                verdict: Authorized::<P>::of(&request).await.map(drop),
                permission: PhantomData,
            })
        })
    }
}

/// The problem of a token that is not accepted, with the challenge that RFC 6750 asks for.
#[must_use]
pub fn invalid_token(reason: &str) -> Problem {
    let challenge = format!("Bearer realm=\"galley\", error=\"invalid_token\", error_description=\"{reason}\"");
    Problem::new(
        &problem_codes::TOKEN_INVALID,
        format!("The token is not accepted: {reason}."),
    )
    .with_header(header::WWW_AUTHENTICATE, &challenge)
}

/// Who sends a request. A token is verified once, however many parts of the request ask.
///
/// # Errors
/// `not-authenticated` or `token-invalid`.
pub async fn authenticate(request: &HttpRequest) -> Result<Identity, Problem> {
    let known = request.extensions().get::<Identity>().cloned();
    if let Some(identity) = known {
        return Ok(identity);
    }
    let identity = verified(request).await?;
    request.extensions_mut().insert(identity.clone());
    Ok(identity)
}

/// The account that sends a request, once everything holds that the guards of its handler demand; `None` where the handler
/// has no guard, whatever credentials were sent.
///
/// # Errors
/// `not-authenticated`, `token-invalid` or `insufficient-scope`.
pub async fn admitted(request: &HttpRequest) -> Result<Option<Uuid>, Problem> {
    let stated = request.extensions().get::<Demands>().cloned();
    let Some(Demands(demands)) = stated else {
        return Ok(None);
    };
    let identity = authenticate(request).await?;
    demands.iter().try_for_each(|demand| demand(&identity))?;
    Ok(Some(identity.account_id))
}

fn demand(request: &HttpRequest, demand: Demand) {
    let mut extensions = request.extensions_mut();
    extensions.get_or_insert_with(Demands::default).0.push(demand);
}

fn granted<P: Permission>(identity: &Identity) -> Result<Reach, Problem> {
    identity
        .has(P::SCOPE)
        .then(|| identity.role.reach(P::SCOPE))
        .flatten()
        .ok_or_else(|| insufficient::<P>(identity))
}

async fn verified(request: &HttpRequest) -> Result<Identity, Problem> {
    let token = bearer_token(request)?;
    let state = AppState::of(request);
    let now = state.clock.now();
    let mut verdict = state.keys.verify(token, now);
    if verdict == Err(TokenFault::UnknownKey) {
        // Another instance may have started since we last looked.
        state.refresh_keys().await?;
        verdict = state.keys.verify(token, now);
    }
    let claims = verdict.map_err(|fault| invalid_token(&fault.to_string()))?;
    Identity::from_claims(claims).ok_or_else(|| invalid_token("the token names no role"))
}

fn bearer_token(request: &HttpRequest) -> Result<&str, Problem> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        // No error code when no credentials were sent (RFC 6750, section 3.1).
        return Err(Problem::new(
            &problem_codes::NOT_AUTHENTICATED,
            "Send a token: Authorization: Bearer TOKEN.",
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"galley\""));
    };
    let text = value.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(invalid_token(
            "the Authorization header is not of the form Bearer TOKEN",
        )),
    }
}

fn insufficient<P: Permission>(identity: &Identity) -> Problem {
    let scope = P::SCOPE;
    let challenge = format!("Bearer realm=\"galley\", error=\"insufficient_scope\", scope=\"{scope}\"");
    let detail = format!(
        "This needs the scope {scope}, which the role {} does not have.",
        identity.role
    );
    Problem::new(&problem_codes::INSUFFICIENT_SCOPE, detail).with_header(header::WWW_AUTHENTICATE, &challenge)
}
