//! A reader's own comment, and its texts for moderators, on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::comments::comment::{ReaderName, ReaderText};
use crate::comments::own_comment::{CommentHold, CommentRevisionRow, OwnComment, OwnCommentState};
use crate::database::timestamp::RowTime;
use crate::field::PlainWebAddress;
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;

/// A comment, as its writer sees it.
#[derive(Serialize, ToSchema)]
pub struct OwnCommentOut {
    /// The id.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// The comment that it answers; left out when it answers the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<Uuid>,
    /// The state.
    pub state: OwnCommentState,
    /// Why it waits. Left out of comments that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub held_by: Option<CommentHold>,
    /// The name that was given. Left out of withdrawn comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Grace")]
    pub author_name: Option<String>,
    /// The page that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/grace")]
    pub author_url: Option<String>,
    /// The source of the text. Left out of withdrawn comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Well said.")]
    pub body_markdown: Option<String>,
    /// The text as sanitized HTML. Left out of withdrawn comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "<p>Well said.</p>")]
    pub body_html: Option<String>,
    /// Whether it can be edited now.
    #[schema(example = true)]
    pub may_edit: bool,
    /// When the time to edit it is over. Left out when the site has none.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub edit_until: Option<DateTime<Utc>>,
    /// Whether it can be withdrawn.
    #[schema(example = true)]
    pub may_withdraw: bool,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When it was written.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When the text was last changed. Left out when that never happened.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub edited_at: Option<DateTime<Utc>>,
    /// When it was withdrawn. Left out of all others.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// Changes to an own comment (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct OwnCommentPatchIn {
    /// The text, as Markdown.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Well said, indeed.")]
    pub body_markdown: Kept<ReaderText>,
    /// The name to show. Only of a comment that was posted without an account.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Grace")]
    pub author_name: Kept<ReaderName>,
    /// The writer's own page: an http or https address. Only of a comment that was posted without an account.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/grace")]
    pub author_url: Patch<PlainWebAddress>,
}

/// A text of a comment, for moderators.
#[derive(Serialize, ToSchema)]
pub struct CommentRevisionOut {
    /// Counts the texts of the comment, from 1.
    #[schema(example = 2)]
    pub number: i32,
    /// The source of the text.
    #[schema(example = "Well said.")]
    pub body_markdown: String,
    /// When it was written.
    #[serde(with = "times")]
    pub written_at: DateTime<Utc>,
}

/// A page of the texts of a comment.
#[derive(Serialize, ToSchema)]
pub struct CommentRevisionPage {
    /// The texts, by number; the highest one is what the comment says now.
    pub data: Vec<CommentRevisionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list the texts of a comment.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentRevisionListQuery {
    /// The most texts of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by number. Descending when it is left out: the newest first.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
}

impl OwnCommentOut {
    /// The comment as its writer sees it at a moment.
    #[must_use]
    pub fn at(now: DateTime<Utc>, own: OwnComment) -> Self {
        let (state, held_by, edit_until) = (own.state(), own.hold(), own.edit_until());
        let may_edit = own.require_editable(now).is_ok();
        let is_withdrawn = own.writer.withdrawn_at.is_some();
        let row = own.row;
        Self {
            id: row.id.0,
            article_id: row.article_id.0,
            parent_id: row.parent_id.map(|parent| parent.0),
            state,
            held_by,
            author_name: row.author_name,
            author_url: row.author_url,
            body_markdown: (!is_withdrawn).then_some(row.body_markdown),
            body_html: (!is_withdrawn).then_some(row.body_html),
            may_edit,
            edit_until: edit_until.filter(|_| !is_withdrawn),
            may_withdraw: !is_withdrawn,
            revision: row.revision,
            created_at: row.created_at.utc(),
            edited_at: row.edited_at.map(RowTime::utc),
            withdrawn_at: own.writer.withdrawn_at.map(RowTime::utc),
        }
    }
}

impl From<CommentRevisionRow> for CommentRevisionOut {
    fn from(row: CommentRevisionRow) -> Self {
        let CommentRevisionRow {
            comment_id: _,
            number,
            body_markdown,
            written_at,
        } = row;
        Self {
            number,
            body_markdown,
            written_at: written_at.utc(),
        }
    }
}
