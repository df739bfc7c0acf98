//! Transitions on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::transitions::transition::{MadeBy, TransitionRow};
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo};
use crate::http::times;

/// A step in the life of an article.
#[derive(Serialize, ToSchema)]
pub struct TransitionOut {
    /// The id.
    pub id: Uuid,
    /// What was done: the name of the step, such as `publish`, `submit` or `request-changes`.
    #[schema(example = "publish")]
    pub step: String,
    /// The state of the article before: `draft`, `in_review`, `scheduled`, `published`, `archived` or `trashed`.
    #[schema(example = "in_review")]
    pub from_state: String,
    /// The state of the article after.
    #[schema(example = "published")]
    pub to_state: String,
    /// The revision of the article that the step was taken with.
    #[schema(example = 3)]
    pub revision: i32,
    /// What was said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The second figure needs a source.")]
    pub note: Option<String>,
    /// What took the step.
    pub made_by: MadeBy,
    /// When it was taken.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that took it, or that set the time for it.
    pub created_by: Uuid,
}

/// A page of transitions.
#[derive(Serialize, ToSchema)]
pub struct TransitionPage {
    /// The transitions, the newest first.
    pub data: Vec<TransitionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list transitions.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TransitionListQuery {
    /// The most transitions of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

impl From<TransitionRow> for TransitionOut {
    fn from(row: TransitionRow) -> Self {
        let made_by = row.made_by();
        let TransitionRow {
            id,
            article_id: _,
            step,
            from_state,
            to_state,
            revision,
            note,
            made_by: _,
            created_at,
            created_by,
        } = row;
        Self {
            id: id.0,
            step,
            from_state,
            to_state,
            revision,
            note,
            made_by,
            created_at: created_at.utc(),
            created_by: created_by.0,
        }
    }
}
