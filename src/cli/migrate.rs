//! `galley migrate`: bring the database to the schema of this version.

use std::io::Write;

use super::Outcome;
use crate::database::{Database, migrate};
use crate::settings::Settings;

/// Applies what is pending and names it.
///
/// # Errors
/// Why the database could not be migrated.
pub async fn run(settings: Settings) -> Outcome {
    std::fs::create_dir_all(&settings.data_dir)?;
    let database = Database::open(&settings.database)?;
    let applied = migrate::run(&database).await?;
    let mut out = std::io::stdout();
    match applied.as_slice() {
        [] => writeln!(out, "the database is up to date")?,
        applied => applied.iter().try_for_each(|name| writeln!(out, "applied {name}"))?,
    }
    Ok(())
}
