//! That every file is there that a row tells of, and no other for long.
//!
//! The bytes of an upload are stored before the row is, and those of a file that is removed are removed after it. In
//! between lies the end of a transaction, so a process that is killed leaves bytes that no row tells of, and never a row
//! without bytes. Those bytes are swept away once they are older than a day.
//!
//! The bytes of a row may also be removed while the same bytes are uploaded again, by this instance or another. So what
//! goes is first set aside, and only then is it asked whether a row tells of it: an upload whose row came too late for that
//! question looks afterwards whether its bytes are there, and stores them again; one whose row came in time gets them back.

use std::collections::HashSet;

use actix_web::web::Data;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::media::storage::{StorageFault, StorageKey, StoredFile};
use crate::read;
use crate::state::AppState;

/// Hours that bytes without a row are let be: an upload may be under way.
const GRACE_HOURS: i64 = 24;

/// Files whose rows are asked for at once.
const BATCH: usize = 500;

/// Why something was not removed. It is tried again by the next sweep.
#[derive(Debug, thiserror::Error)]
pub enum KeepingFault {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageFault),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

/// Bytes that are stored and whose row is not yet. Dropped before that, they are removed: also when the client hangs up.
pub struct Unclaimed {
    state: Data<AppState>,
    stored_sha256: Option<String>,
}

impl Unclaimed {
    /// The bytes with this SHA-256.
    #[must_use]
    pub fn new(state: &Data<AppState>, stored_sha256: &str) -> Self {
        Self {
            state: state.clone(),
            stored_sha256: Some(stored_sha256.to_owned()),
        }
    }

    /// A row tells of them now.
    pub fn claimed(mut self) {
        self.stored_sha256 = None;
    }

    /// Removes them now, unless a row tells of them.
    pub async fn remove(mut self) {
        if let Some(sha256) = self.stored_sha256.take() {
            remove_original_or_tell(&self.state, &sha256).await;
        }
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(sha256) = self.stored_sha256.take() {
            let state = self.state.clone();
            tokio::spawn(async move { remove_original_or_tell(&state, &sha256).await });
        }
    }
}

/// Removes everything that is stored of a file whose row is gone. What fails is left to the next sweep.
pub async fn remove_stored(state: &AppState, id: Uuid, stored_sha256: &str) {
    remove_original_or_tell(state, stored_sha256).await;
    if let Err(fault) = state.media.remove_below(&StorageKey::renditions_of(id)).await {
        tracing::warn!(%id, %fault, "the renditions of a removed file are left to the next sweep");
    }
}

/// Removes the bytes with this SHA-256, unless a row tells of them. Says whether they are gone.
///
/// # Errors
/// [`KeepingFault`]; the bytes are then removed or put back by the next sweep.
pub async fn remove_original(state: &AppState, stored_sha256: &str) -> Result<bool, KeepingFault> {
    let (place, aside) = (
        StorageKey::original(stored_sha256),
        StorageKey::set_aside(stored_sha256),
    );
    if !state.media.rename(&place, &aside).await? {
        return Ok(true);
    }
    settle_set_aside(state, stored_sha256).await
}

/// Removes what broken uploads left behind, and what no row tells of, and tells how many files that were.
///
/// # Errors
/// A [`Failure`] of the database. One of the store is logged, and what it kept is left to the next sweep.
pub async fn sweep(state: &AppState) -> Result<usize, Failure> {
    match swept(state, state.clock.now() - Duration::hours(GRACE_HOURS)).await {
        Ok(removed) => Ok(removed),
        Err(KeepingFault::Database(failure)) => Err(failure),
        Err(KeepingFault::Storage(fault)) => {
            tracing::warn!(%fault, "files that nobody needs are left to the next sweep");
            Ok(0)
        }
    }
}

async fn swept(state: &AppState, before: DateTime<Utc>) -> Result<usize, KeepingFault> {
    let mut removed = state.media.remove_leftovers(before).await?;
    let is_old = |file: &StoredFile| file.stored_at < before;
    for file in state.media.list(&StorageKey::all_set_aside()).await? {
        // A removal may be about to ask for the row; it takes no hours.
        if is_old(&file) && settle_set_aside(state, file.key.name()).await? {
            removed = removed.saturating_add(1);
        }
    }
    let originals = state.media.list(&StorageKey::originals()).await?;
    let hashes: Vec<String> = originals
        .into_iter()
        .filter(is_old)
        .map(|file| file.key.name().to_owned())
        .collect();
    for batch in hashes.chunks(BATCH) {
        let known = stored_hashes(state, batch.to_vec()).await?;
        for sha256 in batch.iter().filter(|sha256| !known.contains(*sha256)) {
            if remove_original(state, sha256).await? {
                removed = removed.saturating_add(1);
            }
        }
    }
    Ok(removed.saturating_add(sweep_renditions(state, before).await?))
}

async fn sweep_renditions(state: &AppState, before: DateTime<Utc>) -> Result<usize, KeepingFault> {
    let mut removed = 0_usize;
    let files = state.media.list(&StorageKey::renditions()).await?;
    let old: Vec<(Option<Uuid>, StorageKey)> = files
        .into_iter()
        .filter(|file| file.stored_at < before)
        .map(|file| (file.key.folder().and_then(|folder| folder.parse().ok()), file.key))
        .collect();
    for batch in old.chunks(BATCH) {
        let ids: HashSet<Uuid> = batch.iter().filter_map(|(id, _)| *id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let known: Result<Vec<Uuid>, Failure> = read!(&state.database, media::known_ids(ids));
        let known: HashSet<Uuid> = known?.into_iter().collect();
        for (id, key) in batch {
            if !id.is_some_and(|id| known.contains(&id)) {
                state.media.remove(key).await?;
                removed = removed.saturating_add(1);
            }
        }
    }
    Ok(removed)
}

/// Puts back what is set aside if a row tells of it, and removes it if none does. Says whether it is gone.
async fn settle_set_aside(state: &AppState, stored_sha256: &str) -> Result<bool, KeepingFault> {
    let (place, aside) = (
        StorageKey::original(stored_sha256),
        StorageKey::set_aside(stored_sha256),
    );
    let is_known = stored_hashes(state, vec![stored_sha256.to_owned()])
        .await?
        .contains(stored_sha256);
    if is_known && !state.media.has(&place).await? {
        state.media.rename(&aside, &place).await?;
        return Ok(false);
    }
    state.media.remove(&aside).await?;
    Ok(!is_known)
}

async fn stored_hashes(state: &AppState, hashes: Vec<String>) -> Result<HashSet<String>, Failure> {
    let known: Result<Vec<String>, Failure> = read!(&state.database, media::stored_hashes(hashes));
    Ok(known?.into_iter().collect())
}

async fn remove_original_or_tell(state: &AppState, stored_sha256: &str) {
    if let Err(fault) = remove_original(state, stored_sha256).await {
        tracing::warn!(stored_sha256, %fault, "a file that nobody needs is left to the next sweep");
    }
}
