//! Messages in the queue, and when they are tried. Pure.

use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::database::ids::RowId;
use crate::database::schema::mail_messages;
use crate::database::timestamp::RowTime;
use crate::mail::address::MailAddress;

/// Minutes to wait after each attempt that failed for now. After the last of them there is one more attempt.
const WAITING_MINUTES: [i64; 7] = [1, 5, 30, 120, 360, 720, 1_440];

/// How often a message is tried at most: once more than there are waits.
pub const MOST_ATTEMPTS: i32 = 8;

/// By how many percent a wait is made longer at most, so that messages that failed together are not tried together.
pub const MAX_JITTER_PERCENT: i64 = 20;

/// Minutes for which a message is held by the server that sends it. It is longer than sending can take, so that nobody else
/// sends it meanwhile.
pub const CLAIM_MINUTES: i64 = 5;

/// Days that a message is kept which was refused for good.
pub const FAILED_KEPT_DAYS: i64 = 7;

/// The most characters of a subject.
const SUBJECT_LENGTH: usize = 150;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailPurpose {
    /// Asks whether an address is that of whoever entered it.
    Confirmation,
    /// Tells a subscriber of something.
    Notice,
}

/// Whether a message is still to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// It is.
    Waiting,
    /// It was refused for good.
    Failed,
}

/// The subject of a message: one line without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSubject(String);

/// A message to store.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// The id, of which the `Message-ID` is made.
    pub id: Uuid,
    /// What it is for.
    pub purpose: MailPurpose,
    /// What it is about: when that goes, the message is withdrawn.
    pub belongs_to: Option<Uuid>,
    /// Whom it is for.
    pub recipient: MailAddress,
    /// The subject.
    pub subject: MailSubject,
    /// The text.
    pub body_text: String,
    /// Where one request ends the subscription that the message comes of (RFC 8058).
    pub unsubscribe_url: Option<String>,
    /// When it is stored.
    pub now: DateTime<Utc>,
}

/// A row of `mail_messages`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mail_messages)]
pub struct MailRow {
    /// The id.
    pub id: RowId,
    /// What it is for.
    pub purpose: String,
    /// What it is about.
    pub belongs_to: Option<RowId>,
    /// Whom it is for.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body_text: String,
    /// Where one request ends the subscription.
    pub unsubscribe_url: Option<String>,
    /// Whether it is still to be sent.
    pub state: String,
    /// The attempts to send it that were begun.
    pub attempts: i32,
    /// When it is tried next.
    pub next_attempt_at: RowTime,
    /// Until when a server holds it that sends it.
    pub claimed_until: Option<RowTime>,
    /// Why the last attempt failed, without what the other server said, which may hold the address.
    pub last_error: Option<String>,
    /// When it was refused for good.
    pub failed_at: Option<RowTime>,
    /// When it was stored.
    pub created_at: RowTime,
}

impl MailPurpose {
    /// The name, as the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Notice => "notice",
        }
    }
}

impl MailState {
    /// The name, as the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

impl MailSubject {
    /// The subject nearest to a text: control characters and line ends become blanks, and what is too long is cut.
    #[must_use]
    pub fn fitting(text: &str) -> Self {
        let is_line_end = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let plain: String = text.chars().map(|c| if is_line_end(c) { ' ' } else { c }).collect();
        let words: Vec<&str> = plain.split_whitespace().collect();
        let line = words.join(" ");
        match line.chars().count() > SUBJECT_LENGTH {
            true => Self(
                line.chars()
                    .take(SUBJECT_LENGTH.saturating_sub(1))
                    .chain(['…'])
                    .collect(),
            ),
            false => Self(line),
        }
    }

    /// The subject.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<NewMail> for MailRow {
    fn from(new: NewMail) -> Self {
        let NewMail {
            id,
            purpose,
            belongs_to,
            recipient,
            subject,
            body_text,
            unsubscribe_url,
            now,
        } = new;
        Self {
            id: RowId(id),
            purpose: purpose.as_str().to_owned(),
            belongs_to: belongs_to.map(RowId),
            recipient: recipient.into_string(),
            subject: subject.0,
            body_text,
            unsubscribe_url,
            state: MailState::Waiting.as_str().to_owned(),
            attempts: 0,
            next_attempt_at: now.into(),
            claimed_until: None,
            last_error: None,
            failed_at: None,
            created_at: now.into(),
        }
    }
}

/// How long to wait after so many attempts failed, made longer by some percent; `None` when there were enough.
#[must_use]
pub fn wait_after(attempts: i32, jitter_percent: i64) -> Option<Duration> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let minutes = *WAITING_MINUTES.get(index)?;
    let jitter = jitter_percent.clamp(0, MAX_JITTER_PERCENT);
    Some(Duration::milliseconds(
        minutes.saturating_mul(600).saturating_mul(jitter.saturating_add(100)),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_tried_for_two_days_at_most() {
        let waits: Vec<Duration> = (1..).map_while(|attempts| wait_after(attempts, 0)).collect();
        assert_eq!(waits.len(), 7);
        assert_eq!(waits.first(), Some(&Duration::minutes(1)));
        assert_eq!(waits.last(), Some(&Duration::hours(24)));
        assert!(waits.is_sorted());
        assert_eq!(wait_after(8, 0), None);
        assert_eq!(wait_after(0, 0), None);
        assert_eq!(wait_after(2, 20), Some(Duration::minutes(6)));
        assert_eq!(wait_after(2, 500), Some(Duration::minutes(6)));
    }

    #[test]
    fn a_subject_is_one_line() {
        let subject = |text| MailSubject::fitting(text).0;
        assert_eq!(subject("New comments: Ships"), "New comments: Ships");
        assert_eq!(
            subject("Ships\r\nBcc: everybody@example.org\u{2028}"),
            "Ships Bcc: everybody@example.org"
        );
        assert_eq!(subject(&"x".repeat(151)), format!("{}…", "x".repeat(149)));
    }

    proptest! {
        #[test]
        fn no_subject_has_control_characters(text in any::<String>()) {
            let subject = MailSubject::fitting(&text);
            prop_assert!(!subject.as_str().contains(char::is_control));
            prop_assert!(subject.as_str().chars().count() <= SUBJECT_LENGTH);
        }
    }
}
