//! The API as its users meet it: every test drives the whole application, on SQLite and on PostgreSQL.

#![expect(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on shall fail on the spot"
)]

mod support;

mod accounts;
mod articles;
mod authors;
mod comments;
mod contract;
mod corrections;
mod documents;
mod idempotency;
mod jobs;
mod migrations;
mod notes;
mod preview_links;
mod protocol;
mod sections;
mod series;
mod rehearsal;
mod settings;
mod tags;
mod transitions;
