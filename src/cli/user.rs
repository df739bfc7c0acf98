//! `galley user`: accounts, for the person who runs the server.

use std::io::{BufRead, Write};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::Outcome;
use crate::accounts::account::{AccountName, AccountRow, EmailAddress};
use crate::accounts::passwords;
use crate::accounts::permissions::Role;
use crate::accounts::users::password_link::{LinkPurpose, LinkToken, NewLink};
use crate::accounts::users::user::{Entrance, NewUser, User, UserChange, UserFailure, UserState};
use crate::clock::Clock;
use crate::database::failure::Failure;
use crate::database::ids::IdSource;
use crate::database::{Database, migrate};
use crate::field::TextFault;
use crate::http::conditional::Expected;
use crate::settings::Settings;
use crate::slug::Slug;
use crate::state::Stamp;
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
        /// The account.
        #[command(flatten)]
        account: AccountArguments,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Create an account without a password, or invite somebody again who has set none yet. The token of the invitation is
    /// printed once.
    Invite {
        /// The account.
        #[command(flatten)]
        account: AccountArguments,
    },
    /// Set a new password. The account is logged out everywhere.
    Password {
        /// The e-mail address of the account.
        email: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change what an account may do.
    Role {
        /// The e-mail address of the account.
        email: String,
        /// What the account may do from now on.
        #[arg(value_enum)]
        role: Role,
    },
    /// Shut an account out. Accounts are never deleted, since what they did names them.
    Disable {
        /// The e-mail address of the account.
        email: String,
    },
    /// Let a disabled account in again, with the password that it had.
    Enable {
        /// The e-mail address of the account.
        email: String,
    },
    /// List the accounts: address, role, name, state and id.
    List,
}

#[derive(Debug, Args)]
struct AccountArguments {
    /// The e-mail address to log in with.
    email: String,
    /// What the account may do.
    #[arg(long, value_enum)]
    role: Role,
    /// The name of the person; the address when it is left out.
    #[arg(long)]
    name: Option<String>,
    /// The slug of the author whom the account writes as.
    #[arg(long)]
    author: Option<String>,
}

/// Does what the arguments say.
///
/// # Errors
/// A message for the person at the terminal.
pub async fn run(settings: Settings, arguments: UserArguments) -> Outcome {
    std::fs::create_dir_all(&settings.data_dir)?;
    let database = Database::open(&settings.database)?;
    migrate::run(&database).await?;
    let terminal = Terminal { settings, database };
    match arguments.action {
        UserAction::Add {
            account,
            password_stdin,
        } => terminal.add(account, chosen_password(password_stdin)?).await,
        UserAction::Invite { account } => terminal.invite(account).await,
        UserAction::Password { email, password_stdin } => {
            terminal.set_password(&email, chosen_password(password_stdin)?).await
        }
        UserAction::Role { email, role } => terminal.set_role(&email, role).await,
        UserAction::Disable { email } => terminal.disable(&email).await,
        UserAction::Enable { email } => terminal.enable(&email).await,
        UserAction::List => terminal.list().await,
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

/// The server that the person at the terminal runs.
struct Terminal {
    settings: Settings,
    database: Database,
}

impl Terminal {
    async fn add(&self, account: AccountArguments, password: ChosenPassword) -> Outcome {
        let (email, role) = (account.email.clone(), account.role);
        let entrance = Entrance::Password(passwords::hash(password.secret()).await?);
        self.create(account, entrance).await?;
        say(&format!("created the {role} {email}{}", password.announcement()))
    }

    async fn invite(&self, account: AccountArguments) -> Outcome {
        let (email, stamp) = (account.email.clone(), self.stamp());
        let token = LinkToken::random();
        let link = NewLink {
            id: stamp.new_id(),
            purpose: LinkPurpose::Invitation,
            secret_hash: token.hash(),
        };
        match self.id_of(&email).await {
            Ok(id) => {
                let renewed: Result<User, UserFailure> =
                    write_unit!(&self.database, users::invite_again(id, Expected::Any, link, stamp));
                renewed.map_err(|failure| message(&email, &failure))?;
            }
            Err(UserFailure::Absent) => self.create(account, Entrance::Invitation(link)).await?,
            Err(failure) => return Err(message(&email, &failure).into()),
        }
        let token = token.expose();
        let place = match &self.settings.password_page {
            Some(page) => format!("the page {page}#token={token}"),
            None => format!("the token {token}"),
        };
        say(&format!("invited {email}; hand on {place} (it is not shown again)"))
    }

    async fn create(&self, account: AccountArguments, entrance: Entrance) -> Outcome {
        let stamp = self.stamp();
        let AccountArguments {
            email,
            role,
            name,
            author,
        } = account;
        let new = NewUser {
            id: stamp.new_id(),
            email: EmailAddress::parse(&email).map_err(|fault| fault.to_string())?,
            name: AccountName::parse(name.as_ref().unwrap_or(&email)).map_err(|fault: TextFault| fault.to_string())?,
            role,
            author: match author {
                None => None,
                Some(slug) => Some(Slug::parse(&slug).map_err(|fault| format!("--author: {fault}"))?),
            },
            entrance,
        };
        let created: Result<User, UserFailure> = write_unit!(&self.database, users::create(new, stamp));
        match created {
            Ok(_) => Ok(()),
            Err(UserFailure::EmailTaken { .. }) => {
                Err(format!("there is an account with the address {email} already").into())
            }
            Err(failure) => Err(failure.to_string().into()),
        }
    }

    async fn set_password(&self, email: &str, password: ChosenPassword) -> Outcome {
        let (address, stamp) = (address(email)?, self.stamp());
        let hash = passwords::hash(password.secret()).await?;
        let changed: Result<User, UserFailure> = write_unit!(&self.database, users::set_password(address, hash, stamp));
        changed.map_err(|failure| message(email, &failure))?;
        say(&format!("set the password of {email}{}", password.announcement()))
    }

    async fn set_role(&self, email: &str, role: Role) -> Outcome {
        let (id, stamp) = (self.known(email).await?, self.stamp());
        let change = UserChange {
            role: Some(role),
            ..UserChange::default()
        };
        let changed: Result<User, UserFailure> =
            write_unit!(&self.database, users::update(id, Expected::Any, change, stamp));
        changed.map_err(|failure| message(email, &failure))?;
        say(&format!("{email} is {role} now"))
    }

    async fn disable(&self, email: &str) -> Outcome {
        let (id, stamp) = (self.known(email).await?, self.stamp());
        let changed: Result<User, UserFailure> = write_unit!(&self.database, users::disable(id, Expected::Any, stamp));
        changed.map_err(|failure| message(email, &failure))?;
        say(&format!("{email} is disabled and logged out"))
    }

    async fn enable(&self, email: &str) -> Outcome {
        let (id, stamp) = (self.known(email).await?, self.stamp());
        let changed: Result<User, UserFailure> = write_unit!(&self.database, users::enable(id, Expected::Any, stamp));
        let user = changed.map_err(|failure| message(email, &failure))?;
        say(&format!("{email} is {} now", UserState::of(&user.row)))
    }

    async fn list(&self) -> Outcome {
        let rows: Result<Vec<AccountRow>, Failure> = read!(&self.database, accounts::list());
        let mut out = std::io::stdout();
        for row in rows? {
            let state = UserState::of(&row);
            writeln!(out, "{}\t{}\t{}\t{state}\t{}", row.email, row.role, row.name, row.id.0)?;
        }
        Ok(())
    }

    async fn known(&self, email: &str) -> Result<Uuid, String> {
        self.id_of(email).await.map_err(|failure| message(email, &failure))
    }

    async fn id_of(&self, email: &str) -> Result<Uuid, UserFailure> {
        // What is no address is the address of nobody.
        let address = EmailAddress::parse(email).map_err(|_fault| UserFailure::Absent)?;
        read!(&self.database, users::id_of(address))
    }

    fn stamp(&self) -> Stamp {
        Stamp::at_command_line(Clock::System.now(), IdSource::from_system(), &self.settings.public_url)
    }
}

fn address(email: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(email).map_err(|fault| fault.to_string())
}

fn message(email: &str, failure: &UserFailure) -> String {
    match failure {
        UserFailure::Absent => format!("there is no account with the address {email}"),
        failure => format!("{email}: {failure}"),
    }
}

fn say(line: &str) -> Outcome {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
