//! Queries about votes.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, comments as threads_and_comments, own_comments};
use crate::comments::comment::{CommentFailure, CommentRow, CommentState, CommentWriterRow, VotesFrom};
use crate::comments::own_comment::WriterClaim;
use crate::comments::thread_state::ReaderAct;
use crate::comments::vote::{Ballot, CastVote, VoteChange, VoteFailure, VoteRow, Voter};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{comment_votes, comment_writers, comments, site_settings};
use crate::http::conditional::Expected;

/// The one row of the settings of the site.
const THE_SITE: i32 = 1;

/// Passes if readers see the comment, so that it can be voted on at all.
pub async fn require_votable(connection: &mut Connection, id: Uuid) -> Result<(), CommentFailure> {
    votable(connection, id).await.map(drop)
}

/// Takes a vote, in the place of the other one of the same reader if there is one.
pub async fn cast(connection: &mut Connection, id: Uuid, ballot: Ballot) -> Result<CastVote, VoteFailure> {
    let Ballot { voter, value, now } = ballot;
    let row = held_for(connection, id, &voter, now).await?;
    require_not_own(connection, &row, &voter).await?;
    let former = vote_of(connection, row.id, &voter).await?;
    let (change, by) = match former {
        Some(former) if former == value.number() => return Err(VoteFailure::AlreadyVoted),
        Some(former) => (VoteChange::Turned, value.number().saturating_sub(former)),
        None => (VoteChange::Cast, value.number()),
    };
    let vote = VoteRow {
        comment_id: row.id,
        voter: RowId(voter.key),
        value: value.number(),
        voted_at: now.into(),
    };
    store(connection, vote, change).await?;
    Ok(CastVote {
        comment_id: row.id.0,
        value,
        score: add_to_score(connection, &row, by).await?,
        change,
    })
}

/// Takes a vote back.
pub async fn retract(
    connection: &mut Connection,
    id: Uuid,
    voter: Voter,
    now: DateTime<Utc>,
) -> Result<(), VoteFailure> {
    let row = held_for(connection, id, &voter, now).await?;
    let former = vote_of(connection, row.id, &voter).await?.ok_or(VoteFailure::NoVote)?;
    diesel::delete(comment_votes::table.find((row.id, RowId(voter.key))))
        .execute(connection)
        .await?;
    add_to_score(connection, &row, former.saturating_neg()).await?;
    Ok(())
}

/// A comment that readers see and this one may vote on, held together with its thread until the transaction ends.
async fn held_for(
    connection: &mut Connection,
    id: Uuid,
    voter: &Voter,
    now: DateTime<Utc>,
) -> Result<CommentRow, VoteFailure> {
    threads_and_comments::hold_comment(connection, id, &Expected::Any).await?;
    let row = votable(connection, id).await?;
    let thread = threads_and_comments::find_thread(connection, row.article_id.0).await?;
    let thread = thread.ok_or(CommentFailure::Absent)?;
    voter.require_admitted(votes_from(connection).await?)?;
    thread.require(ReaderAct::Vote, now)?;
    Ok(row)
}

async fn votable(connection: &mut Connection, id: Uuid) -> Result<CommentRow, CommentFailure> {
    let row = threads_and_comments::find_public(connection, id).await?;
    match row.state() {
        CommentState::Approved => Ok(row),
        // The place that a comment leaves cannot be voted on.
        _ => Err(CommentFailure::Absent),
    }
}

async fn require_not_own(connection: &mut Connection, row: &CommentRow, voter: &Voter) -> Result<(), VoteFailure> {
    let writer: Option<CommentWriterRow> = comment_writers::table
        .find(row.id)
        .select(CommentWriterRow::as_select())
        .first(connection)
        .await
        .optional()?;
    let commenter = match &voter.claim {
        Some(WriterClaim::Commenter { issuer, subject }) => {
            own_comments::commenter(connection, issuer, subject).await?
        }
        Some(WriterClaim::Account { .. } | WriterClaim::EditToken { .. }) | None => None,
    };
    match writer.is_some_and(|writer| voter.is_writer(&writer, commenter)) {
        true => Err(VoteFailure::OwnComment),
        false => Ok(()),
    }
}

async fn votes_from(connection: &mut Connection) -> Result<VotesFrom, Failure> {
    let name: String = site_settings::table
        .find(THE_SITE)
        .select(site_settings::votes_from)
        .first(connection)
        .await?;
    // A name that this version does not know lets nobody vote.
    Ok(VotesFrom::from_name(&name).unwrap_or(VotesFrom::Nobody))
}

async fn vote_of(connection: &mut Connection, comment: RowId, voter: &Voter) -> Result<Option<i32>, Failure> {
    let query = comment_votes::table
        .find((comment, RowId(voter.key)))
        .select(comment_votes::value);
    Ok(query.first(connection).await.optional()?)
}

async fn store(connection: &mut Connection, vote: VoteRow, change: VoteChange) -> Result<(), Failure> {
    match change {
        VoteChange::Cast => {
            diesel::insert_into(comment_votes::table)
                .values(&vote)
                .execute(connection)
                .await?
        }
        VoteChange::Turned => {
            diesel::update(comment_votes::table.find((vote.comment_id, vote.voter)))
                .set((
                    comment_votes::value.eq(vote.value),
                    comment_votes::voted_at.eq(vote.voted_at),
                ))
                .execute(connection)
                .await?
        }
    };
    Ok(())
}

/// Adds to the score of a comment, and tells the readers of the thread; gives the new score.
async fn add_to_score(connection: &mut Connection, row: &CommentRow, by: i32) -> Result<i32, Failure> {
    let change_sequence = threads_and_comments::touch(connection, row.article_id).await?;
    let query = diesel::update(comments::table.find(row.id))
        .set((
            comments::score.eq(comments::score + by),
            comments::change_sequence.eq(change_sequence),
        ))
        .returning(comments::score);
    Ok(query.get_result(connection).await?)
}
