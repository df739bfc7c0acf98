//! Uploaded documents on the wire: the hints of a request, and the report of what was read.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::articles::article::{MergePolicy, RevisionMessage, Save, SaveKind, Title};
use crate::articles::views::input::WriteStatus;
use crate::articles::views::newsroom::EditorialArticleOut;
use crate::articles::views::queries::{Force, Merge};
use crate::authors::author::AuthorName;
use crate::documents::{BodyLayout, Claim, Confidence, Document, Field, IgnoredLines};
use crate::http::input::InputFaults;
use crate::http::write::{ValidateOnly, WriteParameters};
use crate::slug::Slug;

/// How to read a document, and what to do with it.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DocumentQuery {
    /// `published` publishes at once. A document makes a draft otherwise, whatever it says itself.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub status: Option<WriteStatus>,
    /// Refuse the document when a part of it can be read in more than one way.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub strict: Option<Strictness>,
    /// The format, for a body of type `application/octet-stream`.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub format: Option<DocumentFormat>,
    /// The headline, in place of the one in the document.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300)]
    pub title: Option<Title>,
    /// The name of the author, in place of the byline in the document.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120)]
    pub author: Option<AuthorName>,
    /// `none` when the document has no comments: what looks like some is text.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub comments: Option<DocumentComments>,
    /// The slug, in place of the one in the document or the one made from the headline.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<Slug>,
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// What to say about this save in the history of the article.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "From the wire")]
    pub message: Option<RevisionMessage>,
    /// With `status=published`: publish although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub force: Force,
    #[deserr(skip)]
    #[param(ignore)]
    merge: Option<Merge>,
}

/// How to read a document whose slug stands in the path, and what to do with it.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UpsertDocumentQuery {
    /// `published` publishes at once. A document makes a draft otherwise, whatever it says itself.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub status: Option<WriteStatus>,
    /// Refuse the document when a part of it can be read in more than one way.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub strict: Option<Strictness>,
    /// The format, for a body of type `application/octet-stream`.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub format: Option<DocumentFormat>,
    /// The headline, in place of the one in the document.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300)]
    pub title: Option<Title>,
    /// The name of the author, in place of the byline in the document.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120)]
    pub author: Option<AuthorName>,
    /// `none` when the document has no comments: what looks like some is text.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub comments: Option<DocumentComments>,
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// What to say about this save in the history of the article.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "From the wire")]
    pub message: Option<RevisionMessage>,
    /// With `status=published`: publish although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub force: Force,
    /// `auto` merges the document with what others saved since the revision in `If-Match`, if nothing contradicts.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub merge: Option<Merge>,
}

impl From<UpsertDocumentQuery> for DocumentQuery {
    fn from(query: UpsertDocumentQuery) -> Self {
        let UpsertDocumentQuery {
            status,
            strict,
            format,
            title,
            author,
            comments,
            validate_only,
            message,
            force,
            merge,
        } = query;
        Self {
            status,
            strict,
            format,
            title,
            author,
            comments,
            slug: None,
            validate_only,
            message,
            force,
            merge,
        }
    }
}

impl DocumentQuery {
    /// How the save is told, and whether it may be merged.
    #[must_use]
    pub fn save(&self) -> Save {
        Save {
            message: self.message.clone(),
            kind: SaveKind::Save,
            merge: match self.merge {
                Some(Merge::Auto) => MergePolicy::Automatic,
                None => MergePolicy::Refuse,
            },
        }
    }
}

impl WriteParameters for DocumentQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

impl WriteParameters for UpsertDocumentQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

/// The bytes of a document.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes the body in the OpenAPI document")]
pub struct DocumentBytes(Vec<u8>);

/// Whether to refuse what is ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
pub enum Strictness {
    /// Refuse it.
    #[deserr(rename = "true")]
    Strict,
    /// Read it, and say so in the report.
    #[deserr(rename = "false")]
    Lenient,
}

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentFormat {
    /// Markdown, with or without front matter in YAML or TOML.
    #[deserr(rename = "markdown")]
    Markdown,
    /// Plain text: title, byline, paragraphs, bio, comments.
    #[deserr(rename = "plain")]
    Plain,
}

/// Whether a document has comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentComments {
    /// It may: look for them.
    #[deserr(rename = "parse")]
    Parse,
    /// It has none.
    #[deserr(rename = "none")]
    None,
}

/// What an upload made, and how the document was read.
#[derive(Serialize, ToSchema)]
pub struct DocumentOut {
    /// The working copy.
    pub article: EditorialArticleOut,
    /// How the document was read.
    pub report: DocumentReport,
}

/// How a document was read. Every line is part of a field or of `ignored_lines`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentReport {
    /// The format it was read as.
    pub format: DocumentFormat,
    /// How the paragraphs were told apart.
    pub layout: DocumentLayout,
    /// The lines of the document.
    #[schema(example = 42)]
    pub line_count: u32,
    /// The least certain of all fields.
    pub confidence: DocumentConfidence,
    /// What was found where.
    pub fields: Vec<DocumentField>,
    /// Lines that are part of no field.
    pub ignored_lines: Vec<DocumentIgnoredLines>,
    /// What a person should look at.
    pub warnings: Vec<DocumentWarning>,
}

/// How the paragraphs of a document were told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentLayout {
    /// Blank lines divide them.
    BlankLines,
    /// Each line is one.
    LinePerParagraph,
    /// All lines are one, folded at a fixed width.
    FoldedParagraph,
    /// It is Markdown.
    Markdown,
}

/// How sure the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentConfidence {
    /// The document says it in a form with one reading.
    Certain,
    /// A rule says it, and may be wrong for this document.
    Inferred,
    /// Another reading is as good.
    Ambiguous,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentField {
    /// What it is, as a path.
    #[schema(example = "comments[0].body")]
    pub field: String,
    /// The first line, counted from 1. Left out when a hint of the request gave the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 23)]
    pub first_line: Option<u32>,
    /// The last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 25)]
    pub last_line: Option<u32>,
    /// How sure the reader is.
    pub confidence: DocumentConfidence,
    /// Whether the lines belong to another field, which this one repeats.
    pub repeats: bool,
}

/// Lines that are part of no field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentIgnoredLines {
    /// The first line, counted from 1.
    #[schema(example = 2)]
    pub first_line: u32,
    /// The last line.
    #[schema(example = 2)]
    pub last_line: u32,
    /// Why.
    #[schema(example = "blank")]
    pub reason: String,
}

/// Something a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentWarning {
    /// The line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 21)]
    pub line: Option<u32>,
    /// What it is, as one word.
    #[schema(example = "comment-count-mismatch")]
    pub code: String,
    /// The same in one sentence.
    #[schema(example = "The heading says 2 comments, and 1 was found.")]
    pub detail: String,
}

impl DocumentReport {
    /// The report of a document.
    #[must_use]
    pub fn new(document: &Document, format: DocumentFormat) -> Self {
        let warnings = document.warnings.iter().map(|warning| DocumentWarning {
            line: warning.line,
            code: warning.code.to_owned(),
            detail: warning.detail.clone(),
        });
        Self {
            format,
            layout: document.layout.into(),
            line_count: document.line_count,
            confidence: document.confidence().into(),
            fields: document.fields().into_iter().map(DocumentField::from).collect(),
            ignored_lines: document.ignored_lines.iter().map(DocumentIgnoredLines::from).collect(),
            warnings: warnings.collect(),
        }
    }
}

impl From<BodyLayout> for DocumentLayout {
    fn from(layout: BodyLayout) -> Self {
        match layout {
            BodyLayout::BlankLines => Self::BlankLines,
            BodyLayout::LinePerParagraph => Self::LinePerParagraph,
            BodyLayout::FoldedParagraph => Self::FoldedParagraph,
            BodyLayout::Markdown => Self::Markdown,
        }
    }
}

impl From<Confidence> for DocumentConfidence {
    fn from(confidence: Confidence) -> Self {
        match confidence {
            Confidence::Certain => Self::Certain,
            Confidence::Inferred => Self::Inferred,
            Confidence::Ambiguous => Self::Ambiguous,
        }
    }
}

impl From<Field> for DocumentField {
    fn from(field: Field) -> Self {
        let Field {
            path,
            span,
            confidence,
            claim,
        } = field;
        Self {
            field: path,
            first_line: span.map(|span| span.first_line),
            last_line: span.map(|span| span.last_line),
            confidence: confidence.into(),
            repeats: claim == Claim::Copy,
        }
    }
}

impl From<&IgnoredLines> for DocumentIgnoredLines {
    fn from(lines: &IgnoredLines) -> Self {
        let IgnoredLines { span, reason } = lines;
        Self {
            first_line: span.first_line,
            last_line: span.last_line,
            reason: reason.as_str().to_owned(),
        }
    }
}
