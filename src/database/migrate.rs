//! Brings a database to the schema of this version, also when several instances start at once.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationSource;
use diesel::sqlite::Sqlite;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::Database;
use crate::database::failure::Failure;
use crate::database::postgres::{self, PostgresDatabase};
use crate::database::sqlite::{self, SqliteDatabase};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The key of the advisory lock that lets one instance migrate at a time: "galley" in ASCII.
const MIGRATION_LOCK: i64 = 0x6761_6c6c_6579;

/// Applies every migration that the database has not seen, and gives their names in order.
///
/// # Errors
/// A [`Failure`] when a migration fails. Each migration is one transaction: the failed one leaves nothing behind.
pub async fn run(database: &Database) -> Result<Vec<String>, Failure> {
    match database {
        Database::Sqlite(sqlite) => migrate_sqlite(sqlite).await,
        Database::Postgres(postgres) => migrate_postgres(postgres).await,
    }
}

/// Whether the newest migration of this version has been applied.
///
/// # Errors
/// A [`Failure`] when the database cannot be asked.
pub async fn is_current(database: &Database) -> Result<bool, Failure> {
    let applied: Option<String> = match database {
        Database::Sqlite(sqlite) => {
            let newest = |connection: &mut sqlite::Connection| {
                diesel::RunQueryDsl::get_result(newest_applied(), connection)
                    .optional()
                    .map_err(Failure::from)
            };
            sqlite.read(newest).await?
        }
        Database::Postgres(postgres) => {
            let mut connection = postgres.connection().await?;
            diesel_async::RunQueryDsl::get_result(newest_applied(), &mut connection)
                .await
                .optional()
                .map_err(Failure::from)?
        }
    };
    Ok(applied == newest_known())
}

/// Undoes every migration, for the test that runs them up, down and up again.
///
/// # Errors
/// A [`Failure`] when a migration cannot be undone.
pub async fn revert_all(database: &Database) -> Result<(), Failure> {
    match database {
        Database::Sqlite(sqlite) => {
            sqlite
                .maintain(|connection| {
                    without_foreign_keys(connection, |connection| {
                        connection.revert_all_migrations(SQLITE).map(drop).map_err(refused)
                    })
                })
                .await
        }
        Database::Postgres(postgres) => {
            on_postgres(postgres, |harness| {
                harness.revert_all_migrations(POSTGRES).map(drop).map_err(refused)
            })
            .await
        }
    }
}

mod bookkeeping {
    diesel::table! {
        #[sql_name = "__diesel_schema_migrations"]
        applied_migrations (version) {
            version -> Text,
        }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn newest_applied() -> _ {
    bookkeeping::applied_migrations::table
        .select(bookkeeping::applied_migrations::version)
        .order(bookkeeping::applied_migrations::version.desc())
        .limit(1_i64)
}

/// Both sides have migrations of the same names, so one list tells the newest of either.
fn newest_known() -> Option<String> {
    let migrations = MigrationSource::<Sqlite>::migrations(&SQLITE).ok()?;
    migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .max()
}

async fn migrate_sqlite(sqlite: &SqliteDatabase) -> Result<Vec<String>, Failure> {
    // A second process that starts now waits for the lock, and then finds nothing left to do.
    sqlite
        .maintain(|connection| {
            without_foreign_keys(connection, |connection| {
                connection.exclusive_transaction(|connection| {
                    let applied = run_pending(connection, SQLITE)?;
                    check_foreign_keys(connection).map(|()| applied)
                })
            })
        })
        .await
}

/// Runs `work` while foreign keys are not enforced. A table whose checks change is made anew under its old name, which
/// `SQLite` allows only then.
fn without_foreign_keys<T>(
    connection: &mut sqlite::Connection,
    work: impl FnOnce(&mut sqlite::Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.batch_execute("PRAGMA foreign_keys = OFF")?;
    let outcome = work(connection);
    connection.batch_execute("PRAGMA foreign_keys = ON")?;
    outcome
}

fn check_foreign_keys(connection: &mut sqlite::Connection) -> Result<(), Failure> {
    let broken: Vec<BrokenReference> = diesel::RunQueryDsl::load(
        diesel::sql_query("SELECT \"table\", parent FROM pragma_foreign_key_check"),
        connection,
    )?;
    match broken.first() {
        None => Ok(()),
        Some(BrokenReference { table, parent }) => Err(Failure::Internal(format!(
            "migration: rows of {table} name rows of {parent} that are not there"
        ))),
    }
}

#[derive(diesel::QueryableByName)]
struct BrokenReference {
    #[diesel(sql_type = diesel::sql_types::Text)]
    table: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    parent: String,
}

async fn migrate_postgres(postgres: &PostgresDatabase) -> Result<Vec<String>, Failure> {
    on_postgres(postgres, |harness| run_pending(harness, POSTGRES)).await
}

/// Runs `work` under the migration lock, on a connection and a runtime of its own: diesel's migrations are synchronous
/// and may not block a runtime that serves requests.
async fn on_postgres<T: Send + 'static>(
    postgres: &PostgresDatabase,
    work: fn(&mut AsyncMigrationHarness<AsyncPgConnection>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let url = postgres.url().to_owned();
    let outcome = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        runtime
            .map_err(|error| Failure::Internal(error.to_string()))?
            .block_on(async move {
                let mut connection = postgres::establish(url)
                    .await
                    .map_err(|error| Failure::Unavailable(error.to_string()))?;
                connection
                    .batch_execute(&format!(
                        "SET statement_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})"
                    ))
                    .await?;
                // The lock ends with the connection, whatever happens here.
                work(&mut AsyncMigrationHarness::new(connection))
            })
    });
    outcome.await.map_err(|panic| Failure::Internal(panic.to_string()))?
}

fn run_pending<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: impl MigrationSource<DB>,
) -> Result<Vec<String>, Failure> {
    let applied = harness.run_pending_migrations(migrations).map_err(refused)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands in map_err, which gives the error away"
)]
fn refused(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    Failure::Internal(format!("migration: {error}"))
}
