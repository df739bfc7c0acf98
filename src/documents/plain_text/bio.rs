//! The last paragraphs of a body when they are about an author.

use std::ops::Range;

use super::lines::{Lines, ignored_line, line_number, shape};
use super::phrases::{is_bio_heading, is_same_text};
use crate::documents::{Confidence, IgnoredLines, IgnoredReason, Warning};

/// A note about one author is at most this many paragraphs.
const MOST_PARAGRAPHS: usize = 3;

/// What a sentence about a person goes on with after the name.
const PREDICATES: [&str; 29] = [
    "is", "was", "has", "writes", "wrote", "teaches", "taught", "works", "worked", "lives", "covers", "holds", "edits",
    "serves", "served", "studies", "studied", "blogs", "tweets", "reports", "runs", "leads", "can", "grew", "joined",
    "received", "earned", "founded", "directs",
];

/// What goes on about the same person, or about the text as a whole.
const CONTINUATIONS: [&str; 15] = [
    "she ",
    "he ",
    "they ",
    "her ",
    "his ",
    "their ",
    "the views ",
    "views ",
    "opinions ",
    "the opinions ",
    "follow ",
    "this article ",
    "this post ",
    "twitter",
    "@",
];

/// The paragraphs about authors, and where the body ends.
pub(super) struct Bios {
    pub(super) found: Vec<Bio>,
    /// How many paragraphs, from the first, are the body.
    pub(super) body_paragraphs: usize,
    pub(super) body_confidence: Confidence,
    pub(super) ignored: Vec<IgnoredLines>,
    pub(super) warnings: Vec<Warning>,
}

/// The paragraphs about one author.
pub(super) struct Bio {
    pub(super) author: usize,
    pub(super) paragraphs: Vec<Range<usize>>,
    pub(super) confidence: Confidence,
}

/// Finds the notes about `authors` at the end of `paragraphs`, of which at least one stays in the body.
pub(super) fn find(lines: &Lines<'_>, paragraphs: &[Range<usize>], authors: &[String]) -> Bios {
    let mut bios = Bios {
        found: Vec::new(),
        body_paragraphs: paragraphs.len(),
        body_confidence: Confidence::Certain,
        ignored: Vec::new(),
        warnings: Vec::new(),
    };
    let authors: Vec<Author> = authors.iter().map(|name| Author::of(name)).collect();
    while bios.take_last(lines, paragraphs, &authors) {}
    bios.take_common_heading(lines, paragraphs, &authors);
    bios
}

impl Bios {
    /// Takes the last note of the paragraphs that are left.
    fn take_last(&mut self, lines: &Lines<'_>, paragraphs: &[Range<usize>], authors: &[Author]) -> bool {
        let left = paragraphs.get(..self.body_paragraphs).unwrap_or_default();
        let earliest = left.len().saturating_sub(MOST_PARAGRAPHS).max(1);
        let Some(opening) = (earliest..left.len())
            .rev()
            .find_map(|at| self.opening(lines, left, at, authors))
        else {
            return false;
        };
        let heading = left.get(opening.paragraph - 1).filter(|_| opening.paragraph > 1);
        let heading = heading.filter(|range| opening.heading || is_heading(lines, range, authors));
        let taken = left.get(opening.paragraph..).unwrap_or_default();
        let mut confidence = opening.confidence;
        let follows_on = |range: &Range<usize>| continues(&beginning(lines, range));
        if heading.is_none() && !taken.iter().skip(1).all(follows_on) {
            confidence = Confidence::Ambiguous;
        }
        if confidence == Confidence::Ambiguous {
            self.warn(taken);
        }
        self.found.push(Bio {
            author: opening.author,
            paragraphs: taken.to_vec(),
            confidence,
        });
        self.body_paragraphs = opening.paragraph;
        if let Some(range) = heading {
            self.ignored.push(ignored_line(range.start, IgnoredReason::BioHeading));
            self.body_paragraphs = opening.paragraph - 1;
        }
        true
    }

    /// Whether a note begins at paragraph `at`.
    fn opening(&self, lines: &Lines<'_>, left: &[Range<usize>], at: usize, authors: &[Author]) -> Option<Opening> {
        let range = left.get(at)?;
        let last = at + 1 == left.len();
        let heading = left
            .get(at.checked_sub(1)?)
            .filter(|heading| at > 1 && is_heading(lines, heading, authors));
        let free = |author: usize| !self.found.iter().any(|bio| bio.author == author);
        let opening = |author, confidence| Opening {
            paragraph: at,
            author,
            confidence,
            heading: heading.is_some(),
        };
        let text = beginning(lines, range);
        let subject = authors
            .iter()
            .enumerate()
            .filter(|(index, _)| free(*index))
            .find_map(|(index, author)| {
                let confidence = author.is_subject_of(&text)?;
                Some((index, confidence))
            });
        match (subject, heading) {
            (Some((author, _)), Some(_)) | (Some((author, Confidence::Certain)), None) => {
                Some(opening(author, Confidence::Certain))
            }
            (Some((author, confidence)), None) if last => Some(opening(author, confidence)),
            (None, Some(heading)) => {
                let author = authors
                    .iter()
                    .position(|author| author.is_named_by(lines, heading))
                    .or((authors.len() == 1).then_some(0))?;
                let confidence = if continues(&text) {
                    Confidence::Inferred
                } else {
                    Confidence::Ambiguous
                };
                free(author).then(|| opening(author, confidence))
            }
            (Some(_) | None, None) => None,
        }
    }

    /// `About the authors` above several notes.
    fn take_common_heading(&mut self, lines: &Lines<'_>, paragraphs: &[Range<usize>], authors: &[Author]) {
        let Some(last) = self
            .body_paragraphs
            .checked_sub(1)
            .filter(|last| *last > 0 && !self.found.is_empty())
        else {
            return;
        };
        if let Some(range) = paragraphs.get(last).filter(|range| is_heading(lines, range, authors)) {
            self.ignored.push(ignored_line(range.start, IgnoredReason::BioHeading));
            self.body_paragraphs = last;
        }
    }

    fn warn(&mut self, taken: &[Range<usize>]) {
        self.warnings.push(Warning {
            line: taken.first().map(|range| line_number(range.start)),
            code: "unclear-bio",
            detail: "The last paragraphs were read as a note about the author, but they could be text of the article."
                .to_owned(),
        });
    }
}

struct Opening {
    paragraph: usize,
    author: usize,
    confidence: Confidence,
    heading: bool,
}

struct Author {
    name: String,
    surname: String,
}

impl Author {
    fn of(name: &str) -> Self {
        let name = shape(name);
        let personal = name
            .split_once(',')
            .map_or(name.as_str(), |(personal, _suffix)| personal);
        let surname = personal.split(' ').next_back().unwrap_or_default().to_owned();
        Self {
            name: personal.to_owned(),
            surname,
        }
    }

    /// Certain for `NAME is …` and `NAME, a …`, inferred when only the surname or the name itself begins the text.
    fn is_subject_of(&self, text: &str) -> Option<Confidence> {
        // A name alone is a signature or a heading, and says nothing about the author.
        if is_same_text(text.trim_end_matches(['.', ':']), &self.name) {
            return None;
        }
        if let Some(rest) = after_words(text, &self.name) {
            let confidence = if is_predicate(rest) {
                Confidence::Certain
            } else {
                Confidence::Inferred
            };
            return Some(confidence);
        }
        let rest = after_words(text, &self.surname)?;
        is_predicate(rest).then_some(Confidence::Inferred)
    }

    fn is_named_by(&self, lines: &Lines<'_>, heading: &Range<usize>) -> bool {
        let heading = lines.shape(heading.start).to_lowercase();
        let heading = heading.strip_prefix("about ").unwrap_or(&heading);
        is_same_text(heading.trim_end_matches(':'), &self.name)
    }
}

fn is_heading(lines: &Lines<'_>, range: &Range<usize>, authors: &[Author]) -> bool {
    let names: Vec<String> = authors.iter().map(|author| author.name.clone()).collect();
    let is_named = authors.iter().any(|author| author.is_named_by(lines, range));
    range.len() == 1 && (is_named || is_bio_heading(lines.get(range.start), &names))
}

/// The first words of a paragraph, as structure sees them.
fn beginning(lines: &Lines<'_>, range: &Range<usize>) -> String {
    let line = lines.get(range.start);
    let words: Vec<&str> = line.split_whitespace().take(12).collect();
    shape(&words.join(" ").chars().take(200).collect::<String>())
}

fn continues(text: &str) -> bool {
    let text = text.to_lowercase();
    CONTINUATIONS.iter().any(|words| text.starts_with(words))
}

/// What follows `words` at the beginning of `text`, when a word ends there.
fn after_words<'text>(text: &'text str, words: &str) -> Option<&'text str> {
    let rest = text.strip_prefix(words).filter(|_| !words.is_empty())?;
    let goes_on = rest.starts_with(|character: char| character.is_alphanumeric() || character == '-');
    (!goes_on).then_some(rest)
}

fn is_predicate(rest: &str) -> bool {
    if let Some(apposition) = rest.strip_prefix(", ") {
        return ["a ", "an ", "the ", "author ", "who "]
            .iter()
            .any(|words| apposition.starts_with(words));
    }
    let word = rest
        .strip_prefix(' ')
        .and_then(|rest| rest.split([' ', ',', '.']).next())
        .unwrap_or_default();
    rest.starts_with("'s ") || PREDICATES.contains(&word)
}
