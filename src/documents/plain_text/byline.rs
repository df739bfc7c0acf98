//! Bylines: `by NAME`, `Posted by NAME and NAME on DATE`, `NAME | DATE`.

use super::lines::collapse;
use super::phrases::{self, strip_prefix_in_any_case};
use crate::documents::Confidence;
use crate::documents::dates::Moment;

const LABELS: [&str; 8] = [
    "by ",
    "by: ",
    "written by ",
    "posted by ",
    "published by ",
    "words by ",
    "author: ",
    "authors: ",
];

/// A name has at most this many characters and words.
const LONGEST_NAME: usize = 60;
const MOST_WORDS: usize = 6;

/// Words of a name that stay in lower case.
const PARTICLES: [&str; 22] = [
    "al", "am", "bin", "da", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le", "ter", "van",
    "von", "y", "zu", "zum",
];

/// What follows a comma without beginning another name.
const SUFFIXES: [&str; 10] = ["jr", "sr", "ii", "iii", "iv", "phd", "ph.d", "md", "m.d", "esq"];

/// Words that begin a phrase and never a name.
const PHRASE_BEGINNINGS: [&str; 22] = [
    "a", "all", "an", "and", "any", "at", "every", "her", "his", "in", "its", "my", "no", "now", "on", "our", "that",
    "the", "their", "these", "this", "your",
];

/// What a byline says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Byline {
    pub(super) names: Vec<String>,
    pub(super) date: Option<Moment>,
    pub(super) confidence: Confidence,
}

/// Reads a line that is a byline as a whole.
pub(super) fn read(line: &str) -> Option<Byline> {
    let line = collapse(line);
    let segments = line
        .split(['|', '\u{b7}', '\u{2022}', '\u{2014}', '\u{2013}'])
        .map(str::trim);
    let segments = segments.map(Segment::read).collect::<Option<Vec<_>>>()?;
    Segment::combine(segments)
}

/// What stands after `by` in a line that begins like a byline, whether or not it looks like a name.
pub(super) fn labelled(line: &str) -> Option<String> {
    let line = collapse(line);
    strip_label(&line).map(str::to_owned)
}

/// Whether the text looks like the name of a person or an office.
pub(super) fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let first = words.first().copied().unwrap_or_default();
    let fits = text.chars().count() <= LONGEST_NAME && words.len() <= MOST_WORDS;
    let begins_phrase = PHRASE_BEGINNINGS
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word) && words.len() > 1);
    fits && !begins_phrase
        && !ends_sentence(words.last())
        && words.iter().all(|word| is_name_word(word))
        && !PARTICLES.contains(&words.last().copied().unwrap_or_default())
}

enum Segment {
    Labelled(Byline),
    Bare(String),
    Date(Moment),
    /// A remark of the page, such as `3 Comments`.
    Aside,
}

impl Segment {
    fn read(text: &str) -> Option<Self> {
        if let Some(moment) = date(text) {
            return Some(Self::Date(moment));
        }
        if phrases::comment_heading(text, "").is_some() {
            return Some(Self::Aside);
        }
        if let Some(names) = strip_label(text) {
            return with_date(names).map(Self::Labelled);
        }
        if let Some(rest) =
            strip_prefix_in_any_case(text, "posted on ").or_else(|| strip_prefix_in_any_case(text, "on "))
        {
            let (day, names) = rest.rsplit_once(" by ")?;
            let byline = names_of(names)?;
            return Some(Self::Labelled(Byline {
                date: Some(Moment::parse(day)?),
                ..byline
            }));
        }
        is_name(text).then(|| Self::Bare(text.to_owned()))
    }

    fn combine(segments: Vec<Self>) -> Option<Byline> {
        let (mut labelled, mut bare, mut date) = (None, None, None);
        for segment in segments {
            match segment {
                Self::Labelled(byline) if labelled.is_none() => labelled = Some(byline),
                Self::Bare(name) if bare.is_none() => bare = Some(name),
                Self::Date(moment) if date.is_none() => date = Some(moment),
                Self::Aside => {}
                Self::Labelled(_) | Self::Bare(_) | Self::Date(_) => return None,
            }
        }
        match (labelled, bare, date) {
            (Some(byline), None, date) => Some(Byline {
                date: byline.date.or(date),
                ..byline
            }),
            (None, Some(name), Some(moment)) => Some(Byline {
                names: vec![name],
                date: Some(moment),
                confidence: Confidence::Inferred,
            }),
            _ => None,
        }
    }
}

/// A date, alone or as `on DATE` or `Posted on DATE`.
pub(super) fn date(text: &str) -> Option<Moment> {
    let text = ["posted on ", "published on ", "published ", "posted ", "on ", "date: "]
        .iter()
        .find_map(|label| strip_prefix_in_any_case(text, label))
        .unwrap_or(text);
    Moment::parse(text)
}

fn strip_label(text: &str) -> Option<&str> {
    LABELS
        .iter()
        .find_map(|label| strip_prefix_in_any_case(text, label))
        .map(str::trim)
        .filter(|rest| !rest.is_empty())
}

/// `NAMES on DATE`, `NAMES, DATE`, `NAMES (DATE)` or `NAMES`.
fn with_date(text: &str) -> Option<Byline> {
    let bare = text.trim_end_matches(')');
    let after_on = bare
        .match_indices(" on ")
        .map(|(start, found)| (start, start + found.len()));
    let after_comma = bare
        .match_indices(", ")
        .map(|(start, found)| (start, start + found.len()));
    let in_brackets = bare
        .match_indices(" (")
        .map(|(start, found)| (start, start + found.len()));
    let dated = after_on.chain(after_comma).chain(in_brackets).find_map(|(start, end)| {
        let (names, day) = (bare.get(..start)?, bare.get(end..)?);
        Moment::parse(day).map(|moment| (names, moment))
    });
    match dated {
        Some((names, moment)) => names_of(names).map(|byline| Byline {
            date: Some(moment),
            ..byline
        }),
        None => names_of(text),
    }
}

/// `NAME`, `NAME and NAME`, `NAME, NAME & NAME`; a list with commas alone may also name a place or an employer.
fn names_of(text: &str) -> Option<Byline> {
    let text = text.trim().trim_end_matches(':');
    let has_and = text.contains(" and ") || text.contains('&');
    let mut names: Vec<String> = Vec::new();
    for piece in text
        .replace(" and ", ",")
        .replace(['&', ';'], ",")
        .split(',')
        .map(str::trim)
    {
        let bare = piece.trim_end_matches('.').to_lowercase();
        match names.last_mut() {
            // A comma before `and` leaves an empty piece.
            _ if piece.is_empty() => {}
            Some(name) if SUFFIXES.contains(&bare.as_str()) => {
                name.push_str(", ");
                name.push_str(piece);
            }
            _ if is_name(piece) => names.push(piece.to_owned()),
            _ => return None,
        }
    }
    let single_words = names.iter().skip(1).any(|name| !name.contains(' '));
    let confidence = match names.len() {
        0 => return None,
        1 => Confidence::Certain,
        _ if has_and => Confidence::Certain,
        _ if single_words => Confidence::Ambiguous,
        _ => Confidence::Inferred,
    };
    Some(Byline {
        names,
        date: None,
        confidence,
    })
}

fn is_name_word(word: &str) -> bool {
    let begins = word.trim_start_matches(['\'', '\u{2019}']).chars().next();
    let capital = begins.is_some_and(|letter| letter.is_alphabetic() && !letter.is_lowercase());
    let letters = word.chars().all(|letter| {
        letter.is_alphabetic()
            || unicode_normalization::char::is_combining_mark(letter)
            || matches!(letter, '.' | '\'' | '\u{2019}' | '-')
    });
    letters && (capital || PARTICLES.contains(&word) || is_joined_name(word))
}

/// `d'Alembert`, `al-Haytham`: a particle that is tied to a name.
fn is_joined_name(word: &str) -> bool {
    let (particle, name) = word.split_once(['\'', '\u{2019}', '-']).unwrap_or_default();
    particle.chars().count() <= 2 && name.chars().next().is_some_and(char::is_uppercase)
}

/// Whether the last word ends a sentence: a full stop after more than an initial or a suffix.
fn ends_sentence(word: Option<&&str>) -> bool {
    let Some(stem) = word.and_then(|word| word.strip_suffix('.')) else {
        return false;
    };
    stem.chars().count() > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Option<Vec<String>> {
        read(line).map(|byline| byline.names)
    }

    #[test]
    fn bylines_name_their_authors() {
        for (line, expected) in [
            ("by Ada Lindqvist", vec!["Ada Lindqvist"]),
            ("By Ada B. Lindqvist", vec!["Ada B. Lindqvist"]),
            ("BY ADA LINDQVIST", vec!["ADA LINDQVIST"]),
            ("by Ada Lindqvist and Tom Reed", vec!["Ada Lindqvist", "Tom Reed"]),
            (
                "by Ada Lindqvist, Tom Reed & Mei Tan",
                vec!["Ada Lindqvist", "Tom Reed", "Mei Tan"],
            ),
            (
                "by Ada Lindqvist, Tom Reed, and Mei Tan",
                vec!["Ada Lindqvist", "Tom Reed", "Mei Tan"],
            ),
            ("Posted by Tom Reed on March 3, 2017", vec!["Tom Reed"]),
            ("Posted on March 3, 2017 by Tom Reed", vec!["Tom Reed"]),
            ("Written by Jean de la Tour", vec!["Jean de la Tour"]),
            ("Tom Reed | 3 March 2017", vec!["Tom Reed"]),
            ("March 3, 2017 | by Tom Reed | 3 Comments", vec!["Tom Reed"]),
            ("by Tom Reed \u{2014} 2017-03-03", vec!["Tom Reed"]),
            ("by Tom Reed, March 3, 2017", vec!["Tom Reed"]),
            ("by Tom Reed (3 March 2017)", vec!["Tom Reed"]),
            ("by Sean O\u{2019}Neil, Jr.", vec!["Sean O\u{2019}Neil, Jr."]),
            ("by \u{674e}\u{96f7}", vec!["\u{674e}\u{96f7}"]),
            ("Author: Voltaire", vec!["Voltaire"]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(names(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn text_that_begins_with_by_is_no_byline() {
        for line in [
            "by the river",
            "By the time we came home, it was dark.",
            "By Any Other Name",
            "by",
            "By 1990 it was over",
            "By Monday evening, everyone knew about it.",
            "Tom Reed",
            "Bystander effect",
            "by way of Rome",
            "Hills | Valleys",
        ] {
            assert_eq!(names(line), None, "{line}");
        }
    }

    #[test]
    fn a_list_of_commas_with_a_single_word_is_ambiguous() {
        assert_eq!(
            read("by Ada Lindqvist, Reuters").unwrap().confidence,
            Confidence::Ambiguous
        );
        assert_eq!(
            read("by Ada Lindqvist, Tom Reed").unwrap().confidence,
            Confidence::Inferred
        );
        assert_eq!(
            read("by Ada Lindqvist & Tom Reed").unwrap().confidence,
            Confidence::Certain
        );
    }
}
