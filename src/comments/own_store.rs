//! Queries about comments in the name of their writers, and about what is known of these.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Utc};
use diesel::dsl::{max, sum};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, comments as threads_and_comments};
use crate::comments::comment::{
    CommentFailure, CommentRow, CommentState, CommentStateCounts, CommentWriterRow, NewComment, ThreadRow,
};
use crate::comments::edit_token;
use crate::comments::own_comment::{CommentEdit, CommentRevisionRow, OwnComment, OwnCommentFailure, WriterClaim};
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{comment_revisions, comment_writers, commenters, comments, site_settings, threads};
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};

/// The one row of the settings of the site.
const THE_SITE: i32 = 1;

/// Stores a comment that a reader sends, and gives it with the minutes in which it can be edited.
pub async fn post(
    connection: &mut Connection,
    article: Uuid,
    new: NewComment,
) -> Result<(CommentRow, i32), CommentFailure> {
    let row = threads_and_comments::create(connection, article, new).await?;
    let minutes = edit_minutes(connection).await?;
    Ok((row, minutes))
}

/// A comment of whoever makes the claim. One that somebody else wrote is absent.
pub async fn find(connection: &mut Connection, id: Uuid, claim: WriterClaim) -> Result<OwnComment, OwnCommentFailure> {
    claimed(connection, id, &claim).await
}

/// Changes a comment in the name of its writer. An edit that changes nothing is none.
pub async fn edit(
    connection: &mut Connection,
    id: Uuid,
    claim: WriterClaim,
    expected: Expected,
    edit: CommentEdit,
    now: DateTime<Utc>,
) -> Result<OwnComment, OwnCommentFailure> {
    let own = held(connection, id, &claim, &expected).await?;
    own.require_editable(now)?;
    let CommentEdit {
        body,
        author_name,
        author_url,
    } = edit;
    let former = own.row.clone();
    let mut row = CommentRow {
        author_name: author_name.map_or(former.author_name.clone(), |name| Some(name.into_string())),
        author_url: author_url
            .map(crate::field::PlainWebAddress::into_string)
            .apply(former.author_url.clone()),
        ..former.clone()
    };
    if let Some(body) = body.filter(|body| body.markdown != former.body_markdown) {
        keep_text(connection, &former).await?;
        row.body_markdown = body.markdown;
        row.body_html = body.html;
        row.body_text = body.text;
        row.edited_at = Some(now.into());
    }
    if row == former {
        return Ok(own);
    }
    let row = if own.waits_after_edit_by(&claim) {
        threads_and_comments::put_into_state(connection, row, CommentState::Pending, now).await?
    } else {
        let change_sequence = match former.state() {
            CommentState::Approved => threads_and_comments::touch(connection, row.article_id).await?,
            _ => row.change_sequence,
        };
        CommentRow {
            change_sequence,
            revision: row.revision.saturating_add(1),
            updated_at: now.into(),
            ..row
        }
    };
    store_saying(connection, &row).await?;
    claimed(connection, id, &claim).await
}

/// Takes a comment back in the name of its writer. What it says, its former texts, and all that its writer gave of
/// themselves are erased; its place stays while others answer it.
pub async fn withdraw(
    connection: &mut Connection,
    id: Uuid,
    claim: WriterClaim,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<(), OwnCommentFailure> {
    let own = held(connection, id, &claim, &expected).await?;
    own.require_not_withdrawn()?;
    let row = match own.row.state() {
        CommentState::Removed => CommentRow {
            revision: own.row.revision.saturating_add(1),
            updated_at: now.into(),
            ..own.row
        },
        _ => threads_and_comments::put_into_state(connection, own.row, CommentState::Removed, now).await?,
    };
    let row = CommentRow {
        author_name: None,
        author_url: None,
        body_markdown: String::new(),
        body_html: String::new(),
        body_text: String::new(),
        edited_at: None,
        ..row
    };
    store_saying(connection, &row).await?;
    diesel::update(comments::table.find(row.id))
        .set((comments::is_pinned.eq(false), comments::is_featured.eq(false)))
        .execute(connection)
        .await?;
    diesel::delete(comment_revisions::table.filter(comment_revisions::comment_id.eq(row.id)))
        .execute(connection)
        .await?;
    let changes = (
        comment_writers::email.eq(None::<String>),
        comment_writers::text_digest.eq(None::<RowId>),
        comment_writers::withdrawn_at.eq(Some(RowTime::from(now))),
    );
    diesel::update(comment_writers::table.find(row.id))
        .set(changes)
        .execute(connection)
        .await?;
    Ok(())
}

/// The texts of a comment, with the one that it says now, from a place on. One that was withdrawn has none.
pub async fn revisions(
    connection: &mut Connection,
    id: Uuid,
    slice: Slice,
) -> Result<Vec<CommentRevisionRow>, CommentFailure> {
    let comment = threads_and_comments::find(connection, id)
        .await?
        .ok_or(CommentFailure::Absent)?;
    if comment.writer.is_some_and(|writer| writer.withdrawn_at.is_some()) {
        return Ok(Vec::new());
    }
    let current = CommentRevisionRow {
        comment_id: comment.row.id,
        number: next_number(connection, comment.row.id).await?,
        written_at: comment.row.edited_at.unwrap_or(comment.row.created_at),
        body_markdown: comment.row.body_markdown,
    };
    let after = slice.after.as_ref().and_then(|place| match place.key {
        PositionKey::Time(number) => i32::try_from(number).ok(),
        PositionKey::Text(_) => None,
    });
    let mut rows = former_texts(connection, comment.row.id, &slice, after).await?;
    match slice.order {
        SortOrder::Ascending if after.is_none_or(|after| after < current.number) => rows.push(current),
        SortOrder::Descending if after.is_none_or(|after| after > current.number) => rows.insert(0, current),
        SortOrder::Ascending | SortOrder::Descending => {}
    }
    rows.truncate(usize::try_from(slice.rows).unwrap_or(usize::MAX));
    Ok(rows)
}

/// How many comments there are in each state, in one thread or in all: what the threads have counted. `None` where there is no
/// such thread.
pub async fn counts(connection: &mut Connection, article: Option<Uuid>) -> Result<Option<CommentStateCounts>, Failure> {
    type Sums = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
    let mut query = threads::table
        .select((
            sum(threads::pending_count),
            sum(threads::approved_count),
            sum(threads::rejected_count),
            sum(threads::spam_count),
            sum(threads::removed_count),
        ))
        .into_boxed();
    if let Some(article) = article {
        query = query.filter(threads::article_id.eq(RowId(article)));
    }
    let sums: Sums = query.first(connection).await?;
    // The sum of no thread is null.
    if article.is_some() && sums.0.is_none() {
        return Ok(None);
    }
    let (pending, approved, rejected, spam, removed) = sums;
    Ok(Some(CommentStateCounts {
        pending: pending.unwrap_or_default(),
        approved: approved.unwrap_or_default(),
        rejected: rejected.unwrap_or_default(),
        spam: spam.unwrap_or_default(),
        removed: removed.unwrap_or_default(),
    }))
}

/// Forgets the e-mail addresses and the networks of the oldest comments that were written before a moment, of at most
/// `most`, and tells how many those were.
pub async fn forget_writers(connection: &mut Connection, before: RowTime, most: i64) -> Result<usize, Failure> {
    let known = comment_writers::email
        .is_not_null()
        .or(comment_writers::network_key.is_not_null());
    let due: Vec<RowId> = comment_writers::table
        .filter(comment_writers::written_at.lt(before))
        .filter(known)
        .order(comment_writers::written_at.asc())
        .select(comment_writers::comment_id)
        .limit(most)
        .load(connection)
        .await?;
    if due.is_empty() {
        return Ok(0);
    }
    // Looked at again, since another instance may be at the same.
    let forgetful = comment_writers::table
        .filter(comment_writers::comment_id.eq_any(due))
        .filter(known);
    let changes = (
        comment_writers::email.eq(None::<String>),
        comment_writers::network_key.eq(None::<RowId>),
    );
    Ok(diesel::update(forgetful).set(changes).execute(connection).await?)
}

/// A comment of whoever makes the claim, held together with its thread until the transaction ends.
async fn held(
    connection: &mut Connection,
    id: Uuid,
    claim: &WriterClaim,
    expected: &Expected,
) -> Result<OwnComment, OwnCommentFailure> {
    threads_and_comments::hold_comment(connection, id, &Expected::Any).await?;
    let own = claimed(connection, id, claim).await?;
    match expected.allows(own.row.revision) {
        true => Ok(own),
        false => Err(CommentFailure::Stale(StaleRevision {
            revision: own.row.revision,
            changed_by: None,
            changed_at: own.row.updated_at.utc(),
        })
        .into()),
    }
}

async fn claimed(connection: &mut Connection, id: Uuid, claim: &WriterClaim) -> Result<OwnComment, OwnCommentFailure> {
    // A token is held against its own comment, so that only who has a good one learns that it is of another.
    if let WriterClaim::EditToken { comment, secret_hash } = claim {
        let stored: Option<Option<String>> = comment_writers::table
            .find(RowId(*comment))
            .select(comment_writers::edit_token_hash)
            .first(connection)
            .await
            .optional()?;
        if !edit_token::admits(stored.flatten().as_deref(), secret_hash) {
            return Err(OwnCommentFailure::TokenInvalid);
        }
    }
    let found: Option<(CommentRow, CommentWriterRow, ThreadRow)> = comments::table
        .inner_join(comment_writers::table.on(comment_writers::comment_id.eq(comments::id)))
        .inner_join(threads::table.on(threads::article_id.eq(comments::article_id)))
        .filter(comments::id.eq(RowId(id)))
        .select((
            CommentRow::as_select(),
            CommentWriterRow::as_select(),
            ThreadRow::as_select(),
        ))
        .first(connection)
        .await
        .optional()?;
    let (row, writer, thread) = found.ok_or(CommentFailure::Absent)?;
    let is_theirs = match claim {
        WriterClaim::EditToken { comment, .. } => *comment == id,
        WriterClaim::Account { id, .. } => writer.account_id == Some(RowId(*id)),
        WriterClaim::Commenter { issuer, subject } => {
            let commenter = commenter(connection, issuer, subject).await?;
            commenter.is_some() && writer.commenter_id == commenter
        }
    };
    if !is_theirs {
        return Err(CommentFailure::Absent.into());
    }
    let edit_minutes = edit_minutes(connection).await?;
    Ok(OwnComment {
        row,
        writer,
        thread,
        edit_minutes,
    })
}

/// The reader whom the identity provider of the site names so.
pub async fn commenter(connection: &mut Connection, issuer: &str, subject: &str) -> Result<Option<RowId>, Failure> {
    let query = commenters::table
        .filter(commenters::issuer.eq(issuer))
        .filter(commenters::subject.eq(subject))
        .select(commenters::id);
    Ok(query.first(connection).await.optional()?)
}

async fn edit_minutes(connection: &mut Connection) -> Result<i32, Failure> {
    let query = site_settings::table
        .find(THE_SITE)
        .select(site_settings::comment_edit_minutes);
    Ok(query.first(connection).await?)
}

/// Keeps what a comment says for moderators, before it says something else.
async fn keep_text(connection: &mut Connection, row: &CommentRow) -> Result<(), Failure> {
    let kept = CommentRevisionRow {
        comment_id: row.id,
        number: next_number(connection, row.id).await?,
        body_markdown: row.body_markdown.clone(),
        written_at: row.edited_at.unwrap_or(row.created_at),
    };
    diesel::insert_into(comment_revisions::table)
        .values(&kept)
        .execute(connection)
        .await?;
    Ok(())
}

async fn next_number(connection: &mut Connection, comment: RowId) -> Result<i32, Failure> {
    let last: Option<i32> = comment_revisions::table
        .filter(comment_revisions::comment_id.eq(comment))
        .select(max(comment_revisions::number))
        .first(connection)
        .await?;
    Ok(last.unwrap_or_default().saturating_add(1))
}

async fn former_texts(
    connection: &mut Connection,
    comment: RowId,
    slice: &Slice,
    after: Option<i32>,
) -> Result<Vec<CommentRevisionRow>, Failure> {
    use comment_revisions::number;
    let mut query = comment_revisions::table
        .filter(comment_revisions::comment_id.eq(comment))
        .select(CommentRevisionRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    query = match slice.order {
        SortOrder::Ascending => query.order(number.asc()),
        SortOrder::Descending => query.order(number.desc()),
    };
    query = match (after, slice.order) {
        (None, _) => query,
        (Some(last), SortOrder::Ascending) => query.filter(number.gt(last)),
        (Some(last), SortOrder::Descending) => query.filter(number.lt(last)),
    };
    Ok(query.load(connection).await?)
}

/// Stores what a comment says, and that it changed.
async fn store_saying(connection: &mut Connection, row: &CommentRow) -> Result<(), Failure> {
    let changes = (
        comments::author_name.eq(row.author_name.clone()),
        comments::author_url.eq(row.author_url.clone()),
        comments::body_markdown.eq(row.body_markdown.clone()),
        comments::body_html.eq(row.body_html.clone()),
        comments::body_text.eq(row.body_text.clone()),
        comments::edited_at.eq(row.edited_at),
        comments::revision.eq(row.revision),
        comments::updated_at.eq(row.updated_at),
        comments::change_sequence.eq(row.change_sequence),
    );
    diesel::update(comments::table.find(row.id))
        .set(changes)
        .execute(connection)
        .await?;
    Ok(())
}
