//! Preview links: addresses at which one revision of an article is read without an account, until they end.

pub mod delivery;
pub mod editorial;
pub mod preview_link;
pub mod preview_reading;
pub mod views;
