//! Tags on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::slug::Slug;
use crate::tags::tag::{TagDescription, TagName, TagRow};

/// A tag, as readers see one.
#[derive(Serialize, ToSchema)]
pub struct TagOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "open-source")]
    pub slug: String,
    /// The name.
    #[schema(example = "Open source")]
    pub name: String,
    /// What the tag is about, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Programs whose source anybody may read.")]
    pub description: Option<String>,
}

/// A page of tags, as readers see them.
#[derive(Serialize, ToSchema)]
pub struct TagPage {
    /// The tags, by name.
    pub data: Vec<TagOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A tag, as the newsroom sees one.
#[derive(Serialize, ToSchema)]
pub struct EditorialTagOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "open-source")]
    pub slug: String,
    /// The name.
    #[schema(example = "Open source")]
    pub name: String,
    /// What the tag is about, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Programs whose source anybody may read.")]
    pub description: Option<String>,
    /// Whether readers can see the tag. One that an article made becomes public with the first published article.
    pub public: bool,
    /// The id of the tag that stands for this one since they were merged. No article has this one any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub merged_into: Option<Uuid>,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the tag was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When the tag was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of tags, as the newsroom sees them.
#[derive(Serialize, ToSchema)]
pub struct EditorialTagPage {
    /// The tags, by name.
    pub data: Vec<EditorialTagOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A tag to make, or to put in place of one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct TagIn {
    /// The name, with at least one letter or digit. Names that give the same slug mean the same tag.
    #[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Open source")]
    pub name: TagName,
    /// The slug; made from the name when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "open-source")]
    pub slug: Option<Slug>,
    /// What the tag is about, as plain text.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Programs whose source anybody may read.")]
    pub description: Option<TagDescription>,
}

/// Changes to a tag (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct TagPatchIn {
    /// The name, with at least one letter or digit.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Free software")]
    pub name: Kept<TagName>,
    /// The slug. The former one redirects.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "free-software")]
    pub slug: Kept<Slug>,
    /// What the tag is about, as plain text.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Programs whose source anybody may change.")]
    pub description: Patch<TagDescription>,
}

/// Which tag stays when two are merged.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct TagMergeIn {
    /// The slug of the tag that stays. That of a tag which was merged already means the one that stands for it.
    #[schema(value_type = String, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "open-source")]
    pub into: Slug,
}

/// How to list tags.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TagListQuery {
    /// The most tags of the page.
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

impl From<TagRow> for TagOut {
    fn from(row: TagRow) -> Self {
        let TagRow {
            id,
            slug,
            name,
            description,
            is_public: _,
            merged_into: _,
            revision: _,
            created_at: _,
            updated_at: _,
            updated_by: _,
        } = row;
        Self {
            id: id.0,
            slug,
            name,
            description,
        }
    }
}

impl From<TagRow> for EditorialTagOut {
    fn from(row: TagRow) -> Self {
        let TagRow {
            id,
            slug,
            name,
            description,
            is_public,
            merged_into,
            revision,
            created_at,
            updated_at,
            updated_by: _,
        } = row;
        Self {
            id: id.0,
            slug,
            name,
            description,
            public: is_public,
            merged_into: merged_into.map(|target| target.0),
            revision,
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}
