//! Files on the wire.

use chrono::{DateTime, Utc};
use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, Value, ValueKind, ValuePointerRef};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::field::Refusal;
use crate::http::input::{InputFaults, UuidText};
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::http::write::{ValidateOnly, WriteParameters};
use crate::media::file_name::FileName;
use crate::media::images::geometry::FocalPoint;
use crate::media::media::{
    AltText, Caption, Credit, MediaChange, MediaFilter, MediaKind, MediaRow, MediaTexts, MediaUsage, MediaUseRow,
    NamedUse,
};
use crate::media::renditions::views::{RenditionOut, offered_renditions};

/// What must not be cut away from a picture: a point, as parts of its width and height, from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct FocalPointOut {
    /// To the right, from 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.5)]
    pub x: f64,
    /// Downwards, from 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.333)]
    pub y: f64,
}

/// A file, as readers see one.
#[derive(Serialize, ToSchema)]
pub struct MediaOut {
    /// The id.
    pub id: Uuid,
    /// What it is.
    pub kind: MediaKind,
    /// The media type of its bytes.
    #[schema(example = "image/jpeg")]
    pub content_type: String,
    /// How many bytes it has.
    #[schema(example = 482_113, minimum = 0)]
    pub byte_size: i64,
    /// The name.
    #[schema(example = "harbour.jpg")]
    pub file_name: String,
    /// Where its bytes are. What is there never changes.
    #[schema(example = "http://127.0.0.1:8080/v1/media/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071/file")]
    pub url: String,
    /// The width of a picture in pixels, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4032)]
    pub width: Option<i32>,
    /// The height of a picture in pixels, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3024)]
    pub height: Option<i32>,
    /// What it shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Two cranes in the fog")]
    pub alt: Option<String>,
    /// What stands below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The harbour on the first morning of March")]
    pub caption: Option<String>,
    /// Whom it is by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ada Lovelace")]
    pub credit: Option<String>,
    /// What must not be cut away, if somebody chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focal_point: Option<FocalPointOut>,
    /// A blurred version of a picture in a few letters, to show until it is there (see blurha.sh).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "LEHV6nWB2yk8pyo0adR*.7kCMdnj")]
    pub blurhash: Option<String>,
    /// The colour that most of a picture has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#8a9ba8")]
    pub dominant_color: Option<String>,
    /// Smaller versions of a picture, by their widths, for `srcset`. There are none of what is no picture, and of drawings
    /// (SVG) and AVIF pictures.
    pub renditions: Vec<RenditionOut>,
}

/// A file, as the newsroom sees one.
#[derive(Serialize, ToSchema)]
pub struct EditorialMediaOut {
    /// The id.
    pub id: Uuid,
    /// What it is.
    pub kind: MediaKind,
    /// The media type of its bytes.
    #[schema(example = "image/jpeg")]
    pub content_type: String,
    /// How many bytes readers get.
    #[schema(example = 482_113, minimum = 0)]
    pub byte_size: i64,
    /// The name.
    #[schema(example = "harbour.jpg")]
    pub file_name: String,
    /// SHA-256 of the bytes that were uploaded, in hexadecimal. The same bytes are stored once.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
    /// Where its bytes are. What is there never changes.
    #[schema(example = "http://127.0.0.1:8080/v1/media/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071/file")]
    pub url: String,
    /// The width of a picture in pixels, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4032)]
    pub width: Option<i32>,
    /// The height of a picture in pixels, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3024)]
    pub height: Option<i32>,
    /// What it shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Two cranes in the fog")]
    pub alt: Option<String>,
    /// What stands below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The harbour on the first morning of March")]
    pub caption: Option<String>,
    /// Whom it is by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ada Lovelace")]
    pub credit: Option<String>,
    /// What must not be cut away, if somebody chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focal_point: Option<FocalPointOut>,
    /// A blurred version of a picture in a few letters, to show until it is there (see blurha.sh).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "LEHV6nWB2yk8pyo0adR*.7kCMdnj")]
    pub blurhash: Option<String>,
    /// The colour that most of a picture has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#8a9ba8")]
    pub dominant_color: Option<String>,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When it was uploaded.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that uploaded it.
    pub created_by: Uuid,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// The account that changed it last.
    pub updated_by: Uuid,
}

/// A page of files, as the newsroom sees them.
#[derive(Serialize, ToSchema)]
pub struct EditorialMediaPage {
    /// The files, by the time of their upload.
    pub data: Vec<EditorialMediaOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A place where a file is used.
#[derive(Serialize, ToSchema)]
pub struct MediaUseOut {
    /// What uses it: `article` (the working copy), `published_article` (what readers see) or `author`.
    #[schema(example = "article")]
    pub kind: String,
    /// The id of the article or the author.
    pub id: Uuid,
    /// Its slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The title of the article, or the name of the author.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// Where in it: `cover`, `body`, `social_image` or `avatar`.
    #[schema(example = "cover")]
    pub place: String,
}

/// A page of places where a file is used.
#[derive(Serialize, ToSchema)]
pub struct MediaUsePage {
    /// The places, by the id of what uses it.
    pub data: Vec<MediaUseOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes bodies in the OpenAPI document")]
pub struct FileBytes(Vec<u8>);

/// The part of a file that a reader wants.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes the headers in the OpenAPI document")]
pub struct RangeHeaders {
    /// The part that is wanted (RFC 9110, section 14.2). Several parts at once are answered with the whole.
    #[param(rename = "Range", value_type = String, required = false, nullable = false, example = "bytes=0-1023")]
    range: Option<String>,
    /// The entity tag of the file that the client has a part of. Of any other file it gets the whole.
    #[param(rename = "If-Range", value_type = String, required = false, nullable = false, example = "\"9f86d081884c7d65\"")]
    if_range: Option<String>,
}

/// A file to upload, as a form.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct MediaFormIn {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    pub file: FilePart,
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 1_000, example = "Two cranes in the fog")]
    pub alt: Option<AltText>,
    /// What stands below it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "The harbour on the first morning of March")]
    pub caption: Option<Caption>,
    /// Whom it is by.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, example = "Ada Lovelace")]
    pub credit: Option<Credit>,
}

/// The place of a file among the fields of a form. Its bytes went elsewhere while they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePart;

impl<E: DeserializeError> Deserr<E> for FilePart {
    fn deserialize_from_value<V: IntoValue>(_value: Value<V>, _location: ValuePointerRef<'_>) -> Result<Self, E> {
        Ok(Self)
    }
}

impl MediaFormIn {
    /// What it says about the file.
    #[must_use]
    pub fn texts(self) -> MediaTexts {
        let Self {
            file: FilePart,
            alt,
            caption,
            credit,
        } = self;
        MediaTexts { alt, caption, credit }
    }
}

/// What can be said about a file that is the whole body.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MediaUploadQuery {
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 1_000, example = "Two cranes in the fog")]
    pub alt: Option<AltText>,
    /// What stands below it.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "The harbour on the first morning of March")]
    pub caption: Option<Caption>,
    /// Whom it is by.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, example = "Ada Lovelace")]
    pub credit: Option<Credit>,
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored. The answer has
    /// Validate-Only: true. A key for idempotency is left alone.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
}

impl WriteParameters for MediaUploadQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

impl MediaUploadQuery {
    /// What it says about the file.
    #[must_use]
    pub fn texts(self) -> MediaTexts {
        let Self {
            alt,
            caption,
            credit,
            validate_only: _,
        } = self;
        MediaTexts { alt, caption, credit }
    }
}

/// A part of a side of a picture: a number from 0 to 1, kept to a thousandth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction(u16);

/// A number that is no part of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FractionFault;

impl Fraction {
    /// Takes a number.
    ///
    /// # Errors
    /// [`FractionFault`] when it is not from 0 to 1.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is from 0 to 1000 and whole, and no other conversion takes a float"
    )]
    pub fn new(number: f64) -> Result<Self, FractionFault> {
        match (0.0..=1.0).contains(&number) {
            true => Ok(Self((number * 1000.0).round() as u16)),
            false => Err(FractionFault),
        }
    }
}

impl std::fmt::Display for FractionFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is not a number from 0 to 1")
    }
}

impl Refusal for FractionFault {
    fn code(&self) -> &'static str {
        "out-of-range"
    }
}

impl<E: DeserializeError + MergeWithError<FractionFault>> Deserr<E> for Fraction {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let number = match value {
            Value::Float(number) => Ok(number),
            Value::Integer(number @ (0 | 1)) => Ok(if number == 0 { 0.0 } else { 1.0 }),
            Value::Integer(_) | Value::NegativeInteger(_) => Err(FractionFault),
            actual => {
                let accepted = &[ValueKind::Float];
                let kind = deserr::ErrorKind::IncorrectValueKind { actual, accepted };
                return Err(deserr::take_cf_content(E::error(None, kind, location)));
            }
        };
        number
            .and_then(Self::new)
            .map_err(|fault| deserr::take_cf_content(E::merge(None, fault, location)))
    }
}

/// What must not be cut away from a picture, to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct FocalPointIn {
    /// To the right, from 0 to 1; kept to a thousandth.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.5)]
    pub x: Fraction,
    /// Downwards, from 0 to 1; kept to a thousandth.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.333)]
    pub y: Fraction,
}

/// Changes to what is said about a file (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct MediaPatchIn {
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 1_000, example = "Two cranes in the fog")]
    pub alt: Patch<AltText>,
    /// What stands below it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 2_000, example = "The harbour on the first morning of March")]
    pub caption: Patch<Caption>,
    /// Whom it is by.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 300, example = "Ada Lovelace")]
    pub credit: Patch<Credit>,
    /// The name. Parts of a path and control characters are left out of it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, example = "harbour.jpg")]
    pub file_name: Kept<FileName>,
    /// What must not be cut away from a picture; null lets its middle count.
    #[deserr(default)]
    #[schema(value_type = FocalPointIn, required = false, nullable = false)]
    pub focal_point: Patch<FocalPointIn>,
}

impl MediaPatchIn {
    /// What shall change.
    #[must_use]
    pub fn change(self) -> MediaChange {
        let Self {
            alt,
            caption,
            credit,
            file_name,
            focal_point,
        } = self;
        MediaChange {
            alt,
            caption,
            credit,
            file_name: file_name.0,
            focal_point: focal_point.map(|FocalPointIn { x, y }| FocalPoint { x: x.0, y: y.0 }),
        }
    }
}

/// Whether files are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
pub enum UsedText {
    /// They are.
    #[deserr(rename = "true")]
    Used,
    /// They are not.
    #[deserr(rename = "false")]
    Unused,
}

/// A kind of files in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = lowercase)]
pub enum KindText {
    /// Pictures.
    Image,
    /// Videos.
    Video,
    /// Recordings.
    Audio,
    /// Documents.
    Document,
}

/// How to list files.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MediaListQuery {
    /// The most files of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by the time of the upload. Descending when it is left out: the newest
    /// first.
    #[deserr(default)]
    #[param(value_type = SortOrder, required = false)]
    pub order: Option<SortOrder>,
    /// Only files of this kind.
    #[deserr(default)]
    #[param(value_type = MediaKind, required = false, example = "image")]
    pub kind: Option<KindText>,
    /// Only files that are used somewhere, or nowhere.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = false)]
    pub used: Option<UsedText>,
    /// Only files that this account uploaded.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub uploaded_by: Option<UuidText>,
}

impl MediaListQuery {
    /// What the list is narrowed to.
    #[must_use]
    pub fn filter(&self) -> MediaFilter {
        MediaFilter {
            kind: self.kind.map(|kind| match kind {
                KindText::Image => MediaKind::Image,
                KindText::Video => MediaKind::Video,
                KindText::Audio => MediaKind::Audio,
                KindText::Document => MediaKind::Document,
            }),
            usage: self.used.map(|used| match used {
                UsedText::Used => MediaUsage::Used,
                UsedText::Unused => MediaUsage::Unused,
            }),
            uploaded_by: self.uploaded_by.map(|account| account.0),
        }
    }
}

/// How to list the places where a file is used.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MediaUseListQuery {
    /// The most places of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

impl From<FocalPoint> for FocalPointOut {
    fn from(point: FocalPoint) -> Self {
        let FocalPoint { x, y } = point;
        Self {
            x: f64::from(x) / 1000.0,
            y: f64::from(y) / 1000.0,
        }
    }
}

impl From<NamedUse> for MediaUseOut {
    fn from(used: NamedUse) -> Self {
        let NamedUse { row, slug, title } = used;
        let MediaUseRow {
            media_id: _,
            subject_kind,
            subject_id,
            place,
        } = row;
        Self {
            kind: subject_kind,
            id: subject_id.0,
            slug,
            title,
            place,
        }
    }
}

impl MediaOut {
    /// A file; `public_url` is where the API is, and `widths` are those in which everybody may ask for pictures.
    #[must_use]
    pub fn new(row: MediaRow, public_url: &str, widths: &[u16]) -> Self {
        let renditions = offered_renditions(public_url, &row, widths);
        let (kind, focal_point, url) = (row.kind(), row.focal_point(), file_url(&row, public_url));
        let MediaRow {
            id,
            sha256: _,
            stored_sha256: _,
            kind: _,
            content_type,
            byte_size,
            file_name,
            width,
            height,
            blurhash,
            dominant_color,
            alt,
            caption,
            credit,
            focal_x: _,
            focal_y: _,
            revision: _,
            created_at: _,
            created_by: _,
            updated_at: _,
            updated_by: _,
            api_token_id: _,
        } = row;
        Self {
            id: id.0,
            kind,
            content_type,
            byte_size,
            file_name,
            url,
            width,
            height,
            alt,
            caption,
            credit,
            focal_point: focal_point.map(FocalPointOut::from),
            blurhash,
            dominant_color,
            renditions,
        }
    }
}

impl EditorialMediaOut {
    /// A file; `public_url` is where the API is.
    #[must_use]
    pub fn new(row: MediaRow, public_url: &str) -> Self {
        let (kind, focal_point, url) = (row.kind(), row.focal_point(), file_url(&row, public_url));
        let MediaRow {
            id,
            sha256,
            stored_sha256: _,
            kind: _,
            content_type,
            byte_size,
            file_name,
            width,
            height,
            blurhash,
            dominant_color,
            alt,
            caption,
            credit,
            focal_x: _,
            focal_y: _,
            revision,
            created_at,
            created_by,
            updated_at,
            updated_by,
            api_token_id: _,
        } = row;
        Self {
            id: id.0,
            kind,
            content_type,
            byte_size,
            file_name,
            sha256,
            url,
            width,
            height,
            alt,
            caption,
            credit,
            focal_point: focal_point.map(FocalPointOut::from),
            blurhash,
            dominant_color,
            revision,
            created_at: created_at.utc(),
            created_by: created_by.0,
            updated_at: updated_at.utc(),
            updated_by: updated_by.0,
        }
    }
}

fn file_url(row: &MediaRow, public_url: &str) -> String {
    format!("{public_url}/v1/media/{}/file", row.id.0)
}
