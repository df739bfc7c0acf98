//! Queries about renditions.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{media, media_renditions};
use crate::database::timestamp::RowTime;
use crate::media::renditions::rendition::RenditionRow;

/// The rendition of that name of a picture, if it is kept.
pub async fn find(connection: &mut Connection, media: Uuid, spec: String) -> Result<Option<RenditionRow>, Failure> {
    let query = media_renditions::table
        .find((RowId(media), spec))
        .select(RenditionRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Keeps a rendition in place of what is kept under its name. `false` when the picture was removed in the meantime.
pub async fn keep(connection: &mut Connection, row: RenditionRow) -> Result<bool, Failure> {
    // Locks the picture, so that it is not removed before the rendition is there to be removed with it.
    let there = diesel::update(media::table.find(row.media_id))
        .set(media::revision.eq(media::revision))
        .execute(connection)
        .await?;
    if there == 0 {
        return Ok(false);
    }
    diesel::delete(media_renditions::table.find((row.media_id, row.spec.clone())))
        .execute(connection)
        .await?;
    diesel::insert_into(media_renditions::table)
        .values(&row)
        .execute(connection)
        .await?;
    Ok(true)
}

/// Notes that somebody asked for a rendition.
pub async fn touch(connection: &mut Connection, media: Uuid, spec: String, now: RowTime) -> Result<usize, Failure> {
    let row = diesel::update(media_renditions::table.find((RowId(media), spec)));
    Ok(row
        .set(media_renditions::last_used_at.eq(now))
        .execute(connection)
        .await?)
}

/// The bytes of all renditions, and those that were not asked for longest, at most `most` of them.
pub async fn usage(connection: &mut Connection, most: i64) -> Result<(i64, Vec<RenditionRow>), Failure> {
    // A sum of whole numbers is a decimal number on one of the databases.
    let total = sql::<BigInt>("CAST(COALESCE(SUM(byte_size), 0) AS BIGINT)");
    let total: i64 = media_renditions::table.select(total).get_result(connection).await?;
    let oldest = media_renditions::table
        .order((
            media_renditions::last_used_at.asc(),
            media_renditions::media_id.asc(),
            media_renditions::spec.asc(),
        ))
        .limit(most)
        .select(RenditionRow::as_select());
    Ok((total, oldest.load(connection).await?))
}

/// Forgets a rendition that nobody asked for since it was looked at. `false` when another instance did, or somebody asked.
pub async fn forget(connection: &mut Connection, row: RenditionRow) -> Result<bool, Failure> {
    let same = media_renditions::table
        .find((row.media_id, row.spec))
        .filter(media_renditions::sha256.eq(row.sha256))
        .filter(media_renditions::last_used_at.eq(row.last_used_at));
    Ok(diesel::delete(same).execute(connection).await? > 0)
}
