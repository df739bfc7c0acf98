//! The two ways in which a write meets what somebody else wrote.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::slug::Slug;

/// The write names a revision that is not the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleRevision {
    /// The current revision.
    pub revision: i32,
    /// The account that made it, where that is known.
    pub changed_by: Option<Uuid>,
    /// When it was made.
    pub changed_at: DateTime<Utc>,
}

/// The write wants a slug that something else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlugConflict {
    /// The slug that was wanted.
    pub wanted: Slug,
    /// What has it.
    pub conflicting_id: Uuid,
    /// A slug that is free.
    pub suggestion: Slug,
}

impl SlugConflict {
    /// The conflict with the first slug that is free. `holder` is what has the slug that is wanted; `taken` are those of
    /// [`candidates`] that something has.
    #[must_use]
    pub fn suggesting(wanted: Slug, holder: Option<Uuid>, taken: &[String], fresh_id: Uuid) -> Self {
        let suggestion = first_free(&wanted, taken, fresh_id);
        Self {
            wanted,
            // What had it a moment ago may be gone by now.
            conflicting_id: holder.unwrap_or_default(),
            suggestion,
        }
    }
}

/// How many numbers after a slug are tried before a random one is suggested.
const NUMBERED_CANDIDATES: u32 = 20;

/// The slugs that may be suggested in place of `wanted`, best first.
#[must_use]
pub fn alternatives(wanted: &Slug) -> Vec<Slug> {
    (2..=NUMBERED_CANDIDATES)
        .map(|number| wanted.numbered(number))
        .collect()
}

/// The same as texts, to ask a store which of them are taken.
#[must_use]
pub fn candidates(wanted: &Slug) -> Vec<String> {
    alternatives(wanted).into_iter().map(Slug::into_string).collect()
}

/// The first alternative that is not taken. When all are, the id that the new thing would have had makes one.
#[must_use]
pub fn first_free(wanted: &Slug, taken: &[String], fresh_id: Uuid) -> Slug {
    alternatives(wanted)
        .into_iter()
        .find(|candidate| !taken.iter().any(|slug| slug == candidate.as_str()))
        .unwrap_or_else(|| wanted.numbered(random_part(fresh_id)))
}

/// The last four bytes, which are random in a UUIDv7; the first ones are the time, and the same for a minute.
fn random_part(id: Uuid) -> u32 {
    let [.., a, b, c, d] = id.into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_number_is_suggested() {
        let wanted = Slug::parse("harbour").unwrap();
        let taken = ["harbour-2".to_owned(), "harbour-4".to_owned()];
        assert_eq!(first_free(&wanted, &taken, Uuid::nil()).as_str(), "harbour-3");
        let all: Vec<String> = alternatives(&wanted).into_iter().map(Slug::into_string).collect();
        assert_eq!(first_free(&wanted, &all, Uuid::from_u128(77)).as_str(), "harbour-77");
    }
}
