//! Series on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::series::series::{SeriesDescription, SeriesRow, SeriesTitle};
use crate::slug::Slug;

/// A series, as readers see one.
#[derive(Serialize, ToSchema)]
pub struct SeriesOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-year-at-sea")]
    pub slug: String,
    /// The title.
    #[schema(example = "A year at sea")]
    pub title: String,
    /// What the series is about, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "One report a month.")]
    pub description: Option<String>,
}

/// A page of series, as readers see them.
#[derive(Serialize, ToSchema)]
pub struct SeriesPage {
    /// The series, by title.
    pub data: Vec<SeriesOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A series, as the newsroom sees one.
#[derive(Serialize, ToSchema)]
pub struct EditorialSeriesOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-year-at-sea")]
    pub slug: String,
    /// The title.
    #[schema(example = "A year at sea")]
    pub title: String,
    /// What the series is about, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "One report a month.")]
    pub description: Option<String>,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the series was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When the series was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of series, as the newsroom sees them.
#[derive(Serialize, ToSchema)]
pub struct EditorialSeriesPage {
    /// The series, by title.
    pub data: Vec<EditorialSeriesOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A series to make, or to put in place of one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SeriesIn {
    /// The title.
    #[schema(value_type = String, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A year at sea")]
    pub title: SeriesTitle,
    /// The slug, which no other series may have; made from the title when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-year-at-sea")]
    pub slug: Option<Slug>,
    /// What the series is about, as plain text.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "One report a month.")]
    pub description: Option<SeriesDescription>,
}

/// Changes to a series (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SeriesPatchIn {
    /// The title.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Two years at sea")]
    pub title: Kept<SeriesTitle>,
    /// The slug, which no other series may have. The former one redirects.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "two-years-at-sea")]
    pub slug: Kept<Slug>,
    /// What the series is about, as plain text.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "One report a month, for two years.")]
    pub description: Patch<SeriesDescription>,
}

/// How to list series.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesListQuery {
    /// The most series of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by title. Ascending when it is left out.
    #[deserr(default)]
    #[param(value_type = SortOrder, required = false)]
    pub order: Option<SortOrder>,
}

impl From<SeriesRow> for SeriesOut {
    fn from(row: SeriesRow) -> Self {
        let SeriesRow {
            id,
            slug,
            title,
            description,
            revision: _,
            created_at: _,
            updated_at: _,
            updated_by: _,
        } = row;
        Self {
            id: id.0,
            slug,
            title,
            description,
        }
    }
}

impl From<SeriesRow> for EditorialSeriesOut {
    fn from(row: SeriesRow) -> Self {
        let SeriesRow {
            id,
            slug,
            title,
            description,
            revision,
            created_at,
            updated_at,
            updated_by: _,
        } = row;
        Self {
            id: id.0,
            slug,
            title,
            description,
            revision,
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}
