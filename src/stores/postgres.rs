//! Every store, compiled for `PostgreSQL`.

pub use crate::database::postgres::{Connection, begin, bound_lock_wait, finish};
pub use diesel_async::RunQueryDsl;

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
