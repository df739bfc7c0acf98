//! `galley keys`: the keys that sign tokens, for the person who runs the server.

use std::io::Write;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::accounts::key_files::KeyFolder;
use crate::accounts::key_rotation::{self, AnnouncedKeyRow};
use crate::clock::Clock;
use crate::database::failure::Failure;
use crate::database::ids::IdSource;
use crate::database::{Database, migrate};
use crate::http::times;
use crate::read;
use crate::settings::Settings;
use crate::state::Stamp;

/// The keys that sign tokens.
#[derive(Debug, Args)]
pub struct KeyArguments {
    #[command(subcommand)]
    action: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Make a new key in the data folder. It signs ten minutes later, and nobody is logged out. A server that runs notices.
    Rotate,
    /// List the keys of all instances, the oldest first.
    List,
}

/// Does what the arguments say.
///
/// # Errors
/// A message for the person at the terminal.
pub async fn run(settings: Settings, arguments: KeyArguments) -> Outcome {
    std::fs::create_dir_all(&settings.data_dir)?;
    let database = Database::open(&settings.database)?;
    migrate::run(&database).await?;
    let folder = KeyFolder::of(&settings.data_dir);
    folder.prepare()?;
    match arguments.action {
        KeyAction::Rotate => rotate(&settings, &database, &folder).await,
        KeyAction::List => list(&database, &folder).await,
    }
}

async fn rotate(settings: &Settings, database: &Database, folder: &KeyFolder) -> Outcome {
    let stamp = Stamp::at_command_line(Clock::System.now(), IdSource::from_system(), &settings.public_url);
    let key = key_rotation::begin(database, folder, stamp).await?;
    let from = times::text(key.signs_from.unwrap_or(key.created_at).utc());
    writeln!(std::io::stdout(), "the key {} signs from {from} on", key.kid)?;
    Ok(())
}

async fn list(database: &Database, folder: &KeyFolder) -> Outcome {
    let rows: Result<Vec<AnnouncedKeyRow>, Failure> = read!(database, signing_keys::list());
    let own = folder.current()?;
    let next = folder.next()?;
    let (now, mut out) = (Clock::System.now(), std::io::stdout());
    for row in rows? {
        let is_here = [&own, &next].into_iter().flatten().any(|key| key.kid() == row.kid);
        let place = if is_here { "here" } else { "elsewhere" };
        let until = row
            .needed_until
            .map_or_else(String::new, |until| times::text(until.utc()));
        let from = times::text(row.signs_from.unwrap_or(row.created_at).utc());
        writeln!(out, "{}\t{}\t{place}\t{from}\t{until}", row.kid, row.state(now).name())?;
    }
    Ok(())
}
