//! Comments and threads on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::account::EmailAddress;
use crate::comments::comment::{
    CommentRow, CommentState, CommentStateCounts, ModeratedComment, Moderation, ReaderName, ReaderText, ThreadMessage,
    ThreadRow, ThreadState,
};
use crate::comments::rules::TextFigures;
use crate::comments::thread_path::ThreadPath;
use crate::comments::thread_state::{ClosedReason, RuleSource, RuledThread, ThreadDays, ThreadNote};
use crate::database::timestamp::RowTime;
use crate::field::PlainWebAddress;
use crate::http::input::{InputFaults, UuidText};
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::markup::Rendered;

/// What an article says about its thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreadOut {
    /// Whether comments are shown and taken.
    pub state: ThreadState,
    /// What the editors say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Comments are closed.")]
    pub message: Option<String>,
    /// Why it is not open. Left out of an open thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_reason: Option<ClosedReason>,
    /// When it will close by itself. Left out when it will not, and of threads that are not open.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub closes_at: Option<DateTime<Utc>>,
    /// The comments that readers see; none of a hidden thread.
    #[schema(example = 12)]
    pub approved_count: i32,
}

/// Who wrote a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommenterOut {
    /// The name. Left out when none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Grace")]
    pub name: Option<String>,
    /// Their own page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/grace")]
    pub url: Option<String>,
    /// What they are in the publication. Left out for readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub badge: Option<CommenterBadge>,
}

/// What the writer of a comment is in the publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommenterBadge {
    /// They belong to the newsroom.
    Staff,
}

/// What an item of a thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadItemKind {
    /// What a reader wrote.
    Comment,
    /// Replies that this page leaves out.
    More,
}

/// What readers learn of the state of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicCommentState {
    /// It is shown.
    Approved,
    /// It waits for a moderator.
    Pending,
    /// It is not shown; the replies to it are.
    Removed,
}

/// One item of a thread: a comment, or a stub where replies are left out. `kind` says which members it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreadItem {
    /// What it is.
    pub kind: ThreadItemKind,
    /// The id of the comment. Stubs have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// The comment that it answers; left out when it answers the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<Uuid>,
    /// The level, from 1: indent by it.
    #[schema(example = 1, minimum = 1, maximum = 33)]
    pub depth: i32,
    /// The number of the comment in its thread, in order of arrival, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 7)]
    pub path_index: Option<u32>,
    /// The state. Stubs have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<PublicCommentState>,
    /// Who wrote it. Left out when nothing is known, and of removed comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<CommenterOut>,
    /// The text without markup. Left out of removed comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Well said.")]
    pub body_text: Option<String>,
    /// The text as sanitized HTML. Left out of removed comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "<p>Well said.</p>")]
    pub body_html: Option<String>,
    /// Answers to it that are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 2)]
    pub reply_count: Option<i32>,
    /// Comments below it that are shown, at any depth.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 5)]
    pub descendant_count: Option<i32>,
    /// What readers' votes make of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4)]
    pub score: Option<i32>,
    /// True when moderators hold it up before all others. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub pinned: Option<bool>,
    /// True when moderators recommend it. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub featured: Option<bool>,
    /// The revision of the article that readers saw when it was written, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub article_revision: Option<i32>,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub created_at: Option<DateTime<Utc>>,
    /// When its writer last changed the text. Left out when that never happened.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub edited_at: Option<DateTime<Utc>>,
    /// In a stub: how many comments are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 37)]
    pub count: Option<i32>,
    /// In a stub: the cursor of the left-out comments. Send it with `parent` set to the `parent_id` of the stub, and everything
    /// else of the query as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cursor: Option<String>,
}

/// A comment by itself.
#[derive(Clone, Serialize, ToSchema)]
pub struct CommentOut {
    /// The id.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// The comment that it answers; left out when it answers the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<Uuid>,
    /// What it is.
    pub kind: ThreadItemKind,
    /// The level, from 1.
    #[schema(example = 1, minimum = 1, maximum = 32)]
    pub depth: i32,
    /// The number of the comment in its thread, in order of arrival, from 1.
    #[schema(example = 7)]
    pub path_index: u32,
    /// Whether it is shown.
    pub state: PublicCommentState,
    /// Who wrote it. Left out when nothing is known, and of removed comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<CommenterOut>,
    /// The text without markup. Left out of removed comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Well said.")]
    pub body_text: Option<String>,
    /// The text as sanitized HTML. Left out of removed comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "<p>Well said.</p>")]
    pub body_html: Option<String>,
    /// Answers to it that are shown.
    #[schema(example = 2)]
    pub reply_count: i32,
    /// Comments below it that are shown, at any depth.
    #[schema(example = 5)]
    pub descendant_count: i32,
    /// What readers' votes make of it.
    #[schema(example = 4)]
    pub score: i32,
    /// True when moderators hold it up before all others. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub pinned: Option<bool>,
    /// True when moderators recommend it. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub featured: Option<bool>,
    /// The revision of the article that readers saw when it was written, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub article_revision: Option<i32>,
    /// When it was written.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When its writer last changed the text. Left out when that never happened.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub edited_at: Option<DateTime<Utc>>,
    /// In the answer to the post only: until when its writer can edit it. Left out when the site has no such time.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub edit_until: Option<DateTime<Utc>>,
    /// In the first answer to a post without a token only, and never shown again: what to send as the bearer token to see,
    /// edit or withdraw the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "galley_cmt_019ab3c45d6e7f809a1b2c3d4e5f6071_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_a53e5c0b"
    )]
    pub edit_token: Option<String>,
}

/// A comment to post.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct CommentIn {
    /// The name to show. Whoever sends no token must give one. In place of the name of an account it is shown, and in place of
    /// a name that the identity provider does not tell.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Grace")]
    pub author_name: Option<ReaderName>,
    /// An e-mail address. It is never shown.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 254, format = Email, example = "grace@example.org")]
    pub author_email: Option<EmailAddress>,
    /// The writer's own page: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/grace")]
    pub author_url: Option<PlainWebAddress>,
    /// The text, as Markdown: paragraphs, emphasis, lists, quotations, code and links.
    #[schema(value_type = String, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Well said.")]
    pub body_markdown: ReaderText,
    /// The comment that it answers, of the same article.
    #[deserr(default)]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    pub parent_id: Option<UuidText>,
}

/// A text to preview.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct CommentPreviewIn {
    /// The text, as Markdown: paragraphs, emphasis, lists, quotations, code and links.
    #[schema(value_type = String, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Well *said*.")]
    pub body_markdown: ReaderText,
}

/// What a text looks like as a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommentPreviewOut {
    /// The text as sanitized HTML.
    #[schema(example = "<p>Well <em>said</em>.</p>")]
    pub body_html: String,
    /// The text without markup.
    #[schema(example = "Well said.")]
    pub body_text: String,
    /// The characters of the source.
    #[schema(example = 12)]
    pub characters: usize,
    /// The links, written as such or not.
    #[schema(example = 0)]
    pub links: usize,
}

impl CommentPreviewOut {
    /// The view of a text.
    #[must_use]
    pub fn new(text: Rendered, figures: TextFigures) -> Self {
        let TextFigures { characters, links } = figures;
        Self {
            body_html: text.html,
            body_text: text.text,
            characters,
            links,
        }
    }
}

/// A thread, as the newsroom sees it.
#[derive(Serialize, ToSchema)]
pub struct EditorialThreadOut {
    /// The article.
    pub article_id: Uuid,
    /// Whether comments are shown and taken.
    pub state: ThreadState,
    /// What readers are told about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Comments are closed.")]
    pub message: Option<String>,
    /// Why it is not open. Left out of an open thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_reason: Option<ClosedReason>,
    /// When it will close by itself. Left out when it will not, and of threads that are not open.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub closes_at: Option<DateTime<Utc>>,
    /// The rule of the article itself: the days from the first publication after which the thread closes; 0 for never. Left
    /// out when the article has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 14, minimum = 0, maximum = 3_650)]
    pub close_after_days: Option<i32>,
    /// The days that count: the rule of the article, else of its section, else of the nearest section above, else of the
    /// site; 0 for never.
    #[schema(example = 14, minimum = 0, maximum = 3_650)]
    pub effective_close_after_days: i32,
    /// Whose rule that is.
    pub close_rule_from: RuleSource,
    /// Whether new comments are shown at once or wait for a moderator.
    pub moderation: Moderation,
    /// Comments that readers see.
    #[schema(example = 12)]
    pub approved_count: i32,
    /// Comments that wait for a moderator.
    #[schema(example = 1)]
    pub pending_count: i32,
    /// Comments that a moderator refused.
    #[schema(example = 2)]
    pub rejected_count: i32,
    /// Comments that are spam.
    #[schema(example = 3)]
    pub spam_count: i32,
    /// Comments that were there and were taken away.
    #[schema(example = 1)]
    pub removed_count: i32,
    /// Counts the changes of the thread itself, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the thread itself was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// Changes to a thread (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ThreadPatchIn {
    /// Whether comments are shown and taken.
    #[deserr(default)]
    #[schema(value_type = ThreadState, required = false, nullable = false)]
    pub state: Kept<ThreadState>,
    /// What readers are told about it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 500, example = "Comments are closed.")]
    pub message: Patch<ThreadMessage>,
    /// Whether new comments are shown at once or wait for a moderator.
    #[deserr(default)]
    #[schema(value_type = Moderation, required = false, nullable = false)]
    pub moderation: Kept<Moderation>,
    /// The days from the first publication after which the thread closes by itself; 0 for never. Null inherits the rule of the
    /// section, else of the nearest section above, else of the site.
    #[deserr(default)]
    #[schema(value_type = Option<i32>, required = false, minimum = 0, maximum = 3_650, example = 14)]
    pub close_after_days: Patch<ThreadDays>,
    /// What to say about a change of `state`, for the record only: it stands among the transitions of the thread, and is left
    /// out when the state does not change.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Until the lawyers have looked at it.")]
    pub note: Kept<ThreadNote>,
}

/// A comment, as moderators see it.
#[derive(Serialize, ToSchema)]
pub struct EditorialCommentOut {
    /// The id.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// The comment that it answers; left out when it answers the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<Uuid>,
    /// The level, from 1.
    #[schema(example = 1)]
    pub depth: i32,
    /// The state.
    pub state: CommentState,
    /// The name that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Grace")]
    pub author_name: Option<String>,
    /// The e-mail address that was given. Readers never see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "grace@example.org")]
    pub author_email: Option<String>,
    /// The page that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/grace")]
    pub author_url: Option<String>,
    /// The source of the text.
    #[schema(example = "Well said.")]
    pub body_markdown: String,
    /// The text as sanitized HTML.
    #[schema(example = "<p>Well said.</p>")]
    pub body_html: String,
    /// Answers to it that are shown.
    #[schema(example = 2)]
    pub reply_count: i32,
    /// Comments below it that are shown, at any depth.
    #[schema(example = 5)]
    pub descendant_count: i32,
    /// What readers' votes make of it.
    #[schema(example = 4)]
    pub score: i32,
    /// Whether it is held up before all others.
    #[schema(example = false)]
    pub pinned: bool,
    /// Whether it is recommended.
    #[schema(example = false)]
    pub featured: bool,
    /// Whether an account of the newsroom wrote it.
    #[schema(example = false)]
    pub staff: bool,
    /// The account that wrote it, whatever name it gave. Left out when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account_id: Option<Uuid>,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When it was written.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When its writer last changed the text. Left out when that never happened.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub edited_at: Option<DateTime<Utc>>,
    /// When its writer took it back, with all that it said. Left out of all others.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// How many comments there are in each state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommentStateCountsOut {
    /// Those that wait for a moderator.
    #[schema(example = 1)]
    pub pending: i64,
    /// Those that readers see.
    #[schema(example = 12)]
    pub approved: i64,
    /// Those that a moderator refused.
    #[schema(example = 2)]
    pub rejected: i64,
    /// Those that are spam.
    #[schema(example = 3)]
    pub spam: i64,
    /// Those that were taken away, or withdrawn.
    #[schema(example = 1)]
    pub removed: i64,
}

/// Which comments to count.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentStateCountsQuery {
    /// Only comments of this article.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub article_id: Option<UuidText>,
}

/// A page of comments for moderators.
#[derive(Serialize, ToSchema)]
pub struct EditorialCommentPage {
    /// The comments, by the time they were written.
    pub data: Vec<EditorialCommentOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list comments for moderators.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentListQuery {
    /// The most comments of the page.
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
    /// Only comments in this state.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub state: Option<CommentState>,
    /// Only comments of this article.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub article_id: Option<UuidText>,
}

/// A decision about a comment (merge patch): what is left out stays.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct CommentDecisionIn {
    /// The state that the comment shall be in.
    #[deserr(default)]
    #[schema(value_type = CommentState, required = false, nullable = false)]
    pub state: Kept<CommentState>,
    /// Whether it is held up before all others. At most ten of a thread can be.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = true)]
    pub pinned: Kept<bool>,
    /// Whether it is recommended.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = true)]
    pub featured: Kept<bool>,
}

impl From<CommentStateCounts> for CommentStateCountsOut {
    fn from(counts: CommentStateCounts) -> Self {
        let CommentStateCounts {
            pending,
            approved,
            rejected,
            spam,
            removed,
        } = counts;
        Self {
            pending,
            approved,
            rejected,
            spam,
            removed,
        }
    }
}

impl From<&ThreadRow> for ThreadOut {
    fn from(row: &ThreadRow) -> Self {
        let state = row.state();
        Self {
            state,
            message: row.message.clone(),
            closed_reason: row.closed_reason.as_deref().and_then(ClosedReason::from_name),
            closes_at: row.closes_at.filter(|_| state == ThreadState::Open).map(RowTime::utc),
            // Of a hidden thread readers see nothing.
            approved_count: if state.is_shown() { row.approved_count } else { 0 },
        }
    }
}

impl From<RuledThread> for EditorialThreadOut {
    fn from(thread: RuledThread) -> Self {
        let RuledThread { row, rule } = thread;
        let (state, moderation) = (row.state(), row.moderation());
        let ThreadRow {
            article_id,
            state: _,
            message,
            moderation: _,
            last_ordinal: _,
            approved_count,
            pending_count,
            revision,
            updated_at,
            rejected_count,
            spam_count,
            removed_count,
            change_sequence: _,
            closed_reason,
            closes_at,
            close_after_days,
        } = row;
        Self {
            article_id: article_id.0,
            state,
            message,
            closed_reason: closed_reason.as_deref().and_then(ClosedReason::from_name),
            closes_at: closes_at.filter(|_| state == ThreadState::Open).map(RowTime::utc),
            close_after_days,
            effective_close_after_days: rule.days,
            close_rule_from: rule.from,
            moderation,
            approved_count,
            pending_count,
            rejected_count,
            spam_count,
            removed_count,
            revision,
            updated_at: updated_at.utc(),
        }
    }
}

impl From<ModeratedComment> for EditorialCommentOut {
    fn from(comment: ModeratedComment) -> Self {
        let ModeratedComment { row, writer } = comment;
        let account_id = writer
            .as_ref()
            .and_then(|writer| writer.account_id)
            .map(|account| account.0);
        let (email, withdrawn_at) = writer.map_or((None, None), |writer| (writer.email, writer.withdrawn_at));
        let state = row.state();
        let CommentRow {
            id,
            article_id,
            parent_id,
            path: _,
            depth,
            state: _,
            author_name,
            author_url,
            article_revision: _,
            reply_count,
            descendant_count,
            revision,
            created_at,
            updated_at,
            body_markdown,
            body_html,
            body_text: _,
            score,
            last_activity_at: _,
            is_pinned,
            is_featured,
            is_staff,
            edited_at,
            change_sequence: _,
        } = row;
        Self {
            id: id.0,
            article_id: article_id.0,
            parent_id: parent_id.map(|parent| parent.0),
            depth,
            state,
            author_name,
            author_email: email,
            author_url,
            body_markdown,
            body_html,
            reply_count,
            descendant_count,
            score,
            pinned: is_pinned,
            featured: is_featured,
            staff: is_staff,
            account_id,
            revision,
            created_at: created_at.utc(),
            edited_at: edited_at.map(RowTime::utc),
            withdrawn_at: withdrawn_at.map(RowTime::utc),
            updated_at: updated_at.utc(),
        }
    }
}

/// What readers see of a comment: everything public, or the place that it leaves.
struct PublicFace {
    state: PublicCommentState,
    author: Option<CommenterOut>,
    body_text: Option<String>,
    body_html: Option<String>,
}

impl PublicFace {
    fn shown(row: CommentRow, state: PublicCommentState) -> Self {
        let author = CommenterOut {
            name: row.author_name,
            url: row.author_url,
            badge: row.is_staff.then_some(CommenterBadge::Staff),
        };
        Self {
            state,
            author: Some(author)
                .filter(|author| author.name.is_some() || author.url.is_some() || author.badge.is_some()),
            body_text: Some(row.body_text),
            body_html: Some(row.body_html),
        }
    }

    fn of(row: CommentRow) -> Self {
        match row.state() {
            CommentState::Approved => Self::shown(row, PublicCommentState::Approved),
            CommentState::Pending | CommentState::Rejected | CommentState::Spam | CommentState::Removed => Self {
                state: PublicCommentState::Removed,
                author: None,
                body_text: None,
                body_html: None,
            },
        }
    }
}

impl CommentOut {
    /// The comment as every reader sees it.
    #[must_use]
    pub fn public(row: CommentRow) -> Self {
        Self::with_face(&row.clone(), PublicFace::of(row))
    }

    /// The comment as its writer sees it right after posting, also while it waits for a moderator.
    #[must_use]
    pub fn posted(row: CommentRow) -> Self {
        let state = match row.state() {
            CommentState::Approved => PublicCommentState::Approved,
            _ => PublicCommentState::Pending,
        };
        Self::with_face(&row.clone(), PublicFace::shown(row, state))
    }

    fn with_face(row: &CommentRow, face: PublicFace) -> Self {
        let PublicFace {
            state,
            author,
            body_text,
            body_html,
        } = face;
        let face_shows_text = body_html.is_some();
        Self {
            id: row.id.0,
            article_id: row.article_id.0,
            parent_id: row.parent_id.map(|parent| parent.0),
            kind: ThreadItemKind::Comment,
            depth: row.depth,
            path_index: ThreadPath::from_stored(row.path.clone()).ordinal(),
            state,
            author,
            body_text,
            body_html,
            reply_count: row.reply_count,
            descendant_count: row.descendant_count,
            score: row.score,
            pinned: row.is_pinned.then_some(true),
            featured: row.is_featured.then_some(true),
            article_revision: row.article_revision,
            created_at: row.created_at.utc(),
            edited_at: row.edited_at.filter(|_| face_shows_text).map(RowTime::utc),
            edit_until: None,
            edit_token: None,
        }
    }

    /// The same with the edit token.
    #[must_use]
    pub fn showing(&self, edit_token: &str) -> Self {
        Self {
            edit_token: Some(edit_token.to_owned()),
            ..self.clone()
        }
    }
}

impl ThreadItem {
    /// A comment.
    #[must_use]
    pub fn comment(row: CommentRow) -> Self {
        let CommentOut {
            id,
            article_id: _,
            parent_id,
            kind,
            depth,
            path_index,
            state,
            author,
            body_text,
            body_html,
            reply_count,
            descendant_count,
            score,
            pinned,
            featured,
            article_revision,
            created_at,
            edited_at,
            edit_until: _,
            edit_token: _,
        } = CommentOut::public(row);
        Self {
            kind,
            id: Some(id),
            parent_id,
            depth,
            path_index: Some(path_index),
            state: Some(state),
            author,
            body_text,
            body_html,
            reply_count: Some(reply_count),
            descendant_count: Some(descendant_count),
            score: Some(score),
            pinned,
            featured,
            article_revision,
            created_at: Some(created_at),
            edited_at,
            count: None,
            cursor: None,
        }
    }

    /// The stub for so many comments that are left out below a comment.
    #[must_use]
    pub fn more(below: &CommentRow, count: i32, cursor: String) -> Self {
        Self {
            kind: ThreadItemKind::More,
            id: None,
            parent_id: Some(below.id.0),
            depth: below.depth.saturating_add(1),
            path_index: None,
            state: None,
            author: None,
            body_text: None,
            body_html: None,
            reply_count: None,
            descendant_count: None,
            score: None,
            pinned: None,
            featured: None,
            article_revision: None,
            created_at: None,
            edited_at: None,
            count: Some(count),
            cursor: Some(cursor),
        }
    }
}
