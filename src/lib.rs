//! Galley: a headless CMS for publications behind one REST API.
//!
//! A request comes in at the top of this list and goes down. Everything may name [`state`]; apart from that nothing names
//! anything above it.
//!
//! - [`cli`]: the commands of the program. [`server`]: sockets, workers, the graceful stop. [`settings`]: the environment.
//! - [`app`]: middleware, routes and document in one function. [`routes`]: the one table of paths. [`openapi`]: the
//!   document around it. [`state`]: what every request can reach.
//! - [`articles`], [`authors`], [`sections`], [`series`], [`comments`], [`accounts`]: the nouns. Each has the same files:
//!   the noun itself (rows and rules), `views` (wire types), `store` (queries), `delivery` (for readers) and `editorial`
//!   (for the newsroom).
//! - [`documents`]: the formats that editors bring; pure functions from bytes to a neutral model.
//! - [`http`]: problems, input, pages, conditional requests, writes and their answers, telemetry. [`idempotency`]: writes
//!   that happen once, or are only rehearsed. [`jobs`]: what the server does by itself.
//! - [`media`]: files, and where they are used. [`audit`]: who did what. [`mail`]: messages to people, and their queue. [`doctor`]: whether everything that is kept is as it should be.
//! - [`markup`], [`slug`], [`field`], [`conflict`], [`clock`]: values and rules that several nouns share.
//! - [`stores`]: the store files compiled once for each database. [`database`]: the two databases behind one name.

pub mod accounts;
pub mod app;
pub mod articles;
pub mod audit;
pub mod authors;
pub mod cli;
pub mod clock;
pub mod comments;
pub mod conflict;
pub mod database;
pub mod doctor;
pub mod documents;
pub mod field;
pub mod http;
pub mod idempotency;
pub mod jobs;
pub mod mail;
pub mod markup;
pub mod media;
pub mod mentions;
pub mod openapi;
pub mod routes;
pub mod sections;
pub mod series;
pub mod server;
pub mod settings;
pub mod site;
pub mod slug;
pub mod state;
pub mod stores;
pub mod tags;
