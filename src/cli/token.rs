//! `galley token`: API tokens, for the person who runs the server.

use std::io::Write;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::Outcome;
use crate::accounts::account::{AccountRow, EmailAddress};
use crate::accounts::api_tokens::api_token::{
    ApiTokenFailure, ApiTokenState, ApiTokenWithAuthor, AuthorReach, MAX_DAYS, MAX_LIVE_TOKENS, TokenEnd, TokenName,
    TokenReach, TokenWish,
};
use crate::accounts::api_tokens::token_text::TokenKind;
use crate::accounts::permissions::Scope;
use crate::clock::Clock;
use crate::database::failure::Failure;
use crate::database::ids::IdSource;
use crate::database::{Database, migrate};
use crate::field::TextFault;
use crate::http::conditional::Expected;
use crate::http::page::{Slice, SortOrder};
use crate::http::times;
use crate::settings::Settings;
use crate::slug::Slug;
use crate::state::Stamp;
use crate::{read, write_unit};

/// API tokens: what scripts show in place of a log-in.
#[derive(Debug, Args)]
pub struct TokenArguments {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// Make a token for an account, and print it once.
    Create {
        /// The e-mail address of the account that it acts for.
        email: String,
        /// What it is for, in words.
        #[arg(long)]
        name: String,
        /// What it may do, such as articles:read; can be given more than once. Not for --kind upload.
        #[arg(long = "scope", value_parser = scope)]
        scopes: Vec<Scope>,
        /// personal, or upload: brings drafts and pictures as one author, and sees and changes those only.
        #[arg(long, value_enum, default_value = "personal")]
        kind: TokenKind,
        /// The slug of the author whom a token of the kind upload writes as.
        #[arg(long)]
        author: Option<String>,
        /// Days that it is good for: 90 when it is left out, and needed for --kind upload.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=MAX_DAYS.into()))]
        days: Option<i32>,
    },
    /// List the tokens, the newest first; at most a thousand.
    List {
        /// Only those of the account with this e-mail address.
        email: Option<String>,
    },
    /// Revoke a token. It is refused from then on.
    Revoke {
        /// The id of the token, which is its third part.
        id: Uuid,
    },
}

/// Does what the arguments say.
///
/// # Errors
/// A message for the person at the terminal.
pub async fn run(settings: Settings, arguments: TokenArguments) -> Outcome {
    std::fs::create_dir_all(&settings.data_dir)?;
    let database = Database::open(&settings.database)?;
    migrate::run(&database).await?;
    let stamp = Stamp::at_command_line(Clock::System.now(), IdSource::from_system(), &settings.public_url);
    match arguments.action {
        TokenAction::Create {
            email,
            name,
            scopes,
            kind,
            author,
            days,
        } => {
            let wish = TokenWish {
                name: TokenName::parse(&name).map_err(|fault: TextFault| format!("--name: {fault}"))?,
                kind,
                scopes: (!scopes.is_empty()).then_some(scopes),
                author: author.as_deref().map(author_slug).transpose()?,
                end: days.map(TokenEnd::InDays),
            };
            create(&database, &email, wish, stamp).await
        }
        TokenAction::List { email } => list(&database, email.as_deref()).await,
        TokenAction::Revoke { id } => revoke(&database, id, stamp).await,
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    let all: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
    Scope::from_name(text).ok_or_else(|| format!("it is not one of {}", all.join(", ")))
}

fn author_slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(|fault| format!("--author: {fault}"))
}

async fn create(database: &Database, email: &str, wish: TokenWish, stamp: Stamp) -> Outcome {
    let account = account(database, email).await?;
    let role = account.role();
    let new = wish
        .grant(stamp.new_id(), role, stamp.now)
        .map_err(|faults| faults.into_body_problem().details().detail.clone())?;
    // Whoever is at this command line decides for whom.
    let (id, reach, text) = (account.id.0, AuthorReach::All, new.text.clone());
    let made: Result<ApiTokenWithAuthor, ApiTokenFailure> =
        write_unit!(database, api_tokens::create(id, new, reach, stamp));
    let (row, _author) = made.map_err(in_words)?;
    let (token, until) = (text.reveal(), times::text(row.expires_at.utc()));
    writeln!(
        std::io::stdout(),
        "{}\n(it is good until {until} and not shown again; `galley token revoke {}` ends it)",
        token.expose_secret(),
        row.id.0
    )?;
    Ok(())
}

async fn list(database: &Database, email: Option<&str>) -> Outcome {
    let owner = match email {
        None => None,
        Some(email) => Some(account(database, email).await?.id.0),
    };
    let slice = Slice {
        order: SortOrder::Descending,
        after: None,
        rows: 1_000,
    };
    let reach = TokenReach::All;
    let rows: Result<Vec<ApiTokenWithAuthor>, Failure> = read!(database, api_tokens::list(reach, owner, slice));
    let (now, mut out) = (Clock::System.now(), std::io::stdout());
    for (row, author) in rows? {
        let state = match row.state(now) {
            ApiTokenState::Active => "active",
            ApiTokenState::Expired => "expired",
            ApiTokenState::Revoked => "revoked",
        };
        let until = times::text(row.expires_at.utc());
        let author = author.unwrap_or_default();
        writeln!(
            out,
            "{}\t{state}\t{}\t{until}\t{}\t{author}\t{}",
            row.id.0, row.kind, row.scopes, row.name
        )?;
    }
    Ok(())
}

async fn revoke(database: &Database, id: Uuid, stamp: Stamp) -> Outcome {
    let (reach, expected) = (TokenReach::All, Expected::Any);
    let revoked: Result<(), ApiTokenFailure> = write_unit!(database, api_tokens::revoke(id, reach, expected, stamp));
    revoked.map_err(in_words)?;
    writeln!(std::io::stdout(), "revoked {id}")?;
    Ok(())
}

async fn account(database: &Database, email: &str) -> Result<AccountRow, Box<dyn std::error::Error>> {
    let address = EmailAddress::parse(email)
        .map_err(|fault| fault.to_string())?
        .into_string();
    let found: Result<Option<AccountRow>, Failure> = read!(database, accounts::find_by_email(address));
    Ok(found?.ok_or_else(|| format!("there is no account with the address {email}"))?)
}

fn in_words(failure: ApiTokenFailure) -> Box<dyn std::error::Error> {
    match failure {
        ApiTokenFailure::Absent => "there is no such token".into(),
        ApiTokenFailure::AccountGone => "the account is disabled".into(),
        ApiTokenFailure::Stale(_) => "the token was changed".into(),
        ApiTokenFailure::AuthorUnknown(slug) | ApiTokenFailure::AuthorNotLinked(slug) => {
            format!("there is no author with the slug {}", slug.as_str()).into()
        }
        ApiTokenFailure::TooMany => {
            format!("the account has {MAX_LIVE_TOKENS} tokens that are good, and that is the most there may be").into()
        }
        ApiTokenFailure::Database(failure) => failure.into(),
    }
}
