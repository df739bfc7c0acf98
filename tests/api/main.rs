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
mod api_tokens;
mod article_life;
mod article_texts;
mod articles;
mod audit;
mod authors;
mod bulk;
mod comment_posting;
mod comments;
mod content_model;
mod contract;
mod corrections;
mod doctor;
mod documents;
mod idempotency;
mod jobs;
mod key_rotation;
mod listening;
mod media;
mod media_uses;
mod mentions;
mod merging;
mod migrations;
mod notes;
mod own_comments;
mod permissions;
mod preflight;
mod preview_links;
mod previews;
mod protocol;
mod rehearsal;
mod renditions;
mod revisions;
mod sections;
mod series;
mod sessions;
mod settings;
mod subscriptions;
mod tags;
mod thread_states;
mod threads;
mod throttling;
mod transitions;
mod users;
mod votes;
