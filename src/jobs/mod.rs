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

use crate::accounts::api_tokens::uses;
use crate::accounts::{key_rotation, sessions, throttle, users};
use crate::articles::due;
use crate::audit::chaining;
use crate::comments::live::telling;
use crate::comments::subscriptions::mailing;
use crate::comments::{self, closing, subscriptions};
use crate::database::failure::Failure;
use crate::idempotency::forgetting;
use crate::mail::{self, sending};
use crate::media::keeping;
use crate::media::renditions::trimming;
use crate::state::AppState;

pub mod schedule;

/// A kind of work. To add one is to name it here and in each function below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Publishes what is scheduled, and takes it away again.
    CarryOutSchedules,
    /// Closes threads whose time has come.
    CloseThreads,
    /// Forgets the answers that need not be given again any more.
    ForgetAnswers,
    /// Removes the password links whose time is over.
    ForgetPasswordLinks,
    /// Forgets the failed log-ins that do not count any more.
    ForgetFailures,
    /// Forgets the sessions that are over for long.
    ForgetSessions,
    /// Replaces the key that signs, and learns those of other instances.
    RotateKeys,
    /// Writes down when API tokens were last used.
    NoteTokenUses,
    /// Puts new entries of the audit log into its chain.
    ChainAuditLog,
    /// Removes stored files that nobody needs.
    SweepMedia,
    /// Forgets what readers gave of themselves with their comments.
    ForgetCommenters,
    /// Keeps the renditions within their bound.
    TrimRenditions,
    /// Tells those who listen to threads what changed.
    TellListeners,
    /// Makes mails of the comments that subscribers are to be told of.
    NotifySubscribers,
    /// Sends the mails that wait.
    SendMail,
    /// Forgets subscriptions that nobody confirmed.
    ForgetSubscriptions,
    /// Forgets the mails that were refused for good.
    ForgetFailedMail,
}

impl Job {
    /// Every job, in the order in which [`run_due`] does them.
    pub const ALL: [Self; 17] = [
        Self::CarryOutSchedules,
        Self::CloseThreads,
        Self::ForgetAnswers,
        Self::ForgetPasswordLinks,
        Self::ForgetFailures,
        Self::ForgetSessions,
        Self::RotateKeys,
        Self::NoteTokenUses,
        Self::ChainAuditLog,
        Self::SweepMedia,
        Self::ForgetCommenters,
        Self::TrimRenditions,
        Self::TellListeners,
        Self::NotifySubscribers,
        Self::SendMail,
        Self::ForgetSubscriptions,
        Self::ForgetFailedMail,
    ];

    /// The name, for logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CarryOutSchedules => "carry out schedules",
            Self::CloseThreads => "close threads",
            Self::ForgetAnswers => "forget answers",
            Self::ForgetPasswordLinks => "forget password links",
            Self::ForgetFailures => "forget failed log-ins",
            Self::ForgetSessions => "forget sessions",
            Self::RotateKeys => "rotate keys",
            Self::NoteTokenUses => "note token uses",
            Self::ChainAuditLog => "chain the audit log",
            Self::SweepMedia => "sweep media",
            Self::ForgetCommenters => "forget commenters",
            Self::TrimRenditions => "trim renditions",
            Self::TellListeners => "tell listeners",
            Self::NotifySubscribers => "notify subscribers",
            Self::SendMail => "send mail",
            Self::ForgetSubscriptions => "forget subscriptions",
            Self::ForgetFailedMail => "forget failed mail",
        }
    }

    /// How long to wait before looking again.
    #[must_use]
    pub fn every(self) -> Duration {
        match self {
            Self::CarryOutSchedules | Self::CloseThreads | Self::ChainAuditLog => Duration::from_secs(1),
            Self::ForgetAnswers | Self::ForgetFailures | Self::RotateKeys => Duration::from_mins(1),
            Self::NotifySubscribers | Self::SendMail => Duration::from_secs(2),
            Self::ForgetPasswordLinks | Self::ForgetSubscriptions => Duration::from_mins(10),
            Self::ForgetSessions | Self::ForgetCommenters | Self::ForgetFailedMail => Duration::from_hours(1),
            Self::NoteTokenUses => Duration::from_secs(20),
            Self::SweepMedia => Duration::from_hours(24),
            Self::TrimRenditions => Duration::from_mins(5),
            Self::TellListeners => Duration::from_millis(500),
        }
    }

    /// Does what is due by the clock of the state, and tells how many things were done.
    ///
    /// # Errors
    /// The [`Failure`] of a unit. Those before it stay done; the rest stays due.
    pub async fn run(self, state: &AppState) -> Result<usize, Failure> {
        match self {
            Self::CarryOutSchedules => due::carry_out(state).await,
            Self::CloseThreads => closing::close_due(state).await,
            Self::ForgetAnswers => forgetting::forget_answers(state).await,
            Self::ForgetPasswordLinks => users::forgetting::forget_links(state).await,
            Self::ForgetFailures => throttle::forget(state).await,
            Self::ForgetSessions => sessions::forgetting::forget_sessions(state).await,
            Self::RotateKeys => key_rotation::carry_out(state).await,
            Self::NoteTokenUses => uses::write_down(state).await,
            Self::ChainAuditLog => chaining::chain_entries(state).await,
            Self::SweepMedia => keeping::sweep(state).await,
            Self::ForgetCommenters => comments::forgetting::forget_writers(state).await,
            Self::TrimRenditions => trimming::trim(state).await,
            Self::TellListeners => telling::tell(state).await,
            Self::NotifySubscribers => mailing::make_mails(state).await,
            Self::SendMail => sending::send_due(state).await,
            Self::ForgetSubscriptions => subscriptions::forgetting::forget(state).await,
            Self::ForgetFailedMail => mail::forgetting::forget_failed(state).await,
        }
    }
}

/// Does every job once, and tells how many things were done. Entries of the audit log that were chained do not count, since
/// every write leaves some. This is what a test calls after it has moved the clock.
///
/// # Errors
/// The first [`Failure`].
pub async fn run_due(state: &AppState) -> Result<usize, Failure> {
    let mut done = 0_usize;
    for job in Job::ALL {
        match (job, job.run(state).await?) {
            (Job::ChainAuditLog, _chained) => {}
            (_, some) => done = done.saturating_add(some),
        }
    }
    Ok(done)
}
