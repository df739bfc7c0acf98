//! Renditions: rows, what can be asked for, and what an address of one is.

use bytes::Bytes;
use diesel::{Insertable, Queryable, Selectable};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::media_renditions;
use crate::database::timestamp::RowTime;
use crate::media::images::encoding::RenditionFormat;
use crate::media::images::geometry::{Fit, FocalPoint, MIDDLE, Reduction, Size};
use crate::media::images::image_kind::ImageKind;
use crate::media::images::rendering::{Order, RENDERING};
use crate::media::media::MediaRow;
use crate::media::storage::{StorageFault, StorageKey};

/// The longest side of any rendition.
pub const MAX_RENDITION_SIDE: u16 = 4_096;

/// The shapes in which everybody may have pictures cut, width to height.
pub const LISTED_SHAPES: [(u16, u16); 4] = [(1, 1), (4, 3), (3, 2), (16, 9)];

/// A row of `media_renditions`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = media_renditions)]
pub struct RenditionRow {
    /// What it is of.
    pub media_id: RowId,
    /// What it is: part, size and format, and how it was made.
    pub spec: String,
    /// The media type.
    pub content_type: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// The width in pixels.
    pub width: i32,
    /// The height in pixels.
    pub height: i32,
    /// How many bytes it has.
    pub byte_size: i64,
    /// When it was made.
    pub created_at: RowTime,
    /// When it was last asked for, to the hour or so.
    pub last_used_at: RowTime,
}

/// What an address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenditionRequest {
    /// The width of the box.
    pub width: Option<u16>,
    /// The height of the box.
    pub height: Option<u16>,
    /// How the picture is fitted into the box.
    pub fit: Fit,
    /// The format.
    pub format: RenditionFormat,
}

/// Why an address asks for nothing that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RequestFault {
    /// `cover` without a box.
    #[error("fit=cover needs a width and a height")]
    NoBox,
    /// No size at all.
    #[error("give a width, or a height, or both")]
    NoSize,
}

/// What is to be made of one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedRendition {
    /// The picture.
    pub media: Uuid,
    /// Where the original is.
    pub original: StorageKey,
    /// What is made of it.
    pub order: Order,
}

/// A rendition with its bytes.
#[derive(Debug, Clone)]
pub struct Rendition {
    /// The bytes.
    pub bytes: Bytes,
    /// The media type.
    pub content_type: &'static str,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}

/// Why there is no rendition.
#[derive(Debug, Error)]
pub enum RenditionFailure {
    /// Too many others are being made.
    #[error("too many pictures are being made smaller just now")]
    Busy,
    /// The original is not there any more.
    #[error("the original is gone")]
    Absent,
    /// The original cannot be decoded, although it could when it came.
    #[error("{0}")]
    Undecodable(String),
    /// The database or the store cannot be reached.
    #[error("{0}")]
    Unavailable(String),
    /// A defect.
    #[error("{0}")]
    Defect(String),
}

impl RenditionRequest {
    /// What is asked for of a picture of that size.
    ///
    /// # Errors
    /// [`RequestFault`] when the request names no size that could be made.
    pub fn reduction(self, source: Size, focal: FocalPoint) -> Result<Reduction, RequestFault> {
        match (self.fit, self.width, self.height) {
            (Fit::Cover, Some(width), Some(height)) => Ok(Reduction::covering(source, Size { width, height }, focal)),
            (Fit::Cover, ..) => Err(RequestFault::NoBox),
            (Fit::Contain, None, None) => Err(RequestFault::NoSize),
            (Fit::Contain, width, height) => Ok(Reduction::contained(source, width, height)),
        }
    }

    /// Whether everybody may ask for it.
    #[must_use]
    pub fn is_listed(self, widths: &[u16]) -> bool {
        let Self {
            width,
            height,
            fit,
            format: _,
        } = self;
        let Some(width) = width.filter(|width| widths.contains(width)) else {
            return false;
        };
        match (fit, height) {
            (Fit::Contain, height) => height.is_none(),
            (Fit::Cover, Some(height)) => listed_heights(width).contains(&height),
            (Fit::Cover, None) => false,
        }
    }

    /// The same text for the same request, whatever the order of its parameters.
    #[must_use]
    pub fn normal_form(self) -> String {
        let Self {
            width,
            height,
            fit,
            format,
        } = self;
        let side = |side: Option<u16>| side.map_or_else(String::new, |side| side.to_string());
        format!("{}x{}-{}.{}", side(width), side(height), fit.name(), format.name())
    }

    /// The parameters of its address.
    fn query(self) -> String {
        let Self {
            width,
            height,
            fit,
            format,
        } = self;
        let side = |name, side: Option<u16>| side.map_or_else(String::new, |side| format!("{name}={side}&"));
        let (width, height) = (side("width", width), side("height", height));
        format!("{width}{height}fit={}&format={}", fit.name(), format.name())
    }

    /// Where it is, and that the answer may be kept for ever: `version` is what [`version_of`] gives.
    #[must_use]
    pub fn url(self, public_url: &str, media: Uuid, version: &str) -> String {
        format!("{public_url}/v1/media/{media}/rendition?{}&v={version}", self.query())
    }
}

impl WantedRendition {
    /// What it is called among the renditions of its picture. What gives the same bytes has the same name, so the box and
    /// the focal point of the request are not in it, but what they come to.
    #[must_use]
    pub fn spec(&self) -> String {
        let Order {
            kind: _,
            reduction,
            format,
        } = self.order;
        let Reduction { cut, size } = reduction;
        format!(
            "{RENDERING}-{}x{}-{}.{}.{}x{}.{}",
            size.width,
            size.height,
            cut.left,
            cut.top,
            cut.size.width,
            cut.size.height,
            format.name()
        )
    }

    /// Where its bytes are kept, by what they are.
    #[must_use]
    pub fn storage_key(&self, sha256: &str) -> StorageKey {
        storage_key(self.media, &self.spec(), sha256)
    }
}

impl RenditionRow {
    /// Where its bytes are kept.
    #[must_use]
    pub fn storage_key(&self) -> StorageKey {
        storage_key(self.media_id.0, &self.spec, &self.sha256)
    }
}

/// The heights that everybody may ask for with a width, cut: one for each shape.
#[must_use]
pub fn listed_heights(width: u16) -> [u16; LISTED_SHAPES.len()] {
    LISTED_SHAPES.map(|(across, down)| {
        Size {
            width: across,
            height: down,
        }
        .of_width(width)
        .height
    })
}

/// The kind and the size of a picture of which renditions can be made.
#[must_use]
pub fn renderable(media: &MediaRow) -> Option<(ImageKind, Size)> {
    let kind = ImageKind::of_content_type(&media.content_type).filter(|kind| kind.is_decodable())?;
    let side = |side: Option<i32>| side.and_then(|side| u16::try_from(side).ok());
    let (width, height) = (side(media.width)?, side(media.height)?);
    Some((kind, Size { width, height }))
}

/// The focal point of a picture, which is its middle when nobody chose one.
#[must_use]
pub fn focal_point(media: &MediaRow) -> FocalPoint {
    let part = |part: Option<i32>, otherwise: u16| part.and_then(|part| u16::try_from(part).ok()).unwrap_or(otherwise);
    FocalPoint {
        x: part(media.focal_x, MIDDLE.x),
        y: part(media.focal_y, MIDDLE.y),
    }
}

/// What stands in the addresses of the renditions of a picture: it changes when they would become others, since somebody
/// moved the focal point, or makes them in another way. So an answer to an address with it may be kept for ever.
#[must_use]
pub fn version_of(media: &MediaRow) -> String {
    let FocalPoint { x, y } = focal_point(media);
    let content = format!("{}/{x}/{y}/{RENDERING}", media.stored_sha256);
    let start = Sha256::digest(content.as_bytes()).first_chunk().copied();
    format!("{:08x}", u32::from_be_bytes(start.unwrap_or_default()))
}

/// The smaller versions of a picture that a front end should offer: one for each listed width, up to the width of the
/// picture, as `WebP`.
#[must_use]
pub fn offered(media: &MediaRow, widths: &[u16]) -> Vec<(RenditionRequest, Size)> {
    let Some((_kind, source)) = renderable(media) else {
        return Vec::new();
    };
    let mut offered: Vec<(RenditionRequest, Size)> = Vec::new();
    for width in widths {
        let size = Reduction::contained(source, Some(*width), None).size;
        let request = RenditionRequest {
            width: Some(*width),
            height: None,
            fit: Fit::Contain,
            format: RenditionFormat::Webp,
        };
        // All widths above that of the picture come to the same.
        if offered.last().is_none_or(|(_, last)| *last != size) {
            offered.push((request, size));
        }
    }
    offered
}

impl From<StorageFault> for RenditionFailure {
    fn from(fault: StorageFault) -> Self {
        match fault {
            StorageFault::Absent(_) => Self::Absent,
            StorageFault::Full(cause) | StorageFault::Failed(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<Failure> for RenditionFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy(cause) | Failure::Unavailable(cause) => Self::Unavailable(cause),
            Failure::Internal(cause) => Self::Defect(cause),
        }
    }
}

/// The digest is part of the key, so that two instances whose processors round differently do not write over one another.
fn storage_key(media: Uuid, spec: &str, sha256: &str) -> StorageKey {
    let mark = sha256.get(..8).unwrap_or(sha256);
    StorageKey::rendition(media, &format!("{spec}.{mark}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: [u16; 3] = [320, 640, 1280];

    fn contain(width: Option<u16>, height: Option<u16>) -> RenditionRequest {
        RenditionRequest {
            width,
            height,
            fit: Fit::Contain,
            format: RenditionFormat::Webp,
        }
    }

    fn cover(width: u16, height: u16) -> RenditionRequest {
        RenditionRequest {
            fit: Fit::Cover,
            ..contain(Some(width), Some(height))
        }
    }

    #[test]
    fn everybody_may_have_the_listed_widths_and_shapes_and_nothing_else() {
        let listed = [
            contain(Some(320), None),
            cover(320, 320),
            cover(320, 240),
            cover(320, 213),
            cover(320, 180),
            cover(1280, 720),
        ];
        for request in listed {
            assert!(request.is_listed(&WIDTHS), "{request:?}");
        }
        let others = [
            contain(Some(321), None),
            contain(None, Some(320)),
            contain(Some(320), Some(320)),
            contain(None, None),
            cover(320, 321),
            cover(321, 321),
            RenditionRequest {
                fit: Fit::Cover,
                ..contain(Some(320), None)
            },
        ];
        for request in others {
            assert!(!request.is_listed(&WIDTHS), "{request:?}");
        }
    }

    #[test]
    fn what_comes_to_the_same_is_made_once() {
        let source = Size {
            width: 500,
            height: 400,
        };
        let wanted = |request: RenditionRequest, focal| WantedRendition {
            media: Uuid::nil(),
            original: StorageKey::original("aa"),
            order: Order {
                kind: ImageKind::Png,
                reduction: request.reduction(source, focal).unwrap(),
                format: request.format,
            },
        };
        let spec = |request, focal| wanted(request, focal).spec();
        assert_eq!(
            spec(contain(Some(640), None), MIDDLE),
            spec(contain(Some(1280), None), MIDDLE)
        );
        assert_eq!(spec(contain(Some(640), None), MIDDLE), "1-500x400-0.0.500x400.webp");
        let left = FocalPoint { x: 0, y: 500 };
        assert_eq!(
            spec(contain(Some(320), None), MIDDLE),
            spec(contain(Some(320), None), left)
        );
        assert_ne!(spec(cover(320, 320), MIDDLE), spec(cover(320, 320), left));
    }
}
