//! How often strangers may comment: counted in memory and before anything else, so that a flood costs no work of the database.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use crate::clock::Clock;
use crate::comments::reader::{Reader, ReaderCredential, recognize};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::rate_limits::{RateLimits, announce};
use crate::settings::{self, Settings};
use crate::state::AppState;

/// How much more often than comments may be posted, previews may be asked for, and requests sent again.
const LENIENCY: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The limits of the routes that take comments.
pub struct CommentLimits {
    /// Of comments.
    pub posts: RateLimits,
    /// Of previews.
    pub previews: RateLimits,
    /// Of votes, changes to own comments and subscriptions.
    pub actions: RateLimits,
    /// Of requests with an idempotency key, which are looked up before it is known whether they count as comments.
    attempts: RateLimits,
}

impl CommentLimits {
    /// The limits that the settings ask for.
    #[must_use]
    pub fn new(settings: &Settings, clock: &Clock) -> Self {
        let rates = match settings.rate_limits {
            settings::RateLimits::On => settings.comment_rates.as_slice(),
            settings::RateLimits::Off => &[],
        };
        let lenient: Vec<_> = rates.iter().map(|rate| rate.times(LENIENCY)).collect();
        Self {
            posts: RateLimits::new("comments", rates, clock),
            previews: RateLimits::new("comment-previews", &lenient, clock),
            actions: RateLimits::new("comment-actions", &lenient, clock),
            attempts: RateLimits::new("comment-attempts", &lenient, clock),
        }
    }
}

/// The sender of a comment who did not send too many.
pub struct CommentSender {
    reader: Reader,
    request: HttpRequest,
    uncounted: Option<Uuid>,
}

impl CommentSender {
    /// The sender, once the comment is counted. A request with an idempotency key is so only now: one that was answered before
    /// never gets here.
    ///
    /// # Errors
    /// `comment-flood`.
    pub fn counted(self) -> Result<Reader, Problem> {
        let Self {
            reader,
            request,
            uncounted,
        } = self;
        if let Some(key) = uncounted {
            count(&request, &AppState::of(&request).comment_limits.posts, key)?;
        }
        Ok(reader)
    }
}

impl FromRequest for CommentSender {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        recognize(request);
        let request = request.clone();
        Box::pin(async move {
            let reader = Reader::of(&request).await?;
            let state = AppState::of(&request);
            let has_idempotency_key = request.headers().contains_key("idempotency-key");
            let uncounted = match (&reader.credential, has_idempotency_key) {
                (ReaderCredential::Staff(_), _) => None,
                (_, false) => {
                    count(&request, &state.comment_limits.posts, reader.key(&state.client_keys))?;
                    None
                }
                (_, true) => {
                    let key = reader.key(&state.client_keys);
                    count(&request, &state.comment_limits.attempts, key)?;
                    Some(key)
                }
            };
            Ok(Self {
                reader,
                request,
                uncounted,
            })
        })
    }
}

/// Passes for a network that did not ask for too many previews.
pub struct PreviewSender;

impl FromRequest for PreviewSender {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let state = AppState::of(request);
        let key = state.client_keys.of(request);
        std::future::ready(count(request, &state.comment_limits.previews, key).map(|()| Self))
    }
}

/// Passes for a network that did not vote, change own comments or subscribe too often.
pub struct ActionSender;

impl FromRequest for ActionSender {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let state = AppState::of(request);
        let key = state.client_keys.of(request);
        std::future::ready(count(request, &state.comment_limits.actions, key).map(|()| Self))
    }
}

/// Counts once more for a key.
///
/// # Errors
/// `comment-flood` if that is too often.
fn count(request: &HttpRequest, limits: &RateLimits, key: Uuid) -> Result<(), Problem> {
    let Some(standing) = limits.count(key) else {
        return Ok(());
    };
    let retry_after = standing.retry_after;
    announce(request, standing);
    match retry_after {
        None => Ok(()),
        Some(seconds) => Err(Problem::new(
            &problem_codes::COMMENT_FLOOD,
            format!("There were too many comments from you in a short time. Send it again in {seconds} seconds."),
        )
        .with_header(header::RETRY_AFTER, &seconds.to_string())
        .with_members(|details| details.retry_after = Some(seconds))),
    }
}
