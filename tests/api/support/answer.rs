//! What the application answered, and what a test says about it.

use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use serde_json::Value;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// Passes if the status is this one, and shows the body if not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Passes if this is a problem of this status and code, in the form that every problem has; gives the problem.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("tag:galley,2026:problems/{code}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("request-id"), "{problem}");
        assert!(
            problem["instance"].as_str().is_some_and(|path| path.starts_with('/')),
            "{problem}"
        );
        assert!(
            problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
            "{problem}"
        );
        problem
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as text, without the edit token that only the first answer to a post shows.
    pub fn kept_text(&self) -> String {
        let text = self.text();
        match text.split_once(",\"edit_token\":\"") {
            Some((before, rest)) => match rest.split_once('"') {
                Some((_, after)) => format!("{before}{after}"),
                None => text,
            },
            None => text,
        }
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// The one fault of a problem: its place, code and all.
#[track_caller]
pub fn only_fault(problem: &Value) -> &Value {
    match problem["errors"].as_array().map(Vec::as_slice) {
        Some([fault]) => fault,
        _ => panic!("there is not one fault in {problem}"),
    }
}
