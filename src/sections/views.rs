//! Sections on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::comments::thread_state::ThreadDays;
use crate::http::input::InputFaults;
use crate::http::page::{PageInfo, PageLimit};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::sections::section::{SectionDescription, SectionName, SectionPosition, SectionRow};
use crate::sections::tree::slug_above;
use crate::slug::Slug;

/// How many sections a page may have: mostly the whole tree.
pub type SectionListLimit = PageLimit<100, 100>;

/// A section, as readers see one.
#[derive(Serialize, ToSchema)]
pub struct SectionOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "europe")]
    pub slug: String,
    /// The name.
    #[schema(example = "Europe")]
    pub name: String,
    /// What the section is about, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "From Lisbon to Tallinn.")]
    pub description: Option<String>,
    /// The slugs from the root of the tree to this section, divided by slashes.
    #[schema(example = "news/europe")]
    pub path: String,
    /// How many sections stand above this one: 0 for a root, at most 7.
    #[schema(example = 1, minimum = 0, maximum = 7)]
    pub depth: i32,
    /// The slug of the section directly above; left out for a root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "news")]
    pub parent: Option<String>,
    /// The place among the sections below the same one. Equal ones are sorted by slug.
    #[schema(example = 10, minimum = 0, maximum = 999_999)]
    pub position: i32,
}

/// A page of sections, as readers see them.
#[derive(Serialize, ToSchema)]
pub struct SectionPage {
    /// The sections in the order of the tree: each is followed by those below it.
    pub data: Vec<SectionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A section, as the newsroom sees one.
#[derive(Serialize, ToSchema)]
pub struct EditorialSectionOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "europe")]
    pub slug: String,
    /// The name.
    #[schema(example = "Europe")]
    pub name: String,
    /// What the section is about, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "From Lisbon to Tallinn.")]
    pub description: Option<String>,
    /// The slugs from the root of the tree to this section, divided by slashes.
    #[schema(example = "news/europe")]
    pub path: String,
    /// How many sections stand above this one: 0 for a root, at most 7.
    #[schema(example = 1, minimum = 0, maximum = 7)]
    pub depth: i32,
    /// The slug of the section directly above; left out for a root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "news")]
    pub parent: Option<String>,
    /// The place among the sections below the same one. Equal ones are sorted by slug.
    #[schema(example = 10, minimum = 0, maximum = 999_999)]
    pub position: i32,
    /// The days from the first publication of an article after which its thread closes, also in sections below that say
    /// nothing else; 0 for never. Left out when the section above, or the site, says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 14, minimum = 0, maximum = 3_650)]
    pub comments_close_after_days: Option<i32>,
    /// Counts the changes of the section itself, from 1. It stays when a section above moves.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the section was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When the section was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of sections, as the newsroom sees them.
#[derive(Serialize, ToSchema)]
pub struct EditorialSectionPage {
    /// The sections in the order of the tree: each is followed by those below it.
    pub data: Vec<EditorialSectionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A section to make, or to put in place of one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SectionIn {
    /// The name.
    #[schema(value_type = String, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Europe")]
    pub name: SectionName,
    /// The slug, which no other section may have; made from the name when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "europe")]
    pub slug: Option<Slug>,
    /// What the section is about, as plain text.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "From Lisbon to Tallinn.")]
    pub description: Option<SectionDescription>,
    /// The slug of the section directly above; left out for a root.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "news")]
    pub parent: Option<Slug>,
    /// The place among the sections below the same one; 0 when it is left out. Equal ones are sorted by slug.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 999_999, example = 10)]
    pub position: SectionPosition,
    /// The days from the first publication of an article after which its thread closes, also in sections below that say
    /// nothing else; 0 for never. Inherited from the section above, or the site, when it is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 3_650, example = 14)]
    pub comments_close_after_days: Option<ThreadDays>,
}

/// Changes to a section (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SectionPatchIn {
    /// The name.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Europe and Asia")]
    pub name: Kept<SectionName>,
    /// The slug, which no other section may have. The former one redirects.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "eurasia")]
    pub slug: Kept<Slug>,
    /// What the section is about, as plain text.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "From Lisbon to Vladivostok.")]
    pub description: Patch<SectionDescription>,
    /// The slug of the section directly above; null makes a root of the section. All below it move along.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "world")]
    pub parent: Patch<Slug>,
    /// The place among the sections below the same one. Equal ones are sorted by slug.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 999_999, example = 20)]
    pub position: Kept<SectionPosition>,
    /// The days from the first publication of an article after which its thread closes, also in sections below that say
    /// nothing else; 0 for never. Null inherits from the section above, or the site.
    #[deserr(default)]
    #[schema(value_type = Option<i32>, required = false, minimum = 0, maximum = 3_650, example = 14)]
    pub comments_close_after_days: Patch<ThreadDays>,
}

/// How to list sections.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SectionListQuery {
    /// The most sections of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 100)]
    pub limit: SectionListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

impl From<SectionRow> for SectionOut {
    fn from(row: SectionRow) -> Self {
        let SectionRow {
            id,
            slug,
            name,
            description,
            parent_id: _,
            position,
            depth,
            path,
            tree_order: _,
            revision: _,
            created_at: _,
            updated_at: _,
            updated_by: _,
            comments_close_after_days: _,
        } = row;
        Self {
            id: id.0,
            slug,
            name,
            description,
            parent: slug_above(&path).map(str::to_owned),
            path,
            depth,
            position,
        }
    }
}

impl From<SectionRow> for EditorialSectionOut {
    fn from(row: SectionRow) -> Self {
        let SectionRow {
            id,
            slug,
            name,
            description,
            parent_id: _,
            position,
            depth,
            path,
            tree_order: _,
            revision,
            created_at,
            updated_at,
            updated_by: _,
            comments_close_after_days,
        } = row;
        Self {
            id: id.0,
            slug,
            name,
            description,
            parent: slug_above(&path).map(str::to_owned),
            path,
            depth,
            position,
            comments_close_after_days,
            revision,
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}
