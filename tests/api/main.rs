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
mod article_life;
mod article_texts;
mod articles;
mod authors;
mod bulk;
mod comments;
mod content_model;
mod contract;
mod corrections;
mod documents;
mod idempotency;
mod jobs;
mod merging;
mod migrations;
mod notes;
mod preflight;
mod preview_links;
mod previews;
mod protocol;
mod rehearsal;
mod revisions;
mod sections;
mod series;
mod settings;
mod tags;
mod transitions;
