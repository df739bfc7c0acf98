//! Plain text in the shape of a page: title, byline, paragraphs, notes about the authors, comments, closing.

use super::depths;
use crate::documents::plain_text::{escape_line, says_closed};
use crate::documents::{Document, DocumentAuthor, DocumentComment, DocumentCommentKind, ThreadClosing, ThreadState};
use crate::markup::{self, Policy};

const CLOSING: &str = "Comments are closed.";

/// The blanks before each line of an answer, for each comment above it.
const INDENTATION: &str = "    ";

pub(super) fn render(document: &Document) -> String {
    let authors = named(document);
    let names: Vec<String> = authors.iter().filter_map(|author| author.name.clone()).collect();
    let body = markup::text(&document.body_markdown.value, Policy::Article);
    let mut parts = Vec::new();
    parts.extend(heading(document));
    parts.extend(byline(document, &names));
    parts.push(escaped(&body, &names));
    parts.extend(authors.into_iter().filter_map(|author| bio(author, &names)));
    parts.extend(comment_heading(document.comments.len()));
    let comments = document.comments.iter().zip(depths(document));
    parts.extend(comments.map(|(comment, depth)| indented(&of_comment(comment, &names), depth)));
    parts.extend(
        document
            .comments_omitted
            .as_ref()
            .map(|omitted| omission(omitted.value)),
    );
    parts.extend(document.thread.as_ref().and_then(|thread| closing(&thread.value)));
    parts.retain(|part| !part.is_empty());
    format!("{}\n", parts.join("\n\n"))
}

/// The title, and the subtitle on the line below it.
fn heading(document: &Document) -> Option<String> {
    let lines = [document.title.as_ref(), document.subtitle.as_ref()]
        .into_iter()
        .flatten();
    let lines: Vec<_> = lines.map(|line| escape_line(&line.value, &[]).into_owned()).collect();
    Some(lines.join("\n")).filter(|lines| !lines.is_empty())
}

/// Those who wrote the article; everybody in the byline when it says of nobody that they did.
fn named(document: &Document) -> Vec<&DocumentAuthor> {
    let all = || document.authors.iter().map(|author| &author.value);
    let wrote = |author: &&DocumentAuthor| author.role.as_ref().is_none_or(|role| role.value == "author");
    let writers: Vec<_> = all().filter(wrote).collect();
    match writers.is_empty() {
        true => all().collect(),
        false => writers,
    }
}

/// The line that stands in place of the names, or `by NAME, NAME and NAME`.
fn byline(document: &Document, names: &[String]) -> Option<String> {
    if let Some(byline) = &document.byline {
        return Some(byline.value.clone());
    }
    match names {
        [] => None,
        [only] => Some(format!("by {only}")),
        [others @ .., last] => Some(format!("by {} and {last}", others.join(", "))),
    }
}

/// What is told about an author, below a heading with the name unless it begins with the name.
fn bio(author: &DocumentAuthor, names: &[String]) -> Option<String> {
    let text = markup::text(&author.bio.as_ref()?.value, Policy::Bio);
    match &author.name {
        Some(name) if !text.starts_with(name.as_str()) => Some(format!("About {name}\n\n{}", escaped(&text, names))),
        _ => Some(text),
    }
}

fn comment_heading(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("One Comment".to_owned()),
        count => Some(format!("{count} Comments")),
    }
}

fn of_comment(comment: &DocumentComment, names: &[String]) -> String {
    let text = markup::text(&comment.body_markdown.value, Policy::Comment);
    let notice = match comment.kind {
        DocumentCommentKind::Comment => None,
        DocumentCommentKind::Pingback => Some("Pingback"),
        DocumentCommentKind::Trackback => Some("Trackback"),
        DocumentCommentKind::Webmention => Some("Webmention"),
    };
    if let Some(notice) = notice {
        let line: Vec<&str> = text.split_whitespace().collect();
        return format!("{notice}: {}", line.join(" "));
    }
    let name = comment.author_name.as_ref().map_or("Anonymous", |name| &name.value);
    let time = comment.created_at.as_ref();
    let time = time.map_or_else(String::new, |at| {
        at.value.format("\n%B %-d, %Y at %H:%M UTC").to_string()
    });
    format!("{name} says:{time}\n\n{}", escaped(&text, names))
}

fn omission(count: u64) -> String {
    match count {
        1 => "1 more comment is not shown.".to_owned(),
        count => format!("{count} more comments are not shown."),
    }
}

fn closing(thread: &ThreadClosing) -> Option<String> {
    let message = thread.message.as_ref().filter(|message| says_closed(message));
    match thread.state {
        ThreadState::Open | ThreadState::Hidden => None,
        ThreadState::Closed | ThreadState::ReadOnly => Some(message.map_or_else(|| CLOSING.to_owned(), Clone::clone)),
    }
}

/// The text with a backslash before each line that could be read as a part of the page around it.
fn escaped(text: &str, names: &[String]) -> String {
    let lines: Vec<_> = text.lines().map(|line| escape_line(line, names)).collect();
    lines.join("\n")
}

fn indented(text: &str, depth: usize) -> String {
    let indentation = INDENTATION.repeat(depth);
    let lines = text.lines().map(|line| match line {
        "" => String::new(),
        line => format!("{indentation}{line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
