//! Corrections on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::corrections::correction::{CorrectionNote, CorrectionRow, PublishedCorrection};
use crate::http::input::{InputFaults, RevisionNumber};
use crate::http::page::{ListLimit, PageInfo};
use crate::http::times;

/// What was wrong in an article, as readers are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CorrectionOut {
    /// What was wrong and what is right, without markup.
    #[schema(example = "An earlier version gave the wrong year: the harbour closed in 1987.")]
    pub note: String,
    /// The revision that the error was in, if that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub from_revision: Option<i32>,
    /// When the correction was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
}

/// A correction, as the newsroom sees one.
#[derive(Serialize, ToSchema)]
pub struct EditorialCorrectionOut {
    /// The id.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// What was wrong and what is right, without markup.
    #[schema(example = "An earlier version gave the wrong year: the harbour closed in 1987.")]
    pub note: String,
    /// The revision that the error was in, if that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub from_revision: Option<i32>,
    /// When the correction was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that made it. Readers are not told.
    pub created_by: Uuid,
}

/// A page of corrections.
#[derive(Serialize, ToSchema)]
pub struct EditorialCorrectionPage {
    /// The corrections, the newest first.
    pub data: Vec<EditorialCorrectionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A correction to make.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct CorrectionIn {
    /// What was wrong and what is right, without markup.
    #[schema(value_type = String, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "An earlier version gave the wrong year: the harbour closed in 1987.")]
    pub note: CorrectionNote,
    /// The revision that the error was in: at most the one that the article has.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, example = 3)]
    pub from_revision: Option<RevisionNumber>,
}

/// How to list corrections.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CorrectionListQuery {
    /// The most corrections of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

/// The corrections that the snapshot of an article holds.
#[must_use]
pub fn published_corrections(json: &str) -> Vec<CorrectionOut> {
    let all = PublishedCorrection::read_all(json);
    all.into_iter().map(CorrectionOut::from).collect()
}

impl From<PublishedCorrection> for CorrectionOut {
    fn from(correction: PublishedCorrection) -> Self {
        let PublishedCorrection {
            note,
            from_revision,
            created_at,
        } = correction;
        Self {
            note,
            from_revision,
            created_at,
        }
    }
}

impl From<CorrectionRow> for EditorialCorrectionOut {
    fn from(row: CorrectionRow) -> Self {
        let CorrectionRow {
            id,
            article_id,
            note,
            from_revision,
            created_at,
            created_by,
        } = row;
        Self {
            id: id.0,
            article_id: article_id.0,
            note,
            from_revision,
            created_at: created_at.utc(),
            created_by: created_by.0,
        }
    }
}
