//! What is taken, and why a picture is not.

use std::io;

use thiserror::Error;

use crate::media::images::image_kind::ImageKind;

/// The most pixels a side, in any picture. It is what one side of a `WebP` can be at most, and fits 16 bits.
pub const MAX_SIDE: u16 = 16_383;

/// The most frames of an animation.
pub const MAX_FRAMES: usize = 1_000;

/// How many times the pixels of the greatest picture all frames of an animation may have together.
pub const FRAMES_FACTOR: u64 = 10;

/// What a picture may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageLimits {
    /// The most pixels, width times height.
    pub max_pixels: u64,
}

/// Why a picture cannot be used. The text is for whoever sent it.
#[derive(Debug, Error)]
pub enum ImageFault {
    /// The file cannot be read; that is no fault of the picture.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file ends before the picture does.
    #[error("the {} file ends before the picture does; it was probably cut off on its way", .0.name())]
    Truncated(ImageKind),
    /// More pixels than are taken.
    #[error(
        "the picture is {width} × {height} pixels, and no more than {limit} pixels are taken in all; make it smaller first"
    )]
    TooManyPixels {
        /// The width that the file names.
        width: u32,
        /// The height that the file names.
        height: u32,
        /// The most pixels.
        limit: u64,
    },
    /// A side that is longer than is taken.
    #[error(
        "the picture is {width} × {height} pixels, and no side may have more than {MAX_SIDE}; make it smaller first"
    )]
    TooLong {
        /// The width that the file names.
        width: u32,
        /// The height that the file names.
        height: u32,
    },
    /// An animation of more frames, or of more pixels in all frames, than are taken.
    #[error(
        "the animation has too many frames, or too many pixels in all of them: {MAX_FRAMES} frames are taken, and {limit} pixels; send it as a video"
    )]
    TooManyFrames {
        /// The most pixels in all frames.
        limit: u64,
    },
    /// The file is damaged, or uses something that no decoder here knows.
    #[error("the file cannot be read as {}: {reason}", .kind.name())]
    Undecodable {
        /// What it was read as.
        kind: ImageKind,
        /// What the decoder says.
        reason: String,
    },
}

impl ImageLimits {
    /// Settles whether a picture of that size is taken, and gives the size in the form that the rest works with.
    ///
    /// # Errors
    /// A size without pixels, of a side that is too long, or of too many pixels.
    pub fn settle(self, kind: ImageKind, (width, height): (u32, u32)) -> Result<(u16, u16), ImageFault> {
        if width == 0 || height == 0 {
            return Err(ImageFault::undecodable(kind, "it has no pixels"));
        }
        let within = |side: u32| u16::try_from(side).ok().filter(|side| *side <= MAX_SIDE);
        let (Some(short_width), Some(short_height)) = (within(width), within(height)) else {
            return Err(ImageFault::TooLong { width, height });
        };
        if u64::from(width).saturating_mul(u64::from(height)) > self.max_pixels {
            let limit = self.max_pixels;
            return Err(ImageFault::TooManyPixels { width, height, limit });
        }
        Ok((short_width, short_height))
    }
}

impl ImageFault {
    /// A damaged file.
    #[must_use]
    pub fn undecodable(kind: ImageKind, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Undecodable { kind, reason }
    }
}
