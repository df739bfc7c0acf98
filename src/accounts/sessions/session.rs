//! Sessions: rows, how long they last, and how they end.

use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::accounts::account::AccountStanding;
use crate::accounts::api_tokens::token_text::REFRESH_PREFIX;
use crate::accounts::secrets;
use crate::database::ids::RowId;
use crate::database::schema::sessions;
use crate::database::timestamp::RowTime;

/// Days after which a session ends that nobody uses.
pub const IDLE_DAYS: i64 = 30;

/// Days after which a session ends however much it is used: then the password is asked for again.
pub const MAX_DAYS: i64 = 90;

/// The most characters that are kept of a `User-Agent` header.
const MAX_AGENT_CHARACTERS: usize = 200;

/// A row of `sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// The id.
    pub id: RowId,
    /// The account.
    pub account_id: RowId,
    /// What program it was opened with, as that calls itself.
    pub user_agent: Option<String>,
    /// The address that it was opened from.
    pub address: Option<String>,
    /// What stands for the network that it was opened from.
    pub network: RowId,
    /// When it was opened.
    pub created_at: RowTime,
    /// When it was last kept alive.
    pub last_used_at: RowTime,
    /// When it ends.
    pub expires_at: RowTime,
    /// When it was ended before its time.
    pub ended_at: Option<RowTime>,
    /// Why.
    pub end_reason: Option<String>,
}

/// A session to open, by somebody whose password was right.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The id.
    pub id: Uuid,
    /// The account.
    pub account: Uuid,
    /// The hash of the password that was right: one that has changed in the meantime opens nothing.
    pub password_hash: String,
    /// What program opens it.
    pub user_agent: Option<String>,
    /// The address that it is opened from.
    pub address: Option<String>,
    /// What stands for the network of that address.
    pub network: Uuid,
    /// The hash of its first refresh token.
    pub refresh_hash: String,
}

/// A session that was just opened or kept alive, with its account as it stands now.
#[derive(Debug, Clone)]
pub struct LiveSession {
    /// The session.
    pub row: SessionRow,
    /// The account.
    pub account: AccountStanding,
}

/// What a refresh token led to.
#[derive(Debug, Clone)]
pub enum Renewal {
    /// The session goes on.
    Renewed(Box<LiveSession>),
    /// Nothing: there is no such token, or its session is over.
    Refused,
    /// It was used before. Its session has ended.
    Reused,
}

/// A refresh token: `galley_rt_` and 43 letters and digits.
#[derive(Debug, Clone)]
pub struct RefreshToken(SecretString);

impl RefreshToken {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(secrets::random())
    }

    /// Takes a text; `None` when it cannot be a refresh token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(REFRESH_PREFIX)?;
        secrets::is_shaped(secret).then(|| Self(secret.into()))
    }

    /// The text, for the one who is to have it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{REFRESH_PREFIX}{}", self.0.expose_secret())
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> String {
        secrets::hash(self.0.expose_secret())
    }
}

/// When a session ends that is used now.
#[must_use]
pub fn end_when_used(created_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    (now + Duration::days(IDLE_DAYS)).min(created_at + Duration::days(MAX_DAYS))
}

/// What is kept of a `User-Agent` header: one line, not too long.
#[must_use]
pub fn agent(header: &str) -> Option<String> {
    let kept: String = header
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_AGENT_CHARACTERS)
        .collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

impl NewSession {
    /// The row of the session that is opened at a moment.
    #[must_use]
    pub fn into_row(self, now: DateTime<Utc>) -> SessionRow {
        let Self {
            id,
            account,
            password_hash: _,
            user_agent,
            address,
            network,
            refresh_hash: _,
        } = self;
        SessionRow {
            id: RowId(id),
            account_id: RowId(account),
            user_agent,
            address,
            network: RowId(network),
            created_at: now.into(),
            last_used_at: now.into(),
            expires_at: end_when_used(now, now).into(),
            ended_at: None,
            end_reason: None,
        }
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner logged out.
    Logout,
    /// Its owner or an administrator ended it.
    Revoked,
    /// A refresh token was used twice, so one of the users is not the owner.
    TokenReused,
    /// The password of the account was changed.
    PasswordChanged,
    /// The account was disabled.
    AccountDisabled,
}

impl EndReason {
    /// The name, as the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Revoked => "revoked",
            Self::TokenReused => "token_reused",
            Self::PasswordChanged => "password_changed",
            Self::AccountDisabled => "account_disabled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_prolongs_a_session_up_to_its_longest() {
        let opened = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let after = |days| end_when_used(opened, opened + Duration::days(days)) - opened;
        assert_eq!(after(0), Duration::days(30));
        assert_eq!(after(29), Duration::days(59));
        assert_eq!(after(60), Duration::days(90));
        assert_eq!(after(89), Duration::days(90));
    }

    #[test]
    fn a_refresh_token_is_read_back_and_nothing_else_is_one() {
        let token = RefreshToken::random();
        let text = token.reveal();
        assert!(text.starts_with("galley_rt_") && text.len() == 53, "{text}");
        assert_eq!(RefreshToken::parse(&text).unwrap().hash(), token.hash());
        assert!(!token.hash().contains(text.trim_start_matches("galley_rt_")));
        for text in [
            "",
            "galley_rt_",
            "galley_rt_short",
            text.get(1..).unwrap(),
            &format!("{text}a"),
            "eyJ0eXAi",
        ] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
        assert!(!format!("{token:?}").contains(text.get(10..).unwrap()));
    }

    #[test]
    fn what_a_program_calls_itself_is_cut() {
        assert_eq!(agent(" curl/8.9\u{7} "), Some("curl/8.9".to_owned()));
        assert_eq!(agent(&"é".repeat(300)).unwrap().chars().count(), 200);
        assert_eq!(agent(" "), None);
    }
}
