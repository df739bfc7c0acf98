//! The audit log: who did what to which thing, when and from where. Every write leaves its entry in its own transaction.

pub mod action;
pub mod chain;
pub mod chaining;
pub mod editorial;
pub mod entry;
pub mod origin;
pub mod views;
