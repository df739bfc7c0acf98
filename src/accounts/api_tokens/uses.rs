//! When tokens were last used. A request notes it in memory, and a job writes it down: a request that only reads stays one
//! that only reads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::state::AppState;
use crate::write_unit;

/// The tokens that were used since this was last written down, and when. Only tokens that were let in come here, so that
/// there are never more than there are tokens.
#[derive(Debug, Default)]
pub struct TokenUses(Mutex<HashMap<Uuid, DateTime<Utc>>>);

impl TokenUses {
    /// Notes that a token was used.
    pub fn note(&self, token: Uuid, now: DateTime<Utc>) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = uses.entry(token).or_insert(now);
        *last = now.max(*last);
    }

    fn take(&self) -> Vec<(Uuid, DateTime<Utc>)> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: Vec<_> = std::mem::take(&mut *uses).into_iter().collect();
        // Instances that write at once lock the rows in one order.
        taken.sort_unstable();
        taken
    }

    fn put_back(&self, uses: Vec<(Uuid, DateTime<Utc>)>) {
        for (token, moment) in uses {
            self.note(token, moment);
        }
    }
}

/// Writes down when tokens were last used, and tells how many those were. Also done when the server stops.
///
/// # Errors
/// A [`Failure`] of the database; what could not be written is written the next time.
pub async fn write_down(state: &AppState) -> Result<usize, Failure> {
    let uses = state.token_uses.take();
    if uses.is_empty() {
        return Ok(0);
    }
    let (count, batch) = (uses.len(), uses.clone());
    let written: Result<(), Failure> = write_unit!(&state.database, api_tokens::note_uses(batch));
    match written {
        Ok(()) => Ok(count),
        Err(failure) => {
            state.token_uses.put_back(uses);
            Err(failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_latest_use_is_kept_until_it_is_taken() {
        let (uses, token) = (TokenUses::default(), Uuid::from_u128(1));
        let noon = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        uses.note(token, noon);
        uses.note(token, noon - TimeDelta::seconds(1));
        assert_eq!(uses.take(), [(token, noon)]);
        assert_eq!(uses.take(), []);
        uses.note(token, noon + TimeDelta::seconds(2));
        uses.put_back(vec![(token, noon)]);
        assert_eq!(uses.take(), [(token, noon + TimeDelta::seconds(2))]);
    }
}
