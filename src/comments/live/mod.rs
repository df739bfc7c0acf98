//! Threads as they change: a stream of server-sent events for each article.
//!
//! What changed is not kept a second time. Every comment has the change sequence of its thread when what readers see of it
//! last changed, so what a listener missed is one index range, however long they were away and whichever instance took the
//! change. Each instance looks twice a second at the threads that somebody listens to, all in one statement, and makes the
//! events once for all who listen.

pub mod delivery;
pub mod event;
pub mod hub;
pub mod listening;
pub mod telling;
