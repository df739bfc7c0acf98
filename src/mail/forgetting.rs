//! Forgetting the messages that were refused for good.

use chrono::Duration;

use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::mail::message::FAILED_KEPT_DAYS;
use crate::state::AppState;
use crate::write_unit;

/// Messages that one transaction removes. What is left is due at the next run.
const BATCH: i64 = 500;

/// Removes the messages that failed a week ago, with the addresses that they were for, and tells how many those were.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget_failed(state: &AppState) -> Result<usize, Failure> {
    let before = RowTime::from(state.clock.now() - Duration::days(FAILED_KEPT_DAYS));
    write_unit!(&state.database, mail::forget_failed(before, BATCH))
}
