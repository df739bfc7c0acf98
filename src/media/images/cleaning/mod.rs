//! The same picture without what cameras and programs write beside it: EXIF with the place it was taken at, XMP, IPTC,
//! comments, small previews of what was cut away, and whatever follows the end. Pixels are not touched.
//!
//! What stays is listed and all else goes, since a list of what is harmful is never complete. The colour profile stays.

mod gif;
mod jpeg;
mod png;
mod webp;

use bytes::Bytes;

use crate::media::images::fault::{ImageFault, ImageLimits};
use crate::media::images::image_kind::ImageKind;

/// A file that was read from its first to its last block.
pub struct CleanedFile {
    /// The bytes without the rest. They are the same bytes when there was nothing to take away.
    pub bytes: Bytes,
    /// Whether the picture moves.
    pub motion: Motion,
}

/// Whether a picture moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// One picture.
    Still,
    /// Several frames.
    Animated,
}

/// Takes out of a file all that is not the picture. What cannot be decoded here is left as it is.
///
/// # Errors
/// A file that ends too early or is not of that kind, and an animation of too many frames.
pub fn clean(kind: ImageKind, bytes: &Bytes, limits: ImageLimits) -> Result<CleanedFile, ImageFault> {
    match kind {
        ImageKind::Jpeg => jpeg::clean(bytes),
        ImageKind::Png => png::clean(bytes),
        ImageKind::Gif => gif::clean(bytes, limits),
        ImageKind::WebP => webp::clean(bytes, limits),
        ImageKind::Avif | ImageKind::Svg => Ok(CleanedFile {
            bytes: bytes.clone(),
            motion: Motion::Still,
        }),
    }
}

/// What a fault in the structure of a file means.
fn structure_fault(kind: ImageKind, error: &img_parts::Error) -> ImageFault {
    match error {
        img_parts::Error::Truncated => ImageFault::Truncated(kind),
        other => ImageFault::undecodable(kind, other.to_string()),
    }
}
