//! Sending what waits in the queue.
//!
//! A message is claimed in a transaction, sent without one, and its outcome is stored in another. So no lock is held while
//! a server is talked to, and any number of instances sends each message once. A process that dies in between leaves a
//! claim that ends by itself; the message is then sent a second time, with the same `Message-ID`.

use chrono::Duration;
use futures_util::future::try_join_all;
use rand::RngExt as _;

use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::mail::message::{CLAIM_MINUTES, MAX_JITTER_PERCENT, MailRow, wait_after};
use crate::mail::relay::{MailRelay, SendFault};
use crate::state::AppState;
use crate::{read, write_unit};

/// Messages that are sent at once, each over a connection of its own.
const AT_ONCE: usize = 4;

/// Messages that one run sends over each connection. What is left is due at the next tick, so that the server can stop.
const MOST: usize = 25;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The server had a word about the message.
    Answered,
    /// The server could not be asked: others would not get through either.
    Unreachable,
}

/// Sends what is due, and tells how many messages were tried. Nothing is done where mail is off.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn send_due(state: &AppState) -> Result<usize, Failure> {
    let Some(relay) = &state.mail else {
        return Ok(0);
    };
    let now = RowTime::from(state.clock.now());
    let is_any: Result<bool, Failure> = read!(&state.database, mail::is_any_due(now));
    if !is_any? {
        return Ok(0);
    }
    let tried = try_join_all((0..AT_ONCE).map(|_| send_some(state, relay))).await?;
    Ok(tried.into_iter().sum())
}

async fn send_some(state: &AppState, relay: &MailRelay) -> Result<usize, Failure> {
    let mut tried = 0_usize;
    while tried < MOST {
        let now = state.clock.now();
        let until = RowTime::from(now + Duration::minutes(CLAIM_MINUTES));
        let now = RowTime::from(now);
        let claimed: Result<Option<MailRow>, Failure> = write_unit!(&state.database, mail::claim(now, until));
        let Some(row) = claimed? else {
            break;
        };
        tried = tried.saturating_add(1);
        let outcome = relay.send(&row).await;
        if settle(state, row, outcome).await? == Outcome::Unreachable {
            break;
        }
    }
    Ok(tried)
}

async fn settle(state: &AppState, row: MailRow, outcome: Result<(), SendFault>) -> Result<Outcome, Failure> {
    let id = row.id;
    let fault = match outcome {
        Ok(()) => {
            let removed: Result<(), Failure> = write_unit!(&state.database, mail::remove_sent(id));
            removed?;
            tracing::debug!(message = %id.0, "sent");
            return Ok(Outcome::Answered);
        }
        Err(fault) => fault,
    };
    let (reason, attempts) = (fault.to_string(), row.attempts);
    let wait = match fault {
        SendFault::Refused(_) => None,
        SendFault::PutOff(_) | SendFault::Unreachable(_) => {
            wait_after(attempts, rand::rng().random_range(0..=MAX_JITTER_PERCENT))
        }
    };
    let now = state.clock.now();
    let stored: Result<(), Failure> = if let Some(wait) = wait {
        let next = RowTime::from(now + wait);
        tracing::info!(message = %id.0, attempts, reason, "a message was not sent, and is tried again");
        write_unit!(&state.database, mail::put_off(row, next, reason))
    } else {
        tracing::warn!(message = %id.0, attempts, reason, "a message was not sent, and is not tried again");
        let now = RowTime::from(now);
        write_unit!(&state.database, mail::give_up(row, now, reason))
    };
    stored?;
    Ok(match fault {
        SendFault::Unreachable(_) => Outcome::Unreachable,
        SendFault::Refused(_) | SendFault::PutOff(_) => Outcome::Answered,
    })
}
