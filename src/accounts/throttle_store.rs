//! Queries about failed attempts.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and a refusal"
)]

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::{Connection, RunQueryDsl, sessions};
use crate::accounts::throttle::{Count, Gauge, Limit, Trial, TrialFailure, Verdict, judge, known_since, over_before};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::login_failures;
use crate::database::timestamp::{RowTime, UtcTimestamp};

/// What the counts say about an attempt, without counting it.
pub async fn look(connection: &mut Connection, trial: Trial) -> Result<Verdict, Failure> {
    let counts = counts(connection, &trial).await?;
    settled(connection, &trial, counts).await
}

/// Counts an attempt as a failure, unless there were too many before it: then nothing is stored.
pub async fn count(connection: &mut Connection, trial: Trial) -> Result<(), TrialFailure> {
    let now = RowTime::from(trial.now);
    let over = over_before(trial.now);
    for gauge in &trial.gauges {
        let first = (
            login_failures::subject.eq(gauge.subject),
            login_failures::failures.eq(1),
            login_failures::window_began_at.eq(now),
            login_failures::last_failed_at.eq(now),
        );
        let is_over = || login_failures::window_began_at.le(over);
        let next = (
            login_failures::failures
                .eq(case_when(is_over(), 1.into_sql::<Integer>()).otherwise(login_failures::failures + 1)),
            login_failures::window_began_at
                .eq(case_when(is_over(), now.into_sql::<UtcTimestamp>()).otherwise(login_failures::window_began_at)),
            login_failures::last_failed_at.eq(now),
        );
        diesel::insert_into(login_failures::table)
            .values(first)
            .on_conflict(login_failures::subject)
            .do_update()
            .set(next)
            .execute(connection)
            .await?;
    }
    let before = counts(connection, &trial).await?.into_iter().map(|count| Count {
        failures: count.failures.saturating_sub(1),
        ..count
    });
    match settled(connection, &trial, before.collect()).await? {
        Verdict::Admitted => Ok(()),
        Verdict::Refused { limit, seconds } => Err(TrialFailure::Refused { limit, seconds }),
    }
}

/// Takes back an attempt that was right, and forgets the failures of the account from this network.
pub async fn forgive(connection: &mut Connection, trial: Trial) -> Result<(), Failure> {
    for gauge in trial.gauges {
        match gauge.limit {
            Limit::Pair => {
                diesel::delete(login_failures::table.find(gauge.subject))
                    .execute(connection)
                    .await?;
            }
            Limit::Network | Limit::Account => count_one_less(connection, gauge).await?,
        }
    }
    Ok(())
}

/// Takes back an attempt.
pub async fn take_back(connection: &mut Connection, trial: Trial) -> Result<(), Failure> {
    for gauge in trial.gauges {
        count_one_less(connection, gauge).await?;
    }
    Ok(())
}

/// Forgets the oldest counts that nothing was added to since a moment, at most `most`, and tells how many those were.
pub async fn forget(connection: &mut Connection, before: RowTime, most: i64) -> Result<usize, Failure> {
    let old: Vec<RowId> = login_failures::table
        .filter(login_failures::last_failed_at.le(before))
        .order(login_failures::last_failed_at.asc())
        .select(login_failures::subject)
        .limit(most)
        .load(connection)
        .await?;
    let still_old = login_failures::table
        .filter(login_failures::subject.eq_any(old))
        .filter(login_failures::last_failed_at.le(before));
    Ok(diesel::delete(still_old).execute(connection).await?)
}

/// The verdict of the counts. The limit of the account from anywhere does not hold for a network that it knows.
async fn settled(connection: &mut Connection, trial: &Trial, counts: Vec<Count>) -> Result<Verdict, Failure> {
    let is_full = |count: &Count| count.limit == Limit::Account && count.failures >= count.limit.quota();
    let (Some(email), true) = (trial.email.clone(), counts.iter().any(is_full)) else {
        return Ok(judge(&counts, trial.now));
    };
    let since = known_since(trial.now);
    let is_known = sessions::was_opened_from(connection, email, trial.network, since).await?;
    let holding: Vec<Count> = counts
        .into_iter()
        .filter(|count| !is_known || count.limit != Limit::Account)
        .collect();
    Ok(judge(&holding, trial.now))
}

async fn counts(connection: &mut Connection, trial: &Trial) -> Result<Vec<Count>, Failure> {
    let subjects: Vec<RowId> = trial.gauges.iter().map(|gauge| gauge.subject).collect();
    let rows: Vec<(RowId, i32, RowTime)> = login_failures::table
        .filter(login_failures::subject.eq_any(subjects))
        .select((
            login_failures::subject,
            login_failures::failures,
            login_failures::window_began_at,
        ))
        .load(connection)
        .await?;
    let limit_of = |subject: RowId| trial.gauges.iter().find(|gauge| gauge.subject == subject);
    let counted = rows.into_iter().filter_map(|(subject, failures, began_at)| {
        Some(Count {
            limit: limit_of(subject)?.limit,
            failures,
            began_at: began_at.utc(),
        })
    });
    Ok(counted.collect())
}

async fn count_one_less(connection: &mut Connection, gauge: Gauge) -> Result<(), Failure> {
    let only_one = login_failures::table
        .find(gauge.subject)
        .filter(login_failures::failures.le(1));
    if diesel::delete(only_one).execute(connection).await? == 1 {
        return Ok(());
    }
    diesel::update(login_failures::table.find(gauge.subject))
        .set(login_failures::failures.eq(login_failures::failures - 1))
        .execute(connection)
        .await?;
    Ok(())
}
