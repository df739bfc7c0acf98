//! An event stream as a browser reads it.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use serde_json::{Value, json};
use tokio::time::timeout;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A stream that is being listened to.
pub struct EventStream {
    pub status: u16,
    pub headers: HeaderMap,
    body: Pin<Box<BoxBody>>,
}

impl EventStream {
    pub fn new(response: ServiceResponse<BoxBody>) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: Box::pin(response.into_body()),
        }
    }

    /// What comes next as it is on the wire; `None` when the stream ends.
    pub async fn text(&mut self) -> Option<String> {
        let next = poll_fn(|context| self.body.as_mut().poll_next(context));
        let bytes = timeout(PATIENCE, next).await.unwrap()?;
        Some(String::from_utf8(bytes.unwrap().to_vec()).unwrap())
    }

    /// The events that come next, each with its name, its data and, where it has one, its id.
    pub async fn events(&mut self) -> Vec<Value> {
        let text = self.text().await.unwrap();
        let blocks = text.split("\n\n").filter(|block| !block.is_empty());
        blocks.filter_map(event).collect()
    }

    /// Whether nothing has come yet.
    pub async fn is_silent(&mut self) -> bool {
        let next = poll_fn(|context| self.body.as_mut().poll_next(context));
        timeout(Duration::from_millis(20), next).await.is_err()
    }
}

fn event(block: &str) -> Option<Value> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let data: Value = serde_json::from_str(field("data: ")?).unwrap();
    let mut event = json!({"event": field("event: ").unwrap(), "data": data});
    if let Some(id) = field("id: ") {
        event["id"] = json!(id);
    }
    Some(event)
}
