//! The name of a file, as people see it. It has no part in where the file is.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use crate::field::{Refusal, read_from_text};

/// The most bytes of a name, which is what file systems take.
const MOST_BYTES: usize = 255;

/// A name of 1 to 255 bytes: one part of a path, in Unicode's composed form (NFC), without control characters and without
/// what divides the parts of paths anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

/// Nothing is left of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamelessFile;

impl FileName {
    /// What is left of a text that a client calls the name: the last part of a path, without what no name may hold, cut in
    /// front of its extension when it is too long.
    ///
    /// # Errors
    /// [`NamelessFile`] when nothing is left.
    pub fn parse(text: &str) -> Result<Self, NamelessFile> {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let kept: String = last.nfc().filter(|letter| !is_refused(*letter)).collect();
        let kept = kept.trim();
        // A name of dots alone is one of a folder.
        match kept.trim_matches('.').is_empty() {
            true => Err(NamelessFile),
            false => Ok(Self(shortened(kept))),
        }
    }

    /// The name of a file that has none: the beginning of its SHA-256, and the extension of its type.
    #[must_use]
    pub fn made_up(sha256: &str, extension: &str) -> Self {
        Self(format!("{}.{extension}", sha256.get(..12).unwrap_or(sha256)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// What follows the last full stop, in small letters.
    #[must_use]
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.0.rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
    }
}

/// Besides what divides paths: characters that are not seen and turn around what is, by which `gnp.exe` looks like
/// `exe.png`.
fn is_refused(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '/' | '\\' | ':')
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn shortened(name: &str) -> String {
    if name.len() <= MOST_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 16 && !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = MOST_BYTES.saturating_sub(extension.len());
    let mut short = String::new();
    for letter in stem.chars() {
        if short.len().saturating_add(letter.len_utf8()) > room {
            break;
        }
        short.push(letter);
    }
    short.push_str(&extension);
    short
}

impl fmt::Display for NamelessFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing is left of this name without the parts of a path and control characters; give another")
    }
}

impl Refusal for NamelessFile {
    fn code(&self) -> &'static str {
        "invalid-file-name"
    }
}

impl TryFrom<&String> for FileName {
    type Error = NamelessFile;

    fn try_from(text: &String) -> Result<Self, NamelessFile> {
        Self::parse(text)
    }
}

read_from_text!(FileName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_the_last_part_of_a_path() {
        for (text, name) in [
            ("harbour.jpg", "harbour.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ada\\harbour.jpg", "harbour.jpg"),
            ("a:b.png", "ab.png"),
            ("caf\u{65}\u{301}.png", "caf\u{e9}.png"),
            ("\u{0}har\nbour.jpg\u{7f}", "harbour.jpg"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            (" .hidden ", ".hidden"),
        ] {
            assert_eq!(FileName::parse(text).unwrap().as_str(), name, "{text:?}");
        }
        for text in ["", "..", ".", "a/", "\\", "\u{1}\u{2}", " ", "/../..", ":"] {
            assert_eq!(FileName::parse(text), Err(NamelessFile), "{text:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = FileName::parse(&format!("{}.jpeg", "é".repeat(400))).unwrap();
        assert_eq!(name.as_str().len(), 255);
        assert!(name.as_str().ends_with("é.jpeg"));
        assert_eq!(name.extension().as_deref(), Some("jpeg"));
    }

    proptest! {
        #[test]
        fn no_name_has_a_path_or_is_too_long(text in "\\PC*|[./\\\\: -~]{0,300}") {
            if let Ok(name) = FileName::parse(&text) {
                let name = name.as_str();
                prop_assert!((1..=MOST_BYTES).contains(&name.len()));
                prop_assert!(!name.contains(['/', '\\', ':']) && !name.chars().any(char::is_control));
                prop_assert!(name != "." && name != "..");
            }
        }
    }
}
