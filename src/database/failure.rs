//! What went wrong in the database, in words that mean the same on both.

use diesel::result::{DatabaseErrorKind, Error};
use thiserror::Error;

/// Why a unit of work did not succeed. None of these is the fault of the request.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    /// Another writer held the database for too long, or `PostgreSQL` chose this transaction to break a deadlock. Nothing
    /// was stored; the same request may be sent again.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// No connection could be had. Nothing was stored.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The query itself failed: a defect of ours, or damaged data.
    #[error("the database refused: {0}")]
    Internal(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                info,
            ) => Self::Unavailable(info.message().to_owned()),
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Busy(info.message().to_owned())
            }
            Error::DatabaseError(_, info) if is_shutdown(info.message()) => {
                Self::Unavailable(info.message().to_owned())
            }
            // Neither driver gives these a kind of their own: SQLite's lock, PostgreSQL's deadlock and its time limit.
            Error::DatabaseError(_, info) if is_contention(info.message()) => Self::Busy(info.message().to_owned()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// Whether a write failed because another row has the same key.
#[must_use]
pub fn is_unique_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// Whether a write failed because other rows point at the one it removes.
#[must_use]
pub fn is_foreign_key_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _))
}

/// The driver does not show SQLSTATE; under another `lc_messages` these count as internal errors.
fn is_shutdown(message: &str) -> bool {
    ["terminating connection due to", "the database system is"]
        .iter()
        .any(|known| message.contains(known))
}

fn is_contention(message: &str) -> bool {
    [
        "database is locked",
        "database table is locked",
        "deadlock detected",
        "canceling statement due to",
    ]
    .iter()
    .any(|known| message.contains(known))
}
