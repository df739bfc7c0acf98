//! Articles: a working copy that the newsroom edits, and the published snapshot that readers see.

pub mod article;
pub mod delivery;
pub mod document_uploads;
pub mod document_views;
pub mod editorial;
pub mod views;
