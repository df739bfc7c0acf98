//! Articles: a working copy that the newsroom edits, and the published snapshot that readers see.

pub mod access;
pub mod article;
pub mod bulk;
pub mod content;
pub mod corrections;
pub mod custom_fields;
pub mod delivery;
pub mod diff;
pub mod document_uploads;
pub mod document_views;
pub mod due;
pub mod edit;
pub mod editorial;
pub mod effort;
pub mod filters;
pub mod lifecycle;
pub mod merge;
pub mod notes;
pub mod preflight;
pub mod previews;
mod problems;
pub mod revisions;
pub mod step_views;
pub mod steps;
pub mod transitions;
pub mod schema_rules;
pub mod views;
