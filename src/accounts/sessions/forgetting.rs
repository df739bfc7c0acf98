//! Forgetting the sessions that are over for long.

use chrono::Duration;

use crate::accounts::sessions::session::MAX_DAYS;
use crate::accounts::throttle::KNOWN_DAYS;
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::write_unit;

/// Days that a session is kept after its end.
const KEPT_DAYS: i64 = 10;

/// Sessions that one transaction removes: each has a refresh token for every exchange.
const BATCH: i64 = 50;

/// Batches of one run. What is left is due at the next.
const BATCHES: usize = 20;

/// Forgets the sessions that are over for ten days, with their refresh tokens, and tells how many those were. Until ninety
/// days after it was opened a session also tells which networks its account knows.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget_sessions(state: &AppState) -> Result<usize, Failure> {
    let now = state.clock.now();
    let ended = RowTime::from(now - Duration::days(KEPT_DAYS));
    let opened = RowTime::from(now - Duration::days(KNOWN_DAYS.max(MAX_DAYS)));
    let mut forgotten = 0_usize;
    for _ in 0..BATCHES {
        let batch: Result<usize, Failure> = write_unit!(&state.database, sessions::forget(ended, opened, BATCH));
        match batch? {
            0 => break,
            some => forgotten = forgotten.saturating_add(some),
        }
    }
    Ok(forgotten)
}
