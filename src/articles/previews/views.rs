//! Preview links on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::previews::preview_link::{PreviewLabel, PreviewLinkRow, PreviewLinkState, PreviewSeconds};
use crate::database::timestamp::RowTime;
use crate::http::input::{InputFaults, RevisionNumber};
use crate::http::page::{ListLimit, PageInfo};
use crate::http::times;

/// A preview link. Its token is shown once, when it is made.
#[derive(Serialize, ToSchema)]
pub struct PreviewLinkOut {
    /// The id.
    pub id: Uuid,
    /// The revision that it shows.
    #[schema(example = 3)]
    pub revision: i32,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "For Grace, before Friday")]
    pub label: Option<String>,
    /// Whether it is good.
    pub state: PreviewLinkState,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that made it.
    pub created_by: Uuid,
    /// When it ends.
    #[serde(with = "times")]
    pub expires_at: DateTime<Utc>,
    /// When it was ended before its time.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A page of preview links.
#[derive(Serialize, ToSchema)]
pub struct PreviewLinkPage {
    /// The links, the newest first.
    pub data: Vec<PreviewLinkOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// A preview link that was just made, with the address to send to somebody.
#[derive(Serialize, ToSchema)]
pub struct PreviewLinkCreatedOut {
    /// The id.
    pub id: Uuid,
    /// The revision that it shows.
    #[schema(example = 3)]
    pub revision: i32,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "For Grace, before Friday")]
    pub label: Option<String>,
    /// The address. Whoever has it can read the revision, so send it to nobody else.
    #[schema(example = "http://127.0.0.1:8080/v1/previews/eyJ0eXAiOiJ…")]
    pub url: String,
    /// The token at the end of the address. It is shown in this answer and nowhere else.
    #[schema(example = "eyJ0eXAiOiJ…")]
    pub token: String,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that made it.
    pub created_by: Uuid,
    /// When it ends.
    #[serde(with = "times")]
    pub expires_at: DateTime<Utc>,
}

/// A preview link to make. Everything may be left out.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct PreviewLinkIn {
    /// The revision to show: the one that the article has now when it is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, example = 3)]
    pub revision: Option<RevisionNumber>,
    /// Seconds that the link is good for, from a minute to thirty days. A week when it is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 60, maximum = 2_592_000, example = 604_800)]
    pub expires_in_seconds: Option<PreviewSeconds>,
    /// What the link is for, such as the name of the person it is sent to.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "For Grace, before Friday")]
    pub label: Option<PreviewLabel>,
}

/// How to list preview links.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewLinkListQuery {
    /// The most links of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
}

impl PreviewLinkOut {
    /// A link as it is at a moment.
    #[must_use]
    pub fn at(now: DateTime<Utc>, row: PreviewLinkRow) -> Self {
        let state = row.state(now);
        let PreviewLinkRow {
            id,
            article_id: _,
            revision,
            label,
            created_at,
            created_by,
            expires_at,
            revoked_at,
        } = row;
        Self {
            id: id.0,
            revision,
            label,
            state,
            created_at: created_at.utc(),
            created_by: created_by.0,
            expires_at: expires_at.utc(),
            revoked_at: revoked_at.map(RowTime::utc),
        }
    }
}

impl PreviewLinkCreatedOut {
    /// A link that was just made; `public_url` is where the API is.
    #[must_use]
    pub fn new(row: PreviewLinkRow, token: String, public_url: &str) -> Self {
        let PreviewLinkRow {
            id,
            article_id: _,
            revision,
            label,
            created_at,
            created_by,
            expires_at,
            revoked_at: _,
        } = row;
        Self {
            id: id.0,
            revision,
            label,
            url: format!("{public_url}/v1/previews/{token}"),
            token,
            created_at: created_at.utc(),
            created_by: created_by.0,
            expires_at: expires_at.utc(),
        }
    }
}
