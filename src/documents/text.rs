//! Bytes to clean text: one charset, one line end, one Unicode form, no control characters.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::Fault;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The charsets a document may be declared in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Charset {
    /// The default, and the only charset that can be invalid.
    #[default]
    Utf8,
    /// Also read for `iso-8859-1`, as the Encoding Standard of the WHATWG tells browsers to do.
    Windows1252,
}

/// Text in NFC with `\n` as its only line end, without a byte order mark and without control characters but the tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Charset {
    /// The charset with this label, such as `utf-8`, `windows-1252` or `iso-8859-1`, in any case.
    ///
    /// # Errors
    /// `unsupported-charset` for every other label.
    pub fn from_label(label: &str) -> Result<Self, Fault> {
        match encoding_rs::Encoding::for_label(label.trim().as_bytes()) {
            Some(encoding) if encoding == encoding_rs::UTF_8 => Ok(Self::Utf8),
            Some(encoding) if encoding == encoding_rs::WINDOWS_1252 => Ok(Self::Windows1252),
            _ => Err(Fault::of_document(
                "unsupported-charset",
                "The declared charset is not one that is read here; send UTF-8, or declare windows-1252 or iso-8859-1.",
            )),
        }
    }
}

impl Text {
    /// Decodes `bytes` and cleans the text.
    ///
    /// # Errors
    /// `invalid-utf-8` with byte offset and line, `utf-16` when the bytes begin with the mark of that encoding, and
    /// `control-character` with line and column.
    pub fn decode(bytes: &[u8], charset: Charset) -> Result<Self, Fault> {
        match charset {
            Charset::Utf8 => Self::clean(decode_utf8(bytes)?),
            Charset::Windows1252 => {
                let (decoded, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
                Self::clean(&decoded)
            }
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lines without their ends. A line end at the end of the text starts no further line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0
            .strip_suffix('\n')
            .unwrap_or(&self.0)
            .split('\n')
            .filter(|_| !self.0.is_empty())
    }

    fn clean(decoded: &str) -> Result<Self, Fault> {
        let text = decoded.strip_prefix(BYTE_ORDER_MARK).unwrap_or(decoded);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        refuse_control_characters(&text)?;
        let text = match is_nfc_quick(text.chars()) {
            IsNormalized::Yes => text,
            IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
        };
        Ok(Self(text))
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let detail = "The file is UTF-16; save it as UTF-8 and send it again.";
        return Err(Fault {
            byte_offset: Some(0),
            ..Fault::at_line(1, "utf-16", detail)
        });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let before = bytes.get(..offset).unwrap_or_default();
        let detail = format!(
            "The byte at offset {offset} is not UTF-8; save the file as UTF-8, or declare its charset as windows-1252."
        );
        Fault {
            byte_offset: Some(offset),
            ..Fault::at_line(line_at_end_of(before), "invalid-utf-8", detail)
        }
    })
}

/// The number of the line that the byte after `before` stands on, with any of the three line ends.
fn line_at_end_of(before: &[u8]) -> u32 {
    // What is before the first wrong byte is UTF-8 as a whole.
    let before = std::str::from_utf8(before).unwrap_or_default();
    let line_ends = before.matches(['\n', '\r']).count() - before.matches("\r\n").count();
    u32::try_from(line_ends).unwrap_or(u32::MAX).saturating_add(1)
}

fn refuse_control_characters(text: &str) -> Result<(), Fault> {
    let mut line = 1_u32;
    let mut column = 1_u32;
    for character in text.chars() {
        match character {
            '\n' => {
                line = line.saturating_add(1);
                column = 1;
                continue;
            }
            '\t' => {}
            _ if character.is_control() => return Err(control_character(character, line, column)),
            _ => {}
        }
        column = column.saturating_add(1);
    }
    Ok(())
}

fn control_character(character: char, line: u32, column: u32) -> Fault {
    let code_point = u32::from(character);
    let detail = format!("The control character U+{code_point:04X} cannot stand in a document; delete it.");
    Fault {
        column: Some(column),
        ..Fault::at_line(line, "control-character", detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        Text::decode(bytes, Charset::Utf8).unwrap().as_str().to_owned()
    }

    fn fault(bytes: &[u8]) -> Fault {
        Text::decode(bytes, Charset::Utf8).unwrap_err()
    }

    #[test]
    fn every_line_end_becomes_a_line_feed() {
        assert_eq!(decoded(b"a\r\nb\rc\n\rd"), "a\nb\nc\n\nd");
    }

    #[test]
    fn the_byte_order_mark_goes_and_tabs_stay() {
        assert_eq!(decoded("\u{feff}a\tb".as_bytes()), "a\tb");
    }

    #[test]
    fn letters_are_composed() {
        assert_eq!(decoded("re\u{301}sume\u{301}".as_bytes()), "r\u{e9}sum\u{e9}");
    }

    #[test]
    fn invalid_utf8_is_placed_by_offset_and_line() {
        let fault = fault(b"one\r\ntwo \xe9t\xe9");
        assert_eq!(
            (fault.code, fault.byte_offset, fault.line),
            ("invalid-utf-8", Some(9), Some(2))
        );
    }

    #[test]
    fn utf16_is_named() {
        assert_eq!(fault(b"\xff\xfeh\0i\0").code, "utf-16");
    }

    #[test]
    fn control_characters_are_placed_by_line_and_column() {
        for (bytes, line, column) in [(&b"a\0"[..], 1, 2), (b"a\n\tb\x1b[0m", 2, 3), (b"x\n\n\x7f", 3, 1)] {
            let fault = fault(bytes);
            assert_eq!(
                (fault.code, fault.line, fault.column),
                ("control-character", Some(line), Some(column))
            );
        }
    }

    #[test]
    fn a_declared_windows_charset_is_read() {
        let charset = Charset::from_label("ISO-8859-1").unwrap();
        assert_eq!(charset, Charset::Windows1252);
        assert_eq!(
            Text::decode(b"caf\xe9 \x93x\x94", charset).unwrap().as_str(),
            "caf\u{e9} \u{201c}x\u{201d}"
        );
    }

    #[test]
    fn other_charsets_are_refused() {
        assert_eq!(Charset::from_label("koi8-r").unwrap_err().code, "unsupported-charset");
        assert_eq!(Charset::from_label("nonsense").unwrap_err().code, "unsupported-charset");
        assert_eq!(Charset::from_label(" UTF-8 "), Ok(Charset::Utf8));
    }

    #[test]
    fn lines_do_not_count_the_last_line_end_twice() {
        for (text, count) in [("", 0), ("a", 1), ("a\n", 1), ("a\n\n", 2), ("\n", 1), ("a\nb", 2)] {
            assert_eq!(
                Text::decode(text.as_bytes(), Charset::Utf8).unwrap().lines().count(),
                count,
                "{text:?}"
            );
        }
    }
}
