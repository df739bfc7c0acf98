//! Work that the server does by itself and for no request.
//!
//! What is due stands in the database, and a job does what it finds due; it is not told by the moment it is called at. So a
//! tick that was missed costs nothing but time, and "every so often" is all the calendar that is needed: no cron crate, and
//! no queue beside the database.
//!
//! Every instance on one database does all jobs, at the same time as the others. So a job is made of units, each a
//! transaction of its own, and each unit looks again under a lock whether it still has something to do. An instance that
//! dies in the middle of a unit leaves nothing behind.

use std::time::Duration;

use crate::articles::due;
use crate::database::failure::Failure;
use crate::idempotency::forgetting;
use crate::state::AppState;

pub mod schedule;

/// A kind of work. To add one is to name it here and in each function below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Publishes what is scheduled, and takes it away again.
    CarryOutSchedules,
    /// Forgets the answers that need not be given again any more.
    ForgetAnswers,
}

impl Job {
    /// Every job, in the order in which [`run_due`] does them.
    pub const ALL: [Self; 2] = [Self::CarryOutSchedules, Self::ForgetAnswers];

    /// The name, for logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CarryOutSchedules => "carry out schedules",
            Self::ForgetAnswers => "forget answers",
        }
    }

    /// How long to wait before looking again.
    #[must_use]
    pub fn every(self) -> Duration {
        match self {
            Self::CarryOutSchedules => Duration::from_secs(1),
            Self::ForgetAnswers => Duration::from_mins(1),
        }
    }

    /// Does what is due by the clock of the state, and tells how many things were done.
    ///
    /// # Errors
    /// The [`Failure`] of a unit. Those before it stay done; the rest stays due.
    pub async fn run(self, state: &AppState) -> Result<usize, Failure> {
        match self {
            Self::CarryOutSchedules => due::carry_out(state).await,
            Self::ForgetAnswers => forgetting::forget_answers(state).await,
        }
    }
}

/// Does every job once, and tells how many things were done. This is what a test calls after it has moved the clock.
///
/// # Errors
/// The first [`Failure`].
pub async fn run_due(state: &AppState) -> Result<usize, Failure> {
    let mut done = 0_usize;
    for job in Job::ALL {
        done = done.saturating_add(job.run(state).await?);
    }
    Ok(done)
}
