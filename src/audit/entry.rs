//! What the audit log keeps of one act.

use chrono::SubsecRound as _;
use diesel::{Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::audit::action::{Action, SubjectKind};
use crate::audit::origin::{Actor, ActorKind, Credential};
use crate::database::ids::RowId;
use crate::database::schema::audit_entries;
use crate::database::timestamp::RowTime;
use crate::state::Stamp;

/// What was done to which thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What was done; it says the kind of the thing, too.
    pub action: Action,
    /// To which thing: its id.
    pub subject_id: String,
    /// What people call it: a slug, an address, a name.
    pub subject_label: Option<String>,
    /// The revision of the thing before.
    pub revision_before: Option<i32>,
    /// Its revision after.
    pub revision_after: Option<i32>,
    /// What else is worth knowing: a JSON object, without secrets.
    pub details: Option<serde_json::Value>,
}

impl Act {
    /// An act on a thing that has an id.
    #[must_use]
    pub fn on(action: Action, subject_id: Uuid) -> Self {
        Self::on_named(action, subject_id.to_string())
    }

    /// An act on a thing that is known by another name than a UUID, such as a signing key.
    #[must_use]
    pub fn on_named(action: Action, subject_id: impl Into<String>) -> Self {
        Self {
            action,
            subject_id: subject_id.into(),
            subject_label: None,
            revision_before: None,
            revision_after: None,
            details: None,
        }
    }

    /// With what people call the thing.
    #[must_use]
    pub fn called(self, label: impl Into<String>) -> Self {
        Self {
            subject_label: Some(label.into()),
            ..self
        }
    }

    /// With the revision of the thing before and after; `None` where it was not there.
    #[must_use]
    pub fn between(self, before: Option<i32>, after: Option<i32>) -> Self {
        Self {
            revision_before: before,
            revision_after: after,
            ..self
        }
    }

    /// With what else is worth knowing.
    #[must_use]
    pub fn with(self, details: serde_json::Value) -> Self {
        Self {
            details: Some(details),
            ..self
        }
    }

    /// The entry of this act.
    #[must_use]
    pub fn entry(self, stamp: &Stamp) -> AuditEntryRow {
        let Self {
            action,
            subject_id,
            subject_label,
            revision_before,
            revision_after,
            details,
        } = self;
        let (actor_kind, account_id, credential_id) = match stamp.origin().actor {
            Actor::Account { account_id, credential } => match credential {
                Credential::AccessToken(id) => (ActorKind::Session, Some(account_id), Some(id)),
                Credential::ApiToken(id) => (ActorKind::ApiToken, Some(account_id), Some(id)),
            },
            // What becomes due by a rule is done in the name of nobody.
            Actor::Schedule { account_id } => (
                ActorKind::Schedule,
                Some(account_id).filter(|account| !account.is_nil()),
                None,
            ),
            Actor::CommandLine => (ActorKind::CommandLine, None, None),
            Actor::Anonymous => (ActorKind::Anonymous, None, None),
        };
        AuditEntryRow {
            id: RowId(stamp.new_log_id()),
            // Cut to what the wire shows, so that whoever reads an entry can compute its hash.
            happened_at: stamp.now.trunc_subsecs(3).into(),
            actor_kind: actor_kind.as_str().to_owned(),
            account_id: account_id.map(RowId),
            credential_id: credential_id.map(RowId),
            address: stamp.origin().address.map(|address| address.to_string()),
            request_id: stamp.origin().request_id.clone(),
            action: action.as_str().to_owned(),
            subject_kind: action.subject_kind().as_str().to_owned(),
            subject_id,
            subject_label,
            revision_before,
            revision_after,
            details: details.map(|details| details.to_string()),
            sequence: None,
            hash: None,
        }
    }
}

/// Which entries a list shows: those for which all of this holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// This account did it, or set the time for it.
    pub account: Option<Uuid>,
    /// This was done.
    pub action: Option<Action>,
    /// It was done to a thing of this kind.
    pub subject_kind: Option<SubjectKind>,
    /// It was done to the thing with this id.
    pub subject: Option<String>,
    /// This request did it.
    pub request_id: Option<String>,
    /// It happened at this time or later.
    pub after: Option<RowTime>,
    /// It happened before this time.
    pub before: Option<RowTime>,
}

/// Between which ids the entries of a span of time are, so that every index leads to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdBounds {
    /// No id is smaller.
    pub least: Option<RowId>,
    /// All ids are smaller.
    pub end: Option<RowId>,
}

impl AuditFilter {
    /// Between which ids the entries are. Only whole milliseconds stand in an id.
    #[must_use]
    pub fn id_bounds(&self) -> IdBounds {
        let millis = |time: RowTime| time.utc().timestamp_millis();
        IdBounds {
            least: self.after.map(|after| RowId(least_id_at(millis(after)))),
            end: self
                .before
                .map(|before| RowId(least_id_at(millis(before).saturating_add(1)))),
        }
    }
}

/// The id that is smaller than every one that is made at this millisecond since the Unix epoch, and larger than every one
/// that was made before.
#[must_use]
pub fn least_id_at(millis: i64) -> Uuid {
    const MOST: u64 = (1 << 48) - 1;
    let millis = u64::try_from(millis).unwrap_or_default().min(MOST);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// An entry, and what its account is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEntry {
    /// The entry.
    pub row: AuditEntryRow,
    /// The name that its account has now.
    pub account_name: Option<String>,
}

/// A row of `audit_entries`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
pub struct AuditEntryRow {
    /// The id.
    pub id: RowId,
    /// When it happened.
    pub happened_at: RowTime,
    /// What kind of actor it was.
    pub actor_kind: String,
    /// The account.
    pub account_id: Option<RowId>,
    /// What it showed: a session or an API token.
    pub credential_id: Option<RowId>,
    /// The address that the request came from.
    pub address: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of the thing.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// What people call it.
    pub subject_label: Option<String>,
    /// Its revision before.
    pub revision_before: Option<i32>,
    /// Its revision after.
    pub revision_after: Option<i32>,
    /// What else is worth knowing: a JSON object.
    pub details: Option<String>,
    /// The place in the chain, from 1, once the entry is chained.
    pub sequence: Option<i64>,
    /// The hash of this entry and the one before it, once the entry is chained.
    pub hash: Option<String>,
}

impl AuditEntryRow {
    /// The kind of the actor; the database knows no other names.
    #[must_use]
    pub fn actor_kind(&self) -> ActorKind {
        ActorKind::from_name(&self.actor_kind).unwrap_or(ActorKind::Anonymous)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::database::ids::IdSource;

    #[test]
    fn the_ids_of_a_millisecond_lie_between_its_bounds() {
        let ids = IdSource::seeded(7);
        for millis in [0, 1_772_366_400_000, 253_402_300_799_999] {
            let now: DateTime<Utc> = DateTime::from_timestamp_millis(millis).unwrap();
            for _ in 0..50 {
                let id = ids.next_of_log(now);
                assert!(least_id_at(millis) < id && id < least_id_at(millis + 1), "{id}");
            }
        }
        assert_eq!(least_id_at(-1), Uuid::nil());
    }
}
