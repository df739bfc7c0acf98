//! What a picture is, and the file that readers may get.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use image::DynamicImage;
use image::metadata::Orientation;

use crate::media::images::cleaning::{Motion, clean};
use crate::media::images::colors;
use crate::media::images::decoding::{DecodedImage, decode, guarded};
use crate::media::images::encoding::{Original, encode_original};
use crate::media::images::fault::{ImageFault, ImageLimits};
use crate::media::images::geometry::{Reduction, Size};
use crate::media::images::image_kind::ImageKind;
use crate::media::images::rendering::{of_8_bits, reduce, size_of};

/// The longest side of what placeholders are made from.
const SMALL_SIDE: u16 = 48;

/// What was found out about a picture. What cannot be known, since nothing here decodes it, is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedImage {
    /// The width in pixels, once it is upright.
    pub width: Option<u16>,
    /// The height in pixels, once it is upright.
    pub height: Option<u16>,
    /// A blurred version of a few letters (blurhash, 4 × 3 components).
    pub blurhash: Option<String>,
    /// The colour that most of it has, as `#rrggbb`.
    pub dominant_color: Option<String>,
    /// The file that readers may get, when that is not the very same: without EXIF, XMP, IPTC and comments, and upright.
    pub cleaned: Option<Bytes>,
}

/// Reads, decodes and measures a picture. That takes a processor a while and a few bytes of memory for each pixel, so it is
/// done on a thread that may block, and not many times at once.
///
/// # Errors
/// Why the picture is not taken. [`ImageFault::Unreadable`] is no fault of the picture.
pub fn inspect(file: &Path, kind: ImageKind, limits: ImageLimits) -> Result<InspectedImage, ImageFault> {
    inspect_bytes(Bytes::from(fs::read(file)?), kind, limits)
}

/// The same for a file that was read already.
///
/// # Errors
/// Why the picture is not taken.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the original is dropped before anything else is allocated"
)]
pub fn inspect_bytes(original: Bytes, kind: ImageKind, limits: ImageLimits) -> Result<InspectedImage, ImageFault> {
    if !kind.is_decodable() {
        return Ok(InspectedImage {
            width: None,
            height: None,
            blurhash: None,
            dominant_color: None,
            cleaned: None,
        });
    }
    // First of all, since the sizes in the head settle whether it is decoded at all.
    let decoded = decode(kind, &original, limits)?;
    let file = guarded(kind, || clean(kind, &original, limits))?;
    guarded(kind, || {
        // An animation is never written anew, and so it is shown as it lies in the file.
        let upright = file.motion == Motion::Animated || decoded.orientation == Orientation::NoTransforms;
        match upright {
            true => {
                let cleaned = (file.bytes != original).then_some(file.bytes);
                Ok(inspected(decoded.pixels, decoded.profile.as_deref(), cleaned))
            }
            false => turned(kind, decoded),
        }
    })
}

fn turned(kind: ImageKind, decoded: DecodedImage) -> Result<InspectedImage, ImageFault> {
    let DecodedImage {
        mut pixels,
        size: _,
        orientation,
        profile,
    } = decoded;
    pixels.apply_orientation(orientation);
    let original = Original {
        pixels: &pixels,
        profile: profile.clone(),
    };
    let cleaned = encode_original(kind, original)?;
    Ok(inspected(pixels, profile.as_deref(), Some(cleaned)))
}

fn inspected(pixels: DynamicImage, profile: Option<&[u8]>, cleaned: Option<Bytes>) -> InspectedImage {
    let Size { width, height } = size_of(&pixels);
    let small = small(pixels, profile);
    InspectedImage {
        width: Some(width),
        height: Some(height),
        blurhash: small
            .clone()
            .map(colors::over_white)
            .as_ref()
            .and_then(colors::blurhash),
        dominant_color: small.as_ref().and_then(colors::dominant_color),
        cleaned,
    }
}

/// A very small version, in sRGB.
fn small(pixels: DynamicImage, profile: Option<&[u8]>) -> Option<image::RgbaImage> {
    let pixels = of_8_bits(pixels);
    let reduction = Reduction::contained(size_of(&pixels), Some(SMALL_SIDE), Some(SMALL_SIDE));
    let small = reduce(pixels, reduction).ok()?;
    Some(colors::into_srgb(small, profile).into_rgba8())
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage};
    use img_parts::{DynImage, ImageICC};
    use proptest::prelude::*;

    use super::*;
    use crate::media::images::samples::{self, SECRET, quarters};

    const LIMITS: ImageLimits = ImageLimits { max_pixels: 1_000_000 };

    /// The corners of [`quarters`], from the top left: what can be told of a picture whatever the encoder did to it.
    fn corners(pixels: &RgbImage) -> [char; 4] {
        let (right, bottom) = (pixels.width() - 1, pixels.height() - 1);
        [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(x, y)| match pixels.get_pixel(x, y) {
            Rgb([red, green, blue]) if *red > 150 && *green < 90 && *blue < 90 => 'r',
            Rgb([red, green, blue]) if *green > 150 && *red < 90 && *blue < 90 => 'g',
            Rgb([red, green, blue]) if *blue > 150 && *red < 90 && *green < 90 => 'b',
            _ => 'x',
        })
    }

    fn has_secret(bytes: &[u8]) -> bool {
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    }

    fn decoded(kind: ImageKind, bytes: &[u8]) -> RgbImage {
        decode(kind, bytes, LIMITS).unwrap().pixels.into_rgb8()
    }

    /// Every kind with a secret in every place that the kind has.
    fn talkative(orientation: u8) -> Vec<(ImageKind, Bytes)> {
        let pixels = quarters(40, 30);
        let profile = samples::swapping_profile();
        vec![
            (ImageKind::Jpeg, samples::talkative_jpeg(&pixels, orientation, &profile)),
            (
                ImageKind::Png,
                samples::talkative_png(&pixels.clone().into(), orientation, &profile),
            ),
            (ImageKind::WebP, samples::talkative_webp(&pixels, orientation, &profile)),
        ]
    }

    #[test]
    fn metadata_goes_and_pixels_and_profile_stay() {
        for (kind, bytes) in talkative(1)
            .into_iter()
            .chain([(ImageKind::Gif, samples::talkative_gif())])
        {
            assert!(has_secret(&bytes), "{kind:?}");
            let inspected = inspect_bytes(bytes.clone(), kind, LIMITS).unwrap();
            let cleaned = inspected.cleaned.unwrap();
            assert!(!has_secret(&cleaned), "{kind:?}");
            assert_eq!((inspected.width, inspected.height), (Some(40), Some(30)));
            assert_eq!(decoded(kind, &cleaned), decoded(kind, &bytes), "{kind:?}");
            let profile = DynImage::from_bytes(cleaned.clone()).unwrap();
            let profile = profile.and_then(|image| image.icc_profile());
            assert_eq!(profile.is_some(), kind != ImageKind::Gif, "{kind:?}");
            // What is clean stays as it is, to the byte.
            assert_eq!(inspect_bytes(cleaned, kind, LIMITS).unwrap().cleaned, None, "{kind:?}");
        }
    }

    #[test]
    fn a_picture_that_a_camera_turned_is_stored_upright() {
        // What the four corners of the picture become, by the table of the EXIF standard.
        let turned = [
            (2, ['g', 'r', 'x', 'b']),
            (3, ['x', 'b', 'g', 'r']),
            (4, ['b', 'x', 'r', 'g']),
            (5, ['r', 'b', 'g', 'x']),
            (6, ['b', 'r', 'x', 'g']),
            (7, ['x', 'g', 'b', 'r']),
            (8, ['g', 'x', 'r', 'b']),
        ];
        for (orientation, expected) in turned {
            for (kind, bytes) in talkative(orientation) {
                let inspected = inspect_bytes(bytes, kind, LIMITS).unwrap();
                let cleaned = inspected.cleaned.unwrap();
                assert!(!has_secret(&cleaned));
                let size = match orientation {
                    5.. => (Some(30), Some(40)),
                    _ => (Some(40), Some(30)),
                };
                assert_eq!((inspected.width, inspected.height), size, "{kind:?} {orientation}");
                let upright = decode(kind, &cleaned, LIMITS).unwrap();
                assert_eq!(upright.profile, Some(samples::swapping_profile()));
                assert_eq!(corners(&upright.pixels.into_rgb8()), expected, "{kind:?} {orientation}");
            }
        }
    }

    #[test]
    fn an_animation_stays_one() {
        let bytes = samples::talkative_gif();
        let cleaned = inspect_bytes(bytes, ImageKind::Gif, LIMITS).unwrap().cleaned.unwrap();
        let file = clean(ImageKind::Gif, &cleaned, LIMITS).unwrap();
        assert_eq!(file.motion, Motion::Animated);
    }

    #[test]
    fn the_color_is_the_one_that_most_has_and_the_blurhash_is_of_the_picture() {
        let mostly = RgbImage::from_fn(100, 100, |x, y| match (x + y) % 4 {
            0 => Rgb([250, 250, 250]),
            _ => Rgb([0x24, 0x68, 0xac]),
        });
        let inspected = inspect_bytes(samples::png(&mostly.into()), ImageKind::Png, LIMITS).unwrap();
        let color = inspected.dominant_color.unwrap();
        assert!(color.starts_with('#') && color.len() == 7, "{color}");
        let flat = RgbImage::from_pixel(100, 50, Rgb([0x24, 0x68, 0xac]));
        let inspected = inspect_bytes(samples::png(&flat.into()), ImageKind::Png, LIMITS).unwrap();
        assert_eq!(inspected.dominant_color.as_deref(), Some("#2468ac"));
        let blurhash = inspected.blurhash.unwrap();
        let pixel = blurhash::decode(&blurhash, 1, 1, 1.0).unwrap();
        assert!(pixel[2].abs_diff(0xac) < 24, "{pixel:?}");
    }

    #[test]
    fn the_color_profile_counts_for_what_a_picture_looks_like() {
        let red = RgbImage::from_pixel(20, 20, Rgb([220, 30, 30]));
        let bytes = samples::talkative_png(&red.into(), 1, &samples::swapping_profile());
        let color = inspect_bytes(bytes, ImageKind::Png, LIMITS)
            .unwrap()
            .dominant_color
            .unwrap();
        let channel = |range| u8::from_str_radix(color.get(range).unwrap(), 16).unwrap();
        assert!(channel(1..3) < 90 && channel(3..5) > 180, "{color}");
    }

    #[test]
    fn a_transparent_picture_has_no_color_of_what_is_not_seen() {
        let bytes = samples::png(&samples::translucent(40, 20).into());
        let inspected = inspect_bytes(bytes, ImageKind::Png, LIMITS).unwrap();
        assert_eq!(inspected.dominant_color.as_deref(), Some("#c80000"));
    }

    #[test]
    fn a_small_file_that_says_it_is_great_is_refused_by_what_it_says() {
        let too_many = [
            (ImageKind::Png, samples::png_that_says(16_000, 16_000)),
            (ImageKind::Jpeg, samples::jpeg_that_says(16_000, 16_000)),
            (ImageKind::Gif, samples::gif_that_says(16_000, 16_000)),
            (ImageKind::WebP, samples::webp_that_says(16_000, 16_000)),
        ];
        for (kind, bytes) in too_many {
            let fault = inspect_bytes(bytes, kind, LIMITS).unwrap_err();
            assert!(
                matches!(fault, ImageFault::TooManyPixels { width: 16_000, .. }),
                "{kind:?}: {fault}"
            );
        }
        for (kind, bytes) in [
            (ImageKind::Jpeg, samples::jpeg_that_says(65_000, 2)),
            (ImageKind::Gif, samples::gif_that_says(2, 65_000)),
        ] {
            let fault = inspect_bytes(bytes, kind, LIMITS).unwrap_err();
            assert!(matches!(fault, ImageFault::TooLong { .. }), "{kind:?}: {fault}");
        }
        let absurd = inspect_bytes(samples::png_that_says(2_000_000_000, 2), ImageKind::Png, LIMITS);
        assert!(absurd.is_err());
    }

    #[test]
    fn a_head_that_lies_within_the_limits_is_refused_too() {
        let fault = inspect_bytes(samples::png_that_says(900, 900), ImageKind::Png, LIMITS).unwrap_err();
        assert!(
            matches!(fault, ImageFault::Undecodable { .. } | ImageFault::Truncated(_)),
            "{fault}"
        );
    }

    #[test]
    fn an_animation_without_end_is_refused() {
        let one = samples::gif(1, (4, 4));
        let frame = one.windows(2).position(|pair| pair[0] == 0x2c).unwrap();
        let (head, rest) = one.split_at(frame);
        let frames = rest[..rest.len() - 1].repeat(1001);
        let bytes = Bytes::from([head, &frames, &[0x3b]].concat());
        let fault = inspect_bytes(bytes, ImageKind::Gif, LIMITS).unwrap_err();
        assert!(matches!(fault, ImageFault::TooManyFrames { .. }), "{fault}");
        // Fewer frames, each as great as the limit allows one picture to be.
        let great = samples::gif(20, (1000, 1000));
        let fault = inspect_bytes(great, ImageKind::Gif, LIMITS).unwrap_err();
        assert!(matches!(fault, ImageFault::TooManyFrames { .. }), "{fault}");
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_refused() {
        let pixels = quarters(64, 48);
        let whole = [
            (ImageKind::Jpeg, samples::jpeg(&pixels)),
            (ImageKind::Png, samples::png(&pixels.clone().into())),
            (ImageKind::WebP, samples::webp(&pixels)),
            (ImageKind::Gif, samples::gif(2, (64, 48))),
        ];
        for (kind, bytes) in whole {
            assert!(inspect_bytes(bytes.clone(), kind, LIMITS).is_ok(), "{kind:?}");
            for length in 0..bytes.len() {
                let cut = bytes.slice(..length);
                assert!(inspect_bytes(cut, kind, LIMITS).is_err(), "{kind:?} cut at {length}");
            }
        }
    }

    #[test]
    fn what_cannot_be_decoded_here_stays_as_it_is() {
        for kind in [ImageKind::Avif, ImageKind::Svg] {
            let inspected = inspect_bytes(Bytes::from_static(b"anything"), kind, LIMITS).unwrap();
            assert_eq!(
                (inspected.width, inspected.blurhash, inspected.cleaned),
                (None, None, None)
            );
        }
    }

    #[test]
    fn pictures_of_every_depth_are_taken() {
        let pixels = DynamicImage::ImageRgb8(quarters(20, 10));
        let depths = [
            DynamicImage::ImageLuma8(pixels.to_luma8()),
            DynamicImage::ImageLumaA8(pixels.to_luma_alpha8()),
            DynamicImage::ImageLuma16(pixels.to_luma16()),
            DynamicImage::ImageLumaA16(pixels.to_luma_alpha16()),
            DynamicImage::ImageRgb16(pixels.to_rgb16()),
            DynamicImage::ImageRgba16(pixels.to_rgba16()),
        ];
        for pixels in depths {
            let inspected = inspect_bytes(samples::png(&pixels), ImageKind::Png, LIMITS).unwrap();
            assert!(
                inspected.blurhash.is_some() && inspected.dominant_color.is_some(),
                "{pixels:?}"
            );
        }
    }

    fn kinds() -> impl Strategy<Value = ImageKind> {
        prop::sample::select(vec![ImageKind::Jpeg, ImageKind::Png, ImageKind::WebP, ImageKind::Gif])
    }

    fn sample(kind: ImageKind) -> Bytes {
        match kind {
            ImageKind::Jpeg => samples::talkative_jpeg(&quarters(24, 16), 6, b"profile"),
            ImageKind::Png => samples::talkative_png(&quarters(24, 16).into(), 6, &samples::swapping_profile()),
            ImageKind::WebP => samples::talkative_webp(&quarters(24, 16), 6, b"profile"),
            _ => samples::talkative_gif(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_bytes_at_all_make_it_panic(kind in kinds(), bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _outcome = inspect_bytes(Bytes::from(bytes), kind, LIMITS);
        }

        #[test]
        fn no_damage_makes_it_panic_or_lets_a_secret_through(
            kind in kinds(),
            read_as in kinds(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = sample(kind).to_vec();
            for (place, value) in damage {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let _as_another = inspect_bytes(Bytes::from(bytes.clone()), read_as, LIMITS);
            if let Ok(inspected) = inspect_bytes(Bytes::from(bytes), kind, LIMITS) {
                let (width, height) = (inspected.width.unwrap(), inspected.height.unwrap());
                prop_assert!(u64::from(width) * u64::from(height) <= LIMITS.max_pixels);
            }
        }
    }
}
