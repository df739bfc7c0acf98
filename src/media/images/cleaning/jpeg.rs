//! JPEG: segments, and scans with segments between them (ITU-T T.81, annex B).

use bytes::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};

use super::{CleanedFile, Motion, structure_fault};
use crate::media::images::fault::ImageFault;
use crate::media::images::image_kind::ImageKind;

const KIND: ImageKind = ImageKind::Jpeg;

/// What a JFIF segment says before its thumbnail: name, version, density.
const JFIF_LENGTH: usize = 12;

pub fn clean(bytes: &Bytes) -> Result<CleanedFile, ImageFault> {
    let mut jpeg = Jpeg::from_bytes(bytes.clone()).map_err(|error| structure_fault(KIND, &error))?;
    // The last segment that was parsed is the first scan, and it holds the rest of the file.
    let first_scan = jpeg.segments_mut().pop().filter(JpegSegment::has_entropy);
    let first_scan = first_scan.ok_or(ImageFault::Truncated(KIND))?;
    let rest = first_scan.len_with_entropy().saturating_sub(first_scan.len());
    let rest = bytes.len().checked_sub(rest).and_then(|start| bytes.get(start..));
    let scans = without_metadata(rest.unwrap_or_default())?;
    let contents = first_scan.contents().clone();
    let scan = JpegSegment::new_with_entropy(first_scan.marker(), contents, scans);
    let mut segments: Vec<JpegSegment> = jpeg.segments().iter().filter_map(kept_segment).collect();
    segments.push(scan);
    *jpeg.segments_mut() = segments;
    Ok(CleanedFile {
        bytes: jpeg.encoder().bytes(),
        motion: Motion::Still,
    })
}

/// The segment as it stays, if it does.
fn kept_segment(segment: &JpegSegment) -> Option<JpegSegment> {
    let contents = segment.contents();
    match segment.marker() {
        markers::APP0 if contents.starts_with(b"JFIF\0") => {
            // No thumbnail: it may show what was cut away.
            let contents = [contents.get(..JFIF_LENGTH)?, &[0, 0]].concat();
            Some(JpegSegment::new_with_contents(markers::APP0, Bytes::from(contents)))
        }
        marker if stays(marker, contents) => Some(segment.clone()),
        _ => None,
    }
}

/// Whether a segment says how the picture is to be decoded or shown.
fn stays(marker: u8, contents: &[u8]) -> bool {
    match marker {
        markers::APP2 => contents.starts_with(b"ICC_PROFILE\0"),
        // Which transform the colours went through.
        markers::APP14 => contents.starts_with(b"Adobe"),
        markers::APP0..=markers::APP15 | markers::COM | markers::JPG0..=markers::JPG13 => false,
        _ => true,
    }
}

/// The scans and the tables between them, up to the end of the image and no further.
fn without_metadata(rest: &[u8]) -> Result<Bytes, ImageFault> {
    let truncated = || ImageFault::Truncated(KIND);
    let mut kept = Vec::with_capacity(rest.len());
    let mut left = rest;
    loop {
        let at = left.iter().position(|byte| *byte == markers::P).ok_or_else(truncated)?;
        let (data, from_marker) = left.split_at_checked(at).ok_or_else(truncated)?;
        kept.extend_from_slice(data);
        let marker = *from_marker.get(1).ok_or_else(truncated)?;
        let length = match marker {
            markers::EOI => {
                kept.extend_from_slice(&[markers::P, markers::EOI]);
                return Ok(Bytes::from(kept));
            }
            // A byte of data, and a mark to find the way again after damage.
            markers::Z | markers::RST0..=markers::RST7 => 2,
            // One byte more before a marker.
            markers::P => 1,
            _ => 2 + segment_length(from_marker).ok_or_else(truncated)?,
        };
        let (block, behind) = from_marker.split_at_checked(length).ok_or_else(truncated)?;
        if stays(marker, block.get(4..).unwrap_or_default()) {
            kept.extend_from_slice(block);
        }
        left = behind;
    }
}

/// What a segment says of its length, which counts the length itself and not the marker.
fn segment_length(from_marker: &[u8]) -> Option<usize> {
    let (high, low) = (*from_marker.get(2)?, *from_marker.get(3)?);
    Some(usize::from(u16::from_be_bytes([high, low]))).filter(|length| *length >= 2)
}
