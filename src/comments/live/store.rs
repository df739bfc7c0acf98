//! Queries about what changed in threads.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::comments::comment::{CommentRow, ThreadRow};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{comments, published_articles, threads};

/// Those of the threads that readers see.
pub async fn current(connection: &mut Connection, articles: Vec<Uuid>) -> Result<Vec<ThreadRow>, Failure> {
    let query = threads::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(threads::article_id)))
        .filter(threads::article_id.eq_any(articles.into_iter().map(RowId)))
        .select(ThreadRow::as_select());
    Ok(query.load(connection).await?)
}

/// The comments that last changed after one change sequence of their thread and until another, in the order of the changes,
/// but at most so many. What changed again after that is told with its later change.
pub async fn changed(
    connection: &mut Connection,
    article: Uuid,
    after: i64,
    until: i64,
    most: i64,
) -> Result<Vec<CommentRow>, Failure> {
    let query = comments::table
        .filter(comments::article_id.eq(RowId(article)))
        .filter(comments::change_sequence.gt(after))
        .filter(comments::change_sequence.le(until))
        .order((comments::change_sequence.asc(), comments::path.asc()))
        .limit(most)
        .select(CommentRow::as_select());
    Ok(query.load(connection).await?)
}
