//! The lines that begin a comment: `NAME says:`, `NAME on DATE at TIME`, `1. TEXT`, `Pingback: TEXT`.

use std::ops::Range;

use crate::documents::dates::Moment;
use crate::documents::plain_text::lines::{Lines, collapse, indentation};
use crate::documents::plain_text::phrases::strip_prefix_in_any_case;
use crate::documents::{Confidence, DocumentCommentKind};

const VERBS: [&str; 8] = [
    " says:",
    " wrote:",
    " said:",
    " said...",
    " said\u{2026}",
    " writes:",
    " commented:",
    " replied:",
];

/// The most characters and words that the name of a commenter has.
const LONGEST_NAME: usize = 60;
const MOST_WORDS: usize = 6;

/// Words that begin a sentence in which somebody says something, and never a name.
const SENTENCE_BEGINNINGS: [&str; 38] = [
    "a", "after", "also", "an", "and", "as", "because", "but", "everyone", "he", "her", "his", "i", "if", "in", "it",
    "its", "like", "my", "nobody", "of", "on", "or", "our", "she", "so", "someone", "that", "their", "then", "they",
    "this", "we", "what", "when", "who", "you", "your",
];

/// A line that begins a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::documents::plain_text) struct Start {
    pub(super) index: usize,
    /// In columns.
    pub(super) indentation: usize,
    /// The number before the name, such as `[1, 2]` for `1.2.`; empty without one.
    pub(super) number: Vec<u32>,
    pub(super) form: Form,
    pub(super) confidence: Confidence,
}

/// What the first line of a comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Named { name: String, date: Option<Moment> },
    Numbered { text: String },
    Notice { kind: DocumentCommentKind, text: String },
}

/// Whether the line alone has the form of the beginning of a comment.
pub(in crate::documents::plain_text) fn has_form_of_start(line: &str) -> bool {
    let (number, rest) = split_number(line);
    !number.is_empty() || read_form(rest).is_some()
}

/// Whether a comment with a name and a date begins at this line.
pub(in crate::documents::plain_text) fn is_dated_start(lines: &Lines<'_>, index: usize) -> bool {
    match read_form(lines.get(index)) {
        Some(Form::Named { date: Some(_), .. }) => true,
        Some(Form::Named { date: None, .. }) => has_date_below(lines, index, lines.len()),
        Some(Form::Numbered { .. } | Form::Notice { .. }) | None => false,
    }
}

/// A line of nothing but a date, with the controls that pages put behind it.
pub(super) fn date_line(line: &str) -> Option<Moment> {
    let line = collapse(line);
    let mut line = line.as_str();
    for control in ["Reply", "Permalink", "(Edit)", "#", "|", "\u{b7}", ":"] {
        line = line.strip_suffix(control).unwrap_or(line).trim_end();
    }
    let line = strip_prefix_in_any_case(line, "on ").unwrap_or(line);
    Moment::parse(line)
}

/// The lines of `area` that begin comments. `stated` is the number of comments in the heading.
pub(super) fn find(lines: &Lines<'_>, area: Range<usize>, stated: Option<u32>) -> Vec<Start> {
    let mut scan = Scan {
        lines,
        area: area.clone(),
        stated,
        found: Vec::new(),
        numbers: std::collections::HashMap::new(),
    };
    for index in area {
        scan.visit(index);
    }
    settle(scan.found, stated)
}

/// How much stands for a line being the beginning of a comment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// A number, a date or a label stands with the name.
    Strong,
    /// `NAME says:` alone, which a text may contain.
    Weak,
}

struct Scan<'lines, 'text> {
    lines: &'lines Lines<'text>,
    area: Range<usize>,
    stated: Option<u32>,
    found: Vec<(Start, Evidence)>,
    /// The last number under each parent's number.
    numbers: std::collections::HashMap<Vec<u32>, u32>,
}

impl Scan<'_, '_> {
    fn visit(&mut self, index: usize) {
        let line = self.lines.get(index);
        let (number, rest) = split_number(line);
        let start = Start {
            index,
            indentation: indentation(line),
            number,
            form: Form::Numbered { text: String::new() },
            confidence: Confidence::Certain,
        };
        match read_form(rest) {
            Some(form) => self.add_labelled(Start { form, ..start }),
            None if !start.number.is_empty() => self.add_numbered(Start {
                form: Form::Numbered { text: rest.to_owned() },
                ..start
            }),
            None => self.add_name_above_date(start),
        }
    }

    fn add_labelled(&mut self, start: Start) {
        let dated = match &start.form {
            Form::Named { date: Some(_), .. } | Form::Notice { .. } => true,
            Form::Named { date: None, .. } => has_date_below(self.lines, start.index, self.area.end),
            Form::Numbered { .. } => false,
        };
        let strong = dated || !start.number.is_empty();
        match (strong, self.begins_paragraph(start.index)) {
            (true, _) => self.add(start, Evidence::Strong),
            (false, true) => self.add(start, Evidence::Weak),
            (false, false) => {}
        }
    }

    /// `2. TEXT` begins a comment when the first comment has this form too and the numbers go on.
    fn add_numbered(&mut self, start: Start) {
        let Some((own, parents)) = start.number.split_last() else {
            return;
        };
        let goes_on = match self.found.first() {
            None => parents.is_empty() && *own == 1 && self.is_first(start.index),
            Some((
                Start {
                    form: Form::Numbered { .. },
                    indentation,
                    ..
                },
                _,
            )) => {
                let next = self.numbers.get(parents).copied().unwrap_or_default().saturating_add(1);
                let under_comment = match parents.split_last() {
                    Some((parent, grandparents)) => self.numbers.get(grandparents).is_some_and(|last| parent <= last),
                    None => start.indentation <= indentation.saturating_add(1),
                };
                // With `One Comment` above, a second number is a list inside the one comment.
                self.stated != Some(1) && *own == next && under_comment
            }
            Some(_) => false,
        };
        if goes_on {
            self.add(start, Evidence::Strong);
        }
    }

    fn add_name_above_date(&mut self, start: Start) {
        let next = start.index + 1;
        let name = collapse(self.lines.get(start.index));
        let dated = next < self.area.end && date_line(self.lines.get(next)).is_some();
        if dated && self.begins_paragraph(start.index) && is_commenter(&name) && date_line(&name).is_none() {
            self.add(
                Start {
                    form: Form::Named { name, date: None },
                    ..start
                },
                Evidence::Strong,
            );
        }
    }

    fn add(&mut self, start: Start, evidence: Evidence) {
        if let Some((own, parents)) = start.number.split_last() {
            self.numbers.insert(parents.to_vec(), *own);
        }
        self.found.push((start, evidence));
    }

    fn is_first(&self, index: usize) -> bool {
        self.lines.next_filled(self.area.clone()) == Some(index)
    }

    fn begins_paragraph(&self, index: usize) -> bool {
        let above = index.checked_sub(1).filter(|above| self.area.contains(above));
        above.is_none_or(|above| self.lines.is_blank(above) || super::phrases::is_control(self.lines.get(above)))
    }
}

/// Decides about the weak ones: they are text when the strong ones alone are as many as the heading says.
fn settle(found: Vec<(Start, Evidence)>, stated: Option<u32>) -> Vec<Start> {
    let all = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let strong = found
        .iter()
        .filter(|(_, evidence)| *evidence == Evidence::Strong)
        .count();
    let strong = u32::try_from(strong).unwrap_or(u32::MAX);
    let doubt = match (strong, stated) {
        (_, Some(number)) if number == all => Confidence::Certain,
        (0, _) => Confidence::Inferred,
        _ => Confidence::Ambiguous,
    };
    let strong_are_enough = strong > 0 && stated == Some(strong);
    let kept = found
        .into_iter()
        .filter(|(_, evidence)| *evidence == Evidence::Strong || !strong_are_enough);
    let kept = kept.map(|(start, evidence)| match evidence {
        Evidence::Strong => start,
        Evidence::Weak => Start {
            confidence: doubt,
            ..start
        },
    });
    kept.collect()
}

/// `1.` or `1.2.` with a blank behind it, and the rest of the line.
fn split_number(line: &str) -> (Vec<u32>, &str) {
    let line = line.trim_start();
    let rest = line.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let label = line.strip_suffix(rest).unwrap_or_default();
    let text = rest.trim_start();
    let numbers = label.strip_suffix('.').filter(|_| text.len() < rest.len());
    match numbers.and_then(|label| label.split('.').map(small_number).collect::<Option<Vec<u32>>>()) {
        Some(numbers) => (numbers, text),
        None => (Vec::new(), line),
    }
}

fn small_number(digits: &str) -> Option<u32> {
    (1..=6).contains(&digits.len()).then(|| digits.parse().ok()).flatten()
}

fn read_form(line: &str) -> Option<Form> {
    let line = collapse(line);
    for (label, kind) in [
        ("pingback:", DocumentCommentKind::Pingback),
        ("trackback:", DocumentCommentKind::Trackback),
        ("webmention:", DocumentCommentKind::Webmention),
    ] {
        if let Some(text) = strip_prefix_in_any_case(&line, label)
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            return Some(Form::Notice {
                kind,
                text: text.to_owned(),
            });
        }
    }
    let said = VERBS.iter().find_map(|verb| line.strip_suffix(verb));
    if let Some((name, date)) = named_and_dated(said.unwrap_or(line.trim_end_matches(':'))) {
        return Some(Form::Named { name, date: Some(date) });
    }
    let name = said.filter(|name| is_commenter(name))?;
    Some(Form::Named {
        name: name.to_owned(),
        date: None,
    })
}

/// `NAME on DATE at TIME`.
fn named_and_dated(text: &str) -> Option<(String, Moment)> {
    let (name, day) = text.rsplit_once(" on ")?;
    let moment = date_line(day)?;
    is_commenter(name).then(|| (name.to_owned(), moment))
}

fn has_date_below(lines: &Lines<'_>, index: usize, end: usize) -> bool {
    lines
        .next_filled(index + 1..end)
        .is_some_and(|next| date_line(lines.get(next)).is_some())
}

/// Whether a reader may have given this name, which need not be a person's.
fn is_commenter(name: &str) -> bool {
    let words: Vec<&str> = name.split(' ').collect();
    let first = words
        .first()
        .copied()
        .unwrap_or_default()
        .trim_end_matches(',')
        .to_lowercase();
    let fits = name.chars().count() <= LONGEST_NAME && words.len() <= MOST_WORDS;
    let in_sentence = words.len() > 1
        || ["he", "she", "it", "they", "we", "you", "i", "who", "everyone", "and"].contains(&first.as_str());
    let begins_sentence = in_sentence && SENTENCE_BEGINNINGS.contains(&first.as_str());
    let has_letter = name.chars().any(char::is_alphanumeric);
    let has_mark = name.contains(['"', '\u{201c}', '\u{201d}', ':', ';', '?', '!', '\\', '>', '*']);
    let has_comma = name.contains(", ") && words.len() > 3;
    fits && has_letter && !begins_sentence && !has_mark && !has_comma
}
