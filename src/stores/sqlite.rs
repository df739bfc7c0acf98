//! Every store, compiled for `SQLite`.

pub use crate::database::sqlite::{Connection, RunQueryDsl};

#[path = "../accounts/store.rs"]
pub mod accounts;
#[path = "../articles/store.rs"]
pub mod articles;
#[path = "../authors/store.rs"]
pub mod authors;
#[path = "../comments/store.rs"]
pub mod comments;
