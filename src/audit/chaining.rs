//! The job that puts new entries into the chain. A write only leaves its entry, so that no two writes wait for each other at
//! the end of the chain; a moment later an instance chains what is there.

use crate::database::failure::Failure;
use crate::state::AppState;
use crate::{read, write_unit};

/// Entries that one transaction chains: few, so that no writer waits long for it.
const BATCH: i64 = 100;

/// Batches of one run. What is left is taken up at the next.
const BATCHES: usize = 100;

/// Chains the entries that are not chained yet, and tells how many those were. Done by several instances at once, each entry
/// is chained by one of them. One of a transaction that commits late is chained after others that are younger than it.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn chain_entries(state: &AppState) -> Result<usize, Failure> {
    let mut chained = 0_usize;
    // A reader looks first: a server without writes leaves the writer alone.
    while chained < BATCHES.saturating_mul(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let is_due: Result<bool, Failure> = read!(&state.database, audit::has_unchained());
        if !is_due? {
            break;
        }
        let batch: Result<usize, Failure> = write_unit!(&state.database, audit::chain(BATCH));
        match batch? {
            0 => break,
            some => chained = chained.saturating_add(some),
        }
    }
    Ok(chained)
}
