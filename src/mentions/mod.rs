//! Mentions: what tells that another page links to an article. They are no comments, and stand in no thread.

pub mod delivery;
pub mod editorial;
pub mod mention;
pub mod views;
