//! The comment section: where each comment begins, who wrote it, when, and which comment it answers.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::layout::markdown_of;
use super::lines::{Lines, collapse, dedent, ignored_line, indentation, line_number, span_of};
use super::phrases;
use super::thread::Section;
use crate::documents::dates::Moment;
use crate::documents::{
    Confidence, DocumentComment, DocumentCommentKind, IgnoredLines, IgnoredReason, Part, Span, Warning,
};
use starts::{Form, Start};

pub(in crate::documents::plain_text) mod starts;

/// A first line without `says:` is a name only up to this many characters.
const LONGEST_LOOSE_NAME: usize = 60;

/// The comments of a text.
#[derive(Default)]
pub(super) struct Comments {
    pub(super) found: Vec<DocumentComment>,
    pub(super) ignored: Vec<IgnoredLines>,
    pub(super) warnings: Vec<Warning>,
}

/// Divides the comment section.
pub(super) fn read(lines: &Lines<'_>, section: &Section) -> Comments {
    let mut comments = Comments::default();
    let area = comments.trim_controls(lines, section.comments.clone());
    if !area.is_empty() {
        comments.read_area(lines, area, section.stated);
    }
    comments.check_count(section.stated);
    comments
}

impl Comments {
    fn read_area(&mut self, lines: &Lines<'_>, area: Range<usize>, stated: Option<(u32, usize)>) {
        let starts = starts::find(lines, area.clone(), stated.map(|(number, _)| number));
        let first = starts.first().map_or(area.end, |start| start.index);
        let above = self.trim_controls(lines, area.start..first);
        if !above.is_empty() {
            self.read_nameless(lines, above);
        }
        let ends = starts.iter().skip(1).map(|start| start.index).chain([area.end]);
        let mut ancestors = Ancestors::default();
        for (start, end) in starts.iter().zip(ends) {
            let parent = ancestors.place(start, self.found.len());
            self.read_started(lines, start, end, parent);
        }
    }

    /// A comment without a number and without `NAME says:`.
    fn read_nameless(&mut self, lines: &Lines<'_>, range: Range<usize>) {
        let author_name = self.loose_name(lines, &range);
        if author_name.is_none() {
            self.warn_nameless(range.start);
        }
        let body = lines.trim(range.start + usize::from(author_name.is_some())..range.end);
        let body = Body {
            lines: body,
            inline: None,
        };
        let draft = Draft {
            author_name,
            ..Draft::of(range, body, Confidence::Ambiguous, None)
        };
        self.push(lines, draft);
    }

    fn read_started(&mut self, lines: &Lines<'_>, start: &Start, end: usize, parent: Option<usize>) {
        let range = lines.trim(start.index..end);
        let line = Span::line(line_number(start.index));
        match &start.form {
            Form::Notice { kind, text } => {
                let body = Body {
                    lines: range.clone(),
                    inline: Some(text.clone()),
                };
                let draft = Draft {
                    kind: *kind,
                    ..Draft::of(range, body, start.confidence, parent)
                };
                self.push(lines, draft);
            }
            Form::Numbered { text } => self.read_numbered(lines, start, range, text, parent),
            Form::Named { name, date } => {
                let author_name = Some(Part {
                    value: name.clone(),
                    span: Some(line),
                    confidence: start.confidence,
                });
                let date = date.map(|moment| dated(moment, line));
                let (created_at, body) = self.read_head(lines, start.index + 1..range.end, date);
                let body = Body {
                    lines: body,
                    inline: None,
                };
                let draft = Draft {
                    author_name,
                    created_at,
                    ..Draft::of(range, body, start.confidence, parent)
                };
                self.push(lines, draft);
            }
        }
    }

    /// `1. TEXT`: the number is the page's and the text is the reader's; the name, if any, is the first line.
    fn read_numbered(
        &mut self,
        lines: &Lines<'_>,
        start: &Start,
        range: Range<usize>,
        text: &str,
        parent: Option<usize>,
    ) {
        let rest = lines.trim(start.index + 1..range.end);
        if rest.start != start.index + 1 || rest.is_empty() || !is_loose_name(text) {
            let body = Body {
                lines: range.clone(),
                inline: Some(text.to_owned()),
            };
            self.warn_nameless(start.index);
            return self.push(lines, Draft::of(range, body, Confidence::Ambiguous, parent));
        }
        let span = Span::line(line_number(start.index));
        let author_name = Some(Part::ambiguous(collapse(text), span));
        let (created_at, body) = self.read_head(lines, rest, None);
        let body = Body {
            lines: body,
            inline: None,
        };
        self.warn_loose_name(span);
        let draft = Draft {
            author_name,
            created_at,
            ..Draft::of(range, body, Confidence::Ambiguous, parent)
        };
        self.push(lines, draft);
    }

    /// The lines between the name and the text: controls of the page and the date, unless the name's line has it.
    fn read_head(
        &mut self,
        lines: &Lines<'_>,
        range: Range<usize>,
        date: Option<Part<DateTime<Utc>>>,
    ) -> (Option<Part<DateTime<Utc>>>, Range<usize>) {
        let mut date = date;
        let mut body = self.trim_controls(lines, range);
        let first = body.start;
        let moment = starts::date_line(lines.get(first)).filter(|_| !body.is_empty() && date.is_none());
        if let Some(moment) = moment {
            date = Some(dated(moment, Span::line(line_number(first))));
            body = self.trim_controls(lines, first + 1..body.end);
        } else if let Some((moment, last)) = trailing_date(lines, &body).filter(|_| date.is_none()) {
            date = Some(dated(moment, Span::line(line_number(last))));
            body = lines.trim(body.start..last);
        }
        (date, body)
    }

    fn push(&mut self, lines: &Lines<'_>, draft: Draft) {
        let Draft {
            range,
            author_name,
            created_at,
            body,
            confidence,
            kind,
            parent,
        } = draft;
        let body_markdown = body.markdown(lines, confidence);
        if body_markdown.span.is_none() {
            self.warn(
                line_number(range.start),
                "empty-comment",
                "The comment has a name but no text.",
            );
        }
        self.warn_of_inner_closing(lines, &body);
        self.found.push(DocumentComment {
            id: None,
            author_name,
            author_url: None,
            created_at,
            body_markdown,
            parent,
            kind,
            span: span_of(&range),
        });
    }

    /// Takes blank lines and controls of the page from both ends of a range, as long as text is left.
    fn trim_controls(&mut self, lines: &Lines<'_>, range: Range<usize>) -> Range<usize> {
        let is_text = |index: &usize| !lines.is_blank(*index) && !phrases::is_control(lines.get(*index));
        let (Some(first), Some(last)) = (range.clone().find(is_text), range.clone().rev().find(is_text)) else {
            self.ignore_controls(lines, range.clone());
            return range.end..range.end;
        };
        self.ignore_controls(lines, range.start..first);
        self.ignore_controls(lines, last + 1..range.end);
        first..last + 1
    }

    fn ignore_controls(&mut self, lines: &Lines<'_>, range: Range<usize>) {
        let controls = range.filter(|index| !lines.is_blank(*index));
        self.ignored
            .extend(controls.map(|index| ignored_line(index, IgnoredReason::PageControl)));
    }

    /// The first line as a name, when it is short, no sentence, and text follows.
    fn loose_name(&mut self, lines: &Lines<'_>, range: &Range<usize>) -> Option<Part<String>> {
        let line = lines.get(range.start);
        if range.len() < 2 || !is_loose_name(line) {
            return None;
        }
        let span = Span::line(line_number(range.start));
        self.warn_loose_name(span);
        Some(Part::ambiguous(collapse(line), span))
    }

    fn check_count(&mut self, stated: Option<(u32, usize)>) {
        let Some((number, index)) = stated else { return };
        let all = self.found.len();
        let written = self
            .found
            .iter()
            .filter(|comment| comment.kind == DocumentCommentKind::Comment)
            .count();
        if [all, written].iter().any(|found| u32::try_from(*found) == Ok(number)) {
            return;
        }
        let detail = format!("The heading says {number}, but the text below it was read as {all} comments.");
        self.warnings.push(Warning {
            line: Some(line_number(index)),
            code: "comment-count-mismatch",
            detail,
        });
    }

    fn warn_of_inner_closing(&mut self, lines: &Lines<'_>, body: &Body) {
        if let Some(index) = body.lines.clone().find(|index| phrases::is_closing(lines.get(*index))) {
            let detail = "The closing line stands inside a comment and was read as its text; move it to the end if it closes the thread.";
            self.warn(line_number(index), "closing-inside-comment", detail);
        }
    }

    fn warn_nameless(&mut self, index: usize) {
        let detail = "No name could be told from the text of this comment, so the comment has none.";
        self.warn(line_number(index), "comment-without-name", detail);
    }

    fn warn_loose_name(&mut self, span: Span) {
        let detail = "The first line of this comment was read as the commenter's name; it could be text.";
        self.warn(span.first_line, "unclear-comment-name", detail);
    }

    fn warn(&mut self, line: u32, code: &'static str, detail: &str) {
        self.warnings.push(Warning {
            line: Some(line),
            code,
            detail: detail.to_owned(),
        });
    }
}

/// A comment whose text is still lines.
struct Draft {
    range: Range<usize>,
    author_name: Option<Part<String>>,
    created_at: Option<Part<DateTime<Utc>>>,
    body: Body,
    confidence: Confidence,
    kind: DocumentCommentKind,
    parent: Option<usize>,
}

impl Draft {
    /// A reader's comment without name and date.
    const fn of(range: Range<usize>, body: Body, confidence: Confidence, parent: Option<usize>) -> Self {
        let kind = DocumentCommentKind::Comment;
        Self {
            range,
            author_name: None,
            created_at: None,
            body,
            confidence,
            kind,
            parent,
        }
    }
}

/// The text of a comment.
struct Body {
    lines: Range<usize>,
    /// What stands on the first line after a number or a label, in place of the whole line.
    inline: Option<String>,
}

impl Body {
    fn markdown(&self, lines: &Lines<'_>, confidence: Confidence) -> Part<String> {
        if self.lines.is_empty() {
            return Part {
                value: String::new(),
                span: None,
                confidence: Confidence::Ambiguous,
            };
        }
        let indented = self.lines.clone().skip(usize::from(self.inline.is_some()));
        let depth = indented
            .filter(|index| !lines.is_blank(*index))
            .map(|index| indentation(lines.get(index)))
            .min();
        let texts = |block: Range<usize>| {
            let line = |index: usize| match &self.inline {
                Some(text) if index == self.lines.start => text.as_str(),
                _ => phrases::unescape(dedent(lines.get(index), depth.unwrap_or_default()), &[]),
            };
            block.map(line).collect::<Vec<&str>>()
        };
        let value = markdown_of(lines.blocks(self.lines.clone()).into_iter().map(texts));
        Part {
            value,
            span: Some(span_of(&self.lines)),
            confidence,
        }
    }
}

/// The comments that the next one may answer: those above it with less indentation, and those with a number.
#[derive(Default)]
struct Ancestors {
    by_indentation: Vec<(usize, usize)>,
    by_number: std::collections::HashMap<Vec<u32>, usize>,
}

impl Ancestors {
    /// Remembers the comment `index` and returns its parent.
    fn place(&mut self, start: &Start, index: usize) -> Option<usize> {
        while self
            .by_indentation
            .pop_if(|(indentation, _)| *indentation >= start.indentation)
            .is_some()
        {}
        let above = self.by_indentation.last().map(|(_, above)| *above);
        self.by_indentation.push((start.indentation, index));
        let Some((_, parents)) = start.number.split_last() else {
            return above;
        };
        let parent = if parents.is_empty() {
            above
        } else {
            self.by_number.get(parents).copied()
        };
        self.by_number.insert(start.number.clone(), index);
        parent
    }
}

fn dated(moment: Moment, span: Span) -> Part<DateTime<Utc>> {
    Part {
        value: moment.at,
        span: Some(span),
        confidence: moment.confidence(),
    }
}

/// A date as the last paragraph of a comment, where Blogger puts it.
fn trailing_date(lines: &Lines<'_>, body: &Range<usize>) -> Option<(Moment, usize)> {
    let last = body
        .end
        .checked_sub(1)
        .filter(|last| *last > body.start && lines.is_blank(last - 1))?;
    starts::date_line(lines.get(last)).map(|moment| (moment, last))
}

fn is_loose_name(line: &str) -> bool {
    let line = collapse(line);
    let length = line.chars().count();
    (1..=LONGEST_LOOSE_NAME).contains(&length)
        && !line.contains(": ")
        && !line.ends_with(['.', '!', '?', ':', ';', ',', '\u{2026}', '"', '\u{201d}', ')'])
        && !line.starts_with(['"', '\u{201c}', '>', '\\'])
}
