//! Subscriptions: rows, what a request for one says, and what can go wrong.

use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::comments::comment::CommentFailure;
use crate::comments::subscriptions::confirmation_limit::ConfirmationGauge;
use crate::comments::subscriptions::texts::Links;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::comment_subscriptions;
use crate::database::timestamp::RowTime;
use crate::mail::address::MailAddress;

/// Hours within which an address is confirmed.
pub const CONFIRM_HOURS: i64 = 48;

/// Minutes between two mails of one subscription: what comes in between is told in one.
pub const MINUTES_BETWEEN_MAILS: i64 = 10;

/// Comments that one mail shows. Of the rest it tells the number.
pub const SHOWN_IN_MAIL: i64 = 20;

/// Days that it is kept of which comments somebody was told.
pub const NOTICES_KEPT_DAYS: i64 = 30;

/// What a subscription is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// All new comments of an article.
    Article(Uuid),
    /// Answers to a comment, at any depth.
    Comment(Uuid),
}

impl Target {
    /// The id of the article or the comment.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Article(id) | Self::Comment(id) => id,
        }
    }
}

/// A row of `comment_subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_subscriptions)]
pub struct SubscriptionRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The comment whose answers are told of; none where all comments of the article are.
    pub comment_id: Option<RowId>,
    /// The comment, or the article where there is none.
    pub target_id: RowId,
    /// The address.
    pub email: String,
    /// The SHA-256 of the token that confirms it.
    pub token_hash: String,
    /// When it was asked for.
    pub created_at: RowTime,
    /// When it is removed if it is not confirmed.
    pub expires_at: RowTime,
    /// When it was confirmed.
    pub confirmed_at: Option<RowTime>,
    /// When the next mail is sent at the earliest.
    pub next_mail_at: Option<RowTime>,
}

/// A subscription that somebody asks for.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// The id.
    pub id: Uuid,
    /// What it is of.
    pub target: Target,
    /// The address.
    pub email: MailAddress,
    /// The SHA-256 of the token that confirms it.
    pub token_hash: String,
    /// The link that confirms it.
    pub confirm_link: String,
    /// The id of the mail with that link.
    pub mail_id: Uuid,
    /// Where links lead to.
    pub links: Links,
    /// What the request is counted for.
    pub gauges: Vec<ConfirmationGauge>,
    /// When it is asked for.
    pub now: DateTime<Utc>,
}

impl NewSubscription {
    /// When it is removed if it is not confirmed.
    #[must_use]
    pub fn expiry(&self) -> RowTime {
        (self.now + Duration::hours(CONFIRM_HOURS)).into()
    }
}

/// What a mail to a subscriber is made with.
#[derive(Debug, Clone)]
pub struct MailOrder {
    /// The subscription.
    pub subscription: RowId,
    /// The id of the mail.
    pub mail_id: Uuid,
    /// Where links lead to.
    pub links: Links,
    /// The address that one request to ends the subscription (RFC 8058).
    pub unsubscribe_url: String,
    /// The link for people, to a page that asks first.
    pub unsubscribe_link: String,
    /// When it is made.
    pub now: DateTime<Utc>,
}

/// Why a subscription was not stored or changed.
#[derive(Debug)]
pub enum SubscriptionFailure {
    /// There is no such article or comment that readers see, or the database failed.
    Comment(CommentFailure),
    /// The link to confirm is not good, or not any more.
    LinkInvalid,
    /// The database failed.
    Database(Failure),
}

impl From<CommentFailure> for SubscriptionFailure {
    fn from(failure: CommentFailure) -> Self {
        Self::Comment(failure)
    }
}

impl From<Failure> for SubscriptionFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for SubscriptionFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
