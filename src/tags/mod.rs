//! Tags: words that articles are found by.

pub mod delivery;
pub mod editorial;
pub mod tag;
pub mod views;
