//! The stream of a thread, for readers.

use std::fmt;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use deserr::Deserr;
use utoipa::IntoParams;

use crate::comments::live::event;
use crate::comments::live::listening::{Listening, batch_since, current};
use crate::field::{Refusal, read_from_text};
use crate::http::input::{IdInPath, InputFaults, QueryParameters};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::telemetry::is_head;
use crate::problems;
use crate::state::AppState;

problems!(
    /// What listening to a thread can answer with.
    ThreadStreamProblems: INVALID_PARAMETER, MALFORMED_REQUEST, UNKNOWN_PARAMETER, NOT_FOUND
);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Proxies that hold answers back until they are whole (nginx does) pass this one on as it comes.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const MEDIA_TYPE: &str = "text/event-stream";

/// The id of an event: a change sequence of the thread, which is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId(i64);

/// A text that is no [`EventId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventIdFault;

impl fmt::Display for EventIdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not the id of an event of this stream, which is a whole number; leave it out to begin now")
    }
}

impl Refusal for EventIdFault {
    fn code(&self) -> &'static str {
        "invalid"
    }
}

impl EventId {
    fn parse(text: &str) -> Result<Self, EventIdFault> {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let id = text.parse().ok().filter(|_| is_digits);
        id.map(Self).ok_or(EventIdFault)
    }
}

impl TryFrom<&String> for EventId {
    type Error = EventIdFault;

    fn try_from(text: &String) -> Result<Self, EventIdFault> {
        Self::parse(text)
    }
}

read_from_text!(EventId);

/// Where a listener stands.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThreadStreamQuery {
    /// The change sequence after which to begin: `change_sequence` of the page of the thread that the client has, so that
    /// nothing is missed between the two. Browsers send the header `Last-Event-ID` when they come again by themselves, and
    /// it goes before. Without either the stream begins now.
    #[deserr(default)]
    #[param(value_type = i64, required = false, nullable = false, minimum = 0, example = 4_711)]
    pub last_event_id: Option<EventId>,
}

/// What a client heard last.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes the header in the OpenAPI document")]
pub struct LastEventIdHeader {
    /// The id of the last event that the client got.
    #[param(rename = "Last-Event-ID", value_type = String, required = false, nullable = false, pattern = "^[0-9]{1,16}$", example = "4711")]
    last_event_id: Option<String>,
}

/// Listen to a thread.
///
/// Server-sent events (`EventSource` in browsers) for everything that changes what readers see of the thread, within about a
/// second, whichever instance of the server took the change. Events: `comment` with an item of the thread as
/// `GET /v1/articles/{id}/comments` gives it, new or as it is now (its counters are those of this moment; count replies by the
/// `parent_id` of what comes, which may come before its parent); `gone` with the `id` of a comment that is no longer shown; `thread` with the thread, at the
/// beginning and after every change; `reload` when more changed than is told one by one: read the thread anew, also when its
/// state was `hidden` before. The id of an event is the change sequence of the thread. Whoever comes again with it gets what
/// they missed, each comment once, as it is now. A stream ends when the article is no longer published, or the server stops.
#[utoipa::path(
    tag = "comments",
    operation_id = "stream_comments",
    params(LastEventIdHeader, ("id" = Uuid, Path, description = "The id of the article"), ThreadStreamQuery),
    responses((status = 200, description = "The stream, which does not end", body = String, content_type = "text/event-stream"),
        ThreadStreamProblems),
)]
#[get("/articles/{id}/comments/stream")]
pub async fn stream_comments(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    query: QueryParameters<ThreadStreamQuery>,
) -> Result<HttpResponse, Problem> {
    let known = last_event_id(&request)?.or(query.0.last_event_id);
    let article = id.0;
    let thread = current(&state, article).await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((ACCEL_BUFFERING, "no"));
    if is_head(&request) {
        return Ok(response.finish());
    }
    let seat = state
        .listeners
        .join(article, thread.change_sequence)
        .ok_or_else(no_place)?;
    let known = known.map_or(thread.change_sequence, |EventId(known)| known);
    let greeting = event::greeting(&batch_since(&state, &thread, known).await?);
    let told = thread.change_sequence;
    let listening = Listening::new(state.into_inner(), article, seat, told, greeting);
    Ok(response.streaming(listening.into_stream()))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<EventId>, Problem> {
    let Some(value) = request.headers().get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let parsed = EventId::parse(value.to_str().unwrap_or_default().trim());
    parsed.map(Some).map_err(|fault| {
        Problem::new(
            &problem_codes::MALFORMED_REQUEST,
            format!("The header Last-Event-ID: {fault}."),
        )
    })
}

fn no_place() -> Problem {
    Problem::unavailable(
        "This server has as many listeners as it takes. Read the thread with If-None-Match from time to time instead.",
        "no place for another listener",
    )
}
