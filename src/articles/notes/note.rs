//! Notes: rows, rules and what can go wrong when they change.

use deserr::Deserr;
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::access::AccessFailure;
use crate::articles::article::Ownership;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::article_notes;
use crate::database::timestamp::RowTime;
use crate::field::Prose;
use crate::state::Stamp;

/// The text of a note.
pub type NoteBody = Prose<10_000>;

/// A row of `article_notes`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = article_notes, treat_none_as_null = true)]
pub struct NoteRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The text.
    pub body: String,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// The revision of the article that it was written about.
    pub about_revision: i32,
    /// When it was written.
    pub created_at: RowTime,
    /// The account that wrote it.
    pub created_by: RowId,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// When it was resolved.
    pub resolved_at: Option<RowTime>,
    /// The account that resolved it.
    pub resolved_by: Option<RowId>,
}

/// Whether a note still asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum NoteState {
    /// It does.
    #[deserr(rename = "open")]
    Open,
    /// It was dealt with.
    #[deserr(rename = "resolved")]
    Resolved,
}

/// A new note, checked.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// The id.
    pub id: Uuid,
    /// The text.
    pub body: NoteBody,
}

/// What shall change about a note.
#[derive(Debug, Clone)]
pub struct NoteChange {
    /// The text, if it shall change.
    pub body: Option<NoteBody>,
    /// The state, if it shall change.
    pub state: Option<NoteState>,
}

/// One note of an article, as a caller reaches it.
#[derive(Debug, Clone, Copy)]
pub struct NotePlace {
    /// The article.
    pub article: Uuid,
    /// The articles that the caller reaches.
    pub ownership: Ownership,
    /// The note.
    pub note: Uuid,
}

/// Whose notes a caller may remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteReach {
    /// Everybody's.
    All,
    /// Those that this account wrote.
    WrittenBy(Uuid),
}

/// Why a note was not stored.
#[derive(Debug)]
pub enum NoteFailure {
    /// The caller does not reach the article.
    Article(AccessFailure),
    /// The article has no such note.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Somebody else wrote it.
    NotTheWriter,
    /// The database failed.
    Database(Failure),
}

impl NoteRow {
    /// The note that an account writes about a revision of an article.
    #[must_use]
    pub fn new(new: NewNote, article: RowId, about_revision: i32, stamp: &Stamp) -> Self {
        let NewNote { id, body } = new;
        Self {
            id: RowId(id),
            article_id: article,
            body: body.into_string(),
            revision: 1,
            about_revision,
            created_at: stamp.now.into(),
            created_by: RowId(stamp.account_id),
            updated_at: stamp.now.into(),
            resolved_at: None,
            resolved_by: None,
        }
    }

    /// Whether it still asks for something.
    #[must_use]
    pub fn state(&self) -> NoteState {
        match self.resolved_at {
            None => NoteState::Open,
            Some(_) => NoteState::Resolved,
        }
    }

    /// What a writer is told who expected another revision. Who resolved or reopened it last is not kept.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: None,
            changed_at: self.updated_at.utc(),
        }
    }

    /// The note after a change. One that changes nothing is no new revision.
    ///
    /// # Errors
    /// [`NoteFailure::NotTheWriter`] when somebody else than the writer wants another text.
    pub fn changed(self, change: NoteChange, stamp: &Stamp) -> Result<Self, NoteFailure> {
        let NoteChange { body, state } = change;
        if body.is_some() && !NoteReach::WrittenBy(stamp.account_id).covers(&self) {
            return Err(NoteFailure::NotTheWriter);
        }
        let mut row = self.clone();
        row.body = body.map_or(row.body, NoteBody::into_string);
        match state.filter(|state| *state != self.state()) {
            None => {}
            Some(NoteState::Open) => (row.resolved_at, row.resolved_by) = (None, None),
            Some(NoteState::Resolved) => {
                (row.resolved_at, row.resolved_by) = (Some(stamp.now.into()), Some(RowId(stamp.account_id)));
            }
        }
        if row == self {
            return Ok(row);
        }
        row.revision = row.revision.saturating_add(1);
        row.updated_at = stamp.now.into();
        Ok(row)
    }
}

impl NoteReach {
    /// Whether it reaches this note.
    #[must_use]
    pub fn covers(self, row: &NoteRow) -> bool {
        match self {
            Self::All => true,
            Self::WrittenBy(account) => row.created_by == RowId(account),
        }
    }
}

impl From<AccessFailure> for NoteFailure {
    fn from(failure: AccessFailure) -> Self {
        Self::Article(failure)
    }
}

impl From<Failure> for NoteFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for NoteFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
