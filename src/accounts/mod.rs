//! Who may do what: accounts, their passwords, access tokens, and the table of permissions.

pub mod account;
pub mod claims;
pub mod guards;
pub mod handlers;
pub mod keys;
pub mod passwords;
pub mod permissions;
pub mod views;
