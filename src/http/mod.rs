//! What every route shares: problems, input, pages, conditional requests, telemetry. Nothing here knows a noun.

pub mod answer;
pub mod client_address;
pub mod client_key;
pub mod conditional;
pub mod cors;
pub mod explorer;
pub mod fallback;
pub mod input;
pub mod negotiation;
pub mod operations;
pub mod page;
pub mod patch;
pub mod problem;
pub mod problem_codes;
pub mod problem_pages;
pub mod rate_limits;
pub mod streamed_body;
pub mod telemetry;
pub mod times;
pub mod write;
