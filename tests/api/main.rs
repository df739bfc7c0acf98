//! The API as its users meet it: every test drives the whole application, on SQLite and on PostgreSQL.

mod support;

mod accounts;
mod articles;
mod authors;
mod comments;
mod contract;
mod documents;
mod migrations;
mod protocol;
