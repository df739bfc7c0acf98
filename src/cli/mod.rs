//! The commands of the program: one file a command.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

pub mod doctor;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod permissions;
pub mod serve;
pub mod token;
pub mod user;

/// A headless CMS for publications: articles, authors and comment threads behind one REST API.
///
/// Without a command it serves. Settings come from the environment and from a file .env in the current folder; .env.example
/// explains each.
#[derive(Debug, Parser)]
#[command(name = "galley", version)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until the process is told to stop (the default).
    Serve,
    /// Bring the database to the schema of this version, and exit. Serving does the same when it starts.
    Migrate,
    /// Print the `OpenAPI` document.
    Openapi,
    /// Replace and list the keys that sign tokens.
    Keys(keys::KeyArguments),
    /// Make, list and revoke API tokens.
    Token(token::TokenArguments),
    /// Print what each role may do: scopes, operations and fields of articles, as Markdown.
    Permissions,
    /// Create, invite, disable and list accounts, and set passwords and roles.
    User(user::UserArguments),
    /// Look whether everything that is kept is as it should be: the database and its migrations, the chain of the audit log
    /// entry by entry, the counters of comments, what readers see, and who can read the keys. It only reads, may run beside a
    /// server, and exits with 1 when something is wrong.
    Doctor(doctor::DoctorArguments),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run(command_line: CommandLine) -> ExitCode {
    // A file that is not there is no fault; one that cannot be read is told with the settings it breaks.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return failed(&error);
    }
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(fault) => return failed(&fault),
    };
    start_log(settings.log_format);
    let system = actix_web::rt::System::new();
    let outcome = match command_line.command.unwrap_or(Command::Serve) {
        Command::Serve => system.block_on(serve::run(settings)),
        Command::Migrate => system.block_on(migrate::run(settings)),
        Command::Openapi => openapi::run(),
        Command::Permissions => permissions::run(),
        Command::Keys(arguments) => system.block_on(keys::run(settings, arguments)),
        Command::Token(arguments) => system.block_on(token::run(settings, arguments)),
        Command::User(arguments) => system.block_on(user::run(settings, arguments)),
        Command::Doctor(arguments) => system.block_on(doctor::run(settings, arguments)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

/// What a command ends with when it fails: a message for a person.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn failed(error: &dyn std::error::Error) -> ExitCode {
    // When standard error is gone too, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "galley: {error}");
    ExitCode::FAILURE
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
