//! Whether the file of the database is whole.

use diesel::sql_query;

use crate::database::Database;
use crate::database::failure::Failure;
use crate::database::sqlite::{Connection, SqliteDatabase};

/// Rows of an answer that are read; the first ones say enough.
const MOST: usize = 100;

/// What `SQLite` finds wrong with its file and with foreign keys. `None` on `PostgreSQL`, which has no such question.
///
/// # Errors
/// A [`Failure`] when the file cannot be read at all.
pub async fn faults(database: &Database) -> Result<Option<Vec<String>>, Failure> {
    match database {
        Database::Sqlite(sqlite) => faults_of_file(sqlite).await.map(Some),
        Database::Postgres(_) => Ok(None),
    }
}

async fn faults_of_file(sqlite: &SqliteDatabase) -> Result<Vec<String>, Failure> {
    sqlite
        .read(|connection: &mut Connection| {
            let file = format!("SELECT integrity_check AS fault FROM pragma_integrity_check LIMIT {MOST}");
            let keys = format!(
                "SELECT 'a row of ' || \"table\" || ' names a row of ' || parent || ' that is not there' AS fault \
                 FROM pragma_foreign_key_check LIMIT {MOST}"
            );
            let mut faults: Vec<Fault> = diesel::RunQueryDsl::load(sql_query(file), connection)?;
            faults.retain(|fault| fault.fault != "ok");
            faults.extend(diesel::RunQueryDsl::load::<Fault>(sql_query(keys), connection)?);
            Ok::<_, Failure>(faults.into_iter().map(|Fault { fault }| fault).collect())
        })
        .await
}

#[derive(diesel::QueryableByName)]
struct Fault {
    #[diesel(sql_type = diesel::sql_types::Text)]
    fault: String,
}
