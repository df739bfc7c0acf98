//! Corrections: what readers are told was wrong in an article.

pub mod correction;
pub mod editorial;
pub mod views;
