//! Articles, as the newsroom sees them.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::article::{
    ArticleRow, ArticleSummaryRow, Belongings, ScheduleRow, WorkingArticle, WorkingSummary,
};
use crate::articles::content::{ArticleDetails, ExternalId};
use crate::articles::lifecycle::{ArticleState, Step};
use crate::articles::preflight::{PreflightFinding, Severity};
use crate::articles::views::{
    ArticleSectionOut, ArticleSeriesOut, ArticleTagOut, BylineAuthorOut, CoverOut, ExternalIdOut, SeoOut, all,
};
use crate::comments::views::ThreadOut;
use crate::database::timestamp::RowTime;
use crate::http::page::PageInfo;
use crate::http::times;
use crate::markup::reading_minutes;

/// Where the working copy of an article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleStatus {
    /// It is being written.
    #[deserr(rename = "draft")]
    Draft,
    /// It waits for an editor.
    #[deserr(rename = "in_review")]
    InReview,
    /// One of its revisions will be published at a set time.
    #[deserr(rename = "scheduled")]
    Scheduled,
    /// Readers see one of its revisions.
    #[deserr(rename = "published")]
    Published,
    /// It is kept, and neither read nor written.
    #[deserr(rename = "archived")]
    Archived,
    /// It was thrown away and can be had back.
    #[deserr(rename = "trashed")]
    Trashed,
}

/// A step of the life of an article. Most are a path below the article, such as `…/publish`; `edit` is a `PUT` or `PATCH`,
/// `schedule-end` is `…/schedule` with nothing but `unpublish_at`, and `purge` is a `DELETE` with `purge=true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArticleStep {
    /// Change the working copy.
    Edit,
    /// Hand it to an editor.
    Submit,
    /// Hand it back to the writer.
    RequestChanges,
    /// Set the time when its current revision is published.
    Schedule,
    /// Set the time when it is taken away from readers.
    ScheduleEnd,
    /// Call off what is scheduled.
    Unschedule,
    /// Show the working copy to readers.
    Publish,
    /// Take it away from readers.
    Unpublish,
    /// Give up what was changed since readers see it.
    DiscardChanges,
    /// Keep it, out of sight.
    Archive,
    /// Throw it away.
    Trash,
    /// Take it up again from the archive or the trash.
    Restore,
    /// Remove it for good, out of the trash.
    Purge,
}

/// What will happen to an article by itself.
#[derive(Serialize, ToSchema)]
pub struct ScheduleOut {
    /// The revision that will be published; later changes of the working copy do not change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4)]
    pub revision: Option<i32>,
    /// When it will be published.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub publish_at: Option<DateTime<Utc>>,
    /// When the article will be taken away from readers.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub unpublish_at: Option<DateTime<Utc>>,
    /// When this was set.
    #[serde(with = "times")]
    pub set_at: DateTime<Utc>,
    /// The account that set it, in whose name it will be done.
    pub set_by: Uuid,
}

/// An article, as the newsroom sees it: the working copy.
#[derive(Serialize, ToSchema)]
pub struct EditorialArticleOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The second headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<String>,
    /// The teaser that was given. When it is left out, readers get `derived_excerpt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "What is left when the ships are gone.")]
    pub excerpt: Option<String>,
    /// The teaser made from the text.
    #[schema(example = "The cranes stood still that morning…")]
    pub derived_excerpt: String,
    /// The language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    pub lang: Option<String>,
    /// The article at the root of the translations that this one belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub translation_of: Option<Uuid>,
    /// The address of the original, when this is a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/original")]
    pub canonical_url: Option<String>,
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
    /// Related articles, in order, whether they are published or not.
    pub related: Vec<Uuid>,
    /// The picture above the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cover: Option<CoverOut>,
    /// What search engines and social networks are told.
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
    /// The source of the text.
    #[schema(example = "The cranes stood *still* that morning.")]
    pub body_markdown: String,
    /// The text as sanitized HTML.
    #[schema(example = "<p>The cranes stood <em>still</em> that morning.</p>")]
    pub body_html: String,
    /// The text without markup.
    #[schema(example = "The cranes stood still that morning.")]
    pub body_text: String,
    /// The words of the text.
    #[schema(example = 640)]
    pub word_count: i32,
    /// Minutes that reading takes.
    #[schema(example = 3)]
    pub reading_minutes: u32,
    /// Where the working copy stands.
    pub status: ArticleStatus,
    /// The steps that can be taken from here, for those who have the right to.
    pub legal_steps: Vec<ArticleStep>,
    /// The account that is to work on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee_id: Option<Uuid>,
    /// What will happen to it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub schedule: Option<ScheduleOut>,
    /// Counts the changes, from 1.
    #[schema(example = 4)]
    pub revision: i32,
    /// The revision that readers see. When it is left out, they see none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub published_revision: Option<i32>,
    /// Whether the working copy is newer than what readers see.
    pub has_unpublished_changes: bool,
    /// When it was first published, or the date it shall have.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub published_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that made it, which owns it.
    pub created_by: Uuid,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// The account that changed it last.
    pub updated_by: Uuid,
    /// The thread.
    pub comments: ThreadOut,
    /// What an uploaded document said that no other member holds, under its own keys.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub extra: Value,
}

/// A working copy in a list.
#[derive(Serialize, ToSchema)]
pub struct EditorialArticleSummaryOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The authors, in order.
    pub authors: Vec<BylineAuthorOut>,
    /// The words of the text.
    #[schema(example = 640)]
    pub word_count: i32,
    /// Where the working copy stands.
    pub status: ArticleStatus,
    /// The account that is to work on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee_id: Option<Uuid>,
    /// Counts the changes, from 1.
    #[schema(example = 4)]
    pub revision: i32,
    /// The revision that readers see. When it is left out, they see none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub published_revision: Option<i32>,
    /// Whether the working copy is newer than what readers see.
    pub has_unpublished_changes: bool,
    /// When it was first published, or the date it shall have.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub published_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of working copies.
#[derive(Serialize, ToSchema)]
pub struct EditorialArticlePage {
    /// The working copies, by the time of their last change.
    pub data: Vec<EditorialArticleSummaryOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How much something speaks against a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreflightSeverity {
    /// It stops a publication, unless an administrator waives that.
    Error,
    /// It should be mended.
    Warning,
    /// It could be better.
    Notice,
}

/// One thing that speaks against publishing an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreflightFindingOut {
    /// The rule, as one word.
    #[schema(example = "missing-alt-text")]
    pub rule: String,
    /// How much it speaks against a publication.
    pub severity: PreflightSeverity,
    /// The member of the article: a JSON Pointer (RFC 6901) as a URI fragment.
    #[schema(example = "#/body_markdown")]
    pub pointer: String,
    /// The line of `body_markdown`, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 12)]
    pub line: Option<u32>,
    /// What is wrong and how to mend it.
    #[schema(example = "the picture has no alternative text; write one between the square brackets")]
    pub detail: String,
}

/// What speaks against publishing an article.
#[derive(Serialize, ToSchema)]
pub struct PreflightOut {
    /// The revision that was looked at.
    #[schema(example = 4)]
    pub revision: i32,
    /// Whether publishing it is possible without a waiver.
    pub ready: bool,
    /// What was found, the worst first.
    pub findings: Vec<PreflightFindingOut>,
}

impl ArticleStatus {
    /// The state that a filter names.
    #[must_use]
    pub fn state(self) -> ArticleState {
        match self {
            Self::Draft => ArticleState::Draft,
            Self::InReview => ArticleState::InReview,
            Self::Scheduled => ArticleState::Scheduled,
            Self::Published => ArticleState::Published,
            Self::Archived => ArticleState::Archived,
            Self::Trashed => ArticleState::Trashed,
        }
    }
}

impl From<ArticleState> for ArticleStatus {
    fn from(state: ArticleState) -> Self {
        match state {
            ArticleState::Draft => Self::Draft,
            ArticleState::InReview => Self::InReview,
            ArticleState::Scheduled => Self::Scheduled,
            ArticleState::Published => Self::Published,
            ArticleState::Archived => Self::Archived,
            ArticleState::Trashed => Self::Trashed,
        }
    }
}

impl From<Step> for ArticleStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Edit => Self::Edit,
            Step::Submit => Self::Submit,
            Step::RequestChanges => Self::RequestChanges,
            Step::Schedule => Self::Schedule,
            Step::ScheduleEnd => Self::ScheduleEnd,
            Step::Unschedule => Self::Unschedule,
            Step::Publish => Self::Publish,
            Step::Unpublish => Self::Unpublish,
            Step::DiscardChanges => Self::DiscardChanges,
            Step::Archive => Self::Archive,
            Step::Trash => Self::Trash,
            Step::Restore => Self::Restore,
            Step::Purge => Self::Purge,
        }
    }
}

impl From<ScheduleRow> for ScheduleOut {
    fn from(row: ScheduleRow) -> Self {
        let ScheduleRow {
            article_id: _,
            revision,
            publish_at,
            unpublish_at,
            set_at,
            set_by,
        } = row;
        Self {
            revision,
            publish_at: publish_at.map(RowTime::utc),
            unpublish_at: unpublish_at.map(RowTime::utc),
            set_at: set_at.utc(),
            set_by: set_by.0,
        }
    }
}

impl From<WorkingArticle> for EditorialArticleOut {
    fn from(article: WorkingArticle) -> Self {
        let WorkingArticle {
            row,
            belongings,
            schedule,
            thread,
        } = article;
        let (standing, details) = (row.standing(), row.details());
        let ArticleRow {
            id,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            derived_excerpt,
            word_count,
            revision,
            published_revision,
            published_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
            body_markdown,
            body_html,
            body_text,
            extra,
            state: _,
            section_id: _,
            series_id: _,
            series_position,
            translation_of,
            external_source,
            external_id,
            dated_at: _,
            assignee_id,
            details: _,
            upload_token_id: _,
        } = row;
        let ArticleDetails {
            byline,
            cover,
            seo,
            custom,
            related,
        } = details;
        let Belongings {
            byline: authors,
            tags,
            section,
            series,
        } = belongings;
        let external_id = external_source
            .zip(external_id)
            .map(|(source, id)| ExternalId { source, id });
        Self {
            id: id.0,
            slug,
            title,
            subtitle,
            excerpt,
            derived_excerpt,
            lang,
            translation_of: translation_of.map(|original| original.0),
            canonical_url,
            authors: all(authors),
            byline,
            section: section.map(ArticleSectionOut::from),
            tags: all(tags),
            series: ArticleSeriesOut::placed(series, series_position),
            related,
            cover: cover.map(CoverOut::from),
            seo: SeoOut::told(seo),
            custom,
            external_id: external_id.map(ExternalIdOut::from),
            body_markdown,
            body_html,
            body_text,
            word_count,
            reading_minutes: reading_minutes(word_count),
            status: standing.state.into(),
            legal_steps: all(standing.legal_steps()),
            assignee_id: assignee_id.map(|account| account.0),
            schedule: schedule.map(ScheduleOut::from),
            revision,
            published_revision,
            has_unpublished_changes: is_ahead(published_revision, revision),
            published_at: published_at.map(RowTime::utc),
            created_at: created_at.utc(),
            created_by: created_by.0,
            updated_at: updated_at.utc(),
            updated_by: updated_by.0,
            comments: ThreadOut::from(&thread),
            extra: serde_json::from_str(&extra).unwrap_or_else(|_damaged| Value::Object(Map::new())),
        }
    }
}

impl From<WorkingSummary> for EditorialArticleSummaryOut {
    fn from(summary: WorkingSummary) -> Self {
        let WorkingSummary { row, byline } = summary;
        let ArticleSummaryRow {
            id,
            slug,
            title,
            revision,
            published_revision,
            published_at,
            created_at,
            updated_at,
            word_count,
            state,
            assignee_id,
        } = row;
        Self {
            id: id.0,
            slug,
            title,
            authors: all(byline),
            word_count,
            status: ArticleState::from_name(&state).unwrap_or(ArticleState::Draft).into(),
            assignee_id: assignee_id.map(|account| account.0),
            revision,
            published_revision,
            has_unpublished_changes: is_ahead(published_revision, revision),
            published_at: published_at.map(RowTime::utc),
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}

impl From<PreflightFinding> for PreflightFindingOut {
    fn from(finding: PreflightFinding) -> Self {
        let PreflightFinding {
            rule,
            severity,
            pointer,
            line,
            detail,
        } = finding;
        Self {
            rule: rule.as_str().to_owned(),
            severity: match severity {
                Severity::Error => PreflightSeverity::Error,
                Severity::Warning => PreflightSeverity::Warning,
                Severity::Notice => PreflightSeverity::Notice,
            },
            pointer: format!("#{pointer}"),
            line,
            detail,
        }
    }
}

fn is_ahead(published: Option<i32>, current: i32) -> bool {
    published.is_some_and(|published| published < current)
}
