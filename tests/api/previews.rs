//! Previews: what somebody without an account reads by a link.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::claims::PreviewClaims;
use galley::accounts::keys::{KeyRing, SigningKey};
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const ARTICLES: &str = "/v1/editorial/articles";

/// Where editors find an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

/// A link to an article, made by an editor.
async fn link(editor: &Client, article: &Value, body: Value) -> Value {
    editor
        .post(&format!("{}/preview-links", desk(article)), body)
        .await
        .expect(201)
        .json()
}

/// What is at the address of a link.
async fn preview(app: &TestApp, link: &Value) -> Answer {
    let url = link["url"]
        .as_str()
        .unwrap()
        .strip_prefix("https://galley.example")
        .unwrap();
    app.reader().get(url).await
}

async fn shown(app: &TestApp, link: &Value) -> Value {
    preview(app, link).await.expect(200).json()
}

/// What is at the address of a link with this token.
async fn with_token(app: &TestApp, token: &str) -> Answer {
    app.reader().get(&format!("/v1/previews/{token}")).await
}

async fn change(editor: &Client, article: &Value, body: Value) -> Value {
    editor.patch(&desk(article), "*", body).await.expect(200).json()
}

on_both_databases! {
    async fn a_draft_is_read_by_its_link_in_the_form_that_readers_get(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201);
        ada.post("/v1/editorial/series", json!({"title": "A year at sea"})).await.expect(201);
        let (seen, unseen) = (ada.published("Seen").await, ada.draft("Unseen").await);
        let body = json!({
            "title": "Ships", "subtitle": "Cranes", "body_markdown": "The *old* ships.\n\n<script>alert(1)</script>", "lang": "en",
            "authors": [{"name": "Grace Hopper", "bio": "Writes.", "role": "photographer"}], "byline": "By us", "tags": ["Harbours"],
            "section": "local", "series": {"slug": "a-year-at-sea", "position": 2}, "related": [unseen["id"], seen["id"]],
            "custom": {"kicker": "Sea"}, "cover": {"url": "https://example.org/a.jpg", "alt": "A ship"}, "seo": {"title": "Old ships"},
            "external_id": {"source": "wire", "id": "4711"},
        });
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        ada.post(&format!("{}/notes", desk(&article)), json!({"body": "Nobody may read this."})).await.expect(201);
        let link = link(&ada, &article, json!({})).await;
        let before = app.database_digest().await;
        let answer = preview(&app, &link).await.expect(200);
        insta::assert_json_snapshot!("preview", answer.json());
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
        assert_eq!(app.database_digest().await, before);
        for member in ["created_by", "updated_by", "assignee_id", "schedule", "legal_steps", "extra", "external_id", "status", "has_unpublished_changes"] {
            assert_eq!(answer.json().get(member), None, "{member}");
        }
        assert!(!answer.json()["body_html"].as_str().unwrap().contains("<script"));
        for secret in [article["created_by"].as_str().unwrap(), "Unseen", "Nobody may read this", "4711"] {
            assert!(!answer.text().contains(secret), "{secret}");
        }
        // Nothing is cached, so that nothing is kept either.
        let path = format!("/v1/previews/{}", link["token"].as_str().unwrap());
        let head = reader.request(Method::HEAD, &path).send().await.expect(200);
        assert_eq!((head.header("cache-control"), head.header("x-robots-tag")), ("private, no-store", "noindex, nofollow"));
        reader.request(Method::GET, &path).header("If-None-Match", answer.header("etag")).send().await.expect(200);
        reader.get(&format!("/v1/articles/{}", id(&article))).await.problem(404, "not-found");
        // Authors and tags that only a draft has are not public by its preview.
        assert_eq!(reader.get("/v1/authors").await.json()["data"], json!([]));
        assert_eq!(reader.get("/v1/tags").await.json()["data"], json!([]));
    }

    async fn a_link_shows_its_revision_whatever_becomes_of_the_article(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.draft("Ships").await;
        let first = link(&ada, &article, json!({})).await;
        let before = shown(&app, &first).await;
        change(&ada, &article, json!({"title": "Trains", "slug": "trains", "body_markdown": "Other *words*.", "lang": "de"})).await;
        let second = link(&ada, &article, json!({})).await;
        app.state.clock.advance(Duration::minutes(1));
        let told = |preview: &Value| ["title", "slug", "body_html", "revision"].map(|member| preview[member].clone());
        assert_eq!(told(&shown(&app, &first).await), told(&before));
        assert_eq!(told(&before), [json!("Ships"), json!("ships"), json!("<p>Some <em>text</em>.</p>"), json!(1)]);
        assert_eq!(told(&shown(&app, &second).await), [json!("Trains"), json!("trains"), json!("<p>Other <em>words</em>.</p>"), json!(2)]);
        assert_eq!(shown(&app, &first).await.get("lang"), None);

        ada.post(&format!("{}/publish", desk(&article)), json!({})).await.expect(200);
        change(&ada, &article, json!({"title": "Planes"})).await;
        let third = link(&ada, &article, json!({})).await;
        assert_eq!(told(&shown(&app, &third).await)[0], "Planes");
        assert_eq!(told(&shown(&app, &first).await), told(&before));
        let live = reader.get("/v1/articles/by-slug/trains").await.expect(200);
        assert_eq!(live.json()["title"], "Trains");
        // In the archive it is still there for the newsroom, and so for whom it shows it.
        ada.post(&format!("{}/archive", desk(&article)), json!({})).await.expect(200);
        assert_eq!(told(&shown(&app, &third).await)[0], "Planes");
        reader.get("/v1/articles/by-slug/trains").await.problem(404, "not-found");
    }

    async fn the_preview_of_what_is_published_then_is_what_readers_got(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201);
        let original = ada.post(ARTICLES, json!({"title": "Schiffe", "body_markdown": "x", "lang": "de", "status": "published"})).await.expect(201).json();
        let body = json!({"title": "Ships", "body_markdown": "The *old* ships.", "section": "local", "tags": ["Harbours"], "lang": "en",
            "authors": [{"name": "Grace"}], "custom": {"a": 1}, "translation_of": original["id"]});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let link = link(&ada, &article, json!({})).await;
        let preview = shown(&app, &link).await;
        ada.post(&format!("{}/publish", desk(&article)), json!({})).await.expect(200);
        let published = reader.get("/v1/articles/by-slug/ships").await.expect(200).json();
        assert_eq!(preview, published);
        assert_eq!(preview["translations"][0]["slug"], "schiffe");
        assert_eq!(shown(&app, &link).await, published);
    }

    async fn a_link_that_has_ended_says_so(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let revoked = link(&ada, &article, json!({})).await;
        let short = link(&ada, &article, json!({"expires_in_seconds": 60})).await;
        ada.request(Method::DELETE, &format!("{}/preview-links/{}", desk(&article), id(&revoked))).send().await.expect(204);
        let problem = preview(&app, &revoked).await;
        assert_eq!(problem.header("cache-control"), "no-store");
        let problem = problem.problem(410, "preview-ended");
        assert_eq!(problem["detail"], "This preview is not shown any more. It was ended by the newsroom. Ask for a new link.");
        app.state.clock.advance(Duration::seconds(59));
        preview(&app, &short).await.expect(200);
        app.state.clock.advance(Duration::seconds(1));
        // At once, and also when the signature itself is too old by the clock of every instance.
        for seconds in [0, 29, 3_600] {
            app.state.clock.advance(Duration::seconds(seconds));
            let problem = preview(&app, &short).await.problem(410, "preview-ended");
            assert_eq!(problem["detail"], "This preview is not shown any more. Its time is over. Ask for a new link.");
        }
        preview(&app, &revoked).await.problem(410, "preview-ended");
    }

    async fn what_was_thrown_away_is_not_shown(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let link = link(&ada, &article, json!({})).await;
        ada.delete(&desk(&article), "*").await.expect(204);
        let problem = preview(&app, &link).await.problem(410, "preview-ended");
        assert_eq!(problem["detail"], "This preview is not shown any more. The newsroom has put the article aside. Ask for a new link.");
        ada.post(&format!("{}/restore", desk(&article)), json!({})).await.expect(200);
        preview(&app, &link).await.expect(200);
        ada.delete(&desk(&article), "*").await.expect(204);
        ada.delete(&format!("{}?purge=true", desk(&article)), "*").await.expect(204);
        let problem = preview(&app, &link).await.problem(410, "gone");
        assert_eq!(problem["detail"], "The article was removed for good at 2026-03-01T12:00:00.000Z.");
        app.state.clock.advance(Duration::days(8));
        preview(&app, &link).await.problem(410, "preview-ended");
    }

    async fn nothing_but_its_token_opens_a_preview(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let link = link(&ada, &article, json!({})).await;
        let token = link["token"].as_str().unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let swapped = token.replace(parts[2], &parts[2].chars().rev().collect::<String>());
        let account = app.create_account("somebody@galley.example", Role::Editor).await;
        let access = app.token(&app.claims(account, Role::Editor));
        let tampered = format!("{}.{}.{}", parts[0], access.split('.').nth(1).unwrap(), parts[2]);
        let long = "a".repeat(9_000);
        let (shortened, beheaded) = (token.split_at(token.len() - 1).0, token.split_at(1).1);
        for forged in [shortened, beheaded, &format!("{token}x"), &format!("{}.{}.", parts[0], parts[1]), parts[1], "x", "..",
            &swapped, &tampered, &access, id(&link), id(&article), &long, "%20", "%F0%9F%9A%A2", "%00", "%ff"] {
            let problem = with_token(&app, forged).await.problem(404, "not-found");
            assert!(!problem["detail"].as_str().unwrap().contains("token"), "{problem}");
        }
        // Signed with the key of another installation, and with ours for a link that there never was.
        let claims = PreviewClaims {
            iss: app.state.keys.issuer().to_owned(),
            aud: app.state.keys.preview_audience(),
            exp: app.state.clock.now().timestamp() + 600,
            iat: app.state.clock.now().timestamp(),
            jti: uuid::Uuid::from_u128(7),
            sub: id(&article).parse().unwrap(),
            revision: 1,
        };
        with_token(&app, &app.state.keys.sign_preview(&claims).unwrap()).await.problem(404, "not-found");
        let folder = tempfile::tempdir().unwrap();
        let other = KeyRing::new(SigningKey::load_or_create(folder.path()).unwrap(), app.state.keys.issuer());
        let claims = PreviewClaims { jti: id(&link).parse().unwrap(), ..claims };
        with_token(&app, &other.sign_preview(&claims).unwrap()).await.problem(404, "not-found");
        with_token(&app, &app.state.keys.sign_preview(&claims).unwrap()).await.expect(200);

        // And it opens nothing else.
        for path in ["/v1/auth/me", ARTICLES, &desk(&article), &format!("{}/revisions", desk(&article))] {
            app.bearer(token).get(path).await.problem(401, "token-invalid");
        }
        app.bearer(token).patch(&desk(&article), "*", json!({"title": "Mine"})).await.problem(401, "token-invalid");
        app.reader().get("/v1/previews").await.problem(404, "not-found");
        app.reader().get("/v1/previews/").await.problem(404, "not-found");
        app.reader().request(Method::POST, &format!("/v1/previews/{token}")).send().await.problem(405, "method-not-allowed");
    }

    async fn a_rehearsed_link_opens_nothing(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let path = format!("{}/preview-links", desk(&article));
        let rehearsed = app.rehearse(ada.request(Method::POST, &path).json(&json!({}))).await.expect(201).json();
        preview(&app, &rehearsed).await.problem(404, "not-found");
    }

    async fn what_is_gone_is_left_out_of_a_preview(app: TestApp) {
        let ada = app.editor().await;
        let section = ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201).json();
        let body = json!({"title": "Ships", "body_markdown": "Text", "section": "local", "tags": ["Gulls", "Sea"], "authors": [{"name": "Grace"}]});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let link = link(&ada, &article, json!({})).await;
        change(&ada, &article, json!({"section": null, "tags": [], "authors": []})).await;
        ada.delete(&format!("/v1/editorial/sections/{}", id(&section)), "*").await.expect(204);
        let tags = ada.get("/v1/editorial/tags").await.json();
        ada.post("/v1/editorial/tags", json!({"name": "Birds"})).await.expect(201);
        for tag in tags["data"].as_array().unwrap() {
            match tag["name"].as_str().unwrap() {
                "Gulls" => ada.post(&format!("/v1/editorial/tags/{}/merge", id(tag)), json!({"into": "birds"})).await.expect(200),
                _ => ada.delete(&format!("/v1/editorial/tags/{}", id(tag)), "*").await.expect(204),
            };
        }
        let preview = shown(&app, &link).await;
        assert_eq!((preview.get("section"), preview["tags"].as_array().unwrap().len()), (None, 1));
        assert_eq!((&preview["tags"][0]["name"], &preview["authors"][0]["name"]), (&json!("Birds"), &json!("Grace")));
    }
}
