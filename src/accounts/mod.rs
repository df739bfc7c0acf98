//! Who may do what: accounts, their passwords, access tokens, and the table of permissions.

pub mod account;
pub mod api_tokens;
pub mod claims;
pub mod guards;
pub mod handlers;
pub mod key_files;
pub mod key_rotation;
pub mod keys;
pub mod marked_secret;
pub mod operations;
pub mod passwords;
pub mod permissions;
pub mod secrets;
pub mod sessions;
pub mod throttle;
pub mod users;
pub mod views;
