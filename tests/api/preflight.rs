//! Preflight: what speaks against publishing an article, and who may publish it all the same.

use actix_web::http::Method;
use chrono::{Duration, SecondsFormat};
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const ARTICLES: &str = "/v1/editorial/articles";
const SETTINGS: &str = "/v1/editorial/settings";
const NOBODY: &str = "/v1/editorial/articles/00000000-0000-7000-8000-000000000000";

/// Where the newsroom finds an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

fn preflight(article: &Value) -> String {
    format!("{}/preflight", desk(article))
}

async fn make(client: &Client, body: Value) -> Value {
    client.post(ARTICLES, body).await.expect(201).json()
}

async fn change(client: &Client, article: &Value, body: Value) -> Value {
    client.patch(&desk(article), "*", body).await.expect(200).json()
}

async fn step(client: &Client, article: &Value, step: &str, body: Value) -> Answer {
    client.post(&format!("{}/{step}", desk(article)), body).await
}

/// An article with a text that nothing else speaks against.
fn with_text(title: &str, text: &str) -> Value {
    json!({"title": title, "body_markdown": text, "excerpt": "Short.", "lang": "en", "byline": "By our staff"})
}

/// What was found, in short: rule, severity, place and line.
async fn findings(client: &Client, article: &Value) -> Vec<String> {
    let report = client.get(&preflight(article)).await.expect(200).json();
    let of_section = |finding: &&Value| finding["rule"] != "missing-section";
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(of_section)
        .map(|finding| {
            let [rule, severity, pointer] =
                ["rule", "severity", "pointer"].map(|member| finding[member].as_str().unwrap());
            match finding.get("line") {
                Some(line) => format!("{rule} {severity} {pointer} {line}"),
                None => format!("{rule} {severity} {pointer}"),
            }
        })
        .collect()
}

/// The faults of a refusal: place, line and rule.
fn faults(problem: &Value) -> Vec<String> {
    let faults = problem["errors"].as_array().unwrap();
    faults
        .iter()
        .map(|fault| format!("{} {} {}", fault["pointer"], fault["line"], fault["code"]).replace('"', ""))
        .collect()
}

/// The settings with the address of articles on the public site.
async fn articles_at(app: &TestApp, url: &str) {
    let root = app.account(Role::Administrator).await;
    root.patch(SETTINGS, "*", json!({"article_url": url})).await.expect(200);
}

/// An article whose text leads nowhere and whose cover says nothing.
fn broken(title: &str) -> Value {
    let mut body = with_text(
        title,
        "One.\n\nTwo [links](/v1/articles/by-slug/nowhere).\n\n[Three](/v1/articles/by-slug/no-place)",
    );
    body["cover"] = json!({"url": "https://example.org/a.jpg"});
    body
}

const FAULTS_OF_BROKEN: [&str; 3] = [
    "#/cover/alt null missing-cover-alt-text",
    "#/body_markdown 3 unknown-link",
    "#/body_markdown 5 unknown-link",
];

fn in_an_hour(app: &TestApp) -> String {
    let then = app.state.clock.now() + Duration::hours(1);
    then.to_rfc3339_opts(SecondsFormat::Millis, true)
}

on_both_databases! {
    async fn every_rule_tells_what_is_wrong_and_where(app: TestApp) {
        let (root, ada) = (app.account(Role::Administrator).await, app.editor().await);
        let settings = json!({"title_characters": 20, "article_url": "https://example.org/stories/{slug}"});
        root.patch(SETTINGS, "*", settings).await.expect(200);
        make(&ada, with_text("Draft", "x")).await;
        let text = "# Too high\n\nA [link](/stories/nowhere) and [one](https://example.org/stories/draft) to a draft.\n\n\
            ![](http://example.org/a.png)";
        let article = make(&ada, json!({
            "title": "A title of more than twenty letters", "slug": "everything", "body_markdown": text,
            "authors": [{"name": "Ada Lovelace", "bio": "Writes."}, {"name": "Grace Hopper"}],
            "cover": {"url": "http://example.org/b.jpg"}, "seo": {"social_image": "http://example.org/c.jpg"}
        })).await;
        ada.post(&format!("{}/notes", desk(&article)), json!({"body": "Is that so?"})).await.expect(201);
        let report = ada.get(&preflight(&article)).await.expect(200);
        assert_eq!(report.header("cache-control"), "private, no-store");
        insta::assert_json_snapshot!("preflight", report.json());

        let note = ada.get(&format!("{}/notes", desk(&article))).await.json()["data"][0].clone();
        ada.patch(&format!("{}/notes/{}", desk(&article), id(&note)), "*", json!({"resolved": true})).await.expect(200);
        assert!(!findings(&ada, &article).await.contains(&"open-notes warning #".to_owned()));
        let nobody = make(&ada, json!({"title": "Nobody", "body_markdown": "x", "excerpt": "x", "lang": "en"})).await;
        assert_eq!(findings(&ada, &nobody).await, ["missing-byline warning #/authors"]);
        // No request can give two articles one slug.
        app.run_sql("UPDATE article_slugs SET article_id = (SELECT id FROM articles WHERE slug = 'draft') WHERE slug = 'nobody'").await;
        assert_eq!(findings(&ada, &nobody).await, ["slug-clash error #/slug", "missing-byline warning #/authors"]);
    }

    async fn nothing_speaks_against_a_finished_article(app: TestApp) {
        let ada = app.editor().await;
        ada.post("/v1/editorial/sections", json!({"name": "News"})).await.expect(201);
        let mut body = with_text("Ships", "## Good\n\n![Cranes](https://example.org/a.png)\n\nSee [this](/v1/articles/by-slug/ships).");
        body["section"] = "news".into();
        body["cover"] = json!({"url": "https://example.org/a.jpg", "alt": "Cranes"});
        let ships = make(&ada, body).await;
        let report = ada.get(&preflight(&ships)).await.expect(200);
        assert_eq!(report.json(), json!({"revision": 1, "ready": true, "findings": []}));
        let held = ada.request(Method::GET, &preflight(&ships)).header("If-None-Match", report.header("etag"));
        held.send().await.expect(304);
        step(&ada, &ships, "publish", json!({})).await.expect(200);
        assert_eq!(ada.get(&preflight(&ships)).await.expect(200).json(), report.json());
    }

    async fn what_is_broken_is_not_published_unless_an_administrator_says_so(app: TestApp) {
        let (root, ada, reader) = (app.account(Role::Administrator).await, app.editor().await, app.reader());
        let article = make(&ada, broken("Ships")).await;
        let public = format!("/v1/articles/{}", id(&article));
        assert_eq!(ada.get(&preflight(&article)).await.json()["ready"], false);
        let publish = |client: &Client, body: Value| {
            client.request(Method::POST, &format!("{}/publish", desk(&article))).key("publish").json(&body)
        };
        let problem = app.rehearse_and_send(|| publish(&ada, json!({"force": false}))).await.problem(409, "not-ready");
        assert_eq!(faults(&problem), FAULTS_OF_BROKEN);
        assert_eq!(problem["detail"], "The article is not ready for 3 reasons; errors names each.");
        let problem = app.rehearse_and_send(|| publish(&ada, json!({"force": true}))).await.problem(403, "insufficient-scope");
        assert!(problem["detail"].as_str().unwrap().contains("admin"), "{problem}");
        // An administrator, too, is told first.
        publish(&root, json!({})).send().await.problem(409, "not-ready");
        reader.get(&public).await.problem(404, "not-found");
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
        let shown = app.rehearse_and_send(|| publish(&root, json!({"force": true}))).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["published_revision"]), (&json!("published"), &json!(1)));
        reader.get(&public).await.expect(200);
        let again = publish(&root, json!({"force": true})).send().await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", shown));

        let one = make(&ada, with_text("One", "[a](/v1/articles/by-slug/nowhere)")).await;
        let problem = step(&ada, &one, "publish", json!({})).await.problem(409, "not-ready");
        assert_eq!(only_fault(&problem)["line"], 1);
        let detail = "The article is not ready: This links to the article nowhere, and there is none with this slug; correct the link.";
        assert_eq!(problem["detail"], detail);
        for force in [json!("true"), json!(1), json!({})] {
            let problem = step(&root, &one, "publish", json!({"force": force})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], "#/force");
        }
    }

    async fn what_is_broken_is_not_scheduled_either(app: TestApp) {
        let (root, ada) = (app.account(Role::Administrator).await, app.editor().await);
        let article = make(&ada, broken("Ships")).await;
        let at = in_an_hour(&app);
        let problem = step(&ada, &article, "schedule", json!({"publish_at": at})).await.problem(409, "not-ready");
        assert_eq!(faults(&problem), FAULTS_OF_BROKEN);
        let forced = json!({"publish_at": at, "force": true});
        step(&ada, &article, "schedule", forced.clone()).await.problem(403, "insufficient-scope");
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
        let scheduled = step(&root, &article, "schedule", forced).await.expect(200).json();
        assert_eq!(scheduled["status"], "scheduled");
        // The end of what readers see waits for nothing.
        let good = ada.published("Gulls").await;
        change(&ada, &good, json!({"cover": {"url": "https://example.org/a.jpg"}})).await;
        step(&ada, &good, "schedule", json!({"unpublish_at": at})).await.expect(200);
        step(&ada, &good, "publish", json!({})).await.problem(409, "not-ready");
        step(&ada, &good, "unpublish", json!({})).await.expect(200);
    }

    async fn a_save_that_publishes_is_held_to_the_same(app: TestApp) {
        let (root, ada, reader) = (app.account(Role::Administrator).await, app.editor().await, app.reader());
        let mut body = broken("Ships");
        body["status"] = "published".into();
        body["authors"] = json!([{"name": "Made By The Way"}]);
        body["tags"] = json!(["Made by the way"]);
        let before = app.database_digest().await;
        let forced = format!("{ARTICLES}?force=true");
        for (client, path, status, code) in [
            (&ada, ARTICLES, 409, "not-ready"),
            (&root, ARTICLES, 409, "not-ready"),
            (&root, &format!("{ARTICLES}?force=false"), 409, "not-ready"),
            (&ada, &forced, 403, "insufficient-scope"),
        ] {
            let problem = app.rehearse_and_send(|| client.request(Method::POST, path).json(&body)).await.problem(status, code);
            if code == "not-ready" {
                assert_eq!(faults(&problem), FAULTS_OF_BROKEN);
            }
        }
        let problem = root.post(&format!("{ARTICLES}?force=yes"), body.clone()).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "force");
        assert_eq!(app.database_digest().await, before);
        let made = app.rehearse_and_send(|| root.request(Method::POST, &forced).json(&body)).await.expect(201).json();
        assert_eq!(made["status"], "published");
        reader.get("/v1/articles/by-slug/ships").await.expect(200);

        // Without a publication there is nothing to force.
        let draft = make(&ada, broken("Gulls")).await;
        body["title"] = "Gulls".into();
        for path in [desk(&draft), format!("{ARTICLES}/by-slug/gulls"), format!("{ARTICLES}/by-external-id/old/1")] {
            body["slug"] = if path.contains("external") { "third" } else { "gulls" }.into();
            let put = |client: &Client, query: &str| {
                let request = client.request(Method::PUT, &format!("{path}{query}")).json(&body);
                if path.contains("external") { request } else { request.header("If-Match", "*") }
            };
            let before = app.database_digest().await;
            put(&ada, "").send().await.problem(409, "not-ready");
            put(&ada, "?force=true").send().await.problem(403, "insufficient-scope");
            assert_eq!(app.database_digest().await, before);
            let answer = put(&root, "?force=true").send().await;
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
            assert_eq!(answer.json()["status"], "published");
        }
        let drafted = ada.post(&forced, broken("Cranes")).await.expect(201).json();
        assert_eq!(drafted["status"], "draft");
    }

    async fn links_within_the_site_are_known_by_the_address_of_articles(app: TestApp) {
        let (ada, root) = (app.editor().await, app.account(Role::Administrator).await);
        make(&ada, json!({"title": "Shown", "body_markdown": "x", "status": "published"})).await;
        let text = "[a](https://example.org/stories/nowhere)\n[b](/stories/nowhere)\n[c](/stories/shown)\n\
            [d](/v1/articles/by-slug/nowhere)\n[e](https://elsewhere.example/stories/nowhere)";
        let ships = make(&ada, with_text("Ships", text)).await;
        assert_eq!(findings(&ada, &ships).await, ["unknown-link error #/body_markdown 4"]);
        articles_at(&app, "https://example.org/stories/{slug}").await;
        let expected = [1, 2, 4].map(|line| format!("unknown-link error #/body_markdown {line}"));
        assert_eq!(findings(&ada, &ships).await, expected);
        let problem = step(&ada, &ships, "publish", json!({})).await.problem(409, "not-ready");
        assert_eq!(faults(&problem), [1, 2, 4].map(|line| format!("#/body_markdown {line} unknown-link")));
        root.patch(SETTINGS, "*", json!({"article_url": null})).await.expect(200);
        assert_eq!(findings(&ada, &ships).await, ["unknown-link error #/body_markdown 4"]);
    }

    async fn where_articles_stand_at_the_root_other_pages_do_too(app: TestApp) {
        let ada = app.editor().await;
        articles_at(&app, "https://example.org/{slug}").await;
        make(&ada, with_text("Draft", "x")).await;
        let text = "[a](/about)\n[b](https://example.org/imprint/)\n[c](/draft)\n[d](/about/us)\n[e](/)";
        let ships = make(&ada, with_text("Ships", text)).await;
        let expected = ["unknown-page warning #/body_markdown 1", "unknown-page warning #/body_markdown 2", "unpublished-link warning #/body_markdown 3"];
        assert_eq!(findings(&ada, &ships).await, expected);
        step(&ada, &ships, "publish", json!({})).await.expect(200);
        // What is below the API can be nothing but an article.
        change(&ada, &ships, json!({"body_markdown": "[a](https://galley.example/v1/articles/by-slug/about)"})).await;
        assert_eq!(findings(&ada, &ships).await, ["unknown-link error #/body_markdown 1"]);
        step(&ada, &ships, "publish", json!({})).await.problem(409, "not-ready");
    }

    async fn a_link_leads_where_readers_get_to(app: TestApp) {
        let ada = app.editor().await;
        let target = ada.published("Harbour").await;
        let link = |slug: &str| format!("[a](/v1/articles/by-slug/{slug})");
        let ships = make(&ada, with_text("Ships", &link("harbour"))).await;
        assert_eq!(findings(&ada, &ships).await, [""; 0]);
        // A new slug leads nowhere until it is published, and the old one leads on after that.
        change(&ada, &target, json!({"slug": "port"})).await;
        assert_eq!(findings(&ada, &ships).await, [""; 0]);
        let other = make(&ada, with_text("Other", &link("port"))).await;
        assert_eq!(findings(&ada, &other).await, ["unpublished-link warning #/body_markdown 1"]);
        step(&ada, &target, "publish", json!({})).await.expect(200);
        assert_eq!((findings(&ada, &ships).await, findings(&ada, &other).await), (vec![], vec![]));
        step(&ada, &target, "unpublish", json!({})).await.expect(200);
        for article in [&ships, &other] {
            assert_eq!(findings(&ada, article).await, ["unpublished-link warning #/body_markdown 1"]);
        }
        ada.delete(&desk(&target), "*").await.expect(204);
        assert_eq!(findings(&ada, &other).await, ["unpublished-link warning #/body_markdown 1"]);
        ada.delete(&format!("{}?purge=true", desk(&target)), "*").await.expect(204);
        assert_eq!(findings(&ada, &other).await, ["unknown-link error #/body_markdown 1"]);
    }

    async fn a_scheduled_article_is_looked_at_when_the_time_is_set(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let ships = make(&ada, with_text("Ships", "Good.")).await;
        let at = in_an_hour(&app);
        step(&ada, &ships, "schedule", json!({"publish_at": at})).await.expect(200);
        change(&ada, &ships, json!({"body_markdown": "[a](/v1/articles/by-slug/nowhere)"})).await;
        // The later time would be that of the later text.
        step(&ada, &ships, "schedule", json!({"publish_at": at})).await.problem(409, "not-ready");
        app.state.clock.advance(Duration::hours(1));
        galley::jobs::run_due(&app.state).await.unwrap();
        assert_eq!(reader.get("/v1/articles/by-slug/ships").await.expect(200).json()["body_markdown"], "Good.");
    }

    async fn preflight_is_for_those_who_reach_the_article(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let (article, own) = (ada.draft("Ships").await, grace.draft("Gulls").await);
        app.reader().get(&preflight(&article)).await.problem(401, "not-authenticated");
        app.bearer("nonsense").get(&preflight(&article)).await.problem(401, "token-invalid");
        for role in [Role::Moderator, Role::Reader] {
            app.account(role).await.get(&preflight(&article)).await.problem(403, "insufficient-scope");
        }
        grace.get(&preflight(&article)).await.problem(404, "not-found");
        grace.get(&preflight(&own)).await.expect(200);
        ada.get(&preflight(&own)).await.expect(200);
        ada.get(&format!("{NOBODY}/preflight")).await.problem(404, "not-found");
        ada.get(&format!("{ARTICLES}/ships/preflight")).await.problem(400, "invalid-parameter");
        ada.delete(&desk(&article), "*").await.expect(204);
        ada.get(&preflight(&article)).await.expect(200);
        ada.delete(&format!("{}?purge=true", desk(&article)), "*").await.expect(204);
        ada.get(&preflight(&article)).await.problem(410, "gone");
    }
}
