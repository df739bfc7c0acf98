//! Colours: into sRGB, and what a picture looks like from far away.

use image::{DynamicImage, Rgba, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// The components of a blurhash, across and down.
const BLURHASH_COMPONENTS: (u32, u32) = (4, 3);

/// How many steps each of red, green and blue has when colours are counted.
const STEPS: u8 = 8;

/// Takes a picture of 8 bits into sRGB, by its profile. One without a profile is sRGB by custom, and so is one whose profile
/// cannot be used, such as one for four inks beside pixels in red, green and blue.
#[must_use]
pub fn into_srgb(pixels: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    let Some(profile) = profile.and_then(|profile| ColorProfile::new_from_slice(profile).ok()) else {
        return pixels;
    };
    converted(&pixels, &profile).unwrap_or(pixels)
}

/// The blurhash of a picture. It should be small already, since all of it is looked at for each component.
#[must_use]
pub fn blurhash(small: &RgbaImage) -> Option<String> {
    let (across, down) = BLURHASH_COMPONENTS;
    blurhash::encode(across, down, small.width(), small.height(), small.as_raw()).ok()
}

/// The colour that most of a picture has, as `#rrggbb`: the mean of the pixels in the fullest of 512 boxes of like colours.
/// Of boxes that are as full the first counts, so that the same picture always has the same colour.
#[must_use]
pub fn dominant_color(small: &RgbaImage) -> Option<String> {
    let mut boxes = vec![[0_u32; 4]; usize::from(STEPS).pow(3)];
    for Rgba([red, green, blue, alpha]) in small.pixels() {
        if *alpha < 128 {
            continue;
        }
        let step = |channel: u8| usize::from(channel / (u8::MAX / STEPS + 1));
        let place = (step(*red) * usize::from(STEPS) + step(*green)) * usize::from(STEPS) + step(*blue);
        if let Some([count, reds, greens, blues]) = boxes.get_mut(place) {
            *count += 1;
            *reds += u32::from(*red);
            *greens += u32::from(*green);
            *blues += u32::from(*blue);
        }
    }
    let fullest = boxes.iter().rev().max_by_key(|[count, ..]| *count)?;
    let &[count, reds, greens, blues] = fullest;
    let mean = |sum: u32| sum.checked_div(count);
    Some(format!("#{:02x}{:02x}{:02x}", mean(reds)?, mean(greens)?, mean(blues)?))
}

/// Transparent pixels over white.
#[must_use]
pub fn over_white(mut pixels: RgbaImage) -> RgbaImage {
    for Rgba([red, green, blue, alpha]) in pixels.pixels_mut() {
        for channel in [red, green, blue] {
            let (value, opaque) = (u32::from(*channel), u32::from(*alpha));
            let mixed = (value * opaque + 255 * (255 - opaque) + 127) / 255;
            *channel = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
        *alpha = u8::MAX;
    }
    pixels
}

fn converted(pixels: &DynamicImage, profile: &ColorProfile) -> Option<DynamicImage> {
    let (width, height) = (pixels.width(), pixels.height());
    let (from, to) = match (pixels, profile.color_space) {
        (DynamicImage::ImageLuma8(_), DataColorSpace::Gray) => (Layout::Gray, Layout::Rgb),
        (DynamicImage::ImageLumaA8(_), DataColorSpace::Gray) => (Layout::GrayAlpha, Layout::Rgba),
        (DynamicImage::ImageRgb8(_), DataColorSpace::Rgb) => (Layout::Rgb, Layout::Rgb),
        (DynamicImage::ImageRgba8(_), DataColorSpace::Rgb) => (Layout::Rgba, Layout::Rgba),
        _ => return None,
    };
    let transform = profile
        .create_transform_8bit(from, &ColorProfile::new_srgb(), to, TransformOptions::default())
        .ok()?;
    let mut converted = match to {
        Layout::Rgba => DynamicImage::new_rgba8(width, height),
        _ => DynamicImage::new_rgb8(width, height),
    };
    let target = match &mut converted {
        DynamicImage::ImageRgba8(target) => target.as_flat_samples_mut().samples,
        DynamicImage::ImageRgb8(target) => target.as_flat_samples_mut().samples,
        _ => return None,
    };
    transform.transform(pixels.as_bytes(), target).ok()?;
    Some(converted)
}
