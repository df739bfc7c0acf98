//! Mentions: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit::action::Action;
use crate::comments::comment::{CommenterName, named_states};
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::mentions;
use crate::database::timestamp::RowTime;
use crate::field::WebAddress;

named_states! {
    /// By what a mention was told.
    MentionKind {
        /// Pingback 1.0: another page links here.
        Pingback = "pingback",
        /// The `TrackBack` Technical Specification: another page says that it links here.
        Trackback = "trackback",
        /// Webmention (W3C Recommendation, 2017).
        Webmention = "webmention",
    }
}

named_states! {
    /// Where a mention stands with the moderators.
    MentionState {
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

impl MentionState {
    /// What the decision to put a mention into this state is recorded as.
    #[must_use]
    pub fn recorded_as(self) -> Action {
        match self {
            Self::Pending => Action::MentionHeld,
            Self::Approved => Action::MentionApproved,
            Self::Rejected => Action::MentionRejected,
            Self::Spam => Action::MentionMarkedSpam,
            Self::Removed => Action::MentionRemoved,
        }
    }
}

/// A row of `mentions`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mentions)]
pub struct MentionRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The name of the kind.
    pub kind: String,
    /// The name of the state.
    pub state: String,
    /// The page that links here, if it is known.
    pub source_url: Option<String>,
    /// The title of that page.
    pub title: Option<String>,
    /// Who wrote it.
    pub author_name: Option<String>,
    /// What it says, without markup.
    pub excerpt: String,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When it came.
    pub created_at: RowTime,
    /// When it was last changed.
    pub updated_at: RowTime,
}

impl MentionRow {
    /// The kind; the database knows no other names.
    #[must_use]
    pub fn kind(&self) -> MentionKind {
        MentionKind::from_name(&self.kind).unwrap_or(MentionKind::Pingback)
    }

    /// The state; a name that this version does not know is not shown.
    #[must_use]
    pub fn state(&self) -> MentionState {
        MentionState::from_name(&self.state).unwrap_or(MentionState::Removed)
    }
}

/// A mention that a document brings. It was moderated where it comes from.
#[derive(Debug, Clone)]
pub struct ImportedMention {
    /// Its id, in a document that this server wrote.
    pub id: Option<Uuid>,
    /// By what it was told.
    pub kind: MentionKind,
    /// The page that links here, if the document says.
    pub source_url: Option<WebAddress>,
    /// Who wrote it, if the document says.
    pub author_name: Option<CommenterName>,
    /// What it says, without markup.
    pub excerpt: String,
    /// When it came, if the document says.
    pub created_at: Option<DateTime<Utc>>,
}

/// Which mentions a moderator's list shows.
#[derive(Debug, Clone)]
pub struct MentionFilter {
    /// Those in this state.
    pub state: Option<MentionState>,
    /// Those of this kind.
    pub kind: Option<MentionKind>,
    /// Those of this article.
    pub article_id: Option<Uuid>,
}

/// Why a mention was not found or not changed.
#[derive(Debug)]
pub enum MentionFailure {
    /// There is no such mention.
    Absent,
    /// There is no such published article.
    ArticleAbsent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for MentionFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for MentionFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
