//! Receiving files: as a field of a form, or as a body by themselves.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::LazyLock;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, post, put};
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::WriteMedia;
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::input::InputFaults;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::streamed_body::{Pace, StreamedBody, broken_off};
use crate::http::write::{BegunWrite, IdempotencyKeyHeader, StreamedWrite, WriteQuery, hexadecimal};
use crate::idempotency::record::Persistence;
use crate::media::file_name::FileName;
use crate::media::images::fault::{ImageFault, ImageLimits};
use crate::media::images::inspecting::{InspectedImage, inspect};
use crate::media::keeping::Unclaimed;
use crate::media::media::{AltText, Caption, Credit, MediaBytes, MediaRow, MediaTexts, NewMedia, Uploaded};
use crate::media::media_type::{HEAD_BYTES, MediaType, taken_types};
use crate::media::storage::{Content, IncomingFile, StorageFault, StorageKey};
use crate::media::views::{EditorialMediaOut, FileBytes, MediaFormIn, MediaUploadQuery};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

/// Bytes that a form may have beside its file.
const FORM_BYTES: u64 = 64 * 1024;

/// The most bytes of a text in a form.
const TEXT_BYTES: usize = 16 * 1024;

/// Pictures that are looked at at once. Each takes a processor, and memory for all of its pixels.
static INSPECTIONS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism();
    Semaphore::new(processors.map_or(1, std::num::NonZero::get))
});

write_problems!(
    /// What an upload can answer with.
    UploadProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE,
    MEDIA_TYPE_MISMATCH, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, STORAGE_FULL
);

/// Upload a file, with a form.
///
/// The field `file` is the file; `alt`, `caption` and `credit` may be sent beside it, in any order. JPEG, PNG, GIF, `WebP`,
/// AVIF, SVG, PDF, MP3, M4A, OGG, WAV, MP4 and `WebM` are taken. The type is told by the bytes, and a type that the client
/// names must be the same. Readers get pictures without the metadata that cameras write into them, such as the place.
/// A file that was uploaded before is answered with 200, and what is said about it stays as it is.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "upload_media",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = MediaFormIn, content_type = "multipart/form-data"),
    responses((status = 201, description = "The file", body = EditorialMediaOut,
        headers(("Location" = String, description = "Where the file is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 200, description = "The file, which was there already", body = EditorialMediaOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UploadProblems),
)]
#[post("/media")]
pub async fn upload_media(
    state: Data<AppState>,
    caller: Authorized<WriteMedia>,
    write: StreamedWrite,
) -> Result<HttpResponse, Error> {
    let (_query, begun, body) = write.begin()?;
    let received = receive_form(&state, body).await?;
    store(&state, &caller, begun, received).await
}

/// Upload a file as it is.
///
/// Made for `curl -T picture.jpg …/v1/editorial/media/files/`, which puts the name of the file behind the slash. The name
/// is what people see; another file of the same name is another file. The rest is as with a form.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "upload_media_file",
    security(("bearer" = [])),
    params(MediaUploadQuery, IdempotencyKeyHeader,
        ("file_name" = String, Path, description = "The name of the file", example = "harbour.jpg")),
    request_body(content = FileBytes, description = "The file", content_type = "application/octet-stream"),
    responses((status = 201, description = "The file", body = EditorialMediaOut,
        headers(("Location" = String, description = "Where the file is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 200, description = "The file, which was there already", body = EditorialMediaOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UploadProblems),
)]
#[put("/media/files/{file_name}")]
pub async fn upload_media_file(
    state: Data<AppState>,
    caller: Authorized<WriteMedia>,
    name: FileNameInPath,
    write: StreamedWrite<MediaUploadQuery>,
) -> Result<HttpResponse, Error> {
    let (query, begun, body) = write.begin()?;
    let received = receive_raw(&state, body, &name, query.texts()).await?;
    store(&state, &caller, begun, received).await
}

/// The name of a file at the end of a path, of which slashes may be coded; nothing when nothing of it is a name.
pub struct FileNameInPath(Option<FileName>);

impl FromRequest for FileNameInPath {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = percent_decode_str(request.match_info().query("file_name")).decode_utf8_lossy();
        ready(Ok(Self(FileName::parse(&text).ok())))
    }
}

/// A file that arrived whole.
struct Received {
    bytes: ReceivedBytes,
    name: Option<FileName>,
    declared: Declared,
    texts: MediaTexts,
}

/// The bytes of a file, written to a place of this machine while they came.
struct ReceivedBytes {
    file: IncomingFile,
    sha256: String,
    length: u64,
    head: Vec<u8>,
}

/// What a client says that a file is, and where it says so.
struct Declared {
    media_type: Option<String>,
    place: BodyPlace,
}

/// How the file was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyPlace {
    /// As the field `file` of a form.
    Field,
    /// As the whole body.
    Whole,
}

/// A file while it comes.
struct Reception {
    file: IncomingFile,
    digest: Sha256,
    length: u64,
    head: Vec<u8>,
    most: u64,
}

impl Reception {
    async fn begin(state: &AppState) -> Result<Self, Problem> {
        Ok(Self {
            file: state.media.receive().await?,
            digest: Sha256::new(),
            length: 0,
            head: Vec::new(),
            most: state.settings.max_media_bytes,
        })
    }

    async fn take(&mut self, piece: &Bytes) -> Result<(), Problem> {
        self.length = self
            .length
            .saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if self.length > self.most {
            return Err(too_large(self.most));
        }
        let missing = HEAD_BYTES.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(piece.get(..missing).unwrap_or_default());
        self.digest.update(piece);
        Ok(self.file.write(piece).await?)
    }

    async fn end(mut self) -> Result<ReceivedBytes, Problem> {
        self.file.finish().await?;
        Ok(ReceivedBytes {
            file: self.file,
            sha256: hexadecimal(&self.digest.finalize()),
            length: self.length,
            head: self.head,
        })
    }
}

async fn receive_raw(
    state: &AppState,
    mut body: StreamedBody,
    name: &FileNameInPath,
    texts: MediaTexts,
) -> Result<Received, Problem> {
    let most = state.settings.max_media_bytes;
    body.refuse_early(most, || too_large(most))?;
    let declared = Declared {
        media_type: body.media_type(),
        place: BodyPlace::Whole,
    };
    let mut reception = Reception::begin(state).await?;
    while let Some(piece) = body.next().await? {
        reception.take(&piece).await?;
    }
    Ok(Received {
        bytes: reception.end().await?,
        name: name.0.clone(),
        declared,
        texts,
    })
}

/// What a form has brought so far.
#[derive(Default)]
struct FormParts {
    file: Option<(ReceivedBytes, Option<FileName>, Option<String>)>,
    texts: serde_json::Map<String, serde_json::Value>,
}

async fn receive_form(state: &AppState, body: StreamedBody) -> Result<Received, Problem> {
    if body.media_type().as_deref() != Some("multipart/form-data") {
        return Err(no_form(body.media_type().as_deref()));
    }
    let most = state.settings.max_media_bytes;
    body.refuse_early(most.saturating_add(FORM_BYTES), || too_large(most))?;
    let (request, pieces, mut pace) = body.into_parts();
    let mut form = Multipart::new(request.headers(), pieces);
    let mut parts = FormParts::default();
    while let Some(field) = pace.within(form.next()).await? {
        let mut field = field.map_err(|error| unreadable_form(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        if parts.texts.contains_key(&name) {
            let fault = InputFaults::at(
                &format!("/{name}"),
                "duplicate",
                "it stands more than once; send it once",
            );
            return Err(fault.into_body_problem());
        }
        let text = if name == "file" {
            parts.file = Some(receive_file(state, &mut field, &mut pace).await?);
            String::new()
        } else {
            receive_text(&mut field, &name, &mut pace).await?
        };
        parts.texts.insert(name, serde_json::Value::String(text));
    }
    let fields: Result<MediaFormIn, InputFaults> = deserr::deserialize(serde_json::Value::Object(parts.texts));
    let texts = fields.map_err(InputFaults::into_body_problem)?.texts();
    let Some((bytes, name, media_type)) = parts.file else {
        return Err(InputFaults::at("/file", "required", "file is missing").into_body_problem());
    };
    Ok(Received {
        bytes,
        name,
        declared: Declared {
            media_type,
            place: BodyPlace::Field,
        },
        texts,
    })
}

async fn receive_file(
    state: &AppState,
    field: &mut Field,
    pace: &mut Pace,
) -> Result<(ReceivedBytes, Option<FileName>, Option<String>), Problem> {
    let disposition = field.content_disposition();
    let extended = disposition
        .and_then(|disposition| disposition.get_filename_ext())
        .map(|name| String::from_utf8_lossy(&name.value).into_owned());
    let plain = disposition
        .and_then(|disposition| disposition.get_filename())
        .map(str::to_owned);
    let name = extended.or(plain).and_then(|name| FileName::parse(&name).ok());
    let media_type = field
        .content_type()
        .map(|declared| declared.essence_str().to_ascii_lowercase());
    let mut reception = Reception::begin(state).await?;
    while let Some(piece) = pace.within(field.next()).await? {
        let piece = piece.map_err(|error| unreadable_form(&error))?;
        pace.count(Some(&piece));
        reception.take(&piece).await?;
    }
    Ok((reception.end().await?, name, media_type))
}

async fn receive_text(field: &mut Field, name: &str, pace: &mut Pace) -> Result<String, Problem> {
    let refused = |code, detail: &str| InputFaults::at(&format!("/{name}"), code, detail).into_body_problem();
    let mut text = Vec::new();
    while let Some(piece) = pace.within(field.next()).await? {
        let piece = piece.map_err(|error| unreadable_form(&error))?;
        pace.count(Some(&piece));
        if text.len().saturating_add(piece.len()) > TEXT_BYTES {
            return Err(refused(
                "too-long",
                "it is longer than any text of this form may be; the file goes into the field file",
            ));
        }
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).map_err(|_not_text| refused("not-utf-8", "it is not UTF-8; send it as UTF-8"))
}

/// Stores what was received, unless it is there already, or only pretends to.
async fn store(
    state: &Data<AppState>,
    caller: &Authorized<WriteMedia>,
    begun: BegunWrite,
    received: Received,
) -> Result<HttpResponse, Error> {
    let media_type = settled_type(&received)?;
    let persistence = begun.persistence();
    let mode = begun.mode(&received.identity()).await?;
    let sha256 = received.bytes.sha256.clone();
    let known: Result<Option<MediaRow>, Failure> = read!(&state.database, media::find_by_hash(sha256));
    let known = known.map_err(Problem::from)?;
    if let Some(row) = &known
        && (persistence == Persistence::Rehearse || state.media.has(&row.storage_key()).await.map_err(Problem::from)?)
    {
        let (id, answered) = (row.id.0, answer(state));
        return Ok(carry_out!(state, mode, media::known(id), answered)?);
    }
    let inspected = inspected(&received.bytes, media_type, state.image_limits()).await?;
    let content = match &inspected.cleaned {
        Some(cleaned) => Content::Bytes(cleaned.clone()),
        None => received.bytes.file.content(),
    };
    let (stamp, answered) = (state.stamp(caller), answer(state));
    let new = NewMedia {
        id: stamp.new_id(),
        file_name: received.name_or_make_one_up(media_type),
        bytes: received.bytes.described(media_type, inspected),
        texts: received.texts,
    };
    if persistence == Persistence::Rehearse {
        return Ok(carry_out!(state, mode, media::create(new, stamp), answered)?);
    }
    let stored_sha256 = new.bytes.stored_sha256.clone();
    let key = StorageKey::original(&stored_sha256);
    let unclaimed = Unclaimed::new(state, &stored_sha256);
    if let Err(fault) = state.media.put(&key, &content).await {
        unclaimed.remove().await;
        return Err(Problem::from(fault).into());
    }
    match carry_out!(state, mode, media::create(new, stamp), answered) {
        Ok(response) => {
            unclaimed.claimed();
            put_again_if_removed(state, &key, &content).await;
            Ok(response)
        }
        Err(problem) => {
            unclaimed.remove().await;
            Err(problem.into())
        }
    }
}

/// Another upload, or a removal, of the same bytes may have taken them away before the row was there; see
/// [`keeping`](crate::media::keeping).
async fn put_again_if_removed(state: &AppState, key: &StorageKey, content: &Content) {
    let outcome = match state.media.has(key).await {
        Ok(true) => Ok(()),
        Ok(false) => state.media.put(key, content).await,
        Err(fault) => Err(fault),
    };
    if let Err(fault) = outcome {
        tracing::error!(%key, %fault, "a file may be missing; uploading it again puts it back");
    }
}

fn answer(state: &AppState) -> impl FnOnce(Uploaded) -> Result<Answer, Problem> + use<> {
    let public_url = state.settings.public_url.clone();
    move |uploaded| match uploaded {
        Uploaded::New(row) => {
            let (path, revision) = (format!("/v1/editorial/media/{}", row.id.0), row.revision);
            Answer::created(path, (row.id.0, revision), &EditorialMediaOut::new(row, &public_url))
        }
        Uploaded::Known(row) => {
            let version = (row.id.0, row.revision);
            Answer::changed(version, &EditorialMediaOut::new(row, &public_url))
        }
    }
}

impl Received {
    /// What tells this upload from others: not how the form was put together, which no client does twice in the same way.
    fn identity(&self) -> Vec<&[u8]> {
        let MediaTexts { alt, caption, credit } = &self.texts;
        vec![
            self.bytes.sha256.as_bytes(),
            self.name.as_ref().map_or("", FileName::as_str).as_bytes(),
            alt.as_ref().map_or("", AltText::as_str).as_bytes(),
            caption.as_ref().map_or("", Caption::as_str).as_bytes(),
            credit.as_ref().map_or("", Credit::as_str).as_bytes(),
        ]
    }

    fn name_or_make_one_up(&self, media_type: MediaType) -> FileName {
        let made_up = || FileName::made_up(&self.bytes.sha256, media_type.extension());
        self.name.clone().unwrap_or_else(made_up)
    }
}

impl ReceivedBytes {
    fn described(&self, media_type: MediaType, inspected: InspectedImage) -> MediaBytes {
        let InspectedImage {
            width,
            height,
            blurhash,
            dominant_color,
            cleaned,
        } = inspected;
        let (stored_sha256, length) = match &cleaned {
            Some(cleaned) => (
                hexadecimal(&Sha256::digest(cleaned)),
                u64::try_from(cleaned.len()).unwrap_or(u64::MAX),
            ),
            None => (self.sha256.clone(), self.length),
        };
        MediaBytes {
            sha256: self.sha256.clone(),
            stored_sha256,
            byte_size: i64::try_from(length).unwrap_or(i64::MAX),
            media_type,
            dimensions: width.zip(height),
            blurhash,
            dominant_color,
        }
    }
}

/// What the file is, if it is taken and its client says no other thing.
fn settled_type(received: &Received) -> Result<MediaType, Problem> {
    let Received {
        bytes, name, declared, ..
    } = received;
    if bytes.length == 0 {
        let fault = InputFaults::at(declared.place.pointer(), "empty", "the file is empty; send its bytes");
        return Err(fault.into_body_problem());
    }
    let found = MediaType::of_bytes(&bytes.head).ok_or_else(|| not_taken(&bytes.head, declared.place))?;
    let by_header = declared
        .media_type
        .as_deref()
        .filter(|declared| !says_nothing(declared));
    let extension = name.as_ref().and_then(FileName::extension);
    let by_extension = extension.as_deref().and_then(MediaType::of_extension);
    match (by_header, by_extension) {
        (Some(header), _) => MediaType::of_declared(header)
            .and_then(|declared| found.agreed(declared))
            .ok_or_else(|| mismatch(found, header, declared.place.fault_of_type())),
        (None, Some(by_extension)) => found.agreed(by_extension).ok_or_else(|| {
            let shown = by_extension.content_type();
            mismatch(found, shown, declared.place.fault_of_name())
        }),
        (None, None) => Ok(found),
    }
}

/// What clients send that do not know the type. curl says that it sends a form when it is given a body.
fn says_nothing(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/octet-stream" | "binary/octet-stream" | "application/x-www-form-urlencoded"
    )
}

type FaultOf = fn(&str, String) -> ProblemFault;

impl BodyPlace {
    fn pointer(self) -> &'static str {
        match self {
            Self::Field => "/file",
            Self::Whole => "",
        }
    }

    fn fault_of_type(self) -> FaultOf {
        match self {
            Self::Field => |code, detail| ProblemFault::member("/file", code, detail),
            Self::Whole => |code, detail| ProblemFault::header("Content-Type", code, detail),
        }
    }

    fn fault_of_name(self) -> FaultOf {
        match self {
            Self::Field => |code, detail| ProblemFault::member("/file", code, detail),
            Self::Whole => |code, detail| ProblemFault::parameter("file_name", code, detail),
        }
    }
}

async fn inspected(
    bytes: &ReceivedBytes,
    media_type: MediaType,
    limits: ImageLimits,
) -> Result<InspectedImage, Problem> {
    let Some(kind) = media_type.image() else {
        return Ok(InspectedImage {
            width: None,
            height: None,
            blurhash: None,
            dominant_color: None,
            cleaned: None,
        });
    };
    let path = bytes.file.path().to_owned();
    let _turn = INSPECTIONS
        .acquire()
        .await
        .map_err(|closed| Problem::internal(closed.to_string()))?;
    let inspected = tokio::task::spawn_blocking(move || inspect(&path, kind, limits)).await;
    match inspected {
        Ok(Ok(inspected)) => Ok(inspected),
        Ok(Err(ImageFault::Unreadable(error))) => Err(Problem::internal(error.to_string())),
        Ok(Err(fault)) => Err(InputFaults::at("/file", "invalid-image", fault.to_string()).into_body_problem()),
        Err(panic) => Err(Problem::internal(panic.to_string())),
    }
}

fn too_large(most: u64) -> Problem {
    let detail = format!("A file may have at most {most} bytes (GALLEY_MAX_MEDIA_BYTES).");
    Problem::new(&problem_codes::PAYLOAD_TOO_LARGE, detail)
}

fn not_taken(head: &[u8], place: BodyPlace) -> Problem {
    let found = infer::get(head).map_or_else(
        || "The bytes are of no type that is known here".to_owned(),
        |found| format!("The bytes are {}", found.mime_type()),
    );
    let detail = format!("{found}, which is not taken. Taken are: {}.", taken_types());
    let fault = ProblemFault::member(place.pointer(), "unsupported", detail.clone());
    Problem::new(&problem_codes::UNSUPPORTED_MEDIA_TYPE, detail).with_fault(fault)
}

fn mismatch(found: MediaType, declared: &str, fault: FaultOf) -> Problem {
    let found = found.content_type();
    let detail =
        format!("The request says that the file is {declared}, and its bytes are {found}. Send the type that it is.");
    Problem::new(&problem_codes::MEDIA_TYPE_MISMATCH, detail.clone()).with_fault(fault("mismatch", detail))
}

fn no_form(declared: Option<&str>) -> Problem {
    let found = declared.map_or_else(|| "it is missing".to_owned(), |found| format!("it is {found}"));
    let detail = format!(
        "This route takes a form: send the header Content-Type: multipart/form-data ({found}), as curl -F file=@picture.jpg \
         does. A file by itself goes to PUT /v1/editorial/media/files/{{file_name}}."
    );
    Problem::new(&problem_codes::UNSUPPORTED_MEDIA_TYPE, detail.clone())
        .with_fault(ProblemFault::header("Content-Type", "unsupported", detail))
        .with_header(header::HeaderName::from_static("accept-post"), "multipart/form-data")
}

fn unreadable_form(error: &MultipartError) -> Problem {
    match error {
        MultipartError::Payload(_) | MultipartError::Incomplete => broken_off(error),
        other => {
            let detail = format!("The form cannot be read: {other}. Nothing was stored.");
            Problem::new(&problem_codes::MALFORMED_REQUEST, detail)
        }
    }
}

impl From<StorageFault> for Problem {
    fn from(fault: StorageFault) -> Self {
        match fault {
            StorageFault::Full(cause) => {
                tracing::error!(cause, "the media store is full");
                Self::new(
                    &problem_codes::STORAGE_FULL,
                    "The media store has no room for the file; nothing was stored.",
                )
            }
            StorageFault::Absent(cause) => Self::internal(format!("the media store has lost a file: {cause}")),
            StorageFault::Failed(cause) => Self::unavailable("The media store failed; nothing was stored.", cause),
        }
    }
}
