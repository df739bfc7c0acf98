//! Markdown documents: the front matter of Hugo, Jekyll, Zola, Pelican, Obsidian and our own, and the body below it.
//!
//! `block` finds the front matter, `node` reads it into values with lines, `keys` gives each key to the field that
//! takes it, and `body` reads what stands below: a first heading as title, the mark that ends the excerpt, and our own
//! comment section. Keys that no field takes go to [`Document::extra`].

use super::text::Text;
use super::{
    BodyLayout, CommentsHint, Document, DocumentFault, Fault, Hints, IgnoredLines, IgnoredReason, Part, Span, Warning,
};
use block::{Divided, Notation};
use body::{Body, FirstHeading};
use node::{Entry, Located, Node};
use spans::Spans;

mod block;
pub(in crate::documents) mod body;
pub(in crate::documents) mod keys;
mod node;
mod spans;

#[cfg(test)]
mod tests;

/// Reads Markdown with or without a front matter.
///
/// # Errors
/// `empty-document`; `unclosed-front-matter` and `invalid-front-matter` with line and column in the file;
/// `missing-title` when neither the front matter nor a heading at the top nor a hint gives one; `missing-body`.
pub fn read(text: &Text, hints: &Hints) -> Result<Document, DocumentFault> {
    let divided = block::divide(text.lines().collect())?;
    if divided.lines.iter().all(|line| line.trim().is_empty()) {
        return Err(Fault::of_document("empty-document", "The document is empty; send a title and a text.").into());
    }
    let entries = entries(&divided)?;
    let block_end = number(divided.block.end).saturating_sub(1);
    let spans = Spans::of(&entries, block_end, &divided.lines);
    let stated = keys::read(&entries, &spans);
    let mut document = Document {
        line_count: number(divided.lines.len()).saturating_sub(1),
        ..stated
    };

    let heading = document
        .title
        .as_ref()
        .map_or(FirstHeading::IsTitle, |_| FirstHeading::IsText);
    let hints = &listed_only(&document, hints);
    let body = Body::read(&divided.lines, divided.body_start, heading, hints);
    take_body(&mut document, body, &divided)?;
    apply_hints(&mut document, hints);
    if document.title.is_none() {
        return Err(missing_title(&divided).into());
    }
    account_for_rest(&mut document, &divided);
    Ok(document)
}

/// A document that says it lists no comments has none: what looks like some is text.
fn listed_only(document: &Document, hints: &Hints) -> Hints {
    let listed = document.thread.as_ref().and_then(|thread| thread.value.listed);
    match listed {
        Some(0) => Hints {
            comments: CommentsHint::None,
            ..hints.clone()
        },
        _ => hints.clone(),
    }
}

fn entries(divided: &Divided<'_>) -> Result<Vec<Entry>, Fault> {
    let lines = divided.lines.get(divided.block.clone()).unwrap_or_default();
    let first_line = number(divided.block.start);
    match divided.notation {
        Notation::Yaml | Notation::Json => node::read_yaml(&lines.join("\n"), first_line),
        Notation::Toml => node::read_toml(&lines.join("\n"), first_line),
        Notation::Headers => headers(lines),
        Notation::None => Ok(Vec::new()),
    }
}

/// `Key: value` lines; an indented line goes on with the value above it.
fn headers(lines: &[&str]) -> Result<Vec<Entry>, Fault> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut keys = std::collections::HashSet::new();
    for (index, line) in lines.iter().enumerate() {
        match (block::split_header(line), entries.last_mut()) {
            (Some((key, value)), _) if !line.starts_with(' ') => {
                let line = number(index);
                if !keys.insert(key.to_lowercase()) {
                    let detail = format!("The key {key} stands above already; keep one of the two lines.");
                    return Err(Fault {
                        column: Some(1),
                        ..Fault::at_line(line, "invalid-front-matter", detail)
                    });
                }
                let value = Located {
                    line,
                    node: Node::Text(value.to_owned()),
                };
                entries.push(Entry {
                    key: key.to_owned(),
                    line,
                    value,
                });
            }
            (
                _,
                Some(Entry {
                    value: Located {
                        node: Node::Text(text), ..
                    },
                    ..
                }),
            ) => {
                text.push('\n');
                text.push_str(line.trim());
            }
            _ => {}
        }
    }
    Ok(entries)
}

fn take_body(document: &mut Document, body: Body, divided: &Divided<'_>) -> Result<(), DocumentFault> {
    let Body {
        title,
        excerpt,
        markdown,
        comments,
        ignored,
        warnings,
        closing,
    } = body;
    let Some(markdown) = markdown else {
        let line = number(divided.body_start.min(divided.lines.len().saturating_sub(1)));
        let detail = "There is no text below the title and the front matter; add at least one paragraph.";
        return Err(Fault::at_line(line, "missing-body", detail).into());
    };
    document.body_markdown = markdown;
    document.layout = BodyLayout::Markdown;
    document.title = document.title.take().or(title);
    // A document that this server wrote says what its excerpt is, also when that is none.
    let excerpt = excerpt.filter(|_| document.revision.is_none());
    document.excerpt = document.excerpt.take().or(excerpt);
    document.thread = document.thread.take().or(closing);
    document.comments = comments;
    document.ignored_lines.extend(ignored);
    document.warnings.extend(warnings);
    Ok(())
}

fn missing_title(divided: &Divided<'_>) -> Fault {
    let mut headings = (divided.body_start..divided.lines.len())
        .filter(|index| divided.lines.get(*index).is_some_and(|line| line.starts_with("# ")));
    match headings.next() {
        Some(index) => Fault::at_line(
            number(index),
            "missing-title",
            "The document has no title; this heading would be it if nothing stood above it, or give the title as “title:” in the front matter.",
        ),
        None => Fault::of_document(
            "missing-title",
            "The document has no title; begin the text with “# TITLE”, or give it as “title:” in the front matter.",
        ),
    }
}

/// A hint wins; the lines that said something else are accounted for as replaced.
fn apply_hints(document: &mut Document, hints: &Hints) {
    if let Some(title) = &hints.title {
        let stated = document.title.replace(Part::hinted(title.clone()));
        match stated {
            Some(part) if part.value == *title => document.title = Some(part),
            Some(part) => ignore_replaced(document, part.span),
            None => {}
        }
    }
    if let Some(slug) = &hints.slug {
        let stated = document.slug.replace(Part::hinted(slug.clone()));
        match stated {
            Some(part) if part.value == *slug => document.slug = Some(part),
            Some(part) => ignore_replaced(document, part.span),
            None => {}
        }
    }
    if let Some(name) = &hints.author {
        for span in keys::replace_authors(document, name) {
            ignore_replaced(document, Some(span));
        }
    }
}

fn ignore_replaced(document: &mut Document, span: Option<Span>) {
    let Some(span) = span else { return };
    // Other fields may have been read from the same lines, and then the lines are theirs.
    if !document.taken_spans().contains(&span) {
        document.ignored_lines.push(IgnoredLines {
            span,
            reason: IgnoredReason::ReplacedByHint,
        });
    }
}

/// Gives every line that no field took its reason.
fn account_for_rest(document: &mut Document, divided: &Divided<'_>) {
    let mut rest: Vec<IgnoredLines> = Vec::new();
    let mut next = 1;
    let end = Span::line(document.line_count.saturating_add(1));
    for span in document.taken_spans().into_iter().chain([end]) {
        for line in next..span.first_line {
            let reason = reason(divided, line);
            match rest.last_mut() {
                Some(run) if run.reason == reason && run.span.last_line.saturating_add(1) == line => {
                    run.span.last_line = line;
                }
                _ => rest.push(IgnoredLines {
                    span: Span::line(line),
                    reason,
                }),
            }
        }
        next = next.max(span.last_line.saturating_add(1));
    }
    document.ignored_lines.extend(rest);
    document.ignored_lines.sort_by_key(|ignored| ignored.span);
}

fn reason(divided: &Divided<'_>, line: u32) -> IgnoredReason {
    let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let text = divided.lines.get(index).copied().unwrap_or_default();
    match text.trim_start() {
        _ if divided.fences.contains(&index) => IgnoredReason::Fence,
        "" => IgnoredReason::Blank,
        // A quote marker alone, between the heading and the text of a reply.
        text if index >= divided.body_start && text.trim_matches(['>', ' ', '\t']).is_empty() => IgnoredReason::Blank,
        text if text.starts_with('#') => IgnoredReason::Remark,
        "{" | "}" if divided.notation == Notation::Json => IgnoredReason::Fence,
        _ => IgnoredReason::Key,
    }
}

/// The line number of an index.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

fn warning(line: u32, code: &'static str, detail: String) -> Warning {
    Warning {
        line: Some(line),
        code,
        detail,
    }
}
