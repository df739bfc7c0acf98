//! Forgetting the answers whose time is over.

use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::write_unit;

/// Records that one transaction removes, so that no writer waits long for it.
const BATCH: i64 = 500;

/// Batches of one run. What is left is due at the next.
const BATCHES: usize = 20;

/// Forgets the records whose time is over, and tells how many those were. Done by several instances at once, each record is
/// removed by one of them; a record that a new request is taking over is let be, since its time begins anew.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget_answers(state: &AppState) -> Result<usize, Failure> {
    let now = RowTime::from(state.clock.now());
    let mut forgotten = 0_usize;
    for _ in 0..BATCHES {
        let batch: Result<usize, Failure> = write_unit!(&state.database, idempotency::forget_expired(now, BATCH));
        match batch? {
            0 => break,
            some => forgotten = forgotten.saturating_add(some),
        }
    }
    Ok(forgotten)
}
