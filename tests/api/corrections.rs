//! Corrections: what readers are told was wrong in an article.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::articles::corrections::views::{CorrectionOut, published_corrections};
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

/// Where the corrections of an article are.
fn corrections(article: &Value) -> String {
    format!("/v1/editorial/articles/{}/corrections", id(article))
}

/// Where one of them is.
fn at(correction: &Value) -> String {
    let article = correction["article_id"].as_str().unwrap();
    format!("/v1/editorial/articles/{article}/corrections/{}", id(correction))
}

async fn correct(client: &Client, article: &Value, note: &str) -> Value {
    client
        .post(&corrections(article), json!({"note": note}))
        .await
        .expect(201)
        .json()
}

fn told(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let corrections = list["data"].as_array().unwrap();
    corrections
        .iter()
        .map(|one| one["note"].as_str().unwrap().to_owned())
        .collect()
}

/// What the article's next publication will tell its readers.
async fn next_told(app: &TestApp, article: &Value) -> String {
    let article = RowId(Uuid::parse_str(id(article)).unwrap());
    let json: Result<String, Failure> = read!(&app.state.database, corrections::as_json(article));
    json.unwrap()
}

/// What readers of the only published article are told, in the form that its snapshot holds.
async fn readers_told(app: &TestApp, article: &Value) -> String {
    app.run_sql("UPDATE published_articles SET subtitle = corrections")
        .await;
    let seen = app
        .reader()
        .get(&format!("/v1/articles/{}", id(article)))
        .await
        .expect(200)
        .json();
    seen["subtitle"].as_str().unwrap().to_owned()
}

on_both_databases! {
    async fn readers_are_told_at_once_what_was_wrong(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let page = format!("/v1/articles/{}", id(&article));
        let before = reader.get(&page).await.expect(200);
        app.state.clock.advance(Duration::minutes(10));
        let made = ada.post(&corrections(&article), json!({"note": "The harbour closed in 1987.", "from_revision": 1})).await.expect(201);
        let correction = made.json();
        insta::assert_json_snapshot!("correction", correction, {".id" => "ID"});
        assert_eq!(made.header("location"), format!("https://galley.example{}", at(&correction)));
        assert!(made.header("etag").starts_with("\"r1."), "{}", made.header("etag"));
        let read = ada.get(&at(&correction)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (correction.clone(), made.header("etag")));
        ada.request(Method::GET, &at(&correction)).header("If-None-Match", made.header("etag")).send().await.expect(304);

        let seen = reader.get(&page).await.expect(200);
        assert_eq!(seen.json()["updated_at"], "2026-03-01T12:10:00.000Z");
        assert_eq!(seen.json()["published_at"], before.json()["published_at"]);
        assert_ne!(seen.header("etag"), before.header("etag"));
        app.state.clock.advance(Duration::minutes(1));
        correct(&ada, &article, "So did the \"Crane\".").await;
        let json = readers_told(&app, &article).await;
        insta::assert_snapshot!("published_corrections", json);
        assert_eq!(next_told(&app, &article).await, json);
        let out: Vec<CorrectionOut> = published_corrections(&json);
        assert_eq!(serde_json::to_string(&out).unwrap(), json);

        app.state.clock.advance(Duration::minutes(1));
        ada.delete(&at(&correction), made.header("etag")).await.expect(204);
        let left = readers_told(&app, &article).await;
        assert_eq!(published_corrections(&left), out[..1]);
        assert_eq!(reader.get(&page).await.json()["updated_at"], "2026-03-01T12:12:00.000Z");
        ada.get(&at(&correction)).await.problem(404, "not-found");
        ada.delete(&at(&correction), "*").await.problem(404, "not-found");
    }

    async fn a_draft_keeps_its_corrections_for_its_publication(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        assert_eq!(next_told(&app, &article).await, "[]");
        let correction = correct(&ada, &article, "The harbour closed in 1987.").await;
        assert_eq!(correction.get("from_revision"), None);
        let expected = r#"[{"note":"The harbour closed in 1987.","created_at":"2026-03-01T12:00:00.000Z"}]"#;
        assert_eq!(next_told(&app, &article).await, expected);
        app.reader().get(&format!("/v1/articles/{}", id(&article))).await.problem(404, "not-found");
    }

    async fn corrections_are_listed_from_the_newest_on(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.draft("Ships").await, ada.draft("Gulls").await);
        for note in ["one", "two", "three"] {
            app.state.clock.advance(Duration::minutes(1));
            correct(&ada, &article, note).await;
        }
        correct(&ada, &other, "about something else").await;
        assert_eq!(told(&ada.get(&corrections(&article)).await.expect(200)), ["three", "two", "one"]);
        let first = ada.get(&format!("{}?limit=2", corrections(&article))).await.expect(200);
        assert_eq!(told(&first), ["three", "two"]);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let second = ada.get(&format!("{}?limit=2&cursor={next}", corrections(&article))).await.expect(200);
        assert_eq!(told(&second), ["one"]);
        let prev = second.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = ada.get(&format!("{}?limit=2&cursor={prev}", corrections(&article))).await.expect(200);
        assert_eq!(told(&back), ["three", "two"]);
        for (path, code) in [
            (format!("{}?cursor={next}", corrections(&other)), "cursor-mismatch"),
            (format!("{}?cursor=nonsense", corrections(&article)), "cursor-invalid"),
            (format!("{}?limit=101", corrections(&article)), "limit-too-large"),
            (format!("{}?state=open", corrections(&article)), "unknown-parameter"),
        ] {
            ada.get(&path).await.problem(400, code);
        }
    }

    async fn a_correction_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let too_long = "é".repeat(2_001);
        for (body, pointer, code) in [
            (json!({}), "#/note", "required"),
            (json!({"note": " \n"}), "#/note", "empty"),
            (json!({"note": too_long}), "#/note", "too-long"),
            (json!({"note": "a\u{0}"}), "#/note", "control-character"),
            (json!({"note": true}), "#/note", "wrong-type"),
            (json!({"note": "x", "from_revision": 0}), "#/from_revision", "out-of-range"),
            (json!({"note": "x", "from_revision": -1}), "#/from_revision", "out-of-range"),
            (json!({"note": "x", "from_revision": 18_446_744_073_709_551_615_u64}), "#/from_revision", "out-of-range"),
            (json!({"note": "x", "from_revision": 2}), "#/from_revision", "out-of-range"),
            (json!({"note": "x", "from_revision": 1.5}), "#/from_revision", "wrong-type"),
            (json!({"note": "x", "from_revision": "1"}), "#/from_revision", "wrong-type"),
            (json!({"note": "x", "text": "y"}), "#/text", "unknown"),
        ] {
            let problem = ada.post(&corrections(&article), body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        let problem = ada.post(&corrections(&article), json!({"note": "x", "from_revision": 2})).await.problem(422, "validation-failed");
        assert!(only_fault(&problem)["detail"].as_str().unwrap().contains("at revision 1"), "{problem}");
        ada.request(Method::POST, &corrections(&article)).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, &corrections(&article)).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
        assert_eq!(told(&ada.get(&corrections(&article)).await), [""; 0]);
    }

    async fn an_article_has_at_most_a_hundred_corrections(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let first = correct(&ada, &article, "The first.").await;
        for number in 2..=100 {
            correct(&ada, &article, &format!("Number {number}.")).await;
        }
        let problem = ada.post(&corrections(&article), json!({"note": "One more."})).await.problem(409, "too-many");
        assert!(problem["detail"].as_str().unwrap().contains("100 corrections"), "{problem}");
        ada.delete(&at(&first), "*").await.expect(204);
        correct(&ada, &article, "One more.").await;
    }

    async fn a_removal_must_name_the_revision_which_is_always_the_first(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let correction = correct(&ada, &article, "The harbour closed in 1987.").await;
        let problem = ada.request(Method::DELETE, &at(&correction)).send().await.problem(428, "precondition-required");
        assert_eq!(problem["current_etag"], "\"r1\"");
        let problem = ada.delete(&at(&correction), "\"r2\"").await.problem(412, "precondition-failed");
        assert_eq!((&problem["current_revision"], &problem["changed_by"]), (&json!(1), &correction["created_by"]));
        for method in [Method::PATCH, Method::PUT] {
            let refused = ada.request(method, &at(&correction)).json(&json!({"note": "x"})).send().await;
            assert!(refused.header("allow").contains("DELETE"), "{}", refused.header("allow"));
            refused.problem(405, "method-not-allowed");
        }
        ada.delete(&at(&correction), "\"r1\"").await.expect(204);
    }

    async fn corrections_are_made_by_those_who_may_publish_the_article(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let article = ada.draft("Ships").await;
        let correction = correct(&ada, &article, "The harbour closed in 1987.").await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path, scope) in [
            (Method::GET, corrections(&article), "articles:read"),
            (Method::POST, corrections(&article), "articles:publish"),
            (Method::GET, at(&correction), "articles:read"),
            (Method::DELETE, at(&correction), "articles:publish"),
        ] {
            let send = |client: &Client| client.request(method.clone(), &path).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("nonsense")).await.problem(401, "token-invalid");
            for client in [&moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains(scope), "{problem}");
            }
            send(&grace).await.problem(404, "not-found");
        }
        let own = grace.draft("Gulls").await;
        let correction = correct(&grace, &own, "They are terns.").await;
        grace.delete(&at(&correction), "*").await.expect(204);
    }

    async fn what_is_not_there_is_told(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.draft("Ships").await, ada.draft("Gulls").await);
        let correction = correct(&ada, &article, "The harbour closed in 1987.").await;
        let elsewhere = format!("{}/{}", corrections(&other), id(&correction));
        for (path, what) in [
            (format!("/v1/editorial/articles/{NOBODY}/corrections"), "article"),
            (format!("{}/{NOBODY}", corrections(&article)), "correction"),
            (elsewhere.clone(), "correction"),
        ] {
            let problem = ada.get(&path).await.problem(404, "not-found");
            assert_eq!(problem["detail"], format!("There is no such {what}."), "{path}");
        }
        ada.delete(&elsewhere, "*").await.problem(404, "not-found");
        ada.post(&format!("/v1/editorial/articles/{NOBODY}/corrections"), json!({"note": "x"})).await.problem(404, "not-found");
        let problem = ada.get(&format!("{}/first", corrections(&article))).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "correction_id");

        app.run_sql(
            "INSERT INTO purged_articles (article_id, was_public, purged_at, purged_by) SELECT id, TRUE, updated_at, created_by FROM articles;
             DELETE FROM articles;",
        )
        .await;
        ada.get(&corrections(&article)).await.problem(410, "gone");
        ada.get(&at(&correction)).await.problem(410, "gone");
        ada.post(&corrections(&article), json!({"note": "x"})).await.problem(410, "gone");
        ada.delete(&at(&correction), "*").await.problem(410, "gone");
    }

    async fn a_rehearsed_correction_is_answered_and_not_told(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let correction = correct(&ada, &article, "The harbour closed in 1987.").await;
        let before = readers_told(&app, &article).await;
        app.state.clock.advance(Duration::minutes(10));
        let path = format!("{}?validate_only=true", corrections(&article));
        let rehearsed = ada.post(&path, json!({"note": "Never mind."})).await.expect(201);
        assert_eq!((rehearsed.header("validate-only"), &rehearsed.json()["note"]), ("true", &json!("Never mind.")));
        ada.post(&path, json!({"note": "x", "from_revision": 9})).await.problem(422, "validation-failed");
        ada.delete(&format!("{}?validate_only=true", at(&correction)), "*").await.expect(204);
        assert_eq!(ada.get(&corrections(&article)).await.json()["data"], json!([correction]));
        assert_eq!(readers_told(&app, &article).await, before);
        let seen = app.reader().get(&format!("/v1/articles/{}", id(&article))).await.json();
        assert_eq!(seen["updated_at"], "2026-03-01T12:00:00.000Z");
    }

    async fn a_correction_that_is_sent_again_with_its_key_is_made_once(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let send = |method: Method, path: String, body: Value| {
            let draft = ada.request(method, &path).header("Idempotency-Key", "\"8e03978e\"").header("If-Match", "*");
            draft.json(&body).send()
        };
        let body = json!({"note": "The harbour closed in 1987."});
        let first = send(Method::POST, corrections(&article), body.clone()).await.expect(201);
        let again = send(Method::POST, corrections(&article), body).await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
        send(Method::POST, corrections(&article), json!({"note": "In 1988."})).await.problem(422, "idempotency-key-reused");
        assert_eq!(told(&ada.get(&corrections(&article)).await).len(), 1);
        let correction = first.json();
        send(Method::DELETE, at(&correction), json!({})).await.expect(204);
        let again = send(Method::DELETE, at(&correction), json!({})).await.expect(204);
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}
