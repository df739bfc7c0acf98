//! Writes that happen once however often they are sent (draft-ietf-httpapi-idempotency-key-header-07), and writes that
//! are only rehearsed.
//!
//! The record of a key is part of the transaction of the effect: both are there or neither is. So a record tells of a
//! write that went well and of nothing else. A refusal (409, 412, 422 and the like) undoes the effect and the record with
//! it, and the same request may succeed when it is sent again. Some servers keep refusals too; here a repeated refusal is
//! harmless, since it has no effect, and a client that mended what was wrong outside of the request need not make up a new
//! key. The same rule keeps 401, 403, 408, 429 and 5xx from ever being given a second time.
//!
//! A key is looked up by who sends it, method, path and key. A sender is an account where the operation asks for one, and
//! only once its guards have let it in; elsewhere it is what
//! [`client_key`](crate::http::client_key) can tell of the client. Nobody gets the answer to another's request.

pub mod forgetting;
pub mod record;
