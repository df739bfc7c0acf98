//! Queries of the doctor: they only read, a part at a time.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::{Connection, RunQueryDsl};
use crate::comments::comment::CommentState;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{articles, comments, published_articles, threads};
use crate::doctor::checks::{SnapshotFault, ThreadFault};
use crate::doctor::recount::CountedComment;

/// The threads of some articles whose counters are wrong, of at most `most` articles behind `last`; with the last one that was
/// looked at, if there are more.
pub async fn wrong_threads(
    connection: &mut Connection,
    last: RowId,
    most: i64,
) -> Result<(Vec<ThreadFault>, Option<RowId>), Failure> {
    let said: Vec<(RowId, i32, i32)> = threads::table
        .filter(threads::article_id.gt(last))
        .order(threads::article_id.asc())
        .select((threads::article_id, threads::approved_count, threads::pending_count))
        .limit(most)
        .load(connection)
        .await?;
    let Some((end, _, _)) = said.last() else {
        return Ok((Vec::new(), None));
    };
    let counted: Vec<(RowId, String, i64)> = comments::table
        .filter(comments::article_id.gt(last))
        .filter(comments::article_id.le(*end))
        .group_by((comments::article_id, comments::state))
        .select((comments::article_id, comments::state, count_star()))
        .load(connection)
        .await?;
    let end = *end;
    let counted: HashMap<(RowId, String), i64> = counted
        .into_iter()
        .map(|(article, state, count)| ((article, state), count))
        .collect();
    let count = |article: RowId, state: CommentState| {
        let found = counted.get(&(article, state.as_str().to_owned()));
        found.copied().unwrap_or_default()
    };
    let faults = said.into_iter().filter_map(|(article, approved, pending)| {
        let said = (i64::from(approved), i64::from(pending));
        let counted = (
            count(article, CommentState::Approved),
            count(article, CommentState::Pending),
        );
        (said != counted).then_some(ThreadFault { article, said, counted })
    });
    Ok((faults.collect(), Some(end)))
}

/// Comments in the order of their threads, behind a place.
pub async fn comments_after(
    connection: &mut Connection,
    (article, path): (RowId, String),
    most: i64,
) -> Result<Vec<CountedComment>, Failure> {
    Ok(comments::table
        .filter(comments::article_id.ge(article))
        .filter(comments::article_id.gt(article).or(comments::path.gt(path)))
        .order((comments::article_id.asc(), comments::path.asc()))
        .select(CountedComment::as_select())
        .limit(most)
        .load(connection)
        .await?)
}

/// All comments of an article, in the order of the thread.
pub async fn comments_of(connection: &mut Connection, article: RowId) -> Result<Vec<CountedComment>, Failure> {
    Ok(comments::table
        .filter(comments::article_id.eq(article))
        .order(comments::path.asc())
        .select(CountedComment::as_select())
        .load(connection)
        .await?)
}

/// Snapshots of another revision than the article says, and articles that say that readers see them and have no snapshot: at
/// most `most` of each.
pub async fn wrong_snapshots(connection: &mut Connection, most: i64) -> Result<Vec<SnapshotFault>, Failure> {
    let differing: Vec<(RowId, i32, Option<i32>)> = published_articles::table
        .inner_join(articles::table.on(articles::id.eq(published_articles::article_id)))
        .filter(
            articles::published_revision
                .is_null()
                .or(articles::published_revision.ne(published_articles::revision.nullable())),
        )
        .order(articles::id.asc())
        .select((articles::id, published_articles::revision, articles::published_revision))
        .limit(most)
        .load(connection)
        .await?;
    let missing: Vec<(RowId, Option<i32>)> = articles::table
        .left_join(published_articles::table.on(published_articles::article_id.eq(articles::id)))
        .filter(articles::published_revision.is_not_null())
        .filter(published_articles::article_id.nullable().is_null())
        .order(articles::id.asc())
        .select((articles::id, articles::published_revision))
        .limit(most)
        .load(connection)
        .await?;
    let differing = differing.into_iter().map(|(article, shown, said)| SnapshotFault {
        article: article.0,
        shown: Some(shown),
        said,
    });
    let missing = missing.into_iter().map(|(article, said)| SnapshotFault {
        article: article.0,
        shown: None,
        said,
    });
    Ok(differing.chain(missing).collect())
}
