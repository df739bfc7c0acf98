//! Notes: what people of the newsroom tell one another about an article.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::database::failure::Failure;
use galley::database::ids::RowId;
use galley::read;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

/// What no resource has as its id.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Where the notes of an article are.
fn notes(article: &Value) -> String {
    format!("/v1/editorial/articles/{}/notes", id(article))
}

/// Where one of them is.
fn at(note: &Value) -> String {
    format!(
        "/v1/editorial/articles/{}/notes/{}",
        note["article_id"].as_str().unwrap(),
        id(note)
    )
}

async fn write(client: &Client, article: &Value, text: &str) -> Value {
    client
        .post(&notes(article), json!({"body": text}))
        .await
        .expect(201)
        .json()
}

/// Writes notes one minute after another.
async fn write_all(app: &TestApp, client: &Client, article: &Value, texts: &[&str]) -> Vec<Value> {
    let mut written = Vec::new();
    for text in texts {
        app.state.clock.advance(Duration::minutes(1));
        written.push(write(client, article, text).await);
    }
    written
}

fn texts(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let notes = list["data"].as_array().unwrap();
    notes
        .iter()
        .map(|note| note["body"].as_str().unwrap().to_owned())
        .collect()
}

async fn open_count(app: &TestApp, article: &Value) -> i64 {
    let article = RowId(Uuid::parse_str(id(article)).unwrap());
    let count: Result<i64, Failure> = read!(&app.state.database, article_notes::open_count(article));
    count.unwrap()
}

on_both_databases! {
    async fn a_note_is_written_read_changed_resolved_and_removed(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        ada.patch(&format!("/v1/editorial/articles/{}", id(&article)), "*", json!({"title": "Ships of the north"})).await.expect(200);
        let made = ada.post(&notes(&article), json!({"body": "The second figure\r\nneeds a source."})).await.expect(201);
        let note = made.json();
        insta::assert_json_snapshot!("note", note, {".id" => "ID"});
        assert_eq!(made.header("location"), format!("https://galley.example{}", at(&note)));
        assert_eq!(made.header("cache-control"), "private, no-store");
        let read = ada.get(&at(&note)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (note.clone(), made.header("etag")));
        let tag = made.header("etag").to_owned();
        ada.request(Method::GET, &at(&note)).header("If-None-Match", &tag).send().await.expect(304);

        app.state.clock.advance(Duration::minutes(5));
        let changed = ada.patch(&at(&note), &tag, json!({"body": "It needs two."})).await.expect(200).json();
        assert_eq!((&changed["body"], &changed["revision"]), (&json!("It needs two."), &json!(2)));
        assert_eq!(changed["updated_at"], "2026-03-01T12:05:00.000Z");
        assert_eq!(open_count(&app, &article).await, 1);
        app.state.clock.advance(Duration::minutes(5));
        let resolved = ada.patch(&at(&note), "\"r2\"", json!({"resolved": true})).await.expect(200).json();
        insta::assert_json_snapshot!("note_resolved", resolved, {".id" => "ID"});
        assert_eq!(open_count(&app, &article).await, 0);

        ada.delete(&at(&note), "\"r3\"").await.expect(204);
        ada.get(&at(&note)).await.problem(404, "not-found");
        ada.delete(&at(&note), "*").await.problem(404, "not-found");
        assert_eq!(texts(&ada.get(&notes(&article)).await), [""; 0]);
    }

    async fn a_note_that_is_opened_again_says_nothing_of_its_resolution(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let note = write(&ada, &article, "Which harbour?").await;
        let resolved = ada.patch(&at(&note), "*", json!({"resolved": true})).await.expect(200).json();
        // What is so already is no new revision.
        app.state.clock.advance(Duration::minutes(5));
        assert_eq!(ada.patch(&at(&note), "*", json!({"resolved": true})).await.expect(200).json(), resolved);
        assert_eq!(ada.patch(&at(&note), "*", json!({})).await.expect(200).json(), resolved);
        let open = ada.patch(&at(&note), "\"r2\"", json!({"resolved": false})).await.expect(200).json();
        assert_eq!((&open["resolved"], &open["revision"]), (&json!(false), &json!(3)));
        assert_eq!((open.get("resolved_at"), open.get("resolved_by")), (None, None));
        assert_eq!(open["body"], "Which harbour?");
        let both = ada.patch(&at(&note), "\"r3\"", json!({"resolved": true, "body": "Whitby."})).await.expect(200).json();
        assert_eq!((&both["resolved"], &both["body"], &both["revision"]), (&json!(true), &json!("Whitby."), &json!(4)));
    }

    async fn notes_are_listed_from_the_oldest_on_and_by_their_state(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.draft("Ships").await, ada.draft("Gulls").await);
        let written = write_all(&app, &ada, &article, &["one", "two", "three", "four"]).await;
        write(&ada, &other, "about something else").await;
        ada.patch(&at(&written[1]), "*", json!({"resolved": true})).await.expect(200);
        assert_eq!(texts(&ada.get(&notes(&article)).await.expect(200)), ["one", "two", "three", "four"]);
        assert_eq!(texts(&ada.get(&format!("{}?state=open", notes(&article))).await), ["one", "three", "four"]);
        assert_eq!(texts(&ada.get(&format!("{}?state=resolved", notes(&article))).await), ["two"]);
        assert_eq!(open_count(&app, &article).await, 3);

        let first = ada.get(&format!("{}?state=open&limit=2", notes(&article))).await.expect(200);
        assert_eq!(texts(&first), ["one", "three"]);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
        let second = ada.get(&format!("{}?state=open&limit=2&cursor={next}", notes(&article))).await.expect(200);
        assert_eq!(texts(&second), ["four"]);
        assert_eq!(second.json()["page"].get("next"), None);
        let prev = second.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = ada.get(&format!("{}?state=open&limit=2&cursor={prev}", notes(&article))).await.expect(200);
        assert_eq!(texts(&back), ["one", "three"]);

        for (path, code) in [
            (format!("{}?limit=2&cursor={next}", notes(&article)), "cursor-mismatch"),
            (format!("{}?state=open&cursor={next}", notes(&other)), "cursor-mismatch"),
            (format!("{}?cursor=nonsense", notes(&article)), "cursor-invalid"),
            (format!("{}?limit=101", notes(&article)), "limit-too-large"),
            (format!("{}?limit=0", notes(&article)), "invalid-parameter"),
            (format!("{}?state=closed", notes(&article)), "invalid-parameter"),
            (format!("{}?author=ada", notes(&article)), "unknown-parameter"),
        ] {
            ada.get(&path).await.problem(400, code);
        }
    }

    async fn notes_written_in_one_moment_are_each_listed_once(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        for text in ["one", "two", "three"] {
            write(&ada, &article, text).await;
        }
        let whole = texts(&ada.get(&notes(&article)).await);
        let (mut walked, mut path) = (Vec::new(), format!("{}?limit=1", notes(&article)));
        loop {
            let page = ada.get(&path).await.expect(200);
            walked.extend(texts(&page));
            match page.json()["page"]["next"].as_str() {
                Some(next) => path = format!("{}?limit=1&cursor={next}", notes(&article)),
                None => break,
            }
        }
        assert_eq!((walked.len(), walked), (3, whole));
    }

    async fn a_change_of_a_note_must_name_the_current_revision(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let article = ada.draft("Ships").await;
        let note = write(&ada, &article, "Which harbour?").await;
        for method in [Method::PATCH, Method::DELETE] {
            let problem = ada.request(method, &at(&note)).json(&json!({"resolved": true})).send().await;
            let problem = problem.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"");
        }
        bob.patch(&at(&note), "\"r1\"", json!({"resolved": true})).await.expect(200);
        let problem = ada.patch(&at(&note), "\"r1\"", json!({"body": "Whitby?"})).await.problem(412, "precondition-failed");
        assert_eq!(problem["current_revision"], 2);
        ada.delete(&at(&note), "\"r1\"").await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&at(&note)).await.json()["body"], "Which harbour?");
    }

    async fn only_the_writer_changes_the_text_and_whoever_writes_the_article_resolves_the_note(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let article = grace.draft("Ships").await;
        let note = write(&ada, &article, "Which harbour?").await;
        let before = grace.get(&at(&note)).await.expect(200).json();
        for body in [json!({"body": "Nothing to see here."}), json!({"body": "Which harbour?", "resolved": true})] {
            let problem = grace.patch(&at(&note), "*", body).await.problem(403, "not-the-writer");
            assert!(problem["detail"].as_str().unwrap().contains("Another account wrote this note"), "{problem}");
        }
        grace.delete(&at(&note), "*").await.problem(403, "not-the-writer");
        app.editor().await.delete(&at(&note), "*").await.problem(403, "not-the-writer");
        assert_eq!(grace.get(&at(&note)).await.json(), before);
        let resolved = grace.patch(&at(&note), "*", json!({"resolved": true})).await.expect(200).json();
        assert_eq!(resolved["resolved_by"], article["created_by"]);
        assert_ne!(resolved["created_by"], article["created_by"]);
        grace.patch(&at(&note), "*", json!({"resolved": false})).await.expect(200);

        let administrator = app.account(Role::Administrator).await;
        administrator.patch(&at(&note), "*", json!({"body": "Hm."})).await.problem(403, "not-the-writer");
        administrator.delete(&at(&note), "*").await.expect(204);
        let own = write(&grace, &article, "Whitby.").await;
        grace.delete(&at(&own), "\"r1\"").await.expect(204);
    }

    async fn notes_are_for_those_who_reach_the_article(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let article = ada.draft("Ships").await;
        let note = write(&ada, &article, "Which harbour?").await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path, scope) in [
            (Method::GET, notes(&article), "articles:read"),
            (Method::POST, notes(&article), "articles:write"),
            (Method::GET, at(&note), "articles:read"),
            (Method::PATCH, at(&note), "articles:write"),
            (Method::DELETE, at(&note), "articles:write"),
        ] {
            let send = |client: &Client| client.request(method.clone(), &path).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("nonsense")).await.problem(401, "token-invalid");
            for client in [&moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains(scope), "{problem}");
            }
            // The article of somebody else is not there for an author.
            let problem = send(&grace).await.problem(404, "not-found");
            assert_eq!(problem["detail"], "There is no such article.");
        }
        assert_eq!(ada.get(&at(&note)).await.json(), note);
    }

    async fn readers_never_see_a_note(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        write(&ada, &article, "Nobody must know.").await;
        for path in [format!("/v1/articles/{}", id(&article)), "/v1/articles".to_owned(), format!("/v1/articles/{}/comments", id(&article))] {
            let seen = reader.get(&path).await.expect(200).text();
            assert!(!seen.contains("Nobody must know."), "{seen}");
        }
    }

    async fn a_note_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let note = write(&ada, &article, &"é".repeat(10_000)).await;
        let too_long = "é".repeat(10_001);
        for (body, pointer, code) in [
            (json!({}), "#/body", "required"),
            (json!({"body": ""}), "#/body", "empty"),
            (json!({"body": too_long}), "#/body", "too-long"),
            (json!({"body": "a\u{1b}"}), "#/body", "control-character"),
            (json!({"body": 7}), "#/body", "wrong-type"),
            (json!({"body": "x", "resolved": true}), "#/resolved", "unknown"),
        ] {
            let problem = ada.post(&notes(&article), body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        for (body, pointer, code) in [
            (json!({"body": null}), "#/body", "wrong-type"),
            (json!({"body": " "}), "#/body", "empty"),
            (json!({"resolved": null}), "#/resolved", "wrong-type"),
            (json!({"resolved": "yes"}), "#/resolved", "wrong-type"),
            (json!({"state": "resolved"}), "#/state", "unknown"),
        ] {
            let problem = ada.patch(&at(&note), "*", body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        ada.request(Method::POST, &notes(&article)).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, &notes(&article)).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
        assert_eq!(ada.get(&notes(&article)).await.json()["data"], json!([note]));
    }

    async fn what_is_not_there_is_told(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.draft("Ships").await, ada.draft("Gulls").await);
        let note = write(&ada, &article, "Which harbour?").await;
        for (path, what) in [
            (format!("/v1/editorial/articles/{NOBODY}/notes"), "article"),
            (format!("/v1/editorial/articles/{NOBODY}/notes/{}", id(&note)), "article"),
            (format!("{}/{NOBODY}", notes(&article)), "note"),
            // The note of another article is none of this one.
            (format!("{}/{}", notes(&other), id(&note)), "note"),
        ] {
            let problem = ada.get(&path).await.problem(404, "not-found");
            assert_eq!(problem["detail"], format!("There is no such {what}."), "{path}");
        }
        let elsewhere = format!("{}/{}", notes(&other), id(&note));
        ada.patch(&elsewhere, "*", json!({"resolved": true})).await.problem(404, "not-found");
        ada.delete(&elsewhere, "*").await.problem(404, "not-found");
        ada.post(&format!("/v1/editorial/articles/{NOBODY}/notes"), json!({"body": "x"})).await.problem(404, "not-found");
        for (path, parameter) in [
            ("/v1/editorial/articles/ships/notes".to_owned(), "id"),
            (format!("{}/first", notes(&article)), "note_id"),
        ] {
            let problem = ada.get(&path).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter);
        }
        assert_eq!(ada.get(&at(&note)).await.json(), note);
    }

    async fn an_article_that_is_gone_for_good_takes_its_notes_with_it(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let note = write(&ada, &article, "Which harbour?").await;
        app.run_sql(
            "INSERT INTO purged_articles (article_id, was_public, purged_at, purged_by) SELECT id, TRUE, updated_at, created_by FROM articles;
             DELETE FROM articles;",
        )
        .await;
        let problem = ada.get(&notes(&article)).await.problem(410, "gone");
        assert_eq!(problem["detail"], "The article was removed for good at 2026-03-01T12:00:00.000Z.");
        ada.post(&notes(&article), json!({"body": "x"})).await.problem(410, "gone");
        ada.get(&at(&note)).await.problem(410, "gone");
        ada.patch(&at(&note), "*", json!({"resolved": true})).await.problem(410, "gone");
        ada.delete(&at(&note), "*").await.problem(410, "gone");
    }

    async fn a_rehearsed_note_is_answered_and_not_kept(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let note = write(&ada, &article, "Which harbour?").await;
        let rehearsed = ada.post(&format!("{}?validate_only=true", notes(&article)), json!({"body": "Tell me."})).await.expect(201);
        assert_eq!((rehearsed.header("validate-only"), &rehearsed.json()["body"]), ("true", &json!("Tell me.")));
        let resolved = ada.patch(&format!("{}?validate_only=true", at(&note)), "\"r1\"", json!({"resolved": true})).await.expect(200);
        assert_eq!(resolved.json()["revision"], 2);
        ada.delete(&format!("{}?validate_only=true", at(&note)), "\"r1\"").await.expect(204);
        ada.delete(&format!("{}?validate_only=true", at(&note)), "\"r2\"").await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&notes(&article)).await.json()["data"], json!([note]));
    }

    async fn a_note_that_is_sent_again_with_its_key_is_written_once(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let send = |method: Method, path: String, body: Value| {
            let draft = ada.request(method, &path).header("Idempotency-Key", "\"8e03978e\"").header("If-Match", "\"r1\"");
            draft.json(&body).send()
        };
        let first = send(Method::POST, notes(&article), json!({"body": "Which harbour?"})).await.expect(201);
        let again = send(Method::POST, notes(&article), json!({"body": "Which harbour?"})).await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!((again.json(), again.header("location")), (first.json(), first.header("location")));
        let other = send(Method::POST, notes(&article), json!({"body": "Which quay?"})).await;
        other.problem(422, "idempotency-key-reused");
        assert_eq!(texts(&ada.get(&notes(&article)).await), ["Which harbour?"]);

        let note = first.json();
        // The second request names a revision that is gone, and gets the answer of the first.
        let first = send(Method::PATCH, at(&note), json!({"resolved": true})).await.expect(200);
        let again = send(Method::PATCH, at(&note), json!({"resolved": true})).await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
    }
}
