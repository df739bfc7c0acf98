//! Authors: rows, rules and what can go wrong when they change.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::conflict::{SlugConflict, StaleRevision};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::authors;
use crate::database::timestamp::RowTime;
use crate::field::{Line, Prose, WebAddress};
use crate::http::patch::Patch;
use crate::markup::Rendered;
use crate::slug::Slug;

/// The name of an author, as a byline shows it.
pub type AuthorName = Line<120>;

/// What is told about an author, as Markdown.
pub type AuthorBio = Prose<10_000>;

/// A row of `authors`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authors, treat_none_as_null = true)]
pub struct AuthorRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// The source of the bio.
    pub bio_markdown: Option<String>,
    /// The bio as sanitized HTML.
    pub bio_html: Option<String>,
    /// The author's own page.
    pub url: Option<String>,
    /// Whether readers can see the author: made by an editor, or in the byline of something published.
    pub is_public: bool,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When the author was made.
    pub created_at: RowTime,
    /// When the author was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: Option<RowId>,
}

impl AuthorRow {
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

/// The part of an author that a byline shows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = authors)]
pub struct BylineAuthorRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
}

/// A new author, checked.
#[derive(Debug, Clone)]
pub struct NewAuthor {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: AuthorName,
    /// The slug that is wanted.
    pub slug: Slug,
    /// The bio.
    pub bio: Option<Rendered>,
    /// The author's own page.
    pub url: Option<WebAddress>,
    /// Whether readers can see the author at once.
    pub visibility: AuthorVisibility,
}

/// Whether readers can see an author before anything with their byline is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorVisibility {
    /// At once: an editor made the author.
    Public,
    /// With the first published article: a byline made the author, and drafts are nobody's business.
    WithFirstArticle,
}

/// What shall change about an author.
#[derive(Debug, Clone)]
pub struct AuthorChange {
    /// The name, if it shall change.
    pub name: Option<AuthorName>,
    /// The slug, if it shall change.
    pub slug: Option<Slug>,
    /// The bio.
    pub bio: Patch<Rendered>,
    /// The author's own page.
    pub url: Patch<WebAddress>,
}

/// An author found by a slug.
#[derive(Debug)]
pub enum AuthorLookup {
    /// The author has this slug.
    Found(AuthorRow),
    /// The author had this slug and has another now.
    Moved(AuthorRow),
    /// Nobody has or had it.
    Absent,
}

/// Which authors a reader of the API may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorAudience {
    /// Readers: public ones only.
    Public,
    /// The newsroom: all.
    Newsroom,
}

/// Why an author was not stored.
#[derive(Debug)]
pub enum AuthorFailure {
    /// There is no such author.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Another author has the slug.
    SlugTaken(SlugConflict),
    /// Articles have the author in their byline.
    InUse,
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for AuthorFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for AuthorFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
