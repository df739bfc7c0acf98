//! Authors: the names in bylines, apart from the accounts that log in.

pub mod author;
pub mod delivery;
pub mod editorial;
pub mod views;
