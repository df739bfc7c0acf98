//! Rehearsals: every write tells what it would answer, and stores nothing.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::client::{Client, id};

const AUTHORS: &str = "/v1/editorial/authors";

async fn author(editor: &Client, name: &str) -> Value {
    editor.post(AUTHORS, json!({"name": name})).await.expect(201).json()
}

on_both_databases! {
    async fn authors_are_rehearsed(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"name": "Grace Hopper", "bio_markdown": "Writes *compilers*.", "url": "https://example.org/grace"});
        let made = app.rehearse_and_send(|| ada.request(Method::POST, AUTHORS).json(&body)).await.expect(201);
        let desk = format!("{AUTHORS}/{}", id(&made.json()));
        assert_eq!(made.header("location"), format!("https://galley.example{desk}"));
        let tag = made.header("etag").to_owned();

        let change = json!({"name": "Grace", "slug": "grace", "bio_markdown": null});
        let request = || ada.request(Method::PATCH, &desk).header("If-Match", &tag).json(&change);
        let changed = app.rehearse_and_send(request).await.expect(200);
        assert_eq!((&changed.json()["slug"], &changed.json()["revision"]), (&json!("grace"), &json!(2)));

        let request = || ada.request(Method::PUT, &desk).header("If-Match", "\"r2\"").json(&body);
        app.rehearse_and_send(request).await.expect(200);
        let request = || ada.request(Method::DELETE, &desk).header("If-Match", "\"r3\"");
        app.rehearse_and_send(request).await.expect(204);
        ada.get(&desk).await.problem(404, "not-found");
    }

    async fn comments_and_threads_are_rehearsed(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let (path, thread) = (
            format!("/v1/articles/{}/comments", id(&article)),
            format!("/v1/editorial/threads/{}", id(&article)),
        );
        let body = json!({"author_name": "Grace", "body_markdown": "I was *there*."});
        let posted = app.rehearse_and_send(|| reader.request(Method::POST, &path).json(&body)).await.expect(201).json();
        let reply = json!({"author_name": "Alan", "body_markdown": "So was I.", "parent_id": posted["id"]});
        app.rehearse_and_send(|| reader.request(Method::POST, &path).json(&reply)).await.expect(201);

        let decided = format!("/v1/editorial/comments/{}", id(&posted));
        let request = || ada.request(Method::PATCH, &decided).json(&json!({"state": "rejected"}));
        app.rehearse_and_send(request).await.expect(200);
        let request = || ada.request(Method::PATCH, &thread).json(&json!({"moderation": "pre"}));
        app.rehearse_and_send(request).await.expect(200);
        app.rehearse_and_send(|| reader.request(Method::POST, &path).json(&body)).await.problem(409, "duplicate-comment");
        let body = json!({"author_name": "Grace", "body_markdown": "I was there, too."});
        app.rehearse_and_send(|| reader.request(Method::POST, &path).json(&body)).await.expect(202);
        let request = || ada.request(Method::PATCH, &thread).json(&json!({"state": "closed", "message": "Enough."}));
        app.rehearse_and_send(request).await.expect(200);
        let closed = app.rehearse_and_send(|| reader.request(Method::POST, &path).json(&body)).await;
        assert_eq!(closed.problem(403, "comments-closed")["message"], "Enough.");
    }

    async fn a_rehearsal_is_refused_as_the_write_would_be(app: TestApp) {
        let ada = app.editor().await;
        let grace = author(&ada, "Grace").await;
        author(&ada, "Alan").await;
        let desk = format!("{AUTHORS}/{}", id(&grace));
        let at_desk = |method: Method| ada.request(method, &desk);
        let make = |client: &Client, name: &str| client.request(Method::POST, AUTHORS).json(&json!({"name": name}));

        app.rehearse_and_send(|| make(&ada, "")).await.problem(422, "validation-failed");
        app.rehearse_and_send(|| ada.request(Method::POST, AUTHORS).body("application/json", "{")).await.problem(400, "malformed-json");
        app.rehearse_and_send(|| at_desk(Method::DELETE)).await.problem(428, "precondition-required");
        app.rehearse_and_send(|| at_desk(Method::DELETE).header("If-Match", "\"r9\"")).await.problem(412, "precondition-failed");
        let taken = || at_desk(Method::PATCH).header("If-Match", "*").json(&json!({"slug": "alan"}));
        app.rehearse(taken()).await.problem(409, "slug-taken");
        taken().send().await.problem(409, "slug-taken");
        let nobody = format!("{AUTHORS}/00000000-0000-7000-8000-000000000000");
        app.rehearse_and_send(|| ada.request(Method::DELETE, &nobody).header("If-Match", "*")).await.problem(404, "not-found");
        app.rehearse_and_send(|| make(&app.reader(), "Barbara")).await.problem(401, "not-authenticated");
        let moderator = app.account(Role::Moderator).await;
        app.rehearse_and_send(|| make(&moderator, "Barbara")).await.problem(403, "insufficient-scope");
    }

    async fn whether_to_rehearse_is_said_with_true_or_false(app: TestApp) {
        let ada = app.editor().await;
        let make = |parameter: &str| {
            let request = ada.request(Method::POST, AUTHORS).json(&json!({"name": "Grace"}));
            request.with_parameter(parameter).send()
        };
        let before = app.database_digest().await;
        for value in ["validate_only=yes", "validate_only=", "validate_only", "validate_only=TRUE"] {
            let problem = make(value).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], "validate_only", "{value}");
        }
        let problem = make("validateonly=true").await.problem(400, "unknown-parameter");
        assert!(problem["detail"].as_str().unwrap().contains("did you mean \"validate_only\""), "{problem}");
        make("validate_only=true&validate_only=false").await.problem(400, "invalid-parameter");
        assert_eq!(app.database_digest().await, before);
        let author = make("validate_only=false").await.expect(201);
        assert_eq!(author.header("validate-only"), "");
    }
}
