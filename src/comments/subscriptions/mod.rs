//! Subscriptions: readers who want to be told by mail of answers to a comment, or of all comments of an article.

pub mod confirmation_limit;
pub mod delivery;
pub mod forgetting;
pub mod mailing;
pub mod page;
pub mod signing;
pub mod subscription;
pub mod texts;
pub mod views;
