//! What every write takes: whether it counts (`validate_only`), the key by which it takes effect once
//! (`Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header-07), and its body, which is not read yet.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, ResponseError};
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
use crate::idempotency::record::{Attempt, Carried, Claim, KEPT_HOURS, Persistence, WriteMode};
use crate::read;
use crate::state::AppState;

/// The most characters of a key.
const MAX_KEY_LENGTH: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const VALIDATE_ONLY: HeaderName = HeaderName::from_static("validate-only");

/// The header by which a request that is sent again takes effect once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it only describes the header in the OpenAPI document; Write reads it"
)]
pub struct IdempotencyKeyHeader {
    /// A key of the client's choice, 1 to 255 characters, such as a UUID. Sent again within 24 hours with the same key,
    /// the request gets the answer it got, and takes no effect again.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, nullable = false, max_length = 257, example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")]
    idempotency_key: Option<String>,
}

/// What every write can be asked in its query.
#[derive(Debug, Clone, Copy, Default, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WriteQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
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
/// handler; it gets that answer again.
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
        Box::pin(async move {
            let query = QueryParameters::<Q>::of(&request)?.0;
            let (mode, body) = match (query.validate_only(), key_of(&request)?) {
                // A rehearsal has no effect that a second one could double.
                (ValidateOnly::Yes, _) => (mode(Persistence::Rehearse, None), body),
                (ValidateOnly::No, None) => (mode(Persistence::Store, None), body),
                (ValidateOnly::No, Some(key)) => {
                    let (attempt, body) = attempt(&request, key, body).await?;
                    answered_before(&request, &attempt).await?;
                    (mode(Persistence::Store, Some(attempt)), body)
                }
            };
            Ok(Self { query, mode, body })
        })
    }
}

/// The response to a write that ended in one of these ways.
///
/// # Errors
/// `idempotency-key-reused` or `idempotency-in-flight`.
pub fn respond(public_url: &str, carried: Carried) -> Result<HttpResponse, Problem> {
    let (answer, mark) = match carried {
        Carried::Done(answer) => (answer, None),
        Carried::Rehearsed(answer) => (answer, Some(VALIDATE_ONLY)),
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

/// The key is a structured-field string (RFC 9651, section 3.3.3), so it stands in quotes. Many clients leave them out.
fn key_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    let is_key = (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match is_key {
        true => Ok(Some(key.to_owned())),
        false => {
            let detail = "An idempotency key has 1 to 255 visible ASCII characters, such as a UUID in double quotes.";
            Err(
                Problem::new(&problem_codes::MALFORMED_REQUEST, detail).with_fault(ProblemFault::header(
                    "Idempotency-Key",
                    "malformed",
                    detail,
                )),
            )
        }
    }
}

async fn attempt(request: &HttpRequest, key: String, body: UnreadBody) -> Result<(Attempt, UnreadBody), Problem> {
    let principal = match request.headers().contains_key(header::AUTHORIZATION) {
        true => RowId(guards::authenticate(request).await?.account_id),
        false => RowId::default(),
    };
    let media_type = body.media_type().unwrap_or_default();
    let bytes = body.bytes().await?;
    let (method, path) = (request.method().as_str(), request.path());
    let now = AppState::of(request).clock.now();
    let mut digest = Sha256::new();
    for part in [method, path, &sorted_query(request), &media_type] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.update(&bytes);
    let attempt = Attempt {
        principal,
        method: method.to_owned(),
        path: path.to_owned(),
        key,
        fingerprint: hexadecimal(&digest.finalize()),
        now: now.into(),
        expires_at: (now + Duration::hours(KEPT_HOURS)).into(),
    };
    Ok((attempt, UnreadBody::read_already(request, bytes)))
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

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
