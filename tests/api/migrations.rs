//! Migrations: up, down and up again, the same on both databases, and from several instances at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::join_all;
use galley::database::failure::Failure;
use galley::database::sqlite::Durability;
use galley::database::{Database, DatabaseLocation, migrate};

use crate::on_both_databases;
use crate::support::app::TestApp;

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    thing: String,
    #[diesel(sql_type = Text)]
    description: String,
}

/// Everything that the schema has, as the database itself describes it.
const SQLITE_SCHEMA: &str = "SELECT type || ' ' || name AS thing, COALESCE(sql, '') AS description FROM sqlite_master \
     WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY thing";

const POSTGRES_SCHEMA: &str = "SELECT 'column ' || table_name || '.' || column_name AS thing, \
         data_type || ' ' || is_nullable || ' ' || COALESCE(collation_name, '-') || ' ' || ordinal_position AS description \
     FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%' \
     UNION ALL SELECT 'index ' || indexname, replace(indexdef, current_schema() || '.', '') \
     FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE '\\_\\_diesel%' \
     UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) \
     FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND conrelid::regclass::text NOT LIKE '\\_\\_diesel%' \
     ORDER BY thing";

/// The columns of every table, in one form for both.
const SQLITE_COLUMNS: &str = "SELECT t.name AS thing, group_concat(c.name || CASE c.\"notnull\" WHEN 1 THEN '' ELSE '?' END, ' ') AS description \
     FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' \
     AND t.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' GROUP BY t.name ORDER BY t.name";

const POSTGRES_COLUMNS: &str = "SELECT table_name::text AS thing, \
         string_agg(column_name || CASE is_nullable WHEN 'NO' THEN '' ELSE '?' END, ' ' ORDER BY ordinal_position) AS description \
     FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%' \
     GROUP BY table_name ORDER BY thing";

async fn described(
    database: &Database,
    on_sqlite: &'static str,
    on_postgres: &'static str,
) -> BTreeMap<String, String> {
    let rows: Vec<Described> = match database {
        Database::Sqlite(sqlite) => sqlite
            .maintain(move |connection| {
                diesel::RunQueryDsl::load(sql_query(on_sqlite), connection).map_err(Failure::from)
            })
            .await
            .unwrap(),
        Database::Postgres(postgres) => {
            let mut connection = postgres.connection().await.unwrap();
            diesel_async::RunQueryDsl::load(sql_query(on_postgres), &mut connection)
                .await
                .unwrap()
        }
    };
    rows.into_iter().map(|row| (row.thing, row.description)).collect()
}

async fn schema(database: &Database) -> BTreeMap<String, String> {
    described(database, SQLITE_SCHEMA, POSTGRES_SCHEMA).await
}

on_both_databases! {
    async fn going_down_and_up_again_leaves_the_same_schema(app: TestApp) {
        let database = &app.state.database;
        let before = schema(database).await;
        assert!(before.len() > 20, "{before:#?}");
        migrate::revert_all(database).await.unwrap();
        assert_eq!(schema(database).await, BTreeMap::new(), "something is left behind");
        assert!(!migrate::is_current(database).await.unwrap());
        assert!(!migrate::run(database).await.unwrap().is_empty());
        assert_eq!(schema(database).await, before);
        assert!(migrate::is_current(database).await.unwrap());
        assert_eq!(migrate::run(database).await.unwrap(), Vec::<String>::new());
    }

    async fn both_databases_have_the_same_tables_and_columns(app: TestApp) {
        // Both variants are held against this one snapshot, and so against each other.
        insta::assert_json_snapshot!("tables_and_columns", described(&app.state.database, SQLITE_COLUMNS, POSTGRES_COLUMNS).await);
    }
}

#[test]
fn both_folders_have_migrations_of_the_same_names_that_can_be_undone() {
    let names = |database: &str| -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
        let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        for folder in &folders {
            assert!(
                folder.join("up.sql").is_file() && folder.join("down.sql").is_file(),
                "{}",
                folder.display()
            );
        }
        folders
            .iter()
            .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[actix_web::test]
async fn instances_that_start_at_once_on_one_empty_file_all_find_it_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let location = DatabaseLocation::Sqlite {
        path: folder.path().join("galley.db"),
        durability: Durability::Full,
    };
    let opening = (0..4).map(|_| {
        let location = location.clone();
        // Opened on a thread each, as processes would.
        tokio::task::spawn_blocking(move || Database::open(&location).unwrap())
    });
    let databases: Vec<Database> = join_all(opening).await.into_iter().map(Result::unwrap).collect();
    assert_one_migrates(&databases).await;
}

#[actix_web::test]
async fn instances_that_start_at_once_on_one_empty_schema_all_find_it_migrated() {
    let name = concat!(
        module_path!(),
        "::instances_that_start_at_once_on_one_empty_schema_all_find_it_migrated"
    );
    let Some(app) = TestApp::on_postgres(name).await else {
        return;
    };
    let location = app.state.settings.database.clone();
    if let Database::Postgres(postgres) = &app.state.database {
        let mut connection = postgres.connection().await.unwrap();
        let emptied =
            "DO $$ BEGIN EXECUTE format('DROP SCHEMA %1$I CASCADE; CREATE SCHEMA %1$I', current_schema()); END $$";
        connection.batch_execute(emptied).await.unwrap();
    }
    let databases: Vec<Database> = (0..4).map(|_| Database::open(&location).unwrap()).collect();
    assert_one_migrates(&databases).await;
}

async fn assert_one_migrates(databases: &[Database]) {
    let applied = join_all(databases.iter().map(migrate::run)).await;
    let mut counts: Vec<usize> = applied.into_iter().map(|names| names.unwrap().len()).collect();
    counts.sort_unstable();
    assert_eq!(
        counts[..3],
        [0, 0, 0],
        "one instance migrates and the others find it done"
    );
    assert!(counts[3] > 0);
    for database in databases {
        assert!(migrate::is_current(database).await.unwrap());
    }
}
