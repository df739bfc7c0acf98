//! Accounts: who can log in.

use std::fmt;

use diesel::{Insertable, Queryable, Selectable};

use crate::accounts::permissions::Role;
use crate::conflict::StaleRevision;
use crate::database::ids::RowId;
use crate::database::schema::accounts;
use crate::database::timestamp::RowTime;
use crate::field::{Line, Refusal, read_from_text};

/// The name of a person, for the newsroom.
pub type AccountName = Line<120>;

/// An e-mail address in lower case, checked for its shape only: whether it receives mail is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmailFault;

impl EmailAddress {
    /// Takes an address of the form `somebody@example.org`, of at most 254 characters (RFC 5321).
    ///
    /// # Errors
    /// [`EmailFault`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailFault)?;
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c))
        };
        let is_domain = domain.split('.').all(|label| !label.is_empty()) && !domain.contains('@');
        match text.len() <= 254 && is_plain(local) && is_plain(domain) && !local.contains('@') && is_domain {
            true => Ok(Self(text.to_lowercase())),
            false => Err(EmailFault),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<&String> for EmailAddress {
    type Error = EmailFault;

    fn try_from(text: &String) -> Result<Self, EmailFault> {
        Self::parse(text)
    }
}

read_from_text!(EmailAddress);

impl fmt::Display for EmailFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not an e-mail address, such as ada@example.org")
    }
}

impl Refusal for EmailFault {
    fn code(&self) -> &'static str {
        "invalid-email"
    }
}

/// A row of `accounts`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    /// The id.
    pub id: RowId,
    /// The address to log in with, in lower case.
    pub email: String,
    /// The name.
    pub name: String,
    /// The name of the role.
    pub role: String,
    /// The argon2id hash in PHC string format; an account that was invited has none yet.
    pub password_hash: Option<String>,
    /// Whom it writes as.
    pub author_id: Option<RowId>,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// When the account was made.
    pub created_at: RowTime,
    /// The account that made it; none at the command line.
    pub created_by: Option<RowId>,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// When it was disabled, if it is.
    pub disabled_at: Option<RowTime>,
    /// When somebody last logged in with it.
    pub last_login_at: Option<RowTime>,
}

impl AccountRow {
    /// The role; a name that this version does not know counts as the least.
    #[must_use]
    pub fn role(&self) -> Role {
        Role::from_name(&self.role).unwrap_or(Role::Reader)
    }

    /// What a writer is told who expected another revision. Who made it stands in the audit log.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: None,
            changed_at: self.updated_at.utc(),
        }
    }
}

/// The columns of `accounts` that tell what its tokens may do.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct AccountStanding {
    /// The id.
    pub id: RowId,
    /// The name of the role.
    pub role: String,
    /// Whom it writes as.
    pub author_id: Option<RowId>,
}

impl AccountStanding {
    /// The role; a name that this version does not know counts as the least.
    #[must_use]
    pub fn role(&self) -> Role {
        Role::from_name(&self.role).unwrap_or(Role::Reader)
    }
}

/// How the sender of an access token stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The session goes on, and the account may do this.
    Good(AccountStanding),
    /// The session has ended.
    SessionEnded,
    /// The account is gone or disabled.
    AccountGone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_their_shape() {
        assert_eq!(
            EmailAddress::parse(" Ada@Example.ORG ").unwrap().as_str(),
            "ada@example.org"
        );
        assert!(EmailAddress::parse("a.b+c@localhost").is_ok());
        for text in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b..c", "a@.b", "<a@b>"] {
            assert_eq!(EmailAddress::parse(text), Err(EmailFault), "{text}");
        }
    }
}
