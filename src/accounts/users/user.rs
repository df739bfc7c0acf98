//! User accounts: what administrators see and change of them, and what can go wrong.

use std::fmt;

use uuid::Uuid;

use crate::accounts::account::{AccountName, AccountRow, EmailAddress};
use crate::accounts::permissions::Role;
use crate::accounts::users::password_link::{NewLink, PasswordLinkRow};
use crate::authors::author::BylineAuthorRow;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::http::patch::Patch;
use crate::slug::Slug;

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// Somebody was invited and has set no password yet.
    Invited,
    /// It can be logged in with.
    Active,
    /// It is shut out. Accounts are never deleted, since what they did names them.
    Disabled,
}

/// An account with what belongs to it.
#[derive(Debug, Clone)]
pub struct User {
    /// The row.
    pub row: AccountRow,
    /// The author whom it writes as.
    pub author: Option<BylineAuthorRow>,
    /// The link by which its password can be set now.
    pub link: Option<PasswordLinkRow>,
}

/// An account to make.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The id.
    pub id: Uuid,
    /// The address to log in with.
    pub email: EmailAddress,
    /// The name.
    pub name: AccountName,
    /// The role.
    pub role: Role,
    /// The slug of the author whom it writes as.
    pub author: Option<Slug>,
    /// How its owner gets in.
    pub entrance: Entrance,
}

/// How the owner of a new account gets in.
#[derive(Debug, Clone)]
pub enum Entrance {
    /// With a password that was set already, hashed.
    Password(String),
    /// By an invitation.
    Invitation(NewLink),
}

/// What shall change about an account.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The name, if it shall change.
    pub name: Option<AccountName>,
    /// The address to log in with, if it shall change.
    pub email: Option<EmailAddress>,
    /// The role, if it shall change.
    pub role: Option<Role>,
    /// The author whom it writes as, by slug.
    pub author: Patch<Slug>,
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserFilter {
    /// Those with this role.
    pub role: Option<Role>,
    /// Those that stand here.
    pub state: Option<UserState>,
    /// Those that write as this author.
    pub author: Option<RowId>,
}

/// Why an account was not changed.
#[derive(Debug)]
pub enum UserFailure {
    /// There is no such account.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// Another account has the address.
    EmailTaken {
        /// The other account; nil when it was made in this moment.
        conflicting_id: Uuid,
    },
    /// No author has this slug.
    AuthorUnknown(Slug),
    /// Nobody could administer the installation any more.
    LastAdministrator,
    /// What is asked is not done with an account that stands there.
    WrongState {
        /// Where it stands.
        state: UserState,
        /// What to do in its place.
        remedy: &'static str,
    },
    /// The database failed.
    Database(Failure),
}

impl UserState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Disabled];

    /// Where an account stands.
    #[must_use]
    pub fn of(row: &AccountRow) -> Self {
        match (row.disabled_at, &row.password_hash) {
            (Some(_), _) => Self::Disabled,
            (None, None) => Self::Invited,
            (None, Some(_)) => Self::Active,
        }
    }

    /// The name, as the wire has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for UserState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Failure> for UserFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for UserFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// For the command line.
impl fmt::Display for UserFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is no such account"),
            Self::Stale(_) => f.write_str("somebody else changed the account in this moment; try again"),
            Self::EmailTaken { .. } => f.write_str("another account has this address already"),
            Self::AuthorUnknown(slug) => write!(f, "there is no author with the slug {slug}; create the author first"),
            Self::LastAdministrator => {
                f.write_str("it is the last administrator who can log in; give another active account the role first")
            }
            Self::WrongState { state, remedy } => write!(f, "the account is {state}; {remedy}"),
            Self::Database(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for UserFailure {}
