//! Authors: rows, rules and what can go wrong when they change.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
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

/// Where an author works, or for whom.
pub type Affiliation = Line<200>;

/// What the picture of an author shows.
pub type AvatarAlt = Line<500>;

/// What a link of an author is called.
pub type LinkLabel = Line<100>;

/// The most links of an author.
pub const MAX_LINKS: usize = 20;

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
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// What the picture shows.
    pub avatar_alt: Option<String>,
    /// Where the author works, or for whom.
    pub affiliation: Option<String>,
    /// Where else the author is found: [`AuthorLink`]s as JSON, in order.
    pub links: String,
}

/// Where else an author is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorLink {
    /// What the link is called.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// The picture of an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Where the picture is.
    pub url: String,
    /// What it shows.
    pub alt: Option<String>,
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

impl AuthorLink {
    /// Links as the column holds them.
    #[must_use]
    pub fn to_json(links: &[Self]) -> String {
        serde_json::to_string(links).unwrap_or_else(|_unwritable| "[]".to_owned())
    }

    /// What the column says; a damaged one says nothing.
    #[must_use]
    pub fn from_json(text: &str) -> Vec<Self> {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl Avatar {
    /// The picture that two columns name.
    #[must_use]
    pub fn of(url: Option<String>, alt: Option<String>) -> Option<Self> {
        url.map(|url| Self { url, alt })
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
    /// The picture, the affiliation and the links.
    pub profile: AuthorProfile,
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
    /// The picture, the affiliation and the links.
    pub profile: AuthorProfile,
}

/// What shall change about the picture, the affiliation and the links. By default nothing does, and a new author has none.
#[derive(Debug, Clone, Default)]
pub struct AuthorProfile {
    /// The picture.
    pub avatar: Patch<AvatarEdit>,
    /// Where the author works, or for whom.
    pub affiliation: Patch<Affiliation>,
    /// The links, all of them, if they shall change.
    pub links: Option<Vec<AuthorLink>>,
}

/// What shall change about a picture.
#[derive(Debug, Clone, Default)]
pub struct AvatarEdit {
    /// Where it is, if that shall change.
    pub url: Option<WebAddress>,
    /// What it shows.
    pub alt: Patch<AvatarAlt>,
}

/// An avatar is made of a picture, and there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvatarWithoutPicture;

impl AuthorProfile {
    /// Puts the changes into a row.
    ///
    /// # Errors
    /// [`AvatarWithoutPicture`]; the row is not changed then.
    pub fn apply_to(self, row: &mut AuthorRow) -> Result<(), AvatarWithoutPicture> {
        let Self {
            avatar,
            affiliation,
            links,
        } = self;
        let before = Avatar::of(row.avatar_url.clone(), row.avatar_alt.clone());
        let (url, alt) = avatar_after(avatar, before)?
            .map(|Avatar { url, alt }| (url, alt))
            .unzip();
        row.avatar_url = url;
        row.avatar_alt = alt.flatten();
        row.affiliation = affiliation.map(Affiliation::into_string).apply(row.affiliation.take());
        if let Some(links) = links {
            row.links = AuthorLink::to_json(&links);
        }
        Ok(())
    }
}

fn avatar_after(edit: Patch<AvatarEdit>, before: Option<Avatar>) -> Result<Option<Avatar>, AvatarWithoutPicture> {
    let AvatarEdit { url, alt } = match edit {
        Patch::Absent => return Ok(before),
        Patch::Null => return Ok(None),
        Patch::Value(edit) => edit,
    };
    let (old_url, old_alt) = before.map(|Avatar { url, alt }| (url, alt)).unzip();
    Ok(Some(Avatar {
        url: url
            .map(WebAddress::into_string)
            .or(old_url)
            .ok_or(AvatarWithoutPicture)?,
        alt: alt.map(AvatarAlt::into_string).apply(old_alt.flatten()),
    }))
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

/// What needs an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorUse {
    /// Articles have the author in their byline.
    Byline,
    /// An account writes as the author.
    Account,
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
    /// Something needs the author.
    InUse(AuthorUse),
    /// The request speaks of a picture and does not say where it is.
    AvatarWithoutPicture,
    /// The picture is a file of ours that is not there.
    FileUnknown(Uuid),
    /// The database failed.
    Database(Failure),
}

impl From<AvatarWithoutPicture> for AuthorFailure {
    fn from(_fault: AvatarWithoutPicture) -> Self {
        Self::AvatarWithoutPicture
    }
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
