//! Revisions: every save of an article, whole, with who, when and why.

pub mod editorial;
pub mod revision;
pub mod views;
