//! When jobs are done: at the start of the server and then every so often, until it stops.

use std::future::Future;
use std::time::Duration;

use actix_web::web::Data;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::database::failure::Failure;
use crate::jobs::Job;
use crate::state::AppState;

/// The longest that the units at work are waited for. Each statement has a shorter limit of its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// The jobs of a server that runs. Each has a task of its own, so that a long one keeps no other waiting.
pub struct Schedule {
    // Dropping it tells all tasks to end.
    running: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// How a job went the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    Failing,
}

impl Schedule {
    /// Starts every job, on the runtime of the caller.
    #[must_use]
    pub fn start(state: &Data<AppState>) -> Self {
        let (running, stopped) = watch::channel(());
        let start = |job: Job| {
            let (state, stopped) = (state.clone(), stopped.clone());
            let work = move || {
                let state = state.clone();
                async move { job.run(&state).await }
            };
            tokio::spawn(repeat(job.name(), job.every(), stopped, work))
        };
        let tasks = Job::ALL.into_iter().map(start).collect();
        Self { running, tasks }
    }

    /// Starts nothing more, and waits for what is at work.
    pub async fn stop(self) {
        let Self { running, tasks } = self;
        drop(running);
        for task in tasks {
            if timeout(PATIENCE, task).await.is_err() {
                tracing::warn!("a job does not end; it is given up, and is done again at the next start");
            }
        }
    }
}

/// Does `work` at once and then at every tick. What comes too late is left out: two ticks in a row find nothing more to do
/// than one.
async fn repeat<W>(name: &'static str, every: Duration, mut stopped: watch::Receiver<()>, work: impl Fn() -> W)
where
    W: Future<Output = Result<usize, Failure>> + Send + 'static,
{
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut health = Health::Well;
    loop {
        tokio::select! {
            biased;
            _ended = stopped.changed() => return,
            _tick = ticks.tick() => {}
        }
        // A task of its own, so that a panic ends it and not the schedule.
        let outcome = match tokio::spawn(work()).await {
            Ok(outcome) => outcome,
            Err(panic) => Err(Failure::Internal(panic.to_string())),
        };
        health = told(name, health, outcome);
    }
}

/// Tells the log how a job went. One that goes on failing is told of once, since it is tried at every tick.
fn told(name: &'static str, before: Health, outcome: Result<usize, Failure>) -> Health {
    match (outcome, before) {
        (Ok(0), Health::Well) => Health::Well,
        (Ok(done), Health::Well) => {
            tracing::debug!(job = name, done, "done");
            Health::Well
        }
        (Ok(done), Health::Failing) => {
            tracing::info!(job = name, done, "works again");
            Health::Well
        }
        (Err(failure), Health::Well) => {
            tracing::warn!(job = name, %failure, "failed; it is tried again at every tick");
            Health::Failing
        }
        (Err(failure), Health::Failing) => {
            tracing::debug!(job = name, %failure, "failed again");
            Health::Failing
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const TICK: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_failure_or_a_panic_ends_no_schedule() {
        let (running, stopped) = watch::channel(());
        let (times, third) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counted, reached) = (Arc::clone(&times), Arc::clone(&third));
        let work = move || {
            let (counted, reached) = (Arc::clone(&counted), Arc::clone(&reached));
            async move {
                match counted.fetch_add(1, Ordering::SeqCst) {
                    0 => panic!("a test that a panic is survived"),
                    1 => Err(Failure::Busy("a test".into())),
                    _ => {
                        reached.notify_one();
                        Ok(1)
                    }
                }
            }
        };
        let task = tokio::spawn(repeat("test", TICK, stopped, work));
        timeout(PATIENCE, third.notified()).await.unwrap();
        drop(running);
        timeout(PATIENCE, task).await.unwrap().unwrap();
        assert!(times.load(Ordering::SeqCst) >= 3);
    }

    #[tokio::test]
    async fn a_stop_lets_a_unit_at_work_finish_and_starts_no_other() {
        let (running, stopped) = watch::channel(());
        // One permit says that the unit is at work, the other that it may end.
        let gates = Arc::new((Notify::new(), Notify::new()));
        let finished = Arc::new(AtomicUsize::new(0));
        let (passed, done) = (Arc::clone(&gates), Arc::clone(&finished));
        let work = move || {
            let (gates, done) = (Arc::clone(&passed), Arc::clone(&done));
            async move {
                gates.0.notify_one();
                gates.1.notified().await;
                done.fetch_add(1, Ordering::SeqCst);
                Ok(1)
            }
        };
        let task = tokio::spawn(repeat("test", TICK, stopped, work));
        gates.0.notified().await;
        let schedule = Schedule {
            running,
            tasks: vec![task],
        };
        let stop = tokio::spawn(schedule.stop());
        tokio::time::sleep(TICK * 20).await;
        assert!(!stop.is_finished());
        gates.1.notify_one();
        timeout(PATIENCE, stop).await.unwrap().unwrap();
        assert_eq!(finished.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_job_that_goes_on_failing_is_told_of_once() {
        let failed = || Err(Failure::Busy("a test".into()));
        assert_eq!(told("test", Health::Well, failed()), Health::Failing);
        assert_eq!(told("test", Health::Failing, failed()), Health::Failing);
        assert_eq!(told("test", Health::Failing, Ok(0)), Health::Well);
    }
}
