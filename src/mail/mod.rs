//! Mail to people: messages stand in a queue in the database until an SMTP server took them.
//!
//! Whoever has something to say stores a message in its own transaction ([`store`](crate::stores::sqlite::mail)), and a job
//! sends it. What the message is about is no concern of this part.

pub mod address;
pub mod forgetting;
pub mod message;
pub mod relay;
pub mod sending;
