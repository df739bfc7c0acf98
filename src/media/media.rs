//! Files that editors upload: rows, rules and what can go wrong when they change.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{media, media_uses};
use crate::database::timestamp::RowTime;
use crate::field::{Line, Prose};
use crate::http::patch::Patch;
use crate::media::file_name::FileName;
use crate::media::images::geometry::FocalPoint;
use crate::media::media_type::MediaType;
use crate::media::storage::StorageKey;
use crate::state::Stamp;

/// What a picture shows, for those who do not see it.
pub type AltText = Line<1_000>;

/// What stands below a picture, a video or a recording.
pub type Caption = Prose<2_000>;

/// Whom a file is by.
pub type Credit = Line<300>;

/// The most uses that a refusal names.
pub const USES_NAMED: i64 = 10;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "image")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A recording.
    Audio,
    /// A document, such as a PDF.
    Document,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Image, Self::Video, Self::Audio, Self::Document];

    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A row of `media`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = media, treat_none_as_null = true)]
pub struct MediaRow {
    /// The id.
    pub id: RowId,
    /// SHA-256 of the bytes that were uploaded, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the bytes that are stored and that readers get: the same, or those of the picture without its metadata.
    pub stored_sha256: String,
    /// What it is: a [`MediaKind`].
    pub kind: String,
    /// The media type that was found in the bytes.
    pub content_type: String,
    /// How many bytes readers get.
    pub byte_size: i64,
    /// The name.
    pub file_name: String,
    /// The width of a picture in pixels.
    pub width: Option<i32>,
    /// Its height.
    pub height: Option<i32>,
    /// A blurred version of it.
    pub blurhash: Option<String>,
    /// The colour that most of it has.
    pub dominant_color: Option<String>,
    /// What it shows.
    pub alt: Option<String>,
    /// What stands below it.
    pub caption: Option<String>,
    /// Whom it is by.
    pub credit: Option<String>,
    /// What must not be cut away, in thousandths of its width.
    pub focal_x: Option<i32>,
    /// The same in thousandths of its height.
    pub focal_y: Option<i32>,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When it was uploaded.
    pub created_at: RowTime,
    /// The account that uploaded it.
    pub created_by: RowId,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: RowId,
    /// The API token that uploaded it, if a script did.
    pub api_token_id: Option<RowId>,
}

impl MediaRow {
    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: Some(self.updated_by.0),
            changed_at: self.updated_at.utc(),
        }
    }

    /// Where its bytes are.
    #[must_use]
    pub fn storage_key(&self) -> StorageKey {
        StorageKey::original(&self.stored_sha256)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
        MediaKind::from_name(&self.kind).unwrap_or(MediaKind::Document)
    }

    /// What must not be cut away, if somebody chose it.
    #[must_use]
    pub fn focal_point(&self) -> Option<FocalPoint> {
        let thousandths = |number: Option<i32>| number.and_then(|number| u16::try_from(number).ok());
        Some(FocalPoint {
            x: thousandths(self.focal_x)?,
            y: thousandths(self.focal_y)?,
        })
    }
}

/// What is found out about the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaBytes {
    /// SHA-256 of what was uploaded, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of what is stored.
    pub stored_sha256: String,
    /// How many bytes are stored.
    pub byte_size: i64,
    /// The type.
    pub media_type: MediaType,
    /// The width and the height, if they are known.
    pub dimensions: Option<(u16, u16)>,
    /// A blurred version.
    pub blurhash: Option<String>,
    /// The colour that most of it has.
    pub dominant_color: Option<String>,
}

/// What an editor says about a file when it is uploaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaTexts {
    /// What it shows.
    pub alt: Option<AltText>,
    /// What stands below it.
    pub caption: Option<Caption>,
    /// Whom it is by.
    pub credit: Option<Credit>,
}

/// A file that was received.
#[derive(Debug, Clone)]
pub struct NewMedia {
    /// The id.
    pub id: Uuid,
    /// Its name.
    pub file_name: FileName,
    /// What was found out about it.
    pub bytes: MediaBytes,
    /// What the editor says about it.
    pub texts: MediaTexts,
}

impl NewMedia {
    /// The row.
    #[must_use]
    pub fn into_row(self, stamp: &Stamp) -> MediaRow {
        let Self {
            id,
            file_name,
            bytes,
            texts,
        } = self;
        let MediaBytes {
            sha256,
            stored_sha256,
            byte_size,
            media_type,
            dimensions,
            blurhash,
            dominant_color,
        } = bytes;
        let MediaTexts { alt, caption, credit } = texts;
        let (width, height) = dimensions.unzip();
        MediaRow {
            id: RowId(id),
            sha256,
            stored_sha256,
            kind: media_type.kind().as_str().to_owned(),
            content_type: media_type.content_type().to_owned(),
            byte_size,
            file_name: file_name.into_string(),
            width: width.map(i32::from),
            height: height.map(i32::from),
            blurhash,
            dominant_color,
            alt: alt.map(AltText::into_string),
            caption: caption.map(Caption::into_string),
            credit: credit.map(Credit::into_string),
            focal_x: None,
            focal_y: None,
            revision: 1,
            created_at: stamp.now.into(),
            created_by: RowId(stamp.account_id),
            updated_at: stamp.now.into(),
            updated_by: RowId(stamp.account_id),
            api_token_id: stamp.origin().api_token_id().map(RowId),
        }
    }
}

/// How an upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploaded {
    /// It is new.
    New(MediaRow),
    /// The same bytes had been uploaded before.
    Known(MediaRow),
}

/// What shall change about a file. Its bytes never do.
#[derive(Debug, Clone)]
pub struct MediaChange {
    /// What it shows.
    pub alt: Patch<AltText>,
    /// What stands below it.
    pub caption: Patch<Caption>,
    /// Whom it is by.
    pub credit: Patch<Credit>,
    /// Its name, if it shall change.
    pub file_name: Option<FileName>,
    /// What must not be cut away.
    pub focal_point: Patch<FocalPoint>,
}

impl MediaChange {
    /// Puts the changes into a row. `false` when they change nothing.
    pub fn apply_to(self, row: &mut MediaRow) -> bool {
        let Self {
            alt,
            caption,
            credit,
            file_name,
            focal_point,
        } = self;
        let before = row.clone();
        row.alt = alt.map(AltText::into_string).apply(row.alt.take());
        row.caption = caption.map(Caption::into_string).apply(row.caption.take());
        row.credit = credit.map(Credit::into_string).apply(row.credit.take());
        if let Some(name) = file_name {
            row.file_name = name.into_string();
        }
        let point = focal_point.apply(row.focal_point());
        row.focal_x = point.map(|point| i32::from(point.x));
        row.focal_y = point.map(|point| i32::from(point.y));
        *row != before
    }
}

/// Whose files a request may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaders {
    /// Everybody's.
    All,
    /// Those of this account.
    Only(Uuid),
    /// Those that this API token uploaded.
    Token(Uuid),
}

impl Uploaders {
    /// Whether a file is among them.
    #[must_use]
    pub fn include(self, row: &MediaRow) -> bool {
        match self {
            Self::All => true,
            Self::Only(own) => row.created_by.0 == own,
            Self::Token(own) => row.api_token_id == Some(RowId(own)),
        }
    }
}

/// What a list of files is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaFilter {
    /// Files of one kind.
    pub kind: Option<MediaKind>,
    /// Files that are used somewhere, or nowhere.
    pub usage: Option<MediaUsage>,
    /// Files of one account.
    pub uploaded_by: Option<Uuid>,
}

/// Whether a file is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaUsage {
    /// It is.
    Used,
    /// It is not.
    Unused,
}

/// A row of `media_uses`: a place where a file is used.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = media_uses)]
pub struct MediaUseRow {
    /// The file.
    pub media_id: RowId,
    /// What uses it: `article`, `published_article` or `author`.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: RowId,
    /// Where in it: `cover`, `body`, `social_image` or `avatar`.
    pub place: String,
}

/// A place where a file is used, with what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUse {
    /// The place.
    pub row: MediaUseRow,
    /// The slug of what uses it.
    pub slug: String,
    /// The title of an article, or the name of an author.
    pub title: String,
}

/// Why a file was not stored or changed.
#[derive(Debug)]
pub enum MediaFailure {
    /// There is no such file.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Somebody else uploaded it.
    NotTheUploader,
    /// It is used. Not all uses need to be named, and none are where one came into being in this moment.
    InUse(Vec<NamedUse>),
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for MediaFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for MediaFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
