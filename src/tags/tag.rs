//! Tags: rows, rules and what can go wrong when they change.

use std::fmt;

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::conflict::{SlugConflict, StaleRevision};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::tags;
use crate::database::timestamp::RowTime;
use crate::field::{Line, Prose, Refusal, TextFault, read_from_text};
use crate::http::patch::Patch;
use crate::slug::Slug;

/// The most characters of a name.
const MAX_NAME_LENGTH: usize = 100;

/// What a tag is about, as plain text.
pub type TagDescription = Prose<2_000>;

/// The name of a tag: one line of at most 100 characters from which a slug can be made. Names that give the same slug mean
/// the same tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagName {
    name: Line<MAX_NAME_LENGTH>,
    slug: Slug,
}

/// A text that cannot be the name of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagNameFault {
    /// It breaks the limits of its field.
    Text(TextFault),
    /// Nothing in it can stand in a slug.
    NoSlug,
}

impl TagName {
    /// Takes a text; blanks at its ends are cut.
    ///
    /// # Errors
    /// [`TagNameFault`] when it is empty, too long, has a control character, or gives no slug.
    pub fn parse(text: &str) -> Result<Self, TagNameFault> {
        let name = Line::parse(text).map_err(TagNameFault::Text)?;
        match Slug::of(name.as_str()) {
            Some(slug) => Ok(Self { name, slug }),
            None => Err(TagNameFault::NoSlug),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.name.as_str()
    }

    /// The text, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.name.into_string()
    }

    /// The slug that the name gives.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// Whether a tag of this other name is the same, but for capitals.
    #[must_use]
    pub fn is_the_same_word_as(&self, other: &str) -> bool {
        self.as_str().to_lowercase() == other.to_lowercase()
    }
}

impl TryFrom<&String> for TagName {
    type Error = TagNameFault;

    fn try_from(text: &String) -> Result<Self, TagNameFault> {
        Self::parse(text)
    }
}

impl fmt::Display for TagNameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(fault) => fault.fmt(f),
            Self::NoSlug => f.write_str("no slug can be made from it; give at least one letter or digit"),
        }
    }
}

impl Refusal for TagNameFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Text(fault) => fault.code(),
            Self::NoSlug => "no-slug",
        }
    }
}

read_from_text!(TagName);

/// A row of `tags`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tags, treat_none_as_null = true)]
pub struct TagRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// What the tag is about.
    pub description: Option<String>,
    /// Whether readers can see the tag: made by an editor, or on something published.
    pub is_public: bool,
    /// The tag that stands for this one. It is never merged itself.
    pub merged_into: Option<RowId>,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When the tag was made.
    pub created_at: RowTime,
    /// When the tag was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: Option<RowId>,
}

impl TagRow {
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

/// A new tag, checked.
#[derive(Debug, Clone)]
pub struct NewTag {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: TagName,
    /// The slug that is wanted.
    pub slug: Slug,
    /// What the tag is about.
    pub description: Option<TagDescription>,
    /// Whether readers can see the tag at once.
    pub visibility: TagVisibility,
}

/// Whether readers can see a tag before anything that has it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagVisibility {
    /// At once: an editor made the tag.
    Public,
    /// With the first published article: an article named the tag, and drafts are nobody's business.
    WithFirstArticle,
}

/// What shall change about a tag.
#[derive(Debug, Clone)]
pub struct TagChange {
    /// The name, if it shall change.
    pub name: Option<TagName>,
    /// The slug, if it shall change.
    pub slug: Option<Slug>,
    /// What the tag is about.
    pub description: Patch<TagDescription>,
}

/// A tag found by a slug or an id.
#[derive(Debug)]
pub enum TagLookup {
    /// This is it.
    Found(TagRow),
    /// It is known by another slug now, or was merged into this tag.
    Moved(TagRow),
    /// There is none.
    Absent,
}

/// Which tags a reader of the API may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagAudience {
    /// Readers: public ones that were not merged.
    Public,
    /// The newsroom: all.
    Newsroom,
}

/// Why a tag was not stored.
#[derive(Debug)]
pub enum TagFailure {
    /// There is no such tag.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Another tag has the slug.
    SlugTaken(SlugConflict),
    /// Another tag has the name.
    NameTaken {
        /// That tag.
        conflicting_id: Uuid,
        /// Its name.
        name: String,
    },
    /// Articles have the tag.
    InUse,
    /// The tag to merge into is the same one.
    Cycle,
    /// There is no tag to merge into.
    TargetUnknown(Slug),
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for TagFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for TagFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_differ_in_capitals_and_signs_give_one_slug() {
        for text in ["Rust", "rust", " RUST ", "rust!"] {
            assert_eq!(TagName::parse(text).unwrap().slug().as_str(), "rust", "{text}");
        }
        assert_eq!(TagName::parse(" Open Source ").unwrap().as_str(), "Open Source");
        assert!(TagName::parse("Ärzte").unwrap().is_the_same_word_as("ärzte"));
        assert!(!TagName::parse("C").unwrap().is_the_same_word_as("C++"));
    }

    #[test]
    fn a_name_has_its_limits_and_gives_a_slug() {
        assert_eq!(TagName::parse(" "), Err(TagNameFault::Text(TextFault::Empty)));
        assert_eq!(
            TagName::parse("a\nb"),
            Err(TagNameFault::Text(TextFault::Control {
                position: 2,
                character: '\n'
            }))
        );
        assert_eq!(TagName::parse("++"), Err(TagNameFault::NoSlug));
        let longest = "é".repeat(MAX_NAME_LENGTH);
        assert_eq!(TagName::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(
            TagName::parse(&format!("{longest}e")),
            Err(TagNameFault::Text(TextFault::TooLong { most: MAX_NAME_LENGTH }))
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_a_name_panic_and_every_name_has_a_slug(text in "\\PC*|[\\x00-\\x20]*|[a-zA-Z +#]{1,9}") {
            if let Ok(name) = TagName::parse(&text) {
                prop_assert!(Slug::parse(name.slug().as_str()).is_ok());
                prop_assert_eq!(TagName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
