//! Queries about notes.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_access, audit};
use crate::articles::access::AccessFailure;
use crate::articles::article::Ownership;
use crate::articles::notes::note::{NewNote, NoteChange, NoteFailure, NotePlace, NoteReach, NoteRow, NoteState};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::article_notes;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The notes of an article by time, from a place on.
pub async fn list(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    state: Option<NoteState>,
    slice: Slice,
) -> Result<Vec<NoteRow>, AccessFailure> {
    let access = article_access::find(connection, article, ownership).await?;
    let query = article_notes::table
        .filter(article_notes::article_id.eq(access.id))
        .select(NoteRow::as_select())
        .into_boxed();
    let query = match state {
        None => query,
        Some(NoteState::Open) => query.filter(article_notes::resolved_at.is_null()),
        Some(NoteState::Resolved) => query.filter(article_notes::resolved_at.is_not_null()),
    };
    Ok(slice_by_creation!(query, slice, article_notes).load(connection).await?)
}

/// A note.
pub async fn find(connection: &mut Connection, place: NotePlace) -> Result<NoteRow, NoteFailure> {
    let access = article_access::find(connection, place.article, place.ownership).await?;
    let row: Option<NoteRow> = article_notes::table
        .find(RowId(place.note))
        .filter(article_notes::article_id.eq(access.id))
        .select(NoteRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.ok_or(NoteFailure::Absent)
}

/// How many notes of an article still ask for something.
pub async fn open_count(connection: &mut Connection, article: RowId) -> Result<i64, Failure> {
    let open = article_notes::table
        .filter(article_notes::article_id.eq(article))
        .filter(article_notes::resolved_at.is_null());
    Ok(open.count().get_result(connection).await?)
}

/// Stores a new note about the current revision of an article.
pub async fn create(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    new: NewNote,
    stamp: Stamp,
) -> Result<NoteRow, NoteFailure> {
    let access = article_access::lock(connection, article, ownership).await?;
    let row = NoteRow::new(new, access.id, access.revision, &stamp);
    diesel::insert_into(article_notes::table)
        .values(&row)
        .execute(connection)
        .await?;
    let act = act(Action::NoteCreated, &row).between(None, Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Changes a note.
pub async fn update(
    connection: &mut Connection,
    place: NotePlace,
    expected: Expected,
    change: NoteChange,
    stamp: Stamp,
) -> Result<NoteRow, NoteFailure> {
    let row = lock(connection, place, &expected).await?;
    let before = row.revision;
    let row = row.changed(change, &stamp)?;
    diesel::update(article_notes::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await?;
    if row.revision != before {
        let act = act(Action::NoteUpdated, &row).between(Some(before), Some(row.revision));
        audit::record(connection, act, &stamp).await?;
    }
    Ok(row)
}

/// Removes a note.
pub async fn delete(
    connection: &mut Connection,
    place: NotePlace,
    expected: Expected,
    reach: NoteReach,
    stamp: Stamp,
) -> Result<(), NoteFailure> {
    let row = lock(connection, place, &expected).await?;
    if !reach.covers(&row) {
        return Err(NoteFailure::NotTheWriter);
    }
    diesel::delete(article_notes::table.find(row.id))
        .execute(connection)
        .await?;
    let act = act(Action::NoteDeleted, &row).between(Some(row.revision), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

/// What is said in a note is no business of the log, which nobody can take anything out of.
fn act(action: Action, row: &NoteRow) -> Act {
    Act::on(action, row.id.0).with(json!({"article_id": row.article_id.0}))
}

/// The note, held until the transaction ends with the article that it belongs to: whoever changes a note locks that first.
async fn lock(connection: &mut Connection, place: NotePlace, expected: &Expected) -> Result<NoteRow, NoteFailure> {
    article_access::lock(connection, place.article, place.ownership).await?;
    match find(connection, place).await? {
        row if expected.allows(row.revision) => Ok(row),
        row => Err(NoteFailure::Stale(row.stale())),
    }
}
