//! `galley openapi`: print the `OpenAPI` document.

use std::io::Write;

use super::Outcome;
use crate::app;
use crate::openapi;

/// The server that the printed and committed document names: the default one, so that the text depends on no setting.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// Prints the document to standard output.
///
/// # Errors
/// When standard output cannot be written.
pub fn run() -> Outcome {
    Ok(std::io::stdout().write_all(openapi::json(&app::document(DEFAULT_SERVER)).as_bytes())?)
}
