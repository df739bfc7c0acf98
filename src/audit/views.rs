//! The audit log on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit::action::{Action, SubjectKind};
use crate::audit::entry::{AuditEntryRow, AuditFilter, ReadEntry};
use crate::audit::origin::ActorKind;
use crate::field::Line;
use crate::http::input::{InputFaults, TimeText, UuidText};
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::times;

/// Something that was done.
#[derive(Serialize, ToSchema)]
pub struct AuditEntryOut {
    /// The id. Ids sort by time.
    pub id: Uuid,
    /// When it was done.
    #[serde(with = "times")]
    pub happened_at: DateTime<Utc>,
    /// Who did it.
    pub actor: AuditActorOut,
    /// The address that the request came from. Left out where there was no request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "192.0.2.7")]
    pub address: Option<String>,
    /// The id of the request, as its answer had it in Request-Id. Left out where there was no request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019ca928-1c00-7000-8000-1b0c2f6e4a11")]
    pub request_id: Option<String>,
    /// What was done.
    #[schema(value_type = Action)]
    pub action: String,
    /// To which thing.
    pub subject: AuditSubjectOut,
    /// The revision of the thing before. Left out of things that were not there, and of those without revisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub revision_before: Option<i32>,
    /// The revision of the thing after. Left out of things that are gone, and of those without revisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4)]
    pub revision_after: Option<i32>,
    /// What else is worth knowing: which members depends on the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>, required = false, nullable = false)]
    pub details: Option<serde_json::Map<String, serde_json::Value>>,
    /// The place in the chain, from 1. Left out of entries that are not chained yet, which takes a second or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1041)]
    pub sequence: Option<i64>,
    /// The SHA-256 of this entry and of the hash before it, in hexadecimal; galley doctor verifies it. Left out of entries
    /// that are not chained yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "9b1d53c9a2f0c53d6a7a1e7d9b8d3f6f5b0d6c3f2d1e4a5b6c7d8e9f0a1b2c3d"
    )]
    pub hash: Option<String>,
}

/// Who did something.
#[derive(Serialize, ToSchema)]
pub struct AuditActorOut {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The account; for a schedule, the one that set it. Left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account: Option<AuditAccountOut>,
    /// What the account showed: the id of its access token or of its token for scripts. Left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub credential: Option<Uuid>,
}

/// An account in the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditAccountOut {
    /// The id.
    pub id: Uuid,
    /// The name that it has now. Left out when the account is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ada Lovelace")]
    pub name: Option<String>,
}

/// What something was done to.
#[derive(Serialize, ToSchema)]
pub struct AuditSubjectOut {
    /// What kind of thing.
    #[schema(value_type = SubjectKind)]
    pub kind: String,
    /// Its id; the settings are called site, and a signing key goes by its kid.
    #[schema(example = "019ca928-1c00-7000-8000-1b0c2f6e4a11")]
    pub id: String,
    /// What people called it then: a slug, an e-mail address, a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ships-in-the-harbour")]
    pub label: Option<String>,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditEntryPage {
    /// The entries, the newest first unless the request asks for the other order.
    pub data: Vec<AuditEntryOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// How to list the audit log. All filters must hold.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditListQuery {
    /// The most entries of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by time. Descending when it is left out: the newest first.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
    /// Only what this account did, or set the time for.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub account: Option<UuidText>,
    /// Only this action.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub action: Option<Action>,
    /// Only what was done to things of this kind.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub subject_kind: Option<SubjectKind>,
    /// Only what was done to the thing with this id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 100, example = "019ca928-1c00-7000-8000-1b0c2f6e4a11")]
    pub subject: Option<Line<100>>,
    /// Only what happened at this time or later (RFC 3339).
    #[deserr(default)]
    #[param(value_type = String, format = DateTime, required = false, nullable = false, example = "2026-03-01T00:00:00Z")]
    pub after: Option<TimeText>,
    /// Only what happened before this time (RFC 3339).
    #[deserr(default)]
    #[param(value_type = String, format = DateTime, required = false, nullable = false, example = "2026-04-01T00:00:00Z")]
    pub before: Option<TimeText>,
    /// Only what this request did: the Request-Id of its answer.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 200, example = "019ca928-1c00-7000-8000-1b0c2f6e4a11")]
    pub request_id: Option<Line<200>>,
}

impl AuditListQuery {
    /// What the query asks for: the filter, in one form whichever way it is written.
    pub(crate) fn filter(&self) -> AuditFilter {
        AuditFilter {
            account: self.account.map(|account| account.0),
            action: self.action,
            subject_kind: self.subject_kind,
            // A UUID is stored in lower case, and may be sent in capitals.
            subject: self.subject.clone().map(|subject| {
                let text = subject.into_string();
                Uuid::try_parse(&text).map_or(text, |id| id.to_string())
            }),
            request_id: self.request_id.clone().map(Line::into_string),
            after: self.after.map(|time| time.0.into()),
            before: self.before.map(|time| time.0.into()),
        }
    }
}

impl From<ReadEntry> for AuditEntryOut {
    fn from(entry: ReadEntry) -> Self {
        let ReadEntry { row, account_name } = entry;
        let kind = row.actor_kind();
        let AuditEntryRow {
            id,
            happened_at,
            actor_kind: _,
            account_id,
            credential_id,
            address,
            request_id,
            action,
            subject_kind,
            subject_id,
            subject_label,
            revision_before,
            revision_after,
            details,
            sequence,
            hash,
        } = row;
        Self {
            id: id.0,
            happened_at: happened_at.utc(),
            actor: AuditActorOut {
                kind,
                account: account_id.map(|id| AuditAccountOut {
                    id: id.0,
                    name: account_name,
                }),
                credential: credential_id.map(|id| id.0),
            },
            address,
            request_id,
            action,
            subject: AuditSubjectOut {
                kind: subject_kind,
                id: subject_id,
                label: subject_label,
            },
            revision_before,
            revision_after,
            details: details.and_then(|details| serde_json::from_str(&details).ok()),
            sequence,
            hash,
        }
    }
}
