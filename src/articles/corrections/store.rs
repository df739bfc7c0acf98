//! Queries about corrections.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_access, audit};
use crate::articles::access::{AccessFailure, ArticleAccess};
use crate::articles::article::Ownership;
use crate::articles::corrections::correction::{
    CORRECTION_REVISION, CorrectionFailure, CorrectionPlace, CorrectionRow, MAX_CORRECTIONS, NewCorrection,
    PublishedCorrection,
};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{corrections, published_articles};
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The corrections of an article by time, from a place on.
pub async fn list(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    slice: Slice,
) -> Result<Vec<CorrectionRow>, AccessFailure> {
    let access = article_access::find(connection, article, ownership).await?;
    let query = corrections::table
        .filter(corrections::article_id.eq(access.id))
        .select(CorrectionRow::as_select())
        .into_boxed();
    Ok(slice_by_creation!(query, slice, corrections).load(connection).await?)
}

/// A correction.
pub async fn find(connection: &mut Connection, place: CorrectionPlace) -> Result<CorrectionRow, CorrectionFailure> {
    let access = article_access::find(connection, place.article, place.ownership).await?;
    let row: Option<CorrectionRow> = corrections::table
        .find(RowId(place.correction))
        .filter(corrections::article_id.eq(access.id))
        .select(CorrectionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.ok_or(CorrectionFailure::Absent)
}

/// The corrections of an article as its snapshot holds them: a JSON array, the newest first.
pub async fn as_json(connection: &mut Connection, article: RowId) -> Result<String, Failure> {
    let rows: Vec<CorrectionRow> = corrections::table
        .filter(corrections::article_id.eq(article))
        .order((corrections::created_at.desc(), corrections::id.desc()))
        .select(CorrectionRow::as_select())
        .limit(MAX_CORRECTIONS)
        .load(connection)
        .await?;
    let published: Vec<PublishedCorrection> = rows.into_iter().map(PublishedCorrection::from).collect();
    PublishedCorrection::write_all(&published)
}

/// Stores a new correction. Readers of a published article see it at once.
pub async fn create(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    new: NewCorrection,
    stamp: Stamp,
) -> Result<CorrectionRow, CorrectionFailure> {
    let access = article_access::lock(connection, article, ownership).await?;
    let row = new.into_row(&access, &stamp)?;
    let present: i64 = corrections::table
        .filter(corrections::article_id.eq(access.id))
        .count()
        .get_result(connection)
        .await?;
    if present >= MAX_CORRECTIONS {
        return Err(CorrectionFailure::TooMany);
    }
    diesel::insert_into(corrections::table)
        .values(&row)
        .execute(connection)
        .await?;
    show(connection, &access, &stamp).await?;
    let act = act(Action::CorrectionCreated, &row).between(None, Some(CORRECTION_REVISION));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Removes a correction, also from what readers see.
pub async fn delete(
    connection: &mut Connection,
    place: CorrectionPlace,
    expected: Expected,
    stamp: Stamp,
) -> Result<(), CorrectionFailure> {
    let access = article_access::lock(connection, place.article, place.ownership).await?;
    let row = find(connection, place).await?;
    if !expected.allows(CORRECTION_REVISION) {
        return Err(CorrectionFailure::Stale(row.stale()));
    }
    diesel::delete(corrections::table.find(row.id))
        .execute(connection)
        .await?;
    show(connection, &access, &stamp).await?;
    let act = act(Action::CorrectionDeleted, &row).between(Some(CORRECTION_REVISION), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

fn act(action: Action, row: &CorrectionRow) -> Act {
    Act::on(action, row.id.0).with(json!({"article_id": row.article_id.0}))
}

/// Tells readers of a published article the corrections that there are now, and that it was changed now.
async fn show(connection: &mut Connection, article: &ArticleAccess, stamp: &Stamp) -> Result<(), Failure> {
    if article.published_revision.is_none() {
        return Ok(());
    }
    let changes = (
        published_articles::corrections.eq(as_json(connection, article.id).await?),
        published_articles::updated_at.eq(RowTime::from(stamp.now)),
    );
    diesel::update(published_articles::table.find(article.id))
        .set(changes)
        .execute(connection)
        .await?;
    Ok(())
}
