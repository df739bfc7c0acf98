//! Listening to a thread: what comes, in which order, and what a listener that was away gets.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use galley::comments::live::telling;
use galley::jobs;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::client::{Client, id};
use crate::support::events::EventStream;

fn stream_of(article: &Value) -> String {
    format!("/v1/articles/{}/comments/stream", id(article))
}

async fn listen(client: &Client, article: &Value, query: &str) -> EventStream {
    let path = format!("{}{query}", stream_of(article));
    let stream = client.request(Method::GET, &path).open().await;
    assert_eq!(stream.status, 200);
    stream
}

/// What comes to a listener after the server has looked.
async fn heard(app: &TestApp, stream: &mut EventStream) -> Vec<Value> {
    assert_eq!(telling::tell(&app.state).await.unwrap(), 1);
    stream.events().await
}

/// The events as short words.
fn words(events: &[Value]) -> Vec<String> {
    let words = events.iter().map(|event| {
        let (name, data) = (event["event"].as_str().unwrap(), &event["data"]);
        match (name, data["body_text"].as_str()) {
            ("comment", Some(text)) => format!("comment {text}"),
            ("comment", None) => format!("comment [{}]", data["state"].as_str().unwrap()),
            ("thread", _) => format!("thread {} {}", data["state"].as_str().unwrap(), data["approved_count"]),
            (name, _) => name.to_owned(),
        }
    });
    words.collect()
}

async fn moderate(moderator: &Client, path: String, change: Value) {
    let answer = moderator.request(Method::PATCH, &path).json(&change).send().await;
    answer.expect(200);
}

async fn decide(moderator: &Client, comment: &Value, state: &str) {
    let path = format!("/v1/editorial/comments/{}", id(comment));
    moderate(moderator, path, json!({"state": state})).await;
}

async fn set_thread(moderator: &Client, article: &Value, change: Value) {
    moderate(moderator, format!("/v1/editorial/threads/{}", id(article)), change).await;
}

on_both_databases! {
    async fn a_listener_hears_what_readers_would_see(app: TestApp) {
        let (editor, moderator) = (app.editor().await, app.account(Role::Moderator).await);
        let article = editor.published("The harbour").await;
        let mut stream = listen(&app.reader(), &article, "").await;
        assert_eq!(stream.headers.get("content-type").unwrap(), "text/event-stream");
        assert_eq!(stream.headers.get("cache-control").unwrap(), "no-store");
        let greeting = stream.text().await.unwrap();
        assert!(greeting.starts_with("retry: 3000\n\nid: "), "{greeting}");
        assert!(stream.is_silent().await);
        assert_eq!(telling::tell(&app.state).await.unwrap(), 0, "nothing has happened");

        let first = app.reader().comment(&article, None, "Hello").await.expect(201).json();
        assert_json_snapshot!("first_events", heard(&app, &mut stream).await);
        let reply = app.reader().comment(&article, Some(&first), "Hello to you").await.expect(201).json();
        assert_eq!(words(&heard(&app, &mut stream).await), ["comment Hello to you", "thread open 2"]);

        decide(&moderator, &first, "removed").await;
        assert_eq!(words(&heard(&app, &mut stream).await), ["comment [removed]", "thread open 1"]);
        decide(&moderator, &reply, "spam").await;
        let events = heard(&app, &mut stream).await;
        assert_eq!(words(&events), ["gone", "gone", "thread open 0"], "the place goes with what held it");
        decide(&moderator, &reply, "approved").await;
        assert_eq!(
            words(&heard(&app, &mut stream).await),
            ["comment [removed]", "comment Hello to you", "thread open 1"]
        );

        set_thread(&moderator, &article, json!({"state": "closed", "message": "It is late."})).await;
        let events = heard(&app, &mut stream).await;
        assert_eq!(words(&events), ["thread closed 1"]);
        assert_eq!(events[0]["data"]["message"], "It is late.");
        let path = format!("/v1/editorial/comments/{}", id(&reply));
        moderate(&moderator, path, json!({"pinned": true})).await;
        let events = heard(&app, &mut stream).await;
        assert_eq!(words(&events), ["comment Hello to you", "thread closed 1"]);
        assert_eq!(events[0]["data"]["pinned"], true);
    }

    async fn what_waits_for_a_moderator_is_told_to_nobody(app: TestApp) {
        let (editor, moderator) = (app.editor().await, app.account(Role::Moderator).await);
        let article = editor.published("The harbour").await;
        set_thread(&moderator, &article, json!({"moderation": "pre"})).await;
        let mut stream = listen(&app.reader(), &article, "").await;
        stream.events().await;
        let held = app.reader().comment(&article, None, "Wait").await.expect(202).json();
        decide(&moderator, &held, "rejected").await;
        assert_eq!(telling::tell(&app.state).await.unwrap(), 0);
        assert!(stream.is_silent().await);
        decide(&moderator, &held, "approved").await;
        assert_eq!(words(&heard(&app, &mut stream).await), ["comment Wait", "thread open 1"]);
    }

    async fn a_listener_that_was_away_gets_each_comment_once_as_it_is_now(app: TestApp) {
        let (editor, moderator) = (app.editor().await, app.account(Role::Moderator).await);
        let article = editor.published("The harbour").await;
        let first = app.reader().comment(&article, None, "One").await.expect(201).json();
        let page = app.reader().get(&format!("/v1/articles/{}/comments", id(&article))).await.json();
        let known = page["change_sequence"].as_i64().unwrap();
        let second = app.reader().comment(&article, None, "Two").await.expect(201).json();
        app.reader().comment(&article, Some(&first), "Three").await.expect(201);
        decide(&moderator, &second, "removed").await;
        decide(&moderator, &second, "approved").await;
        decide(&moderator, &first, "removed").await;

        let expected = ["comment Three", "comment Two", "comment [removed]", "thread open 2"];
        let mut stream = listen(&app.reader(), &article, &format!("?last_event_id={known}")).await;
        let events = stream.events().await;
        assert_eq!(words(&events), expected);
        let last = events.last().unwrap()["id"].as_str().unwrap().to_owned();
        assert!(events.iter().rev().skip(1).all(|event| event.get("id").is_none()), "only the end says that all was told");

        let path = format!("{}?last_event_id=0", stream_of(&article));
        let again = app.reader().request(Method::GET, &path).header("Last-Event-ID", &last).open().await;
        let mut again = again;
        assert_eq!(words(&again.events().await), ["thread open 2"], "the header goes before, and nothing was missed");
        app.reader().comment(&article, None, "Four").await.expect(201);
        for stream in [&mut stream, &mut again] {
            let _ = telling::tell(&app.state).await.unwrap();
            assert_eq!(words(&stream.events().await), ["comment Four", "thread open 3"]);
        }
    }

    async fn who_missed_too_much_or_knows_what_never_was_reads_anew(app: TestApp) {
        let article = app.editor().await.published("The harbour").await;
        app.run_sql("UPDATE threads SET change_sequence = 5000").await;
        for known in ["0", "3999", "5001", "9007199254740991"] {
            let mut stream = listen(&app.reader(), &article, &format!("?last_event_id={known}")).await;
            let events = stream.events().await;
            assert_eq!(words(&events), ["reload", "thread open 0"], "{known}");
            assert_eq!(events[0]["data"], json!({"change_sequence": 5000}));
            assert_eq!(events[1]["id"], "5000");
        }
        let mut stream = listen(&app.reader(), &article, "?last_event_id=4000").await;
        assert_eq!(words(&stream.events().await), ["thread open 0"]);
    }

    async fn a_listener_hears_what_another_instance_took(app: TestApp) {
        let article = app.editor().await.published("The harbour").await;
        let other = app.another_instance().await;
        let thread = galley::comments::live::listening::current(&other, id(&article).parse().unwrap()).await.unwrap();
        let mut seat = other.listeners.join(thread.article_id.0, thread.change_sequence).unwrap();
        app.reader().comment(&article, None, "Hello").await.expect(201);
        assert_eq!(telling::tell(&other).await.unwrap(), 1);
        let batch = seat.batches.try_recv().unwrap();
        assert!(String::from_utf8_lossy(&batch.text).contains("Hello"));
        assert_eq!((batch.after, batch.until), (thread.change_sequence, thread.change_sequence + 1));
    }

    async fn a_slow_listener_catches_up(app: TestApp) {
        let article = app.editor().await.published("The harbour").await;
        let mut stream = listen(&app.reader(), &article, "").await;
        stream.events().await;
        for number in 0..40 {
            app.reader().comment(&article, None, &format!("Comment {number}")).await.expect(201);
            telling::tell(&app.state).await.unwrap();
        }
        let events = stream.events().await;
        let comments: Vec<String> = words(&events).into_iter().filter(|word| word.starts_with("comment")).collect();
        let expected: Vec<String> = (0..40).map(|number| format!("comment Comment {number}")).collect();
        assert_eq!(comments, expected);
        app.reader().comment(&article, None, "Last").await.expect(201);
        telling::tell(&app.state).await.unwrap();
        let mut rest = stream.events().await;
        while !words(&rest).contains(&"comment Last".to_owned()) {
            rest = stream.events().await;
        }
    }

    async fn a_hidden_thread_tells_of_no_comment(app: TestApp) {
        let (editor, moderator) = (app.editor().await, app.account(Role::Moderator).await);
        let article = editor.published("The harbour").await;
        let comment = app.reader().comment(&article, None, "Hello").await.expect(201).json();
        let mut stream = listen(&app.reader(), &article, "").await;
        stream.events().await;
        set_thread(&moderator, &article, json!({"state": "hidden"})).await;
        let path = format!("/v1/editorial/comments/{}", id(&comment));
        moderate(&moderator, path, json!({"featured": true})).await;
        let events = heard(&app, &mut stream).await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["data"]["state"], "hidden");
        let mut late = listen(&app.reader(), &article, "?last_event_id=1").await;
        assert!(!late.text().await.unwrap().contains("Hello"));
    }

    async fn a_stream_ends_when_the_article_is_no_longer_published(app: TestApp) {
        let editor = app.editor().await;
        let article = editor.published("The harbour").await;
        let mut stream = listen(&app.reader(), &article, "").await;
        stream.events().await;
        let path = format!("/v1/editorial/articles/{}/unpublish", id(&article));
        editor.request(Method::POST, &path).send().await.expect(200);
        jobs::run_due(&app.state).await.unwrap();
        assert_eq!(stream.text().await, None);
        app.reader().get(&stream_of(&article)).await.problem(404, "not-found");
    }

    async fn a_place_that_is_none_is_refused(app: TestApp) {
        let (editor, reader) = (app.editor().await, app.reader());
        let article = editor.published("The harbour").await;
        let draft = editor.draft("Not yet").await;
        reader.get(&stream_of(&draft)).await.problem(404, "not-found");
        reader.get("/v1/articles/00000000-0000-7000-8000-000000000000/comments/stream").await.problem(404, "not-found");
        reader.get("/v1/articles/harbour/comments/stream").await.problem(400, "invalid-parameter");
        for query in ["?last_event_id=-1", "?last_event_id=x", "?last_event_id=99999999999999999999"] {
            let problem = reader.get(&format!("{}{query}", stream_of(&article))).await.problem(400, "invalid-parameter");
            assert_eq!(problem["errors"][0]["parameter"], "last_event_id");
        }
        reader.get(&format!("{}?since=3", stream_of(&article))).await.problem(400, "unknown-parameter");
        for header in ["-1", "abc", "r3", ""] {
            let request = reader.request(Method::GET, &stream_of(&article)).header("Last-Event-ID", header);
            let problem = request.send().await.problem(400, "malformed-request");
            assert!(problem["detail"].as_str().unwrap().contains("Last-Event-ID"), "{problem}");
        }
        let head = reader.request(Method::HEAD, &stream_of(&article)).send().await.expect(200);
        assert_eq!((head.header("content-type"), head.body.len()), ("text/event-stream", 0));
    }
}
