//! Notes on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::notes::note::{NoteBody, NoteRow, NoteState};
use crate::database::timestamp::RowTime;
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo};
use crate::http::patch::Kept;
use crate::http::times;

/// A note about an article.
#[derive(Serialize, ToSchema)]
pub struct ArticleNoteOut {
    /// The id.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// The text, without markup.
    #[schema(example = "The second figure needs a source.")]
    pub body: String,
    /// The revision that the article had when the note was written.
    #[schema(example = 3)]
    pub about_revision: i32,
    /// Counts the changes of the note, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When it was written.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that wrote it.
    pub created_by: Uuid,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// Whether it was dealt with.
    pub resolved: bool,
    /// When it was resolved. Left out of open notes.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub resolved_at: Option<DateTime<Utc>>,
    /// The account that resolved it. Left out of open notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolved_by: Option<Uuid>,
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
pub struct ArticleNotePage {
    /// The notes, the oldest first.
    pub data: Vec<ArticleNoteOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A note to write.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticleNoteIn {
    /// The text, without markup.
    #[schema(value_type = String, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "The second figure needs a source.")]
    pub body: NoteBody,
}

/// Changes to a note (merge patch): what is left out stays.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticleNotePatchIn {
    /// The text. Only the account that wrote the note may change it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "The second figure needs two sources.")]
    pub body: Kept<NoteBody>,
    /// Whether it was dealt with: true resolves the note, false opens it again.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = true)]
    pub resolved: Kept<bool>,
}

/// How to list notes.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleNoteListQuery {
    /// The most notes of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// Only notes in this state.
    #[deserr(default)]
    #[param(value_type = NoteState, required = false)]
    pub state: Option<NoteState>,
}

impl From<NoteRow> for ArticleNoteOut {
    fn from(row: NoteRow) -> Self {
        let NoteRow {
            id,
            article_id,
            body,
            revision,
            about_revision,
            created_at,
            created_by,
            updated_at,
            resolved_at,
            resolved_by,
        } = row;
        Self {
            id: id.0,
            article_id: article_id.0,
            body,
            about_revision,
            revision,
            created_at: created_at.utc(),
            created_by: created_by.0,
            updated_at: updated_at.utc(),
            resolved: resolved_at.is_some(),
            resolved_at: resolved_at.map(RowTime::utc),
            resolved_by: resolved_by.map(|account| account.0),
        }
    }
}
