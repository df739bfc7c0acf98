//! The two databases behind one name, and what a row needs on either.
//!
//! Store functions are written once, as ordinary async diesel over `&mut Connection`, and compiled once for each
//! database (see [`stores`](crate::stores)). This module opens the databases, migrates them and says what their errors
//! mean. It never names actix, and it knows no noun.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::database::failure::Failure;
use crate::database::postgres::PostgresDatabase;
use crate::database::sqlite::{Durability, SqliteDatabase};

pub mod failure;
pub mod ids;
pub mod integrity;
pub mod migrate;
pub mod postgres;
pub mod schema;
pub mod sqlite;
mod sqlite_writer;
pub mod timestamp;

/// Where the content is kept.
#[derive(Debug, Clone)]
pub enum DatabaseLocation {
    /// An `SQLite` file.
    Sqlite {
        /// The path of the file.
        path: PathBuf,
        /// Whether a commit waits for the disk.
        durability: Durability,
    },
    /// A `PostgreSQL` database.
    Postgres {
        /// `postgres://user:password@host/database`, with the parameters that tokio-postgres knows.
        url: SecretString,
        /// The most connections that this process holds.
        connections: usize,
    },
}

/// An open database. Cloning it is cheap and shares the connections.
#[derive(Clone)]
pub enum Database {
    /// The embedded database.
    Sqlite(SqliteDatabase),
    /// The database of a site on several machines.
    Postgres(PostgresDatabase),
}

/// What becomes of a unit of work that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<T> {
    /// It is stored.
    Keep(T),
    /// It is undone, as a rehearsal is.
    Undo(T),
}

impl Database {
    /// Opens the database. An `SQLite` file is made if it is absent; `PostgreSQL` is first spoken to by the first query.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the file cannot be opened or the URL cannot be read.
    pub fn open(location: &DatabaseLocation) -> Result<Self, Failure> {
        match location {
            DatabaseLocation::Sqlite { path, durability } => SqliteDatabase::open(path, *durability).map(Self::Sqlite),
            DatabaseLocation::Postgres { url, connections } => {
                PostgresDatabase::open(url.expose_secret(), *connections).map(Self::Postgres)
            }
        }
    }

    /// `sqlite` or `postgres`, for logs and for `/version`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}
