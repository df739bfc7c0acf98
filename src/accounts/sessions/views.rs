//! Sessions on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::sessions::session::SessionRow;
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo};
use crate::http::times;

/// What a session is kept alive with.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct RefreshIn {
    /// The refresh token of the last answer. It is good for one exchange.
    #[schema(max_length = 200, example = "galley_rt_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")]
    pub refresh_token: String,
}

/// Which session to end.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct LogoutIn {
    /// A refresh token of the session, in place of the access token in the Authorization header.
    #[deserr(default)]
    #[schema(
        required = false,
        nullable = false,
        max_length = 200,
        example = "galley_rt_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
    )]
    pub refresh_token: Option<String>,
}

/// A log-in that goes on.
#[derive(Serialize, ToSchema)]
pub struct SessionOut {
    /// The id.
    pub id: Uuid,
    /// Whether it is the session of this request.
    #[schema(example = true)]
    pub current: bool,
    /// What program it was opened with, as that calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Mozilla/5.0 (X11; Linux x86_64)")]
    pub user_agent: Option<String>,
    /// The address that it was opened from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "192.0.2.7")]
    pub address: Option<String>,
    /// When it was opened.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When it was last kept alive with a refresh token.
    #[serde(with = "times")]
    pub last_used_at: DateTime<Utc>,
    /// When it ends if nobody keeps it alive.
    #[serde(with = "times")]
    pub expires_at: DateTime<Utc>,
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub struct SessionPage {
    /// The sessions that go on, the newest first.
    pub data: Vec<SessionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list sessions.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionListQuery {
    /// The most sessions of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

impl SessionOut {
    /// A session, as the one of a caller sees it.
    #[must_use]
    pub fn seen_from(current: Option<Uuid>, row: SessionRow) -> Self {
        let SessionRow {
            id,
            account_id: _,
            user_agent,
            address,
            network: _,
            created_at,
            last_used_at,
            expires_at,
            ended_at: _,
            end_reason: _,
        } = row;
        Self {
            id: id.0,
            current: current == Some(id.0),
            user_agent,
            address,
            created_at: created_at.utc(),
            last_used_at: last_used_at.utc(),
            expires_at: expires_at.utc(),
        }
    }
}
