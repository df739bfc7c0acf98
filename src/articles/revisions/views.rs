//! Revisions on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::article::{Belongings, RevisionMessage};
use crate::articles::content::ArticleContent;
use crate::articles::diff::{ContentDiff, DiffHunk, DiffKind, FieldDiff, HunkOp};
use crate::articles::revisions::revision::{ComparedRevision, RevisionRow, RevisionSummaryRow};
use crate::articles::views::{
    ArticleSectionOut, ArticleSeriesOut, ArticleTagOut, BylineAuthorOut, CoverOut, ExternalIdOut, SeoOut, all,
};
use crate::field::Refusal;
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::times;
use crate::http::write::{ValidateOnly, WriteParameters};

/// What kind of save made a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevisionKind {
    /// Somebody saved.
    Save,
    /// A program saved by itself; a run of these is kept as one revision.
    Autosave,
    /// Two saves were merged.
    Merge,
    /// An earlier revision was taken up again.
    Restore,
    /// What readers see was taken up again.
    Discard,
}

/// A revision in a list.
#[derive(Serialize, ToSchema)]
pub struct RevisionSummaryOut {
    /// The number. Numbers grow; those of autosaves that were folded into later ones are left out.
    #[schema(example = 4)]
    pub revision: i32,
    /// What kind of save it was.
    pub kind: RevisionKind,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// What was said about the save.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Names checked")]
    pub message: Option<String>,
    /// The members that differ from the revision before.
    #[schema(example = json!(["title", "body_markdown"]))]
    pub changed_fields: Vec<String>,
    /// When it was saved.
    #[serde(with = "times")]
    pub saved_at: DateTime<Utc>,
    /// The account that saved it.
    pub saved_by: Uuid,
}

/// A page of revisions.
#[derive(Serialize, ToSchema)]
pub struct RevisionPage {
    /// The revisions, by number.
    pub data: Vec<RevisionSummaryOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A revision, whole.
#[derive(Serialize, ToSchema)]
pub struct RevisionOut {
    /// The number.
    #[schema(example = 4)]
    pub revision: i32,
    /// What kind of save it was.
    pub kind: RevisionKind,
    /// What was said about the save.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Names checked")]
    pub message: Option<String>,
    /// The members that differ from the revision before.
    #[schema(example = json!(["title", "body_markdown"]))]
    pub changed_fields: Vec<String>,
    /// When it was saved.
    #[serde(with = "times")]
    pub saved_at: DateTime<Utc>,
    /// The account that saved it.
    pub saved_by: Uuid,
    /// What the article said.
    pub content: RevisionContentOut,
}

/// What an article said in one revision. Authors, section, tags and series are shown as they are called now; those that are
/// gone are left out.
#[derive(Serialize, ToSchema)]
pub struct RevisionContentOut {
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The second headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<String>,
    /// The teaser that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "What is left when the ships are gone.")]
    pub excerpt: Option<String>,
    /// The source of the text.
    #[schema(example = "The cranes stood *still* that morning.")]
    pub body_markdown: String,
    /// The authors, in order.
    pub authors: Vec<BylineAuthorOut>,
    /// The line to show in place of the names of the authors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "By our correspondents")]
    pub byline: Option<String>,
    /// The section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<ArticleSectionOut>,
    /// The tags, in order.
    pub tags: Vec<ArticleTagOut>,
    /// The place in a series.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub series: Option<ArticleSeriesOut>,
    /// Related articles, in order.
    pub related: Vec<Uuid>,
    /// The language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    pub lang: Option<String>,
    /// The article that it was a translation of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub translation_of: Option<Uuid>,
    /// The address of the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/original")]
    pub canonical_url: Option<String>,
    /// The picture above the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cover: Option<CoverOut>,
    /// What search engines and social networks were told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seo: Option<SeoOut>,
    /// The fields of the site.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub custom: Map<String, Value>,
    /// The name of the article in another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub external_id: Option<ExternalIdOut>,
    /// The date that an editor gave it.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub published_at: Option<DateTime<Utc>>,
}

/// How to list revisions.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevisionListQuery {
    /// The most revisions of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by number. Descending when it is left out.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
}

/// What restoring a revision can be asked in its query.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RestoreQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// What to say about this save in the history of the article.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "Back to the checked text")]
    pub message: Option<RevisionMessage>,
}

impl WriteParameters for RestoreQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

/// Which two revisions to compare.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// The earlier revision. When it is left out: what readers see, or the revision before `to` when that is given or they
    /// see none.
    #[deserr(default)]
    #[param(value_type = i32, required = false, nullable = false, minimum = 1, example = 3)]
    pub from: Option<RevisionNumber>,
    /// The later revision; the current one when it is left out.
    #[deserr(default)]
    #[param(value_type = i32, required = false, nullable = false, minimum = 1, example = 4)]
    pub to: Option<RevisionNumber>,
}

/// The number of a revision, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisionNumber(pub i32);

/// A text that is no number of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionNumberFault(String);

impl TryFrom<&String> for RevisionNumber {
    type Error = RevisionNumberFault;

    fn try_from(text: &String) -> Result<Self, RevisionNumberFault> {
        match text.parse() {
            Ok(number @ 1..) => Ok(Self(number)),
            _ => Err(RevisionNumberFault(text.clone())),
        }
    }
}

impl std::fmt::Display for RevisionNumberFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not the number of a revision, such as 3", self.0)
    }
}

impl Refusal for RevisionNumberFault {
    fn code(&self) -> &'static str {
        "invalid"
    }
}

crate::field::read_from_text!(RevisionNumber);

/// How two revisions differ.
#[derive(Serialize, ToSchema)]
pub struct DiffOut {
    /// The earlier revision.
    #[schema(example = 3)]
    pub from: i32,
    /// The later revision.
    #[schema(example = 4)]
    pub to: i32,
    /// The members that differ.
    pub fields: Vec<FieldDiffOut>,
}

/// How a member differs: texts in `hunks`, other values in `before` and `after`, as a revision shows them when it is read.
#[derive(Serialize, ToSchema)]
pub struct FieldDiffOut {
    /// The member.
    #[schema(example = "body_markdown")]
    pub field: String,
    /// The value before, for a member that is no text; left out when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub before: Option<Value>,
    /// The value after, for a member that is no text; left out when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub after: Option<Value>,
    /// The runs of words of a text, in order.
    pub hunks: Vec<DiffHunkOut>,
}

/// What became of a run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffHunkKind {
    /// It stands in both.
    Equal,
    /// It was added.
    Insert,
    /// It was taken out.
    Delete,
}

/// A run of words that has one fate.
#[derive(Serialize, ToSchema)]
pub struct DiffHunkOut {
    /// What became of it.
    pub kind: DiffHunkKind,
    /// The words, with the blanks between them.
    #[schema(example = "the old harbour")]
    pub text: String,
    /// The line where it begins in the earlier text, from 1.
    #[schema(example = 12)]
    pub from_line: u32,
    /// The line where it begins in the later text, from 1.
    #[schema(example = 13)]
    pub to_line: u32,
    /// With a long run that stands in both: how many characters are left out of the middle of `text`.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false, example = 1_200)]
    pub omitted_characters: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl RevisionKind {
    /// The kind that a row names; anything else is a save like another.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "autosave" => Self::Autosave,
            "merge" => Self::Merge,
            "restore" => Self::Restore,
            "discard" => Self::Discard,
            _ => Self::Save,
        }
    }
}

impl From<RevisionSummaryRow> for RevisionSummaryOut {
    fn from(row: RevisionSummaryRow) -> Self {
        let RevisionSummaryRow {
            revision,
            kind,
            title,
            message,
            changed_fields,
            saved_at,
            saved_by,
        } = row;
        Self {
            revision,
            kind: RevisionKind::of(&kind),
            title,
            message,
            changed_fields: names(&changed_fields),
            saved_at: saved_at.utc(),
            saved_by: saved_by.0,
        }
    }
}

impl RevisionOut {
    /// A revision with what it belongs to.
    #[must_use]
    pub fn new(row: RevisionRow, content: ArticleContent, belongings: Belongings) -> Self {
        let RevisionRow {
            article_id: _,
            revision,
            kind,
            title: _,
            message,
            changed_fields,
            saved_at,
            saved_by,
            began_at: _,
            content: _,
        } = row;
        Self {
            revision,
            kind: RevisionKind::of(&kind),
            message,
            changed_fields: names(&changed_fields),
            saved_at: saved_at.utc(),
            saved_by: saved_by.0,
            content: RevisionContentOut::new(content, belongings),
        }
    }
}

impl RevisionContentOut {
    fn new(content: ArticleContent, belongings: Belongings) -> Self {
        let ArticleContent {
            title,
            slug,
            subtitle,
            excerpt,
            body_markdown,
            authors: _,
            byline,
            section: _,
            tags: _,
            series: place,
            related,
            lang,
            translation_of,
            canonical_url,
            cover,
            seo,
            custom,
            external_id,
            published_at,
        } = content;
        let Belongings {
            byline: authors,
            tags,
            section,
            series,
        } = belongings;
        Self {
            title,
            slug,
            subtitle,
            excerpt,
            body_markdown,
            authors: all(authors),
            byline,
            section: section.map(ArticleSectionOut::from),
            tags: all(tags),
            series: ArticleSeriesOut::placed(series, place.map(|place| place.position)),
            related,
            lang,
            translation_of,
            canonical_url,
            cover: cover.map(CoverOut::from),
            seo: SeoOut::told(seo),
            custom,
            external_id: external_id.map(ExternalIdOut::from),
            published_at,
        }
    }
}

impl DiffOut {
    /// The difference of two revisions.
    #[must_use]
    pub fn new(from: ComparedRevision, to: ComparedRevision, diff: ContentDiff) -> Self {
        let ContentDiff { fields } = diff;
        let revisions = (from.revision, to.revision);
        let (before, after) = (members(from), members(to));
        Self {
            from: revisions.0,
            to: revisions.1,
            fields: fields
                .into_iter()
                .map(|field| FieldDiffOut::new(field, &before, &after))
                .collect(),
        }
    }
}

/// What a revision says, as it is shown when it is read.
fn members(revision: ComparedRevision) -> Value {
    let ComparedRevision {
        revision: _,
        content,
        belongings,
    } = revision;
    serde_json::to_value(RevisionContentOut::new(content, belongings)).unwrap_or_default()
}

impl FieldDiffOut {
    /// A field that differs; `before` and `after` are the members of both revisions.
    fn new(diff: FieldDiff, before: &Value, after: &Value) -> Self {
        let FieldDiff {
            field,
            kind,
            before: _,
            after: _,
            hunks,
        } = diff;
        let value_in = |members: &Value| match kind {
            DiffKind::Text => None,
            DiffKind::Value => members.get(field.as_str()).cloned(),
        };
        let (before, after) = (value_in(before), value_in(after));
        Self {
            field: field.as_str().to_owned(),
            before,
            after,
            hunks: all(hunks),
        }
    }
}

impl From<DiffHunk> for DiffHunkOut {
    fn from(hunk: DiffHunk) -> Self {
        let DiffHunk {
            op,
            text,
            from_line,
            to_line,
            omitted_characters,
        } = hunk;
        Self {
            kind: match op {
                HunkOp::Equal => DiffHunkKind::Equal,
                HunkOp::Insert => DiffHunkKind::Insert,
                HunkOp::Delete => DiffHunkKind::Delete,
            },
            text,
            from_line,
            to_line,
            omitted_characters,
        }
    }
}

/// The names that a row keeps as a JSON array; a damaged one names none.
fn names(array: &str) -> Vec<String> {
    serde_json::from_str(array).unwrap_or_default()
}
