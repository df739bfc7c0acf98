//! Series: articles that belong together.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use galley::database::failure::Failure;
use galley::read;
use galley::series::series::SeriesLookup;
use galley::slug::Slug;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const SERIES: &str = "/v1/editorial/series";

/// Where editors find a series.
fn desk(series: &Value) -> String {
    format!("{SERIES}/{}", id(series))
}

/// Where readers find a series.
fn page(series: &Value) -> String {
    format!("/v1/series/{}", id(series))
}

/// Makes a series of which nothing but the title is told.
async fn series(editor: &Client, title: &str) -> Value {
    editor.post(SERIES, json!({"title": title})).await.expect(201).json()
}

async fn change(editor: &Client, series: &Value, body: Value) -> Value {
    editor.patch(&desk(series), "*", body).await.expect(200).json()
}

fn titles(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let series = list["data"].as_array().unwrap();
    series
        .iter()
        .map(|series| series["title"].as_str().unwrap().to_owned())
        .collect()
}

async fn lookup(app: &TestApp, slug: &str) -> (&'static str, String) {
    let slug = Slug::parse(slug).unwrap();
    let found: Result<SeriesLookup, Failure> = read!(&app.state.database, series::find_by_slug(slug));
    match found.unwrap() {
        SeriesLookup::Found(row) => ("found", row.slug),
        SeriesLookup::Moved(row) => ("moved", row.slug),
        SeriesLookup::Absent => ("absent", String::new()),
    }
}

on_both_databases! {
    async fn a_series_is_made_read_changed_and_removed(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = json!({"title": "A year at sea", "description": "One report\na month."});
        let made = ada.post(SERIES, body).await.expect(201);
        let sea = made.json();
        insta::assert_json_snapshot!("series_editorial", sea);
        assert_eq!(made.header("location"), format!("https://galley.example{}", desk(&sea)));
        assert!(made.header("etag").starts_with("\"r1."));
        let read = ada.get(&desk(&sea)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (sea.clone(), made.header("etag")));
        assert_eq!(read.header("cache-control"), "private, no-store");
        let seen = reader.get(&page(&sea)).await.expect(200);
        insta::assert_json_snapshot!("series_public", seen.json());
        assert!(seen.header("cache-control").starts_with("public, max-age=0, s-maxage=60"));
        assert_eq!(reader.get("/v1/series/by-slug/a-year-at-sea").await.expect(200).json(), seen.json());
        insta::assert_json_snapshot!("series_public_list", reader.get("/v1/series").await.expect(200).json());
        insta::assert_json_snapshot!("series_editorial_list", ada.get(SERIES).await.expect(200).json());

        let patched = ada.patch(&desk(&sea), "\"r1\"", json!({"title": "Two years at sea"})).await.expect(200).json();
        assert_eq!((&patched["title"], &patched["slug"]), (&json!("Two years at sea"), &json!("a-year-at-sea")));
        assert_eq!(patched["description"], "One report\na month.");
        assert_eq!(patched["revision"], 2);
        let replaced = ada.put(&desk(&sea), "\"r2\"", json!({"title": "At sea"})).await.expect(200).json();
        assert_eq!(replaced.get("description"), None);
        assert_eq!((&replaced["slug"], &replaced["revision"]), (&json!("a-year-at-sea"), &json!(3)));
        let patched = change(&ada, &sea, json!({"description": "Again."})).await;
        assert_eq!(patched["description"], "Again.");
        assert_eq!(change(&ada, &sea, json!({"description": null})).await.get("description"), None);

        ada.delete(&desk(&sea), "\"r5\"").await.expect(204);
        ada.get(&desk(&sea)).await.problem(404, "not-found");
        reader.get(&page(&sea)).await.problem(404, "not-found");
        reader.get("/v1/series/by-slug/a-year-at-sea").await.problem(404, "not-found");
    }

    async fn a_change_of_a_series_must_name_the_current_revision(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let sea = series(&ada, "At sea").await;
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = ada.request(method, &desk(&sea)).json(&json!({"title": "Something"}));
            let problem = request.send().await.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"");
        }
        bob.patch(&desk(&sea), "\"r1\"", json!({"title": "At the sea"})).await.expect(200);
        let problem = ada.patch(&desk(&sea), "\"r1\"", json!({"title": "On land"})).await.problem(412, "precondition-failed");
        assert_eq!(problem["current_revision"], 2);
        assert!(problem["changed_by"].is_string(), "{problem}");
        ada.put(&desk(&sea), "\"r1\"", json!({"title": "On land"})).await.problem(412, "precondition-failed");
        ada.delete(&desk(&sea), "\"r1\"").await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&desk(&sea)).await.json()["title"], "At the sea");
    }

    async fn a_series_that_is_not_there_cannot_be_changed(app: TestApp) {
        let ada = app.editor().await;
        let nowhere = format!("{SERIES}/{}", Uuid::nil());
        ada.get(&nowhere).await.problem(404, "not-found");
        ada.put(&nowhere, "*", json!({"title": "At sea"})).await.problem(404, "not-found");
        ada.patch(&nowhere, "*", json!({"title": "At sea"})).await.problem(404, "not-found");
        ada.delete(&nowhere, "*").await.problem(404, "not-found");
        ada.get(&format!("{SERIES}/at-sea")).await.problem(400, "invalid-parameter");
        app.reader().get("/v1/series/by-slug/At-sea").await.problem(400, "invalid-parameter");
    }

    async fn a_former_slug_of_a_series_leads_to_the_current_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let sea = series(&ada, "At sea").await;
        assert_eq!(lookup(&app, "at-sea").await, ("found", "at-sea".to_owned()));
        change(&ada, &sea, json!({"slug": "sea"})).await;
        let moved = reader.get("/v1/series/by-slug/at-sea?x=1").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/series/by-slug/sea?x=1");
        change(&ada, &sea, json!({"slug": "ocean"})).await;
        for former in ["at-sea", "sea"] {
            let moved = reader.get(&format!("/v1/series/by-slug/{former}")).await.expect(308);
            assert_eq!(moved.header("location"), "https://galley.example/v1/series/by-slug/ocean");
            assert_eq!(lookup(&app, former).await, ("moved", "ocean".to_owned()));
        }
        change(&ada, &sea, json!({"slug": "at-sea"})).await;
        reader.get("/v1/series/by-slug/at-sea").await.expect(200);
        reader.get("/v1/series/by-slug/ocean").await.expect(308);
        // Another series may take a slug that only redirects.
        let other = series(&ada, "Ocean").await;
        assert_eq!(reader.get("/v1/series/by-slug/ocean").await.expect(200).json()["id"], other["id"]);
        ada.delete(&desk(&sea), "*").await.expect(204);
        reader.get("/v1/series/by-slug/sea").await.problem(404, "not-found");
        assert_eq!(lookup(&app, "sea").await, ("absent", String::new()));
    }

    async fn two_series_cannot_have_one_slug(app: TestApp) {
        let ada = app.editor().await;
        let first = series(&ada, "At sea").await;
        let before = ada.get(SERIES).await.json();
        let problem = ada.post(SERIES, json!({"title": "At sea"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&first["id"], &json!("at-sea-2")));
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        assert_eq!(ada.get(SERIES).await.json(), before);
        let second = ada.post(SERIES, json!({"title": "At sea", "slug": "at-sea-2"})).await.expect(201).json();
        let problem = ada.patch(&desk(&second), "*", json!({"slug": "at-sea"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&first["id"], &json!("at-sea-3")));
        assert_eq!(ada.get(&desk(&second)).await.json(), second);
        // A section is something else and may have the same slug.
        ada.post("/v1/editorial/sections", json!({"name": "At sea"})).await.expect(201);
    }

    async fn a_series_with_articles_cannot_be_removed(app: TestApp) {
        let ada = app.editor().await;
        let (sea, land) = (series(&ada, "At sea").await, series(&ada, "On land").await);
        ada.published("Ships").await;
        app.run_sql("UPDATE articles SET series_id = (SELECT id FROM series WHERE slug = 'at-sea'), series_position = 1").await;
        ada.delete(&desk(&sea), "*").await.problem(409, "series-in-use");
        // Also while only readers still see it there.
        app.run_sql("UPDATE articles SET series_id = NULL, series_position = NULL; \
            UPDATE published_articles SET series_id = (SELECT id FROM series WHERE slug = 'on-land'), series_position = 1").await;
        ada.delete(&desk(&land), "*").await.problem(409, "series-in-use");
        ada.delete(&desk(&sea), "*").await.expect(204);
        assert_eq!(titles(&ada.get(SERIES).await), ["On land"]);
    }

    async fn a_rehearsed_series_is_answered_and_not_stored(app: TestApp) {
        let ada = app.editor().await;
        let sea = series(&ada, "At sea").await;
        let before = ada.get(SERIES).await.json();
        let rehearse = |method: Method, path: &str| {
            ada.request(method, &format!("{path}?validate_only=true")).header("If-Match", "*")
        };
        let made = rehearse(Method::POST, SERIES).json(&json!({"title": "On land"})).send().await.expect(201);
        assert_eq!((made.json()["slug"].clone(), made.header("validate-only")), (json!("on-land"), "true"));
        rehearse(Method::PATCH, &desk(&sea)).json(&json!({"slug": "sea"})).send().await.expect(200);
        rehearse(Method::PUT, &desk(&sea)).json(&json!({"title": "Sea"})).send().await.expect(200);
        rehearse(Method::DELETE, &desk(&sea)).send().await.expect(204);
        rehearse(Method::POST, SERIES).json(&json!({"title": "At sea"})).send().await.problem(409, "slug-taken");
        assert_eq!(ada.get(SERIES).await.json(), before);
    }

    async fn a_series_that_is_sent_again_with_its_key_is_made_once(app: TestApp) {
        let ada = app.editor().await;
        let make = |body: Value| ada.request(Method::POST, SERIES).header("Idempotency-Key", "\"key-1\"").json(&body).send();
        let first = make(json!({"title": "At sea"})).await.expect(201);
        let again = make(json!({"title": "At sea"})).await.expect(201);
        assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), "true"));
        make(json!({"title": "On land"})).await.problem(422, "idempotency-key-reused");
        assert_eq!(titles(&ada.get(SERIES).await), ["At sea"]);
    }

    async fn series_are_listed_by_title_in_pages_forth_and_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        // By their bytes, on both databases: capitals before small letters, accents last. Two have one title.
        for (number, title) in ["Zoo", "at sea", "Écoles", "Bees", "Bees", "Arctic"].into_iter().enumerate() {
            let body = json!({"title": title, "slug": format!("series-{number}")});
            ada.post(SERIES, body).await.expect(201);
        }
        let all = ["Arctic", "Bees", "Bees", "Zoo", "at sea", "Écoles"];
        assert_eq!(titles(&reader.get("/v1/series").await), all);
        assert_eq!(titles(&ada.get(SERIES).await), all);
        let mut backwards = all;
        backwards.reverse();
        assert_eq!(titles(&reader.get("/v1/series?order=desc").await), backwards);
        let first = reader.get("/v1/series?limit=2").await.expect(200);
        assert_eq!(titles(&first), all[..2]);
        let cursor = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let link = format!("<https://galley.example/v1/series?limit=2&cursor={cursor}>; rel=\"next\"");
        assert!(first.header("link").contains(&link), "{}", first.header("link"));
        let last = reader.get(&format!("/v1/series?limit=4&cursor={cursor}")).await.expect(200);
        assert_eq!(titles(&last), all[2..]);
        assert_eq!(last.json()["page"].get("next"), None);
        let cursor = last.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = reader.get(&format!("/v1/series?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(back.json()["data"][0]["id"], first.json()["data"][1]["id"]);
        reader.get(&format!("/v1/series?order=desc&cursor={cursor}")).await.problem(400, "cursor-mismatch");
        reader.get("/v1/series?cursor=x").await.problem(400, "cursor-invalid");
        reader.get("/v1/series?limit=101").await.problem(400, "limit-too-large");
        reader.get("/v1/series?order=up").await.problem(400, "invalid-parameter");
        let problem = ada.get(&format!("{SERIES}?title=Bees")).await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "title");
    }

    async fn a_series_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let sea = series(&ada, "At sea").await;
        let before = ada.get(SERIES).await.json();
        let (too_long, long_text) = ("é".repeat(301), "x".repeat(2_001));
        for (body, pointer, code) in [
            (json!({}), "#/title", "required"),
            (json!({"title": " "}), "#/title", "empty"),
            (json!({"title": too_long}), "#/title", "too-long"),
            (json!({"title": "a\nb"}), "#/title", "control-character"),
            (json!({"title": 7}), "#/title", "wrong-type"),
            (json!({"title": "!!!"}), "#/slug", "required"),
            (json!({"title": "Sea", "slug": "At sea"}), "#/slug", "invalid-slug"),
            (json!({"title": "Sea", "description": long_text}), "#/description", "too-long"),
            (json!({"title": "Sea", "description": ""}), "#/description", "empty"),
            (json!({"title": "Sea", "name": "Sea"}), "#/name", "unknown"),
        ] {
            let problem = ada.post(SERIES, body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        for member in ["title", "slug"] {
            let problem = ada.patch(&desk(&sea), "*", json!({member: null})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], format!("#/{member}"));
            assert_eq!(only_fault(&problem)["code"], "wrong-type");
        }
        ada.request(Method::POST, SERIES).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, SERIES).body("text/plain", "Sea").send().await.problem(415, "unsupported-media-type");
        assert_eq!(ada.get(SERIES).await.json(), before);
        let title = "é".repeat(300);
        assert_eq!(series(&ada, &title).await["title"], title);
    }

    async fn series_are_changed_by_editors_only_and_read_by_writers_too(app: TestApp) {
        let (ada, writer) = (app.editor().await, app.account(Role::Author).await);
        let sea = series(&ada, "At sea").await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path) in [
            (Method::POST, SERIES.to_owned()),
            (Method::PUT, desk(&sea)),
            (Method::PATCH, desk(&sea)),
            (Method::DELETE, desk(&sea)),
        ] {
            let send = |client: &Client| client.request(method.clone(), &path).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("nonsense")).await.problem(401, "token-invalid");
            for client in [&writer, &moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("taxonomy:write"), "{problem}");
            }
        }
        for path in [SERIES.to_owned(), desk(&sea)] {
            app.reader().get(&path).await.problem(401, "not-authenticated");
            moderator.get(&path).await.problem(403, "insufficient-scope");
            member.get(&path).await.problem(403, "insufficient-scope");
            writer.get(&path).await.expect(200);
        }
        assert_eq!(ada.get(&desk(&sea)).await.json(), sea);
    }

    async fn a_reader_who_has_the_series_already_is_told_so(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let sea = series(&ada, "At sea").await;
        let tag = reader.get(&page(&sea)).await.header("etag").to_owned();
        for path in [page(&sea), "/v1/series/by-slug/at-sea".to_owned()] {
            let held = reader.request(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(304);
            assert_eq!((held.text().as_str(), held.header("etag")), ("", tag.as_str()));
        }
        change(&ada, &sea, json!({"description": "Reports."})).await;
        let changed = reader.request(Method::GET, &page(&sea)).header("If-None-Match", &tag).send().await.expect(200);
        assert!(changed.header("etag").starts_with("\"r2."));
    }

    async fn nothing_of_an_account_is_in_a_public_answer_about_series(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let account = ada.get("/v1/auth/me").await.expect(200).json();
        let sea = series(&ada, "At sea").await;
        for path in ["/v1/series".to_owned(), page(&sea), "/v1/series/by-slug/at-sea".to_owned()] {
            let text = reader.get(&path).await.expect(200).text();
            for secret in [id(&account), "editor1", "Somebody", "created", "updated", "revision"] {
                assert!(!text.contains(secret), "{secret} in {path}: {text}");
            }
        }
        assert!(!ada.get(SERIES).await.expect(200).text().contains(id(&account)));
    }
}
