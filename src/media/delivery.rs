//! Files for readers.

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use crate::authors::delivery::ReadProblems;
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::IdInPath;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::media::media::MediaRow;
use crate::media::media_type::MediaType;
use crate::media::range::{Part, part_of};
use crate::media::storage::{MediaStorage, StorageKey};
use crate::media::views::{FileBytes, MediaOut, RangeHeaders};
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading a file can answer with.
    pub FileProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_FOUND, RANGE_NOT_SATISFIABLE
);

/// What is under an address of a file never changes, so whoever has it need never ask again.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A file that is opened by itself, as a drawing with scripts may be, runs nothing and loads nothing.
const INERT: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What stands as it is in `filename*` (RFC 8187, section 3.2.1).
const NAME_CODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Read what is known about a file.
///
/// A file is public from the moment it is uploaded, to whoever knows its id.
#[utoipa::path(
    tag = "media",
    operation_id = "get_media",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the file")),
    responses((status = 200, description = "The file", body = MediaOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), ReadProblems),
)]
#[get("/media/{id}")]
pub async fn get_media(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let row = existing(&state, id.0).await?;
    resource_response(
        &conditions,
        row.revision,
        Caching::Public,
        &MediaOut::new(row, &state.settings.public_url, &state.settings.rendition_widths),
    )
}

/// Read the bytes of a file.
///
/// They come with the media type that was found in them when the file was uploaded. One part of a file can be asked for
/// with `Range`. A drawing (SVG) is offered as a download; embedded in a page it is shown.
#[utoipa::path(
    tag = "media",
    operation_id = "get_media_file",
    params(IfNoneMatchHeader, RangeHeaders, ("id" = Uuid, Path, description = "The id of the file")),
    responses((status = 200, description = "The bytes of the file, with its media type", body = FileBytes, content_type = "application/octet-stream",
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 206, description = "The part that was asked for", body = FileBytes, content_type = "application/octet-stream",
        headers(("Content-Range" = String, description = "Which part it is, and how long the file is"))),
        (status = 304, description = "The client has it already"), FileProblems),
)]
#[get("/media/{id}/file")]
pub async fn get_media_file(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing(&state, id.0).await?;
    let file = ServedFile {
        key: row.storage_key(),
        tag: format!("\"{}\"", row.stored_sha256),
        content_type: &row.content_type,
        length: u64::try_from(row.byte_size).unwrap_or_default(),
        disposition: disposition(&row),
    };
    file.answer(&state.media, &request, &conditions).await
}

/// A stored file as it is served.
pub struct ServedFile<'a> {
    /// Where its bytes are.
    pub key: StorageKey,
    /// Its strong entity tag, in quotes.
    pub tag: String,
    /// Its media type, never one that a client named.
    pub content_type: &'a str,
    /// How many bytes it has.
    pub length: u64,
    /// Its `Content-Disposition`.
    pub disposition: String,
}

impl ServedFile<'_> {
    /// The answer to a request for it: all of it, a part, or the news that the client has it.
    ///
    /// # Errors
    /// `range-not-satisfiable`, or what the store gives.
    pub async fn answer(
        &self,
        storage: &MediaStorage,
        request: &HttpRequest,
        conditions: &Conditions,
    ) -> Result<HttpResponse, Problem> {
        if conditions.holds_tag(&self.tag) {
            return Ok(self.with_headers(HttpResponse::NotModified().finish()));
        }
        let part = match if_range_allows(request.headers(), &self.tag) {
            true => part_of(text(request.headers(), &header::RANGE), self.length),
            false => Part::Whole,
        };
        let (mut response, range) = match part {
            Part::Whole => (HttpResponse::Ok(), 0..self.length),
            Part::Bytes { first, last } => {
                let mut response = HttpResponse::PartialContent();
                let shown = format!("bytes {first}-{last}/{}", self.length);
                response.insert_header((header::CONTENT_RANGE, shown));
                (response, first..last.saturating_add(1))
            }
            Part::OutOfReach => return Err(self.out_of_reach()),
        };
        let length = range.end.saturating_sub(range.start);
        let asked = (part != Part::Whole).then_some(range);
        let bytes = storage.read(&self.key, asked).await?;
        let body = SizedStream::new(length, bytes);
        Ok(self.with_headers(response.content_type(self.content_type).body(body)))
    }

    fn with_headers(&self, mut response: HttpResponse) -> HttpResponse {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(INERT));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        // Pages of other sites may show it, also those that ask to be isolated.
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        let named = [
            (header::ETAG, &self.tag),
            (header::CONTENT_DISPOSITION, &self.disposition),
        ];
        for (name, value) in named {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        response
    }

    fn out_of_reach(&self) -> Problem {
        let detail = format!("The file has {} bytes, and the range begins behind them.", self.length);
        Problem::new(&problem_codes::RANGE_NOT_SATISFIABLE, detail.clone())
            .with_fault(ProblemFault::header("Range", "out-of-range", detail))
            .with_header(header::CONTENT_RANGE, &format!("bytes */{}", self.length))
    }
}

/// How a browser shall treat a file that is opened by itself: shown, or offered as a download under its name (RFC 6266).
#[must_use]
pub fn disposition(row: &MediaRow) -> String {
    let known = MediaType::of_declared(&row.content_type);
    let kind = match known.is_some_and(MediaType::is_passive) {
        true => "inline",
        false => "attachment",
    };
    let plain: String = row
        .file_name
        .chars()
        .map(|letter| match letter {
            '"' | '\\' | '%' => '_',
            letter if letter.is_ascii_graphic() || letter == ' ' => letter,
            _ => '_',
        })
        .collect();
    let coded = utf8_percent_encode(&row.file_name, NAME_CODED);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

async fn existing(state: &AppState, id: Uuid) -> Result<MediaRow, Problem> {
    let found: Result<Option<MediaRow>, Failure> = read!(&state.database, media::find(id));
    found?.ok_or_else(|| Problem::not_found("file"))
}

/// Whether a range is to be looked at: not when the client has a part of another file (RFC 9110, section 13.1.5). The
/// comparison is strong, so a weak tag is another one, and so is a date: files have none.
fn if_range_allows(headers: &HeaderMap, tag: &str) -> bool {
    match headers.get(header::IF_RANGE) {
        None => true,
        Some(value) => value.as_bytes() == tag.as_bytes(),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
