//! Forgetting what readers gave of themselves.

use chrono::Duration;

use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::write_unit;

/// Comments whose writers one transaction forgets.
const BATCH: i64 = 500;

/// Batches of one run. What is left is due at the next.
const BATCHES: usize = 20;

/// Removes the e-mail addresses and the network keys of comments that are older than the settings say, and tells how many
/// comments those were.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget_writers(state: &AppState) -> Result<usize, Failure> {
    let Some(days) = state.settings.commenter_data_days else {
        return Ok(0);
    };
    let Some(before) = state.clock.now().checked_sub_signed(Duration::days(i64::from(days))) else {
        return Ok(0);
    };
    let before = RowTime::from(before);
    let mut forgotten = 0_usize;
    for _ in 0..BATCHES {
        let batch: Result<usize, Failure> = write_unit!(&state.database, own_comments::forget_writers(before, BATCH));
        match batch? {
            0 => break,
            some => forgotten = forgotten.saturating_add(some),
        }
    }
    Ok(forgotten)
}
