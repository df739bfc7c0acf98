//! Rehearsing a write: what it answers, and that it stores nothing.

use std::collections::HashMap;
use std::fmt::Write as _;

use uuid::Uuid;

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Draft;
use crate::support::digest::DatabaseDigest;

/// Letters of a UUID as text.
const UUID_LENGTH: usize = 36;

impl TestApp {
    /// Sends a write with `validate_only=true`. Passes if the answer is marked as a rehearsal and not one row of the database
    /// has changed; gives the answer, which may be a refusal.
    pub async fn rehearse(&self, request: Draft) -> Answer {
        let before = self.database_digest().await;
        let answer = request.with_parameter("validate_only=true").send().await;
        assert_eq!(answer.header("validate-only"), "true", "{}", answer.text());
        assert_eq!(
            self.database_digest().await,
            before,
            "a rehearsal stored something: {}",
            answer.text()
        );
        answer
    }

    /// Rehearses a write and then carries it out. Passes if the rehearsal stored nothing and both answers say the same, with
    /// new ids in place of new ids, and if the write is in the audit log where it should be; gives the second answer.
    pub async fn rehearse_and_send(&self, request: impl Fn() -> Draft) -> Answer {
        let rehearsed = self.rehearse(request()).await;
        let (before, is_editorial) = (self.database_digest().await, request().is_editorial());
        let carried_out = request().send().await;
        let after = self.database_digest().await;
        assert_logged(&before, &after, is_editorial, &carried_out);
        assert_eq!(carried_out.header("validate-only"), "");
        assert_same(&rehearsed, &carried_out);
        carried_out
    }
}

/// Passes if a write of the newsroom that changed something left an entry in the audit log, and one that changed nothing left
/// none.
#[track_caller]
fn assert_logged(before: &DatabaseDigest, after: &DatabaseDigest, is_editorial: bool, answer: &Answer) {
    const LOG: &str = "audit_entries";
    let changed: Vec<&String> = after
        .iter()
        .filter(|(table, digest)| before.get(*table) != Some(digest))
        .map(|(table, _)| table)
        .filter(|table| !["idempotency_records", LOG].contains(&table.as_str()))
        .collect();
    assert_eq!(
        before[LOG] != after[LOG],
        is_editorial && !changed.is_empty(),
        "the audit log does not fit to what changed, {changed:?}: {}",
        answer.text()
    );
}

/// Passes if two answers have the same status, headers and body, but for ids that only one of them can have and the tags
/// that come of those.
#[track_caller]
fn assert_same(rehearsed: &Answer, carried_out: &Answer) {
    let said = |answer: &Answer| {
        let mut ids = HashMap::new();
        let tag = answer.header("etag");
        // After the revision comes a digest of the bytes.
        let revision = tag.split_once('.').map_or(tag, |(revision, _)| revision).to_owned();
        (
            answer.status,
            numbered(answer.header("location"), &mut ids),
            revision,
            answer.header("content-type").to_owned(),
            answer.header("cache-control").to_owned(),
            numbered(&without_request_id(answer), &mut ids),
        )
    };
    assert_eq!(said(rehearsed), said(carried_out));
    if rehearsed.body == carried_out.body {
        assert_eq!(rehearsed.header("etag"), carried_out.header("etag"));
    }
}

/// The body without what tells one request from another.
fn without_request_id(answer: &Answer) -> String {
    let text = answer.kept_text();
    match answer.header("request-id") {
        "" => text,
        id => text.replace(id, "the request").replace("validate_only=true", ""),
    }
}

/// The text with `#0` for the first UUID in it, `#1` for the second, and so on.
fn numbered(text: &str, ids: &mut HashMap<Uuid, usize>) -> String {
    let (mut numbered, mut rest) = (String::new(), text);
    while let Some(letter) = rest.chars().next() {
        let id = rest.get(..UUID_LENGTH).and_then(|text| Uuid::try_parse(text).ok());
        let taken = if let Some(id) = id {
            let next = ids.len();
            write!(numbered, "#{}", ids.entry(id).or_insert(next)).unwrap();
            UUID_LENGTH
        } else {
            numbered.push(letter);
            letter.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    numbered
}
