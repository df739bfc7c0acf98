//! Every store, compiled for `SQLite`.

pub use crate::database::sqlite::{Connection, RunQueryDsl, begin, bound_lock_wait, finish};

#[path = "../accounts/store.rs"]
pub mod accounts;
#[path = "../articles/store.rs"]
pub mod articles;
#[path = "../authors/store.rs"]
pub mod authors;
#[path = "../comments/store.rs"]
pub mod comments;
#[path = "../idempotency/store.rs"]
pub mod idempotency;
