//! The whole content of a database in short, to tell whether anything in it changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use galley::database::Database;
use galley::database::failure::Failure;
use sha2::{Digest, Sha256};

use crate::support::app::TestApp;

/// For every table, how many rows it has and a digest of them all.
pub type DatabaseDigest = BTreeMap<String, String>;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl TestApp {
    /// The digest of every row of every table. Two that are equal say that nothing was stored in between; two that are not
    /// name the table.
    pub async fn database_digest(&self) -> DatabaseDigest {
        let mut digest = DatabaseDigest::new();
        match &self.state.database {
            Database::Sqlite(_) => {
                let tables = "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
                for table in self.lines(tables.to_owned()).await {
                    let columns = format!(
                        "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ') AS line FROM pragma_table_info('{table}')"
                    );
                    let row = self.lines(columns).await.remove(0);
                    let rows = self.lines(format!("SELECT {row} AS line FROM \"{table}\"")).await;
                    digest.insert(table, in_short(rows));
                }
            }
            Database::Postgres(_) => {
                let tables = "SELECT table_name::text AS line FROM information_schema.tables \
                     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'";
                for table in self.lines(tables.to_owned()).await {
                    let rows = self
                        .lines(format!("SELECT row_of::text AS line FROM \"{table}\" AS row_of"))
                        .await;
                    digest.insert(table, in_short(rows));
                }
            }
        }
        assert!(digest.len() > 5, "these are not all tables: {digest:?}");
        digest
    }

    /// The lines that a query gives, whose one column has the name `line`.
    pub async fn lines(&self, query: String) -> Vec<String> {
        let lines: Vec<Line> = match &self.state.database {
            Database::Sqlite(sqlite) => {
                let load = move |connection: &mut diesel::SqliteConnection| {
                    diesel::RunQueryDsl::load(sql_query(query), connection).map_err(Failure::from)
                };
                sqlite.read(load).await.unwrap()
            }
            Database::Postgres(postgres) => {
                let mut connection = postgres.connection().await.unwrap();
                diesel_async::RunQueryDsl::load(sql_query(query), &mut connection)
                    .await
                    .unwrap()
            }
        };
        lines.into_iter().map(|Line { line }| line).collect()
    }
}

fn in_short(mut rows: Vec<String>) -> String {
    rows.sort_unstable();
    let mut digest = Sha256::new();
    for row in &rows {
        digest.update(row.len().to_be_bytes());
        digest.update(row);
    }
    let bytes = digest.finalize();
    bytes.iter().fold(format!("{} rows ", rows.len()), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
