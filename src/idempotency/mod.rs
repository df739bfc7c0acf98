//! Writes that happen once however often they are sent (draft-ietf-httpapi-idempotency-key-header-07), and writes that
//! are only rehearsed.

pub mod record;
