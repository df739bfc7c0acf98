//! Answers with the bytes of a rendition (RFC 9110, sections 13 and 14).

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;

use crate::http::conditional::Conditions;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::media::range::{Part, part_of};
use crate::media::renditions::rendition::Rendition;

/// Nothing that a browser finds in a file may do anything, whatever it takes the file for.
const SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Pages of other sites may show it, also those that ask to be isolated.
const RESOURCE_POLICY: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
);

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// For ever: the address changes when the bytes do.
    ForEver,
    /// For five minutes: the focal point may be moved.
    Minutes,
}

impl Freshness {
    /// The `Cache-Control` header (RFC 9111, RFC 8246).
    #[must_use]
    pub fn header_value(self) -> &'static str {
        match self {
            Self::ForEver => "public, max-age=31536000, immutable",
            Self::Minutes => "public, max-age=300",
        }
    }
}

/// Answers with a rendition, with the part of it that the request names, or with 304.
///
/// # Errors
/// `range-not-satisfiable` for a part behind its end.
pub fn bytes_response(
    request: &HttpRequest,
    conditions: &Conditions,
    rendition: &Rendition,
    freshness: Freshness,
) -> Result<HttpResponse, Problem> {
    let tag = format!("\"{}\"", rendition.sha256);
    let mut response = match conditions.holds_tag(&tag) {
        true => HttpResponse::NotModified().finish(),
        false => part_response(request, &tag, rendition)?,
    };
    let headers = response.headers_mut();
    let (name, value) = RESOURCE_POLICY;
    headers.insert(name, value);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(freshness.header_value()),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(SECURITY_POLICY),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

fn part_response(request: &HttpRequest, tag: &str, rendition: &Rendition) -> Result<HttpResponse, Problem> {
    let Rendition {
        bytes,
        content_type,
        sha256: _,
    } = rendition;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match wanted_part(request, tag, length) {
        Part::Whole => Ok(HttpResponse::Ok().content_type(*content_type).body(bytes.clone())),
        Part::Bytes { first, last } => Ok(HttpResponse::PartialContent()
            .insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")))
            .content_type(*content_type)
            .body(slice(bytes, first, last))),
        Part::OutOfReach => {
            let detail = format!("The picture has {length} bytes, and the range begins behind them.");
            Err(Problem::new(&problem_codes::RANGE_NOT_SATISFIABLE, detail.clone())
                .with_fault(ProblemFault::header("Range", "out-of-range", detail))
                .with_header(header::CONTENT_RANGE, &format!("bytes */{length}")))
        }
    }
}

/// The part that the request asks for, unless the client has a part of another file (RFC 9110, section 13.1.5).
fn wanted_part(request: &HttpRequest, tag: &str, length: u64) -> Part {
    let headers = request.headers();
    match headers.get(header::IF_RANGE) {
        Some(condition) if condition.as_bytes() != tag.as_bytes() => Part::Whole,
        _ => part_of(headers.get(header::RANGE).and_then(|range| range.to_str().ok()), length),
    }
}

/// The bytes from the first to the last, which [`part_of`] found to be within the file.
fn slice(bytes: &Bytes, first: u64, last: u64) -> Bytes {
    let place = |place| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(first)..place(last.saturating_add(1)))
}
