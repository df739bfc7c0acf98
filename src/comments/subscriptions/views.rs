//! Subscriptions on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::comments::subscriptions::subscription::SubscriptionRow;
use crate::field::Line;
use crate::http::input::InputFaults;
use crate::http::times;
use crate::mail::address::MailAddress;

/// Whom to tell.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SubscriptionIn {
    /// The e-mail address. It is never shown, and forgotten when the subscription ends or is not confirmed within 48 hours.
    #[schema(value_type = String, max_length = 254, format = Email, example = "grace@example.org")]
    pub email: MailAddress,
}

/// What became of a request for a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Whoever reads the mails of the address has to confirm it.
    AwaitingConfirmation,
}

/// The answer to a request for a subscription: the same for every address.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionRequestOut {
    /// What became of it.
    pub status: SubscriptionStatus,
}

/// The token of a link to confirm.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SubscriptionConfirmationIn {
    /// The token, which is the fragment of the link.
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Zk3vTq0c9yHq2m4sJ8dW1xB7nL5rA6eP0uGtYiOoKfC")]
    pub token: Line<200>,
}

/// A subscription that is confirmed.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionOut {
    /// The article.
    pub article_id: Uuid,
    /// The comment whose answers are told of; left out where all comments of the article are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comment_id: Option<Uuid>,
    /// When it was confirmed.
    #[serde(with = "times")]
    pub confirmed_at: DateTime<Utc>,
}

impl From<SubscriptionRow> for SubscriptionOut {
    fn from(row: SubscriptionRow) -> Self {
        let SubscriptionRow {
            id: _,
            article_id,
            comment_id,
            target_id: _,
            email: _,
            token_hash: _,
            created_at,
            expires_at: _,
            confirmed_at,
            next_mail_at: _,
        } = row;
        Self {
            article_id: article_id.0,
            comment_id: comment_id.map(|id| id.0),
            confirmed_at: confirmed_at.unwrap_or(created_at).utc(),
        }
    }
}
