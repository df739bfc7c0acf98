//! Documents as editors have them (plain text, Markdown with front matter), read into one neutral model.
//!
//! Everything here is a pure function from bytes to a [`Document`]: no I/O, no database, no wire types. A reader never
//! drops a line and never guesses in silence. Each value says which lines it was read from and how sure the reader is,
//! and every line of the input belongs to one field or to [`Document::ignored_lines`] with a reason;
//! [`Document::account`] checks that.
//!
//! The way of a document: [`text::Text::decode`] makes clean text of the bytes, then [`plain_text::read`] or
//! [`front_matter::read`] makes a [`Document`] of the text. Both need time in proportion to the length of the input.
//! [`render`] goes the other way.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub mod dates;
pub mod front_matter;
pub mod markdown;
pub mod plain_text;
pub mod render;
pub mod text;

mod account;

/// A range of input lines, counted from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first line of the range.
    pub first_line: u32,
    /// The last line of the range; never less than `first_line`.
    pub last_line: u32,
}

/// How sure a reader is of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The document states the value in a form with one reading.
    Certain,
    /// The value follows from a rule (a date without a zone is UTC), and the rule may be wrong for this document.
    Inferred,
    /// Another reading is as good; a warning says which one was not taken.
    Ambiguous,
}

/// A value read from the document, with its place and the reader's confidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    /// The value itself.
    pub value: T,
    /// The lines the value was read from; `None` when a hint gave the value and no line states it.
    pub span: Option<Span>,
    /// How sure the reader is.
    pub confidence: Confidence,
}

/// One article with its authors and its thread, as the document states them.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The headline. Always present after a successful reading of plain text.
    pub title: Option<Part<String>>,
    /// The second headline.
    pub subtitle: Option<Part<String>>,
    /// The last segment of the article's address, as written; not yet checked against our rules for slugs.
    pub slug: Option<Part<String>>,
    /// The teaser, as Markdown.
    pub excerpt: Option<Part<String>>,
    /// The language tag, as written.
    pub lang: Option<Part<String>>,
    /// Draft or published. Plain text cannot state it.
    pub status: Option<Part<DocumentStatus>>,
    /// The moment of first publication.
    pub published_at: Option<Part<DateTime<Utc>>>,
    /// The moment of the last change.
    pub updated_at: Option<Part<DateTime<Utc>>>,
    /// The address of the original, when this is a copy; as written.
    pub canonical_url: Option<Part<String>>,
    /// The identifier of this article in the system it comes from.
    pub external_id: Option<Part<String>>,
    /// The name of the system or place the document comes from.
    pub source: Option<Part<String>>,
    /// Our own article id, in documents that this server wrote; as written.
    pub id: Option<Part<String>>,
    /// The revision this document was written from; an upload uses it like `If-Match`.
    pub revision: Option<Part<u64>>,
    /// The authors in the order of the byline.
    pub authors: Vec<Part<DocumentAuthor>>,
    /// The line that stands in place of the names of the authors.
    pub byline: Option<Part<String>>,
    /// The section, by its slug, in documents that this server wrote; as written.
    pub section: Option<Part<String>>,
    /// The place in a series, in documents that this server wrote.
    pub series: Option<Part<DocumentSeries>>,
    /// The body as Markdown. Plain text is escaped so that its rendering shows exactly the same text.
    pub body_markdown: Part<String>,
    /// The comments in document order; a reply comes after the comment that it answers.
    pub comments: Vec<DocumentComment>,
    /// What the document says about its thread; `None` when it says nothing.
    pub thread: Option<Part<ThreadClosing>>,
    /// How many comments of the thread the document leaves out, if it says so.
    pub comments_omitted: Option<Part<u64>>,
    /// Former slugs or addresses of the article.
    pub aliases: Vec<Part<String>>,
    /// Tags, in order, as often as the document repeats them.
    pub tags: Vec<Part<String>>,
    /// Categories, in order; the levels of a hierarchy are joined by `/`.
    pub categories: Vec<Part<String>>,
    /// Front matter that no known field takes, under its own key. Nothing is lost.
    pub extra: Map<String, Value>,
    /// The place of each key of [`Document::extra`].
    pub extra_spans: Vec<(String, Span)>,
    /// The lines that became part of no field, each with the reason.
    pub ignored_lines: Vec<IgnoredLines>,
    /// What a person should look at. A warning never means that something is lost.
    pub warnings: Vec<Warning>,
    /// How the paragraphs of the body were told apart.
    pub layout: BodyLayout,
    /// How many lines the input has. A line end at the end of the file starts no further line.
    pub line_count: u32,
}

/// The state of the article that a front matter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentStatus {
    /// Not to be shown to readers.
    Draft,
    /// To be shown to readers.
    Published,
}

/// An author as the document names them. At least one of `slug` and `name` is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentAuthor {
    /// The key of an author who already exists.
    pub slug: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The paragraphs about the author, as Markdown.
    pub bio: Option<Part<String>>,
    /// The author's own page, as written.
    pub url: Option<Part<String>>,
    /// The author's address for mail, as written.
    pub email: Option<Part<String>>,
    /// What the author did for this article, for example `editor`.
    pub role: Option<Part<String>>,
    /// The lines of the slug or of the name, when the two stand on different lines and this is the second of them.
    pub second_name: Option<Span>,
}

/// A place in a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSeries {
    /// The slug of the series, as written.
    pub slug: String,
    /// The place, from 1.
    pub position: i32,
}

/// One comment of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentComment {
    /// Our own comment id, in documents that this server wrote; as written.
    pub id: Option<Part<String>>,
    /// The name of the commenter; `None` when the document names nobody.
    pub author_name: Option<Part<String>>,
    /// The commenter's own page, as written.
    pub author_url: Option<Part<String>>,
    /// When the comment was made.
    pub created_at: Option<Part<DateTime<Utc>>>,
    /// The comment as Markdown.
    pub body_markdown: Part<String>,
    /// The index in [`Document::comments`] of the comment that this one answers; always less than its own index.
    pub parent: Option<usize>,
    /// A reader's comment, or the trace of a link from elsewhere.
    pub kind: DocumentCommentKind,
    /// All lines of this comment, from its number or name to its last line of text.
    pub span: Span,
}

/// What an entry of a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentCommentKind {
    /// Written by a reader.
    Comment,
    /// A notice by the Pingback protocol that another page links here.
    Pingback,
    /// A notice by the Trackback protocol that another page links here.
    Trackback,
    /// A notice by the Webmention protocol that another page links here.
    Webmention,
}

/// Whether the thread takes further comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadClosing {
    /// What it takes and shows.
    pub state: ThreadState,
    /// The moment after which the thread takes no more comments.
    pub closes_at: Option<DateTime<Utc>>,
    /// The sentence the page shows to readers, such as `Comments are closed.`
    pub message: Option<String>,
    /// How many comments stand below the text, if the document says so; what looks like others is text.
    pub listed: Option<u64>,
}

/// The states of a thread. The documents of other systems are open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThreadState {
    /// Readers may comment.
    Open,
    /// Readers may not comment.
    Closed,
    /// Readers may not comment for now.
    ReadOnly,
    /// The thread is not shown.
    Hidden,
}

/// Lines that became part of no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoredLines {
    /// Which lines.
    pub span: Span,
    /// Why they are part of no field.
    pub reason: IgnoredReason,
}

/// Why a line is part of no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IgnoredReason {
    /// Nothing but blanks, between two fields.
    Blank,
    /// A heading of the comment section, such as `2 Comments`.
    CommentHeading,
    /// A heading of the paragraphs about the author: their name alone, or `About the author`.
    BioHeading,
    /// A control of the web page, such as `Reply` or `Log in to Reply`.
    PageControl,
    /// A footer of the web page, such as `This entry was posted in …`.
    PageFooter,
    /// The fence of a front matter.
    Fence,
    /// A front matter line with a key whose values stand on other lines.
    Key,
    /// A remark inside the front matter.
    Remark,
    /// A line whose value a hint of the request replaces.
    ReplacedByHint,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The line it is about, counted from 1.
    pub line: Option<u32>,
    /// A stable name in kebab case, such as `comment-count-mismatch`.
    pub code: &'static str,
    /// One sentence for a person.
    pub detail: String,
}

/// How the paragraphs of a body are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyLayout {
    /// Blank lines divide paragraphs.
    BlankLines,
    /// There are no blank lines, and each line is a paragraph.
    LinePerParagraph,
    /// There are no blank lines, and the lines are one paragraph folded at a fixed width.
    FoldedParagraph,
    /// The body is Markdown and says itself what a paragraph is.
    Markdown,
}

/// What the caller knows better than the text. A hint wins over what a reader would find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The headline.
    pub title: Option<String>,
    /// The name of the one author.
    pub author: Option<String>,
    /// The slug of the article.
    pub slug: Option<String>,
    /// Whether the text has a comment section.
    pub comments: CommentsHint,
}

/// Whether to look for comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CommentsHint {
    /// Look for a comment section.
    #[default]
    Parse,
    /// There is none: what looks like one is text of the body.
    None,
}

/// Why bytes are not a document, and how to mend them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line of the file, counted from 1.
    pub line: Option<u32>,
    /// The column in characters, counted from 1.
    pub column: Option<u32>,
    /// The offset in the input in bytes, counted from 0.
    pub byte_offset: Option<usize>,
    /// A stable name in kebab case, such as `missing-title`.
    pub code: &'static str,
    /// One sentence for a person that says how to mend it.
    pub detail: String,
}

/// The faults that keep bytes from being a document; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFault(pub Vec<Fault>);

/// One line of the parse report: a field, its lines and the reader's confidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The path of the field, such as `title`, `authors[0].bio` or `comments[2].body`.
    pub path: String,
    /// The lines it was read from; `None` when a hint gave it.
    pub span: Option<Span>,
    /// How sure the reader is.
    pub confidence: Confidence,
    /// Whether the lines are this field's own.
    pub claim: Claim,
}

/// The relation of a field to the lines it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The lines are part of this field.
    Owner,
    /// The lines are part of another field, and this one repeats them, as an excerpt repeats the beginning of a body.
    Copy,
}

/// A line that belongs to nothing, or to more than one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miscount {
    /// The line, counted from 1.
    pub line: u32,
    /// The paths of the fields, or the reasons of the ignored ranges, that claim it.
    pub owners: Vec<String>,
}

/// The text without the blank lines that it begins and ends with, as every reader takes it.
#[must_use]
pub fn without_blank_ends(text: &str) -> &str {
    let text = text.trim_end();
    let indented = text.trim_start();
    // The blanks before the first word belong to its line.
    let blank = text.strip_suffix(indented).unwrap_or_default();
    let line_start = blank.rfind('\n').map_or(0, |end| end.saturating_add(1));
    text.get(line_start..).unwrap_or_default()
}

impl Span {
    /// The span of one line.
    #[must_use]
    pub const fn line(line: u32) -> Self {
        Self {
            first_line: line,
            last_line: line,
        }
    }

    /// Whether `other` lies inside this span.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.first_line <= other.first_line && other.last_line <= self.last_line
    }

    /// The smallest span with all lines of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            first_line: self.first_line.min(other.first_line),
            last_line: self.last_line.max(other.last_line),
        }
    }
}

impl Document {
    /// A document of nothing but a body.
    #[must_use]
    pub fn with_body(body_markdown: Part<String>) -> Self {
        Self {
            title: None,
            subtitle: None,
            slug: None,
            excerpt: None,
            lang: None,
            status: None,
            published_at: None,
            updated_at: None,
            canonical_url: None,
            external_id: None,
            source: None,
            id: None,
            revision: None,
            authors: Vec::new(),
            byline: None,
            section: None,
            series: None,
            body_markdown,
            comments: Vec::new(),
            thread: None,
            comments_omitted: None,
            aliases: Vec::new(),
            tags: Vec::new(),
            categories: Vec::new(),
            extra: Map::new(),
            extra_spans: Vec::new(),
            ignored_lines: Vec::new(),
            warnings: Vec::new(),
            layout: BodyLayout::BlankLines,
            line_count: 0,
        }
    }
}

impl<T> Part<T> {
    /// A value that the lines of `span` state in a form with one reading.
    pub const fn certain(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
            confidence: Confidence::Certain,
        }
    }

    /// A value that a rule finds in the lines of `span`.
    pub const fn inferred(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
            confidence: Confidence::Inferred,
        }
    }

    /// A value of the lines of `span` for which another reading is as good.
    pub const fn ambiguous(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
            confidence: Confidence::Ambiguous,
        }
    }

    /// A value that a hint gave.
    pub const fn hinted(value: T) -> Self {
        Self {
            value,
            span: None,
            confidence: Confidence::Certain,
        }
    }
}

impl Confidence {
    /// The name in the parse report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Inferred => "inferred",
            Self::Ambiguous => "ambiguous",
        }
    }
}

impl ThreadState {
    /// The name in a front matter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::ReadOnly => "read_only",
            Self::Hidden => "hidden",
        }
    }
}

impl IgnoredReason {
    /// The name in the parse report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::CommentHeading => "comment-heading",
            Self::BioHeading => "bio-heading",
            Self::PageControl => "page-control",
            Self::PageFooter => "page-footer",
            Self::Fence => "fence",
            Self::Key => "key",
            Self::Remark => "remark",
            Self::ReplacedByHint => "replaced-by-hint",
        }
    }
}

impl BodyLayout {
    /// The name in the parse report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BlankLines => "blank-lines",
            Self::LinePerParagraph => "line-per-paragraph",
            Self::FoldedParagraph => "folded-paragraph",
            Self::Markdown => "markdown",
        }
    }
}

impl DocumentCommentKind {
    /// The name in the parse report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Pingback => "pingback",
            Self::Trackback => "trackback",
            Self::Webmention => "webmention",
        }
    }
}

impl Fault {
    /// A fault of the whole document, with no place of its own.
    pub fn of_document(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            byte_offset: None,
            code,
            detail: detail.into(),
        }
    }

    /// A fault of one line, counted from 1.
    pub fn at_line(line: u32, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::of_document(code, detail)
        }
    }
}

impl From<Fault> for DocumentFault {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(formatter, "line {line}, column {column}: {}", self.detail),
            (Some(line), None) => write!(formatter, "line {line}: {}", self.detail),
            _ => formatter.write_str(&self.detail),
        }
    }
}

impl std::error::Error for Fault {}

impl std::fmt::Display for DocumentFault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DocumentFault {}
