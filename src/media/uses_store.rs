//! Queries about where files are used.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::database::failure::{Failure, is_foreign_key_violation};
use crate::database::ids::RowId;
use crate::database::schema::{media, media_uses};
use crate::media::uses::{MediaUseRow, MediaUser, MediaUses};

/// Ids in one statement; no database takes any number of parameters.
const AT_ONCE: usize = 500;

/// Where a file is used, at most `most` places. While there are any, it must not be removed.
pub async fn of(connection: &mut Connection, media: Uuid, most: i64) -> Result<Vec<MediaUseRow>, Failure> {
    Ok(media_uses::table
        .filter(media_uses::media_id.eq(RowId(media)))
        .order((
            media_uses::subject_kind.asc(),
            media_uses::subject_id.asc(),
            media_uses::place.asc(),
        ))
        .select(MediaUseRow::as_select())
        .limit(most)
        .load(connection)
        .await?)
}

/// Those of some files that are there.
pub async fn existing(connection: &mut Connection, files: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, Failure> {
    let ids: Vec<RowId> = files.iter().copied().map(RowId).collect();
    let mut existing = BTreeSet::new();
    for ids in ids.chunks(AT_ONCE) {
        let found: Vec<RowId> = media::table
            .filter(media::id.eq_any(ids.to_vec()))
            .select(media::id)
            .load(connection)
            .await?;
        existing.extend(found.into_iter().map(|id| id.0));
    }
    Ok(existing)
}

/// Notes what uses which files now, if that is something else than before. Files that are not there cannot be used.
pub async fn follow(
    connection: &mut Connection,
    user: MediaUser,
    before: &MediaUses,
    now: &MediaUses,
) -> Result<(), Failure> {
    match before == now {
        true => Ok(()),
        false => replace(connection, user, now).await,
    }
}

/// Notes what uses which files now, whatever was noted before.
pub async fn replace(connection: &mut Connection, user: MediaUser, now: &MediaUses) -> Result<(), Failure> {
    forget(connection, user).await?;
    let existing = existing(connection, &now.iter().map(|(_, id)| *id).collect()).await?;
    let rows: Vec<MediaUseRow> = now
        .iter()
        .filter(|(_, id)| existing.contains(id))
        .map(|(place, id)| MediaUseRow {
            media_id: RowId(*id),
            subject_kind: user.kind().to_owned(),
            subject_id: user.id(),
            place: place.as_str().to_owned(),
        })
        .collect();
    for rows in rows.chunks(AT_ONCE) {
        let inserted = diesel::insert_into(media_uses::table)
            .values(rows.to_vec())
            .execute(connection)
            .await;
        match inserted {
            Err(error) if is_foreign_key_violation(&error) => {
                return Err(Failure::Busy("a file was removed in this moment".into()));
            }
            outcome => outcome?,
        };
    }
    Ok(())
}

/// Notes that something uses no files any more.
pub async fn forget(connection: &mut Connection, user: MediaUser) -> Result<(), Failure> {
    let noted = media_uses::table
        .filter(media_uses::subject_kind.eq(user.kind()))
        .filter(media_uses::subject_id.eq(user.id()));
    diesel::delete(noted).execute(connection).await?;
    Ok(())
}
