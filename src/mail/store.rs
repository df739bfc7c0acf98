//! Queries about the queue of messages.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::mail_messages;
use crate::database::timestamp::RowTime;
use crate::mail::message::{MOST_ATTEMPTS, MailRow, MailState, NewMail};

/// Messages that are looked at for one that nobody holds.
const CANDIDATES: i64 = 20;

/// Puts a message into the queue.
pub async fn enqueue(connection: &mut Connection, new: NewMail) -> Result<(), Failure> {
    diesel::insert_into(mail_messages::table)
        .values(MailRow::from(new))
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the messages about something out of the queue.
pub async fn withdraw(connection: &mut Connection, subject: Uuid) -> Result<(), Failure> {
    diesel::delete(mail_messages::table.filter(mail_messages::belongs_to.eq(RowId(subject))))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether a message is due that nobody holds.
pub async fn is_any_due(connection: &mut Connection, now: RowTime) -> Result<bool, Failure> {
    Ok(!due(connection, now, 1).await?.is_empty())
}

/// Takes the message that is due for the longest and that nobody holds, and holds it until a moment. The attempt is counted
/// before it is made, so that a message over which servers break down is not tried for ever.
pub async fn claim(connection: &mut Connection, now: RowTime, until: RowTime) -> Result<Option<MailRow>, Failure> {
    for id in due(connection, now, CANDIDATES).await? {
        let is_free = mail_messages::claimed_until
            .is_null()
            .or(mail_messages::claimed_until.le(now));
        // Another server may have taken it since, and may have put it off again.
        let free = mail_messages::table
            .filter(mail_messages::id.eq(id))
            .filter(mail_messages::state.eq(MailState::Waiting.as_str()))
            .filter(mail_messages::next_attempt_at.le(now))
            .filter(is_free);
        let taken: Option<MailRow> = diesel::update(free)
            .set((
                mail_messages::claimed_until.eq(until),
                mail_messages::attempts.eq(mail_messages::attempts + 1),
            ))
            .returning(MailRow::as_returning())
            .get_result(connection)
            .await
            .optional()?;
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// Removes a message that was sent.
pub async fn remove_sent(connection: &mut Connection, id: RowId) -> Result<(), Failure> {
    diesel::delete(mail_messages::table.find(id))
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets go of a message, to be tried again, unless somebody else holds it by now.
pub async fn put_off(
    connection: &mut Connection,
    row: MailRow,
    next_attempt_at: RowTime,
    reason: String,
) -> Result<(), Failure> {
    let held = mail_messages::table
        .filter(mail_messages::id.eq(row.id))
        .filter(mail_messages::claimed_until.eq(row.claimed_until));
    let changes = (
        mail_messages::next_attempt_at.eq(next_attempt_at),
        mail_messages::claimed_until.eq(None::<RowTime>),
        mail_messages::last_error.eq(Some(reason)),
    );
    diesel::update(held).set(changes).execute(connection).await?;
    Ok(())
}

/// Notes that a message is not sent any more, unless somebody else holds it by now.
pub async fn give_up(connection: &mut Connection, row: MailRow, now: RowTime, reason: String) -> Result<(), Failure> {
    let held = mail_messages::table
        .filter(mail_messages::id.eq(row.id))
        .filter(mail_messages::claimed_until.eq(row.claimed_until));
    let changes = (
        mail_messages::state.eq(MailState::Failed.as_str()),
        mail_messages::failed_at.eq(Some(now)),
        mail_messages::claimed_until.eq(None::<RowTime>),
        mail_messages::last_error.eq(Some(reason)),
    );
    diesel::update(held).set(changes).execute(connection).await?;
    Ok(())
}

/// Removes some of the messages that failed before a moment, and tells how many those were.
pub async fn forget_failed(connection: &mut Connection, before: RowTime, most: i64) -> Result<usize, Failure> {
    let old: Vec<RowId> = mail_messages::table
        .filter(
            mail_messages::failed_at.le(before).or(
                // Servers broke down over it so often that no outcome was ever written.
                mail_messages::attempts
                    .ge(MOST_ATTEMPTS)
                    .and(mail_messages::next_attempt_at.le(before)),
            ),
        )
        .select(mail_messages::id)
        .limit(most)
        .load(connection)
        .await?;
    let query = diesel::delete(mail_messages::table.filter(mail_messages::id.eq_any(old)));
    Ok(query.execute(connection).await?)
}

async fn due(connection: &mut Connection, now: RowTime, most: i64) -> Result<Vec<RowId>, Failure> {
    let query = mail_messages::table
        .filter(mail_messages::state.eq(MailState::Waiting.as_str()))
        .filter(mail_messages::next_attempt_at.le(now))
        .filter(mail_messages::attempts.lt(MOST_ATTEMPTS))
        .filter(
            mail_messages::claimed_until
                .is_null()
                .or(mail_messages::claimed_until.le(now)),
        )
        .order((mail_messages::next_attempt_at.asc(), mail_messages::id.asc()))
        .select(mail_messages::id)
        .limit(most);
    Ok(query.load(connection).await?)
}
