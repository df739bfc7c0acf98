//! Series: rows, rules and what can go wrong when they change.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::conflict::{SlugConflict, StaleRevision};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::series;
use crate::database::timestamp::RowTime;
use crate::field::{Line, Prose};
use crate::http::patch::Patch;
use crate::slug::Slug;

/// The title of a series.
pub type SeriesTitle = Line<300>;

/// What a series is about, as plain text.
pub type SeriesDescription = Prose<2_000>;

/// A row of `series`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = series, treat_none_as_null = true)]
pub struct SeriesRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The title.
    pub title: String,
    /// What the series is about.
    pub description: Option<String>,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When the series was made.
    pub created_at: RowTime,
    /// When the series was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: Option<RowId>,
}

impl SeriesRow {
    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: self.updated_by.map(|account| account.0),
            changed_at: self.updated_at.utc(),
        }
    }
}

/// A new series, checked.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The id.
    pub id: Uuid,
    /// The title.
    pub title: SeriesTitle,
    /// The slug that is wanted.
    pub slug: Slug,
    /// What the series is about.
    pub description: Option<SeriesDescription>,
}

/// What shall change about a series.
#[derive(Debug, Clone)]
pub struct SeriesChange {
    /// The title, if it shall change.
    pub title: Option<SeriesTitle>,
    /// The slug, if it shall change.
    pub slug: Option<Slug>,
    /// What the series is about.
    pub description: Patch<SeriesDescription>,
}

/// A series found by a slug.
#[derive(Debug)]
pub enum SeriesLookup {
    /// The series has this slug.
    Found(SeriesRow),
    /// The series had this slug and has another now.
    Moved(SeriesRow),
    /// None has or had it.
    Absent,
}

/// Why a series was not stored.
#[derive(Debug)]
pub enum SeriesFailure {
    /// There is no such series.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Another series has the slug.
    SlugTaken(SlugConflict),
    /// Articles, or what readers see of them, belong to it.
    InUse,
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for SeriesFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for SeriesFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
