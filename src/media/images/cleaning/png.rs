//! PNG: chunks (PNG, third edition, section 11).

use bytes::Bytes;
use img_parts::png::Png;

use super::{CleanedFile, Motion, structure_fault};
use crate::media::images::fault::{ImageFault, MAX_FRAMES};
use crate::media::images::image_kind::ImageKind;

const KIND: ImageKind = ImageKind::Png;

/// What says how the picture is to be decoded or shown, still or animated.
const KEPT: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV",
    b"cLLI", b"bKGD", b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

pub fn clean(bytes: &Bytes) -> Result<CleanedFile, ImageFault> {
    let mut png = Png::from_bytes(bytes.clone()).map_err(|error| structure_fault(KIND, &error))?;
    if png.chunks().last().is_none_or(|chunk| chunk.kind() != *b"IEND") {
        return Err(ImageFault::Truncated(KIND));
    }
    if png.chunks_by_type(*b"fcTL").count() > MAX_FRAMES {
        // Frames of a PNG lie within the picture, and nothing here decodes them: their number is all there is to limit.
        return Err(ImageFault::TooManyFrames { limit: u64::MAX });
    }
    let motion = match png.chunk_by_type(*b"acTL") {
        Some(_control) => Motion::Animated,
        None => Motion::Still,
    };
    png.chunks_mut().retain(|chunk| KEPT.contains(&&chunk.kind()));
    Ok(CleanedFile {
        bytes: png.encoder().bytes(),
        motion,
    })
}
