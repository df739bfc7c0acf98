//! `galley user`: accounts, for the person who runs the server.

use std::io::{BufRead, Write};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::Outcome;
use crate::accounts::account::{AccountName, AccountRow, EmailAddress, NewAccount};
use crate::accounts::passwords;
use crate::accounts::permissions::Role;
use crate::clock::Clock;
use crate::database::failure::Failure;
use crate::database::ids::IdSource;
use crate::database::{Database, migrate};
use crate::field::TextFault;
use crate::settings::Settings;
use crate::{read, write_unit};

/// Accounts, for the person who runs the server.
#[derive(Debug, Args)]
pub struct UserArguments {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Create an account. A random password is made and printed once, unless --password-stdin is given.
    Add {
        /// The e-mail address to log in with.
        email: String,
        /// What the account may do.
        #[arg(long, value_enum)]
        role: Role,
        /// The name of the person; the address when it is left out.
        #[arg(long)]
        name: Option<String>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set a new password.
    Password {
        /// The e-mail address of the account.
        email: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List,
}

/// Does what the arguments say.
///
/// # Errors
/// A message for the person at the terminal.
pub async fn run(settings: Settings, arguments: UserArguments) -> Outcome {
    std::fs::create_dir_all(&settings.data_dir)?;
    let database = Database::open(&settings.database)?;
    migrate::run(&database).await?;
    match arguments.action {
        UserAction::Add {
            email,
            role,
            name,
            password_stdin,
        } => {
            let password = chosen_password(password_stdin)?;
            add(&database, &email, role, name.as_deref(), password).await
        }
        UserAction::Password { email, password_stdin } => {
            let password = chosen_password(password_stdin)?;
            set_password(&database, &email, password).await
        }
        UserAction::List => list(&database).await,
    }
}

enum ChosenPassword {
    Given(SecretString),
    Random(SecretString),
}

fn chosen_password(from_stdin: bool) -> Result<ChosenPassword, std::io::Error> {
    if !from_stdin {
        return Ok(ChosenPassword::Random(passwords::random()));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(ChosenPassword::Given(
        line.trim_end_matches(['\r', '\n']).to_owned().into(),
    ))
}

impl ChosenPassword {
    fn secret(&self) -> SecretString {
        match self {
            Self::Given(password) | Self::Random(password) => password.clone(),
        }
    }

    fn announcement(&self) -> String {
        match self {
            Self::Given(_) => String::new(),
            Self::Random(password) => format!(
                " with the password {} (it is not shown again)",
                password.expose_secret()
            ),
        }
    }
}

async fn add(database: &Database, email: &str, role: Role, name: Option<&str>, password: ChosenPassword) -> Outcome {
    let now = Clock::System.now();
    let new = NewAccount {
        id: IdSource::from_system().next(now),
        email: EmailAddress::parse(email).map_err(|fault| fault.to_string())?,
        name: AccountName::parse(name.unwrap_or(email)).map_err(|fault: TextFault| fault.to_string())?,
        role,
        password_hash: passwords::hash(password.secret()).await?,
    };
    let created: Result<bool, Failure> = write_unit!(database, accounts::create(new, now));
    match created? {
        true => Ok(writeln!(
            std::io::stdout(),
            "created the {role} {email}{}",
            password.announcement()
        )?),
        false => Err(format!("there is an account with the address {email} already").into()),
    }
}

async fn set_password(database: &Database, email: &str, password: ChosenPassword) -> Outcome {
    let address = EmailAddress::parse(email)
        .map_err(|fault| fault.to_string())?
        .into_string();
    let (hash, now) = (passwords::hash(password.secret()).await?, Clock::System.now());
    let changed: Result<bool, Failure> = write_unit!(database, accounts::set_password(address, hash, now));
    match changed? {
        true => Ok(writeln!(
            std::io::stdout(),
            "set the password of {email}{}",
            password.announcement()
        )?),
        false => Err(format!("there is no account with the address {email}").into()),
    }
}

async fn list(database: &Database) -> Outcome {
    let rows: Result<Vec<AccountRow>, Failure> = read!(database, accounts::list());
    let mut out = std::io::stdout();
    for row in rows? {
        writeln!(out, "{}\t{}\t{}\t{}", row.email, row.role, row.name, row.id.0)?;
    }
    Ok(())
}
