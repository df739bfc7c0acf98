//! Mentions on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::input::{InputFaults, UuidText};
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::Kept;
use crate::http::times;
use crate::mentions::mention::{MentionKind, MentionRow, MentionState};

/// A mention, as readers see one.
#[derive(Serialize, ToSchema)]
pub struct MentionOut {
    /// The id.
    pub id: Uuid,
    /// By what it was told.
    pub kind: MentionKind,
    /// The page that links here. Left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://harbour.example/notes")]
    pub source_url: Option<String>,
    /// The title of that page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Notes from the harbour")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Grace")]
    pub author_name: Option<String>,
    /// What it says, as plain text.
    #[schema(example = "A walk that is worth it.")]
    pub excerpt: String,
    /// When it came.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
}

/// A page of mentions.
#[derive(Serialize, ToSchema)]
pub struct MentionPage {
    /// The mentions, by the time they came.
    pub data: Vec<MentionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list the mentions of an article.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MentionQuery {
    /// The most mentions of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by time. Ascending when it is left out: the oldest first.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
}

/// A mention, as moderators see one.
#[derive(Serialize, ToSchema)]
pub struct EditorialMentionOut {
    /// The id.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// By what it was told.
    pub kind: MentionKind,
    /// The state.
    pub state: MentionState,
    /// The page that links here. Left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://harbour.example/notes")]
    pub source_url: Option<String>,
    /// The title of that page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Notes from the harbour")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Grace")]
    pub author_name: Option<String>,
    /// What it says, as plain text.
    #[schema(example = "A walk that is worth it.")]
    pub excerpt: String,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When it came.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of mentions for moderators.
#[derive(Serialize, ToSchema)]
pub struct EditorialMentionPage {
    /// The mentions, by the time they came.
    pub data: Vec<EditorialMentionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list mentions for moderators.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditorialMentionQuery {
    /// The most mentions of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by time. Descending when it is left out: the newest first.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
    /// Only mentions in this state.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub state: Option<MentionState>,
    /// Only mentions of this kind.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub kind: Option<MentionKind>,
    /// Only mentions of this article.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub article_id: Option<UuidText>,
}

/// A decision about a mention (merge patch): what is left out stays.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct MentionDecisionIn {
    /// The state that the mention shall be in.
    #[deserr(default)]
    #[schema(value_type = MentionState, required = false, nullable = false)]
    pub state: Kept<MentionState>,
}

impl From<MentionRow> for MentionOut {
    fn from(row: MentionRow) -> Self {
        let kind = row.kind();
        let MentionRow {
            id,
            article_id: _,
            kind: _,
            state: _,
            source_url,
            title,
            author_name,
            excerpt,
            revision: _,
            created_at,
            updated_at: _,
        } = row;
        Self {
            id: id.0,
            kind,
            source_url,
            title,
            author_name,
            excerpt,
            created_at: created_at.utc(),
        }
    }
}

impl From<MentionRow> for EditorialMentionOut {
    fn from(row: MentionRow) -> Self {
        let (kind, state) = (row.kind(), row.state());
        let MentionRow {
            id,
            article_id,
            kind: _,
            state: _,
            source_url,
            title,
            author_name,
            excerpt,
            revision,
            created_at,
            updated_at,
        } = row;
        Self {
            id: id.0,
            article_id: article_id.0,
            kind,
            state,
            source_url,
            title,
            author_name,
            excerpt,
            revision,
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}
