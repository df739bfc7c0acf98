//! From bytes to pixels, within limits that hold before anything is allocated.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits};

use crate::media::images::fault::{ImageFault, ImageLimits, MAX_SIDE};
use crate::media::images::geometry::Size;
use crate::media::images::image_kind::ImageKind;

/// What a decoder may allocate beside the pixels. Colour profiles and texts that inflate to more are refused.
const MAX_BESIDE_PIXELS: u64 = 64 * 1024 * 1024;

/// A picture as it is in its file.
pub struct DecodedImage {
    /// The pixels. Of an animation the first frame.
    pub pixels: DynamicImage,
    /// Its size, not turned.
    pub size: Size,
    /// How it is to be turned to be upright.
    pub orientation: Orientation,
    /// The colour profile (ICC).
    pub profile: Option<Vec<u8>>,
}

/// Decodes a picture wholly.
///
/// # Errors
/// A file that is not what it says, ends too early, or is greater than the limits allow.
pub fn decode(kind: ImageKind, bytes: &[u8], limits: ImageLimits) -> Result<DecodedImage, ImageFault> {
    guarded(kind, || {
        let input = Cursor::new(bytes);
        let failed = |error| decoding_fault(kind, &error);
        match kind {
            ImageKind::Jpeg => read(kind, JpegDecoder::new(input).map_err(failed)?, limits),
            // The sizes in the head are settled before the decoder is told its limits, except by this one.
            ImageKind::Png => read(
                kind,
                PngDecoder::with_limits(input, beside_pixels()).map_err(failed)?,
                limits,
            ),
            ImageKind::Gif => read(kind, GifDecoder::new(input).map_err(failed)?, limits),
            ImageKind::WebP => read(kind, WebPDecoder::new(input).map_err(failed)?, limits),
            ImageKind::Avif | ImageKind::Svg => Err(ImageFault::undecodable(kind, "nothing here can decode it")),
        }
    })
}

/// Does what decoders of others do with bytes of strangers. None of them should panic; one that does takes its picture with
/// it and nothing else.
///
/// # Errors
/// The fault, or that there was a panic.
pub fn guarded<T>(kind: ImageKind, work: impl FnOnce() -> Result<T, ImageFault>) -> Result<T, ImageFault> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_panic| Err(ImageFault::undecodable(kind, "the decoder gave up on it")))
}

fn read(kind: ImageKind, mut decoder: impl ImageDecoder, limits: ImageLimits) -> Result<DecodedImage, ImageFault> {
    let (width, height) = limits.settle(kind, decoder.dimensions())?;
    let failed = |error| decoding_fault(kind, &error);
    let mut allowed = beside_pixels();
    allowed.max_alloc = Some(MAX_BESIDE_PIXELS.saturating_add(decoder.total_bytes()));
    decoder.set_limits(allowed).map_err(failed)?;
    let orientation = orientation(&mut decoder).map_err(failed)?;
    // A profile that cannot be read is as good as none.
    let profile = decoder.icc_profile().ok().flatten();
    let pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok(DecodedImage {
        pixels,
        size: Size { width, height },
        orientation,
        profile,
    })
}

fn beside_pixels() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE.into());
    limits.max_image_height = Some(MAX_SIDE.into());
    limits.max_alloc = Some(MAX_BESIDE_PIXELS);
    limits
}

/// How the picture is to be turned, by its EXIF. In a `WebP` some programs write the same prefix to it as in a JPEG.
fn orientation(decoder: &mut impl ImageDecoder) -> ImageResult<Orientation> {
    let exif = decoder.exif_metadata()?.unwrap_or_default();
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
    Ok(Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms))
}

fn decoding_fault(kind: ImageKind, error: &ImageError) -> ImageFault {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => ImageFault::Truncated(kind),
        other => ImageFault::undecodable(kind, other.to_string()),
    }
}
