//! Text fields with limits: every text that is stored went through one of these constructors.

use std::fmt;

/// Why a value was refused: a code, and a sentence that says what is accepted.
pub trait Refusal: fmt::Display {
    /// One word for the kind of fault, such as `too-long`.
    fn code(&self) -> &'static str;
}

/// A text that breaks the limits of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    /// Nothing but blanks.
    Empty,
    /// More characters than the field holds.
    TooLong {
        /// The most characters of the field.
        most: usize,
    },
    /// A character that the field cannot hold.
    Control {
        /// The place of the character, counted in characters from 1.
        position: usize,
        /// The character.
        character: char,
    },
    /// A character that shows nothing and makes a text look like another one.
    Disguising {
        /// The place of the character, counted in characters from 1.
        position: usize,
        /// The character.
        character: char,
    },
    /// An address that is not absolute, or not of the web.
    NotAWebAddress,
    /// A text that is no language tag.
    NotALanguageTag,
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("it is empty; give at least one visible character, or leave it out if it is optional")
            }
            Self::TooLong { most } => write!(f, "it is longer than {most} characters; shorten it"),
            Self::Control { position, character } => write!(
                f,
                "character {position} is the control character U+{:04X}; remove it",
                u32::from(*character)
            ),
            Self::Disguising { position, character } => write!(
                f,
                "character {position} is U+{:04X}, which is invisible and makes a text look like another one; remove it",
                u32::from(*character)
            ),
            Self::NotAWebAddress => {
                f.write_str("it is not an absolute http or https address, such as https://example.org/page")
            }
            Self::NotALanguageTag => f.write_str("it is not a language tag (BCP 47), such as en or pt-BR"),
        }
    }
}

impl Refusal for TextFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong { .. } => "too-long",
            Self::Control { .. } => "control-character",
            Self::Disguising { .. } => "disguising-character",
            Self::NotAWebAddress => "invalid-url",
            Self::NotALanguageTag => "invalid-language-tag",
        }
    }
}

/// A text of one line, without control characters and without blanks at its ends, of 1 to `MOST` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MOST: usize>(String);

/// A text of any number of lines, without control characters other than line ends and tabs, of 1 to `MOST` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prose<const MOST: usize>(String);

/// A [`Line`] that looks like what it is: it has no character that turns the direction of a text around, and none that
/// shows nothing. For names that strangers give themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainLine<const MOST: usize>(String);

/// A [`Prose`] without characters that turn the direction of a text around. For what strangers write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainProse<const MOST: usize>(String);

/// A [`WebAddress`] that was written without such characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainWebAddress(String);

/// An absolute `http` or `https` address of at most 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(String);

/// A language tag of the common shape of BCP 47: two or three letters, and parts of two to eight letters or digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageTag(String);

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeNumber<const LEAST: i32, const MOST: i32>(i32);

/// A number that is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFault {
    least: i32,
    most: i32,
}

impl<const LEAST: i32, const MOST: i32> WholeNumber<LEAST, MOST> {
    /// Takes a number.
    ///
    /// # Errors
    /// [`NumberFault`] when it is out of bounds.
    pub fn new(number: i64) -> Result<Self, NumberFault> {
        i32::try_from(number)
            .ok()
            .filter(|number| (LEAST..=MOST).contains(number))
            .map(Self)
            .ok_or(NumberFault {
                least: LEAST,
                most: MOST,
            })
    }

    /// The number, or the nearest one within the bounds.
    #[must_use]
    pub fn nearest(number: i32) -> Self {
        Self(number.clamp(LEAST, MOST))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl<const LEAST: i32, const MOST: i32, E> deserr::Deserr<E> for WholeNumber<LEAST, MOST>
where
    E: deserr::DeserializeError + deserr::MergeWithError<NumberFault>,
{
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        let number = match value {
            // One that is larger than any number here is out of bounds, and not of another type.
            deserr::Value::Integer(number) => i64::try_from(number).unwrap_or(i64::MAX),
            deserr::Value::NegativeInteger(number) => number,
            actual => {
                let accepted = &[deserr::ValueKind::Integer];
                let kind = deserr::ErrorKind::IncorrectValueKind { actual, accepted };
                return Err(deserr::take_cf_content(E::error(None, kind, location)));
            }
        };
        Self::new(number).map_err(|fault| deserr::take_cf_content(E::merge(None, fault, location)))
    }
}

impl fmt::Display for NumberFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is not a whole number from {} to {}", self.least, self.most)
    }
}

impl Refusal for NumberFault {
    fn code(&self) -> &'static str {
        "out-of-range"
    }
}

impl<const MOST: usize> Line<MOST> {
    /// Takes a text; blanks at its ends are cut.
    ///
    /// # Errors
    /// [`TextFault`] when it is empty, too long, or has a control character.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        bounded(text.trim(), MOST, char::is_control).map(Self)
    }
}

impl<const MOST: usize> Prose<MOST> {
    /// Takes a text; line ends become line feeds.
    ///
    /// # Errors
    /// [`TextFault`] when it is empty, too long, or has a control character.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let unified = text.replace("\r\n", "\n").replace('\r', "\n");
        bounded(&unified, MOST, |c| c.is_control() && !matches!(c, '\n' | '\t')).map(Self)
    }
}

impl<const MOST: usize> PlainLine<MOST> {
    /// Takes a text; blanks at its ends are cut.
    ///
    /// # Errors
    /// [`TextFault`] as for a [`Line`], or the first character that disguises the text.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let Line(line) = Line::<MOST>::parse(text)?;
        undisguised(&line, |c| turns_direction(c) || shows_nothing(c))?;
        Ok(Self(line))
    }
}

impl<const MOST: usize> PlainProse<MOST> {
    /// Takes a text; line ends become line feeds.
    ///
    /// # Errors
    /// [`TextFault`] as for a [`Prose`], or the first character that disguises the text.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let Prose(prose) = Prose::<MOST>::parse(text)?;
        undisguised(&prose, turns_direction)?;
        Ok(Self(prose))
    }
}

impl PlainWebAddress {
    /// Takes an address.
    ///
    /// # Errors
    /// [`TextFault`] as for a [`WebAddress`], or the first character that disguises the address.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        undisguised(text, |c| turns_direction(c) || shows_nothing(c))?;
        WebAddress::parse(text).map(|address| Self(address.into_string()))
    }
}

/// Whether a character says in which direction the text around it runs, and shows nothing itself: the marks, embeddings,
/// overrides and isolates of the Unicode Bidirectional Algorithm (UAX 9, section 2), the deprecated format characters, and
/// those that hold an annotation. By them a text can be shown in another order than it is stored.
fn turns_direction(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Whether a character shows nothing, so that a name with it looks like the name without it. The joiners are not among them:
/// Persian, the scripts of India and many emoji need them.
fn shows_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{e0001}'
    )
}

/// The first character of a text that a stranger's must not show: one that turns its direction, or a control character that
/// ends no line. Markup can bring either by its number, so that what is shown is looked at, too.
#[must_use]
pub fn disguise_in(text: &str) -> Option<char> {
    text.chars()
        .find(|c| turns_direction(*c) || (c.is_control() && !matches!(c, '\n' | '\r' | '\t')))
}

/// Whether a text has a character that can be seen.
#[must_use]
pub fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !c.is_control() && !turns_direction(c) && !shows_nothing(c) && c != '\u{2800}')
}

fn undisguised(text: &str, disguises: impl Fn(char) -> bool) -> Result<(), TextFault> {
    match text.chars().zip(1_usize..).find(|(character, _)| disguises(*character)) {
        Some((character, position)) => Err(TextFault::Disguising { position, character }),
        None => Ok(()),
    }
}

impl WebAddress {
    /// Takes an address.
    ///
    /// # Errors
    /// [`TextFault::NotAWebAddress`], or a limit that it breaks.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let text = bounded(text.trim(), 2_000, char::is_control)?;
        match url::Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Self(url.into())),
            _ => Err(TextFault::NotAWebAddress),
        }
    }
}

impl LanguageTag {
    /// Takes a tag.
    ///
    /// # Errors
    /// [`TextFault::NotALanguageTag`].
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_tail =
            |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match text.len() <= 35 && is_language && parts.all(is_tail) {
            true => Ok(Self(text.to_owned())),
            false => Err(TextFault::NotALanguageTag),
        }
    }
}

fn bounded(text: &str, most: usize, is_refused: impl Fn(char) -> bool) -> Result<String, TextFault> {
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    // Bytes bound characters from above, so a text far too long is refused without being counted.
    if text.len() > most && text.chars().nth(most).is_some() {
        return Err(TextFault::TooLong { most });
    }
    match text
        .chars()
        .zip(1_usize..)
        .find(|(character, _)| is_refused(*character))
    {
        Some((character, position)) => Err(TextFault::Control { position, character }),
        None => Ok(text.to_owned()),
    }
}

macro_rules! text_field {
    ([$($generic:tt)*] $name:ty) => {
        impl<$($generic)*> $name {
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
        }

        impl<$($generic)*> TryFrom<&String> for $name {
            type Error = TextFault;

            fn try_from(text: &String) -> Result<Self, TextFault> {
                Self::parse(text)
            }
        }
    };
    ($name:ty) => { text_field!([] $name); };
}

text_field!([const MOST: usize] Line<MOST>);
text_field!([const MOST: usize] Prose<MOST>);
text_field!([const MOST: usize] PlainLine<MOST>);
text_field!([const MOST: usize] PlainProse<MOST>);
text_field!(WebAddress);
text_field!(PlainWebAddress);
text_field!(LanguageTag);

/// Lets a field stand in a request body, also inside `Option` and `Patch`.
macro_rules! read_from_text {
    ([$($generic:tt)*] $name:ty) => {
        impl<E, $($generic)*> deserr::Deserr<E> for $name
        where
            E: deserr::DeserializeError + deserr::MergeWithError<<$name as TryFrom<&'static String>>::Error>,
        {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, E> {
                let text = String::deserialize_from_value(value, location)?;
                Self::try_from(&text).map_err(|fault| deserr::take_cf_content(E::merge(None, fault, location)))
            }
        }
    };
    ($name:ty) => { crate::field::read_from_text!([] $name); };
}
pub(crate) use read_from_text;

read_from_text!([const MOST: usize] Line<MOST>);
read_from_text!([const MOST: usize] Prose<MOST>);
read_from_text!([const MOST: usize] PlainLine<MOST>);
read_from_text!([const MOST: usize] PlainProse<MOST>);
read_from_text!(WebAddress);
read_from_text!(PlainWebAddress);
read_from_text!(LanguageTag);
read_from_text!(crate::slug::Slug);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn control(position: usize, character: char) -> TextFault {
        TextFault::Control { position, character }
    }

    #[test]
    fn what_disguises_a_text_is_refused_where_strangers_write() {
        for c in [
            "\u{202e}", "\u{202a}", "\u{2066}", "\u{2069}", "\u{200e}", "\u{200f}", "\u{61c}", "\u{206a}",
        ] {
            let text = format!("ab{c}c");
            let fault = PlainProse::<9>::parse(&text).unwrap_err();
            assert_eq!(fault.code(), "disguising-character");
            assert!(fault.to_string().starts_with("character 3 is U+"), "{fault}");
            assert_eq!(PlainLine::<9>::parse(&text), Err(fault));
            let address = format!("https://example.org/{c}gpj.exe");
            assert!(matches!(
                PlainWebAddress::parse(&address),
                Err(TextFault::Disguising { position: 21, .. })
            ));
        }
        let fault = PlainProse::<9>::parse("ab\u{202e}c").unwrap_err();
        assert!(fault.to_string().contains("U+202E"), "{fault}");
        for c in ["\u{200b}", "\u{feff}", "\u{3164}", "\u{ad}"] {
            assert!(PlainLine::<9>::parse(&format!("Ada{c}")).is_err());
            assert!(
                PlainProse::<9>::parse(&format!("Ada{c}")).is_ok(),
                "a text may say where it may be broken"
            );
        }
        for name in ["نوشته\u{200c}ها", "שָׁלוֹם", "👩\u{200d}👧", "Zoë"] {
            assert!(PlainLine::<20>::parse(name).is_ok(), "{name}");
        }
        assert_eq!(PlainLine::<9>::parse("a\0b"), Err(control(2, '\0')));
        assert_eq!(
            PlainWebAddress::parse("javascript:alert(1)"),
            Err(TextFault::NotAWebAddress)
        );
    }

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(Line::<5>::parse("  abc ").unwrap().as_str(), "abc");
        assert_eq!(Line::<5>::parse("ééééé").unwrap().as_str(), "ééééé");
        assert_eq!(Line::<5>::parse("abcdef"), Err(TextFault::TooLong { most: 5 }));
        assert_eq!(Line::<5>::parse(" \u{a0} "), Err(TextFault::Empty));
        assert_eq!(Line::<5>::parse("a\nb"), Err(control(2, '\n')));
        assert_eq!(Line::<5>::parse("a\0b"), Err(control(2, '\0')));
    }

    #[test]
    fn prose_keeps_its_lines_with_one_kind_of_end() {
        assert_eq!(Prose::<9>::parse("a\r\nb\rc").unwrap().as_str(), "a\nb\nc");
        assert_eq!(Prose::<9>::parse("a\u{1b}"), Err(control(2, '\u{1b}')));
    }

    #[test]
    fn only_absolute_web_addresses_are_addresses() {
        assert!(WebAddress::parse("https://example.org/a?b#c").is_ok());
        for text in [
            "javascript:alert(1)",
            "//example.org",
            "/a",
            "ftp://example.org",
            "https:",
            "mailto:a@b.c",
        ] {
            assert_eq!(WebAddress::parse(text), Err(TextFault::NotAWebAddress), "{text}");
        }
    }

    #[test]
    fn language_tags_have_their_shape() {
        assert!(
            ["en", "pt-BR", "zh-Hant-TW"]
                .iter()
                .all(|tag| LanguageTag::parse(tag).is_ok())
        );
        assert!(
            ["", "e", "english!", "en-", "en_US"]
                .iter()
                .all(|tag| LanguageTag::parse(tag).is_err())
        );
    }

    #[test]
    fn a_whole_number_has_bounds() {
        assert_eq!(WholeNumber::<10, 20>::new(10).unwrap().get(), 10);
        assert_eq!(WholeNumber::<10, 20>::new(20).unwrap().get(), 20);
        for number in [i64::MIN, -1, 9, 21, i64::MAX] {
            let fault = WholeNumber::<10, 20>::new(number).unwrap_err();
            assert_eq!(fault.to_string(), "it is not a whole number from 10 to 20");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_field_panic(text in "\\PC*|[\\x00-\\x20]*") {
            let _ = (Line::<7>::parse(&text), Prose::<7>::parse(&text), PlainLine::<7>::parse(&text), PlainProse::<7>::parse(&text), WebAddress::parse(&text), LanguageTag::parse(&text));
        }
    }
}
