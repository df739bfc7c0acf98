//! Corrections: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Utc};
use diesel::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::articles::access::{AccessFailure, ArticleAccess};
use crate::articles::article::Ownership;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::corrections;
use crate::database::timestamp::RowTime;
use crate::field::Prose;
use crate::http::times;
use crate::state::Stamp;

/// What readers are told.
pub type CorrectionNote = Prose<2_000>;

/// The most corrections of an article.
pub const MAX_CORRECTIONS: i64 = 100;

/// The revision of every correction: they are made and removed, and never changed.
pub const CORRECTION_REVISION: i32 = 1;

/// A row of `corrections`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = corrections)]
pub struct CorrectionRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// What readers are told.
    pub note: String,
    /// The revision that the error was in.
    pub from_revision: Option<i32>,
    /// When it was made.
    pub created_at: RowTime,
    /// The account that made it.
    pub created_by: RowId,
}

/// What readers get of a correction, as the snapshot of an article holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedCorrection {
    /// What they are told.
    pub note: String,
    /// The revision that the error was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_revision: Option<i32>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
}

/// A new correction, checked as far as it can be without the article.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    /// The id.
    pub id: Uuid,
    /// What readers are told.
    pub note: CorrectionNote,
    /// The revision that the error was in.
    pub from_revision: Option<i32>,
}

/// One correction of an article, as a caller reaches it.
#[derive(Debug, Clone, Copy)]
pub struct CorrectionPlace {
    /// The article.
    pub article: Uuid,
    /// The articles that the caller reaches.
    pub ownership: Ownership,
    /// The correction.
    pub correction: Uuid,
}

/// Why a correction was not stored.
#[derive(Debug)]
pub enum CorrectionFailure {
    /// The caller does not reach the article.
    Article(AccessFailure),
    /// The article has no such correction.
    Absent,
    /// The request names another revision than the one that every correction has.
    Stale(StaleRevision),
    /// The error was in a revision that the article does not have yet.
    RevisionAhead {
        /// The revision that the article has.
        current: i32,
    },
    /// The article has as many as it may have.
    TooMany,
    /// The database failed.
    Database(Failure),
}

impl NewCorrection {
    /// The row of the correction that an account makes.
    ///
    /// # Errors
    /// [`CorrectionFailure::RevisionAhead`] when the error was in a revision that does not exist yet.
    pub fn into_row(self, article: &ArticleAccess, stamp: &Stamp) -> Result<CorrectionRow, CorrectionFailure> {
        let Self {
            id,
            note,
            from_revision,
        } = self;
        if from_revision.is_some_and(|revision| revision > article.revision) {
            let current = article.revision;
            return Err(CorrectionFailure::RevisionAhead { current });
        }
        Ok(CorrectionRow {
            id: RowId(id),
            article_id: article.id,
            note: note.into_string(),
            from_revision,
            created_at: stamp.now.into(),
            created_by: RowId(stamp.account_id),
        })
    }
}

impl CorrectionRow {
    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: CORRECTION_REVISION,
            changed_by: Some(self.created_by.0),
            changed_at: self.created_at.utc(),
        }
    }
}

impl PublishedCorrection {
    /// Corrections as the snapshot of an article holds them: a JSON array.
    ///
    /// # Errors
    /// [`Failure::Internal`] when it cannot be written, which is a defect.
    pub fn write_all(all: &[Self]) -> Result<String, Failure> {
        serde_json::to_string(all).map_err(|error| Failure::Internal(error.to_string()))
    }

    /// The corrections in the snapshot of an article. A text that is none of ours tells none.
    #[must_use]
    pub fn read_all(json: &str) -> Vec<Self> {
        serde_json::from_str(json).unwrap_or_default()
    }
}

impl From<CorrectionRow> for PublishedCorrection {
    fn from(row: CorrectionRow) -> Self {
        let CorrectionRow {
            id: _,
            article_id: _,
            note,
            from_revision,
            created_at,
            created_by: _,
        } = row;
        Self {
            note,
            from_revision,
            created_at: created_at.utc(),
        }
    }
}

impl From<AccessFailure> for CorrectionFailure {
    fn from(failure: AccessFailure) -> Self {
        Self::Article(failure)
    }
}

impl From<Failure> for CorrectionFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for CorrectionFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_snapshot_holds_is_read_back() {
        let at: DateTime<Utc> = "2026-03-01T12:00:00.123Z".parse().unwrap();
        let correction = |note: &str, from_revision| PublishedCorrection {
            note: note.to_owned(),
            from_revision,
            created_at: at,
        };
        let all = [correction("The ship was \"Ada\".", Some(2)), correction("So <b>", None)];
        let json = PublishedCorrection::write_all(&all).unwrap();
        assert_eq!(
            json,
            r#"[{"note":"The ship was \"Ada\".","from_revision":2,"created_at":"2026-03-01T12:00:00.123Z"},{"note":"So <b>","created_at":"2026-03-01T12:00:00.123Z"}]"#
        );
        assert_eq!(PublishedCorrection::read_all(&json), all);
        assert_eq!(PublishedCorrection::read_all("[]"), []);
        assert_eq!(PublishedCorrection::read_all("damaged"), []);
    }
}
