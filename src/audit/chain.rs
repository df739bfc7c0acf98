//! The chain: each entry gets a number and a hash over itself and the hash of the one before. Whoever changes, adds or removes
//! an entry later must make all hashes after it anew, and cannot make those that somebody else has noted. Pure.
//!
//! The hash is the SHA-256 (FIPS 180-4), as 64 hexadecimal letters, of these fields, each written as a netstring: its length
//! in bytes as a decimal number, a colon, the bytes, and a comma. A field that the entry does not have is a single `-`.
//!
//! 1. the text `galley-audit-1`
//! 2. the hash of the entry before; empty for the first entry
//! 3. `sequence`, from 1
//! 4. `id`
//! 5. `happened_at`
//! 6. the kind of the actor
//! 7. the id of its account
//! 8. the id of its credential
//! 9. `address`
//! 10. `request_id`
//! 11. `action`
//! 12. the kind of the subject
//! 13. its id
//! 14. its label
//! 15. `revision_before`
//! 16. `revision_after`
//! 17. `details`, as JSON without blanks, its members in the order in which the API gives them
//!
//! Each is the text that the API shows, in UTF-8 and without quotes: a UUID in lower case with hyphens, a time in UTC with
//! milliseconds and `Z`, a number in decimal. So the chain can be verified with what `GET /v1/editorial/audit` gives.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::audit::entry::AuditEntryRow;
use crate::http::times;

/// What the hash begins with, so that it can stand for nothing else; another way to compute it gets another number.
const FORMAT: &str = "galley-audit-1";

/// The end of a chain: its last number, and the hash that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The number of entries, which is the number of the last one.
    pub sequence: i64,
    /// The hash of the last one; empty when there is none.
    pub hash: String,
}

impl ChainHead {
    /// The chain that has no entry yet.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            sequence: 0,
            hash: String::new(),
        }
    }

    /// The end of the chain once this entry is put to it.
    #[must_use]
    pub fn followed_by(&self, entry: &AuditEntryRow) -> Self {
        let sequence = self.sequence.saturating_add(1);
        Self {
            sequence,
            hash: hash(&self.hash, sequence, entry),
        }
    }
}

/// The hash of an entry at a place of the chain.
fn hash(previous: &str, sequence: i64, entry: &AuditEntryRow) -> String {
    let AuditEntryRow {
        id,
        happened_at,
        actor_kind,
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
        // What the entry says of itself is what is computed here.
        sequence: _,
        hash: _,
    } = entry;
    let mut fields = Fields(Sha256::new());
    fields.put(FORMAT);
    fields.put(previous);
    fields.put(&sequence.to_string());
    fields.put(&id.0.to_string());
    fields.put(&times::text(happened_at.utc()));
    fields.put(actor_kind);
    fields.put_optional(account_id.map(|id| id.0.to_string()).as_deref());
    fields.put_optional(credential_id.map(|id| id.0.to_string()).as_deref());
    fields.put_optional(address.as_deref());
    fields.put_optional(request_id.as_deref());
    fields.put(action);
    fields.put(subject_kind);
    fields.put(subject_id);
    fields.put_optional(subject_label.as_deref());
    fields.put_optional(revision_before.map(|number| number.to_string()).as_deref());
    fields.put_optional(revision_after.map(|number| number.to_string()).as_deref());
    fields.put_optional(details.as_deref());
    fields.hash()
}

/// Fields on their way into a hash.
struct Fields(Sha256);

impl Fields {
    fn put(&mut self, text: &str) {
        self.0.update(text.len().to_string());
        self.0.update(":");
        self.0.update(text);
        self.0.update(",");
    }

    fn put_optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.put(text),
            // No netstring begins with it.
            None => self.0.update("-"),
        }
    }

    fn hash(self) -> String {
        self.0.finalize().iter().fold(String::new(), |mut text, byte| {
            // Writing into a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::database::ids::RowId;

    /// Entries of all forms.
    pub(crate) fn entries() -> impl Strategy<Value = AuditEntryRow> {
        let id = || any::<u128>().prop_map(|id| RowId(Uuid::from_u128(id)));
        let text = || "[a-z0-9:,\\-é]{0,8}";
        let maybe = || proptest::option::of(text());
        let who = (
            text(),
            proptest::option::of(id()),
            proptest::option::of(id()),
            maybe(),
            maybe(),
        );
        let what = (text(), text(), text(), maybe(), maybe());
        let when = 0_i64..4_000_000_000_000;
        let revisions = (proptest::option::of(any::<i32>()), proptest::option::of(any::<i32>()));
        (id(), when, who, what, revisions).prop_map(|(id, millis, who, what, revisions)| AuditEntryRow {
            id,
            happened_at: DateTime::from_timestamp_millis(millis).unwrap().into(),
            actor_kind: who.0,
            account_id: who.1,
            credential_id: who.2,
            address: who.3,
            request_id: who.4,
            action: what.0,
            subject_kind: what.1,
            subject_id: what.2,
            subject_label: what.3,
            revision_before: revisions.0,
            revision_after: revisions.1,
            details: what.4,
            sequence: None,
            hash: None,
        })
    }

    fn chained(entries: &[AuditEntryRow]) -> ChainHead {
        entries
            .iter()
            .fold(ChainHead::empty(), |head, entry| head.followed_by(entry))
    }

    proptest! {
        #[test]
        fn another_entry_has_another_hash(one in entries(), other in entries()) {
            let head = ChainHead::empty();
            prop_assert_eq!(head.followed_by(&one) == head.followed_by(&other), one == other);
        }

        #[test]
        fn text_that_moves_from_one_field_into_the_next_changes_the_hash(entry in entries(), cut in 0_usize..8) {
            let whole = format!("{}{}", entry.action, entry.subject_kind);
            let at = whole.char_indices().nth(cut).map_or(whole.len(), |(at, _)| at);
            let (action, subject_kind) = whole.split_at(at);
            let moved = AuditEntryRow {
                action: action.to_owned(),
                subject_kind: subject_kind.to_owned(),
                ..entry.clone()
            };
            let head = ChainHead::empty();
            prop_assert_eq!(head.followed_by(&entry) == head.followed_by(&moved), entry == moved);
        }

        #[test]
        fn nothing_is_left_out_or_exchanged_without_a_trace(
            entries in proptest::collection::vec(entries(), 2..6), first in 0_usize..6, second in 0_usize..6,
        ) {
            let (first, second) = (first % entries.len(), second % entries.len());
            let whole = chained(&entries);
            let mut without = entries.clone();
            without.remove(first);
            prop_assert_ne!(&chained(&without), &whole);
            let mut exchanged = entries.clone();
            exchanged.swap(first, second);
            prop_assert_eq!(chained(&exchanged) == whole, exchanged == entries);
        }

        #[test]
        fn what_an_entry_says_of_its_own_place_does_not_count(entry in entries(), sequence in any::<i64>(), hash in "[0-9a-f]{4}") {
            let sealed = AuditEntryRow { sequence: Some(sequence), hash: Some(hash), ..entry.clone() };
            prop_assert_eq!(ChainHead::empty().followed_by(&sealed), ChainHead::empty().followed_by(&entry));
        }
    }

    /// Computed with another program (`sha256sum`), from the description above.
    #[test]
    fn the_hash_is_the_one_that_the_description_gives() {
        let entry = AuditEntryRow {
            id: RowId(Uuid::from_u128(0x019c_a928_1c00_7000_8000_0000_0000_0001)),
            happened_at: DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z")
                .unwrap()
                .to_utc()
                .into(),
            actor_kind: "session".to_owned(),
            account_id: Some(RowId(Uuid::from_u128(1))),
            credential_id: None,
            address: Some("192.0.2.7".to_owned()),
            request_id: None,
            action: "article.created".to_owned(),
            subject_kind: "article".to_owned(),
            subject_id: "019ca928-1c00-7000-8000-000000000002".to_owned(),
            subject_label: Some("schöne-schiffe".to_owned()),
            revision_before: None,
            revision_after: Some(1),
            details: Some("{\"fields\":[\"title\"]}".to_owned()),
            sequence: None,
            hash: None,
        };
        let head = ChainHead::empty().followed_by(&entry);
        assert_eq!(head.sequence, 1);
        assert_eq!(
            head.hash,
            "a4b422e09b4f5c64fe78c1095b013e90ee42b5eee24d2451c7168cb4d688fcfb"
        );
    }
}
