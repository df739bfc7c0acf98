//! Comments and threads: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::account::EmailAddress;
use crate::audit::action::Action;
use crate::comments::thread_state::ThreadStanding;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{comment_writers, commenters, comments, threads};
use crate::database::timestamp::RowTime;
use crate::field::{Line, PlainLine, PlainProse, PlainWebAddress, Prose, WebAddress};
use crate::markup::Rendered;

/// The name under a comment.
pub type CommenterName = Line<120>;

/// The text of a comment, as Markdown.
pub type CommentBody = Prose<10_000>;

/// The name that a reader gives.
pub type ReaderName = PlainLine<120>;

/// The text that a reader sends, as Markdown.
pub type ReaderText = PlainProse<10_000>;

/// Hours in which a writer cannot post the same text again.
pub const DUPLICATE_HOURS: i64 = 24;

/// What readers are told about a closed thread.
pub type ThreadMessage = Line<500>;

/// Declares an enum whose names are the same in the database and on the wire.
macro_rules! named_states {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] #[deserr(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The value of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }
    };
}

pub(crate) use named_states;

named_states! {
    /// What a thread takes and shows.
    ThreadState {
        /// Comments are shown and taken.
        Open = "open",
        /// Comments are shown; the discussion is over.
        Closed = "closed",
        /// Comments are shown; none are taken for now.
        ReadOnly = "read_only",
        /// Comments are neither shown nor taken.
        Hidden = "hidden",
    }
}

named_states! {
    /// When a new comment is shown.
    Moderation {
        /// When a moderator has approved it.
        Pre = "pre",
        /// At once; a moderator may take it away.
        Post = "post",
    }
}

named_states! {
    /// Who may write comments, beside the newsroom.
    CommentsFrom {
        /// Everybody who gives a name.
        Everyone = "everyone",
        /// Readers whom the identity provider of the site vouches for.
        Identified = "identified",
    }
}

named_states! {
    /// Who may vote on comments, beside the newsroom.
    VotesFrom {
        /// Everybody, once for each network.
        Everyone = "everyone",
        /// Readers whom the identity provider of the site vouches for.
        Identified = "identified",
        /// Nobody.
        Nobody = "nobody",
    }
}

named_states! {
    /// The order of a thread.
    ThreadSort {
        /// The oldest first.
        Oldest = "oldest",
        /// The newest first.
        Newest = "newest",
        /// The highest score first, and of equal ones the newest.
        Top = "top",
        /// First what was last answered.
        Active = "active",
    }
}

named_states! {
    /// How a thread is laid out.
    ThreadView {
        /// Every comment stands before the replies to it.
        Threaded = "threaded",
        /// One comment after the other, whatever it answers.
        Flat = "flat",
    }
}

named_states! {
    /// Where a comment stands with the moderators.
    CommentState {
        /// Nobody has decided yet.
        Pending = "pending",
        /// Readers see it.
        Approved = "approved",
        /// A moderator refused it.
        Rejected = "rejected",
        /// It is spam.
        Spam = "spam",
        /// It was there and was taken away.
        Removed = "removed",
    }
}

impl ThreadState {
    /// What it is recorded as that a thread comes into this state.
    #[must_use]
    pub fn entered_as(self) -> Action {
        match self {
            Self::Open => Action::ThreadOpened,
            Self::Closed => Action::ThreadClosed,
            Self::ReadOnly => Action::ThreadSetReadOnly,
            Self::Hidden => Action::ThreadHidden,
        }
    }
}

impl CommentState {
    /// What the decision to put a comment into this state is recorded as.
    #[must_use]
    pub fn recorded_as(self) -> Action {
        match self {
            Self::Pending => Action::CommentHeld,
            Self::Approved => Action::CommentApproved,
            Self::Rejected => Action::CommentRejected,
            Self::Spam => Action::CommentMarkedSpam,
            Self::Removed => Action::CommentRemoved,
        }
    }
}

/// A row of `threads`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = threads)]
pub struct ThreadRow {
    /// The article.
    pub article_id: RowId,
    /// The name of the state.
    pub state: String,
    /// What readers are told about it.
    pub message: Option<String>,
    /// The name of the moderation mode.
    pub moderation: String,
    /// The ordinal that was given last; it never goes down, or a path would be given twice.
    pub last_ordinal: i32,
    /// Comments that readers see.
    pub approved_count: i32,
    /// Comments that wait for a moderator.
    pub pending_count: i32,
    /// Counts the changes of the thread itself, from 1.
    pub revision: i32,
    /// When the thread itself was last changed.
    pub updated_at: RowTime,
    /// Comments that a moderator refused.
    pub rejected_count: i32,
    /// Comments that are spam.
    pub spam_count: i32,
    /// Comments that were taken away.
    pub removed_count: i32,
    /// Counts whatever changes what readers see of the thread, from 1.
    pub change_sequence: i64,
    /// The name of the reason for which it takes no comments; none while it is open.
    pub closed_reason: Option<String>,
    /// When it will close by itself.
    pub closes_at: Option<RowTime>,
    /// After how many days it closes: the rule of the article itself, 0 for never. Without one the rule of the section
    /// counts, then that of the site.
    pub close_after_days: Option<i32>,
}

impl ThreadRow {
    /// The state; a name that this version does not know shows and takes nothing.
    #[must_use]
    pub fn state(&self) -> ThreadState {
        ThreadState::from_name(&self.state).unwrap_or(ThreadState::Hidden)
    }

    /// The moderation mode; a name that this version does not know shows nothing at once.
    #[must_use]
    pub fn moderation(&self) -> Moderation {
        Moderation::from_name(&self.moderation).unwrap_or(Moderation::Pre)
    }
}

/// A row of `comments`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = comments)]
pub struct CommentRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The comment that it answers.
    pub parent_id: Option<RowId>,
    /// Its place in the thread; see [`thread_path`](crate::comments::thread_path).
    pub path: String,
    /// Its level, from 1.
    pub depth: i32,
    /// The name of the state.
    pub state: String,
    /// Who wrote it.
    pub author_name: Option<String>,
    /// Their own page.
    pub author_url: Option<String>,
    /// The revision of the article that readers saw when it was written.
    pub article_revision: Option<i32>,
    /// The approved answers to it.
    pub reply_count: i32,
    /// The approved comments below it, at any depth.
    pub descendant_count: i32,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When it was written.
    pub created_at: RowTime,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// The source of the text.
    pub body_markdown: String,
    /// The text as sanitized HTML.
    pub body_html: String,
    /// The text without markup.
    pub body_text: String,
    /// What readers' votes make of it.
    pub score: i32,
    /// When the newest approved comment of its branch was written: itself, or one below it.
    pub last_activity_at: RowTime,
    /// Moderators hold it up before all others.
    pub is_pinned: bool,
    /// Moderators recommend it.
    pub is_featured: bool,
    /// It was written by an account of the newsroom.
    pub is_staff: bool,
    /// When its writer last changed the text.
    pub edited_at: Option<RowTime>,
    /// The change sequence of the thread when what readers see of the comment last changed.
    pub change_sequence: i64,
}

/// A row of `comment_writers`: what is known of who wrote a comment, and never shown to readers.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_writers)]
pub struct CommentWriterRow {
    /// The comment.
    pub comment_id: RowId,
    /// The article that it stands under.
    pub article_id: RowId,
    /// The account of the newsroom, if one wrote it.
    pub account_id: Option<RowId>,
    /// The reader whom the identity provider of the site vouched for, if one wrote it.
    pub commenter_id: Option<RowId>,
    /// The e-mail address that was given.
    pub email: Option<String>,
    /// A keyed hash of the network that it came from.
    pub network_key: Option<RowId>,
    /// A keyed hash of writer, place and text, by which the same is known again.
    pub text_digest: Option<RowId>,
    /// The SHA-256 of the edit token, if one was given out.
    pub edit_token_hash: Option<String>,
    /// When the comment was written.
    pub written_at: RowTime,
    /// When its writer took it back.
    pub withdrawn_at: Option<RowTime>,
}

impl CommentRow {
    /// Whether readers see the comment, or the place that it leaves above others.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.state() == CommentState::Approved || self.descendant_count > 0
    }

    /// The state; a name that this version does not know is not shown.
    #[must_use]
    pub fn state(&self) -> CommentState {
        CommentState::from_name(&self.state).unwrap_or(CommentState::Removed)
    }
}

/// Bytes of text after which a page ends, so that no answer is larger than a mebibyte: escaping at most doubles them.
const PAGE_BYTES: usize = 384 * 1024;

/// How many of the rows fit into one answer; at least one.
#[must_use]
pub fn fitting(rows: &[CommentRow]) -> usize {
    rows.iter()
        .scan(0_usize, |bytes, row| {
            *bytes = bytes
                .saturating_add(row.body_html.len())
                .saturating_add(row.body_text.len());
            Some(*bytes)
        })
        .take_while(|bytes| *bytes <= PAGE_BYTES)
        .count()
        .max(1)
}

/// A comment with what only moderators learn of its writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeratedComment {
    /// The comment.
    pub row: CommentRow,
    /// Its writer, where anything is known.
    pub writer: Option<CommentWriterRow>,
}

/// How many comments there are in each state, as the threads have counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentStateCounts {
    /// Those that wait for a moderator.
    pub pending: i64,
    /// Those that readers see.
    pub approved: i64,
    /// Those that a moderator refused.
    pub rejected: i64,
    /// Those that are spam.
    pub spam: i64,
    /// Those that were taken away.
    pub removed: i64,
}

/// A comment that a reader sends, checked.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// The id.
    pub id: Uuid,
    /// The comment that it answers.
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub writer: CommentWriter,
    /// Their e-mail address.
    pub author_email: Option<EmailAddress>,
    /// Their own page.
    pub author_url: Option<PlainWebAddress>,
    /// The text.
    pub body: Rendered,
    /// A keyed hash of writer, place and text, by which the same is known again.
    pub text_digest: Uuid,
    /// The network that it comes from, as a keyed hash.
    pub network_key: Uuid,
    /// The SHA-256 of the edit token, where the writer is given one.
    pub edit_token_hash: Option<String>,
    /// When it is written.
    pub now: DateTime<Utc>,
}

/// Who writes a comment.
#[derive(Debug, Clone)]
pub enum CommentWriter {
    /// Somebody who gives a name.
    Anonymous {
        /// The name.
        name: ReaderName,
    },
    /// A reader whom the identity provider of the site vouches for.
    Identified {
        /// The id under which they are stored if they are new here.
        new_id: Uuid,
        /// The issuer that names them.
        issuer: String,
        /// Whom it names.
        subject: String,
        /// The name to show.
        name: ReaderName,
    },
    /// An account.
    Account {
        /// The account.
        account_id: Uuid,
        /// The name to show, if not that of the account.
        name: Option<ReaderName>,
        /// What the account is in the newsroom.
        standing: WriterStanding,
    },
}

/// What an account that writes a comment is in the newsroom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriterStanding {
    /// Nothing: it is a reader like others.
    Reader,
    /// It belongs to the newsroom.
    Staff,
    /// It belongs to the newsroom and decides about comments, also about its own.
    Moderator,
}

/// A reader whom the identity provider of the site vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifiedReader {
    /// The issuer of the token.
    pub issuer: String,
    /// The subject of the token, which names the reader to the issuer.
    pub subject: String,
    /// The name to show, if the token has one that can be.
    pub name: Option<ReaderName>,
}

/// A row of `commenters`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = commenters)]
pub struct CommenterRow {
    /// The id.
    pub id: RowId,
    /// The identity provider.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// The name that was shown last.
    pub name: String,
    /// When they first wrote.
    pub created_at: RowTime,
    /// When their name last changed, or they last wrote.
    pub updated_at: RowTime,
}

/// A comment that a document brings. It was moderated where it comes from.
#[derive(Debug, Clone)]
pub struct ImportedComment {
    /// Its id, in a document that this server wrote.
    pub id: Option<Uuid>,
    /// Who wrote it, if the document says.
    pub author_name: Option<CommenterName>,
    /// Their own page.
    pub author_url: Option<WebAddress>,
    /// When it was written, if the document says.
    pub created_at: Option<DateTime<Utc>>,
    /// The text.
    pub body: Rendered,
    /// The place in the document of the comment that it answers; always an earlier one.
    pub parent: Option<usize>,
}

/// What a moderator decides about a comment. What is left out stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The state that it shall be in.
    pub state: Option<CommentState>,
    /// Whether it is held up before all others.
    pub is_pinned: Option<bool>,
    /// Whether it is recommended.
    pub is_featured: Option<bool>,
}

/// The most comments of a thread that can be pinned.
pub const MOST_PINNED: i64 = 10;

/// Which comments a moderator's list shows.
#[derive(Debug, Clone)]
pub struct CommentFilter {
    /// Those in this state.
    pub state: Option<CommentState>,
    /// Those of this article.
    pub article_id: Option<Uuid>,
}

/// Why a comment or a thread was not stored.
#[derive(Debug)]
pub enum CommentFailure {
    /// There is no such comment or thread that the caller can see.
    Absent,
    /// There is no such published article.
    ArticleAbsent,
    /// The thread does not take what the reader sends.
    Closed(ThreadStanding),
    /// The thread was to be opened with a rule by which it closes at once.
    ClosesAtOnce,
    /// The comment to answer is not one that readers see in this thread.
    ParentUnknown,
    /// The answer would stand too deep.
    TooDeep,
    /// The same writer posted the same before.
    Duplicate {
        /// The comment, if readers see it.
        conflicting_id: Option<Uuid>,
    },
    /// As many comments of the thread are pinned as can be.
    TooManyPinned,
    /// Its writer took it back, so that nobody can bring it back.
    Withdrawn,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for CommentFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for CommentFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
