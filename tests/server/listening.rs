//! Listening to a thread over a real connection.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::Server;
use crate::{ADMINISTRATOR, EMAIL, PASSWORD, article};

#[test]
fn a_listener_hears_a_comment_and_does_not_keep_the_server_from_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [ADMINISTRATOR[0], ADMINISTRATOR[1], ("GALLEY_MAX_LISTENERS", "1")];
    let mut server = Server::start(folder.path(), &settings);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let mut body = article("The harbour");
    body["status"] = json!("published");
    let made = editor.send("POST", "/v1/editorial/articles", Some(&body)).json();
    let thread = format!("/v1/articles/{}/comments", made["id"].as_str().unwrap());
    let stream = format!("{thread}/stream");

    let mut listener = server.connect();
    let head = listener.send("GET", &stream, None);
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    listener.read_until("event: thread");

    let refused = server.connect().send("GET", &stream, None);
    assert_eq!(refused.status, 503, "there was one place");
    assert!(refused.header("retry-after").is_some());
    let mut other = server.connect();
    other.write(other.head("HEAD", &stream, 0).as_bytes());
    assert_eq!(other.reply().status, 200);
    assert_eq!(
        other.send("GET", "/livez", None).status,
        200,
        "a HEAD has no stream behind it"
    );

    let comment = json!({"author_name": "Grace", "body_markdown": "Hello"});
    assert_eq!(other.send("POST", &thread, Some(&comment)).status, 201);
    listener.read_until("\"body_text\":\"Hello\"");

    let begun = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    listener.rest();
}
