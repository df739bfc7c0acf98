//! What readers may do with a comment of their own: rules and failures, pure.

use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::comments::comment::{
    CommentFailure, CommentRow, CommentState, CommentWriterRow, Moderation, ReaderName, ThreadRow, WriterStanding,
};
use crate::comments::thread_state::ReaderAct;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::comment_revisions;
use crate::database::timestamp::RowTime;
use crate::field::PlainWebAddress;
use crate::http::patch::Patch;
use crate::markup::Rendered;

/// By what somebody claims to have written a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterClaim {
    /// By the edit token that the post was answered with.
    EditToken {
        /// The comment that the token names.
        comment: Uuid,
        /// The SHA-256 of its secret.
        secret_hash: String,
    },
    /// By a token of the identity provider of the site.
    Commenter {
        /// The issuer.
        issuer: String,
        /// The subject.
        subject: String,
    },
    /// By an account.
    Account {
        /// The account.
        id: Uuid,
        /// How far the newsroom trusts it.
        standing: WriterStanding,
    },
}

/// A comment with everything that decides what its writer may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnComment {
    /// The comment.
    pub row: CommentRow,
    /// Its writer.
    pub writer: CommentWriterRow,
    /// Its thread.
    pub thread: ThreadRow,
    /// Minutes after posting in which it can be edited; 0 for never.
    pub edit_minutes: i32,
}

/// What the writer of a comment learns of its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnCommentState {
    /// It waits for a moderator.
    Pending,
    /// Readers see it.
    Approved,
    /// A moderator refused it.
    Rejected,
    /// A moderator took it away.
    Removed,
    /// Its writer took it back.
    Withdrawn,
}

/// Why a comment waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommentHold {
    /// A moderator has to look at it first.
    Moderation,
}

/// What its writer wants to change about a comment.
#[derive(Debug, Clone)]
pub struct CommentEdit {
    /// The text, if it shall change.
    pub body: Option<Rendered>,
    /// The name, if it shall change.
    pub author_name: Option<ReaderName>,
    /// Their own page.
    pub author_url: Patch<PlainWebAddress>,
}

/// A row of `comment_revisions`: what a comment said before an edit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_revisions)]
pub struct CommentRevisionRow {
    /// The comment.
    pub comment_id: RowId,
    /// Counts the texts of the comment, from 1.
    pub number: i32,
    /// The source of the text.
    pub body_markdown: String,
    /// When it was written.
    pub written_at: RowTime,
}

/// Why something was not done with a comment in the name of its writer.
#[derive(Debug)]
pub enum OwnCommentFailure {
    /// The edit token is of no comment.
    TokenInvalid,
    /// Its writer took it back before.
    Withdrawn,
    /// A moderator refused it or took it away.
    Refused,
    /// The time in which it could be edited is over, or there was none.
    WindowOver {
        /// When it was over, if there was one.
        until: Option<DateTime<Utc>>,
    },
    /// What can go wrong with every comment.
    Comment(CommentFailure),
}

impl OwnComment {
    /// What its writer learns of the state.
    #[must_use]
    pub fn state(&self) -> OwnCommentState {
        if self.writer.withdrawn_at.is_some() {
            return OwnCommentState::Withdrawn;
        }
        match self.row.state() {
            CommentState::Pending => OwnCommentState::Pending,
            CommentState::Approved => OwnCommentState::Approved,
            // What the newsroom calls it is not the writer's concern.
            CommentState::Rejected | CommentState::Spam => OwnCommentState::Rejected,
            CommentState::Removed => OwnCommentState::Removed,
        }
    }

    /// Why it waits, if it does.
    #[must_use]
    pub fn hold(&self) -> Option<CommentHold> {
        (self.state() == OwnCommentState::Pending).then_some(CommentHold::Moderation)
    }

    /// When the time is over in which it can be edited; `None` where there is none.
    #[must_use]
    pub fn edit_until(&self) -> Option<DateTime<Utc>> {
        edit_until(self.row.created_at.utc(), self.edit_minutes)
    }

    /// Passes if it can be edited at a moment.
    ///
    /// # Errors
    /// Every [`OwnCommentFailure`] but that of the token.
    pub fn require_editable(&self, now: DateTime<Utc>) -> Result<(), OwnCommentFailure> {
        self.require_not_withdrawn()?;
        if !matches!(self.row.state(), CommentState::Pending | CommentState::Approved) {
            return Err(OwnCommentFailure::Refused);
        }
        let until = self.edit_until();
        if until.is_none_or(|until| now >= until) {
            return Err(OwnCommentFailure::WindowOver { until });
        }
        Ok(self.thread.require(ReaderAct::Edit, now)?)
    }

    /// Passes if its writer has not taken it back.
    ///
    /// # Errors
    /// [`OwnCommentFailure::Withdrawn`].
    pub fn require_not_withdrawn(&self) -> Result<(), OwnCommentFailure> {
        match self.writer.withdrawn_at {
            None => Ok(()),
            Some(_) => Err(OwnCommentFailure::Withdrawn),
        }
    }

    /// Whether it waits for a moderator again once this sender has edited it.
    #[must_use]
    pub fn waits_after_edit_by(&self, claim: &WriterClaim) -> bool {
        self.row.state() == CommentState::Approved
            && self.thread.moderation() == Moderation::Pre
            && !matches!(
                claim,
                WriterClaim::Account {
                    standing: WriterStanding::Moderator,
                    ..
                }
            )
    }
}

/// When the time is over in which a comment can be edited that was posted at a moment; `None` where there is none.
#[must_use]
pub fn edit_until(posted: DateTime<Utc>, minutes: i32) -> Option<DateTime<Utc>> {
    (minutes > 0)
        .then(|| posted.checked_add_signed(Duration::minutes(i64::from(minutes))))
        .flatten()
}

impl From<CommentFailure> for OwnCommentFailure {
    fn from(failure: CommentFailure) -> Self {
        Self::Comment(failure)
    }
}

impl From<Failure> for OwnCommentFailure {
    fn from(failure: Failure) -> Self {
        Self::Comment(failure.into())
    }
}

impl From<diesel::result::Error> for OwnCommentFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Comment(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_edit_begins_with_the_post() {
        let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(edit_until(noon, 15), "2026-03-01T12:15:00Z".parse().ok());
        assert_eq!(edit_until(noon, 0), None);
        assert_eq!(edit_until(noon, -1), None);
        assert_eq!(edit_until(DateTime::<Utc>::MAX_UTC, i32::MAX), None);
    }
}
