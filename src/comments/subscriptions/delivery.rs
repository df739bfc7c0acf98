//! Subscribing to comments, confirming it, and ending it: without credentials.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::accounts::secrets;
use crate::comments::flood::ActionSender;
use crate::comments::subscriptions::confirmation_limit::gauges;
use crate::comments::subscriptions::subscription::{NewSubscription, SubscriptionFailure, SubscriptionRow, Target};
use crate::comments::subscriptions::views::{
    SubscriptionConfirmationIn, SubscriptionIn, SubscriptionOut, SubscriptionRequestOut, SubscriptionStatus,
};
use crate::database::ids::RowId;
use crate::http::answer::Answer;
use crate::http::conditional::Caching;
use crate::http::input::IdInPath;
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::mail::address::MailAddress;
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

write_problems!(
    /// What subscribing can answer with.
    SubscribeProblems: MALFORMED_JSON, NOT_FOUND, NOTIFICATIONS_OFF, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, COMMENT_FLOOD
);

write_problems!(
    /// What confirming a subscription can answer with.
    ConfirmationProblems: MALFORMED_JSON, SUBSCRIPTION_LINK_INVALID, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What ending a subscription can answer with.
    UnsubscribeProblems: SUBSCRIPTION_LINK_INVALID, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
);

problems!(
    /// What opening the page that ends a subscription can answer with.
    UnsubscribePageProblems: MALFORMED_REQUEST, SUBSCRIPTION_LINK_INVALID
);

/// Be told of answers to a comment.
///
/// By mail, of answers at any depth. A mail with a link to confirm it is sent to the address first; without that nothing
/// more is sent, and the address is forgotten after 48 hours. The answer is the same for every address: also for one that is
/// confirmed already, or that was sent too many of these mails within a day (3 for an address, 20 from a network), and then gets
/// no other.
#[utoipa::path(
    tag = "comments",
    operation_id = "subscribe_to_replies",
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    request_body(content = SubscriptionIn, content_type = "application/json"),
    responses((status = 202, description = "It waits to be confirmed", body = SubscriptionRequestOut), SubscribeProblems),
)]
#[post("/comments/{id}/subscriptions")]
pub async fn subscribe_to_replies(
    _sender: ActionSender,
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    subscribe(&request, &state, Target::Comment(id.0), write).await
}

/// Be told of new comments on an article.
///
/// By mail, of all of them, in the same way as of answers to a comment.
#[utoipa::path(
    tag = "comments",
    operation_id = "subscribe_to_article_comments",
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = SubscriptionIn, content_type = "application/json"),
    responses((status = 202, description = "It waits to be confirmed", body = SubscriptionRequestOut), SubscribeProblems),
)]
#[post("/articles/{id}/comment-subscriptions")]
pub async fn subscribe_to_article_comments(
    _sender: ActionSender,
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    subscribe(&request, &state, Target::Article(id.0), write).await
}

/// Confirm a subscription.
///
/// With the token of the mail. Sent a second time, it answers the same.
#[utoipa::path(
    tag = "comments",
    operation_id = "confirm_comment_subscription",
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = SubscriptionConfirmationIn, content_type = "application/json"),
    responses((status = 200, description = "The subscription", body = SubscriptionOut), ConfirmationProblems),
)]
#[post("/comment-subscriptions/confirm")]
pub async fn confirm_comment_subscription(state: Data<AppState>, write: Write) -> Result<HttpResponse, Problem> {
    let SubscriptionConfirmationIn { token } = write.body.json().await?;
    let (hash, now) = (secrets::hash(token.as_str()), state.clock.now().into());
    carry_out!(
        state,
        write.mode,
        subscriptions::confirm(hash, now),
        |row: SubscriptionRow| Answer::outcome(200, &SubscriptionOut::from(row))
    )
}

/// End a subscription.
///
/// With the token of the List-Unsubscribe header of each mail, as programs for mail do it (RFC 8058), or the page that the
/// mail links to. The address is forgotten with it. The body is that form and need not be there; the token is all that
/// counts. Sent a second time, it answers the same.
#[utoipa::path(
    tag = "comments",
    operation_id = "end_comment_subscription",
    params(WriteQuery, IdempotencyKeyHeader, ("token" = String, Path, description = "The token of the mail", max_length = 200)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "List-Unsubscribe=One-Click"),
    responses((status = 204, description = "The subscription has ended"), UnsubscribeProblems),
)]
#[post("/comment-subscriptions/unsubscribe/{token}")]
pub async fn end_comment_subscription(
    state: Data<AppState>,
    token: Path<String>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let id = signed_subscription(&state, &token)?;
    // RFC 8058 lets the form be of either type of HTML forms, so nothing is made of it.
    write.body.bytes().await?;
    carry_out!(state, write.mode, subscriptions::end(id), |()| Ok(Answer::removed()))
}

/// Open the page that ends a subscription.
///
/// For programs that open the address of the List-Unsubscribe header: nothing ends by this request.
#[utoipa::path(
    tag = "comments",
    operation_id = "open_unsubscribe_page",
    params(("token" = String, Path, description = "The token of the mail", max_length = 200)),
    responses((status = 303, description = "The page",
        headers(("Location" = String, description = "Where the page is"))), UnsubscribePageProblems),
)]
#[get("/comment-subscriptions/unsubscribe/{token}")]
pub async fn open_unsubscribe_page(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, Problem> {
    signed_subscription(&state, &token)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, state.subscription_links().unsubscribe(&token)))
        .insert_header((header::CACHE_CONTROL, Caching::Private.header_value()))
        .finish())
}

async fn subscribe(
    request: &HttpRequest,
    state: &AppState,
    target: Target,
    write: Write,
) -> Result<HttpResponse, Problem> {
    if state.mail.is_none() {
        return Err(Problem::new(
            &problem_codes::NOTIFICATIONS_OFF,
            "This installation sends no mail: subscriptions are off.",
        ));
    }
    let is_there: Result<RowId, SubscriptionFailure> = read!(&state.database, subscriptions::require_target(target));
    is_there?;
    let SubscriptionIn { email } = write.body.json().await?;
    let new = new_subscription(request, state, target, email);
    carry_out!(state, write.mode, subscriptions::request(new), |()| {
        let status = SubscriptionStatus::AwaitingConfirmation;
        Answer::outcome(202, &SubscriptionRequestOut { status })
    })
}

fn new_subscription(request: &HttpRequest, state: &AppState, target: Target, email: MailAddress) -> NewSubscription {
    let (now, token, links) = (state.clock.now(), secrets::random(), state.subscription_links());
    let keys = &state.client_keys;
    NewSubscription {
        id: state.ids.next(now),
        target,
        token_hash: secrets::hash(token.expose_secret()),
        confirm_link: links.confirm(token.expose_secret()),
        mail_id: state.ids.next(now),
        links,
        gauges: gauges(keys, keys.of(request), email.as_str()),
        email,
        now,
    }
}

fn signed_subscription(state: &AppState, token: &str) -> Result<Uuid, Problem> {
    let id = state.subscription_signer.verified(token);
    id.ok_or_else(|| link_invalid("The address is not that of a mail of this installation."))
}

fn link_invalid(detail: &'static str) -> Problem {
    Problem::new(&problem_codes::SUBSCRIPTION_LINK_INVALID, detail)
}

impl From<SubscriptionFailure> for Problem {
    fn from(failure: SubscriptionFailure) -> Self {
        match failure {
            SubscriptionFailure::Comment(failure) => failure.into(),
            SubscriptionFailure::LinkInvalid => {
                link_invalid("The token is not that of a link that is good now. Subscribe again to get another one.")
            }
            SubscriptionFailure::Database(failure) => failure.into(),
        }
    }
}
