//! Mentions: links from elsewhere, which are no comments.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::doctor::checks::examine;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::client::{Client, id};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const DESK: &str = "/v1/editorial/mentions";

/// A page with two comments, one of them in answer to the other, and two notices between them.
const PAGE: &str = "Ships\n\nby Ada Lindqvist\n\nThe harbour wakes before the town does, and somebody always whistles.\n\n\
    4 Responses to \u{201c}Ships\u{201d}\n\n  \
      1. Grace says:\n    March 3, 2017 at 4:05 pm\n\n    Well said.\n\n  \
      2. Pingback: The harbour » Ships seen from the pier\n\n  \
      3. Trackback: Gulls of the north\n\n  \
      4. Alan says:\n    March 3, 2017 at 5:00 pm\n\n    Indeed.\n";

async fn uploaded(editor: &Client) -> Value {
    let answer = editor.upload_text("?status=published", PAGE).await.expect(201).json();
    answer["article"].clone()
}

fn mentions_of(article: &Value) -> String {
    format!("/v1/articles/{}/mentions", id(article))
}

async fn read(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200).json()["data"].clone()
}

fn pairs(mentions: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mentions = mentions.as_array().unwrap().iter();
    mentions
        .map(|mention| (text(&mention["kind"]), text(&mention["excerpt"])))
        .collect()
}

fn expected() -> Vec<(String, String)> {
    [
        ("pingback", "The harbour » Ships seen from the pier"),
        ("trackback", "Gulls of the north"),
    ]
    .map(|(kind, excerpt)| (kind.to_owned(), excerpt.to_owned()))
    .to_vec()
}

async fn decide(client: &Client, mention: &Value, state: &str) -> Value {
    let path = format!("{DESK}/{}", id(mention));
    let request = client.request(Method::PATCH, &path).json(&json!({"state": state}));
    request.send().await.expect(200).json()
}

on_both_databases! {
    async fn links_from_elsewhere_are_not_among_the_comments(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = uploaded(&ada).await;
        let found = read(&reader, &mentions_of(&article)).await;
        assert_eq!(pairs(&found), expected());
        insta::assert_json_snapshot!("mention", found[0], {".id" => "[id]"});
        let comments = read(&reader, &format!("/v1/articles/{}/comments", id(&article))).await;
        let texts: Vec<&Value> = comments.as_array().unwrap().iter().map(|item| &item["body_text"]).collect();
        assert_eq!(texts, [&json!("Well said."), &json!("Indeed.")]);
        let shown = reader.get(&format!("/v1/articles/{}", id(&article))).await.json();
        assert_eq!(shown["comments"]["approved_count"], 2);
    }

    async fn a_document_gives_mentions_back_and_doubles_none(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = uploaded(&ada).await;
        let path = "/v1/editorial/documents/ships";
        for (media_type, accept) in [("text/markdown", "text/markdown"), ("text/plain", "text/plain")] {
            let got = ada.request(Method::GET, path).header("Accept", accept).send().await.expect(200);
            let request = ada.request(Method::PUT, path).header("If-Match", "*").body(media_type, got.text());
            request.send().await.expect(200);
            assert_eq!(pairs(&read(&reader, &mentions_of(&article)).await), expected(), "{}", got.text());
            let shown = reader.get(&format!("/v1/articles/{}", id(&article))).await.json();
            assert_eq!(shown["comments"]["approved_count"], 2, "{}", got.text());
        }
        let markdown = ada.request(Method::GET, path).header("Accept", "text/markdown").send().await.text();
        assert!(markdown.contains("{#pingback-") && markdown.contains("{#trackback-"), "{markdown}");
    }

    async fn moderators_decide_what_readers_see(app: TestApp) {
        let (root, ada, reader) = (app.account(Role::Administrator).await, app.account(Role::Moderator).await, app.reader());
        let article = uploaded(&app.editor().await).await;
        let all = read(&ada, &format!("{DESK}?article_id={}", id(&article))).await;
        assert_eq!(all.as_array().unwrap().len(), 2);
        let pingback = read(&ada, &format!("{DESK}?kind=pingback")).await[0].clone();
        insta::assert_json_snapshot!("editorial_mention", pingback, {".id" => "[id]", ".article_id" => "[id]"});
        let path = format!("{DESK}/{}", id(&pingback));
        for (state, action) in [
            ("spam", "mention.marked_spam"), ("pending", "mention.held"), ("rejected", "mention.rejected"),
            ("removed", "mention.removed"), ("approved", "mention.approved"),
        ] {
            app.state.clock.advance(Duration::seconds(1));
            let request = || ada.request(Method::PATCH, &path).json(&json!({"state": state}));
            assert_eq!(app.rehearse_and_send(request).await.expect(200).json()["state"], state);
            let seen = read(&reader, &mentions_of(&article)).await.as_array().unwrap().len();
            assert_eq!(seen, if state == "approved" { 2 } else { 1 }, "{state}");
            assert_eq!(read(&ada, &format!("{DESK}?state={state}&kind=pingback")).await.as_array().unwrap().len(), 1);
            let log = root.get(&format!("/v1/editorial/audit?subject_kind=mention&subject={}&limit=1", id(&pingback))).await;
            assert_eq!(log.expect(200).json()["data"][0]["action"], action);
        }
        // What says the same is no change.
        assert_eq!(decide(&ada, &pingback, "approved").await["revision"], 6);
        ada.patch(&path, "\"r1\"", json!({"state": "spam"})).await.problem(412, "precondition-failed");
        let hidden = json!({"state": "hidden"});
        ada.patch(&format!("/v1/editorial/threads/{}", id(&article)), "*", hidden).await.expect(200);
        assert_eq!(read(&reader, &mentions_of(&article)).await, json!([]));
    }

    async fn mentions_are_read_a_page_at_a_time(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = uploaded(&ada).await;
        let first = reader.get(&format!("{}?limit=1", mentions_of(&article))).await.expect(200).json();
        let next = first["page"]["next"].as_str().unwrap();
        let second = reader.get(&format!("{}?limit=1&cursor={next}", mentions_of(&article))).await.expect(200).json();
        assert!(second["page"].get("next").is_none());
        let both = json!([first["data"][0], second["data"][0]]);
        assert_eq!(pairs(&both), expected());
        let backwards = read(&reader, &format!("{}?order=desc", mentions_of(&article))).await;
        assert_eq!(backwards[1]["id"], first["data"][0]["id"]);
        reader.get(&format!("{}?limit=101", mentions_of(&article))).await.problem(400, "limit-too-large");
        reader.get(&format!("{}?kind=pingback", mentions_of(&article))).await.problem(400, "unknown-parameter");
        reader.get(&format!("/v1/articles/{NOBODY}/mentions")).await.problem(404, "not-found");
        let draft = ada.draft("Gulls").await;
        reader.get(&mentions_of(&draft)).await.problem(404, "not-found");
    }

    async fn a_wrong_decision_decides_nothing(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = uploaded(&ada).await;
        let mention = read(&ada, DESK).await[0].clone();
        let path = format!("{DESK}/{}", id(&mention));
        for (body, pointer, code) in [
            (json!({"state": "aproved"}), "#/state", "unknown-value"),
            (json!({"state": null}), "#/state", "wrong-type"),
            (json!({"state": "spam", "title": "x"}), "#/title", "unknown"),
        ] {
            let problem = ada.request(Method::PATCH, &path).json(&body).send().await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        let spam = json!({"state": "spam"});
        ada.request(Method::PATCH, &format!("{DESK}/{NOBODY}")).json(&spam).send().await.problem(404, "not-found");
        ada.get(&format!("{DESK}?state=aproved")).await.problem(400, "invalid-parameter");
        reader.get(DESK).await.problem(401, "not-authenticated");
        reader.request(Method::PATCH, &path).json(&spam).send().await.problem(401, "not-authenticated");
        let author = app.account(Role::Author).await;
        author.get(DESK).await.problem(403, "insufficient-scope");
        author.request(Method::PATCH, &path).json(&spam).send().await.problem(403, "insufficient-scope");
        assert_eq!(pairs(&read(&reader, &mentions_of(&article)).await), expected());
    }

    async fn those_that_stood_in_threads_move_out(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let answered = reader.comment(&article, None, "An answered notice").await.expect(201).json();
        for (parent, text) in [(None, "A notice"), (None, "A comment"), (Some(&answered), "An answer"), (None, "Spam")] {
            reader.comment(&article, parent, text).await.expect(201);
        }
        let migration = |direction: &str| match (app.state.database.kind(), direction) {
            ("postgres", "up") => include_str!("../../migrations/postgres/00000000000012_mentions/up.sql"),
            ("postgres", _) => include_str!("../../migrations/postgres/00000000000012_mentions/down.sql"),
            (_, "up") => include_str!("../../migrations/sqlite/00000000000012_mentions/up.sql"),
            _ => include_str!("../../migrations/sqlite/00000000000012_mentions/down.sql"),
        };
        app.run_sql(migration("down")).await;
        app.run_sql(
            "UPDATE comments SET kind = 'pingback', author_url = 'https://harbour.example/' WHERE body_text IN ('A notice', 'An answered notice', 'Spam'); \
             UPDATE comments SET state = 'spam' WHERE body_text = 'Spam'; \
             UPDATE threads SET approved_count = approved_count - 1, spam_count = spam_count + 1",
        )
        .await;
        app.run_sql(migration("up")).await;
        assert_eq!(pairs(&read(&reader, &mentions_of(&article)).await), [("pingback".to_owned(), "A notice".to_owned())]);
        assert_eq!(read(&ada, &format!("{DESK}?state=spam")).await.as_array().unwrap().len(), 1);
        let comments = read(&reader, &format!("/v1/articles/{}/comments", id(&article))).await;
        let texts: Vec<&str> = comments.as_array().unwrap().iter().map(|item| item["body_text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["An answered notice", "An answer", "A comment"]);
        let thread = ada.get(&format!("/v1/editorial/threads/{}", id(&article))).await.expect(200).json();
        assert_eq!((&thread["approved_count"], &thread["spam_count"]), (&json!(3), &json!(0)));
        let report = examine(&app.state.settings, &app.state.database, None, app.state.clock.now()).await.unwrap();
        assert!(report.healthy, "{report}");
    }
}
