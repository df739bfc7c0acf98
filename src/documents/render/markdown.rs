//! Markdown with a front matter, and the comments in a section of their own.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::depths;
use crate::documents::front_matter::body::{SECTION_HEADING, escape_line};
use crate::documents::{
    Document, DocumentAuthor, DocumentComment, DocumentCommentKind, DocumentSeries, DocumentStatus, Part,
    ThreadClosing, markdown,
};

/// A value that has no form in YAML.
#[derive(Debug, thiserror::Error)]
#[error("the front matter cannot be written: {0}")]
pub struct UnwritableFrontMatter(#[from] serde_saphyr::SerializeError);

pub(super) fn render(document: &Document) -> Result<String, UnwritableFrontMatter> {
    let front_matter = serde_saphyr::to_string(&FrontMatter::of(document))?;
    let mut text = format!("---\n{front_matter}---\n\n{}\n", document.body_markdown.value);
    if document.comments.is_empty() {
        return Ok(text);
    }
    text.push('\n');
    text.push_str(SECTION_HEADING);
    text.push('\n');
    for (comment, depth) in document.comments.iter().zip(depths(document)) {
        push_comment(&mut text, comment, depth);
    }
    Ok(text)
}

/// The keys in the order in which a person reads them. A key without a value is left out.
#[derive(Serialize)]
struct FrontMatter<'text> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtitle: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'text>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    byline: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'text str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'text str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Series<'text>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical_url: Option<&'text str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<Thread<'text>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments_omitted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// The key is that of the reader, `keys::KEPT`.
    #[serde(rename = "kept_front_matter", skip_serializing_if = "Map::is_empty")]
    kept: &'text Map<String, Value>,
}

#[derive(Serialize)]
struct Author<'text> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bio: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'text str>,
}

#[derive(Serialize)]
struct Series<'text> {
    slug: &'text str,
    position: i32,
}

#[derive(Serialize)]
struct Thread<'text> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closes_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<u64>,
}

impl<'text> FrontMatter<'text> {
    fn of(document: &'text Document) -> Self {
        Self {
            id: text(document.id.as_ref()),
            title: text(document.title.as_ref()),
            slug: text(document.slug.as_ref()),
            subtitle: text(document.subtitle.as_ref()),
            excerpt: text(document.excerpt.as_ref()),
            lang: text(document.lang.as_ref()),
            status: document.status.as_ref().map(|status| match status.value {
                DocumentStatus::Draft => "draft",
                DocumentStatus::Published => "published",
            }),
            authors: document
                .authors
                .iter()
                .map(|author| Author::of(&author.value))
                .collect(),
            byline: text(document.byline.as_ref()),
            section: text(document.section.as_ref()),
            tags: texts(&document.tags),
            categories: texts(&document.categories),
            series: document.series.as_ref().map(|series| Series::of(&series.value)),
            canonical_url: text(document.canonical_url.as_ref()),
            aliases: texts(&document.aliases),
            published_at: document.published_at.as_ref().map(|part| time(part.value)),
            updated_at: document.updated_at.as_ref().map(|part| time(part.value)),
            source: text(document.source.as_ref()),
            external_id: text(document.external_id.as_ref()),
            comments: document
                .thread
                .as_ref()
                .map(|thread| Thread::of(&thread.value, document)),
            comments_omitted: document.comments_omitted.as_ref().map(|omitted| omitted.value),
            revision: document.revision.as_ref().map(|revision| revision.value),
            kept: &document.extra,
        }
    }
}

impl<'text> Author<'text> {
    fn of(author: &'text DocumentAuthor) -> Self {
        let DocumentAuthor {
            slug,
            name,
            bio,
            url,
            email,
            role,
            second_name: _,
        } = author;
        Self {
            name: name.as_deref(),
            slug: slug.as_deref(),
            role: text(role.as_ref()),
            bio: text(bio.as_ref()),
            url: text(url.as_ref()),
            email: text(email.as_ref()),
        }
    }
}

impl<'text> Series<'text> {
    fn of(series: &'text DocumentSeries) -> Self {
        let DocumentSeries { slug, position } = series;
        Self {
            slug,
            position: *position,
        }
    }
}

impl<'text> Thread<'text> {
    /// A text that has a heading like that of the comments is told from one with comments by their number.
    fn of(thread: &'text ThreadClosing, document: &Document) -> Self {
        let ThreadClosing {
            state,
            closes_at,
            message,
            listed,
        } = thread;
        let mut lines = document.body_markdown.value.lines();
        let needs_number = document.comments.is_empty() && lines.any(|line| line.trim_end() == SECTION_HEADING);
        Self {
            state: state.as_str(),
            closes_at: closes_at.map(time),
            message: message.as_deref(),
            listed: listed.or(needs_number.then_some(0)),
        }
    }
}

/// `### NAME — TIME {#c-ID}`, or the name of another kind instead of `c`, with the text quoted below; an answer stands one quote deeper than what it answers.
fn push_comment(text: &mut String, comment: &DocumentComment, depth: usize) {
    let name = comment.author_name.as_ref().map(|name| markdown::line(&name.value));
    let time = comment
        .created_at
        .as_ref()
        .map(|at| format!("\u{2014} {}", time(at.value)));
    let mark = match comment.kind {
        DocumentCommentKind::Comment => "c",
        notice => notice.as_str(),
    };
    let id = comment.id.as_ref().map(|id| format!("{{#{mark}-{}}}", id.value));
    let heading: Vec<String> = [name, time, id].into_iter().flatten().collect();
    let (outer, inner) = ("> ".repeat(depth), "> ".repeat(depth.saturating_add(1)));
    let heading = [
        String::new(),
        format!("{outer}### {}", heading.join(" ")),
        outer.trim_end().to_owned(),
    ];
    let body = comment.body_markdown.value.split('\n').map(|line| match line {
        "" => inner.trim_end().to_owned(),
        line => format!("{inner}{}", escape_line(line)),
    });
    for line in heading.into_iter().chain(body) {
        text.push_str(&line);
        text.push('\n');
    }
}

fn text(part: Option<&Part<String>>) -> Option<&str> {
    part.map(|part| part.value.as_str())
}

fn texts(parts: &[Part<String>]) -> Vec<&str> {
    parts.iter().map(|part| part.value.as_str()).collect()
}

/// With as many digits as the moment has, so that none is lost.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
