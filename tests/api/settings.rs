//! The settings of the site: what the people who run it decide for all of it.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::client::Client;

const SETTINGS: &str = "/v1/editorial/settings";

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["kicker"],
        "properties": {"kicker": {"type": "string", "maxLength": 40}, "rating": {"type": "integer", "minimum": 1, "maximum": 5}}
    })
}

async fn change(administrator: &Client, body: Value) -> Value {
    administrator.patch(SETTINGS, "*", body).await.expect(200).json()
}

on_both_databases! {
    async fn a_new_site_has_settings_that_can_be_changed_and_replaced(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        let new = ada.get(SETTINGS).await.expect(200);
        assert_eq!(new.json(), json!({"autosave_fold_minutes": 10, "title_characters": 110, "revision": 1, "comments_from": "everyone", "votes_from": "everyone",
            "comment_edit_minutes": 15, "comment_characters": 10_000, "comment_links": 10}));
        assert!(new.header("etag").starts_with("\"r1."));
        let body = json!({"revisions_kept": 500, "autosave_fold_minutes": 5, "title_characters": 90,
            "article_url": "https://example.org/stories/{slug}", "custom_fields_schema": schema(),
            "comments_from": "identified", "votes_from": "nobody", "comment_edit_minutes": 0, "comment_characters": 2_000, "comment_links": 3});
        let changed = ada.patch(SETTINGS, "\"r1\"", body).await.expect(200);
        insta::assert_json_snapshot!("settings", changed.json());
        let read = ada.get(SETTINGS).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (changed.json(), changed.header("etag")));

        let patched = ada.patch(SETTINGS, "\"r2\"", json!({"title_characters": 20, "article_url": null})).await.expect(200).json();
        assert_eq!((&patched["title_characters"], patched.get("article_url")), (&json!(20), None));
        assert_eq!((&patched["revisions_kept"], &patched["custom_fields_schema"]), (&json!(500), &schema()));
        let replaced = ada.put(SETTINGS, "\"r3\"", json!({"revisions_kept": 10})).await.expect(200).json();
        let expected = json!({"revisions_kept": 10, "autosave_fold_minutes": 10, "title_characters": 110, "revision": 4,
            "updated_at": "2026-03-01T12:00:00.000Z", "comments_from": "everyone", "votes_from": "everyone",
            "comment_edit_minutes": 15, "comment_characters": 10_000, "comment_links": 10});
        assert_eq!(replaced, expected);
        assert_eq!(change(&ada, json!({"revisions_kept": null})).await.get("revisions_kept"), None);
    }

    async fn a_change_of_the_settings_must_name_the_current_revision(app: TestApp) {
        let (ada, bob) = (app.account(Role::Administrator).await, app.account(Role::Administrator).await);
        let send = |method: Method, tag: Option<&'static str>| {
            let request = ada.request(method, SETTINGS).json(&json!({"title_characters": 60}));
            tag.into_iter().fold(request, |request, tag| request.header("If-Match", tag)).send()
        };
        for method in [Method::PUT, Method::PATCH] {
            let problem = send(method.clone(), None).await.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"");
            send(method, Some("\"r7\"")).await.problem(412, "precondition-failed");
        }
        bob.patch(SETTINGS, "\"r1\"", json!({"title_characters": 80})).await.expect(200);
        let problem = send(Method::PATCH, Some("\"r1\"")).await.problem(412, "precondition-failed");
        assert_eq!((&problem["current_revision"], &problem["changed_at"]), (&json!(2), &json!("2026-03-01T12:00:00.000Z")));
        assert!(problem["changed_by"].is_string(), "{problem}");
        assert_eq!(ada.get(SETTINGS).await.json()["title_characters"], 80);
    }

    async fn a_schema_of_custom_fields_is_changed_in_parts_and_as_a_whole(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        change(&ada, json!({"custom_fields_schema": schema()})).await;
        let part = json!({"required": null, "properties": {"rating": null, "mood": {"enum": ["calm", "loud"]}}});
        let changed = change(&ada, json!({"custom_fields_schema": part})).await;
        let expected = json!({"type": "object",
            "properties": {"kicker": {"type": "string", "maxLength": 40}, "mood": {"enum": ["calm", "loud"]}}});
        assert_eq!(changed["custom_fields_schema"], expected);
        let part = json!({"properties": {"mood": {"enum": "calm"}}});
        let problem = ada.patch(SETTINGS, "*", json!({"custom_fields_schema": part})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/custom_fields_schema/properties/mood/enum");
        assert_eq!(ada.get(SETTINGS).await.json(), changed);
        let whole = json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"});
        let replaced = ada.put(SETTINGS, "*", json!({"custom_fields_schema": whole})).await.expect(200).json();
        assert_eq!(replaced["custom_fields_schema"], whole);
        assert_eq!(change(&ada, json!({"custom_fields_schema": null})).await.get("custom_fields_schema"), None);
    }

    async fn a_schema_that_cannot_be_used_is_refused_with_the_place(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        let before = ada.get(SETTINGS).await.json();
        let field = |field: Value| json!({"type": "object", "properties": {"a/b": field}});
        for (schema, pointer) in [
            (json!([]), ""),
            (json!({}), "/type"),
            (json!({"type": "array"}), "/type"),
            (json!({"type": "object", "$schema": "https://example.org/schema"}), "/$schema"),
            (json!({"type": "object", "description": "x".repeat(64 * 1024)}), ""),
            (field(json!({"type": "strin"})), "/properties/a~1b/type"),
            (field(json!({"pattern": "(a"})), "/properties/a~1b/pattern"),
            (field(json!({"pattern": "(?=a)b(?!c)"})), "/properties/a~1b/pattern"),
            (field(json!({"$ref": "https://example.org/schema"})), "/properties/a~1b/$ref"),
            (field(json!({"$ref": "file:///etc/hostname"})), "/properties/a~1b/$ref"),
            (field(json!({"$ref": "#/$defs/absent"})), "/properties/a~1b/$ref"),
            (json!({"type": "object", "allOf": [{"$ref": "#"}]}), ""),
        ] {
            for problem in [
                ada.put(SETTINGS, "*", json!({"custom_fields_schema": schema})).await,
                ada.patch(SETTINGS, "*", json!({"custom_fields_schema": schema})).await,
            ] {
                let problem = problem.problem(422, "validation-failed");
                let fault = only_fault(&problem);
                assert_eq!(fault["pointer"], format!("#/custom_fields_schema{pointer}"), "{schema}");
                assert_eq!(fault["code"], "invalid-schema", "{schema}");
            }
        }
        assert_eq!(ada.get(SETTINGS).await.json(), before);
    }

    async fn a_setting_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        let before = ada.get(SETTINGS).await.json();
        for (member, value, code) in [
            ("revisions_kept", json!(9), "out-of-range"),
            ("revisions_kept", json!(100_001), "out-of-range"),
            ("revisions_kept", json!(-1), "out-of-range"),
            ("revisions_kept", json!("10"), "wrong-type"),
            ("autosave_fold_minutes", json!(0), "out-of-range"),
            ("autosave_fold_minutes", json!(1_441), "out-of-range"),
            ("autosave_fold_minutes", json!(1.5), "wrong-type"),
            ("title_characters", json!(19), "out-of-range"),
            ("title_characters", json!(301), "out-of-range"),
            ("title_characters", json!(i64::MAX), "out-of-range"),
            ("article_url", json!("/stories/{slug}"), "invalid-url"),
            ("article_url", json!("ftp://example.org/{slug}"), "invalid-url"),
            ("article_url", json!("https://example.org/stories"), "invalid-template"),
            ("article_url", json!("https://example.org/{slug}/{slug}"), "invalid-template"),
            ("article_url", json!("https://example.org/?slug={slug}"), "invalid-template"),
            ("article_url", json!(format!("https://example.org/{{slug}}{}", "x".repeat(2_000))), "too-long"),
            ("comments_from", json!("nobody"), "unknown-value"),
            ("comments_from", json!(1), "wrong-type"),
            ("votes_from", json!("Everyone"), "unknown-value"),
            ("comment_edit_minutes", json!(-1), "out-of-range"),
            ("comment_edit_minutes", json!(10_081), "out-of-range"),
            ("comment_characters", json!(0), "out-of-range"),
            ("comment_characters", json!(10_001), "out-of-range"),
            ("comment_links", json!(101), "out-of-range"),
            ("comment_links", json!("3"), "wrong-type"),
            ("article_urls", json!("https://example.org/{slug}"), "unknown"),
        ] {
            for answer in [ada.put(SETTINGS, "*", json!({member: value})).await, ada.patch(SETTINGS, "*", json!({member: value})).await] {
                let problem = answer.problem(422, "validation-failed");
                let fault = only_fault(&problem);
                assert_eq!((&fault["pointer"], &fault["code"]), (&json!(format!("#/{member}")), &json!(code)), "{value}");
            }
        }
        for member in ["autosave_fold_minutes", "title_characters", "comments_from", "votes_from", "comment_edit_minutes", "comment_characters", "comment_links"] {
            let problem = ada.patch(SETTINGS, "*", json!({member: null})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["code"], "wrong-type");
        }
        let problem = ada.put(SETTINGS, "*", json!({"revisions_kept": 1, "title_characters": 1})).await.problem(422, "validation-failed");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
        let send = |media_type: &'static str, body: &'static str| {
            ada.request(Method::PUT, SETTINGS).header("If-Match", "*").body(media_type, body).send()
        };
        send("application/json", "{").await.problem(400, "malformed-json");
        send("text/plain", "{}").await.problem(415, "unsupported-media-type");
        ada.get(&format!("{SETTINGS}/1")).await.problem(404, "not-found");
        assert_eq!(ada.get(SETTINGS).await.json(), before);
        let limits = json!({"revisions_kept": 100_000, "autosave_fold_minutes": 1_440, "title_characters": 300});
        ada.put(SETTINGS, "*", limits).await.expect(200);
        let limits = json!({"revisions_kept": 10, "autosave_fold_minutes": 1, "title_characters": 20});
        ada.put(SETTINGS, "*", limits).await.expect(200);
    }

    async fn a_change_of_the_settings_can_be_rehearsed_and_takes_effect_once(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        let before = ada.get(SETTINGS).await.json();
        for method in [Method::PUT, Method::PATCH] {
            let request = ada.request(method, &format!("{SETTINGS}?validate_only=true")).header("If-Match", "*");
            let rehearsed = request.json(&json!({"title_characters": 60})).send().await.expect(200);
            assert_eq!((&rehearsed.json()["title_characters"], rehearsed.header("validate-only")), (&json!(60), "true"));
            assert_eq!(ada.get(SETTINGS).await.json(), before);
        }
        let send = |characters: i32| {
            let request = ada.request(Method::PATCH, SETTINGS).header("If-Match", "*").header("Idempotency-Key", "\"k1\"");
            request.json(&json!({"title_characters": characters})).send()
        };
        let first = send(60).await.expect(200);
        let again = send(60).await.expect(200);
        assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), "true"));
        send(70).await.problem(422, "idempotency-key-reused");
        assert_eq!(ada.get(SETTINGS).await.json()["revision"], 2);
    }

    async fn settings_are_changed_by_administrators_only_and_read_by_writers_too(app: TestApp) {
        let (editor, writer) = (app.editor().await, app.account(Role::Author).await);
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for method in [Method::PUT, Method::PATCH] {
            let send = |client: &Client| client.request(method.clone(), SETTINGS).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("x")).await.problem(401, "token-invalid");
            for client in [&editor, &writer, &moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("scope admin"), "{problem}");
            }
        }
        app.reader().get(SETTINGS).await.problem(401, "not-authenticated");
        for client in [&moderator, &member] {
            client.get(SETTINGS).await.problem(403, "insufficient-scope");
        }
        let held = writer.get(SETTINGS).await.expect(200).header("etag").to_owned();
        editor.request(Method::GET, SETTINGS).header("If-None-Match", &held).send().await.expect(304);
    }
}
