//! API tokens: made by people, shown by scripts, narrow for freelancers.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::jobs;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const TOKENS: &str = "/v1/editorial/tokens";

async fn make(client: &Client, body: Value) -> Value {
    client.post(TOKENS, body).await.expect(201).json()
}

async fn reader_token(client: &Client) -> Value {
    make(client, json!({"name": "Nightly export", "scopes": ["articles:read"]})).await
}

fn text(token: &Value) -> &str {
    token["token"].as_str().unwrap()
}

async fn articles(app: &TestApp, token: &str) -> Answer {
    app.bearer(token).get("/v1/editorial/articles").await
}

fn path(token: &Value) -> String {
    format!("{TOKENS}/{}", id(token))
}

/// Links every account to the author with a slug.
async fn link_to_grace(app: &TestApp) {
    app.run_sql("UPDATE accounts SET author_id = (SELECT id FROM authors WHERE slug = 'grace')")
        .await;
}

async fn acts(app: &TestApp) -> Vec<String> {
    let query = "SELECT action || ' ' || subject_label AS line FROM audit_entries WHERE action LIKE 'api_token.%' ORDER BY line";
    app.lines(query.to_owned()).await
}

#[track_caller]
fn refused(answer: Answer) -> String {
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    answer.problem(401, "token-invalid")["detail"]
        .as_str()
        .unwrap()
        .to_owned()
}

on_both_databases! {
    async fn a_script_reads_with_a_token_and_may_do_no_more(app: TestApp) {
        let editor = app.editor().await;
        let answer = editor.post(TOKENS, json!({"name": "Nightly export", "scopes": ["articles:read"]})).await.expect(201);
        let token = answer.json();
        insta::assert_json_snapshot!("created", token, {".token" => "[token]"});
        assert_eq!(answer.header("location"), format!("https://galley.example{}", path(&token)));
        let form = text(&token).split('_').map(str::len).collect::<Vec<_>>();
        assert_eq!(form, [6, 3, 32, 43, 8], "{token}");

        articles(&app, text(&token)).await.expect(200);
        let script = app.bearer(text(&token));
        script.get("/v1/auth/me").await.expect(200);
        script.post("/v1/editorial/articles", json!({"title": "T", "body_markdown": "B"})).await
            .problem(403, "insufficient-scope");
        assert_eq!(acts(&app).await, ["api_token.created Nightly export"]);
    }

    async fn a_token_is_shown_once(app: TestApp) {
        let editor = app.editor().await;
        let body = json!({"name": "Import", "scopes": ["articles:write", "articles:read"]});
        let request = || editor.request(Method::POST, TOKENS).json(&body);
        let rehearsed = app.rehearse(request()).await.expect(201).json();
        assert!(rehearsed.get("token").is_none(), "{rehearsed}");
        let made = request().key("one").send().await.expect(201).json();
        let again = request().key("one").send().await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("token");
        assert_eq!(again.json(), shown);
        assert_eq!(made["scopes"], json!(["articles:read", "articles:write"]), "in the order of the table");

        let read = editor.get(&path(&made)).await.expect(200);
        assert_eq!(read.json(), shown);
        let unchanged = editor.request(Method::GET, &path(&made)).header("If-None-Match", read.header("etag")).send().await;
        assert_eq!(unchanged.status, 304);
        let list = editor.get(TOKENS).await.expect(200).text();
        assert!(!list.contains("galley_pat_"));
        let stored = app.lines("SELECT secret_hash || ' ' || body AS line FROM api_tokens, idempotency_records".into()).await;
        let secret = text(&made).split('_').nth(3).unwrap();
        assert!(stored.len() == 1 && !stored[0].contains(secret), "{stored:?}");
    }

    async fn a_token_with_a_wrong_letter_is_told_by_its_checksum(app: TestApp) {
        let editor = app.editor().await;
        let token = reader_token(&editor).await;
        let whole = text(&token);
        let cut = whole.get(..whole.len() - 1).unwrap();
        let swapped = whole.replace("galley_pat", "galley_upl");
        assert!(refused(articles(&app, cut).await).contains("malformed"));
        assert!(refused(articles(&app, &swapped).await).contains("checksum"));
        assert!(refused(articles(&app, "galley_pat_x").await).contains("malformed"));
        assert!(refused(articles(&app, "galley_").await).contains("malformed"));
    }

    async fn the_secret_of_one_token_does_not_open_another(app: TestApp) {
        let editor = app.editor().await;
        let (one, other) = (reader_token(&editor).await, reader_token(&editor).await);
        let parts = |token: &Value| text(token).split('_').map(str::to_owned).collect::<Vec<_>>();
        let (one, other) = (parts(&one), parts(&other));
        let mixed = format!("galley_pat_{}_{}", one[2], other[3]);
        let mixed = format!("{mixed}_{:08x}", crc32fast::hash(mixed.as_bytes()));
        let known = refused(articles(&app, &mixed).await);
        let nobodys = format!("galley_pat_{}_{}", "0".repeat(32), other[3]);
        let nobodys = format!("{nobodys}_{:08x}", crc32fast::hash(nobodys.as_bytes()));
        assert_eq!(refused(articles(&app, &nobodys).await), known, "nobody learns which ids there are");
        assert!(known.contains("there is no such token"));
        app.run_sql("UPDATE api_tokens SET revoked_at = created_at").await;
        assert_eq!(refused(articles(&app, &mixed).await), known);
    }

    async fn a_token_ends_when_it_says_and_when_it_is_revoked(app: TestApp) {
        let editor = app.lasting_account(Role::Editor).await;
        let short = make(&editor, json!({"name": "Short", "scopes": ["articles:read"], "expires_in_days": 1})).await;
        app.state.clock.advance(Duration::days(1) - Duration::seconds(1));
        articles(&app, text(&short)).await.expect(200);
        app.state.clock.advance(Duration::seconds(1));
        assert!(refused(articles(&app, text(&short)).await).contains("the token has expired"));
        assert_eq!(editor.get(&path(&short)).await.json()["state"], "expired");

        let token = reader_token(&editor).await;
        app.rehearse_and_send(|| editor.request(Method::DELETE, &path(&token))).await.expect(204);
        assert!(refused(articles(&app, text(&token)).await).contains("the token was revoked"));
        editor.request(Method::DELETE, &path(&token)).send().await.expect(204);
        editor.request(Method::DELETE, &path(&token)).header("If-Match", "\"r2\"").send().await
            .problem(412, "precondition-failed");
        let list = editor.get(TOKENS).await.expect(200).json();
        insta::assert_json_snapshot!("list", list);
        assert_eq!(acts(&app).await.last().unwrap(), "api_token.revoked Nightly export");
    }

    async fn a_token_does_what_its_account_may_do_then(app: TestApp) {
        let editor = app.editor().await;
        let token = make(&editor, json!({"name": "T", "scopes": ["articles:read", "taxonomy:write"]})).await;
        let script = app.bearer(text(&token));
        script.post("/v1/editorial/tags", json!({"name": "Harbours"})).await.expect(201);
        app.run_sql("UPDATE accounts SET role = 'author'").await;
        script.get("/v1/editorial/articles").await.expect(200);
        script.post("/v1/editorial/tags", json!({"name": "Ships"})).await.problem(403, "insufficient-scope");
        app.run_sql("UPDATE accounts SET disabled_at = created_at").await;
        assert!(refused(articles(&app, text(&token)).await).contains("disabled"));
    }

    async fn what_is_wrong_with_a_wish_is_named(app: TestApp) {
        let editor = app.editor().await;
        let good = json!({"name": "T", "scopes": ["articles:read"]});
        let with = |member: &str, value: Value| {
            let mut body = good.clone();
            body[member] = value;
            body
        };
        let now = app.state.clock.now();
        let wrong = [
            (with("name", json!(" ")), "#/name", "empty"),
            (with("name", json!("x".repeat(101))), "#/name", "too-long"),
            (with("scopes", json!([])), "#/scopes", "required"),
            (with("scopes", json!("articles:read")), "#/scopes", "wrong-type"),
            (with("scopes", json!(["articles:read", "articles"])), "#/scopes/1", "unknown-value"),
            (with("scopes", json!(["articles:read", "admin"])), "#/scopes/1", "beyond-role"),
            (json!({"name": "T"}), "#/scopes", "required"),
            (with("kind", json!("root")), "#/kind", "unknown-value"),
            (with("author", json!("grace")), "#/author", "not-allowed"),
            (with("expires_in_days", json!(0)), "#/expires_in_days", "out-of-range"),
            (with("expires_in_days", json!(367)), "#/expires_in_days", "out-of-range"),
            (with("expires_at", json!("tomorrow")), "#/expires_at", "invalid-time"),
            (with("expires_at", json!(now)), "#/expires_at", "in-the-past"),
            (with("expires_at", json!(now + Duration::days(367))), "#/expires_at", "too-late"),
            (with("lasts", json!(1)), "#/lasts", "unknown"),
            (json!({"name": "T", "kind": "upload", "expires_in_days": 1}), "#/author", "required"),
            (json!({"name": "T", "kind": "upload", "author": "grace"}), "#/expires_in_days", "required"),
            (json!({"name": "T", "kind": "upload", "author": "grace", "expires_in_days": 1, "scopes": ["articles:read"]}), "#/scopes", "not-allowed"),
        ];
        for (body, pointer, code) in wrong {
            let problem = editor.post(TOKENS, body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}: {problem}");
        }
        let mut twice = with("expires_in_days", json!(1));
        twice["expires_at"] = json!(now + Duration::days(1));
        let problem = editor.post(TOKENS, twice).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/expires_at");
        assert_eq!(editor.get(TOKENS).await.json()["data"], json!([]));
    }

    async fn only_a_person_makes_tokens_and_ends_sessions(app: TestApp) {
        let editor = app.editor().await;
        let all = ["articles:read", "articles:write", "tokens:write"];
        let token = make(&editor, json!({"name": "All", "scopes": all})).await;
        let script = app.bearer(text(&token));
        script.post(TOKENS, json!({"name": "Another", "scopes": ["articles:read"]})).await.problem(403, "session-required");
        script.get("/v1/auth/sessions").await.problem(403, "session-required");
        for path in ["/v1/auth/logout", "/v1/auth/logout-everywhere"] {
            script.request(Method::POST, path).send().await.problem(403, "session-required");
        }
        script.request(Method::DELETE, "/v1/auth/sessions/00000000-0000-7000-8000-000000000000").send().await
            .problem(403, "session-required");
        // It may look after tokens, so that a script can revoke one that leaked.
        assert_eq!(script.get(TOKENS).await.expect(200).json()["data"].as_array().unwrap().len(), 1);
        script.request(Method::DELETE, &path(&token)).send().await.expect(204);
        assert!(refused(script.get(TOKENS).await).contains("revoked"));
    }

    async fn everybody_sees_their_own_tokens_and_an_administrator_sees_all(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let admin = app.account(Role::Administrator).await;
        let hers = reader_token(&ada).await;
        app.state.clock.advance(Duration::seconds(1));
        let own = reader_token(&grace).await;
        let ids = |page: Value| page["data"].as_array().unwrap().iter().map(|token| id(token).to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(ada.get(TOKENS).await.json()), [id(&hers)]);
        assert_eq!(ids(admin.get(TOKENS).await.json()), [id(&own), id(&hers)]);
        let of_ada = format!("{TOKENS}?account_id={}", hers["account_id"].as_str().unwrap());
        assert_eq!(ids(admin.get(&of_ada).await.json()), [id(&hers)]);
        assert_eq!(ids(grace.get(&of_ada).await.json()), Vec::<String>::new());
        let first = admin.get(&format!("{TOKENS}?limit=1")).await.json();
        let next = first["page"]["next"].as_str().unwrap();
        assert_eq!(ids(admin.get(&format!("{TOKENS}?limit=1&cursor={next}")).await.json()), [id(&hers)]);
        ada.get(&format!("{TOKENS}?cursor={next}")).await.problem(400, "cursor-mismatch");
        ada.get(&format!("{TOKENS}?account_id=ada")).await.problem(400, "invalid-parameter");
        ada.get(&format!("{TOKENS}?limit=101")).await.problem(400, "limit-too-large");

        grace.get(&path(&hers)).await.problem(404, "not-found");
        grace.request(Method::DELETE, &path(&hers)).send().await.problem(404, "not-found");
        articles(&app, text(&hers)).await.expect(200);
        admin.request(Method::DELETE, &path(&hers)).send().await.expect(204);
        refused(articles(&app, text(&hers)).await);
    }

    async fn an_account_has_at_most_a_hundred_tokens_that_are_good(app: TestApp) {
        let editor = app.editor().await;
        let first = reader_token(&editor).await;
        for _ in 1..100 {
            reader_token(&editor).await;
        }
        let body = json!({"name": "One more", "scopes": ["articles:read"]});
        editor.post(TOKENS, body.clone()).await.problem(409, "too-many");
        editor.request(Method::DELETE, &path(&first)).send().await.expect(204);
        editor.post(TOKENS, body).await.expect(201);
    }

    async fn the_last_use_is_written_down_by_a_job(app: TestApp) {
        let editor = app.editor().await;
        let token = reader_token(&editor).await;
        app.state.clock.advance(Duration::minutes(2));
        for _ in 0..3 {
            articles(&app, text(&token)).await.expect(200);
        }
        assert!(editor.get(&path(&token)).await.json().get("last_used_at").is_none());
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!(editor.get(&path(&token)).await.json()["last_used_at"], "2026-03-01T12:02:00.000Z");
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
    }

    async fn a_freelancer_uploads_as_one_author_and_can_do_nothing_else(app: TestApp) {
        let editor = app.editor().await;
        editor.post("/v1/editorial/authors", json!({"name": "Grace"})).await.expect(201);
        let wish = json!({"name": "Grace, until May", "kind": "upload", "author": "grace", "expires_in_days": 60});
        let token = make(&editor, wish.clone()).await;
        insta::assert_json_snapshot!("upload", token, {".token" => "[token]"});
        assert!(text(&token).starts_with("galley_upl_"));
        let freelancer = app.bearer(text(&token));
        freelancer.get("/v1/editorial/articles").await.expect(200);
        let draft = freelancer.draft("From abroad").await;
        freelancer.post(&format!("/v1/editorial/articles/{}/publish", id(&draft)), json!({})).await
            .problem(403, "insufficient-scope");
        freelancer.post("/v1/editorial/tags", json!({"name": "Ships"})).await.problem(403, "insufficient-scope");
        freelancer.get(TOKENS).await.problem(403, "insufficient-scope");

        let problem = editor.post(TOKENS, json!({"name": "T", "kind": "upload", "author": "nobody", "expires_in_days": 1})).await
            .problem(409, "author-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/author");
        app.account(Role::Moderator).await.post(TOKENS, wish).await.problem(403, "insufficient-scope");
    }

    async fn an_author_lets_others_upload_as_the_author_they_are_linked_to(app: TestApp) {
        let (editor, author) = (app.editor().await, app.account(Role::Author).await);
        for name in ["Grace", "Ada"] {
            editor.post("/v1/editorial/authors", json!({"name": name})).await.expect(201);
        }
        let wish = |slug: &str| json!({"name": "T", "kind": "upload", "author": slug, "expires_in_days": 9});
        let refused = |answer: Answer| {
            let problem = answer.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["code"], "not-yours");
            problem["detail"].as_str().unwrap().replace("grace", "X").replace("nobody", "X")
        };
        let known = refused(author.post(TOKENS, wish("grace")).await);
        assert_eq!(refused(author.post(TOKENS, wish("nobody")).await), known);
        link_to_grace(&app).await;
        author.post(TOKENS, wish("grace")).await.expect(201);
        refused(author.post(TOKENS, wish("ada")).await);
    }

    async fn removing_an_author_revokes_the_tokens_that_write_as_them(app: TestApp) {
        let editor = app.editor().await;
        let author = editor.post("/v1/editorial/authors", json!({"name": "Grace"})).await.expect(201).json();
        let wish = json!({"name": "Grace", "kind": "upload", "author": "grace", "expires_in_days": 60});
        let token = make(&editor, wish).await;
        let request = || editor.request(Method::DELETE, &format!("/v1/editorial/authors/{}", id(&author))).header("If-Match", "*");
        app.rehearse_and_send(request).await.expect(204);
        assert!(refused(articles(&app, text(&token)).await).contains("revoked"));
        assert_eq!(acts(&app).await, ["api_token.created Grace", "api_token.revoked Grace"]);
    }
}
