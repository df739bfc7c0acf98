//! `UUIDv7` identifiers (RFC 9562, section 5.7) and how each database stores them.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, SqlType};
use diesel::sqlite::Sqlite;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::{Builder, Uuid};

/// The SQL type of an identifier: `uuid` on `PostgreSQL`, a 16-byte blob on `SQLite`. Both sort by time of creation.
#[derive(Debug, Clone, Copy, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Id;

/// An identifier as rows hold it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub struct RowId(pub Uuid);

impl ToSql<Id, Pg> for RowId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Pg> for RowId {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(bytes.as_bytes())?))
    }
}

impl ToSql<Id, Sqlite> for RowId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Sqlite> for RowId {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

/// Makes identifiers. All ids of an installation come from here, so that a test can foresee them.
#[derive(Debug, Clone)]
pub struct IdSource {
    random: Arc<Mutex<StdRng>>,
    random_of_log: Arc<Mutex<StdRng>>,
}

impl IdSource {
    /// A source seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        Self::seeded(rand::random())
    }

    /// A source that gives the same ids at every run, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            random: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
            random_of_log: Arc::new(Mutex::new(StdRng::seed_from_u64(!seed))),
        }
    }

    /// The next identifier, stamped with `now` to the millisecond.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Uuid {
        stamped(now, &self.random)
    }

    /// The next identifier of an entry of the audit log. They have a source of their own, so that what is recorded of a
    /// write does not change the ids that the write gives.
    #[must_use]
    pub fn next_of_log(&self, now: DateTime<Utc>) -> Uuid {
        stamped(now, &self.random_of_log)
    }
}

fn stamped(now: DateTime<Utc>, source: &Mutex<StdRng>) -> Uuid {
    let mut random = [0_u8; 10];
    // A panic while the lock was held cannot leave the generator in a bad state.
    source
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .fill_bytes(&mut random);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
