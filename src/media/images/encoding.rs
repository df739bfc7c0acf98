//! From pixels to bytes, always the same bytes from the same pixels.

use bytes::Bytes;
use deserr::Deserr;
use image::codecs::avif::AvifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageEncoder};
use img_parts::ImageICC;
use img_parts::webp::WebP;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::media::images::colors;
use crate::media::images::fault::ImageFault;
use crate::media::images::image_kind::ImageKind;

/// The quality of a JPEG, of 100. Its colours are not halved, so this looks like more.
const JPEG_QUALITY: u8 = 80;
/// The quality of a `WebP`, of 100.
const WEBP_QUALITY: f32 = 78.0;
/// The quality of an AVIF, of 100.
const AVIF_QUALITY: u8 = 65;
/// How hurried the AVIF encoder is, from 1 to 10.
const AVIF_SPEED: u8 = 9;
/// The quality of an original that is written anew because it has to be turned.
const ORIGINAL_QUALITY: u8 = 93;

/// A format of renditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "webp")]
pub enum RenditionFormat {
    /// `WebP`: what every browser of today reads. Transparency stays.
    #[deserr(rename = "webp")]
    Webp,
    /// JPEG, for readers of feeds and mail. Transparent parts become white.
    #[deserr(rename = "jpeg")]
    Jpeg,
    /// PNG, without loss. Transparency stays.
    #[deserr(rename = "png")]
    Png,
    /// AVIF: the smallest, and the slowest to make. Transparency stays.
    #[deserr(rename = "avif")]
    Avif,
}

/// The pixels and what they have to be written with.
pub struct Original<'a> {
    /// The pixels, upright.
    pub pixels: &'a DynamicImage,
    /// The colour profile that the pixels are in.
    pub profile: Option<Vec<u8>>,
}

impl RenditionFormat {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Webp, Self::Jpeg, Self::Png, Self::Avif];

    /// The name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webp => "webp",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Avif => "avif",
        }
    }

    /// The media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Webp => "image/webp",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Avif => "image/avif",
        }
    }
}

/// Writes a rendition. The pixels are in sRGB, of 8 bits, and nothing is written beside them.
///
/// # Errors
/// What the encoder says, which it does for no picture within the limits.
pub fn encode(pixels: DynamicImage, format: RenditionFormat) -> Result<Bytes, String> {
    match format {
        RenditionFormat::Webp => webp(&pixels, WEBP_QUALITY),
        RenditionFormat::Jpeg => {
            let mut bytes = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            written(opaque(pixels).write_with_encoder(encoder), bytes)
        }
        RenditionFormat::Png => {
            let mut bytes = Vec::new();
            let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
            written(pixels.write_with_encoder(encoder), bytes)
        }
        RenditionFormat::Avif => {
            let mut bytes = Vec::new();
            // One thread: how many renditions are made at once is settled elsewhere.
            let encoder =
                AvifEncoder::new_with_speed_quality(&mut bytes, AVIF_SPEED, AVIF_QUALITY).with_num_threads(Some(1));
            written(colored(pixels).write_with_encoder(encoder), bytes)
        }
    }
}

/// Writes an original anew, in its own format and with its own colours.
///
/// # Errors
/// What the encoder says.
pub fn encode_original(kind: ImageKind, original: Original<'_>) -> Result<Bytes, ImageFault> {
    let Original { pixels, profile } = original;
    let outcome = match kind {
        ImageKind::Jpeg => {
            let mut bytes = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut bytes, ORIGINAL_QUALITY);
            written(with_profile(encoder, profile, pixels), bytes)
        }
        ImageKind::Png => {
            let mut bytes = Vec::new();
            written(with_profile(PngEncoder::new(&mut bytes), profile, pixels), bytes)
        }
        ImageKind::WebP => {
            webp(pixels, f32::from(ORIGINAL_QUALITY)).and_then(|bytes| webp_with_profile(bytes, profile))
        }
        ImageKind::Gif | ImageKind::Avif | ImageKind::Svg => Err("it is never written anew".to_owned()),
    };
    outcome.map_err(|reason| ImageFault::undecodable(kind, reason))
}

fn with_profile(
    mut encoder: impl ImageEncoder,
    profile: Option<Vec<u8>>,
    pixels: &DynamicImage,
) -> image::ImageResult<()> {
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile)
            .map_err(image::ImageError::Unsupported)?;
    }
    pixels.write_with_encoder(encoder)
}

fn webp_with_profile(bytes: Bytes, profile: Option<Vec<u8>>) -> Result<Bytes, String> {
    let Some(profile) = profile else {
        return Ok(bytes);
    };
    let mut webp = WebP::from_bytes(bytes).map_err(|error| error.to_string())?;
    webp.set_icc_profile(Some(Bytes::from(profile)));
    Ok(webp.encoder().bytes())
}

fn webp(pixels: &DynamicImage, quality: f32) -> Result<Bytes, String> {
    let (width, height) = (pixels.width(), pixels.height());
    let encoded = match pixels.color().has_alpha() {
        true => webp::Encoder::from_rgba(&pixels.to_rgba8(), width, height).encode_simple(false, quality),
        false => webp::Encoder::from_rgb(&pixels.to_rgb8(), width, height).encode_simple(false, quality),
    };
    let encoded = encoded.map_err(|error| format!("{error:?}"))?;
    Ok(Bytes::copy_from_slice(&encoded))
}

/// Over white, in red, green and blue.
fn opaque(pixels: DynamicImage) -> DynamicImage {
    let pixels = match pixels.color().has_alpha() {
        true => DynamicImage::ImageRgba8(colors::over_white(pixels.into_rgba8())),
        false => pixels,
    };
    DynamicImage::ImageRgb8(pixels.into_rgb8())
}

/// In red, green and blue, with transparency where there is any.
fn colored(pixels: DynamicImage) -> DynamicImage {
    match pixels.color().has_alpha() {
        true => DynamicImage::ImageRgba8(pixels.into_rgba8()),
        false => DynamicImage::ImageRgb8(pixels.into_rgb8()),
    }
}

fn written(outcome: image::ImageResult<()>, bytes: Vec<u8>) -> Result<Bytes, String> {
    outcome.map_err(|error| error.to_string())?;
    Ok(Bytes::from(bytes))
}
