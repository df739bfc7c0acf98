//! Authors on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::authors::author::{
    Affiliation, AuthorBio, AuthorLink, AuthorName, AuthorProfile, AuthorRow, Avatar, AvatarAlt, AvatarEdit,
    BylineAuthorRow, LinkLabel, MAX_LINKS,
};
use crate::field::WebAddress;
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::slug::Slug;

/// An author in a byline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BylineAuthorOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "ada-lovelace")]
    pub slug: String,
    /// The name.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
}

/// The picture of an author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AvatarOut {
    /// Where the picture is.
    #[schema(example = "https://example.org/ada.jpg")]
    pub url: String,
    /// What it shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ada Lovelace at her desk")]
    pub alt: Option<String>,
}

/// Where else an author is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuthorLinkOut {
    /// What the link is called.
    #[schema(example = "Mastodon")]
    pub label: String,
    /// Where it leads.
    #[schema(example = "https://social.example/@ada")]
    pub url: String,
}

/// An author, as readers see one.
#[derive(Serialize, ToSchema)]
pub struct AuthorOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "ada-lovelace")]
    pub slug: String,
    /// The name.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// What is told about the author, as Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ada Lovelace writes about *engines*.")]
    pub bio_markdown: Option<String>,
    /// The same as HTML, sanitized.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "<p>Ada Lovelace writes about <em>engines</em>.</p>")]
    pub bio_html: Option<String>,
    /// The author's own page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/ada")]
    pub url: Option<String>,
    /// The picture of the author.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub avatar: Option<AvatarOut>,
    /// Where the author works, or for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Analytical Engine Society")]
    pub affiliation: Option<String>,
    /// Where else the author is found, in order.
    pub links: Vec<AuthorLinkOut>,
}

/// A page of authors, as readers see them.
#[derive(Serialize, ToSchema)]
pub struct AuthorPage {
    /// The authors, by name.
    pub data: Vec<AuthorOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// An author, as the newsroom sees one.
#[derive(Serialize, ToSchema)]
pub struct EditorialAuthorOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "ada-lovelace")]
    pub slug: String,
    /// The name.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// What is told about the author, as Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ada Lovelace writes about *engines*.")]
    pub bio_markdown: Option<String>,
    /// The same as HTML, sanitized.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "<p>Ada Lovelace writes about <em>engines</em>.</p>")]
    pub bio_html: Option<String>,
    /// The author's own page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/ada")]
    pub url: Option<String>,
    /// The picture of the author.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub avatar: Option<AvatarOut>,
    /// Where the author works, or for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Analytical Engine Society")]
    pub affiliation: Option<String>,
    /// Where else the author is found, in order.
    pub links: Vec<AuthorLinkOut>,
    /// Whether readers can see the author. One that a byline made becomes public with the first published article.
    pub public: bool,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the author was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When the author was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of authors, as the newsroom sees them.
#[derive(Serialize, ToSchema)]
pub struct EditorialAuthorPage {
    /// The authors, by name.
    pub data: Vec<EditorialAuthorOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// The picture of an author, to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct AvatarIn {
    /// Where the picture is: an http or https address.
    #[schema(value_type = String, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/ada.jpg")]
    pub url: WebAddress,
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace at her desk")]
    pub alt: Option<AvatarAlt>,
}

/// Changes to the picture of an author (merge patch).
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct AvatarPatchIn {
    /// Where the picture is: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/ada.jpg")]
    pub url: Kept<WebAddress>,
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada King at her desk")]
    pub alt: Patch<AvatarAlt>,
}

/// Where else an author is found, to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct AuthorLinkIn {
    /// What the link is called.
    #[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Mastodon")]
    pub label: LinkLabel,
    /// Where it leads: an http or https address.
    #[schema(value_type = String, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://social.example/@ada")]
    pub url: WebAddress,
}

/// An author to make, or to put in place of one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct AuthorIn {
    /// The name.
    #[schema(value_type = String, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace")]
    pub name: AuthorName,
    /// The slug; made from the name when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "ada-lovelace")]
    pub slug: Option<Slug>,
    /// What is told about the author, as Markdown.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace writes about *engines*.")]
    pub bio_markdown: Option<AuthorBio>,
    /// The author's own page: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/ada")]
    pub url: Option<WebAddress>,
    /// The picture of the author.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub avatar: Option<AvatarIn>,
    /// Where the author works, or for whom.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Analytical Engine Society")]
    pub affiliation: Option<Affiliation>,
    /// Where else the author is found, in order; at most 20.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub links: Vec<AuthorLinkIn>,
}

/// Changes to an author (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct AuthorPatchIn {
    /// The name.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada King")]
    pub name: Kept<AuthorName>,
    /// The slug. The former one redirects.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "ada-king")]
    pub slug: Kept<Slug>,
    /// What is told about the author, as Markdown.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Ada King writes about *engines*.")]
    pub bio_markdown: Patch<AuthorBio>,
    /// The author's own page: an http or https address.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/ada")]
    pub url: Patch<WebAddress>,
    /// The picture of the author; null removes it.
    #[deserr(default)]
    #[schema(value_type = AvatarPatchIn, required = false, nullable = false)]
    pub avatar: Patch<AvatarPatchIn>,
    /// Where the author works, or for whom.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Analytical Engine Society")]
    pub affiliation: Patch<Affiliation>,
    /// Where else the author is found, in order; at most 20. All of them: the list takes the place of the one there is.
    #[deserr(default)]
    #[schema(value_type = Vec<AuthorLinkIn>, required = false, nullable = false, max_items = 20)]
    pub links: Kept<Vec<AuthorLinkIn>>,
}

/// How to list authors.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuthorListQuery {
    /// The most authors of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by name. Ascending when it is left out.
    #[deserr(default)]
    #[param(value_type = SortOrder, required = false)]
    pub order: Option<SortOrder>,
}

/// The profile of an author who takes the place of another: what is left out is removed.
///
/// # Errors
/// A fault when there are too many links.
pub fn replaced_profile(
    avatar: Option<AvatarIn>,
    affiliation: Option<Affiliation>,
    links: Vec<AuthorLinkIn>,
) -> Result<AuthorProfile, InputFaults> {
    let avatar = avatar.map(|AvatarIn { url, alt }| AvatarEdit {
        url: Some(url),
        alt: Patch::replacing(alt),
    });
    Ok(AuthorProfile {
        avatar: Patch::replacing(avatar),
        affiliation: Patch::replacing(affiliation),
        links: Some(links_in(links)?),
    })
}

/// The profile of an author after a merge patch.
///
/// # Errors
/// A fault when there are too many links.
pub fn patched_profile(
    avatar: Patch<AvatarPatchIn>,
    affiliation: Patch<Affiliation>,
    links: Kept<Vec<AuthorLinkIn>>,
) -> Result<AuthorProfile, InputFaults> {
    Ok(AuthorProfile {
        avatar: avatar.map(|AvatarPatchIn { url, alt }| AvatarEdit { url: url.0, alt }),
        affiliation,
        links: links.0.map(links_in).transpose()?,
    })
}

fn links_in(links: Vec<AuthorLinkIn>) -> Result<Vec<AuthorLink>, InputFaults> {
    let links = InputFaults::at_most("/links", MAX_LINKS, links)?.into_iter();
    Ok(links
        .map(|AuthorLinkIn { label, url }| AuthorLink {
            label: label.into_string(),
            url: url.into_string(),
        })
        .collect())
}

fn links_out(stored: &str) -> Vec<AuthorLinkOut> {
    let links = AuthorLink::from_json(stored).into_iter();
    links
        .map(|AuthorLink { label, url }| AuthorLinkOut { label, url })
        .collect()
}

impl From<Avatar> for AvatarOut {
    fn from(avatar: Avatar) -> Self {
        let Avatar { url, alt } = avatar;
        Self { url, alt }
    }
}

impl From<BylineAuthorRow> for BylineAuthorOut {
    fn from(row: BylineAuthorRow) -> Self {
        let BylineAuthorRow { id, slug, name } = row;
        Self { id: id.0, slug, name }
    }
}

impl From<AuthorRow> for AuthorOut {
    fn from(row: AuthorRow) -> Self {
        let AuthorRow {
            id,
            slug,
            name,
            bio_markdown,
            bio_html,
            url,
            is_public: _,
            revision: _,
            created_at: _,
            updated_at: _,
            updated_by: _,
            avatar_url,
            avatar_alt,
            affiliation,
            links,
        } = row;
        Self {
            id: id.0,
            slug,
            name,
            bio_markdown,
            bio_html,
            url,
            avatar: Avatar::of(avatar_url, avatar_alt).map(AvatarOut::from),
            affiliation,
            links: links_out(&links),
        }
    }
}

impl From<AuthorRow> for EditorialAuthorOut {
    fn from(row: AuthorRow) -> Self {
        let AuthorRow {
            id,
            slug,
            name,
            bio_markdown,
            bio_html,
            url,
            is_public,
            revision,
            created_at,
            updated_at,
            updated_by: _,
            avatar_url,
            avatar_alt,
            affiliation,
            links,
        } = row;
        Self {
            id: id.0,
            slug,
            name,
            bio_markdown,
            bio_html,
            url,
            avatar: Avatar::of(avatar_url, avatar_alt).map(AvatarOut::from),
            affiliation,
            links: links_out(&links),
            public: is_public,
            revision,
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}
