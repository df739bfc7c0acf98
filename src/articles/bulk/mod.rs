//! Bulk: many operations on articles in one request, all or none, or each for itself.

pub mod editorial;
pub mod operation;
pub mod views;
