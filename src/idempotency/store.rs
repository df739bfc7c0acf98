//! Queries about idempotency records, and the one way in which a write is carried out.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and what the effect refuses"
)]

use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;

use super::{Connection, RunQueryDsl, bound_lock_wait};
use crate::database::Verdict;
use crate::database::failure::Failure;
use crate::database::schema::idempotency_records as records;
use crate::database::timestamp::RowTime;
use crate::http::answer::Answer;
use crate::idempotency::record::{Attempt, Carried, Claim, IdempotencyRow, Persistence, WriteMode};

/// Carries out `effect` inside of the transaction that the caller has begun, and makes its answer there: the record of an
/// idempotency key is part of the same transaction, and a rehearsal is all of it, undone.
pub async fn carry_out<T, F, E>(
    connection: &mut Connection,
    mode: WriteMode,
    effect: impl AsyncFnOnce(&mut Connection) -> Result<T, F>,
    answer: impl FnOnce(T) -> Result<Answer, E>,
) -> Result<Verdict<Carried>, E>
where
    E: From<F> + From<Failure>,
{
    if let Some(attempt) = &mode.attempt {
        match claim(connection, attempt).await {
            Ok(Claim::Free) => {}
            Ok(Claim::Answered(answer)) => return Ok(Verdict::Undo(Carried::Replayed(answer))),
            Ok(Claim::KeyReused) => return Ok(Verdict::Undo(Carried::KeyReused)),
            Err(Failure::Busy(_waiting)) => return Ok(Verdict::Undo(Carried::InFlight)),
            Err(failure) => return Err(failure.into()),
        }
    }
    let answer = answer(effect(connection).await?)?;
    if mode.persistence == Persistence::Rehearse {
        return Ok(Verdict::Undo(Carried::Rehearsed(answer)));
    }
    if let Some(attempt) = &mode.attempt {
        record(connection, attempt, &answer).await?;
    }
    Ok(Verdict::Keep(Carried::Done(answer)))
}

/// What is known about an attempt. A read: it saves a request that is sent again its other checks, which might fail now
/// because the first one succeeded.
pub async fn find(connection: &mut Connection, attempt: Attempt) -> Result<Claim, Failure> {
    lookup(connection, &attempt).await
}

/// Forgets the oldest records whose time is over, at most `most`, and tells how many those were.
pub async fn forget_expired(connection: &mut Connection, now: RowTime, most: i64) -> Result<usize, Failure> {
    let expired: Vec<RowTime> = QueryDsl::filter(records::table, records::expires_at.le(now))
        .order(records::expires_at.asc())
        .select(records::expires_at)
        .limit(most)
        .load(connection)
        .await?;
    match expired.last() {
        None => Ok(0),
        Some(last) => Ok(
            diesel::delete(QueryDsl::filter(records::table, records::expires_at.le(*last)))
                .execute(connection)
                .await?,
        ),
    }
}

/// Takes the key, in one statement: also a record whose time is over is taken over by one request only. Another transaction
/// that took the key first is waited for, as the key is unique.
async fn claim(connection: &mut Connection, attempt: &Attempt) -> Result<Claim, Failure> {
    bound_lock_wait(connection).await?;
    let row = attempt.claimed();
    let upsert = diesel::insert_into(records::table)
        .values(&row)
        .on_conflict((
            records::principal,
            records::method,
            records::path,
            records::idempotency_key,
        ))
        .do_update()
        .set(&row);
    let claimed = FilterDsl::filter(upsert, records::expires_at.le(attempt.now))
        .execute(connection)
        .await?;
    if claimed == 1 {
        return Ok(Claim::Free);
    }
    match lookup(connection, attempt).await? {
        // The clock of another instance is ahead, and it forgot the record in this moment.
        Claim::Free => Err(Failure::Busy("the record of the key is being forgotten".into())),
        known => Ok(known),
    }
}

/// Fills the record that this transaction made.
async fn record(connection: &mut Connection, attempt: &Attempt, answer: &Answer) -> Result<(), Failure> {
    let row = attempt.answered(answer);
    let place = (
        row.principal,
        row.method.clone(),
        row.path.clone(),
        row.idempotency_key.clone(),
    );
    let filled = diesel::update(records::table.find(place))
        .set(&row)
        .execute(connection)
        .await?;
    match filled {
        1 => Ok(()),
        // Without its record the effect must not be stored either.
        _ => Err(Failure::Internal("the record of an idempotency key is gone".into())),
    }
}

async fn lookup(connection: &mut Connection, attempt: &Attempt) -> Result<Claim, Failure> {
    let place = (
        attempt.principal,
        attempt.method.clone(),
        attempt.path.clone(),
        attempt.key.clone(),
    );
    let row: Option<IdempotencyRow> = records::table
        .find(place)
        .select(IdempotencyRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map_or(Claim::Free, |row| attempt.compare(row)))
}
