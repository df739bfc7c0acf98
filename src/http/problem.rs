//! Problem details (RFC 9457): every answer that is not a success.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::http::problem_codes::{self, ProblemCode};

/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What every `type` URI begins with. It is the same in every installation, so that clients can compare it.
pub const TYPE_PREFIX: &str = "tag:galley,2026:problems/";

/// Seconds after which a request that met a busy or unreachable database may be sent again.
const RETRY_AFTER_SECONDS: u32 = 2;

/// Why a request was not carried out, as RFC 9457 has it, with members of our own for what a client can act on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// The kind of problem: a URI that is the same in every installation. Its last segment is `code`.
    #[schema(example = "tag:galley,2026:problems/validation-failed")]
    pub r#type: String,
    /// A short summary of the kind of problem.
    #[schema(example = "A field has a value it cannot have")]
    pub title: String,
    /// The HTTP status code.
    #[schema(example = 422, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this request, in one sentence.
    #[schema(example = "1 field is wrong: title is missing")]
    pub detail: String,
    /// The path of the request.
    #[schema(example = "/v1/editorial/articles")]
    pub instance: String,
    /// The kind of problem as one word, for scripts.
    #[schema(example = "validation-failed")]
    pub code: String,
    /// The id of the request, as in the `Request-Id` header and the server's log.
    #[schema(example = "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071")]
    pub request_id: String,
    /// Every single fault, where there can be more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<ProblemFault>,
    /// With 412 and 428: the current entity tag, to send as `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "\"r3\"")]
    pub current_etag: Option<String>,
    /// With 412: the current revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub current_revision: Option<i32>,
    /// With 412: the account that made the current revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub changed_by: Option<Uuid>,
    /// With 412: when the current revision was made.
    #[serde(skip_serializing_if = "Option::is_none", with = "crate::http::times::optional")]
    #[schema(nullable = false, example = "2026-03-01T12:00:00.000Z")]
    pub changed_at: Option<DateTime<Utc>>,
    /// With 412 about an article: the members that others changed since the revision in `If-Match`; left out when that one
    /// is not kept any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["title"]))]
    pub changed_fields: Option<Vec<String>>,
    /// With 412 about an article: whether `merge=auto` would store the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub merges_cleanly: Option<bool>,
    /// With 412 about an article: the members that both changed, each in another way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["title"]))]
    pub conflicting_fields: Option<Vec<String>>,
    /// With `illegal-transition`: where the article stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "trashed")]
    pub current_status: Option<String>,
    /// With `illegal-transition`: the steps that can be taken from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["restore", "purge"]))]
    pub legal_steps: Option<Vec<String>>,
    /// With `slug-taken` and the like: what has the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conflicting_id: Option<Uuid>,
    /// With `slug-taken`: a slug that is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "a-walk-through-the-harbour-2")]
    pub suggestion: Option<String>,
    /// With `comments-closed`: what the editors say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Comments are closed.")]
    pub message: Option<String>,
    /// With `comments-closed`: the state of the thread: `closed`, `read_only` or `hidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "closed")]
    pub thread_state: Option<String>,
    /// With `comments-closed`: why it is not open: `editors`, `age` or `document`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "age")]
    pub closed_reason: Option<String>,
    /// With `media-in-use`: some of the places where the file is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub used_by: Option<Vec<ProblemUse>>,
    /// With 429 and 503: seconds to wait before the request is sent again, as in the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 2)]
    pub retry_after: Option<u32>,
}

/// A place where something is used that therefore cannot go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemUse {
    /// What uses it: `article`, `published_article` or `author`.
    #[schema(example = "article")]
    pub kind: String,
    /// Which one.
    pub id: Uuid,
    /// Its title, or its name.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// Where in it.
    #[schema(example = "cover")]
    pub place: String,
}

/// One fault of a request, with its place: a member of the body, a parameter, a header, or a line of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemFault {
    /// The member of the body: a JSON Pointer (RFC 6901) as a URI fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#/title")]
    pub pointer: Option<String>,
    /// The path or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// The request header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "If-Match")]
    pub header: Option<String>,
    /// The line of the body, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4)]
    pub line: Option<u32>,
    /// The column in that line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 9)]
    pub column: Option<u32>,
    /// What kind of fault it is, as one word.
    #[schema(example = "required")]
    pub code: String,
    /// What is wrong and how to mend it, in one sentence.
    #[schema(example = "title is missing")]
    pub detail: String,
}

impl ProblemFault {
    /// A fault of a member of the body; `pointer` is a JSON Pointer without the fragment sign, such as `/title`.
    #[must_use]
    pub fn member(pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(format!("#{pointer}")),
            ..Self::placeless(code, detail)
        }
    }

    /// A fault of a path or query parameter.
    #[must_use]
    pub fn parameter(name: &str, code: &str, detail: impl Into<String>) -> Self {
        Self {
            parameter: Some(name.to_owned()),
            ..Self::placeless(code, detail)
        }
    }

    /// A fault of a request header.
    #[must_use]
    pub fn header(name: &str, code: &str, detail: impl Into<String>) -> Self {
        Self {
            header: Some(name.to_owned()),
            ..Self::placeless(code, detail)
        }
    }

    /// A fault at a line and column of the body, both counted from 1.
    #[must_use]
    pub fn at(line: Option<u32>, column: Option<u32>, code: &str, detail: impl Into<String>) -> Self {
        Self {
            line,
            column,
            ..Self::placeless(code, detail)
        }
    }

    fn placeless(code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
            header: None,
            line: None,
            column: None,
            code: code.to_owned(),
            detail: detail.into(),
        }
    }
}

/// A problem on its way to the client: what the client will see, what only the log will see, and extra headers.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static ProblemCode,
    details: Box<ProblemDetails>,
    headers: Vec<(HeaderName, HeaderValue)>,
    internal: Option<String>,
}

impl Problem {
    /// A problem of a kind of the table, with one sentence about this occurrence.
    #[must_use]
    pub fn new(kind: &'static ProblemCode, detail: impl Into<String>) -> Self {
        let details = ProblemDetails {
            r#type: format!("{TYPE_PREFIX}{}", kind.code),
            title: kind.title.to_owned(),
            status: kind.status,
            detail: detail.into(),
            instance: String::new(),
            code: kind.code.to_owned(),
            request_id: String::new(),
            errors: Vec::new(),
            current_etag: None,
            current_revision: None,
            changed_by: None,
            changed_at: None,
            changed_fields: None,
            merges_cleanly: None,
            conflicting_fields: None,
            current_status: None,
            legal_steps: None,
            conflicting_id: None,
            suggestion: None,
            message: None,
            thread_state: None,
            closed_reason: None,
            used_by: None,
            retry_after: None,
        };
        Self {
            kind,
            details: Box::new(details),
            headers: Vec::new(),
            internal: None,
        }
    }

    /// A failure that the client can do nothing about. `internal` goes to the log only.
    #[must_use]
    pub fn internal(internal: impl Into<String>) -> Self {
        let mut problem = Self::new(
            &problem_codes::INTERNAL_ERROR,
            "The server failed to carry out the request.",
        );
        problem.internal = Some(internal.into());
        problem
    }

    /// A passing failure: the same request may succeed in a moment. `internal` goes to the log only.
    #[must_use]
    pub fn unavailable(detail: &str, internal: impl Into<String>) -> Self {
        let mut problem = Self::new(&problem_codes::SERVICE_UNAVAILABLE, detail);
        problem.internal = Some(internal.into());
        problem.details.retry_after = Some(RETRY_AFTER_SECONDS);
        problem.with_header(header::RETRY_AFTER, &RETRY_AFTER_SECONDS.to_string())
    }

    /// Something that is absent or not visible to the caller; `what` names it, such as `article`.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(&problem_codes::NOT_FOUND, format!("There is no such {what}."))
    }

    /// One wrong parameter of the path or the query.
    #[must_use]
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(
            &problem_codes::INVALID_PARAMETER,
            format!("The parameter {name} is wrong: {detail}"),
        )
        .with_fault(ProblemFault::parameter(name, "invalid", detail))
    }

    /// Adds one fault to `errors`.
    #[must_use]
    pub fn with_fault(mut self, fault: ProblemFault) -> Self {
        self.details.errors.push(fault);
        self
    }

    /// Adds faults to `errors`.
    #[must_use]
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = ProblemFault>) -> Self {
        self.details.errors.extend(faults);
        self
    }

    /// Sets the members that only some kinds of problem have.
    #[must_use]
    pub fn with_members(mut self, set: impl FnOnce(&mut ProblemDetails)) -> Self {
        set(&mut self.details);
        self
    }

    /// Adds a header to the answer. A value that no header can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The row of the table.
    #[must_use]
    pub fn kind(&self) -> &'static ProblemCode {
        self.kind
    }

    /// What the client will see.
    #[must_use]
    pub fn details(&self) -> &ProblemDetails {
        &self.details
    }

    /// What only the log may show.
    #[must_use]
    pub fn internal_message(&self) -> Option<&str> {
        self.internal.as_deref()
    }

    /// The answer, with the path and the id of the request it answers. With [`Rendering::Text`] it is two lines.
    #[must_use]
    pub fn to_response(&self, instance: &str, request_id: &str, rendering: Rendering) -> HttpResponse {
        let mut details = self.details.clone();
        instance.clone_into(&mut details.instance);
        request_id.clone_into(&mut details.request_id);
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.append_header((name.clone(), value.clone()));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match rendering {
            Rendering::Json => response.content_type(MEDIA_TYPE).json(details),
            Rendering::Text => response
                .content_type("text/plain; charset=utf-8")
                .body(details.to_string()),
        }
    }
}

/// How a problem is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// As `application/problem+json`.
    Json,
    /// As text for a terminal, for clients that accept only `text/plain`.
    Text,
}

impl fmt::Display for ProblemDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}: {}", self.status, self.code, self.title)?;
        writeln!(f, "{}", self.detail)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code, self.details.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Telemetry writes the body again with the path and the request id, which are not known here.
    fn error_response(&self) -> HttpResponse {
        self.to_response("", "", Rendering::Json)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy(cause) => Self::unavailable("The database is busy; nothing was stored.", cause),
            Failure::Unavailable(cause) => {
                Self::unavailable("The database cannot be reached; nothing was stored.", cause)
            }
            Failure::Internal(cause) => Self::internal(cause),
        }
    }
}

/// The problems that an operation can answer with, as responses of the `OpenAPI` document: one a status, naming its codes.
#[must_use]
pub fn documented(
    kinds: &[&'static ProblemCode],
) -> BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
    let mut by_status: BTreeMap<u16, Vec<&'static ProblemCode>> = BTreeMap::new();
    for kind in kinds {
        let named = by_status.entry(kind.status).or_default();
        if !named.contains(kind) {
            named.push(kind);
        }
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), documented_status(&kinds).into()))
        .collect()
}

fn documented_status(kinds: &[&'static ProblemCode]) -> utoipa::openapi::Response {
    let codes: Vec<String> = kinds
        .iter()
        .map(|kind| format!("{} ({})", kind.code, kind.title))
        .collect();
    let schema = utoipa::openapi::Ref::from_schema_name("ProblemDetails");
    let example = kinds.first().map(|kind| {
        serde_json::json!({
            "type": format!("{TYPE_PREFIX}{}", kind.code),
            "title": kind.title,
            "status": kind.status,
            "detail": kind.cause,
            "instance": "/v1/articles",
            "code": kind.code,
            "request_id": "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071",
        })
    });
    let content = utoipa::openapi::ContentBuilder::new()
        .schema(Some(schema))
        .example(example)
        .build();
    utoipa::openapi::ResponseBuilder::new()
        .description(codes.join("; "))
        .content(MEDIA_TYPE, content)
        .build()
}

/// Declares what a write can answer with: `write_problems!(pub AuthorDeleteProblems: NOT_FOUND, …)`. What its query and its
/// idempotency key can give comes by itself.
#[macro_export]
macro_rules! write_problems {
    ($(#[$meta:meta])* $visibility:vis $name:ident: $($code:ident),* $(,)?) => {
        $crate::problems!(
            $(#[$meta])*
            $visibility $name: INVALID_PARAMETER, MALFORMED_REQUEST, UNKNOWN_PARAMETER, IDEMPOTENCY_IN_FLIGHT,
            IDEMPOTENCY_KEY_REUSED, $($code),*
        );
    };
}

/// Declares a set of problems that operations name among their responses: `problems!(pub ReadProblems: NOT_FOUND, …)`.
#[macro_export]
macro_rules! problems {
    ($(#[$meta:meta])* $visibility:vis $name:ident: $($code:ident),* $(,)?) => {
        $(#[$meta])*
        $visibility struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::http::problem::documented(&[
                    $(&$crate::http::problem_codes::$code,)*
                    &$crate::http::problem_codes::INTERNAL_ERROR,
                    &$crate::http::problem_codes::SERVICE_UNAVAILABLE,
                ])
            }
        }
    };
}
