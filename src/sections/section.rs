//! Sections: rows, rules and what can go wrong when they change.

use std::fmt;

use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, Value, ValuePointerRef};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::comments::thread_state::ThreadDays;
use crate::conflict::{SlugConflict, StaleRevision};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::sections;
use crate::database::timestamp::RowTime;
use crate::field::{Line, Prose, Refusal};
use crate::http::patch::Patch;
use crate::sections::tree::TreePlace;
use crate::slug::Slug;

/// The name of a section.
pub type SectionName = Line<120>;

/// What a section is about, as plain text.
pub type SectionDescription = Prose<2_000>;

/// The largest position: the key of the order has six digits for it.
pub const MAX_POSITION: i32 = 999_999;

/// The place of a section among its siblings: 0 to 999,999. Equal ones are sorted by slug.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SectionPosition(i32);

/// A number that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionPositionFault {
    found: i64,
}

impl SectionPosition {
    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl TryFrom<i64> for SectionPosition {
    type Error = SectionPositionFault;

    fn try_from(found: i64) -> Result<Self, SectionPositionFault> {
        match i32::try_from(found) {
            Ok(position) if (0..=MAX_POSITION).contains(&position) => Ok(Self(position)),
            _ => Err(SectionPositionFault { found }),
        }
    }
}

impl<E: DeserializeError + MergeWithError<SectionPositionFault>> Deserr<E> for SectionPosition {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let found = match value {
            // A number that an i64 cannot hold is out of bounds like any other.
            Value::Integer(large) => i64::try_from(large).unwrap_or(i64::MAX),
            other => i64::deserialize_from_value(other, location)?,
        };
        Self::try_from(found).map_err(|fault| deserr::take_cf_content(E::merge(None, fault, location)))
    }
}

impl fmt::Display for SectionPositionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a number from 0 to {MAX_POSITION}", self.found)
    }
}

impl Refusal for SectionPositionFault {
    fn code(&self) -> &'static str {
        "out-of-range"
    }
}

/// A row of `sections`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sections, treat_none_as_null = true)]
pub struct SectionRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// What the section is about.
    pub description: Option<String>,
    /// The section directly above.
    pub parent_id: Option<RowId>,
    /// The place among its siblings.
    pub position: i32,
    /// The level, 0 for a root.
    pub depth: i32,
    /// The slugs from the root on.
    pub path: String,
    /// The key that lists are sorted by.
    pub tree_order: String,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When the section was made.
    pub created_at: RowTime,
    /// When the section was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: Option<RowId>,
    /// After how many days the threads of its articles close, and of those below that say nothing else; 0 for never.
    pub comments_close_after_days: Option<i32>,
}

impl SectionRow {
    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: self.updated_by.map(|account| account.0),
            changed_at: self.updated_at.utc(),
        }
    }

    /// Where the section stands.
    #[must_use]
    pub fn place(&self) -> TreePlace {
        TreePlace {
            path: self.path.clone(),
            tree_order: self.tree_order.clone(),
            depth: self.depth,
        }
    }
}

/// A new section, checked.
#[derive(Debug, Clone)]
pub struct NewSection {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: SectionName,
    /// The slug that is wanted.
    pub slug: Slug,
    /// What the section is about.
    pub description: Option<SectionDescription>,
    /// The section directly above.
    pub parent: Option<Slug>,
    /// The place among its siblings.
    pub position: SectionPosition,
    /// After how many days the threads of its articles close.
    pub comments_close_after_days: Option<ThreadDays>,
}

/// What shall change about a section.
#[derive(Debug, Clone)]
pub struct SectionChange {
    /// The name, if it shall change.
    pub name: Option<SectionName>,
    /// The slug, if it shall change.
    pub slug: Option<Slug>,
    /// What the section is about.
    pub description: Patch<SectionDescription>,
    /// The section directly above.
    pub parent: Patch<Slug>,
    /// The place among its siblings, if it shall change.
    pub position: Option<SectionPosition>,
    /// After how many days the threads of its articles close.
    pub comments_close_after_days: Patch<ThreadDays>,
}

/// A section found by a slug.
#[derive(Debug)]
pub enum SectionLookup {
    /// The section has this slug.
    Found(SectionRow),
    /// The section had this slug and has another now.
    Moved(SectionRow),
    /// None has or had it.
    Absent,
}

/// What stands in the way of removing a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionUse {
    /// Other sections stand below it.
    Sections,
    /// Articles, or what readers see of them, are in it.
    Articles,
}

/// Why a section was not stored.
#[derive(Debug)]
pub enum SectionFailure {
    /// There is no such section.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Another section has the slug.
    SlugTaken(SlugConflict),
    /// No section has the slug that shall be above.
    ParentUnknown {
        /// The slug.
        wanted: Slug,
        /// The slug of the section that had it before.
        moved_to: Option<String>,
    },
    /// The section would stand below itself.
    Cycle {
        /// The slugs from the section down to what shall be above it, and back.
        way: Vec<String>,
    },
    /// The section, or one below it, would stand too deep.
    TooDeep,
    /// Something needs the section.
    InUse(SectionUse),
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for SectionFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for SectionFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_at_most_six_digits() {
        assert_eq!(SectionPosition::try_from(999_999).unwrap().get(), 999_999);
        assert_eq!(SectionPosition::try_from(0).unwrap().get(), 0);
        for found in [-1, 1_000_000, i64::MAX] {
            assert_eq!(SectionPosition::try_from(found), Err(SectionPositionFault { found }));
        }
    }
}
