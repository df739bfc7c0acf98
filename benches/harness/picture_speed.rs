//! How long a rendition takes, beside the same with nothing but the image crate: decode, resize by Lanczos with three lobes,
//! encode in the same format and quality. `cargo run --release --example picture_speed`.
//!
//! The two alternate, so that both meet the same disturbances; the figures are medians. CPU is the time that the one thread
//! at work was on a processor, so neighbours on the machine hardly change it.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use clap::Parser;
use galley::media::images::encoding::RenditionFormat;
use galley::media::images::fault::ImageLimits;
use galley::media::images::geometry::{Reduction, Size};
use galley::media::images::image_kind::ImageKind;
use galley::media::images::rendering::{Order, render};
use image::codecs::avif::AvifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

const SOURCE: Size = Size {
    width: 6000,
    height: 4000,
};

/// Measures renditions of a made-up photograph of 24 megapixels.
#[derive(Parser)]
struct Arguments {
    /// How often each is measured.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// The width of the renditions.
    #[arg(long, default_value_t = 1280)]
    width: u16,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    bytes: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { times, width } = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let photo = photograph()?;
    writeln!(
        out,
        "a JPEG of {} x {}, {} kB, to {width} wide; {times} runs each",
        SOURCE.width,
        SOURCE.height,
        photo.len() / 1000
    )?;
    writeln!(out, "{:<6}{:<10}{:>10}{:>10}{:>10}", "", "", "wall ms", "CPU ms", "kB")?;
    for format in RenditionFormat::ALL {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..times.max(1) {
            ours.push(cost(|| ours_of(&photo, width, format))?);
            theirs.push(cost(|| theirs_of(&photo, width, format))?);
        }
        for (name, costs) in [("galley", ours), ("image", theirs)] {
            let Cost { wall, cpu, bytes } = median(costs);
            let (wall, cpu) = (wall.as_millis(), cpu.as_millis());
            writeln!(
                out,
                "{:<6}{name:<10}{wall:>10}{cpu:>10}{:>10}",
                format.name(),
                bytes / 1000
            )?;
        }
    }
    Ok(())
}

fn ours_of(photo: &[u8], width: u16, format: RenditionFormat) -> Result<Vec<u8>, Box<dyn Error>> {
    let order = Order {
        kind: ImageKind::Jpeg,
        reduction: Reduction::contained(SOURCE, Some(width), None),
        format,
    };
    let limits = ImageLimits { max_pixels: 50_000_000 };
    Ok(render(photo, order, limits)?.to_vec())
}

fn theirs_of(photo: &[u8], width: u16, format: RenditionFormat) -> Result<Vec<u8>, Box<dyn Error>> {
    let size = Reduction::contained(SOURCE, Some(width), None).size;
    let pixels = image::load_from_memory(photo)?;
    let pixels = pixels.resize_exact(size.width.into(), size.height.into(), FilterType::Lanczos3);
    let mut bytes = Cursor::new(Vec::new());
    match format {
        // Without loss: it is the only way in which the image crate writes it.
        RenditionFormat::Webp => pixels.write_to(&mut bytes, ImageFormat::WebP)?,
        RenditionFormat::Png => pixels.write_to(&mut bytes, ImageFormat::Png)?,
        RenditionFormat::Jpeg => pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 80))?,
        RenditionFormat::Avif => pixels
            .write_with_encoder(AvifEncoder::new_with_speed_quality(&mut bytes, 9, 65).with_num_threads(Some(1)))?,
    }
    Ok(bytes.into_inner())
}

fn cost(work: impl FnOnce() -> Result<Vec<u8>, Box<dyn Error>>) -> Result<Cost, Box<dyn Error>> {
    let (began, cpu_before) = (Instant::now(), cpu_time()?);
    let bytes = black_box(work()?).len();
    Ok(Cost {
        wall: began.elapsed(),
        cpu: cpu_time()?.saturating_sub(cpu_before),
        bytes,
    })
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.cpu);
    let middle = costs.len() / 2;
    costs.swap_remove(middle)
}

/// The time that this thread was on a processor so far (Linux).
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().ok_or("schedstat is empty")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// Slopes, edges and grain, the same every time: what a camera would see costs about as much.
fn photograph() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut grain = 0x2545_f491_u32;
    let pixels = RgbImage::from_fn(SOURCE.width.into(), SOURCE.height.into(), |x, y| {
        grain ^= grain << 13;
        grain ^= grain >> 17;
        grain ^= grain << 5;
        let noise = grain % 24;
        let edge = if (x / 97 + y / 61) % 3 == 0 { 60 } else { 0 };
        let channel = |value: u32| u8::try_from(value.min(255)).unwrap_or(u8::MAX);
        Rgb([
            channel(x * 150 / 6000 + edge + noise),
            channel(y * 150 / 4000 + edge + noise),
            channel((x + y) * 120 / 10_000 + noise),
        ])
    });
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(pixels).write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90))?;
    Ok(bytes)
}
