//! Openings and closings of threads on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::comments::comment::ThreadState;
use crate::comments::thread_state::{ClosedReason, ThreadTransitionRow};
use crate::http::input::InputFaults;
use crate::http::page::{ListLimit, PageInfo};
use crate::http::times;

/// An opening or a closing of a thread.
#[derive(Serialize, ToSchema)]
pub struct ThreadTransitionOut {
    /// The id.
    pub id: Uuid,
    /// The state before.
    pub from_state: ThreadState,
    /// The state after.
    pub to_state: ThreadState,
    /// Why it takes no comments. Left out when it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<ClosedReason>,
    /// What readers were told about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Comments are closed.")]
    pub message: Option<String>,
    /// What the newsroom said about it. Readers never see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Until the lawyers have looked at it.")]
    pub note: Option<String>,
    /// The account that did it. Left out when the article had become as old as the rule says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account_id: Option<Uuid>,
    /// When it was done.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
}

/// A page of openings and closings.
#[derive(Serialize, ToSchema)]
pub struct ThreadTransitionPage {
    /// The openings and closings, the newest first.
    pub data: Vec<ThreadTransitionOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list the openings and closings of a thread.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThreadTransitionQuery {
    /// The most items of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

impl From<ThreadTransitionRow> for ThreadTransitionOut {
    fn from(row: ThreadTransitionRow) -> Self {
        let ThreadTransitionRow {
            id,
            article_id: _,
            from_state,
            to_state,
            reason,
            message,
            note,
            account_id,
            created_at,
        } = row;
        // Names that this version does not know show and take nothing.
        let state = |name: &str| ThreadState::from_name(name).unwrap_or(ThreadState::Hidden);
        Self {
            id: id.0,
            from_state: state(&from_state),
            to_state: state(&to_state),
            reason: reason.as_deref().and_then(ClosedReason::from_name),
            message,
            note,
            account_id: account_id.map(|account| account.0),
            created_at: created_at.utc(),
        }
    }
}
