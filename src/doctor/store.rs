//! Queries of the doctor: they only read, a part at a time.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min, sum};
use diesel::prelude::*;

use super::{Connection, RunQueryDsl};
use crate::comments::comment::{CommentState, ThreadRow, ThreadState};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{
    articles, comment_revisions, comment_votes, comments, mail_messages, published_articles, threads,
};
use crate::database::timestamp::RowTime;
use crate::doctor::checks::{MailCounts, NumberingFault, ScoreFault, SnapshotFault, ThreadFault};
use crate::doctor::recount::CountedComment;
use crate::mail::message::MailState;

/// The threads of some articles whose counters are wrong, of at most `most` articles behind `last`; with the last one that was
/// looked at, if there are more.
pub async fn wrong_threads(
    connection: &mut Connection,
    last: RowId,
    most: i64,
) -> Result<(Vec<ThreadFault>, Option<RowId>), Failure> {
    let said: Vec<ThreadRow> = threads::table
        .filter(threads::article_id.gt(last))
        .order(threads::article_id.asc())
        .select(ThreadRow::as_select())
        .limit(most)
        .load(connection)
        .await?;
    let Some(end) = said.last().map(|thread| thread.article_id) else {
        return Ok((Vec::new(), None));
    };
    let counted: Vec<(RowId, String, i64)> = comments::table
        .filter(comments::article_id.gt(last))
        .filter(comments::article_id.le(end))
        .group_by((comments::article_id, comments::state))
        .select((comments::article_id, comments::state, count_star()))
        .load(connection)
        .await?;
    let counted: HashMap<(RowId, String), i64> = counted
        .into_iter()
        .map(|(article, state, count)| ((article, state), count))
        .collect();
    let faults = said.into_iter().filter_map(|thread| {
        let article = thread.article_id;
        let count = |state: CommentState| {
            let found = counted.get(&(article, state.as_str().to_owned()));
            found.copied().unwrap_or_default()
        };
        let states = [
            (CommentState::Pending, thread.pending_count),
            (CommentState::Approved, thread.approved_count),
            (CommentState::Rejected, thread.rejected_count),
            (CommentState::Spam, thread.spam_count),
            (CommentState::Removed, thread.removed_count),
        ];
        let said = states.map(|(_, said)| i64::from(said));
        let counted = states.map(|(state, _)| count(state));
        (said != counted).then_some(ThreadFault { article, said, counted })
    });
    Ok((faults.collect(), Some(end)))
}

/// Threads that are not open without a reason, or open with one, at most so many.
pub async fn threads_without_reason(connection: &mut Connection, most: i64) -> Result<Vec<RowId>, Failure> {
    let is_open = threads::state.eq(ThreadState::Open.as_str());
    let is_shut = threads::state.ne(ThreadState::Open.as_str());
    Ok(threads::table
        .filter((is_open.and(threads::closed_reason.is_not_null())).or(is_shut.and(threads::closed_reason.is_null())))
        .order(threads::article_id.asc())
        .select(threads::article_id)
        .limit(most)
        .load(connection)
        .await?)
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

/// The comments of a part of those that have votes whose score is another than these come to: of at most `most` behind `last`;
/// with the last one that was looked at, if there are more.
pub async fn wrong_scores(
    connection: &mut Connection,
    last: RowId,
    most: i64,
) -> Result<(Vec<ScoreFault>, Option<RowId>), Failure> {
    let counted: Vec<(RowId, Option<i64>)> = comment_votes::table
        .filter(comment_votes::comment_id.gt(last))
        .group_by(comment_votes::comment_id)
        .select((comment_votes::comment_id, sum(comment_votes::value)))
        .order(comment_votes::comment_id.asc())
        .limit(most)
        .load(connection)
        .await?;
    let ids: Vec<RowId> = counted.iter().map(|(id, _)| *id).collect();
    let said: Vec<(RowId, i32)> = comments::table
        .filter(comments::id.eq_any(ids))
        .select((comments::id, comments::score))
        .load(connection)
        .await?;
    let said: HashMap<RowId, i32> = said.into_iter().collect();
    let end = counted.last().map(|(id, _)| *id);
    let faults = counted.into_iter().filter_map(|(id, counted)| {
        let (said, counted) = (i64::from(*said.get(&id)?), counted.unwrap_or_default());
        (said != counted).then_some(ScoreFault {
            comment: id.0,
            said,
            counted,
        })
    });
    Ok((faults.collect(), end))
}

/// The comments of a part of those that have former texts whose texts are not numbered from 1 without a gap: of at most
/// `most` behind `last`; with the last one that was looked at, if there are more.
pub async fn wrong_numberings(
    connection: &mut Connection,
    last: RowId,
    most: i64,
) -> Result<(Vec<NumberingFault>, Option<RowId>), Failure> {
    type Numbering = (RowId, i64, Option<i32>, Option<i32>);
    let numberings: Vec<Numbering> = comment_revisions::table
        .filter(comment_revisions::comment_id.gt(last))
        .group_by(comment_revisions::comment_id)
        .select((
            comment_revisions::comment_id,
            count_star(),
            min(comment_revisions::number),
            max(comment_revisions::number),
        ))
        .order(comment_revisions::comment_id.asc())
        .limit(most)
        .load(connection)
        .await?;
    let end = numberings.last().map(|(id, ..)| *id);
    let faults = numberings.into_iter().filter_map(|(id, texts, lowest, highest)| {
        let numbers = (lowest.unwrap_or_default(), highest.unwrap_or_default());
        let is_sound = numbers.0 == 1 && i64::from(numbers.1) == texts;
        (!is_sound).then_some(NumberingFault {
            comment: id.0,
            texts,
            numbers,
        })
    });
    Ok((faults.collect(), end))
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

/// How many mails were stored before a moment and still wait, and how many were refused for good.
pub async fn mail_counts(connection: &mut Connection, before: RowTime) -> Result<MailCounts, Failure> {
    let overdue = mail_messages::table
        .filter(mail_messages::state.eq(MailState::Waiting.as_str()))
        .filter(mail_messages::created_at.le(before))
        .count()
        .get_result(connection)
        .await?;
    let failed = mail_messages::table
        .filter(mail_messages::failed_at.is_not_null())
        .count()
        .get_result(connection)
        .await?;
    Ok(MailCounts { overdue, failed })
}
