//! A smaller version of a picture.

use bytes::Bytes;
use fast_image_resize::{ResizeOptions, Resizer};
use image::DynamicImage;

use crate::media::images::colors;
use crate::media::images::decoding::{decode, guarded};
use crate::media::images::encoding::{RenditionFormat, encode};
use crate::media::images::fault::{ImageFault, ImageLimits};
use crate::media::images::geometry::{Reduction, Size};
use crate::media::images::image_kind::ImageKind;

/// The number of the way in which renditions are made. It goes up when the same request would give other bytes, so that
/// those that are kept are made anew.
pub const RENDERING: u16 = 1;

/// What is made of an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// What the original is.
    pub kind: ImageKind,
    /// The part of it, and the size that it gets.
    pub reduction: Reduction,
    /// The format.
    pub format: RenditionFormat,
}

/// Makes a rendition: decodes the original, turns, cuts and reduces it, takes it into sRGB and encodes it.
///
/// # Errors
/// An original that cannot be decoded or is not as great as it was when it was measured.
pub fn render(original: &[u8], order: Order, limits: ImageLimits) -> Result<Bytes, ImageFault> {
    let Order {
        kind,
        reduction,
        format,
    } = order;
    let decoded = decode(kind, original, limits)?;
    guarded(kind, || {
        let mut pixels = of_8_bits(decoded.pixels);
        pixels.apply_orientation(decoded.orientation);
        let pixels = reduce(pixels, reduction).map_err(|reason| ImageFault::undecodable(kind, reason))?;
        let pixels = colors::into_srgb(pixels, decoded.profile.as_deref());
        encode(pixels, format).map_err(|reason| ImageFault::undecodable(kind, reason))
    })
}

/// Cuts and reduces pixels of 8 bits, by Lanczos with three lobes; transparency is taken into account.
///
/// # Errors
/// A part that is not within the picture.
pub fn reduce(pixels: DynamicImage, reduction: Reduction) -> Result<DynamicImage, String> {
    let Reduction { cut, size } = reduction;
    if reduction.is_nothing(size_of(&pixels)) {
        return Ok(pixels);
    }
    let mut reduced = DynamicImage::new(size.width.into(), size.height.into(), pixels.color());
    let options = ResizeOptions::new().crop(
        cut.left.into(),
        cut.top.into(),
        cut.size.width.into(),
        cut.size.height.into(),
    );
    Resizer::new()
        .resize(&pixels, &mut reduced, &options)
        .map_err(|error| error.to_string())?;
    Ok(reduced)
}

/// The pixels with 8 bits a channel, in the channels that they have.
#[must_use]
pub fn of_8_bits(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(pixels.into_luma8()),
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()),
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgb32F(_) => DynamicImage::ImageRgb8(pixels.into_rgb8()),
        DynamicImage::ImageRgba16(_) | DynamicImage::ImageRgba32F(_) => DynamicImage::ImageRgba8(pixels.into_rgba8()),
        other => other,
    }
}

/// The size of pixels that were decoded within the limits.
#[must_use]
pub fn size_of(pixels: &DynamicImage) -> Size {
    let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
    Size {
        width: side(pixels.width()),
        height: side(pixels.height()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::images::geometry::{FocalPoint, MIDDLE};
    use crate::media::images::samples::{self, quarters};

    const LIMITS: ImageLimits = ImageLimits { max_pixels: 1_000_000 };

    fn order(kind: ImageKind, reduction: Reduction, format: RenditionFormat) -> Order {
        Order {
            kind,
            reduction,
            format,
        }
    }

    fn source(width: u16, height: u16) -> Size {
        Size { width, height }
    }

    #[test]
    fn a_cut_shows_the_part_around_the_focal_point() {
        let bytes = samples::jpeg(&quarters(400, 300));
        let shape = source(50, 50);
        let color_at = |x| {
            let reduction = Reduction::covering(source(400, 300), shape, FocalPoint { x, y: 500 });
            let bytes = render(&bytes, order(ImageKind::Jpeg, reduction, RenditionFormat::Png), LIMITS).unwrap();
            let pixels = image::load_from_memory(&bytes).unwrap().into_rgb8();
            *pixels.get_pixel(30, 2)
        };
        // Three fifths of the way across the part: in the left half of the picture, or in the right one.
        let (left, right) = (color_at(0), color_at(1000));
        assert!(left.0[0] > 180 && left.0[1] < 90, "{left:?}");
        assert!(right.0[1] > 150 && right.0[0] < 90, "{right:?}");
    }

    #[test]
    fn the_same_request_gives_the_same_bytes() {
        let bytes = samples::jpeg(&quarters(200, 120));
        let reduction = Reduction::covering(source(200, 120), source(64, 64), MIDDLE);
        for format in RenditionFormat::ALL {
            let order = order(ImageKind::Jpeg, reduction, format);
            let (one, other) = (render(&bytes, order, LIMITS), render(&bytes, order, LIMITS));
            assert_eq!(one.unwrap(), other.unwrap(), "{format:?}");
        }
    }

    #[test]
    fn colors_are_taken_through_the_profile() {
        // Red, with a profile in which red and green are exchanged.
        let red = image::RgbImage::from_pixel(60, 40, image::Rgb([220, 30, 30]));
        let bytes = samples::talkative_jpeg(&red, 1, &samples::swapping_profile());
        let reduction = Reduction::contained(source(60, 40), Some(30), None);
        let order = order(ImageKind::Jpeg, reduction, RenditionFormat::Png);
        let pixels = image::load_from_memory(&render(&bytes, order, LIMITS).unwrap())
            .unwrap()
            .into_rgb8();
        let image::Rgb([red, green, _blue]) = *pixels.get_pixel(15, 10);
        assert!(green > 180 && red < 90, "{red} {green}");
    }

    #[test]
    fn nothing_is_written_beside_the_picture() {
        let bytes = samples::talkative_jpeg(&quarters(80, 60), 1, &samples::swapping_profile());
        let reduction = Reduction::contained(source(80, 60), Some(40), None);
        for format in RenditionFormat::ALL {
            let rendered = render(&bytes, order(ImageKind::Jpeg, reduction, format), LIMITS).unwrap();
            assert!(
                !rendered
                    .windows(samples::SECRET.len())
                    .any(|window| window == samples::SECRET)
            );
        }
    }

    #[test]
    fn of_an_animation_the_first_frame_is_shown() {
        let reduction = Reduction::contained(source(40, 30), Some(20), None);
        let order = order(ImageKind::Gif, reduction, RenditionFormat::Png);
        let bytes = render(&samples::talkative_gif(), order, LIMITS).unwrap();
        assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 20);
    }

    #[test]
    fn an_original_that_is_not_as_great_as_it_was_is_a_fault_and_no_panic() {
        let bytes = samples::jpeg(&quarters(40, 30));
        let reduction = Reduction::covering(source(400, 300), source(200, 200), FocalPoint { x: 1000, y: 1000 });
        let order = order(ImageKind::Jpeg, reduction, RenditionFormat::Png);
        assert!(render(&bytes, order, LIMITS).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn every_format_takes_every_size(
            (width, height) in (1_u16..40, 1_u16..40),
            (box_width, box_height) in (1_u16..50, 1_u16..50),
            format in prop::sample::select(RenditionFormat::ALL.to_vec()),
            alpha in any::<bool>(),
        ) {
            let pixels = match alpha {
                true => DynamicImage::ImageRgba8(samples::translucent(width.into(), height.into())),
                false => DynamicImage::ImageLuma8(DynamicImage::ImageRgb8(quarters(width.into(), height.into())).into_luma8()),
            };
            let bytes = samples::png(&pixels);
            let reduction = Reduction::covering(source(width, height), source(box_width, box_height), MIDDLE);
            let rendered = render(&bytes, order(ImageKind::Png, reduction, format), LIMITS).unwrap();
            prop_assert!(!rendered.is_empty());
        }
    }
}
