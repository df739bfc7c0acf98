//! What one listener gets: what it missed, and then what happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::comments::comment::{CommentFailure, CommentRow, ThreadRow};
use crate::comments::live::event::{self, Batch, CatchUp, KEEP_ALIVE, MOST_TOLD};
use crate::comments::live::hub::Seat;
use crate::database::failure::Failure;
use crate::read;
use crate::state::AppState;

/// How often a listener hears that the connection lives: more often than proxies lose patience.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The stream of one listener.
pub struct Listening {
    state: Arc<AppState>,
    article: Uuid,
    seat: Seat,
    /// The change sequence up to which it was told.
    told: i64,
    /// What is sent before anything else.
    greeting: Option<Bytes>,
    heartbeat: Interval,
}

impl Listening {
    /// Begins after a change sequence. `greeting` is sent first.
    #[must_use]
    pub fn new(state: Arc<AppState>, article: Uuid, seat: Seat, told: i64, greeting: Bytes) -> Self {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once.
        heartbeat.reset();
        Self {
            state,
            article,
            seat,
            told,
            greeting: Some(greeting),
            heartbeat,
        }
    }

    /// What is sent, until readers see the thread no longer, the server stops, or the database fails. The client comes again
    /// then, and says what it heard last.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, |mut listening| async move {
            let text = listening.next().await?;
            Some((Ok(text), listening))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        loop {
            let heard = tokio::select! {
                biased;
                heard = self.seat.batches.recv() => heard,
                _beat = self.heartbeat.tick() => return Some(KEEP_ALIVE),
            };
            match heard {
                Ok(batch) if batch.until <= self.told => {}
                Ok(batch) if batch.after == self.told => {
                    self.told = batch.until;
                    return Some(batch.text);
                }
                Ok(_) | Err(RecvError::Lagged(_)) => return self.catch_up().await,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// What happened since this listener was told, from the database.
    async fn catch_up(&mut self) -> Option<Bytes> {
        let thread = current(&self.state, self.article).await.ok()?;
        let batch = batch_since(&self.state, &thread, self.told).await.ok()?;
        self.told = batch.until;
        Some(batch.text)
    }
}

/// The thread of an article that readers see.
///
/// # Errors
/// [`CommentFailure::ArticleAbsent`], or the failure of the database.
pub async fn current(state: &AppState, article: Uuid) -> Result<ThreadRow, CommentFailure> {
    read!(&state.database, threads::find(article))
}

/// What happened in a thread after a change sequence.
///
/// # Errors
/// The failure of the database.
pub async fn batch_since(state: &AppState, thread: &ThreadRow, after: i64) -> Result<Batch, Failure> {
    let written = match CatchUp::between(after, thread.change_sequence) {
        CatchUp::Nothing => event::changes(after, thread, Vec::new()),
        CatchUp::Reload => event::reload(after, thread),
        CatchUp::Changes if !thread.state().is_shown() => event::changes(after, thread, Vec::new()),
        CatchUp::Changes => {
            let rows = changed(state, thread, after).await?;
            // One change can make many comments look different.
            match i64::try_from(rows.len()).is_ok_and(|count| count <= MOST_TOLD) {
                true => event::changes(after, thread, rows),
                false => event::reload(after, thread),
            }
        }
    };
    written.map_err(|error| Failure::Internal(error.to_string()))
}

async fn changed(state: &AppState, thread: &ThreadRow, after: i64) -> Result<Vec<CommentRow>, Failure> {
    let (article, until) = (thread.article_id.0, thread.change_sequence);
    read!(
        &state.database,
        thread_changes::changed(article, after, until, MOST_TOLD + 1)
    )
}
