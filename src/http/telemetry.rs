//! What happens around every request: its id, its log line, the headers that every answer has, and the last touch to
//! problems.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};

use crate::http::conditional::Caching;
use crate::http::problem::{MEDIA_TYPE, Problem, Rendering};
use crate::http::problem_codes;
use crate::http::rate_limits;
use crate::http::write::{self, Replay};
use crate::state::AppState;

/// The longest that a handler may take. Every wait inside of one has a shorter limit of its own, but for the one for a file
/// that is being uploaded, whose time does not count; see [`HandlerTime`].
const HANDLER_TIMEOUT: Duration = Duration::from_mins(1);

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// What is known of a request before it is routed.
struct Arrival {
    method: Method,
    path: String,
    request_id: String,
    rendering: Rendering,
    has_credentials: bool,
    at: Instant,
}

/// The id of a request, for answers that hold problems of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The id of a request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The time that the handler of a request has left. While a file is being received it stands still: how long that takes is
/// up to the connection of the client, which has limits of its own.
#[derive(Debug, Clone)]
pub struct HandlerTime(Rc<Cell<Option<tokio::time::Instant>>>);

/// The time stands still until this is dropped; then it begins anew.
#[derive(Debug)]
pub struct TimeStandsStill(HandlerTime);

impl HandlerTime {
    /// The time of a request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let known = request.extensions().get::<Self>().cloned();
        known.unwrap_or_else(Self::begin)
    }

    /// Stops the time.
    #[must_use]
    pub fn stop(&self) -> TimeStandsStill {
        self.0.set(None);
        TimeStandsStill(self.clone())
    }

    fn begin() -> Self {
        Self(Rc::new(Cell::new(Some(Self::next_end()))))
    }

    fn next_end() -> tokio::time::Instant {
        tokio::time::Instant::now() + HANDLER_TIMEOUT
    }

    /// Waits for the end of the time.
    async fn over(&self) {
        loop {
            let end = self.0.get();
            tokio::time::sleep_until(end.unwrap_or_else(Self::next_end)).await;
            if end.is_some() && self.0.get() == end {
                return;
            }
        }
    }
}

impl Drop for TimeStandsStill {
    fn drop(&mut self) {
        self.0.0.set(Some(HandlerTime::next_end()));
    }
}

/// The mark of a request whose method was HEAD.
struct IsHead;

/// Whether only the head of the answer was asked for. A handler whose answer has no end must know.
#[must_use]
pub fn is_head(request: &HttpRequest) -> bool {
    request.extensions().contains::<IsHead>()
}

/// Wraps every request.
///
/// # Errors
/// A handler that takes too long ends as an error that carries the whole answer.
pub async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let arrival = Arrival::of(&request);
    request.extensions_mut().insert(RequestId(arrival.request_id.clone()));
    // HEAD is GET without the body, which the server leaves out by itself when it writes the answer.
    if arrival.method == Method::HEAD {
        request.extensions_mut().insert(IsHead);
        request.head_mut().method = Method::GET;
    }
    let time = HandlerTime::begin();
    request.extensions_mut().insert(time.clone());
    let answered = pin!(next.call(request));
    let answered = tokio::select! {
        biased;
        answered = answered => answered,
        () = time.over() => {
            return Err(arrival.refuse(Problem::unavailable("The answer took too long.", "handler timeout")));
        }
    };
    match answered {
        Ok(response) => {
            let response = replayed_if_answered(response.map_into_boxed_body()).await;
            Ok(arrival.complete(response))
        }
        Err(error) => Err(arrival.refuse(problem_of(&error))),
    }
}

/// A refused write, or the answer to the same request if that went well in the meantime.
async fn replayed_if_answered(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    if !response.status().is_client_error() {
        return response;
    }
    match write::answered_meanwhile(response.request()).await {
        None => response,
        Some(mut replay) => {
            keep_origin_headers(response.headers(), replay.headers_mut());
            response.into_response(replay)
        }
    }
}

impl Arrival {
    fn of(request: &ServiceRequest) -> Self {
        let headers = request.headers();
        Self {
            method: request.method().clone(),
            path: request.path().to_owned(),
            request_id: sane_id(headers).unwrap_or_else(|| fresh_id(request)),
            rendering: rendering(headers),
            has_credentials: headers.contains_key(header::AUTHORIZATION),
            at: Instant::now(),
        }
    }

    fn complete(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let problem = match response.response().error() {
            Some(error) if error.as_error::<Replay>().is_some() => None,
            Some(error) => Some(problem_of(error)),
            None => plain_failure(response.response()),
        };
        let mut response = match &problem {
            None => response,
            Some(problem) => {
                let mut body = problem.to_response(&self.path, &self.request_id, self.rendering);
                keep_origin_headers(response.headers(), body.headers_mut());
                response.into_response(body)
            }
        };
        self.set_headers(response.response_mut());
        let announced = response.request().clone();
        rate_limits::set_headers(&announced, response.headers_mut());
        drop(announced);
        if write::rehearses(response.request()) {
            let headers = response.headers_mut();
            headers.insert(write::VALIDATE_ONLY, HeaderValue::from_static("true"));
        }
        self.log(response.status(), problem.as_ref());
        response
    }

    fn refuse(self, problem: Problem) -> Error {
        self.log(problem.status_code(), Some(&problem));
        let mut answer = problem.to_response(&self.path, &self.request_id, self.rendering);
        self.set_headers(&mut answer);
        let headers = answer.headers().clone();
        Refused {
            problem,
            path: self.path,
            request_id: self.request_id,
            rendering: self.rendering,
            headers,
        }
        .into()
    }

    fn set_headers(&self, response: &mut HttpResponse) {
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
            headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
        }
        // What was asked with credentials is nobody else's, whatever the handler says.
        if self.has_credentials || !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static(Caching::Private.header_value()),
            );
        }
    }

    /// Reads that went well are logged at `debug`, since there are thousands a second; writes at `info`.
    fn log(&self, status: StatusCode, problem: Option<&Problem>) {
        let (method, path, request_id) = (self.method.as_str(), loggable(&self.path), self.request_id.as_str());
        let path = path.as_ref();
        let (status, micros) = (
            status.as_u16(),
            u64::try_from(self.at.elapsed().as_micros()).unwrap_or(u64::MAX),
        );
        let code = problem.map_or("", |problem| problem.kind().code);
        let cause = problem.and_then(Problem::internal_message).unwrap_or_default();
        match (status, self.method.is_safe()) {
            (500.., _) => {
                tracing::error!(
                    http.method = method,
                    http.path = path,
                    http.status = status,
                    request_id,
                    micros,
                    code,
                    cause,
                    "failed"
                );
            }
            (_, false) => {
                tracing::info!(
                    http.method = method,
                    http.path = path,
                    http.status = status,
                    request_id,
                    micros,
                    code,
                    "answered"
                );
            }
            (_, true) => {
                tracing::debug!(
                    http.method = method,
                    http.path = path,
                    http.status = status,
                    request_id,
                    micros,
                    code,
                    "answered"
                );
            }
        }
    }
}

/// Paths that end with a secret: whoever reads a log must not be able to use it.
const SECRET_PLACES: [&str; 2] = ["/v1/comment-subscriptions/unsubscribe/", "/v1/previews/"];

/// A path as it stands in the log.
fn loggable(path: &str) -> Cow<'_, str> {
    match SECRET_PLACES.iter().find(|place| path.starts_with(**place)) {
        Some(place) => Cow::Owned(format!("{place}…")),
        None => Cow::Borrowed(path),
    }
}

/// A request that ended before any handler answered it, with the whole answer.
#[derive(Debug)]
struct Refused {
    problem: Problem,
    path: String,
    request_id: String,
    rendering: Rendering,
    headers: HeaderMap,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.problem.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = self.problem.to_response(&self.path, &self.request_id, self.rendering);
        for (name, value) in &self.headers {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
        answer
    }
}

/// Carries over what the answer says to browsers about other origins, without which they hide the problem.
fn keep_origin_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if name.as_str().starts_with("access-control-") || name == header::VARY {
            to.append(name.clone(), value.clone());
        }
    }
}

/// The id that the client gave, if it can stand in a header and a log line without harm.
fn sane_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_sane = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_sane.then(|| id.to_owned())
}

fn fresh_id(request: &ServiceRequest) -> String {
    let state = AppState::of(request.request());
    state.ids.next(state.clock.now()).to_string()
}

/// Problems are text for a client that accepts only text, as `curl -H 'Accept: text/plain'` does.
fn rendering(headers: &HeaderMap) -> Rendering {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match accept.trim().to_ascii_lowercase().starts_with("text/plain") {
        true => Rendering::Text,
        false => Rendering::Json,
    }
}

/// The problem behind an error: one of ours, or what the framework found wrong with the request.
fn problem_of(error: &Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => framework_problem(error.as_response_error().status_code(), &error.to_string()),
    }
}

fn framework_problem(status: StatusCode, message: &str) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(&problem_codes::PAYLOAD_TOO_LARGE, message),
        StatusCode::NOT_FOUND => Problem::not_found("route"),
        status if status.is_client_error() => Problem::new(&problem_codes::MALFORMED_REQUEST, message),
        _ => Problem::internal(message),
    }
}

/// The problem for an answer that says it failed and does not say how.
fn plain_failure(response: &HttpResponse) -> Option<Problem> {
    let status = response.status();
    let is_told = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == MEDIA_TYPE);
    let is_failure = status.is_client_error() || status.is_server_error();
    (is_failure && !is_told).then(|| framework_problem(status, status.canonical_reason().unwrap_or("failed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_gets_into_the_log_by_its_path() {
        assert_eq!(loggable("/v1/articles"), "/v1/articles");
        for place in SECRET_PLACES {
            assert_eq!(loggable(&format!("{place}secret")), format!("{place}…"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_a_handler_ends_unless_it_stands_still() {
        let time = HandlerTime::begin();
        let began = tokio::time::Instant::now();
        time.over().await;
        assert_eq!(began.elapsed(), HANDLER_TIMEOUT);

        let time = HandlerTime::begin();
        let still = time.stop();
        let waited = HANDLER_TIMEOUT * 10;
        assert!(tokio::time::timeout(waited, time.over()).await.is_err());
        drop(still);
        let began = tokio::time::Instant::now();
        time.over().await;
        assert_eq!(began.elapsed(), HANDLER_TIMEOUT);
    }
}
