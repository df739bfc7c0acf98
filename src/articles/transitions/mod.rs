//! Transitions: the record of every step in the life of an article.

pub mod editorial;
pub mod transition;
pub mod views;
