//! What is kept about a request with an idempotency key, and how a write can end.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};

use crate::database::ids::RowId;
use crate::database::schema::idempotency_records;
use crate::database::timestamp::RowTime;
use crate::http::answer::Answer;

/// Hours that an answer is kept for a request that is sent again.
pub const KEPT_HOURS: i64 = 24;

/// The status of a record whose effect is not done yet. Nobody ever reads it: the transaction that wrote it also fills it.
const NOT_ANSWERED: i32 = 0;

/// A request that must take effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who sends it: an account, or what stands for a client without one.
    pub principal: RowId,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The key that the client chose.
    pub key: String,
    /// SHA-256 over method, path, sorted query, content type and body, in hexadecimal.
    pub fingerprint: String,
    /// When it came in.
    pub now: RowTime,
    /// When the answer may be forgotten.
    pub expires_at: RowTime,
}

/// Whether a write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persistence {
    /// It does.
    #[default]
    Store,
    /// It does not: everything is checked and answered as if it did, and then undone.
    Rehearse,
}

/// How a write is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteMode {
    /// Whether it counts.
    pub persistence: Persistence,
    /// The request, if it must take effect once.
    pub attempt: Option<Attempt>,
}

/// How a write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// It is stored; this is the answer.
    Done(Answer),
    /// It would have been answered with this; nothing is stored.
    Rehearsed(Answer),
    /// It had been done before and was answered with this then.
    Replayed(Answer),
    /// Another request had the same key.
    KeyReused,
    /// The first request with this key is still being carried out.
    InFlight,
}

/// What is known about an attempt before it is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: it may be carried out.
    Free,
    /// It was carried out and answered with this.
    Answered(Answer),
    /// Another request had the same key.
    KeyReused,
}

/// A row of `idempotency_records`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = idempotency_records, treat_none_as_null = true)]
pub struct IdempotencyRow {
    /// Who sent it: an account, or what stands for a client without one.
    pub principal: RowId,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The key.
    pub idempotency_key: String,
    /// The fingerprint of the request.
    pub fingerprint: String,
    /// The HTTP status of the answer.
    pub status: i32,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// When the record may go.
    pub expires_at: RowTime,
    /// The body of the answer.
    pub body: String,
}

impl Attempt {
    /// The record of an attempt that is about to be carried out.
    #[must_use]
    pub fn claimed(&self) -> IdempotencyRow {
        let Self {
            principal,
            method,
            path,
            key,
            fingerprint,
            now: _,
            expires_at,
        } = self.clone();
        IdempotencyRow {
            principal,
            method,
            path,
            idempotency_key: key,
            fingerprint,
            status: NOT_ANSWERED,
            location: None,
            etag: None,
            expires_at,
            body: String::new(),
        }
    }

    /// The record of an attempt that was answered.
    #[must_use]
    pub fn answered(&self, answer: &Answer) -> IdempotencyRow {
        let Answer {
            status,
            location,
            etag,
            body,
            kept_body,
        } = answer.clone();
        IdempotencyRow {
            status: i32::from(status),
            location,
            etag,
            body: kept_body.unwrap_or(body),
            ..self.claimed()
        }
    }

    /// What a record means for this attempt.
    #[must_use]
    pub fn compare(&self, row: IdempotencyRow) -> Claim {
        let IdempotencyRow {
            fingerprint,
            status,
            location,
            etag,
            expires_at,
            body,
            ..
        } = row;
        match u16::try_from(status) {
            _ if expires_at <= self.now => Claim::Free,
            _ if fingerprint != self.fingerprint => Claim::KeyReused,
            Err(_damaged) => Claim::KeyReused,
            Ok(status) => Claim::Answered(Answer {
                status,
                location,
                etag,
                body,
                kept_body: None,
            }),
        }
    }
}
