//! Queries about the row of a working copy: holding it, storing it, and saying that it is not there.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_access};
use crate::articles::article::{ArticleFailure, ArticleRow, Ownership};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::articles;

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
pub async fn lock(connection: &mut Connection, id: Uuid, ownership: Ownership) -> Result<ArticleRow, ArticleFailure> {
    let row: Option<ArticleRow> = diesel::update(articles::table.find(RowId(id)))
        .set(articles::revision.eq(articles::revision))
        .returning(ArticleRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    owned(connection, id, row, ownership).await
}

/// Holds many rows until the transaction ends, always in the order of their ids: two transactions that held them in orders
/// of their own would wait for one another. Those that are not there are left out.
pub async fn hold_all(connection: &mut Connection, mut ids: Vec<Uuid>) -> Result<(), Failure> {
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        diesel::update(articles::table.find(RowId(id)))
            .set(articles::revision.eq(articles::revision))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The row, not held.
pub async fn find(connection: &mut Connection, id: Uuid, ownership: Ownership) -> Result<ArticleRow, ArticleFailure> {
    let row: Option<ArticleRow> = articles::table
        .find(RowId(id))
        .select(ArticleRow::as_select())
        .first(connection)
        .await
        .optional()?;
    owned(connection, id, row, ownership).await
}

/// Stores a row.
pub async fn write(connection: &mut Connection, row: &ArticleRow) -> Result<(), Failure> {
    diesel::update(articles::table.find(row.id))
        .set(row)
        .execute(connection)
        .await?;
    Ok(())
}

async fn owned(
    connection: &mut Connection,
    id: Uuid,
    row: Option<ArticleRow>,
    ownership: Ownership,
) -> Result<ArticleRow, ArticleFailure> {
    match row {
        Some(row) => match article_access::is_within_reach(connection, ownership, row.maker()).await? {
            true => Ok(row),
            false => Err(ArticleFailure::Absent),
        },
        None => Err(article_access::absence(connection, id).await?.into()),
    }
}
