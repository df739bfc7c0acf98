//! Making renditions, each once and not many at a time.
//!
//! Those who ask for the same rendition at the same time wait for the one that is made: in this process by the cache, which
//! lets one through for each key; between processes by nothing, so two instances may make the same at once and the later
//! one counts.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use actix_web::web::Data;
use bytes::Bytes;
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::timestamp::RowTime;
use crate::media::images::fault::ImageLimits;
use crate::media::images::rendering::render;
use crate::media::renditions::rendition::{Rendition, RenditionFailure, RenditionRow, WantedRendition};
use crate::media::storage::{Content, StorageFault};
use crate::state::AppState;
use crate::{read, write_unit};

/// Bytes of renditions that are held in memory, since what was asked for just now is asked for again.
const RECENT_BYTES: u64 = 16 * 1024 * 1024;

/// How many different renditions may wait to be made. More are refused at once: they would be made after nobody waits.
const MAX_WAITING: usize = 64;

/// How long one waits to be made.
const PATIENCE: Duration = Duration::from_secs(20);

/// Microseconds after which it is noted again that a rendition was asked for.
const USE_NOTED_EVERY: i64 = 60 * 60 * 1_000_000;

/// What makes renditions, and what it made last.
pub struct RenditionMaker {
    recent: Cache<(Uuid, String), Arc<Recent>>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    made: AtomicU64,
}

struct Recent {
    rendition: Rendition,
    use_noted_at: AtomicI64,
}

impl Default for RenditionMaker {
    /// Half of the processors may make renditions at once, and at least one: the others answer what is made already.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        let weight = |_key: &(Uuid, String), recent: &Arc<Recent>| {
            u32::try_from(recent.rendition.bytes.len()).unwrap_or(u32::MAX)
        };
        Self {
            recent: Cache::builder().max_capacity(RECENT_BYTES).weigher(weight).build(),
            permits: Arc::new(Semaphore::new(processors.div_ceil(2))),
            waiting: AtomicUsize::new(0),
            made: AtomicU64::new(0),
        }
    }
}

impl RenditionMaker {
    /// How many renditions this process made since it started.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Forgets what is held in memory. What is stored stays.
    pub async fn forget_recent(&self) {
        self.recent.invalidate_all();
        self.recent.run_pending_tasks().await;
    }

    /// Waits until another rendition may be made.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, RenditionFailure> {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let permit = match waiting < MAX_WAITING {
            true => timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await.ok(),
            false => None,
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        permit.and_then(Result::ok).ok_or(RenditionFailure::Busy)
    }
}

/// The rendition, from memory, from the store, or made now.
///
/// # Errors
/// [`RenditionFailure`]. One that failed is tried again by whoever asks next.
pub async fn get(state: &Data<AppState>, wanted: WantedRendition) -> Result<Rendition, Arc<RenditionFailure>> {
    let key = (wanted.media, wanted.spec());
    let recent = match state.renditions.recent.get(&key).await {
        Some(recent) => recent,
        None => get_once(state.clone(), key.clone(), wanted).await?,
    };
    note_use(state, key, &recent).await;
    Ok(recent.rendition.clone())
}

/// In a task of its own, so that it goes on when the client that came first goes away, and the others need not begin anew.
async fn get_once(
    state: Data<AppState>,
    key: (Uuid, String),
    wanted: WantedRendition,
) -> Result<Arc<Recent>, Arc<RenditionFailure>> {
    let task = tokio::spawn(async move {
        let found = find_or_make(&state, wanted);
        state.renditions.recent.try_get_with(key, found).await
    });
    task.await
        .unwrap_or_else(|panic| Err(Arc::new(RenditionFailure::Defect(panic.to_string()))))
}

async fn find_or_make(state: &AppState, wanted: WantedRendition) -> Result<Arc<Recent>, RenditionFailure> {
    let (media, spec) = (wanted.media, wanted.spec());
    let found: Result<Option<RenditionRow>, Failure> = read!(&state.database, renditions::find(media, spec));
    if let Some(row) = found? {
        match state.media.read_all(&row.storage_key()).await {
            Ok(bytes) => return Ok(recent(&wanted, bytes, row.sha256, row.last_used_at)),
            // Removed a moment ago, to make room.
            Err(StorageFault::Absent(_)) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    make(state, wanted).await
}

async fn make(state: &AppState, wanted: WantedRendition) -> Result<Arc<Recent>, RenditionFailure> {
    let permit = state.renditions.permit().await?;
    let original = state.media.read_all(&wanted.original).await?;
    let (order, limits) = (wanted.order, state.image_limits());
    let rendered = tokio::task::spawn_blocking(move || {
        // Held until the work has ended, whatever becomes of those who wait for it.
        let _permit = permit;
        render(&original, order, limits)
    });
    let rendered = rendered
        .await
        .map_err(|panic| RenditionFailure::Defect(panic.to_string()))?;
    let bytes = rendered.map_err(|fault| RenditionFailure::Undecodable(fault.to_string()))?;
    state.renditions.made.fetch_add(1, Ordering::Relaxed);
    let (sha256, now) = (hex(&Sha256::digest(&bytes)), RowTime::from(state.clock.now()));
    if let Err(failure) = keep(state, &wanted, &bytes, &sha256, now).await {
        // Whoever asked gets it all the same.
        tracing::warn!(media = %wanted.media, %failure, "a rendition cannot be kept, and is made again when somebody asks");
    }
    Ok(recent(&wanted, bytes, sha256, now))
}

async fn keep(
    state: &AppState,
    wanted: &WantedRendition,
    bytes: &Bytes,
    sha256: &str,
    now: RowTime,
) -> Result<(), RenditionFailure> {
    let size = wanted.order.reduction.size;
    let row = RenditionRow {
        media_id: RowId(wanted.media),
        spec: wanted.spec(),
        content_type: wanted.order.format.content_type().to_owned(),
        sha256: sha256.to_owned(),
        width: size.width.into(),
        height: size.height.into(),
        byte_size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        created_at: now,
        last_used_at: now,
    };
    let key = wanted.storage_key(sha256);
    state.media.put(&key, &Content::Bytes(bytes.clone())).await?;
    let kept: Result<bool, Failure> = write_unit!(&state.database, renditions::keep(row));
    if !kept? {
        state.media.remove(&key).await?;
    }
    Ok(())
}

/// Notes now and then that a rendition is asked for, which keeps it from being removed. Nobody is refused for it.
async fn note_use(state: &AppState, (media, spec): (Uuid, String), recent: &Recent) {
    let now = RowTime::from(state.clock.now());
    let noted = recent.use_noted_at.load(Ordering::Relaxed);
    if now.micros().saturating_sub(noted) < USE_NOTED_EVERY {
        return;
    }
    recent.use_noted_at.store(now.micros(), Ordering::Relaxed);
    let touched: Result<usize, Failure> = write_unit!(&state.database, renditions::touch(media, spec, now));
    if let Err(failure) = touched {
        tracing::debug!(%media, %failure, "the use of a rendition could not be noted");
    }
}

fn recent(wanted: &WantedRendition, bytes: Bytes, sha256: String, used_at: RowTime) -> Arc<Recent> {
    let rendition = Rendition {
        bytes,
        content_type: wanted.order.format.content_type(),
        sha256,
    };
    Arc::new(Recent {
        rendition,
        use_noted_at: AtomicI64::new(used_at.micros()),
    })
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

impl AppState {
    /// What a picture may cost.
    #[must_use]
    pub fn image_limits(&self) -> ImageLimits {
        ImageLimits {
            max_pixels: self.settings.max_image_pixels,
        }
    }
}
