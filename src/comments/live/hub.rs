//! Who listens to which thread on this instance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use uuid::Uuid;

use crate::comments::live::event::Batch;

/// Batches that wait for a listener whose connection is slow. One that falls further behind catches up from the database.
const BATCHES_KEPT: usize = 16;

/// The threads that somebody listens to.
pub struct Hub {
    places: Arc<Semaphore>,
    followed: Mutex<Followed>,
}

#[derive(Default)]
struct Followed {
    threads: HashMap<Uuid, FollowedThread>,
    is_closed: bool,
}

struct FollowedThread {
    sender: broadcast::Sender<Batch>,
    /// The change sequence up to which everybody was told.
    told: i64,
}

/// A place among the listeners of a thread, which is free again when this is dropped.
pub struct Seat {
    /// What is told from now on.
    pub batches: broadcast::Receiver<Batch>,
    _place: OwnedSemaphorePermit,
}

impl Hub {
    /// A hub with room for so many listeners.
    #[must_use]
    pub fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            followed: Mutex::default(),
        }
    }

    /// Takes a place among the listeners of a thread, which is at this change sequence now; `None` when no place is free, or
    /// the server is about to stop.
    #[must_use]
    pub fn join(&self, article: Uuid, current: i64) -> Option<Seat> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut followed = self.followed();
        if followed.is_closed {
            return None;
        }
        let thread = followed.threads.entry(article).or_insert_with(|| FollowedThread {
            sender: broadcast::Sender::new(BATCHES_KEPT),
            told: current,
        });
        Some(Seat {
            batches: thread.sender.subscribe(),
            _place: place,
        })
    }

    /// The threads that somebody listens to, with the change sequence up to which everybody was told.
    #[must_use]
    pub fn threads(&self) -> HashMap<Uuid, i64> {
        let mut followed = self.followed();
        followed
            .threads
            .retain(|_article, thread| thread.sender.receiver_count() > 0);
        followed
            .threads
            .iter()
            .map(|(article, thread)| (*article, thread.told))
            .collect()
    }

    /// Tells everybody who listens to a thread.
    pub fn tell(&self, article: Uuid, batch: Batch) {
        if let Some(thread) = self.followed().threads.get_mut(&article) {
            thread.told = batch.until;
            // Nobody is left to hear it when this fails.
            let _ = thread.sender.send(batch);
        }
    }

    /// Ends the streams of a thread that readers no longer see.
    pub fn end(&self, article: Uuid) {
        self.followed().threads.remove(&article);
    }

    /// Ends every stream, and takes no listener any more: a server that stops does not wait for those who never leave.
    pub fn close(&self) {
        let mut followed = self.followed();
        followed.is_closed = true;
        followed.threads.clear();
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        // A panic while the lock was held cannot leave the map half-changed.
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;

    fn batch(after: i64, until: i64) -> Batch {
        Batch {
            after,
            until,
            text: Bytes::from_static(b"x"),
        }
    }

    #[test]
    fn a_thread_is_followed_while_somebody_listens() {
        let (hub, article) = (Hub::new(2), Uuid::from_u128(1));
        let mut one = hub.join(article, 5).unwrap();
        let other = hub.join(article, 9).unwrap();
        assert_eq!(
            hub.threads(),
            HashMap::from([(article, 5)]),
            "the first says where telling begins"
        );
        assert!(hub.join(Uuid::from_u128(2), 1).is_none(), "there were two places");
        hub.tell(article, batch(5, 7));
        assert_eq!(one.batches.try_recv(), Ok(batch(5, 7)));
        assert_eq!(hub.threads(), HashMap::from([(article, 7)]));
        drop((one, other));
        assert!(hub.threads().is_empty());
        assert!(hub.join(article, 1).is_some(), "the places are free again");
    }

    #[test]
    fn streams_end_with_their_thread_and_with_the_server() {
        let (hub, article) = (Hub::new(2), Uuid::from_u128(1));
        let mut seat = hub.join(article, 5).unwrap();
        hub.end(article);
        assert_eq!(seat.batches.try_recv(), Err(TryRecvError::Closed));
        let mut seat = hub.join(article, 5).unwrap();
        hub.close();
        assert_eq!(seat.batches.try_recv(), Err(TryRecvError::Closed));
        drop(seat);
        assert!(hub.join(article, 5).is_none());
    }
}
