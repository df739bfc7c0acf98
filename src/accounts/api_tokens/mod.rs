//! API tokens: what scripts show in place of a log-in, and what a freelancer uploads with.

pub mod api_token;
pub mod editorial;
pub mod token_text;
pub mod uses;
pub mod views;
