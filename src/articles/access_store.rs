//! Queries by which the things that belong to an article reach it.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and what keeps a caller away"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::articles::access::{AccessFailure, ArticleAccess};
use crate::articles::article::{ArticleMaker, Ownership, Reached};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{article_authors, articles, purged_articles};
use crate::database::timestamp::RowTime;

/// The article, for reading.
pub async fn find(connection: &mut Connection, id: Uuid, ownership: Ownership) -> Result<ArticleAccess, AccessFailure> {
    let row: Option<ArticleAccess> = articles::table
        .find(RowId(id))
        .select(ArticleAccess::as_select())
        .first(connection)
        .await
        .optional()?;
    within_reach(connection, id, row, ownership).await
}

/// The article, held until the transaction ends: writing a row without changing it locks it on either database.
pub async fn lock(connection: &mut Connection, id: Uuid, ownership: Ownership) -> Result<ArticleAccess, AccessFailure> {
    let row: Option<ArticleAccess> = diesel::update(articles::table.find(RowId(id)))
        .set(articles::revision.eq(articles::revision))
        .returning(ArticleAccess::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    within_reach(connection, id, row, ownership).await
}

async fn within_reach(
    connection: &mut Connection,
    id: Uuid,
    row: Option<ArticleAccess>,
    ownership: Ownership,
) -> Result<ArticleAccess, AccessFailure> {
    match row {
        Some(row) => match is_within_reach(connection, ownership, row.maker()).await? {
            true => Ok(row),
            false => Err(AccessFailure::Absent),
        },
        None => Err(absence(connection, id).await?),
    }
}

/// Whether an article is within reach.
pub async fn is_within_reach(
    connection: &mut Connection,
    ownership: Ownership,
    maker: ArticleMaker,
) -> Result<bool, Failure> {
    let author = match ownership.reaches(maker) {
        Reached::Yes => return Ok(true),
        Reached::No => return Ok(false),
        Reached::WithAuthor(author) => author,
    };
    let entries = article_authors::table
        .filter(article_authors::article_id.eq(maker.id))
        .filter(article_authors::author_id.eq(author));
    Ok(diesel::select(diesel::dsl::exists(entries))
        .get_result(connection)
        .await?)
}

/// Whether an article that is not there ever was.
pub async fn absence(connection: &mut Connection, id: Uuid) -> Result<AccessFailure, Failure> {
    let purged_at: Option<RowTime> = purged_articles::table
        .find(RowId(id))
        .select(purged_articles::purged_at)
        .first(connection)
        .await
        .optional()?;
    Ok(purged_at.map_or(AccessFailure::Absent, |at| AccessFailure::Purged { at: at.utc() }))
}
