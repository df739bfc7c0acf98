//! The one writer of an `SQLite` file. Units of work that wait for it at the same time share one commit.
//!
//! A commit waits for the disk, and the more units share one, the less it costs each. Whoever gets the turn carries out all
//! units that wait then: in one transaction, each in a savepoint of its own, so that one that is undone (a refusal, a
//! rehearsal) leaves its neighbours alone. Nobody is answered before the commit. If that fails, it fails for all.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::Connection as _;
use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use tokio::sync::oneshot;

use crate::database::Verdict;
use crate::database::failure::Failure;
use crate::database::sqlite::{Connection, Durability, Lane};

/// The most units that share a commit: the first of them waits for the work of the last.
const MOST_AT_ONCE: usize = 32;

/// The connection that writes, and the units that wait for it.
#[derive(Clone)]
pub struct Writer {
    lane: Lane,
    queue: Arc<Queue>,
}

impl Writer {
    /// Opens the file at `path` and makes it if it is absent.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the file cannot be opened.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, Failure> {
        Ok(Self {
            lane: Lane::open(path, 1, durability)?,
            queue: Arc::default(),
        })
    }

    /// Runs a unit of work that decides by itself whether it is stored. What it gives is given once that is stored.
    ///
    /// # Errors
    /// What `work` gives, or a [`Failure`] when the writer could not be had or did not store it.
    pub async fn carry_out<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<Verdict<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let place = self.queue.join(Box::new(Waiting {
            work: Some(work),
            outcome: None,
            answer,
        }));
        loop {
            tokio::select! {
                biased;
                outcome = &mut answered => return outcome.unwrap_or_else(|_dropped| Err(lost().into())),
                turn = self.lane.turn() => match turn {
                    Ok(turn) => {
                        let queue = Arc::clone(&self.queue);
                        // Each unit has its own answer. A panic drops those of the whole group, which is told as `lost`.
                        let _ = self.lane.in_turn(turn, move |connection| queue.carry_out(connection)).await;
                    }
                    Err(failure) if place.leave() => return Err(failure.into()),
                    // Somebody has begun it in this moment, so it has an answer soon.
                    Err(_too_late) => {}
                },
            }
        }
    }

    /// Runs `work` alone and outside of a transaction.
    ///
    /// # Errors
    /// What `work` gives, or a [`Failure`] when the writer could not be had.
    pub async fn maintain<T, F>(&self, work: F) -> Result<T, Failure>
    where
        F: FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        self.lane.run(work).await
    }
}

/// The units that nobody has begun, the oldest first.
#[derive(Default)]
struct Queue(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: VecDeque<(u64, Box<dyn Unit>)>,
    last_number: u64,
}

/// A unit in the queue. It leaves when this is dropped, as it is when a client has gone.
struct Place {
    queue: Arc<Queue>,
    number: u64,
}

impl Queue {
    fn join(self: &Arc<Self>, unit: Box<dyn Unit>) -> Place {
        let mut line = self.line();
        line.last_number = line.last_number.wrapping_add(1);
        let number = line.last_number;
        line.waiting.push_back((number, unit));
        Place {
            queue: Arc::clone(self),
            number,
        }
    }

    /// Carries out the units that wait, and answers them.
    fn carry_out(&self, connection: Result<&mut Connection, Failure>) {
        let mut units = self.take();
        let committed = connection.and_then(|connection| commit(connection, &mut units));
        for unit in units {
            unit.settle(committed.clone());
        }
    }

    fn take(&self) -> Vec<Box<dyn Unit>> {
        let mut line = self.line();
        let count = line.waiting.len().min(MOST_AT_ONCE);
        line.waiting.drain(..count).map(|(_, unit)| unit).collect()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // No unit runs while the lock is held, so a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Takes the unit out of the queue, and tells whether it was still there.
    fn leave(&self) -> bool {
        let mut line = self.queue.line();
        let before = line.waiting.len();
        line.waiting.retain(|(number, _)| *number != self.number);
        line.waiting.len() < before
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A unit of work, whatever it gives.
trait Unit: Send {
    /// Does the work, and tells whether it is to be stored.
    fn run(&mut self, connection: &mut Connection) -> Verdict<()>;

    /// Answers whoever waits for it, now that the transaction has ended.
    fn settle(self: Box<Self>, committed: Result<(), Failure>);
}

struct Waiting<T, E, F> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Unit for Waiting<T, E, F>
where
    F: FnOnce(&mut Connection) -> Result<Verdict<T>, E> + Send,
    T: Send,
    E: From<Failure> + Send,
{
    fn run(&mut self, connection: &mut Connection) -> Verdict<()> {
        let (outcome, verdict) = match self.work.take().map(|work| work(connection)) {
            Some(Ok(Verdict::Keep(value))) => (Some(Ok(value)), Verdict::Keep(())),
            Some(Ok(Verdict::Undo(value))) => (Some(Ok(value)), Verdict::Undo(())),
            Some(Err(error)) => (Some(Err(error)), Verdict::Undo(())),
            None => (None, Verdict::Undo(())),
        };
        self.outcome = outcome;
        verdict
    }

    fn settle(self: Box<Self>, committed: Result<(), Failure>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(lost().into()),
            (Err(failure), _) => Err(failure.into()),
        };
        // Whoever waited may have gone.
        let _ = self.answer.send(outcome);
    }
}

/// Why a transaction or a part of one is rolled back.
enum Undone {
    AsDecided,
    Failed(Failure),
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs units in one transaction and commits it.
fn commit(connection: &mut Connection, units: &mut [Box<dyn Unit>]) -> Result<(), Failure> {
    let ended = connection.immediate_transaction(|connection| match units {
        [] => Ok(()),
        // The transaction is savepoint enough for one.
        [alone] => obeyed(&alone.run(connection)),
        together => together.iter_mut().try_for_each(|unit| part(connection, unit.as_mut())),
    });
    match ended {
        Ok(()) | Err(Undone::AsDecided) => Ok(()),
        Err(Undone::Failed(failure)) => Err(failure),
    }
}

/// Runs a unit in a savepoint. Fails when `SQLite` has rolled back more than that, as it may when the disk is full: then
/// nothing of the transaction is left.
fn part(connection: &mut Connection, unit: &mut dyn Unit) -> Result<(), Undone> {
    match connection.transaction(|connection| obeyed(&unit.run(connection))) {
        Ok(()) | Err(Undone::AsDecided) => require_open(connection),
        Err(failed) => Err(failed),
    }
}

fn obeyed(verdict: &Verdict<()>) -> Result<(), Undone> {
    match verdict {
        Verdict::Keep(()) => Ok(()),
        Verdict::Undo(()) => Err(Undone::AsDecided),
    }
}

/// Fails unless the transaction is open and no part of it is.
fn require_open(connection: &mut Connection) -> Result<(), Undone> {
    let depth = AnsiTransactionManager::transaction_manager_status_mut(connection).transaction_depth()?;
    match depth.map(NonZeroU32::get) {
        Some(1) => Ok(()),
        _ => Err(Undone::Failed(lost())),
    }
}

fn lost() -> Failure {
    Failure::Internal("the transaction was lost, with all units of work in it".into())
}

#[cfg(test)]
mod tests {
    use diesel::RunQueryDsl as _;
    use diesel::connection::SimpleConnection as _;
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    use tempfile::TempDir;

    use super::*;

    /// A writer over a table of numbers, of which each must be another. The turn is taken, so that units gather.
    struct Gathering {
        writer: Writer,
        folder: TempDir,
    }

    impl Gathering {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let writer = Writer::open(&folder.path().join("test.db"), Durability::Full).unwrap();
            let mut connection = writer.lane.pool.get().unwrap();
            connection
                .batch_execute(
                    "CREATE TABLE numbers (number INTEGER PRIMARY KEY, \
                     follows INTEGER REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)",
                )
                .unwrap();
            drop(connection);
            Self { writer, folder }
        }

        /// Runs units that all wait when the turn comes, and gives what each gave.
        async fn run(&self, units: Vec<Work>) -> Vec<Result<i64, Failure>> {
            let turn = self.writer.lane.turn().await.unwrap();
            let waiting = units.into_iter().map(|unit| self.writer.carry_out(unit));
            let all = futures_util::future::join_all(waiting);
            // Polled after all units, in the order of the arguments.
            let (outcomes, ()) = tokio::join!(all, async { drop(turn) });
            outcomes
        }

        fn stored(&self) -> Vec<i64> {
            let mut reader = Lane::open(&self.folder.path().join("test.db"), 1, Durability::Full)
                .unwrap()
                .pool
                .get()
                .unwrap();
            sql::<BigInt>("SELECT number FROM numbers ORDER BY number")
                .load(&mut reader)
                .unwrap()
        }
    }

    type Work = Box<dyn FnOnce(&mut Connection) -> Result<Verdict<i64>, Failure> + Send>;

    fn keep(number: i64) -> Work {
        Box::new(move |connection| store(connection, number).map(Verdict::Keep))
    }

    fn rehearse(number: i64) -> Work {
        Box::new(move |connection| store(connection, number).map(Verdict::Undo))
    }

    fn refuse(number: i64) -> Work {
        Box::new(move |connection| {
            store(connection, number)?;
            Err(Failure::Busy("refused".into()))
        })
    }

    fn store(connection: &mut Connection, number: i64) -> Result<i64, Failure> {
        connection.batch_execute(&format!("INSERT INTO numbers (number) VALUES ({number})"))?;
        Ok(number)
    }

    fn told(outcomes: Vec<Result<i64, Failure>>) -> Vec<String> {
        let tell = |outcome| match outcome {
            Ok(number) => format!("{number}"),
            Err(Failure::Busy(_)) => "busy".to_owned(),
            Err(Failure::Unavailable(_)) => "unavailable".to_owned(),
            Err(Failure::Internal(_)) => "internal".to_owned(),
        };
        outcomes.into_iter().map(tell).collect()
    }

    #[tokio::test]
    async fn units_that_wait_together_share_one_transaction() {
        let gathering = Gathering::new();
        let path = gathering.folder.path().join("test.db");
        let look = Box::new(move |connection: &mut Connection| {
            let count = |connection: &mut Connection| {
                Ok::<i64, Failure>(sql::<BigInt>("SELECT count(*) FROM numbers").get_result(connection)?)
            };
            let mut other = Lane::open(&path, 1, Durability::Full)?.pool.get().unwrap();
            // 100 for each that this transaction sees, and one for each that all others see.
            Ok(Verdict::Keep(100 * count(connection)? + count(&mut other)?))
        });
        let outcomes = gathering.run(vec![keep(1), keep(2), look, keep(3)]).await;
        assert_eq!(told(outcomes), ["1", "2", "200", "3"]);
        assert_eq!(gathering.stored(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn what_is_refused_or_rehearsed_leaves_its_neighbours_and_nothing_of_itself() {
        let gathering = Gathering::new();
        let outcomes = gathering
            .run(vec![keep(1), refuse(2), rehearse(3), keep(2), keep(1), keep(4)])
            .await;
        assert_eq!(told(outcomes), ["1", "busy", "3", "2", "internal", "4"]);
        assert_eq!(gathering.stored(), [1, 2, 4]);
    }

    #[tokio::test]
    async fn a_unit_alone_is_undone_too() {
        let gathering = Gathering::new();
        assert_eq!(told(gathering.run(vec![refuse(1)]).await), ["busy"]);
        assert_eq!(told(gathering.run(vec![rehearse(1)]).await), ["1"]);
        assert_eq!(gathering.stored(), [0_i64; 0]);
        assert_eq!(told(gathering.run(vec![keep(1)]).await), ["1"]);
        assert_eq!(gathering.stored(), [1]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_fails_for_all_of_them_and_for_nobody_else() {
        let gathering = Gathering::new();
        let orphan = Box::new(|connection: &mut Connection| {
            connection.batch_execute("INSERT INTO numbers VALUES (2, 99)")?;
            Ok(Verdict::Keep(2))
        });
        let outcomes = gathering.run(vec![keep(1), orphan, rehearse(3), refuse(4)]).await;
        assert_eq!(told(outcomes), ["internal"; 4]);
        assert_eq!(gathering.stored(), [0_i64; 0]);
        assert_eq!(told(gathering.run(vec![keep(5), keep(6)]).await), ["5", "6"]);
        assert_eq!(gathering.stored(), [5, 6]);
    }

    #[tokio::test]
    async fn when_the_database_gives_up_a_transaction_nothing_of_it_is_answered_as_stored() {
        let gathering = Gathering::new();
        // What SQLite does by itself when the disk is full.
        let given_up = Box::new(|connection: &mut Connection| {
            connection.batch_execute("ROLLBACK")?;
            Ok(Verdict::Keep(2))
        });
        let outcomes = gathering.run(vec![keep(1), given_up, keep(3)]).await;
        assert_eq!(told(outcomes), ["internal"; 3]);
        assert_eq!(gathering.stored(), [0_i64; 0]);
        assert_eq!(told(gathering.run(vec![keep(4), keep(5)]).await), ["4", "5"]);
        assert_eq!(gathering.stored(), [4, 5]);
    }

    #[tokio::test]
    async fn a_panic_stores_nothing_and_the_writer_goes_on() {
        let gathering = Gathering::new();
        let panicking: Work = Box::new(|_connection| panic!("a test that a panic is survived"));
        let outcomes = gathering.run(vec![keep(1), panicking]).await;
        assert_eq!(told(outcomes), ["internal"; 2]);
        assert_eq!(gathering.stored(), [0_i64; 0]);
        assert_eq!(told(gathering.run(vec![keep(2)]).await), ["2"]);
        assert_eq!(gathering.stored(), [2]);
    }

    #[tokio::test]
    async fn a_unit_whose_client_has_gone_is_not_begun() {
        let gathering = Gathering::new();
        let turn = gathering.writer.lane.turn().await.unwrap();
        let gone = gathering.writer.carry_out(keep(1));
        assert!(
            tokio::time::timeout(std::time::Duration::from_millis(1), gone)
                .await
                .is_err()
        );
        drop(turn);
        assert_eq!(told(gathering.run(vec![keep(2)]).await), ["2"]);
        assert_eq!(gathering.stored(), [2]);
    }

    #[tokio::test]
    async fn more_units_than_share_a_commit_are_all_carried_out() {
        let gathering = Gathering::new();
        let count = i64::try_from(3 * MOST_AT_ONCE + 1).unwrap();
        let outcomes = gathering.run((0..count).map(keep).collect()).await;
        assert_eq!(outcomes.iter().flatten().count(), 3 * MOST_AT_ONCE + 1);
        assert_eq!(gathering.stored(), (0..count).collect::<Vec<_>>());
    }
}
