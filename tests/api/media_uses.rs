//! Where files are used: what an article or an author names is noted, and what is not there is refused.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use galley::database::failure::Failure;
use galley::media::uses::MediaUseRow;
use galley::read;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const ARTICLES: &str = "/v1/editorial/articles";
const SHIP: &str = "019ca945-0a00-7000-8000-000000000001";
const GULL: &str = "019ca945-0a00-7000-8000-000000000002";
const NOWHERE: &str = "019ca945-0a00-7000-8000-000000000003";

/// Two files, of the first account that there is.
async fn files(app: &TestApp) {
    app.run_sql(match app.state.database.kind() {
        "postgres" => {
            "INSERT INTO media (id, sha256, stored_sha256, kind, content_type, byte_size, file_name, revision, created_at, created_by, updated_at, updated_by) \
             SELECT file.id::uuid, file.id, 'x', 'image', 'image/png', 1, 'a.png', 1, accounts.created_at, accounts.id, accounts.created_at, accounts.id \
             FROM (VALUES ('019ca945-0a00-7000-8000-000000000001'), ('019ca945-0a00-7000-8000-000000000002')) AS file (id), \
             (SELECT * FROM accounts ORDER BY id LIMIT 1) AS accounts"
        }
        _ => {
            "INSERT INTO media (id, sha256, stored_sha256, kind, content_type, byte_size, file_name, revision, created_at, created_by, updated_at, updated_by) \
             SELECT file.column1, hex(file.column1), 'x', 'image', 'image/png', 1, 'a.png', 1, accounts.created_at, accounts.id, accounts.created_at, accounts.id \
             FROM (VALUES (x'019ca9450a0070008000000000000001'), (x'019ca9450a0070008000000000000002')) AS file, \
             (SELECT * FROM accounts ORDER BY id LIMIT 1) AS accounts"
        }
    })
    .await;
}

/// Where a file is used.
async fn uses(app: &TestApp, file: &str) -> Vec<String> {
    let file: Uuid = file.parse().unwrap();
    let rows: Result<Vec<MediaUseRow>, Failure> = read!(&app.state.database, media_uses::of(file, 100));
    let rows = rows.unwrap().into_iter();
    rows.map(|row| format!("{} {}", row.subject_kind, row.place)).collect()
}

fn at(file: &str) -> String {
    format!("https://galley.example/v1/media/{file}/file")
}

async fn saved(client: &Client, article: &Value, body: Value) -> Value {
    client
        .patch(&format!("{ARTICLES}/{}", id(article)), "*", body)
        .await
        .expect(200)
        .json()
}

async fn step(client: &Client, article: &Value, step: &str) -> Value {
    client
        .post(&format!("{ARTICLES}/{}/{step}", id(article)), json!({}))
        .await
        .expect(200)
        .json()
}

const NOTHING: [&str; 0] = [];

on_both_databases! {
    async fn what_an_article_uses_is_noted_as_long_as_it_does(app: TestApp) {
        let ada = app.editor().await;
        files(&app).await;
        let body = json!({"title": "Ships", "body_markdown": format!("![A ship](/v1/media/{SHIP}/file)"), "cover": {"url": at(SHIP), "alt": "A ship"}});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        assert_eq!(uses(&app, SHIP).await, ["article body", "article cover"]);
        step(&ada, &article, "publish").await;
        let all = ["article body", "article cover", "published_article body", "published_article cover"];
        assert_eq!(uses(&app, SHIP).await, all);

        saved(&ada, &article, json!({"body_markdown": "Text.", "seo": {"social_image": at(GULL)}})).await;
        assert_eq!(uses(&app, SHIP).await, ["article cover", "published_article body", "published_article cover"]);
        assert_eq!(uses(&app, GULL).await, ["article social_image"]);
        step(&ada, &article, "discard-changes").await;
        assert_eq!(uses(&app, SHIP).await, all);
        assert_eq!(uses(&app, GULL).await, NOTHING);

        saved(&ada, &article, json!({"body_markdown": "Text.", "cover": null})).await;
        step(&ada, &article, "publish").await;
        assert_eq!(uses(&app, SHIP).await, NOTHING);

        saved(&ada, &article, json!({"body_markdown": format!("[Ship]({})", at(SHIP))})).await;
        step(&ada, &article, "publish").await;
        assert_eq!(uses(&app, SHIP).await, ["article body", "published_article body"]);
        step(&ada, &article, "unpublish").await;
        assert_eq!(uses(&app, SHIP).await, ["article body"]);
        step(&ada, &article, "trash").await;
        assert_eq!(uses(&app, SHIP).await, ["article body"], "it can be had back");
        ada.delete(&format!("{ARTICLES}/{}?purge=true", id(&article)), "*").await.expect(204);
        assert_eq!(uses(&app, SHIP).await, NOTHING);
    }

    async fn what_is_rehearsed_uses_nothing(app: TestApp) {
        let ada = app.editor().await;
        files(&app).await;
        let body = json!({"title": "Ships", "body_markdown": "Text.", "cover": {"url": at(SHIP), "alt": "A ship"}, "status": "published"});
        app.rehearse_and_send(|| ada.request(Method::POST, ARTICLES).json(&body)).await.expect(201);
        assert_eq!(uses(&app, SHIP).await, ["article cover", "published_article cover"]);
    }

    async fn a_picture_that_is_not_there_is_refused(app: TestApp) {
        let ada = app.editor().await;
        files(&app).await;
        let article = ada.draft("Ships").await;
        let desk = format!("{ARTICLES}/{}", id(&article));
        for (change, pointer) in [
            (json!({"cover": {"url": at(NOWHERE)}}), "#/cover/url"),
            (json!({"seo": {"social_image": at(NOWHERE)}}), "#/seo/social_image"),
        ] {
            let request = || ada.request(Method::PATCH, &desk).header("If-Match", "*").json(&change);
            let problem = app.rehearse_and_send(request).await.problem(409, "reference-unknown");
            assert_eq!(only_fault(&problem)["pointer"], pointer);
            let detail = only_fault(&problem)["detail"].as_str().unwrap();
            assert_eq!(detail, format!("there is no file {NOWHERE}; upload it first, or give another address"));
        }
        let body = json!({"title": "Gulls", "body_markdown": "Text.", "cover": {"url": at(NOWHERE)}});
        ada.post(ARTICLES, body).await.problem(409, "reference-unknown");
        // What others serve is theirs to keep.
        let elsewhere = format!("https://elsewhere.example/v1/media/{NOWHERE}/file");
        saved(&ada, &article, json!({"cover": {"url": elsewhere, "alt": "A ship"}})).await;
    }

    async fn a_text_that_shows_what_is_not_there_is_warned_of(app: TestApp) {
        let ada = app.editor().await;
        files(&app).await;
        let text = format!("![A](/v1/media/{SHIP}/file)\n\nText\n![B]({})\n\n<img src=\"/v1/media/{NOWHERE}\">", at(NOWHERE));
        let article = ada.post(ARTICLES, json!({"title": "Ships", "body_markdown": text})).await.expect(201).json();
        assert_eq!(uses(&app, SHIP).await, ["article body"]);
        let found = ada.get(&format!("{ARTICLES}/{}/preflight", id(&article))).await.expect(200).json();
        let findings = found["findings"].as_array().unwrap_or_else(|| panic!("{found}")).iter();
        let missing: Vec<Value> = findings
            .filter(|finding| finding["rule"] == "unknown-media")
            .map(|finding| json!([finding["severity"], finding["pointer"], finding["line"], finding["detail"]]))
            .collect();
        let detail = format!("There is no file {NOWHERE}; upload it and give its address, or take this out.");
        assert_eq!(missing, [json!(["warning", "#/body_markdown", 4, detail]), json!(["warning", "#/body_markdown", 6, detail])]);
        step(&ada, &article, "publish").await;
    }

    async fn a_revision_is_restored_without_the_pictures_that_are_gone(app: TestApp) {
        let ada = app.editor().await;
        files(&app).await;
        let text = format!("![Gull](/v1/media/{GULL}/file)");
        let body = json!({"title": "Ships", "body_markdown": text, "cover": {"url": at(GULL), "alt": "A gull"}, "seo": {"social_image": at(SHIP)}});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        saved(&ada, &article, json!({"cover": null, "seo": null, "body_markdown": "Text."})).await;
        assert_eq!((uses(&app, GULL).await, uses(&app, SHIP).await), (vec![], vec![]), "earlier revisions do not count");
        app.run_sql(match app.state.database.kind() {
            "postgres" => "DELETE FROM media WHERE id = '019ca945-0a00-7000-8000-000000000002'",
            _ => "DELETE FROM media WHERE id = x'019ca9450a0070008000000000000002'",
        }).await;
        let path = format!("{ARTICLES}/{}/revisions/1/restore", id(&article));
        let request = ada.request(Method::POST, &path).header("If-Match", "*").json(&json!({}));
        let restored = request.send().await.expect(200).json();
        assert_eq!(restored["cover"], Value::Null);
        assert_eq!(restored["seo"]["social_image"], at(SHIP));
        assert_eq!(restored["body_markdown"], text, "the text is the writer's");
        assert_eq!(uses(&app, SHIP).await, ["article social_image"]);
    }

    async fn the_picture_of_an_author_is_noted(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        files(&app).await;
        let path = "/v1/editorial/authors";
        let body = json!({"name": "Grace", "avatar": {"url": at(SHIP), "alt": "Grace"}});
        let grace = app.rehearse_and_send(|| ada.request(Method::POST, path).json(&body)).await.expect(201).json();
        let desk = format!("{path}/{}", id(&grace));
        assert_eq!(uses(&app, SHIP).await, ["author avatar"]);
        ada.patch(&desk, "*", json!({"affiliation": "The Navy"})).await.expect(200);
        assert_eq!(uses(&app, SHIP).await, ["author avatar"]);
        let missing = json!({"avatar": {"url": at(NOWHERE)}});
        let problem = ada.patch(&desk, "*", missing.clone()).await.problem(409, "reference-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/avatar/url");
        let problem = ada.post(path, json!({"name": "Alan", "avatar": missing["avatar"]})).await.problem(409, "reference-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/avatar/url");
        ada.patch(&desk, "*", json!({"avatar": {"url": at(GULL)}})).await.expect(200);
        assert_eq!((uses(&app, SHIP).await, uses(&app, GULL).await), (vec![], vec!["author avatar".to_owned()]));
        ada.delete(&desk, "*").await.expect(204);
        assert_eq!(uses(&app, GULL).await, NOTHING);
    }
}
