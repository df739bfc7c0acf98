//! The types of files that are taken, and how they are told apart: by their bytes, never by what a client says.

use crate::media::images::image_kind::ImageKind;
use crate::media::media::MediaKind;

/// Bytes of the beginning of a file by which its type is told.
pub const HEAD_BYTES: usize = 8 * 1024;

/// A type of file that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A GIF picture.
    Gif,
    /// A `WebP` picture.
    WebP,
    /// An AVIF picture.
    Avif,
    /// An SVG drawing.
    Svg,
    /// A PDF document.
    Pdf,
    /// An MP3 recording.
    Mp3,
    /// A recording in an MPEG-4 file.
    M4a,
    /// An Ogg recording, be it Vorbis or Opus.
    Ogg,
    /// A WAV recording.
    Wav,
    /// An MPEG-4 video.
    Mp4,
    /// A `WebM` video.
    WebM,
}

impl MediaType {
    /// Every type.
    pub const ALL: [Self; 13] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Avif,
        Self::Svg,
        Self::Pdf,
        Self::Mp3,
        Self::M4a,
        Self::Ogg,
        Self::Wav,
        Self::Mp4,
        Self::WebM,
    ];

    /// The type of a file that begins with these bytes, if it is one that is taken.
    #[must_use]
    pub fn of_bytes(head: &[u8]) -> Option<Self> {
        let told = infer::get(head).map(|found| found.mime_type());
        match told {
            Some("audio/opus") => Some(Self::Ogg),
            Some("audio/m4a") => Some(Self::M4a),
            Some("audio/x-wav") => Some(Self::Wav),
            // SVG is XML, and a drawing may begin like a page does.
            Some("text/xml" | "text/html") | None => is_svg(head).then_some(Self::Svg),
            Some(told) => Self::ALL.into_iter().find(|known| known.content_type() == told),
        }
    }

    /// The type that a media type names, also by its other names; in small letters and without parameters.
    #[must_use]
    pub fn of_declared(declared: &str) -> Option<Self> {
        match declared {
            "image/jpg" | "image/pjpeg" => Some(Self::Jpeg),
            "image/x-png" | "image/apng" => Some(Self::Png),
            "image/svg" => Some(Self::Svg),
            "application/x-pdf" => Some(Self::Pdf),
            "audio/mp3" | "audio/x-mp3" | "audio/x-mpeg" => Some(Self::Mp3),
            "audio/m4a" | "audio/x-m4a" | "audio/aac" => Some(Self::M4a),
            "audio/opus" | "audio/vorbis" | "audio/x-ogg" | "application/ogg" => Some(Self::Ogg),
            "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Some(Self::Wav),
            "video/x-m4v" | "application/mp4" => Some(Self::Mp4),
            "audio/webm" => Some(Self::WebM),
            other => Self::ALL.into_iter().find(|known| known.content_type() == other),
        }
    }

    /// The type that the extension of a name stands for, in small letters.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "jpe" | "jpeg" | "jfif" => Some(Self::Jpeg),
            "apng" => Some(Self::Png),
            "oga" | "opus" => Some(Self::Ogg),
            "m4v" => Some(Self::Mp4),
            other => Self::ALL.into_iter().find(|known| known.extension() == other),
        }
    }

    /// What the file is, when its bytes and its client are both heard: the container of MPEG-4 does not tell a recording
    /// from a video.
    #[must_use]
    pub fn agreed(self, declared: Self) -> Option<Self> {
        match (self, declared) {
            (found, declared) if found == declared => Some(found),
            (Self::Mp4, Self::M4a) | (Self::M4a, Self::Mp4) => Some(declared),
            _ => None,
        }
    }

    /// The media type, as it is stored and sent.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
            Self::Svg => "image/svg+xml",
            Self::Pdf => "application/pdf",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Ogg => "audio/ogg",
            Self::Wav => "audio/wav",
            Self::Mp4 => "video/mp4",
            Self::WebM => "video/webm",
        }
    }

    /// The usual extension of a name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Avif => "avif",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Mp3 => "mp3",
            Self::M4a => "m4a",
            Self::Ogg => "ogg",
            Self::Wav => "wav",
            Self::Mp4 => "mp4",
            Self::WebM => "webm",
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::WebP | Self::Avif | Self::Svg => MediaKind::Image,
            Self::Pdf => MediaKind::Document,
            Self::Mp3 | Self::M4a | Self::Ogg | Self::Wav => MediaKind::Audio,
            Self::Mp4 | Self::WebM => MediaKind::Video,
        }
    }

    /// What kind of picture it is, if it is one.
    #[must_use]
    pub fn image(self) -> Option<ImageKind> {
        ImageKind::of_content_type(self.content_type())
    }

    /// Whether a browser may show it by itself. A drawing may hold scripts, so it is offered as a download; what is
    /// embedded by `img` runs none and is shown all the same.
    #[must_use]
    pub fn is_passive(self) -> bool {
        self != Self::Svg
    }
}

/// The media types that are taken, for a sentence.
#[must_use]
pub fn taken_types() -> String {
    let names: Vec<&str> = MediaType::ALL.into_iter().map(MediaType::content_type).collect();
    names.join(", ")
}

/// Whether a text is XML whose first element is `svg`. What may stand before that element is passed over.
fn is_svg(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // The last letter may be cut in two.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(fault) => std::str::from_utf8(head.get(..fault.valid_up_to()).unwrap_or_default()).unwrap_or_default(),
    };
    let mut rest = text.trim_start();
    loop {
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if starts_with_word(rest, "<!doctype") {
            let name = rest.get("<!doctype".len()..).unwrap_or_default().trim_start();
            match doctype_end(rest).filter(|_after| name.get(..3).is_some_and(|name| name == "svg")) {
                Some(after) => {
                    rest = after.trim_start();
                    continue;
                }
                None => return false,
            }
        } else {
            return starts_with_word(rest, "<svg") || starts_with_word(rest, "<svg:svg");
        };
        match rest.split_once(end) {
            Some((_, after)) => rest = after.trim_start(),
            None => return false,
        }
    }
}

fn starts_with_word(text: &str, word: &str) -> bool {
    let begins = text
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word));
    let next = text.get(word.len()..).and_then(|rest| rest.chars().next());
    begins && next.is_some_and(|letter| letter.is_whitespace() || matches!(letter, '>' | '/'))
}

/// What follows a document type, which may have an internal subset in brackets.
fn doctype_end(text: &str) -> Option<&str> {
    let close = text.find('>')?;
    if text.find('[').is_none_or(|open| open > close) {
        text.get(close..)?.strip_prefix('>')
    } else {
        let (_, after) = text.split_once(']')?;
        after.trim_start().strip_prefix('>')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_type_stands_in_the_bytes() {
        for (head, expected) in [
            (b"\xff\xd8\xff\xe0\x00\x10JFIF\0".as_slice(), Some(MediaType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some(MediaType::Png)),
            (b"GIF89a\x01\0\x01\0\0\0\0", Some(MediaType::Gif)),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(MediaType::WebP)),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Some(MediaType::Avif)),
            (b"%PDF-1.7\n", Some(MediaType::Pdf)),
            (b"ID3\x04\0\0\0\0\0\0", Some(MediaType::Mp3)),
            (b"\0\0\0\x1cftypM4A \0\0\0\0M4A mp42", Some(MediaType::M4a)),
            (
                b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0OpusHead",
                Some(MediaType::Ogg),
            ),
            (b"RIFF\x24\0\0\0WAVEfmt ", Some(MediaType::Wav)),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", Some(MediaType::Mp4)),
            (b"<html><svg></svg></html>", None),
            (b"<!DOCTYPE html><svg>", None),
            (b"MZ\x90\0", None),
            (b"PK\x03\x04", None),
            (b"just text", None),
            (b"", None),
        ] {
            assert_eq!(
                MediaType::of_bytes(head),
                expected,
                "{:?}",
                String::from_utf8_lossy(head)
            );
        }
    }

    #[test]
    fn a_film_in_webm_says_so_in_its_first_bytes() {
        let mut film =
            b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
                .to_vec();
        film.resize(300, 0);
        assert_eq!(MediaType::of_bytes(&film), Some(MediaType::WebM));
    }

    #[test]
    fn a_drawing_is_xml_whose_first_element_is_svg() {
        for text in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- <html> -->\n<svg>",
            "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><svg>",
            "<!DOCTYPE svg [<!ENTITY a \"b>\">]><svg>",
            "  <svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\">",
        ] {
            assert_eq!(MediaType::of_bytes(text.as_bytes()), Some(MediaType::Svg), "{text}");
        }
        for text in [
            "<svgs>",
            "<html><svg>",
            "<?xml version=\"1.0\"?><html>",
            "<!-- <svg>",
            "svg",
        ] {
            assert_eq!(MediaType::of_bytes(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_type_is_known_by_its_own_names() {
        for known in MediaType::ALL {
            assert_eq!(MediaType::of_declared(known.content_type()), Some(known));
            assert_eq!(MediaType::of_extension(known.extension()), Some(known));
            assert_eq!(known.agreed(known), Some(known));
            assert_eq!(known.image().is_some(), known.kind() == MediaKind::Image);
        }
        assert_eq!(MediaType::Png.agreed(MediaType::Jpeg), None);
        assert_eq!(MediaType::Mp4.agreed(MediaType::M4a), Some(MediaType::M4a));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "[<!?>\\[\\]a-z \\-]{0,60}") {
            let _ = (MediaType::of_bytes(&bytes), MediaType::of_bytes(text.as_bytes()));
        }
    }
}
