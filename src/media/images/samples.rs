//! Pictures that the tests are made with. All are made here, so that each says what is odd about it.

use bytes::Bytes;
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, Frame, Rgb, RgbImage, Rgba, RgbaImage};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{ImageEXIF, ImageICC};

/// A text that no cleaned file may have anywhere.
pub const SECRET: &[u8] = b"52.5200N 13.4050E Jane Doe";

/// A picture whose four quarters differ: red, green, blue and grey, from the top left.
pub fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([220, 30, 30]),
        (false, true) => Rgb([30, 200, 30]),
        (true, false) => Rgb([30, 30, 210]),
        (false, false) => Rgb([128, 128, 128]),
    })
}

pub fn translucent(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, _y| match x < width / 2 {
        true => Rgba([200, 0, 0, 255]),
        false => Rgba([0, 0, 200, 0]),
    })
}

pub fn jpeg(pixels: &RgbImage) -> Bytes {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    pixels.write_with_encoder(encoder).unwrap();
    Bytes::from(bytes)
}

pub fn png(pixels: &DynamicImage) -> Bytes {
    let mut bytes = Vec::new();
    pixels.write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
    Bytes::from(bytes)
}

pub fn webp(pixels: &RgbImage) -> Bytes {
    let encoder = webp::Encoder::from_rgb(pixels, pixels.width(), pixels.height());
    Bytes::copy_from_slice(&encoder.encode(85.0))
}

pub fn gif(frames: usize, (width, height): (u32, u32)) -> Bytes {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let frame = Frame::new(DynamicImage::ImageRgb8(quarters(width, height)).into_rgba8());
    encoder.encode_frames(std::iter::repeat_n(frame, frames)).unwrap();
    drop(encoder);
    Bytes::from(bytes)
}

/// EXIF that turns the picture and tells a secret.
pub fn exif(orientation: u8) -> Bytes {
    let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend_from_slice(&[0; 4]);
    exif.extend_from_slice(SECRET);
    Bytes::from(exif)
}

/// A JPEG with everything beside its picture that cameras and programs write, before, between and behind.
pub fn talkative_jpeg(pixels: &RgbImage, orientation: u8, profile: &[u8]) -> Bytes {
    let mut jpeg = Jpeg::from_bytes(jpeg(pixels)).unwrap();
    jpeg.set_icc_profile(Some(Bytes::copy_from_slice(profile)));
    jpeg.set_exif(Some(exif(orientation)));
    for (marker, start) in [
        (markers::APP1, &b"http://ns.adobe.com/xap/1.0/\0"[..]),
        (markers::APP13, b"Photoshop 3.0\0"),
        (markers::APP2, b"MPF\0"),
        (markers::COM, b""),
    ] {
        let contents = Bytes::from([start, SECRET].concat());
        let segment = JpegSegment::new_with_contents(marker, contents);
        jpeg.segments_mut().insert(1, segment);
    }
    let mut bytes = jpeg.encoder().bytes().to_vec();
    // A comment before the end of the image, and another image behind it.
    let end = bytes.len() - 2;
    let comment = JpegSegment::new_with_contents(markers::COM, Bytes::from_static(SECRET));
    bytes.splice(end..end, comment.encoder().bytes());
    bytes.extend_from_slice(SECRET);
    Bytes::from(bytes)
}

pub fn talkative_png(pixels: &DynamicImage, orientation: u8, profile: &[u8]) -> Bytes {
    let mut png = Png::from_bytes(png(pixels)).unwrap();
    png.set_icc_profile(Some(Bytes::copy_from_slice(profile)));
    png.set_exif(Some(exif(orientation)));
    for kind in [*b"tEXt", *b"iTXt", *b"tIME", *b"prVt"] {
        let contents = Bytes::from([b"Comment\0", SECRET].concat());
        png.chunks_mut().insert(1, PngChunk::new(kind, contents));
    }
    Bytes::from([&png.encoder().bytes(), SECRET].concat())
}

pub fn talkative_webp(pixels: &RgbImage, orientation: u8, profile: &[u8]) -> Bytes {
    let mut webp = WebP::from_bytes(webp(pixels)).unwrap();
    webp.set_icc_profile(Some(Bytes::copy_from_slice(profile)));
    webp.set_exif(Some(exif(orientation)));
    for id in [*b"XMP ", *b"OWN "] {
        let chunk = RiffChunk::new(id, RiffContent::Data(Bytes::from_static(SECRET)));
        webp.chunks_mut().push(chunk);
    }
    Bytes::from([&webp.encoder().bytes(), SECRET].concat())
}

pub fn talkative_gif() -> Bytes {
    let mut bytes = gif(2, (40, 30)).to_vec();
    let end = bytes.len() - 1;
    let length = u8::try_from(SECRET.len()).unwrap();
    let comment = [&[0x21, 0xfe, length], SECRET, &[0]].concat();
    let xmp = [&[0x21, 0xff, 11], &b"XMP DataXMP"[..], &[length], SECRET, &[0]].concat();
    bytes.splice(end..end, [comment, xmp].concat());
    bytes.extend_from_slice(SECRET);
    Bytes::from(bytes)
}

/// A PNG of a few bytes that says it is that great.
pub fn png_that_says(width: u32, height: u32) -> Bytes {
    let mut png = Png::from_bytes(png(&quarters(2, 2).into())).unwrap();
    let header = png.chunk_by_type(*b"IHDR").unwrap().contents();
    let mut contents = header.to_vec();
    contents[..4].copy_from_slice(&width.to_be_bytes());
    contents[4..8].copy_from_slice(&height.to_be_bytes());
    png.chunks_mut()[0] = PngChunk::new(*b"IHDR", Bytes::from(contents));
    png.encoder().bytes()
}

/// A JPEG of a few bytes that says it is that great.
pub fn jpeg_that_says(width: u16, height: u16) -> Bytes {
    let mut bytes = jpeg(&quarters(8, 8)).to_vec();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    Bytes::from(bytes)
}

/// A GIF of a few bytes whose screen is that great.
pub fn gif_that_says(width: u16, height: u16) -> Bytes {
    let mut bytes = gif(1, (4, 4)).to_vec();
    bytes[6..8].copy_from_slice(&width.to_le_bytes());
    bytes[8..10].copy_from_slice(&height.to_le_bytes());
    Bytes::from(bytes)
}

/// A `WebP` without loss of a few bytes that says it is that great: both sizes less one in 14 bits each.
pub fn webp_that_says(width: u32, height: u32) -> Bytes {
    let mut data = vec![0x2f];
    data.extend_from_slice(&((width - 1) | ((height - 1) << 14)).to_le_bytes());
    data.extend_from_slice(&[0x88, 0x88, 0x08]);
    let chunk = RiffChunk::new(*b"VP8L", RiffContent::Data(Bytes::from(data)));
    let content = RiffContent::List {
        kind: Some(*b"WEBP"),
        subchunks: vec![chunk],
    };
    RiffChunk::new(*b"RIFF", content).encoder().bytes()
}

/// A profile in which red and green are exchanged, so that a picture is seen to have gone through it.
pub fn swapping_profile() -> Vec<u8> {
    // Made once, since a profile says when it was made.
    static PROFILE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let mut profile = moxcms::ColorProfile::new_srgb();
        std::mem::swap(&mut profile.red_colorant, &mut profile.green_colorant);
        profile.cicp = None;
        profile.encode().unwrap()
    });
    PROFILE.clone()
}
