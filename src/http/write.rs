//! What every write takes: whether it counts (`validate_only`), the key by which it takes effect once
//! (`Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header-07), and its body, which is not read yet.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use chrono::Duration;
use deserr::Deserr;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::accounts::guards;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::http::answer::Answer;
use crate::http::input::{InputFaults, QueryParameters, UnreadBody};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::streamed_body::StreamedBody;
use crate::idempotency::record::{Attempt, Carried, Claim, KEPT_HOURS, Persistence, WriteMode};
use crate::read;
use crate::state::AppState;

/// The most characters of a key.
const MAX_KEY_LENGTH: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Marks every answer to a rehearsal, also a refusal.
pub const VALIDATE_ONLY: HeaderName = HeaderName::from_static("validate-only");

/// The header by which a request that is sent again takes effect once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it only describes the header in the OpenAPI document; Write reads it"
)]
pub struct IdempotencyKeyHeader {
    /// A key of the client's choice, 1 to 255 characters, such as a UUID. Sent again within 24 hours with the same key, a
    /// request that went well gets the answer it got, with Idempotent-Replayed: true, and takes no effect again. One that
    /// was refused had no effect, and is tried anew.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, nullable = false, max_length = 257, example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")]
    idempotency_key: Option<String>,
}

/// What every write can be asked in its query.
#[derive(Debug, Clone, Copy, Default, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WriteQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored. The answer has
    /// Validate-Only: true. A key for idempotency is left alone.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
}

/// Whether to rehearse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
pub enum ValidateOnly {
    /// Rehearse.
    #[deserr(rename = "true")]
    Yes,
    /// Carry out.
    #[default]
    #[deserr(rename = "false")]
    No,
}

/// The query of a write.
pub trait WriteParameters: Deserr<InputFaults> + 'static {
    /// Whether to rehearse.
    fn validate_only(&self) -> ValidateOnly;
}

impl WriteParameters for WriteQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

/// A write: its query, how it is to be carried out, and its body. A request that was answered before never gets to its
/// handler; once the guards of the handler let it in, it gets that answer again.
pub struct Write<Q = WriteQuery> {
    /// The query.
    pub query: Q,
    /// How it is to be carried out.
    pub mode: WriteMode,
    /// The body.
    pub body: UnreadBody,
}

impl<Q: WriteParameters> FromRequest for Write<Q> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), UnreadBody::of(request, payload));
        let query = QueryParameters::<Q>::of(&request);
        // Told before anything is checked, since whatever refuses the request refuses a rehearsal.
        if query.as_ref().is_ok_and(|query| is_rehearsal(&query.0)) {
            request.extensions_mut().insert(Rehearsal);
        }
        Box::pin(async move {
            let query = query?.0;
            let (mode, body) = match (query.validate_only(), key_of(&request)?) {
                // A rehearsal has no effect that a second one could double.
                (ValidateOnly::Yes, _) => (mode(Persistence::Rehearse, None), body),
                (ValidateOnly::No, None) => (mode(Persistence::Store, None), body),
                (ValidateOnly::No, Some(key)) => {
                    let (attempt, body) = attempt(&request, key, body).await?;
                    answered_before(&request, &attempt).await?;
                    request.extensions_mut().insert(attempt.clone());
                    (mode(Persistence::Store, Some(attempt)), body)
                }
            };
            Ok(Self { query, mode, body })
        })
    }
}

/// A write whose body is too large to be held, so that it goes to its place while it arrives. What the request is known by
/// is told by the handler, once the body is there.
pub struct StreamedWrite<Q = WriteQuery> {
    request: HttpRequest,
    query: Result<Q, Problem>,
    payload: Payload,
}

/// A write whose body is being received.
pub struct BegunWrite {
    request: HttpRequest,
    persistence: Persistence,
    key: Option<String>,
}

impl<Q: WriteParameters> FromRequest for StreamedWrite<Q> {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let query = QueryParameters::<Q>::of(request).map(|query| query.0);
        if query.as_ref().is_ok_and(is_rehearsal) {
            request.extensions_mut().insert(Rehearsal);
        }
        std::future::ready(Ok(Self {
            request: request.clone(),
            query,
            payload: payload.take(),
        }))
    }
}

impl<Q: WriteParameters> StreamedWrite<Q> {
    /// The query, the write, and the body on its way.
    ///
    /// # Errors
    /// A parameter that is unknown or wrong, or a key that is none.
    pub fn begin(self) -> Result<(Q, BegunWrite, StreamedBody), Problem> {
        let Self {
            request,
            query,
            payload,
        } = self;
        let query = query?;
        let (persistence, key) = match query.validate_only() {
            ValidateOnly::Yes => (Persistence::Rehearse, None),
            ValidateOnly::No => (Persistence::Store, key_of(&request)?),
        };
        let body = StreamedBody::new(request.clone(), payload);
        let begun = BegunWrite {
            request,
            persistence,
            key,
        };
        Ok((query, begun, body))
    }
}

impl BegunWrite {
    /// Whether it is a rehearsal.
    #[must_use]
    pub fn persistence(&self) -> Persistence {
        self.persistence
    }

    /// How the write is to be carried out, once its body is there. `content` is what tells it from any other: a digest of
    /// the body, and what else the client said, but not how the body was wrapped up, which differs each time.
    ///
    /// # Errors
    /// `idempotency-key-reused`, or the answer that the same request got before.
    pub async fn mode(self, content: &[&[u8]]) -> Result<WriteMode, Error> {
        let Self {
            request,
            persistence,
            key,
        } = self;
        let Some(key) = key else {
            return Ok(mode(persistence, None));
        };
        let mut digest = Sha256::new();
        for part in [
            request.method().as_str().as_bytes(),
            request.path().as_bytes(),
            sorted_query(&request).as_bytes(),
        ] {
            digest.update(part);
            digest.update([0]);
        }
        for part in content {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        let attempt = attempt_of(&request, key, hexadecimal(&digest.finalize())).await?;
        answered_before(&request, &attempt).await?;
        request.extensions_mut().insert(attempt.clone());
        Ok(mode(persistence, Some(attempt)))
    }
}

/// The mark of a request that is a rehearsal.
struct Rehearsal;

/// Whether a request is a rehearsal.
#[must_use]
pub fn rehearses(request: &HttpRequest) -> bool {
    request.extensions().contains::<Rehearsal>()
}

/// The answer that the same request got while this one was being refused. Sent twice at once, a request may find done what
/// it was about to do, and must not be told that it failed.
pub async fn answered_meanwhile(request: &HttpRequest) -> Option<HttpResponse> {
    let attempt = request.extensions().get::<Attempt>().cloned()?;
    match answered_before(request, &attempt).await {
        Ok(()) => None,
        Err(error) => error.as_error::<Replay>().map(ResponseError::error_response),
    }
}

/// The response to a write that ended in one of these ways.
///
/// # Errors
/// `idempotency-key-reused` or `idempotency-in-flight`.
pub fn respond(public_url: &str, carried: Carried) -> Result<HttpResponse, Problem> {
    let (answer, mark) = match carried {
        // What is only rehearsed is marked with all other answers to a rehearsal.
        Carried::Done(answer) | Carried::Rehearsed(answer) => (answer, None),
        Carried::Replayed(answer) => (answer, Some(IDEMPOTENT_REPLAYED)),
        Carried::KeyReused => return Err(key_reused()),
        Carried::InFlight => return Err(in_flight()),
    };
    let mut response = answer.into_response(public_url);
    if let Some(name) = mark {
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Carries out a write of a store as one transaction and answers it: `carry_out!(state, mode, articles::create(new, stamp),
/// created)`. The last argument makes the [`Answer`] of what the store function gives, inside of the transaction; the
/// arguments are moved in.
#[macro_export]
macro_rules! carry_out {
    ($state:expr, $mode:expr, $store:ident::$function:ident($($argument:expr),* $(,)?), $answer:expr $(,)?) => {{
        let mode: $crate::idempotency::record::WriteMode = $mode;
        let carried: Result<$crate::idempotency::record::Carried, $crate::http::problem::Problem> = match &$state.database {
            $crate::database::Database::Sqlite(sqlite) => {
                sqlite
                    .write_or_undo(move |connection| {
                        $crate::database::sqlite::complete($crate::stores::sqlite::idempotency::carry_out(
                            connection,
                            mode,
                            async move |connection: &mut $crate::stores::sqlite::Connection| {
                                $crate::stores::sqlite::$store::$function(connection, $($argument),*).await
                            },
                            $answer,
                        ))
                    })
                    .await
            }
            $crate::database::Database::Postgres(postgres) => {
                // The block gives the whole unit one type of error to end with.
                let unit = async {
                    let mut connection = postgres.connection().await?;
                    $crate::database::postgres::begin(&mut connection).await?;
                    let outcome = $crate::stores::postgres::idempotency::carry_out(
                        &mut connection,
                        mode,
                        async move |connection: &mut $crate::stores::postgres::Connection| {
                            $crate::stores::postgres::$store::$function(connection, $($argument),*).await
                        },
                        $answer,
                    )
                    .await;
                    $crate::database::postgres::settle(&mut connection, outcome).await
                };
                unit.await
            }
        };
        carried.and_then(|carried| $crate::http::write::respond(&$state.settings.public_url, carried))
    }};
}

/// The answer that a request got when it was sent before. It ends the request as an error of the extractor would, and is
/// none.
#[derive(Debug)]
pub struct Replay {
    answer: Answer,
    public_url: String,
}

impl std::fmt::Display for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "answered before with {}", self.answer.status)
    }
}

impl ResponseError for Replay {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.answer.status).unwrap_or(StatusCode::OK)
    }

    fn error_response(&self) -> HttpResponse {
        respond(&self.public_url, Carried::Replayed(self.answer.clone()))
            .unwrap_or_else(|problem| problem.error_response())
    }
}

fn mode(persistence: Persistence, attempt: Option<Attempt>) -> WriteMode {
    WriteMode { persistence, attempt }
}

fn is_rehearsal<Q: WriteParameters>(query: &Q) -> bool {
    query.validate_only() == ValidateOnly::Yes
}

fn key_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .ok()
            .and_then(|text| parse_key(text.trim()))
            .map(|key| Some(key.to_owned()))
            .ok_or_else(malformed_key),
        (Some(_), Some(_)) => Err(malformed_key()),
    }
}

/// The key is a structured-field string (RFC 9651, section 3.3.3), so it stands in quotes. Many clients leave them out.
fn parse_key(text: &str) -> Option<&str> {
    let (key, is_allowed): (&str, fn(u8) -> bool) = match text.strip_prefix('"') {
        Some(rest) => (rest.strip_suffix('"')?, |byte| (b' '..=b'~').contains(&byte)),
        None => (text, |byte| byte.is_ascii_graphic()),
    };
    let is_key = (1..=MAX_KEY_LENGTH).contains(&key.len())
        && key
            .bytes()
            .all(|byte| is_allowed(byte) && byte != b'"' && byte != b'\\');
    is_key.then_some(key)
}

async fn attempt(request: &HttpRequest, key: String, body: UnreadBody) -> Result<(Attempt, UnreadBody), Problem> {
    // Who sends it is settled first; who may not send it is not waited for.
    guards::admitted(request).await?;
    let bytes = body.bytes().await?;
    let attempt = attempt_of(request, key, fingerprint(request, &bytes)).await?;
    Ok((attempt, UnreadBody::read_already(request, bytes)))
}

async fn attempt_of(request: &HttpRequest, key: String, fingerprint: String) -> Result<Attempt, Problem> {
    let state = AppState::of(request);
    let principal = guards::admitted(request)
        .await?
        .unwrap_or_else(|| state.client_keys.of_sender(request));
    let now = state.clock.now();
    Ok(Attempt {
        principal: RowId(principal),
        method: request.method().as_str().to_owned(),
        path: request.path().to_owned(),
        key,
        fingerprint,
        now: now.into(),
        expires_at: (now + Duration::hours(KEPT_HOURS)).into(),
    })
}

fn fingerprint(request: &HttpRequest, body: &[u8]) -> String {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let mut digest = Sha256::new();
    for part in [
        request.method().as_str().as_bytes(),
        request.path().as_bytes(),
        sorted_query(request).as_bytes(),
        content_type.map_or(&[], HeaderValue::as_bytes),
    ] {
        digest.update(part);
        // None of the parts can hold it, so none can run into the next.
        digest.update([0]);
    }
    digest.update(body);
    hexadecimal(&digest.finalize())
}

/// Ends a request that was answered before.
async fn answered_before(request: &HttpRequest, attempt: &Attempt) -> Result<(), Error> {
    let (state, attempt) = (AppState::of(request), attempt.clone());
    let known: Result<Claim, Failure> = read!(&state.database, idempotency::find(attempt));
    match known.map_err(Problem::from)? {
        Claim::Free => Ok(()),
        Claim::KeyReused => Err(key_reused().into()),
        Claim::Answered(answer) => {
            let public_url = state.settings.public_url.clone();
            Err(Replay { answer, public_url }.into())
        }
    }
}

fn sorted_query(request: &HttpRequest) -> String {
    let mut parameters: Vec<&str> = request.query_string().split('&').collect();
    parameters.sort_unstable();
    parameters.join("&")
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn malformed_key() -> Problem {
    let detail = "Send one idempotency key of 1 to 255 ASCII characters, such as a UUID in double quotes.";
    Problem::new(&problem_codes::MALFORMED_REQUEST, detail).with_fault(ProblemFault::header(
        "Idempotency-Key",
        "malformed",
        detail,
    ))
}

fn key_reused() -> Problem {
    let detail = "Another request had this Idempotency-Key. Send a new key with a new request.";
    Problem::new(&problem_codes::IDEMPOTENCY_KEY_REUSED, detail).with_fault(ProblemFault::header(
        "Idempotency-Key",
        "reused",
        detail,
    ))
}

fn in_flight() -> Problem {
    let detail = "The first request with this Idempotency-Key is still being carried out. Send it again in a moment.";
    Problem::new(&problem_codes::IDEMPOTENCY_IN_FLIGHT, detail)
        .with_header(header::RETRY_AFTER, "1")
        .with_members(|details| details.retry_after = Some(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_stand_in_quotes() {
        assert_eq!(parse_key("\"8e03978e\""), Some("8e03978e"));
        assert_eq!(parse_key("8e03978e"), Some("8e03978e"));
        assert_eq!(parse_key("\"with a blank, and more\""), Some("with a blank, and more"));
    }

    #[test]
    fn a_key_has_an_end_and_no_more_than_255_characters() {
        let longest = "k".repeat(255);
        assert_eq!(parse_key(&longest), Some(longest.as_str()));
        assert_eq!(parse_key(&format!("\"{longest}\"")), Some(longest.as_str()));
        for text in [
            "",
            "\"\"",
            "\"",
            "\"open",
            "closed\"",
            "a\"b",
            "\"a\"b\"",
            "one, two",
            "\"one\", \"two\"",
            "\"a\\\"b\"",
            "schlüssel",
            &"k".repeat(256),
        ] {
            assert_eq!(parse_key(text), None, "{text}");
        }
    }
}
