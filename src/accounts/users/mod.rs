//! Accounts as administrators keep them: who is invited, what they may do, and who is shut out.

pub mod editorial;
pub mod forgetting;
pub mod own;
pub mod password_link;
pub mod user;
pub mod views;
