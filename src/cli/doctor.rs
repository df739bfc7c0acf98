//! `galley doctor`: look whether everything is as it should be.

use std::io::Write;

use clap::Args;

use super::Outcome;
use crate::clock::Clock;
use crate::database::{Database, DatabaseLocation};
use crate::doctor::checks;
use crate::doctor::report::NotedHead;
use crate::settings::Settings;

/// How to look.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Print the report as JSON, for programs: an object of the members healthy, audit head and checks.
    #[arg(long)]
    json: bool,
    /// The end of the audit chain that an earlier run printed, as NUMBER:HASH. Whoever can write to the database can make the
    /// whole chain anew; only an end that is kept elsewhere shows it.
    #[arg(long, value_name = "NUMBER:HASH")]
    audit_head: Option<NotedHead>,
}

/// Looks, and prints what it found.
///
/// # Errors
/// When something is wrong, or when the database cannot be asked.
pub async fn run(settings: Settings, arguments: DoctorArguments) -> Outcome {
    // Opening it would make an empty one, and the doctor only reads.
    if let DatabaseLocation::Sqlite { path, .. } = &settings.database
        && !path.is_file()
    {
        return Err(format!("there is no database at {}", path.display()).into());
    }
    let database = Database::open(&settings.database)?;
    let report = checks::examine(&settings, &database, arguments.audit_head.as_ref(), Clock::System.now()).await?;
    let mut out = std::io::stdout();
    match arguments.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        false => write!(out, "{report}")?,
    }
    match report.failed() {
        0 => Ok(()),
        1 => Err("one check failed".into()),
        failed => Err(format!("{failed} checks failed").into()),
    }
}
