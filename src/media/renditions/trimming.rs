//! Keeping the renditions within their bound.

use crate::database::failure::Failure;
use crate::media::renditions::rendition::RenditionRow;
use crate::state::AppState;
use crate::{read, write_unit};

/// Renditions that are looked at together.
const BATCH: i64 = 200;

/// Batches of one run. What is left is due at the next.
const BATCHES: usize = 50;

/// Removes the renditions that were not asked for longest until the rest is within the bound, and tells how many those
/// were. Done by several instances at once, each rendition is removed by one of them.
///
/// # Errors
/// A [`Failure`] of the database. A store that cannot be reached is no failure: the row is gone, and with it the claim that
/// the file is there.
pub async fn trim(state: &AppState) -> Result<usize, Failure> {
    let bound = i64::try_from(state.settings.rendition_cache_bytes).unwrap_or(i64::MAX);
    let mut removed = 0_usize;
    for _ in 0..BATCHES {
        let usage: Result<(i64, Vec<RenditionRow>), Failure> = read!(&state.database, renditions::usage(BATCH));
        let (mut total, oldest) = usage?;
        if total <= bound || oldest.is_empty() {
            break;
        }
        for row in oldest {
            if total <= bound {
                break;
            }
            total = total.saturating_sub(row.byte_size);
            removed = removed.saturating_add(remove(state, row).await?);
        }
    }
    Ok(removed)
}

async fn remove(state: &AppState, row: RenditionRow) -> Result<usize, Failure> {
    let key = row.storage_key();
    // The row first: without its file it would promise something that is not there.
    let forgotten: Result<bool, Failure> = write_unit!(&state.database, renditions::forget(row));
    if !forgotten? {
        return Ok(0);
    }
    if let Err(fault) = state.media.remove(&key).await {
        tracing::warn!(%key, %fault, "the file of a rendition cannot be removed");
    }
    Ok(1)
}
