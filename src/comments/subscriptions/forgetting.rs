//! Forgetting what is of no use any more: addresses that nobody confirmed, notices, and counts.

use chrono::Duration;

use crate::comments::subscriptions::confirmation_limit::over_before;
use crate::comments::subscriptions::subscription::NOTICES_KEPT_DAYS;
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::write_unit;

/// Rows, or comments, that one transaction removes. What is left is due at the next run.
const BATCH: i64 = 500;

/// Removes what is over, and tells how many things those were.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget(state: &AppState) -> Result<usize, Failure> {
    let now = state.clock.now();
    let (moment, over) = (RowTime::from(now), over_before(now));
    let settled = RowTime::from(now - Duration::days(NOTICES_KEPT_DAYS));
    let unconfirmed: Result<usize, Failure> =
        write_unit!(&state.database, subscriptions::forget_unconfirmed(moment, BATCH));
    let notices: Result<usize, Failure> = write_unit!(&state.database, subscriptions::forget_notices(settled, BATCH));
    let counts: Result<usize, Failure> = write_unit!(&state.database, subscriptions::forget_counts(over, BATCH));
    Ok(unconfirmed?.saturating_add(notices?).saturating_add(counts?))
}
