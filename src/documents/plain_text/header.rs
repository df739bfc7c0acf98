//! The top of the text: title, subtitle, byline, date.

use super::byline::{self, Byline};
use super::lines::{Lines, ignored_line, line_number, shape};
use super::phrases::{is_same_text, unescape};
use crate::documents::{
    Confidence, DocumentAuthor, DocumentFault, Fault, Hints, IgnoredLines, IgnoredReason, Part, Span, Warning,
};
use chrono::{DateTime, Utc};

/// A longer first line may be a paragraph, in characters.
const LONGEST_LIKELY_TITLE: usize = 200;

/// What the top of the text states.
pub(super) struct Header {
    pub(super) title: Part<String>,
    pub(super) subtitle: Option<Part<String>>,
    pub(super) authors: Vec<Part<DocumentAuthor>>,
    pub(super) published_at: Option<Part<DateTime<Utc>>>,
    /// The index of the first line below the header.
    pub(super) body_start: usize,
    /// Less than certain when the first paragraph could be a part of the header.
    pub(super) body_confidence: Confidence,
    pub(super) ignored: Vec<IgnoredLines>,
    pub(super) warnings: Vec<Warning>,
}

/// Reads the header.
pub(super) fn read(lines: &Lines<'_>, hints: &Hints) -> Result<Header, DocumentFault> {
    let Some(first) = lines.next_filled(0..lines.len()) else {
        return Err(Fault::of_document("empty-document", "The document is empty; send a title and a text.").into());
    };
    let mut header = read_title(lines, first, hints)?;
    if header.title.span.is_some() || !header.ignored.is_empty() || hints.title.is_some() {
        read_below_title(lines, &mut header, hints);
    }
    add_hinted_author(&mut header, hints);
    Ok(header)
}

fn read_title(lines: &Lines<'_>, first: usize, hints: &Hints) -> Result<Header, DocumentFault> {
    let line = lines.get(first);
    let span = Span::line(line_number(first));
    let is_byline = byline::read(line).is_some();
    let above_byline = lines
        .next_filled(first + 1..lines.len())
        .is_some_and(|next| byline::read(lines.get(next)).is_some());
    match &hints.title {
        Some(hint) if is_same_text(hint, line) => Ok(Header::below(Part::certain(hint.clone(), span), first + 1)),
        Some(hint) if is_byline && !above_byline => Ok(Header::below(Part::hinted(hint.clone()), first)),
        Some(hint) if above_byline => {
            let mut header = Header::below(Part::hinted(hint.clone()), first + 1);
            header.ignored.push(ignored_line(first, IgnoredReason::ReplacedByHint));
            Ok(header)
        }
        Some(hint) => Ok(below_hinted_title(lines, first, hint)),
        None if is_byline && !above_byline => {
            let detail =
                "The first line reads as a byline; put the title on a line above it, or give the title as a hint.";
            Err(Fault::at_line(span.first_line, "missing-title", detail).into())
        }
        None => Ok(below_stated_title(lines, first)),
    }
}

/// The first line is not the hinted title: it is text, but somebody should look when it could have been a title.
fn below_hinted_title(lines: &Lines<'_>, first: usize, hint: &str) -> Header {
    let mut header = Header::below(Part::hinted(hint.to_owned()), first);
    let line = lines.get(first).trim();
    let reads_as_title =
        line.chars().count() <= LONGEST_LIKELY_TITLE && !ends_sentence(line) && lines.is_blank(first + 1);
    if reads_as_title && first + 1 < lines.len() {
        header.body_confidence = Confidence::Ambiguous;
        header.warn(
            line_number(first),
            "title-hint-differs",
            "The first line may be a title other than the hinted one; it was kept as text.",
        );
    }
    header
}

fn below_stated_title(lines: &Lines<'_>, first: usize) -> Header {
    let line = lines.get(first).trim();
    let title = unescape(line, &[]).to_owned();
    let span = Span::line(line_number(first));
    if line.chars().count() <= LONGEST_LIKELY_TITLE {
        return Header::below(Part::certain(title, span), first + 1);
    }
    let mut header = Header::below(Part::ambiguous(title, span), first + 1);
    header.warn(
        span.first_line,
        "title-looks-like-text",
        "The first line was read as the title, but it is as long as a paragraph.",
    );
    header
}

/// Takes a byline and a date, each once and in any order, and a subtitle above them.
fn read_below_title(lines: &Lines<'_>, header: &mut Header, hints: &Hints) {
    let title_end = header.body_start;
    take_statements(lines, header, hints);
    if header.body_start > title_end {
        return;
    }
    let Some(first) = lines.next_filled(title_end..lines.len()) else {
        return;
    };
    let below = lines.next_filled(first + 1..lines.len());
    let line = lines.get(first);
    let short = line.chars().count() <= LONGEST_LIKELY_TITLE;
    if short && below.is_some_and(|below| is_statement(lines.get(below), hints)) {
        header.subtitle = Some(Part::inferred(
            unescape(line.trim(), &[]).to_owned(),
            Span::line(line_number(first)),
        ));
        header.body_start = first + 1;
        take_statements(lines, header, hints);
        return;
    }
    let tied_to_title = first == title_end && first > 0 && lines.is_blank(first + 1) && below.is_some();
    if short && tied_to_title && !ends_sentence(line) && header.title.span.is_some() {
        header.subtitle = Some(Part::inferred(
            unescape(line.trim(), &[]).to_owned(),
            Span::line(line_number(first)),
        ));
        header.body_start = first + 1;
        return;
    }
    report_unclear_byline(lines, header, first);
}

/// A short paragraph such as `by the editors` may be a byline, and it may be a line of verse.
fn report_unclear_byline(lines: &Lines<'_>, header: &mut Header, first: usize) {
    let line = lines.get(first);
    let alone = lines.is_blank(first + 1);
    let Some(rest) = byline::labelled(line) else { return };
    if alone && !ends_sentence(line) && rest.chars().count() <= 60 {
        header.body_confidence = Confidence::Ambiguous;
        header.warn(line_number(first), "unclear-byline", "The line begins like a byline but names nobody for certain; it was kept as text. Give the author as a hint if it is one.");
    }
}

fn take_statements(lines: &Lines<'_>, header: &mut Header, hints: &Hints) {
    for _ in 0..2 {
        let Some(index) = lines.next_filled(header.body_start..lines.len()) else {
            return;
        };
        let line = lines.get(index);
        if header.authors.is_empty()
            && let Some(byline) = read_byline(line, hints)
        {
            header.take_byline(index, byline, hints);
            continue;
        }
        match byline::date(&shape(line)) {
            Some(moment) if header.published_at.is_none() => {
                let span = Span::line(line_number(index));
                header.published_at = Some(Part {
                    value: moment.at,
                    span: Some(span),
                    confidence: moment.confidence(),
                });
                header.body_start = index + 1;
            }
            _ => return,
        }
    }
}

fn is_statement(line: &str, hints: &Hints) -> bool {
    read_byline(line, hints).is_some() || byline::date(&shape(line)).is_some()
}

/// A byline, also one that only the hinted name makes one (`by bell hooks`).
fn read_byline(line: &str, hints: &Hints) -> Option<Byline> {
    byline::read(line).or_else(|| {
        let rest = byline::labelled(line)?;
        let hinted = hints.author.as_ref().filter(|author| is_same_text(author, &rest))?;
        Some(Byline {
            names: vec![hinted.clone()],
            date: None,
            confidence: Confidence::Certain,
        })
    })
}

fn add_hinted_author(header: &mut Header, hints: &Hints) {
    let Some(name) = &hints.author else { return };
    if header.authors.is_empty() {
        let author = DocumentAuthor {
            name: Some(name.clone()),
            ..DocumentAuthor::default()
        };
        header.authors.push(Part::hinted(author));
    }
}

fn ends_sentence(line: &str) -> bool {
    line.trim_end().ends_with(['.', '!', '?', ':', ';', ',', '\u{2026}'])
}

impl Header {
    fn below(title: Part<String>, body_start: usize) -> Self {
        Self {
            title,
            subtitle: None,
            authors: Vec::new(),
            published_at: None,
            body_start,
            body_confidence: Confidence::Certain,
            ignored: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn take_byline(&mut self, index: usize, byline: Byline, hints: &Hints) {
        let span = Span::line(line_number(index));
        let Byline {
            names,
            date,
            confidence,
        } = byline;
        self.body_start = index + 1;
        if let Some(moment) = date.filter(|_| self.published_at.is_none()) {
            self.published_at = Some(Part {
                value: moment.at,
                span: Some(span),
                confidence: moment.confidence(),
            });
        }
        let replaced = hints
            .author
            .as_ref()
            .filter(|hint| !matches!(names.as_slice(), [name] if is_same_text(name, hint)));
        if let Some(hint) = replaced {
            let author = DocumentAuthor {
                name: Some(hint.clone()),
                ..DocumentAuthor::default()
            };
            self.authors.push(Part::hinted(author));
            if self.published_at.as_ref().is_none_or(|part| part.span != Some(span)) {
                self.ignored.push(ignored_line(index, IgnoredReason::ReplacedByHint));
            }
            return;
        }
        if confidence == Confidence::Ambiguous {
            self.warn(
                span.first_line,
                "unclear-authors",
                "The byline is a list with commas; a part of it may be a place or an employer and not an author.",
            );
        }
        let authors = names.into_iter().map(|name| DocumentAuthor {
            name: Some(name),
            ..DocumentAuthor::default()
        });
        self.authors.extend(authors.map(|value| Part {
            value,
            span: Some(span),
            confidence,
        }));
    }

    fn warn(&mut self, line: u32, code: &'static str, detail: &str) {
        self.warnings.push(Warning {
            line: Some(line),
            code,
            detail: detail.to_owned(),
        });
    }
}
