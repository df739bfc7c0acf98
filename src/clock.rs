//! The time. Everything that needs it asks the clock of [`AppState`](crate::state::AppState), so that tests can set it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// Tells the time, in UTC and cut to microseconds, which is what both databases keep.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The clock of the machine.
    System,
    /// A clock that stands still until it is moved, for tests. It holds microseconds since the Unix epoch.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `time`.
    #[must_use]
    pub fn standing_at(time: DateTime<Utc>) -> Self {
        Self::Set(Arc::new(AtomicI64::new(time.timestamp_micros())))
    }

    /// The time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock of the machine"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Set(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }

    /// A time for measuring that never goes back, counted from some moment before.
    #[must_use]
    pub fn ticks(&self) -> std::time::Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => START.elapsed(),
            Self::Set(micros) => {
                let micros = micros.load(Ordering::SeqCst);
                std::time::Duration::from_micros(u64::try_from(micros).unwrap_or_default())
            }
        }
    }

    /// Moves a clock that was set; the clock of the machine goes on as it does.
    pub fn advance(&self, by: Duration) {
        if let Self::Set(micros) = self {
            micros.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::SeqCst);
        }
    }
}
