//! Slugs: the part of an address that a person reads.

use std::fmt;

use crate::field::Refusal;

/// The most characters of a slug.
pub const MAX_LENGTH: usize = 120;

/// One to 120 ASCII letters in lower case, digits and single hyphens, with no hyphen at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// A text that is not a slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlugFault {
    found: String,
}

impl Slug {
    /// Takes a text that is a slug already.
    ///
    /// # Errors
    /// [`SlugFault`] when it is not, with the nearest slug in its message.
    pub fn parse(text: &str) -> Result<Self, SlugFault> {
        let well_formed = !text.is_empty()
            && text.len() <= MAX_LENGTH
            && text
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(is_slug_byte));
        match well_formed {
            true => Ok(Self(text.to_owned())),
            false => Err(SlugFault {
                found: text.chars().take(MAX_LENGTH).collect(),
            }),
        }
    }

    /// The slug of a title or a name: other scripts are transliterated, everything else becomes hyphens.
    /// `None` when nothing that could stand in a slug is left.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        // A longer text cannot give a longer slug, and transliterating ten megabytes would take a while.
        let head: String = text.chars().take(MAX_LENGTH * 2).collect();
        let whole = slug::slugify(head);
        Self::parse(cut_at_word(&whole)).ok()
    }

    /// This slug with a number after it, for when the plain one is taken.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let room = MAX_LENGTH.saturating_sub(suffix.len());
        let stem = self
            .0
            .get(..self.0.len().min(room))
            .unwrap_or_default()
            .trim_end_matches('-');
        Self(format!("{stem}{suffix}"))
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
}

fn is_slug_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// The longest start of a slug that fits, cut between words where that leaves anything.
fn cut_at_word(whole: &str) -> &str {
    let Some(head) = whole.get(..MAX_LENGTH) else {
        return whole;
    };
    match (whole.as_bytes().get(MAX_LENGTH), head.rsplit_once('-')) {
        (Some(b'-'), _) | (_, None) => head,
        (_, Some((words, _))) => words,
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&String> for Slug {
    type Error = SlugFault;

    fn try_from(text: &String) -> Result<Self, SlugFault> {
        Self::parse(text)
    }
}

impl fmt::Display for SlugFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a slug has 1 to {MAX_LENGTH} lower-case ASCII letters, digits and single hyphens between them"
        )?;
        match Slug::of(&self.found) {
            Some(near) => write!(f, ", such as {near:?}", near = near.as_str()),
            None => Ok(()),
        }
    }
}

impl Refusal for SlugFault {
    fn code(&self) -> &'static str {
        "invalid-slug"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_become_slugs() {
        assert_eq!(
            Slug::of("Trains, Ships & Æroplanes").unwrap().as_str(),
            "trains-ships-aeroplanes"
        );
        assert_eq!(Slug::of("  Über   Köln  ").unwrap().as_str(), "uber-koln");
        assert_eq!(Slug::of("!!!"), None);
        assert_eq!(Slug::of(""), None);
    }

    #[test]
    fn malformed_slugs_are_refused_with_the_nearest_one() {
        let fault = Slug::parse("My Slug").unwrap_err();
        assert!(fault.to_string().contains("\"my-slug\""), "{fault}");
        for text in ["", "-a", "a-", "a--b", "A", "a_b", "é", &"a".repeat(121)] {
            assert!(Slug::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_made_is_a_slug(title in "\\PC{0,400}", number in 2_u32..99_999) {
            if let Some(slug) = Slug::of(&title) {
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
                let numbered = slug.numbered(number);
                prop_assert_eq!(Slug::parse(numbered.as_str()), Ok(numbered.clone()));
                prop_assert_ne!(numbered, slug);
            }
        }
    }
}
