//! `WebP`: chunks of RIFF (RFC 9649, section 2).

use bytes::{Bytes, BytesMut};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::{CHUNK_ALPH, CHUNK_ANIM, CHUNK_ANMF, CHUNK_ICCP, CHUNK_VP8, CHUNK_VP8L, CHUNK_VP8X, WebP};

use super::{CleanedFile, Motion, structure_fault};
use crate::media::images::fault::{FRAMES_FACTOR, ImageFault, ImageLimits, MAX_FRAMES};
use crate::media::images::image_kind::ImageKind;

const KIND: ImageKind = ImageKind::WebP;

/// The picture, its transparency, its frames and its colours.
const KEPT: [[u8; 4]; 7] = [
    CHUNK_VP8X, CHUNK_ICCP, CHUNK_ANIM, CHUNK_ANMF, CHUNK_ALPH, CHUNK_VP8, CHUNK_VP8L,
];

/// In the first byte of `VP8X`: that there is EXIF, and that there is XMP.
const METADATA_FLAGS: u8 = 0b0000_1100;

pub fn clean(bytes: &Bytes, limits: ImageLimits) -> Result<CleanedFile, ImageFault> {
    let mut webp = WebP::from_bytes(bytes.clone()).map_err(|error| structure_fault(KIND, &error))?;
    let motion = match webp.has_chunk(CHUNK_ANIM) {
        true => Motion::Animated,
        false => Motion::Still,
    };
    if webp.chunks_by_id(CHUNK_ANMF).count() > MAX_FRAMES {
        let limit = limits.max_pixels.saturating_mul(FRAMES_FACTOR);
        return Err(ImageFault::TooManyFrames { limit });
    }
    webp.chunks_mut().retain(|chunk| KEPT.contains(&chunk.id()));
    for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == CHUNK_VP8X) {
        forget_metadata(chunk);
    }
    Ok(CleanedFile {
        bytes: webp.encoder().bytes(),
        motion,
    })
}

fn forget_metadata(extended: &mut RiffChunk) {
    let RiffContent::Data(data) = extended.content_mut() else {
        return;
    };
    let mut changed = BytesMut::from(data.as_ref());
    if let Some(flags) = changed.first_mut() {
        *flags &= !METADATA_FLAGS;
    }
    *data = changed.freeze();
}
