//! Which field takes which key of a front matter.
//!
//! Keys are compared without case, `_` and `-`, so that `canonicalURL`, `canonical-url` and `canonical_url` are one.
//! When several keys could fill one field the first of its list wins and the others stay in [`Document::extra`].

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::node::{Entry, Located, Node};
use super::spans::Spans;
use super::warning;
use crate::documents::dates::Moment;
use crate::documents::{
    Confidence, Document, DocumentAuthor, DocumentSeries, DocumentStatus, Part, Span, ThreadClosing, ThreadState,
};

/// The key under which a document that this server wrote has what no field holds.
pub(in crate::documents) const KEPT: &str = "kept_front_matter";

/// Reads the entries into a document without a body.
pub(super) fn read(entries: &[Entry], spans: &Spans<'_>) -> Document {
    let empty = Part {
        value: String::new(),
        span: None,
        confidence: Confidence::Certain,
    };
    let mut reader = Reader {
        left: entries.iter().collect(),
        taken_inside: HashSet::new(),
        spans,
        document: Document::with_body(empty),
    };
    reader.read_texts();
    reader.read_slug();
    reader.read_status();
    reader.read_dates();
    reader.read_authors();
    reader.read_lists();
    reader.read_series();
    reader.read_thread();
    reader.keep_rest();
    reader.unpack_kept();
    reader.document
}

/// Puts the hinted author in place of the stated ones, and returns the spans of what is no longer used.
pub(super) fn replace_authors(document: &mut Document, name: &str) -> Vec<Span> {
    let stated = std::mem::take(&mut document.authors);
    let (same, others): (Vec<_>, Vec<_>) = stated
        .into_iter()
        .partition(|author| author.value.name.as_deref() == Some(name));
    document.authors = same;
    if document.authors.is_empty() {
        let author = DocumentAuthor {
            name: Some(name.to_owned()),
            ..DocumentAuthor::default()
        };
        document.authors.push(Part::hinted(author));
    }
    let mut spans: Vec<Span> = others.iter().flat_map(author_spans).collect();
    spans.sort();
    spans.dedup();
    spans
}

struct Reader<'entries, 'text> {
    /// The entries that no field has taken yet.
    left: Vec<&'entries Entry>,
    /// The entries inside a table that a field has taken, by line and key.
    taken_inside: HashSet<(u32, String)>,
    spans: &'entries Spans<'text>,
    document: Document,
}

impl<'entries> Reader<'entries, '_> {
    fn read_texts(&mut self) {
        self.document.id = self.take_text(&["id"]);
        self.document.title = self.take_text(&["title"]);
        self.document.subtitle = self.take_text(&["subtitle"]);
        self.document.excerpt = self.take_text(&["excerpt", "summary", "description"]);
        self.document.lang = self.take_text(&["lang", "language", "locale"]);
        self.document.canonical_url = self.take_text(&["canonicalurl"]);
        self.document.external_id = self.take_text(&["externalid"]);
        self.document.source = self.take_text(&["source"]);
        self.document.byline = self.take_text(&["byline"]);
        self.document.section = self.take_text(&["section"]);
        self.document.revision = self.take_number(&["revision"]);
        self.document.comments_omitted = self.take_number(&["commentsomitted"]);
    }

    /// An address names the slug by its last segment; the address itself stays in `extra`.
    fn read_slug(&mut self) {
        self.document.slug = self.take_text(&["slug"]);
        if self.document.slug.is_some() {
            return;
        }
        let address = ["path", "url", "permalink"].iter().find_map(|name| {
            let entry = self.left.iter().find(|entry| plain(&entry.key) == *name)?;
            Some((last_segment(&entry.value.text()?)?, self.spans.of_entry(entry)))
        });
        self.document.slug = address.map(|(slug, span)| Part::inferred(slug, span));
    }

    fn read_status(&mut self) {
        let status = self.take(&["status"], |value| match value.text()?.to_lowercase().as_str() {
            "draft" | "hidden" => Some(DocumentStatus::Draft),
            "published" | "publish" => Some(DocumentStatus::Published),
            _ => None,
        });
        let status = status.or_else(|| self.take(&["draft"], |value| as_bool(value).map(status_of_draft)));
        let status = status.or_else(|| {
            self.take(&["published"], |value| {
                as_bool(value).map(|published| status_of_draft(!published))
            })
        });
        self.document.status = status.map(|(part, _)| part);
    }

    fn read_dates(&mut self) {
        let published = [
            "publishedat",
            "publishdate",
            "pubdate",
            "date",
            "published",
            "created",
            "createdat",
        ];
        self.document.published_at = self.take_moment(&published);
        self.document.updated_at = self.take_moment(&["updatedat", "updated", "lastmod", "modified"]);
    }

    fn read_authors(&mut self) {
        let position = |reader: &Self, name: &str| {
            reader
                .left
                .iter()
                .position(|entry| plain(&entry.key) == name && !entry.value.is_empty())
        };
        let own = position(self, "authors").or_else(|| position(self, "author"));
        if let Some(position) = own {
            let entry = self.left.remove(position);
            self.add_authors(entry);
            return;
        }
        self.read_nested("params", &["authors", "author"], Self::add_authors);
        self.read_nested("taxonomies", &["authors", "author"], Self::add_authors);
    }

    fn read_lists(&mut self) {
        for entry in self.take_entries(&["aliases", "alias", "redirectfrom"]) {
            let aliases = self.words(entry, Words::Whole);
            self.document.aliases.extend(aliases);
        }
        for entry in self.take_entries(&["tags", "tag"]) {
            self.add_tags(entry);
        }
        for entry in self.take_entries(&["categories", "category"]) {
            self.add_categories(entry);
        }
        self.read_nested("taxonomies", &["tags"], Self::add_tags);
        self.read_nested("taxonomies", &["categories"], Self::add_categories);
    }

    /// `series: {slug: a-year-at-sea, position: 3}`. What else a series can be in other systems stays in `extra`.
    fn read_series(&mut self) {
        let is_place = |entry: &&Entry| plain(&entry.key) == "series" && series_of(&entry.value).is_some();
        let Some(position) = self.left.iter().position(is_place) else {
            return;
        };
        let entry = self.left.remove(position);
        let span = self.whole_span(entry);
        self.document.series = series_of(&entry.value).map(|series| Part::certain(series, span));
    }

    fn read_thread(&mut self) {
        let Some(position) = self.left.iter().position(|entry| plain(&entry.key) == "comments") else {
            return;
        };
        let Some(entry) = self.left.get(position).copied() else {
            return;
        };
        let Some(closing) = thread_of(&entry.value) else { return };
        self.left.remove(position);
        let span = self.whole_span(entry);
        self.document.thread = Some(Part::certain(closing, span));
    }

    /// All lines of an entry.
    fn whole_span(&self, entry: &Entry) -> Span {
        let spans = self.spans.whole(entry).into_iter();
        spans.reduce(Span::union).unwrap_or(Span::line(entry.line))
    }

    fn keep_rest(&mut self) {
        for entry in std::mem::take(&mut self.left) {
            match &entry.value.node {
                Node::Map(inner) if inner.iter().any(|inner| self.is_taken(inner)) => self.keep_others(entry, inner),
                _ => self.keep(entry, &entry.key),
            }
        }
    }

    /// Keeps an entry that no field takes.
    fn keep(&mut self, entry: &Entry, key: &str) {
        self.document.extra.insert(key.to_owned(), entry.value.to_json());
        let spans = self.spans.whole(entry).into_iter().map(|span| (key.to_owned(), span));
        self.document.extra_spans.extend(spans);
    }

    /// Documents that this server wrote keep under one key what no field took of an earlier document.
    fn unpack_kept(&mut self) {
        let Some(Value::Object(kept)) = self.document.extra.get(KEPT).cloned() else {
            return;
        };
        self.document.extra.remove(KEPT);
        for (key, value) in kept {
            self.document.extra.entry(key).or_insert(value);
        }
    }

    /// Keeps what no field took of a table.
    fn keep_others(&mut self, table: &Entry, inner: &[Entry]) {
        let others: Vec<&Entry> = inner.iter().filter(|inner| !self.is_taken(inner)).collect();
        if others.is_empty() {
            return;
        }
        let value = others
            .iter()
            .map(|entry| (entry.key.clone(), entry.value.to_json()))
            .collect();
        self.document.extra.insert(table.key.clone(), value);
        let spans = others.iter().flat_map(|entry| self.spans.whole(entry));
        self.document
            .extra_spans
            .extend(spans.map(|span| (table.key.clone(), span)));
    }

    /// Keeps a value that stands in a list and does not fit there.
    fn keep_value(&mut self, value: &Located, key: &str) {
        self.document.extra.insert(key.to_owned(), value.to_json());
        let spans = self
            .spans
            .whole_value(value)
            .into_iter()
            .map(|span| (key.to_owned(), span));
        self.document.extra_spans.extend(spans);
    }

    fn is_taken(&self, inner: &Entry) -> bool {
        self.taken_inside.contains(&(inner.line, inner.key.clone()))
    }

    /// Takes the first key of `names` whose value `read` accepts; a value that it does not accept stays, with a warning.
    fn take<T>(&mut self, names: &[&str], read: impl Fn(&Located) -> Option<T>) -> Option<(Part<T>, &'entries Entry)> {
        for name in names {
            let Some(position) = self.left.iter().position(|entry| plain(&entry.key) == *name) else {
                continue;
            };
            let Some(entry) = self.left.get(position).copied() else {
                continue;
            };
            if let Some(value) = read(&entry.value) {
                self.left.remove(position);
                return Some((Part::certain(value, self.spans.of_entry(entry)), entry));
            }
            if entry.value.is_empty() {
                self.left.remove(position);
            }
        }
        None
    }

    fn take_text(&mut self, names: &[&str]) -> Option<Part<String>> {
        self.warn_of_structures(names);
        self.take(names, Located::text).map(|(part, _)| part)
    }

    fn take_moment(&mut self, names: &[&str]) -> Option<Part<DateTime<Utc>>> {
        self.warn_of_unread_dates(names);
        let (part, _) = self.take(names, |value| Moment::parse(&value.text()?))?;
        let Part {
            value: moment, span, ..
        } = part;
        Some(Part {
            value: moment.at,
            span,
            confidence: moment.confidence(),
        })
    }

    fn take_number(&mut self, names: &[&str]) -> Option<Part<u64>> {
        self.take(names, |value| value.text()?.parse().ok())
            .map(|(part, _)| part)
    }

    fn warn_of_structures(&mut self, names: &[&str]) {
        let structured = |entry: &&&Entry| {
            names.contains(&plain(&entry.key).as_str()) && matches!(entry.value.node, Node::List(_) | Node::Map(_))
        };
        let warnings = self.left.iter().filter(structured).map(|entry| {
            warning(
                entry.line,
                "unreadable-value",
                format!(
                    "The key {} wants a text and has a list or a map; it was kept in extra.",
                    entry.key
                ),
            )
        });
        self.document.warnings.extend(warnings);
    }

    fn warn_of_unread_dates(&mut self, names: &[&str]) {
        let unread = |entry: &&&Entry| {
            let is_text = !matches!(entry.value.node, Node::Bool(_));
            let is_date = entry.value.text().is_none_or(|text| Moment::parse(&text).is_some());
            names.contains(&plain(&entry.key).as_str()) && is_text && !is_date
        };
        let warnings = self.left.iter().filter(unread).map(|entry| unread_date(entry));
        self.document.warnings.extend(warnings);
    }

    /// Takes the entries with these names, in the order of the names.
    fn take_entries(&mut self, names: &[&str]) -> Vec<&'entries Entry> {
        let mut taken = Vec::new();
        for name in names {
            let (with_name, left) = std::mem::take(&mut self.left)
                .into_iter()
                .partition(|entry| plain(&entry.key) == *name && !matches!(entry.value.node, Node::Map(_)));
            self.left = left;
            taken.extend::<Vec<_>>(with_name);
        }
        taken
    }

    /// Gives an entry of a table (`taxonomies.tags`) to a field.
    fn read_nested(&mut self, table: &str, names: &[&str], take: impl Fn(&mut Self, &'entries Entry)) {
        let Some(position) = self.left.iter().position(|entry| plain(&entry.key) == table) else {
            return;
        };
        let Some(Node::Map(inner)) = self.left.get(position).map(|entry| &entry.value.node) else {
            return;
        };
        let Some(entry) = inner
            .iter()
            .find(|entry| names.contains(&plain(&entry.key).as_str()) && !entry.value.is_empty())
        else {
            return;
        };
        self.taken_inside.insert((entry.line, entry.key.clone()));
        take(self, entry);
    }

    fn add_tags(&mut self, entry: &'entries Entry) {
        let words = if plain(&entry.key) == "tag" {
            Words::Whole
        } else {
            Words::Divided
        };
        let tags = self.words(entry, words);
        self.document.tags.extend(tags);
    }

    fn add_categories(&mut self, entry: &'entries Entry) {
        let words = if plain(&entry.key) == "category" {
            Words::Whole
        } else {
            Words::Divided
        };
        let categories = self.words(entry, words);
        self.document.categories.extend(categories);
    }

    /// The texts of a list, or of one text with several words.
    fn words(&mut self, entry: &'entries Entry, words: Words) -> Vec<Part<String>> {
        let span = self.spans.of_entry(entry);
        let Node::List(items) = &entry.value.node else {
            let text = entry.value.text();
            return match words {
                Words::Whole => text.into_iter().map(|text| Part::certain(text, span)).collect(),
                Words::Divided => divide(&text.unwrap_or_default())
                    .into_iter()
                    .map(|word| Part::inferred(word, span))
                    .collect(),
            };
        };
        let mut parts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match text_of_item(item) {
                Some(text) => parts.push(Part::certain(text, self.spans.from(item.line))),
                None if item.is_empty() => {}
                None => self.keep_value(item, &format!("{}[{index}]", entry.key)),
            }
        }
        parts
    }

    fn add_authors(&mut self, entry: &'entries Entry) {
        let divided = plain(&entry.key) == "authors";
        match &entry.value.node {
            Node::List(items) => items.iter().for_each(|item| self.add_author(item, item.line)),
            Node::Map(_) => self.add_author(&entry.value, entry.line),
            _ => {
                let text = entry.value.text().unwrap_or_default();
                let separators: &[char] = if divided || text.contains(';') {
                    &[';', ',']
                } else {
                    &[';']
                };
                let separators = if text.contains(';') { &[';'] } else { separators };
                let span = self.spans.of_entry(entry);
                let names = text.split(separators).map(str::trim).filter(|name| !name.is_empty());
                self.document
                    .authors
                    .extend(names.map(|name| author_of_text(name, span)));
            }
        }
    }

    fn add_author(&mut self, value: &'entries Located, line: u32) {
        let Node::Map(entries) = &value.node else {
            return self.add_unstructured_author(value, line);
        };
        let index = self.document.authors.len();
        let mut author = DocumentAuthor::default();
        let mut naming: Vec<Span> = Vec::new();
        for entry in entries {
            let span = self.spans.of_entry(entry);
            let text = entry.value.text();
            let part = text.clone().map(|text| Part::certain(text, span));
            match (plain(&entry.key).as_str(), part) {
                (_, None) if entry.value.is_empty() => {}
                ("name" | "displayname", Some(part)) if author.name.is_none() => {
                    author.name = Some(part.value);
                    naming.push(span);
                }
                ("slug" | "username" | "login" | "key", Some(part)) if author.slug.is_none() => {
                    author.slug = Some(part.value);
                    naming.push(span);
                }
                ("bio" | "description", part @ Some(_)) if author.bio.is_none() => author.bio = part,
                ("url" | "website" | "link", part @ Some(_)) if author.url.is_none() => author.url = part,
                ("email", part @ Some(_)) if author.email.is_none() => author.email = part,
                ("role", part @ Some(_)) if author.role.is_none() => author.role = part,
                _ => self.keep(entry, &format!("authors[{index}].{}", entry.key)),
            }
        }
        self.push_author(author, &naming, line);
    }

    fn add_unstructured_author(&mut self, value: &'entries Located, line: u32) {
        match value.text() {
            Some(text) => self.document.authors.push(author_of_text(&text, self.spans.from(line))),
            None if value.is_empty() => {}
            None => self.keep_value(value, &format!("authors@{line}")),
        }
    }

    fn push_author(&mut self, author: DocumentAuthor, naming: &[Span], line: u32) {
        let Some(first) = naming.first().copied() else {
            let detail = "This author has neither a name nor a slug; add one of them.".to_owned();
            self.document.warnings.push(warning(line, "nameless-author", detail));
            self.document
                .authors
                .push(Part::ambiguous(author, self.spans.from(line)));
            return;
        };
        let second_name = naming.iter().skip(1).copied().find(|span| *span != first);
        self.document
            .authors
            .push(Part::certain(DocumentAuthor { second_name, ..author }, first));
    }
}

/// How a text without a list is read where a list is expected.
#[derive(Clone, Copy)]
enum Words {
    /// As one.
    Whole,
    /// Divided at commas, or at blanks when there are none.
    Divided,
}

/// One text of a list; a list inside the list is a hierarchy, as Hexo writes it.
fn text_of_item(item: &Located) -> Option<String> {
    match &item.node {
        Node::List(levels) => levels
            .iter()
            .map(Located::text)
            .collect::<Option<Vec<_>>>()
            .map(|levels| levels.join("/")),
        _ => item.text(),
    }
    .filter(|text| !text.is_empty())
}

/// The key without case, `_` and `-`.
fn plain(key: &str) -> String {
    key.chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn as_bool(value: &Located) -> Option<bool> {
    match &value.node {
        Node::Bool(value) => Some(*value),
        // YAML 1.1 said `no`, and old files still do.
        Node::Text(text) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        },
        Node::Null | Node::Number { .. } | Node::List(_) | Node::Map(_) => None,
    }
}

const fn status_of_draft(draft: bool) -> DocumentStatus {
    if draft {
        DocumentStatus::Draft
    } else {
        DocumentStatus::Published
    }
}

/// The last segment of an address; none when the address is a pattern such as `/:year/:title/`.
fn last_segment(address: &str) -> Option<String> {
    let path = address
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let segment = path.rsplit('/').next().unwrap_or_default();
    let segment = segment.strip_suffix(".html").unwrap_or(segment);
    (!segment.is_empty() && !address.contains(':') || address.contains("://") && path.matches('/').count() > 2)
        .then(|| segment.to_owned())
}

fn divide(text: &str) -> Vec<String> {
    let separator = |letter: char| {
        if text.contains(',') {
            letter == ','
        } else {
            letter.is_whitespace()
        }
    };
    text.split(separator)
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A text in the form of a key (`jane-doe`) names an author who exists, every other text is a name.
fn author_of_text(text: &str, span: Span) -> Part<DocumentAuthor> {
    let is_key = text
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_'));
    if is_key {
        return Part::inferred(
            DocumentAuthor {
                slug: Some(text.to_owned()),
                ..DocumentAuthor::default()
            },
            span,
        );
    }
    Part::certain(
        DocumentAuthor {
            name: Some(text.to_owned()),
            ..DocumentAuthor::default()
        },
        span,
    )
}

fn author_spans(author: &Part<DocumentAuthor>) -> Vec<Span> {
    let DocumentAuthor {
        slug: _,
        name: _,
        bio,
        url,
        email,
        role,
        second_name,
    } = &author.value;
    [bio, url, email, role]
        .into_iter()
        .flatten()
        .filter_map(|part| part.span)
        .chain(author.span)
        .chain(*second_name)
        .collect()
}

/// `comments: false`, or our own map; a map with other keys is none of ours.
fn thread_of(value: &Located) -> Option<ThreadClosing> {
    let Node::Map(entries) = &value.node else {
        let state = if as_bool(value)? {
            ThreadState::Open
        } else {
            ThreadState::Closed
        };
        return Some(ThreadClosing {
            state,
            closes_at: None,
            message: None,
            listed: None,
        });
    };
    let get = |name: &str| {
        entries
            .iter()
            .find(|entry| plain(&entry.key) == name)
            .and_then(|entry| entry.value.text())
    };
    let known = entries
        .iter()
        .all(|entry| ["state", "closesat", "message", "listed"].contains(&plain(&entry.key).as_str()));
    let state = get("state")?.to_lowercase();
    let state = [
        ThreadState::Open,
        ThreadState::Closed,
        ThreadState::ReadOnly,
        ThreadState::Hidden,
    ]
    .into_iter()
    .find(|known| known.as_str() == state)?;
    let closes_at = match get("closesat") {
        Some(text) => Some(Moment::parse(&text)?.at),
        None => None,
    };
    let listed = match get("listed") {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    known.then_some(ThreadClosing {
        state,
        closes_at,
        message: get("message"),
        listed,
    })
}

/// A place in a series, in our own form; a map with other keys is none of ours.
fn series_of(value: &Located) -> Option<DocumentSeries> {
    let Node::Map(entries) = &value.node else {
        return None;
    };
    let get = |name: &str| entries.iter().find(|entry| plain(&entry.key) == name)?.value.text();
    let position = get("position")?.parse().ok().filter(|position| *position > 0)?;
    let slug = get("slug")?;
    (entries.len() == 2).then_some(DocumentSeries { slug, position })
}

fn unread_date(entry: &Entry) -> crate::documents::Warning {
    let detail = format!(
        "The value of {} is no date that can be read; write it like 2026-01-31T10:00:00Z. It was kept in extra.",
        entry.key
    );
    warning(entry.line, "unreadable-value", detail)
}
