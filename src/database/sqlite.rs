//! The embedded database: a pool of readers and one writer over one file.

use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::query_dsl::methods::{ExecuteDsl, LimitDsl, LoadQuery};
use diesel::r2d2::{self, ConnectionManager, CustomizeConnection, Pool};
use diesel::{Connection as _, QueryResult, SqliteConnection};
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::database::Verdict;
use crate::database::failure::Failure;
use crate::database::sqlite_writer::Writer;

/// The connection that every store function takes when it is compiled for `SQLite`.
pub type Connection = SqliteConnection;

/// What [`Connection`] speaks, for queries whose types must name it.
pub type Backend = diesel::sqlite::Sqlite;

/// A day of 24 hours, as statements add it to a point in time.
pub const DAY: &str = "86400000000";

/// How long a statement waits for another process's lock, and a request for its turn to write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Readers kept open. More than the machine's cores only wait for one another.
const READERS: u32 = 8;

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// `synchronous=FULL`: an acknowledged write survives a loss of power.
    Full,
    /// `synchronous=NORMAL`: an acknowledged write survives a crash of the program; a loss of power may undo the last ones.
    Normal,
}

/// An open `SQLite` file.
#[derive(Clone)]
pub struct SqliteDatabase {
    readers: Lane,
    writer: Writer,
}

/// Connections of one kind, and a fair queue before them, so that no thread sleeps while it waits for one.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) pool: Pool<ConnectionManager<SqliteConnection>>,
    turns: Arc<Semaphore>,
}

impl SqliteDatabase {
    /// Opens the file at `path` and makes it if it is absent.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the file cannot be opened.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, Failure> {
        let writer = Writer::open(path, durability)?;
        let readers = Lane::open(path, READERS, durability)?;
        Ok(Self { readers, writer })
    }

    /// Runs `work` on a reader, in one hop to the blocking threads. All its statements see the same moment.
    ///
    /// # Errors
    /// What `work` gives, or a [`Failure`] when no reader could be had.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + From<diesel::result::Error> + Send + 'static,
    {
        self.readers.run(move |connection| connection.transaction(work)).await
    }

    /// Runs `work` as a unit on the writer: all of it is stored or none. What it gives is given once that is stored.
    ///
    /// # Errors
    /// What `work` gives, or a [`Failure`] when the writer could not be had or did not store it.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        self.write_or_undo(move |connection| work(connection).map(Verdict::Keep))
            .await
    }

    /// The same for work that decides by itself whether it is stored.
    ///
    /// # Errors
    /// What `work` gives, or a [`Failure`] when the writer could not be had or did not store it.
    pub async fn write_or_undo<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<Verdict<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        self.writer.carry_out(work).await
    }

    /// Runs `work` on the writer outside of a transaction, for migrations, which make their own.
    ///
    /// # Errors
    /// What `work` gives, or a [`Failure`] when the writer could not be had.
    pub async fn maintain<T, F>(&self, work: F) -> Result<T, Failure>
    where
        F: FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        self.writer.maintain(work).await
    }
}

impl Lane {
    pub(super) fn open(path: &Path, connections: u32, durability: Durability) -> Result<Self, Failure> {
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(BUSY_TIMEOUT)
            .connection_customizer(Box::new(Pragmas { durability }))
            .build(ConnectionManager::new(path.to_string_lossy()))
            .map_err(|error| Failure::Unavailable(format!("{}: {error}", path.display())))?;
        let turns = usize::try_from(connections).map_or(1, |count| count);
        Ok(Self {
            pool,
            turns: Arc::new(Semaphore::new(turns)),
        })
    }

    /// Waits for a connection, and runs `work` on it.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let turn = self.turn().await?;
        self.in_turn(turn, |connection| work(connection?)).await?
    }

    /// Waits until a connection is free.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Failure> {
        tokio::time::timeout(BUSY_TIMEOUT, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_elapsed| Failure::Busy("waited too long for a connection".into()))?
            .map_err(|closed| Failure::Unavailable(closed.to_string()))
    }

    /// Runs `work` on the connection that is free, in one hop to the blocking threads. Fails when `work` panics.
    pub(super) async fn in_turn<T, F>(&self, turn: OwnedSemaphorePermit, work: F) -> Result<T, Failure>
    where
        F: FnOnce(Result<&mut Connection, Failure>) -> T + Send + 'static,
        T: Send + 'static,
    {
        let pool = self.pool.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = match pool.get() {
                Ok(mut connection) => work(Ok(&mut connection)),
                Err(error) => work(Err(Failure::Unavailable(error.to_string()))),
            };
            drop(turn);
            outcome
        });
        outcome.await.map_err(|panic| Failure::Internal(panic.to_string()))
    }
}

#[derive(Debug)]
struct Pragmas {
    durability: Durability,
}

impl CustomizeConnection<SqliteConnection, r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), r2d2::Error> {
        let synchronous = match self.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        let statements = format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; \
             PRAGMA synchronous = {synchronous}; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048;",
            BUSY_TIMEOUT.as_millis()
        );
        connection.batch_execute(&statements).map_err(r2d2::Error::QueryError)
    }
}

/// Begins a part of a transaction that can be undone by itself (a savepoint). Like the two functions after it, it is done
/// when it returns; stores await it, as they do on the other database.
///
/// # Errors
/// A [`Failure`] when the database refuses.
pub fn begin(connection: &mut Connection) -> Ready<Result<(), Failure>> {
    ready(AnsiTransactionManager::begin_transaction(connection).map_err(Failure::from))
}

/// Keeps the part if `outcome` is a success, and else undoes it.
///
/// # Errors
/// What `outcome` holds, or a [`Failure`] when the database refuses.
pub fn finish<T, E: From<Failure>>(connection: &mut Connection, outcome: Result<T, E>) -> Ready<Result<T, E>> {
    let ended = match &outcome {
        Ok(_) => AnsiTransactionManager::commit_transaction(connection),
        Err(_) => AnsiTransactionManager::rollback_transaction(connection),
    };
    ready(match ended {
        Ok(()) => outcome,
        Err(error) => Err(Failure::from(error).into()),
    })
}

/// Bounds how long the statements of this transaction wait for another one. Here a writer is alone.
///
/// # Errors
/// None on this database.
pub fn bound_lock_wait(_connection: &mut Connection) -> Ready<Result<(), Failure>> {
    ready(Ok(()))
}

/// Completes a store function on `SQLite`. Its queries are done when they return, so the future never waits and one poll
/// ends it.
///
/// # Errors
/// What the function gives, or [`Failure::Internal`] if it waited for something that is not a query, which is a defect.
pub fn complete<T, E: From<Failure>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    work.now_or_never().unwrap_or_else(|| {
        Err(Failure::Internal("a unit of work waited for something other than a query".into()).into())
    })
}

/// The verbs of `diesel_async::RunQueryDsl` over a `SQLite` connection, so that a store function reads the same when it is
/// compiled for either database. Each is done when it returns.
#[expect(
    async_fn_in_trait,
    reason = "only store functions call it, and none of their futures leaves its thread"
)]
pub trait RunQueryDsl: Sized {
    /// Runs a statement and gives how many rows it changed.
    async fn execute(self, connection: &mut Connection) -> QueryResult<usize>
    where
        Self: ExecuteDsl<Connection>,
    {
        ExecuteDsl::execute(self, connection)
    }

    /// All rows of a query.
    async fn load<'query, U>(self, connection: &mut Connection) -> QueryResult<Vec<U>>
    where
        Self: LoadQuery<'query, Connection, U>,
    {
        self.internal_load(connection)?.collect()
    }

    /// The one row of a query or of a statement with `RETURNING`.
    async fn get_result<'query, U>(self, connection: &mut Connection) -> QueryResult<U>
    where
        Self: LoadQuery<'query, Connection, U>,
    {
        self.internal_load(connection)?
            .next()
            .unwrap_or(Err(diesel::result::Error::NotFound))
    }

    /// The first row of a query.
    async fn first<'query, U>(self, connection: &mut Connection) -> QueryResult<U>
    where
        Self: LimitDsl,
        diesel::dsl::Limit<Self>: LoadQuery<'query, Connection, U>,
    {
        self.limit(1).get_result(connection).await
    }
}

impl<Q> RunQueryDsl for Q {}
