//! Sessions: log-ins that last, kept alive by refresh tokens.

pub mod editorial;
pub mod forgetting;
pub mod handlers;
pub mod session;
pub mod tokens;
pub mod views;
