//! The job that closes threads whose time has come.

use uuid::Uuid;

use crate::audit::origin::Origin;
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::{read, write_unit};

/// The most threads that one look takes up.
const MOST_AT_ONCE: i64 = 200;

/// The most looks of one run, so that a rule that closes a great many threads at once leaves room for other jobs.
const MOST_LOOKS: usize = 25;

/// Closes what is due, each thread in a transaction of its own, and tells how many were closed. One that fails does not keep
/// the others waiting; it is tried again at the next run.
///
/// # Errors
/// The last [`Failure`], once everything that was found was tried.
pub async fn close_due(state: &AppState) -> Result<usize, Failure> {
    let mut done = 0_usize;
    for _look in 0..MOST_LOOKS {
        let now = RowTime::from(state.clock.now());
        let due: Result<Vec<Uuid>, Failure> = read!(&state.database, thread_states::due(now, MOST_AT_ONCE));
        let due = due?;
        let is_last = i64::try_from(due.len()).unwrap_or(i64::MAX) < MOST_AT_ONCE;
        let mut outcome = Ok(());
        for article in due {
            let stamp = state.stamp(Origin::schedule());
            let closed: Result<bool, Failure> =
                write_unit!(&state.database, thread_states::close_if_due(article, stamp));
            match closed {
                Ok(true) => {
                    tracing::info!(%article, "the thread is closed, as old as it is");
                    done = done.saturating_add(1);
                }
                Ok(false) => {}
                Err(failure) => outcome = Err(failure),
            }
        }
        outcome?;
        if is_last {
            break;
        }
    }
    Ok(done)
}
