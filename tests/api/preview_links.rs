//! Preview links: how the newsroom lets somebody without an account read one revision of an article.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::claims::PreviewClaims;
use galley::accounts::keys::TokenFault;
use galley::accounts::permissions::Role;
use galley::articles::previews::preview_link::PreviewLinkLookup;
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

/// Where the preview links of an article are.
fn links(article: &Value) -> String {
    format!("/v1/editorial/articles/{}/preview-links", id(article))
}

/// Where one of them is for the newsroom.
fn at(article: &Value, link: &Value) -> String {
    format!("{}/{}", links(article), id(link))
}

/// Makes a draft whose revision is in its history.
async fn draft(app: &TestApp, client: &Client, title: &str) -> Value {
    let article = client.draft(title).await;
    remember_revisions(app).await;
    article
}

/// Puts the current revision of every article into its history, if it is not there yet.
async fn remember_revisions(app: &TestApp) {
    app.run_sql(
        "INSERT INTO revisions
         (article_id, revision, kind, title, message, changed_fields, saved_at, saved_by, began_at, content)
         SELECT id, revision, 'save', title, NULL, '[]', updated_at, updated_by, updated_at, '{}' FROM articles WHERE true
         ON CONFLICT DO NOTHING",
    )
    .await;
}

async fn link(client: &Client, article: &Value, body: Value) -> Value {
    client.post(&links(article), body).await.expect(201).json()
}

async fn lookup(app: &TestApp, link: &Value) -> PreviewLinkLookup {
    let (link, now) = (Uuid::parse_str(id(link)).unwrap(), app.state.clock.now().into());
    let found: Result<PreviewLinkLookup, Failure> = read!(&app.state.database, preview_links::usable(link, now));
    found.unwrap()
}

/// What the token of a link says, if it is good now.
fn claims(app: &TestApp, link: &Value) -> Result<PreviewClaims, TokenFault> {
    app.state
        .keys
        .verify_preview(link["token"].as_str().unwrap(), app.state.clock.now())
}

fn states(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let links = list["data"].as_array().unwrap();
    links
        .iter()
        .map(|link| {
            format!(
                "{} {}",
                link["label"].as_str().unwrap(),
                link["state"].as_str().unwrap()
            )
        })
        .collect()
}

on_both_databases! {
    async fn a_link_is_made_for_one_revision_and_shows_its_token_once(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        ada.patch(&format!("/v1/editorial/articles/{}", id(&article)), "*", json!({"title": "Ships of the north"})).await.expect(200);
        let body = json!({"revision": 1, "expires_in_seconds": 3600, "label": " For Grace "});
        let made = ada.post(&links(&article), body).await.expect(201);
        let created = made.json();
        insta::assert_json_snapshot!("preview_link_created", created, {".id" => "ID", ".token" => "TOKEN", ".url" => "URL"});
        assert_eq!(created["url"], format!("https://galley.example/v1/previews/{}", created["token"].as_str().unwrap()));
        assert_eq!(made.header("location"), format!("https://galley.example{}", at(&article, &created)));
        assert_eq!(made.header("cache-control"), "private, no-store");
        let claims = claims(&app, &created).unwrap();
        assert_eq!((claims.jti.to_string(), claims.sub.to_string(), claims.revision), (id(&created).to_owned(), id(&article).to_owned(), 1));
        assert_eq!((claims.iat, claims.exp - claims.iat), (app.state.clock.now().timestamp(), 3600));
        // The API takes it for no token of an account.
        app.bearer(created["token"].as_str().unwrap()).get("/v1/auth/me").await.problem(401, "token-invalid");

        let read = ada.get(&at(&article, &created)).await.expect(200);
        insta::assert_json_snapshot!("preview_link", read.json(), {".id" => "ID"});
        ada.request(Method::GET, &at(&article, &created)).header("If-None-Match", read.header("etag")).send().await.expect(304);
        let listed = ada.get(&links(&article)).await.expect(200);
        assert_eq!(listed.json()["data"], json!([read.json()]));
        assert!(!listed.text().contains(created["token"].as_str().unwrap()));
        let expected = PreviewLinkLookup::Usable { article: RowId(Uuid::parse_str(id(&article)).unwrap()), revision: 1 };
        assert_eq!(lookup(&app, &created).await, expected);
    }

    async fn a_link_of_which_nothing_is_said_shows_the_current_revision_for_a_week(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        ada.patch(&format!("/v1/editorial/articles/{}", id(&article)), "*", json!({"title": "Ships of the north"})).await.expect(200);
        remember_revisions(&app).await;
        let bodiless = ada.request(Method::POST, &links(&article)).send().await.expect(201).json();
        for created in [bodiless, link(&ada, &article, json!({})).await] {
            assert_eq!((&created["revision"], created.get("label")), (&json!(2), None));
            assert_eq!(created["expires_at"], "2026-03-08T12:00:00.000Z");
        }
    }

    async fn a_link_ends_by_itself_or_when_it_is_ended(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        let mut made = Vec::new();
        for (label, seconds) in [("short", 60), ("long", 2_592_000), ("revoked", 60)] {
            made.push(link(&ada, &article, json!({"label": label, "expires_in_seconds": seconds})).await);
            app.state.clock.advance(Duration::seconds(1));
        }
        let revoked = &made[2];
        ada.request(Method::DELETE, &at(&article, revoked)).send().await.expect(204);
        assert_eq!(states(&ada.get(&links(&article)).await), ["revoked revoked", "long active", "short active"]);
        assert_eq!(lookup(&app, revoked).await, PreviewLinkLookup::Revoked);
        app.state.clock.advance(Duration::seconds(56));
        assert!(matches!(lookup(&app, &made[0]).await, PreviewLinkLookup::Usable { .. }));
        app.state.clock.advance(Duration::seconds(1));
        assert_eq!(lookup(&app, &made[0]).await, PreviewLinkLookup::Expired);
        assert_eq!(states(&ada.get(&links(&article)).await), ["revoked revoked", "long active", "short expired"]);
        assert_eq!(lookup(&app, &json!({"id": NOBODY})).await, PreviewLinkLookup::Absent);

        // Ending it again changes nothing, also not when it was ended.
        let before = ada.get(&at(&article, revoked)).await.json();
        assert_eq!(before["revoked_at"], "2026-03-01T12:00:03.000Z");
        for if_match in ["*", "\"r1\""] {
            ada.delete(&at(&article, revoked), if_match).await.expect(204);
        }
        assert_eq!(ada.get(&at(&article, revoked)).await.json(), before);
        ada.delete(&at(&article, &made[1]), "\"r2\"").await.problem(412, "precondition-failed");
        assert!(matches!(lookup(&app, &made[1]).await, PreviewLinkLookup::Usable { .. }));
    }

    async fn links_are_listed_from_the_newest_on(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (draft(&app, &ada, "Ships").await, draft(&app, &ada, "Gulls").await);
        for label in ["one", "two", "three"] {
            app.state.clock.advance(Duration::minutes(1));
            link(&ada, &article, json!({"label": label})).await;
        }
        link(&ada, &other, json!({"label": "to something else"})).await;
        let first = ada.get(&format!("{}?limit=2", links(&article))).await.expect(200);
        assert_eq!(states(&first), ["three active", "two active"]);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let second = ada.get(&format!("{}?limit=2&cursor={next}", links(&article))).await.expect(200);
        assert_eq!(states(&second), ["one active"]);
        let prev = second.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = ada.get(&format!("{}?limit=2&cursor={prev}", links(&article))).await.expect(200);
        assert_eq!(states(&back), ["three active", "two active"]);
        for (path, code) in [
            (format!("{}?cursor={next}", links(&other)), "cursor-mismatch"),
            (format!("{}?cursor=nonsense", links(&article)), "cursor-invalid"),
            (format!("{}?limit=101", links(&article)), "limit-too-large"),
            (format!("{}?state=active", links(&article)), "unknown-parameter"),
        ] {
            ada.get(&path).await.problem(400, code);
        }
    }

    async fn a_link_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        let too_long = "é".repeat(101);
        for (body, pointer, code) in [
            (json!({"revision": 0}), "#/revision", "out-of-range"),
            (json!({"revision": "1"}), "#/revision", "wrong-type"),
            (json!({"expires_in_seconds": 59}), "#/expires_in_seconds", "out-of-range"),
            (json!({"expires_in_seconds": 2_592_001}), "#/expires_in_seconds", "out-of-range"),
            (json!({"expires_in_seconds": 60.5}), "#/expires_in_seconds", "wrong-type"),
            (json!({"label": ""}), "#/label", "empty"),
            (json!({"label": too_long}), "#/label", "too-long"),
            (json!({"label": "a\nb"}), "#/label", "control-character"),
            (json!({"expires_at": "2026-03-08T12:00:00Z"}), "#/expires_at", "unknown"),
        ] {
            let problem = ada.post(&links(&article), body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        let problem = ada.post(&links(&article), json!({"revision": 7})).await.problem(409, "revision-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/revision");
        ada.request(Method::POST, &links(&article)).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, &links(&article)).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
        assert_eq!(states(&ada.get(&links(&article)).await), [""; 0]);
    }

    async fn an_article_has_at_most_a_hundred_links_that_are_good(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        let first = link(&ada, &article, json!({"expires_in_seconds": 120})).await;
        for _ in 2..=100 {
            link(&ada, &article, json!({"expires_in_seconds": 60})).await;
        }
        let problem = ada.post(&links(&article), json!({})).await.problem(409, "too-many");
        assert!(problem["detail"].as_str().unwrap().contains("100 links"), "{problem}");
        ada.delete(&at(&article, &first), "*").await.expect(204);
        link(&ada, &article, json!({})).await;
        ada.post(&links(&article), json!({})).await.problem(409, "too-many");
        app.state.clock.advance(Duration::seconds(60));
        link(&ada, &article, json!({})).await;
    }

    async fn links_are_made_by_those_who_may_write_the_article(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let article = draft(&app, &ada, "Ships").await;
        let created = link(&ada, &article, json!({})).await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path, scope) in [
            (Method::GET, links(&article), "articles:read"),
            (Method::POST, links(&article), "articles:write"),
            (Method::GET, at(&article, &created), "articles:read"),
            (Method::DELETE, at(&article, &created), "articles:write"),
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
        assert!(matches!(lookup(&app, &created).await, PreviewLinkLookup::Usable { .. }));
        let own = draft(&app, &grace, "Gulls").await;
        let created = link(&grace, &own, json!({})).await;
        // Editors end what writers gave away.
        ada.request(Method::DELETE, &at(&own, &created)).send().await.expect(204);
        assert_eq!(lookup(&app, &created).await, PreviewLinkLookup::Revoked);
    }

    async fn what_is_not_there_is_told(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (draft(&app, &ada, "Ships").await, draft(&app, &ada, "Gulls").await);
        let created = link(&ada, &article, json!({})).await;
        for (path, what) in [
            (format!("/v1/editorial/articles/{NOBODY}/preview-links"), "article"),
            (format!("{}/{NOBODY}", links(&article)), "preview link"),
            (at(&other, &created), "preview link"),
        ] {
            let problem = ada.get(&path).await.problem(404, "not-found");
            assert_eq!(problem["detail"], format!("There is no such {what}."), "{path}");
        }
        ada.delete(&at(&other, &created), "*").await.problem(404, "not-found");
        ada.post(&format!("/v1/editorial/articles/{NOBODY}/preview-links"), json!({})).await.problem(404, "not-found");
        let problem = ada.get(&format!("{}/first", links(&article))).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "link_id");

        app.run_sql(
            "INSERT INTO purged_articles (article_id, was_public, purged_at, purged_by) SELECT id, TRUE, updated_at, created_by FROM articles;
             DELETE FROM articles;",
        )
        .await;
        ada.get(&links(&article)).await.problem(410, "gone");
        ada.get(&at(&article, &created)).await.problem(410, "gone");
        ada.post(&links(&article), json!({})).await.problem(410, "gone");
        ada.delete(&at(&article, &created), "*").await.problem(410, "gone");
        assert_eq!(lookup(&app, &created).await, PreviewLinkLookup::Absent);
    }

    async fn a_rehearsed_link_leads_nowhere(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        let created = link(&ada, &article, json!({})).await;
        let path = format!("{}?validate_only=true", links(&article));
        let rehearsed = ada.post(&path, json!({"label": "For Grace"})).await.expect(201);
        assert_eq!((rehearsed.header("validate-only"), &rehearsed.json()["label"]), ("true", &json!("For Grace")));
        assert_eq!(lookup(&app, &rehearsed.json()).await, PreviewLinkLookup::Absent);
        ada.post(&path, json!({"revision": 7})).await.problem(409, "revision-unknown");
        ada.delete(&format!("{}?validate_only=true", at(&article, &created)), "*").await.expect(204);
        assert!(matches!(lookup(&app, &created).await, PreviewLinkLookup::Usable { .. }));
        assert_eq!(ada.get(&links(&article)).await.json()["data"].as_array().unwrap().len(), 1);
    }

    async fn a_link_that_is_asked_for_again_with_its_key_is_made_once(app: TestApp) {
        let ada = app.editor().await;
        let article = draft(&app, &ada, "Ships").await;
        let send = |method: Method, path: String, body: Value| {
            ada.request(method, &path).header("Idempotency-Key", "\"8e03978e\"").json(&body).send()
        };
        let first = send(Method::POST, links(&article), json!({"label": "For Grace"})).await.expect(201);
        let again = send(Method::POST, links(&article), json!({"label": "For Grace"})).await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
        send(Method::POST, links(&article), json!({"label": "For Bob"})).await.problem(422, "idempotency-key-reused");
        assert_eq!(states(&ada.get(&links(&article)).await), ["For Grace active"]);
        let created = first.json();
        send(Method::DELETE, at(&article, &created), json!({})).await.expect(204);
        let again = send(Method::DELETE, at(&article, &created), json!({})).await.expect(204);
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}
