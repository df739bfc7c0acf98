//! What `galley doctor` looks at: whether everything that this program keeps is as this program keeps it. It only reads, and
//! may run beside a server.
//!
//! [`checks`] does the looking, [`report`] is what it found. The parts that only compute are apart from it: [`chain_check`]
//! goes along the chain of the audit log, [`recount`] counts comments.

pub mod chain_check;
pub mod checks;
pub mod files;
pub mod recount;
pub mod report;
