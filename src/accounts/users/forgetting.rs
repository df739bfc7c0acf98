//! Forgetting the password links whose time is over.

use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::write_unit;

/// Removes the links whose time is over, and tells how many those were. They are of no use to anybody, and each is good for
/// one account, so that there are never many.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget_links(state: &AppState) -> Result<usize, Failure> {
    let now = RowTime::from(state.clock.now());
    write_unit!(&state.database, users::forget_expired_links(now))
}
