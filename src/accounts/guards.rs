//! Who sends the request: the extractors by which a handler states what it needs.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest};
use uuid::Uuid;

use crate::accounts::account::Standing;
use crate::accounts::api_tokens::api_token::{ApiTokenFault, TokenStanding};
use crate::accounts::api_tokens::token_text::TokenText;
use crate::accounts::claims::Identity;
use crate::accounts::keys::TokenFault;
use crate::accounts::marked_secret::TOKEN_PREFIX;
use crate::accounts::permissions::{Permission, Reach};
use crate::audit::origin::Origin;
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::read;
use crate::state::AppState;

/// A sender whose token is valid, whatever their role.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Identity);

/// A sender who has a permission. A handler that takes `Authorized<WriteArticles>` cannot run without it.
pub struct Authorized<P> {
    identity: Identity,
    origin: Origin,
    reach: Reach,
    permission: PhantomData<P>,
}

/// What the guards in a handler's signature demand of the sender. They state it before any of them is carried out, so that
/// whoever answers in place of the handler can settle it first; see [`admitted`].
#[derive(Clone, Default)]
struct Demands(Vec<Demand>);

type Demand = fn(&Identity) -> Result<(), Problem>;

/// How a handler without a guard knows who sends a request: by a key that is the same for one sender.
pub type Recognition = fn(HttpRequest) -> Pin<Box<dyn Future<Output = Result<Uuid, Problem>>>>;

#[derive(Clone)]
struct Recognized(Recognition);

/// A sender who logged in. What decides who can get in at all (passwords, sessions, new tokens) is not for scripts: a token
/// that leaks must not be able to make itself another.
#[derive(Debug, Clone)]
pub struct InPerson {
    identity: Identity,
    session: Uuid,
    origin: Origin,
}

impl InPerson {
    /// Who the sender is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The account of the sender.
    #[must_use]
    pub fn account_id(&self) -> Uuid {
        self.identity.account_id
    }

    /// The session of the sender.
    #[must_use]
    pub fn session_id(&self) -> Uuid {
        self.session
    }

    /// The sender of a request, where a guard in the signature would ask for more than every request to it needs.
    ///
    /// # Errors
    /// `not-authenticated`, `token-invalid` or `session-required`.
    pub async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let identity = authenticate(request).await?;
        in_person(&identity)?;
        Ok(Self {
            session: identity.session_id().unwrap_or_default(),
            origin: Origin::of(request, identity.actor()),
            identity,
        })
    }
}

impl From<&InPerson> for Origin {
    fn from(caller: &InPerson) -> Self {
        caller.origin.clone()
    }
}

impl FromRequest for InPerson {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        demand(request, in_person);
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

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
    /// Who the sender is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The account of the sender.
    #[must_use]
    pub fn account_id(&self) -> Uuid {
        self.identity.account_id
    }

    /// Whose things the permission reaches.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

impl<P> From<&Authorized<P>> for Origin {
    fn from(caller: &Authorized<P>) -> Self {
        caller.origin.clone()
    }
}

impl<P: Permission> Authorized<P> {
    async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let identity = authenticate(request).await?;
        let reach = granted::<P>(&identity)?;
        Ok(Self {
            origin: Origin::of(request, identity.actor()),
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

/// Who sends a request, once that was settled.
#[derive(Clone)]
struct Sender(Result<Identity, Problem>);

/// Middleware that settles who sends a request before any part of the request is read. The extractors of a handler run side
/// by side, and the first that fails is the one that is answered: a guard that still had to ask the database would come after
/// a query string that is wrong. Without credentials there is nothing to ask, and for readers nobody asks.
///
/// # Errors
/// What the handler gives.
pub async fn settle_sender<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_guarded = ["/v1/editorial/", "/v1/auth/"]
        .iter()
        .any(|place| request.path().starts_with(place));
    if is_guarded && request.headers().contains_key(header::AUTHORIZATION) {
        // A refusal waits for the guard: what has none does not ask.
        let _settled = authenticate(request.request()).await;
    }
    next.call(request).await
}

/// Who sends a request. A token is verified once, however many parts of the request ask.
///
/// # Errors
/// `not-authenticated` or `token-invalid`.
pub async fn authenticate(request: &HttpRequest) -> Result<Identity, Problem> {
    let known = request.extensions().get::<Sender>().cloned();
    if let Some(Sender(verdict)) = known {
        return verdict;
    }
    let verdict = verified(request).await;
    request.extensions_mut().insert(Sender(verdict.clone()));
    verdict
}

/// Tells how the sender of a request is known, in place of a guard. An extractor states it before it is carried out, as
/// guards state what they demand.
pub fn recognize_by(request: &HttpRequest, recognition: Recognition) {
    request.extensions_mut().insert(Recognized(recognition));
}

/// Who sends a request (see [`Identity::principal`]), once everything holds that the guards of its handler demand; `None` where
/// the handler neither has a guard nor knows its senders in another way, whatever credentials were sent.
///
/// # Errors
/// `not-authenticated`, `token-invalid` or `insufficient-scope`, and what another way of knowing gives.
pub async fn admitted(request: &HttpRequest) -> Result<Option<Uuid>, Problem> {
    let stated = request.extensions().get::<Demands>().cloned();
    let Some(Demands(demands)) = stated else {
        let recognized = request.extensions().get::<Recognized>().cloned();
        return match recognized {
            Some(Recognized(recognition)) => recognition(request.clone()).await.map(Some),
            None => Ok(None),
        };
    };
    let identity = authenticate(request).await?;
    demands.iter().try_for_each(|demand| demand(&identity))?;
    Ok(Some(identity.principal()))
}

fn demand(request: &HttpRequest, demand: Demand) {
    let mut extensions = request.extensions_mut();
    extensions.get_or_insert_with(Demands::default).0.push(demand);
}

fn granted<P: Permission>(identity: &Identity) -> Result<Reach, Problem> {
    let reach = identity
        .has(P::SCOPE)
        .then(|| identity.role.reach(P::SCOPE))
        .flatten()
        .ok_or_else(|| insufficient::<P>(identity))?;
    // A token to upload with reaches what it brought, whatever the account that made it reaches.
    Ok(identity.upload.map_or(reach, |_grant| Reach::Own))
}

/// Passes for a sender who logged in.
fn in_person(identity: &Identity) -> Result<(), Problem> {
    match identity.session_id() {
        Some(_) => Ok(()),
        None => Err(Problem::new(
            &problem_codes::SESSION_REQUIRED,
            "An API token may not do this. Log in with POST /v1/auth/login and send the access_token.",
        )),
    }
}

async fn verified(request: &HttpRequest) -> Result<Identity, Problem> {
    let token = bearer_token(request)?;
    let state = AppState::of(request);
    if token.starts_with(TOKEN_PREFIX) {
        return of_api_token(state, token).await;
    }
    let now = state.clock.now();
    let mut verdict = state.keys.verify(token, now);
    if verdict == Err(TokenFault::UnknownKey) {
        // Another instance may have started since we last looked.
        state.refresh_keys().await?;
        verdict = state.keys.verify(token, now);
    }
    let claims = verdict.map_err(|fault| invalid_token(&fault.to_string()))?;
    if claims.roles.is_empty() {
        return Err(invalid_token("the token names no role"));
    }
    let (account, session, now) = (claims.sub, claims.sid, RowTime::from(now));
    let standing: Result<Standing, Failure> = read!(&state.database, accounts::standing(account, session, now));
    match standing? {
        Standing::Good(account) => Ok(Identity::of(claims, &account)),
        Standing::SessionEnded => Err(invalid_token("the session has ended; log in again")),
        Standing::AccountGone => Err(invalid_token("the account is gone or disabled")),
    }
}

/// The sender that an API token stands for. One whose checksum is wrong is refused without asking the database; what else
/// is wrong with it is told to those only who have its secret.
async fn of_api_token(state: &AppState, text: &str) -> Result<Identity, Problem> {
    let refused = |fault: ApiTokenFault| invalid_token(&fault.to_string());
    let shown = TokenText::parse(text).map_err(refused)?;
    let (id, now) = (shown.id(), state.clock.now());
    let stored: Result<Option<TokenStanding>, Failure> = read!(&state.database, api_tokens::standing(id));
    let token = stored?.ok_or_else(|| refused(ApiTokenFault::Unknown))?;
    token.admits(&shown, now).map_err(refused)?;
    state.token_uses.note(id, now);
    Ok(Identity::of_api_token(token))
}

/// The bearer token of a request (RFC 6750, section 2.1).
///
/// # Errors
/// `not-authenticated` or `token-invalid`.
pub fn bearer_token(request: &HttpRequest) -> Result<&str, Problem> {
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
