//! Bodies, query strings and path segments, read into typed values or refused with every fault named.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, SubsecRound, Utc};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::field::{Line, Refusal, TextFault, WholeNumber, read_from_text};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::slug::{Slug, SlugFault};
use crate::state::AppState;

/// The longest that a body may take to arrive, from its first byte to its last.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A body that has not been read yet. A handler reads it after it has settled who asks, whether the thing exists and
/// whether the precondition holds, so that the first of these that fails is the one that is answered.
pub struct UnreadBody {
    request: HttpRequest,
    source: BodySource,
}

/// Where the bytes of a body are.
enum BodySource {
    /// On their way.
    Stream(Payload),
    /// Here: what the request is known by was made of them.
    Bytes(Bytes),
}

impl FromRequest for UnreadBody {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request, payload)))
    }
}

impl UnreadBody {
    /// The body of a request.
    #[must_use]
    pub fn of(request: &HttpRequest, payload: &mut Payload) -> Self {
        Self {
            request: request.clone(),
            source: BodySource::Stream(payload.take()),
        }
    }

    /// The body of a request whose bytes had to be read before their time.
    #[must_use]
    pub fn read_already(request: &HttpRequest, bytes: Bytes) -> Self {
        Self {
            request: request.clone(),
            source: BodySource::Bytes(bytes),
        }
    }

    /// The media type that the client declares, in lower case and without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.content_type()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The `charset` parameter of the media type, as written.
    #[must_use]
    pub fn charset(&self) -> Option<String> {
        self.content_type()?.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"').to_owned())
        })
    }

    /// All bytes of the body.
    ///
    /// # Errors
    /// `payload-too-large`, `request-timeout`, `unsupported-media-type` for a coded body, or `malformed-request`.
    pub async fn bytes(self) -> Result<Bytes, Problem> {
        let limit = AppState::of(&self.request).settings.max_body_bytes;
        self.refuse_coding()?;
        self.refuse_declared_length(limit)?;
        let mut payload = match self.source {
            BodySource::Bytes(bytes) => return Ok(bytes),
            BodySource::Stream(payload) => payload,
        };
        tokio::time::timeout(BODY_TIMEOUT, collect(&mut payload, limit))
            .await
            .unwrap_or_else(|_elapsed| {
                let detail = format!("The body did not arrive within {} seconds.", BODY_TIMEOUT.as_secs());
                Err(Problem::new(&problem_codes::REQUEST_TIMEOUT, detail))
            })
    }

    /// Reads and checks a JSON body.
    ///
    /// # Errors
    /// `unsupported-media-type`, `malformed-json` with line and column, `validation-failed` with a pointer for every
    /// wrong member, and what [`UnreadBody::bytes`] gives.
    pub async fn json<T: Deserr<InputFaults>>(self) -> Result<T, Problem> {
        match self.media_type().as_deref() {
            Some("application/json" | "application/merge-patch+json") => {}
            declared => return Err(not_json(declared)),
        }
        parse_json(&self.bytes().await?)
    }

    /// Reads and checks a JSON body where there may be none: no bytes are an empty object.
    ///
    /// # Errors
    /// What [`UnreadBody::json`] gives.
    pub async fn optional_json<T: Deserr<InputFaults>>(self) -> Result<T, Problem> {
        let media_type = self.media_type();
        let bytes = self.bytes().await?;
        match (bytes.is_empty(), media_type.as_deref()) {
            (true, _) => parse_json(b"{}"),
            (false, Some("application/json")) => parse_json(&bytes),
            (false, declared) => Err(not_json(declared)),
        }
    }

    fn content_type(&self) -> Option<&str> {
        self.request.headers().get(header::CONTENT_TYPE)?.to_str().ok()
    }

    fn refuse_coding(&self) -> Result<(), Problem> {
        match self.request.headers().get(header::CONTENT_ENCODING) {
            Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
                let detail = "Send the body without Content-Encoding: compressed bodies are not read.";
                Err(
                    Problem::new(&problem_codes::UNSUPPORTED_MEDIA_TYPE, detail).with_fault(ProblemFault::header(
                        "Content-Encoding",
                        "unsupported",
                        detail,
                    )),
                )
            }
            _ => Ok(()),
        }
    }

    fn refuse_declared_length(&self, limit: usize) -> Result<(), Problem> {
        let declared = self
            .request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        match declared {
            Some(length) if length > limit => Err(too_large(limit)),
            _ => Ok(()),
        }
    }
}

async fn collect(payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::new(
                &problem_codes::MALFORMED_REQUEST,
                format!("The body broke off: {error}."),
            )
        })?;
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        &problem_codes::PAYLOAD_TOO_LARGE,
        format!("The body may have at most {limit} bytes."),
    )
}

/// A JSON body that has not been read yet; see [`UnreadBody`].
pub struct JsonBody<T> {
    body: UnreadBody,
    content: PhantomData<T>,
}

impl<T> FromRequest for JsonBody<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self {
            body: UnreadBody::of(request, payload),
            content: PhantomData,
        }))
    }
}

impl<T: Deserr<InputFaults>> JsonBody<T> {
    /// Reads and checks the body.
    ///
    /// # Errors
    /// What [`UnreadBody::json`] gives.
    pub async fn read(self) -> Result<T, Problem> {
        self.body.json().await
    }
}

fn not_json(declared: Option<&str>) -> Problem {
    let found = declared.map_or_else(|| "it is missing".to_owned(), |found| format!("it is {found}"));
    let detail = format!("This route takes JSON: send the header Content-Type: application/json ({found}).");
    Problem::new(&problem_codes::UNSUPPORTED_MEDIA_TYPE, detail.clone())
        .with_fault(ProblemFault::header("Content-Type", "unsupported", detail))
        .with_header(header::HeaderName::from_static("accept-post"), "application/json")
        .with_header(
            header::HeaderName::from_static("accept-patch"),
            "application/json, application/merge-patch+json",
        )
}

fn parse_json<T: Deserr<InputFaults>>(bytes: &[u8]) -> Result<T, Problem> {
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| malformed(bytes, &error))?;
    deserr::deserialize(value).map_err(InputFaults::into_body_problem)
}

fn malformed(bytes: &[u8], error: &serde_json::Error) -> Problem {
    // At the end of the text, and right after a line feed, the parser counts the column from 0.
    let (line, column) = (
        u32::try_from(error.line().max(1)).ok(),
        u32::try_from(error.column().max(1)).ok(),
    );
    let detail = match (bytes.is_empty(), std::str::from_utf8(bytes)) {
        (true, _) => "The body is empty; send a JSON object.".to_owned(),
        (false, Err(utf8)) => format!("The body is not UTF-8: byte {} cannot be read.", utf8.valid_up_to()),
        (false, Ok(_)) => format!("The JSON cannot be read: {error}."),
    };
    Problem::new(&problem_codes::MALFORMED_JSON, detail.clone()).with_fault(ProblemFault::at(
        line,
        column,
        "malformed",
        detail,
    ))
}

/// The query string, read into `T`. Every parameter must be known and stand once.
pub struct QueryParameters<T>(pub T);

impl<T: Deserr<InputFaults>> QueryParameters<T> {
    /// The query string of a request.
    ///
    /// # Errors
    /// `unknown-parameter`, `invalid-parameter` and the like.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        parse_query(request.query_string()).map(Self)
    }
}

impl<T: Deserr<InputFaults>> FromRequest for QueryParameters<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

fn parse_query<T: Deserr<InputFaults>>(query: &str) -> Result<T, Problem> {
    let mut parameters = serde_json::Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if parameters.insert(name.to_string(), value.into()).is_some() {
            return Err(Problem::parameter(&name, "it stands more than once; send it once."));
        }
    }
    deserr::deserialize(serde_json::Value::Object(parameters)).map_err(InputFaults::into_query_problem)
}

/// The UUID in a path of the form `…/{id}…`; also as `{article_id}`.
#[derive(Debug, Clone, Copy)]
pub struct IdInPath(pub Uuid);

impl FromRequest for IdInPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let parameter = if request.match_info().get("id").is_some() {
            "id"
        } else {
            "article_id"
        };
        let text = request.match_info().get(parameter).unwrap_or_default();
        ready(Uuid::parse_str(text).map(Self).map_err(|_malformed| {
            Problem::parameter(
                parameter,
                format!("{text:?} is not a UUID. To look something up by its slug, use …/by-slug/{{slug}}."),
            )
        }))
    }
}

/// What the second id of a path is called, such as `note_id`.
pub trait SubIdName {
    /// The name, as the path has it.
    const NAME: &'static str;
}

/// The UUID of something that belongs to what the first id names, in a path of the form `…/{id}/notes/{note_id}`.
#[derive(Debug, Clone, Copy)]
pub struct SubIdInPath<N> {
    /// The id.
    pub id: Uuid,
    name: PhantomData<N>,
}

impl<N: SubIdName> FromRequest for SubIdInPath<N> {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = request.match_info().query(N::NAME);
        let name = PhantomData;
        ready(
            Uuid::parse_str(text)
                .map(|id| Self { id, name })
                .map_err(|_malformed| Problem::parameter(N::NAME, format!("{text:?} is not a UUID."))),
        )
    }
}

/// The number of a revision in a path of the form `…/{revision}`, from 1.
#[derive(Debug, Clone, Copy)]
pub struct RevisionInPath(pub i32);

impl FromRequest for RevisionInPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = request.match_info().query("revision");
        ready(match text.parse() {
            Ok(number @ 1..) => Ok(Self(number)),
            _ => Err(Problem::parameter(
                "revision",
                format!("{text:?} is not the number of a revision, such as 3."),
            )),
        })
    }
}

/// The name of an article in another system, in a path of the form `…/{source}/{external_id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdInPath {
    /// The system.
    pub source: String,
    /// The id there.
    pub id: String,
}

impl FromRequest for ExternalIdInPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let wrong = |name: &'static str| move |fault: TextFault| Problem::parameter(name, fault.to_string());
        let source = Line::<100>::parse(request.match_info().query("source")).map_err(wrong("source"));
        let id = Line::<300>::parse(request.match_info().query("external_id")).map_err(wrong("external_id"));
        ready(source.and_then(|source| {
            Ok(Self {
                source: source.into_string(),
                id: id?.into_string(),
            })
        }))
    }
}

/// The slug in a path of the form `…/{slug}`.
#[derive(Debug, Clone)]
pub struct SlugInPath(pub Slug);

impl FromRequest for SlugInPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = request.match_info().query("slug");
        ready(
            Slug::parse(text)
                .map(Self)
                .map_err(|fault| Problem::parameter("slug", fault.to_string())),
        )
    }
}

/// A UUID in a body or a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UuidText(pub Uuid);

/// How many levels of a thread to show: 1 to 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelCount(pub i32);

/// How many replies to show below each comment: 0 to 499.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyCount(pub i32);

/// Ids in a query string, with commas between them: at least one, at most so many, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdList<const MOST: usize>(pub Vec<Uuid>);

/// The number of a revision in a body, from 1.
pub type RevisionNumber = WholeNumber<1, { i32::MAX }>;

/// What names an author in a filter: a slug, or an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlugOrId {
    /// A slug.
    Slug(Slug),
    /// An id.
    Id(Uuid),
}

/// A point in time in a body: RFC 3339, with a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeText(pub DateTime<Utc>);

/// A text that has none of the forms that its place takes.
#[derive(Debug)]
pub struct FormFault {
    code: &'static str,
    detail: String,
}

impl Default for LevelCount {
    fn default() -> Self {
        Self(MAX_LEVELS)
    }
}

const MAX_LEVELS: i32 = 32;

/// One less than the items that an answer may have, since what they reply to is one.
const MAX_REPLIES: i32 = 499;

impl TryFrom<&String> for UuidText {
    type Error = FormFault;

    fn try_from(text: &String) -> Result<Self, FormFault> {
        let fault = |_malformed| FormFault {
            code: "invalid-uuid",
            detail: format!("{text:?} is not a UUID"),
        };
        Uuid::parse_str(text).map(Self).map_err(fault)
    }
}

impl TryFrom<&String> for SlugOrId {
    type Error = SlugFault;

    fn try_from(text: &String) -> Result<Self, SlugFault> {
        Uuid::parse_str(text)
            .map(Self::Id)
            .or_else(|_not_an_id| Slug::parse(text).map(Self::Slug))
    }
}

impl TryFrom<&String> for TimeText {
    type Error = FormFault;

    fn try_from(text: &String) -> Result<Self, FormFault> {
        let fault = |_malformed| {
            let detail = format!("{text:?} is not an RFC 3339 time with a zone, such as 2026-03-01T12:00:00Z");
            FormFault {
                code: "invalid-time",
                detail,
            }
        };
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.to_utc().trunc_subsecs(6)))
            .map_err(fault)
    }
}

impl TryFrom<&String> for LevelCount {
    type Error = FormFault;

    fn try_from(text: &String) -> Result<Self, FormFault> {
        match text.parse() {
            Ok(levels) if (1..=MAX_LEVELS).contains(&levels) => Ok(Self(levels)),
            _ => Err(FormFault {
                code: "invalid",
                detail: format!("{text:?} is not a number from 1 to {MAX_LEVELS}"),
            }),
        }
    }
}

impl TryFrom<&String> for ReplyCount {
    type Error = FormFault;

    fn try_from(text: &String) -> Result<Self, FormFault> {
        match text.parse() {
            Ok(replies) if (0..=MAX_REPLIES).contains(&replies) => Ok(Self(replies)),
            _ => Err(FormFault {
                code: "invalid",
                detail: format!("{text:?} is not a number from 0 to {MAX_REPLIES}"),
            }),
        }
    }
}

impl<const MOST: usize> TryFrom<&String> for IdList<MOST> {
    type Error = FormFault;

    fn try_from(text: &String) -> Result<Self, FormFault> {
        let mut ids = Vec::new();
        for part in text.split(',') {
            let UuidText(id) = UuidText::try_from(&part.trim().to_owned())?;
            if !ids.contains(&id) {
                ids.push(id);
            }
            if ids.len() > MOST {
                return Err(FormFault {
                    code: "too-many",
                    detail: format!("it names more than {MOST} ids; ask for the others in another request"),
                });
            }
        }
        Ok(Self(ids))
    }
}

impl std::fmt::Display for FormFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Refusal for FormFault {
    fn code(&self) -> &'static str {
        self.code
    }
}

read_from_text!(UuidText);
read_from_text!(SlugOrId);
read_from_text!(TimeText);
read_from_text!(LevelCount);
read_from_text!(ReplyCount);
read_from_text!([const MOST: usize] IdList<MOST>);

/// Everything that is wrong with a body or a query string.
#[derive(Debug, Default)]
pub struct InputFaults {
    faults: Vec<InputFault>,
}

#[derive(Debug)]
struct InputFault {
    /// The JSON Pointer of the member (RFC 6901); for a query string, its name after a slash.
    pointer: String,
    code: &'static str,
    detail: String,
}

impl InputFaults {
    /// One fault at a JSON Pointer, for rules that concern several members.
    #[must_use]
    pub fn at(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            faults: vec![InputFault {
                pointer: pointer.to_owned(),
                code,
                detail: detail.into(),
            }],
        }
    }

    /// All faults in one; `None` where there are none.
    #[must_use]
    pub fn together(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let faults: Vec<InputFault> = all.into_iter().flat_map(|some| some.faults).collect();
        (!faults.is_empty()).then_some(Self { faults })
    }

    /// The same faults of something that stands at a place of the body, which is a JSON Pointer.
    #[must_use]
    pub fn below(self, place: &str) -> Self {
        let faults = self.faults.into_iter().map(|fault| InputFault {
            pointer: format!("{place}{}", fault.pointer),
            ..fault
        });
        Self {
            faults: faults.collect(),
        }
    }

    /// Passes a list that is not too long.
    ///
    /// # Errors
    /// A fault at the list.
    pub fn at_most<T>(pointer: &str, most: usize, list: Vec<T>) -> Result<Vec<T>, Self> {
        match list.len() {
            count if count > most => Err(Self::at(
                pointer,
                "too-many",
                format!("there are {count} entries, and at most {most} are taken"),
            )),
            _ => Ok(list),
        }
    }

    /// The problem for a body.
    #[must_use]
    pub fn into_body_problem(self) -> Problem {
        let detail = self.summary("field");
        let faults = self
            .faults
            .into_iter()
            .map(|fault| ProblemFault::member(&fault.pointer, fault.code, fault.detail));
        Problem::new(&problem_codes::VALIDATION_FAILED, detail).with_faults(faults)
    }

    /// The problem for a query string.
    #[must_use]
    pub fn into_query_problem(self) -> Problem {
        let codes: BTreeSet<&str> = self.faults.iter().map(|fault| fault.code).collect();
        let kind = match codes.first() {
            Some(&"unknown") => &problem_codes::UNKNOWN_PARAMETER,
            Some(&"limit-too-large") => &problem_codes::LIMIT_TOO_LARGE,
            _ => &problem_codes::INVALID_PARAMETER,
        };
        let detail = self.summary("parameter");
        let faults = self
            .faults
            .into_iter()
            .map(|fault| ProblemFault::parameter(fault.pointer.trim_start_matches('/'), fault.code, fault.detail));
        Problem::new(kind, detail).with_faults(faults)
    }

    fn summary(&self, what: &str) -> String {
        match self.faults.as_slice() {
            [only] => format!("1 {what} is wrong: {}.", only.detail.trim_end_matches('.')),
            all => format!("{} {what}s are wrong; errors names each.", all.len()),
        }
    }

    fn push(this: Option<Self>, pointer: String, code: &'static str, detail: String) -> ControlFlow<Self, Self> {
        let mut faults = this.unwrap_or_default();
        faults.faults.push(InputFault { pointer, code, detail });
        // Reading goes on, so that one answer names every fault.
        ControlFlow::Continue(faults)
    }
}

impl<R: Refusal> MergeWithError<R> for InputFaults {
    fn merge(this: Option<Self>, other: R, location: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        Self::push(this, pointer_of(location), other.code(), other.to_string())
    }
}

impl MergeWithError<Self> for InputFaults {
    fn merge(this: Option<Self>, other: Self, _location: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut faults = this.unwrap_or_default();
        faults.faults.extend(other.faults);
        ControlFlow::Continue(faults)
    }
}

impl DeserializeError for InputFaults {
    fn error<V: IntoValue>(
        this: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let detail = format!("expected {}, found {}", kinds(accepted), kind_name(actual.kind()));
                Self::push(this, pointer_of(location), "wrong-type", detail)
            }
            ErrorKind::MissingField { field } => Self::push(
                this,
                pointer_of(location.push_key(field)),
                "required",
                format!("{field} is missing"),
            ),
            ErrorKind::UnknownKey { key, accepted } => {
                let detail = format!(
                    "there is no {key:?}{}; known are: {}",
                    hint(key, accepted),
                    accepted.join(", ")
                );
                Self::push(this, pointer_of(location.push_key(key)), "unknown", detail)
            }
            ErrorKind::UnknownValue { value, accepted } => {
                let detail = format!(
                    "{value:?} is not one of {}{}",
                    accepted.join(", "),
                    hint(value, accepted)
                );
                Self::push(this, pointer_of(location), "unknown-value", detail)
            }
            ErrorKind::BadSequenceLen { expected, .. } => Self::push(
                this,
                pointer_of(location),
                "wrong-length",
                format!("expected {expected} items"),
            ),
            ErrorKind::Unexpected { msg } => Self::push(this, pointer_of(location), "invalid", msg),
        }
    }
}

/// `; did you mean "title"?`, if one of the names is near enough to be what was meant.
fn hint(found: &str, accepted: &[&str]) -> String {
    const NEAR: f64 = 0.8;
    accepted
        .iter()
        .map(|name| (strsim::jaro_winkler(found, name), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name:?}?"))
}

fn kinds(accepted: &[ValueKind]) -> String {
    accepted
        .iter()
        .map(|kind| kind_name(*kind))
        .collect::<Vec<_>>()
        .join(" or ")
}

fn kind_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer | ValueKind::NegativeInteger => "a whole number",
        ValueKind::Float => "a number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

/// Adds a fault of a place below `location` to those that were found before; `pointer` is a JSON Pointer from there.
pub fn fault_below<E: MergeWithError<F>, F>(
    faults: Option<E>,
    pointer: &str,
    location: ValuePointerRef<'_>,
    fault: F,
) -> E {
    let Some(path) = pointer.strip_prefix('/') else {
        return deserr::take_cf_content(E::merge(faults, fault, location));
    };
    let end = path.find('/').unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    let name = name.replace("~1", "/").replace("~0", "~");
    fault_below(faults, rest, location.push_key(&name), fault)
}

fn pointer_of(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => {
            format!("{}/{}", pointer_of(*prev), key.replace('~', "~0").replace('/', "~1"))
        }
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer_of(*prev)),
    }
}
