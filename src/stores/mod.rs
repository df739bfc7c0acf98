//! The store files of all nouns, compiled once for each database.
//!
//! A `store.rs` is ordinary async diesel over `&mut Connection`. Diesel's queries name no database, but a function
//! must name its connection, and bounds that would let one function take either fill a page. So each store file is a
//! module twice: below [`sqlite`] its `Connection` is a `SqliteConnection` whose queries are done when they return, and
//! below [`postgres`] it is an `AsyncPgConnection` whose queries are awaited. The compiler checks every query against both.
//!
//! [`read!`](crate::read) and [`write!`](crate::write_unit) choose the one that fits the open database. A unit of work is
//! one call: on `SQLite` it is one hop to a blocking thread, on `PostgreSQL` it stays on the connection's own.

#![expect(
    clippy::duplicate_mod,
    reason = "compiling each store once for each database is the purpose"
)]

pub mod postgres;
pub mod sqlite;

/// Cuts a boxed query to the part of a list that a page shows, for lists by the columns `created_at` and `id` of a table:
/// `slice_by_creation!(query, slice, article_notes)`.
macro_rules! slice_by_creation {
    ($query:expr, $slice:expr, $table:ident) => {{
        let slice: $crate::http::page::Slice = $slice;
        let query = $query.limit(slice.rows);
        let after = slice.after.and_then(|place| match place.key {
            $crate::http::page::PositionKey::Time(micros) => $crate::database::timestamp::RowTime::from_micros(micros)
                .map(|time| (time, $crate::database::ids::RowId(place.id))),
            $crate::http::page::PositionKey::Text(_) => None,
        });
        match (slice.order, after) {
            ($crate::http::page::SortOrder::Ascending, None) => {
                query.order(($table::created_at.asc(), $table::id.asc()))
            }
            ($crate::http::page::SortOrder::Descending, None) => {
                query.order(($table::created_at.desc(), $table::id.desc()))
            }
            ($crate::http::page::SortOrder::Ascending, Some((time, last))) => query
                .order(($table::created_at.asc(), $table::id.asc()))
                .filter($table::created_at.ge(time))
                .filter($table::created_at.gt(time).or($table::id.gt(last))),
            ($crate::http::page::SortOrder::Descending, Some((time, last))) => query
                .order(($table::created_at.desc(), $table::id.desc()))
                .filter($table::created_at.le(time))
                .filter($table::created_at.lt(time).or($table::id.lt(last))),
        }
    }};
}
pub(crate) use slice_by_creation;

/// Calls a store function that only reads: `read!(database, articles::find_published(id))`. The arguments are moved in.
#[macro_export]
macro_rules! read {
    ($database:expr, $store:ident::$function:ident($($argument:expr),* $(,)?)) => {
        match $database {
            $crate::database::Database::Sqlite(sqlite) => {
                sqlite
                    .read(move |connection| {
                        $crate::database::sqlite::complete($crate::stores::sqlite::$store::$function(connection, $($argument),*))
                    })
                    .await
            }
            $crate::database::Database::Postgres(postgres) => match postgres.connection().await {
                Ok(mut connection) => $crate::stores::postgres::$store::$function(&mut connection, $($argument),*).await,
                Err(failure) => Err(failure.into()),
            },
        }
    };
}

/// Calls a store function that writes, as one transaction: all of it is stored or none. The arguments are moved in.
#[macro_export]
macro_rules! write_unit {
    ($database:expr, $store:ident::$function:ident($($argument:expr),* $(,)?)) => {
        match $database {
            $crate::database::Database::Sqlite(sqlite) => {
                sqlite
                    .write(move |connection| {
                        $crate::database::sqlite::complete($crate::stores::sqlite::$store::$function(connection, $($argument),*))
                    })
                    .await
            }
            $crate::database::Database::Postgres(postgres) => {
                // The block gives the whole unit one type of error to end with.
                let unit = async {
                    let mut connection = postgres.connection().await?;
                    $crate::database::postgres::begin(&mut connection).await?;
                    let outcome = $crate::stores::postgres::$store::$function(&mut connection, $($argument),*).await;
                    $crate::database::postgres::finish(&mut connection, outcome).await
                };
                unit.await
            }
        }
    };
}
