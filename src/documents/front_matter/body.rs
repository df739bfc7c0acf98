//! What stands below a front matter: a first heading, the text, and our own comment section.
//!
//! Our comment section is a last `## Comments`. Each comment is a heading `### NAME — 2026-01-31T10:00:00Z {#c-ID}` (date
//! and id may be absent) with its text quoted below; a reply stands one quote deeper than what it answers. A notice of a link
//! from elsewhere has its kind instead of the `c`: `{#pingback-ID}`.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser};

use super::{number, warning};
use crate::documents::dates::Moment;
use crate::documents::{
    CommentsHint, Confidence, DocumentComment, DocumentCommentKind, Hints, IgnoredLines, IgnoredReason, Part, Span,
    ThreadClosing, ThreadState, Warning,
};

pub(in crate::documents) const SECTION_HEADING: &str = "## Comments";
const END_OF_EXCERPT: &str = "<!--more-->";
const CLOSING: &str = "Comments are closed.";

/// The parts of a Markdown body.
#[derive(Default)]
pub(super) struct Body {
    pub(super) title: Option<Part<String>>,
    pub(super) excerpt: Option<Part<String>>,
    /// The text without title and comments; `None` when there is none.
    pub(super) markdown: Option<Part<String>>,
    pub(super) comments: Vec<DocumentComment>,
    pub(super) closing: Option<Part<ThreadClosing>>,
    pub(super) ignored: Vec<IgnoredLines>,
    pub(super) warnings: Vec<Warning>,
}

/// Whether a first heading is the title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstHeading {
    /// Nothing else gives the title.
    IsTitle,
    /// The front matter gives the title, and the heading is text.
    IsText,
}

impl Body {
    /// Reads the lines from the index `start`.
    pub(super) fn read(lines: &[&str], start: usize, heading: FirstHeading, hints: &Hints) -> Self {
        let mut body = Self::default();
        let mut range = trim(lines, start..lines.len());
        if let Some((title, end)) = first_heading(lines, &range).filter(|(title, _)| is_wanted(title, heading, hints)) {
            body.title = Some(Part::certain(title, span(&(range.start..end))));
            range = trim(lines, end..range.end);
        }
        if hints.comments == CommentsHint::Parse {
            range = body.take_comments(lines, range);
        }
        if range.is_empty() {
            return body;
        }
        body.excerpt = excerpt(lines, &range);
        body.markdown = Some(Part::certain(text(lines, &range), span(&range)));
        body
    }

    /// Takes the comment section from the end and returns what stands above it.
    fn take_comments(&mut self, lines: &[&str], range: Range<usize>) -> Range<usize> {
        let is_heading = |index: &usize| line(lines, *index).trim_end() == SECTION_HEADING;
        let Some(heading) = range.clone().rev().find(is_heading) else {
            return range;
        };
        let mut section = trim(lines, heading + 1..range.end);
        let last = section.end.saturating_sub(1);
        let closes = !section.is_empty() && line(lines, last).trim() == CLOSING;
        if closes {
            section = trim(lines, section.start..last);
        }
        let is_ours = section.is_empty() && closes || head(line(lines, section.start)).is_some();
        if !is_ours {
            self.warn_of_foreign_section(heading, &section);
            return range;
        }
        self.ignored.push(IgnoredLines {
            span: Span::line(number(heading)),
            reason: IgnoredReason::CommentHeading,
        });
        if closes {
            let state = ThreadState::Closed;
            let closing = ThreadClosing {
                state,
                closes_at: None,
                message: Some(CLOSING.to_owned()),
                listed: None,
            };
            self.closing = Some(Part::certain(closing, Span::line(number(last))));
        }
        self.read_comments(lines, section);
        trim(lines, range.start..heading)
    }

    fn read_comments(&mut self, lines: &[&str], section: Range<usize>) {
        let heads: Vec<(usize, Head)> = section
            .clone()
            .filter_map(|index| Some((index, head(line(lines, index))?)))
            .collect();
        let ends: Vec<usize> = heads
            .iter()
            .skip(1)
            .map(|(index, _)| *index)
            .chain([section.end])
            .collect();
        let mut ancestors: Vec<(usize, usize)> = Vec::new();
        for ((index, head), end) in heads.into_iter().zip(ends) {
            while ancestors.pop_if(|(depth, _)| *depth >= head.depth).is_some() {}
            let parent = ancestors.last().map(|(_, parent)| *parent);
            ancestors.push((head.depth, self.comments.len()));
            self.comments.push(comment(lines, index, end, head, parent));
        }
    }

    fn warn_of_foreign_section(&mut self, heading: usize, section: &Range<usize>) {
        if !section.is_empty() {
            let detail = "The section “Comments” does not begin with a heading “### NAME — DATE”; it was kept as text.";
            self.warnings
                .push(warning(number(heading), "comments-kept-as-text", detail.to_owned()));
        }
    }
}

/// The heading of one comment.
struct Head {
    /// How many quotes it stands in.
    depth: usize,
    name: String,
    date: Option<Moment>,
    id: Option<String>,
    kind: DocumentCommentKind,
}

fn head(line: &str) -> Option<Head> {
    let (depth, rest) = unquote(line, usize::MAX);
    let rest = rest.strip_prefix("### ")?.trim();
    let (rest, id, kind) = match rest.strip_suffix('}').and_then(marked) {
        Some((rest, id, kind)) => (rest.trim_end(), Some(id.to_owned()), kind),
        None => (rest, None, DocumentCommentKind::Comment),
    };
    // Without a name the heading begins with the dash.
    let padded = format!(" {rest}");
    let dated = padded
        .rsplit_once(" \u{2014} ")
        .and_then(|(name, day)| Some((name, Moment::parse(day)?)));
    match (dated, id) {
        (Some((name, date)), id) => Some(Head {
            depth,
            name: plain_text(name),
            date: Some(date),
            id,
            kind,
        }),
        (None, Some(id)) => Some(Head {
            depth,
            name: plain_text(rest),
            date: None,
            id: Some(id),
            kind,
        }),
        (None, None) => None,
    }
}

/// The heading before the mark at its end, with the id in the mark and the kind that it names.
fn marked(heading: &str) -> Option<(&str, &str, DocumentCommentKind)> {
    let (rest, mark) = heading.rsplit_once("{#")?;
    let (name, id) = mark.split_once('-')?;
    let kind = match name {
        "c" => DocumentCommentKind::Comment,
        "pingback" => DocumentCommentKind::Pingback,
        "trackback" => DocumentCommentKind::Trackback,
        "webmention" => DocumentCommentKind::Webmention,
        _ => return None,
    };
    Some((rest, id, kind))
}

fn comment(lines: &[&str], index: usize, end: usize, head: Head, parent: Option<usize>) -> DocumentComment {
    let quoted = |at: &usize| !unquote(line(lines, *at), usize::MAX).1.trim().is_empty();
    let own_line = Span::line(number(index));
    let body = (index + 1..end)
        .find(quoted)
        .zip((index + 1..end).rev().find(quoted))
        .map(|(first, last)| first..last + 1);
    let texts = body
        .clone()
        .unwrap_or(index..index)
        .map(|at| unescape_line(unquote(line(lines, at), head.depth + 1).1));
    let value = texts.collect::<Vec<_>>().join("\n");
    let confidence = if body.is_some() {
        Confidence::Certain
    } else {
        Confidence::Ambiguous
    };
    DocumentComment {
        id: head.id.map(|id| Part::certain(id, own_line)),
        author_name: Some(head.name)
            .filter(|name| !name.is_empty())
            .map(|name| Part::certain(name, own_line)),
        author_url: None,
        created_at: head.date.map(|date| Part {
            value: date.at,
            span: Some(own_line),
            confidence: date.confidence(),
        }),
        body_markdown: Part {
            value,
            span: body.as_ref().map(span),
            confidence,
        },
        parent,
        kind: head.kind,
        span: body.as_ref().map_or(own_line, |body| own_line.union(span(body))),
    }
}

/// Puts a backslash before a line of a comment that would be read as the heading of another one. Reading takes it off
/// again, so that a writer who escapes every line loses nothing.
pub(in crate::documents) fn escape_line(line: &str) -> Cow<'_, str> {
    match divide_heading(line) {
        Some((quotes, heading)) => Cow::Owned(format!("{quotes}\\{heading}")),
        None => Cow::Borrowed(line),
    }
}

/// The line without the backslash that kept it from being read as a heading; every other backslash is text.
fn unescape_line(line: &str) -> Cow<'_, str> {
    match divide_heading(line).map(|(quotes, heading)| (quotes, heading.strip_prefix('\\'))) {
        Some((quotes, Some(heading))) => Cow::Owned(format!("{quotes}{heading}")),
        Some((_, None)) | None => Cow::Borrowed(line),
    }
}

/// The marks of quotes, and what is the heading of a comment but for the backslashes before it.
fn divide_heading(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = unquote(line, usize::MAX);
    head(rest.trim_start_matches('\\'))?;
    Some((line.strip_suffix(rest)?, rest))
}

/// The line without at most `most` marks of a quote, and how many there were.
fn unquote(line: &str, most: usize) -> (usize, &str) {
    let mut rest = line;
    let mut depth = 0;
    while depth < most {
        let Some(inner) = rest.trim_start().strip_prefix('>') else {
            break;
        };
        rest = inner.strip_prefix(' ').unwrap_or(inner);
        depth += 1;
    }
    (depth, rest)
}

/// The title and the index below it, when the range begins with a heading of the first level.
fn first_heading(lines: &[&str], range: &Range<usize>) -> Option<(String, usize)> {
    let first = line(lines, range.start);
    if let Some(heading) = first.strip_prefix("# ") {
        let heading = heading.trim().trim_end_matches('#').trim_end();
        return Some((plain_text(heading), range.start + 1)).filter(|(title, _)| !title.is_empty());
    }
    let below = line(lines, range.start + 1).trim_end();
    let underlined = !below.is_empty() && below.chars().all(|mark| mark == '=') && !first.trim().is_empty();
    underlined.then(|| (plain_text(first.trim()), range.start + 2))
}

fn is_wanted(title: &str, heading: FirstHeading, hints: &Hints) -> bool {
    match (&hints.title, heading) {
        (Some(hint), _) => hint == title,
        (None, FirstHeading::IsTitle) => true,
        (None, FirstHeading::IsText) => false,
    }
}

/// The text above the mark that ends the excerpt. The text stays in the body too, as it does in Hugo.
fn excerpt(lines: &[&str], range: &Range<usize>) -> Option<Part<String>> {
    let is_mark = |index: &usize| {
        let line = line(lines, *index);
        line.len() < 40 && line.replace(char::is_whitespace, "") == END_OF_EXCERPT
    };
    let mark = range.clone().find(is_mark)?;
    let above = trim(lines, range.start..mark);
    (!above.is_empty()).then(|| Part::inferred(text(lines, &above), span(&above)))
}

/// The text that a line of Markdown shows.
fn plain_text(markdown: &str) -> String {
    let mut text = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

fn trim(lines: &[&str], range: Range<usize>) -> Range<usize> {
    let is_text = |index: &usize| !line(lines, *index).trim().is_empty();
    match (range.clone().find(is_text), range.clone().rev().find(is_text)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => range.start..range.start,
    }
}

fn text(lines: &[&str], range: &Range<usize>) -> String {
    lines.get(range.clone()).unwrap_or_default().join("\n")
}

fn line<'text>(lines: &[&'text str], index: usize) -> &'text str {
    lines.get(index).copied().unwrap_or_default()
}

fn span(range: &Range<usize>) -> Span {
    Span {
        first_line: number(range.start),
        last_line: number(range.end.saturating_sub(1)),
    }
}
