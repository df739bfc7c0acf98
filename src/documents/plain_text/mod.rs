//! Plain text in the shape of a copied web page: title, byline, paragraphs, a note about the author, comments, closing.
//!
//! The reader goes over the lines from both ends. `header` takes title, subtitle, byline and date from the top;
//! `thread` finds the comment section and the closing line from the bottom; what is between is the body, of which
//! `bio` takes the last paragraphs when they are about an author. `comments` then divides the comment section.
//! Lines that no part took and that are not blank cannot remain: the body or a comment takes them.

use std::borrow::Cow;

use super::text::Text;
use super::{CommentsHint, Document, DocumentFault, Fault, Hints, IgnoredLines, Part};
use lines::{Lines, index_of, line_number};

mod bio;
mod byline;
mod comments;
mod header;
mod layout;
mod lines;
mod phrases;
mod thread;

#[cfg(test)]
mod tests;

/// Reads plain text.
///
/// # Errors
/// `empty-document`, `missing-title` when the first line is a byline and no hint gives the title, and `missing-body`
/// when there is no paragraph between the header and the comments.
pub fn read(text: &Text, hints: &Hints) -> Result<Document, DocumentFault> {
    let lines = Lines::of(text);
    let header = header::read(&lines, hints)?;
    let section = match hints.comments {
        CommentsHint::Parse => thread::find(&lines, header.body_start, &header.title.value),
        CommentsHint::None => thread::Section::without_thread(&lines),
    };
    let layout = layout::read(&lines, header.body_start..section.body_end);
    if layout.paragraphs.is_empty() {
        return Err(missing_body(&lines, header.body_start).into());
    }
    let mut authors = header.authors;
    let names = authors
        .iter()
        .filter_map(|author| author.value.name.clone())
        .collect::<Vec<_>>();
    let bio = bio::find(&lines, &layout.paragraphs, &names);
    for found in &bio.found {
        if let Some(author) = authors.get_mut(found.author) {
            author.value.bio = Some(layout::part(&lines, &found.paragraphs, found.confidence, &names));
        }
    }
    let body_paragraphs = layout.paragraphs.get(..bio.body_paragraphs).unwrap_or_default();
    let body_confidence = layout.confidence.max(header.body_confidence).max(bio.body_confidence);
    let body_markdown = layout::part(&lines, body_paragraphs, body_confidence, &names);
    let thread = comments::read(&lines, &section);

    let warnings = [
        header.warnings,
        layout.warnings,
        bio.warnings,
        section.warnings,
        thread.warnings,
    ]
    .concat();
    let ignored = [header.ignored, bio.ignored, section.ignored, thread.ignored].concat();
    let mut document = Document {
        title: Some(header.title),
        subtitle: header.subtitle,
        slug: hints.slug.clone().map(Part::hinted),
        published_at: header.published_at,
        authors,
        comments: thread.found,
        thread: section.closing,
        ignored_lines: ignored,
        warnings,
        layout: layout.kind,
        line_count: line_number(lines.len()).saturating_sub(1),
        ..Document::with_body(body_markdown)
    };
    add_blank_lines(&lines, &mut document);
    Ok(document)
}

/// Puts a backslash before a line of text that [`read`] could take for structure, and leaves every other line alone.
/// `authors` are the names in the byline; a line that begins with one of them could be read as a note about them.
///
/// [`read`] takes the backslash off again, so a writer that escapes every line of a body or a comment loses nothing.
#[must_use]
pub fn escape_line<'line>(line: &'line str, authors: &[String]) -> Cow<'line, str> {
    if phrases::is_structure(line.trim_start_matches('\\'), authors) {
        return Cow::Owned(format!("\\{line}"));
    }
    Cow::Borrowed(line)
}

/// Whether the line says that a thread is closed, so that [`read`] takes it for that at the end of a text.
pub(in crate::documents) fn says_closed(line: &str) -> bool {
    phrases::is_closing(line)
}

fn missing_body(lines: &Lines<'_>, body_start: usize) -> Fault {
    let line = line_number(body_start.min(lines.len().saturating_sub(1)));
    Fault::at_line(
        line,
        "missing-body",
        "There is a title but no text; add at least one paragraph below the header.",
    )
}

/// Blank lines between the parts belong to none of them.
fn add_blank_lines(lines: &Lines<'_>, document: &mut Document) {
    let taken = document.taken_spans();
    let mut blank: Vec<IgnoredLines> = Vec::new();
    let mut next = 0;
    for span in taken {
        blank.extend(lines.blank_runs(next..index_of(span.first_line)));
        next = next.max(index_of(span.last_line) + 1);
    }
    blank.extend(lines.blank_runs(next..lines.len()));
    document.ignored_lines.extend(blank);
    document.ignored_lines.sort_by_key(|ignored| ignored.span);
}
