//! The audit log: that every write is in it, how it is read, and that nobody can change it.

use std::collections::BTreeSet;

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::cli::openapi::DEFAULT_SERVER;
use galley::http::write::hexadecimal;
use galley::jobs::{self, Job};
use galley::{app, openapi};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::media::png;
use crate::on_both_databases;
use crate::subscriptions::with_queue;
use crate::support::answer::only_fault;
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};

const LOG: &str = "/v1/editorial/audit";
const ARTICLES: &str = "/v1/editorial/articles";

async fn entries(administrator: &Client, query: &str) -> Vec<Value> {
    let page = administrator.get(&format!("{LOG}{query}")).await.expect(200).json();
    page["data"].as_array().unwrap().clone()
}

async fn actions(administrator: &Client, query: &str) -> Vec<String> {
    let entries = entries(administrator, query).await;
    entries
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect()
}

/// Sends writes, and notes what each operation of the document leaves in the log.
struct Observer<'a> {
    app: &'a TestApp,
    seen: usize,
    table: Vec<(&'static str, Vec<String>)>,
}

impl Observer<'_> {
    /// Sends a request of an operation, which must go well, and gives the body of the answer.
    async fn send(&mut self, operation: &'static str, request: Draft) -> Value {
        // Each in a millisecond of its own, so that the log is in the order of the requests.
        self.app.state.clock.advance(Duration::seconds(1));
        let answer = request.send().await;
        assert!(answer.status < 300, "{operation}: {}", answer.text());
        let all = self
            .app
            .lines("SELECT action AS line FROM audit_entries ORDER BY id".to_owned())
            .await;
        self.table.push((operation, all[self.seen..].to_vec()));
        self.seen = all.len();
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }
}

/// Sends every operation that writes about subscriptions, which leave nothing in the log: they are no work of the newsroom.
async fn send_every_write_about_subscriptions(log: &mut Observer<'_>, article: &Value, comment: &Value) {
    let app = log.app;
    let reader = app.reader();
    let post = |path: &str| reader.request(Method::POST, path);
    let email = json!({"email": "grace@example.org"});
    let replies = format!("/v1/comments/{}/subscriptions", id(comment));
    log.send("subscribe_to_replies", post(&replies).json(&email)).await;
    let comments = format!("/v1/articles/{}/comment-subscriptions", id(article));
    log.send("subscribe_to_article_comments", post(&comments).json(&email))
        .await;
    let mail = app
        .lines("SELECT body_text AS line FROM mail_messages".to_owned())
        .await;
    let token = mail[0].split_once("#confirm=").unwrap().1.lines().next().unwrap();
    let confirmation = post("/v1/comment-subscriptions/confirm").json(&json!({"token": token}));
    log.send("confirm_comment_subscription", confirmation).await;
    // Any id will do: ending what has ended is done already.
    let token = app.state.subscription_signer.token(Uuid::nil());
    let path = format!("/v1/comment-subscriptions/unsubscribe/{token}");
    log.send("end_comment_subscription", post(&path)).await;
}

/// Sends every operation that writes about people, sessions and tokens.
async fn send_every_write_about_people(log: &mut Observer<'_>, root: &Client) {
    let (app, reader) = (log.app, log.app.reader());
    let post = |path: &str, body: Value| root.request(Method::POST, path).json(&body);
    let with = |method: Method, path: &str, body: Value| root.request(method, path).header("If-Match", "*").json(&body);
    let users = "/v1/editorial/users";
    let person = |name: &str| json!({"email": format!("{name}@galley.example"), "name": name, "role": "author"});
    let invited = log.send("invite_user", post(users, person("grace"))).await;
    let user = format!("{users}/{}", id(&invited));
    log.send("update_user", with(Method::PATCH, &user, json!({"name": "Grace H."})))
        .await;
    let entry = json!({"token": invited["password_link"]["token"], "password": "a long walk by the sea"});
    log.send(
        "accept_password_link",
        reader
            .request(Method::POST, "/v1/auth/password-links/accept")
            .json(&entry),
    )
    .await;
    let credentials = json!({"email": "grace@galley.example", "password": "a long walk by the sea"});
    let login = || reader.request(Method::POST, "/v1/auth/login").json(&credentials);
    let client = |tokens: &Value| app.bearer(tokens["access_token"].as_str().unwrap());
    let first = log.send("login", login()).await;
    let grace = client(&first);
    log.send(
        "update_me",
        grace
            .request(Method::PATCH, "/v1/auth/me")
            .json(&json!({"name": "Grace Hopper"})),
    )
    .await;
    let passwords = json!({"current_password": "a long walk by the sea", "new_password": "a long walk by the sea"});
    log.send(
        "change_own_password",
        grace.request(Method::POST, "/v1/auth/password").json(&passwords),
    )
    .await;
    let refresh = json!({"refresh_token": first["refresh_token"]});
    log.send(
        "refresh_session",
        reader.request(Method::POST, "/v1/auth/refresh").json(&refresh),
    )
    .await;
    let script = json!({"name": "Nightly export", "scopes": ["articles:read"]});
    let script = log
        .send(
            "create_api_token",
            grace.request(Method::POST, "/v1/editorial/tokens").json(&script),
        )
        .await;
    log.send(
        "revoke_api_token",
        grace.request(Method::DELETE, &format!("/v1/editorial/tokens/{}", id(&script))),
    )
    .await;
    log.send("login", login()).await;
    let sessions = grace.get("/v1/auth/sessions").await.expect(200).json();
    let mut sessions = sessions["data"].as_array().unwrap().iter();
    let other = sessions.find(|session| session["current"] == false).unwrap();
    log.send(
        "end_session",
        grace.request(Method::DELETE, &format!("/v1/auth/sessions/{}", id(other))),
    )
    .await;
    log.send("logout", grace.request(Method::POST, "/v1/auth/logout")).await;
    let second = log.send("login", login()).await;
    log.send(
        "logout_everywhere",
        client(&second).request(Method::POST, "/v1/auth/logout-everywhere"),
    )
    .await;
    log.send("login", login()).await;
    log.send(
        "end_user_sessions",
        root.request(Method::DELETE, &format!("{user}/sessions")),
    )
    .await;
    log.send(
        "reset_user_password",
        post(&format!("{user}/reset-password"), json!({})).header("If-Match", "*"),
    )
    .await;
    log.send(
        "disable_user",
        post(&format!("{user}/disable"), json!({})).header("If-Match", "*"),
    )
    .await;
    log.send(
        "enable_user",
        post(&format!("{user}/enable"), json!({})).header("If-Match", "*"),
    )
    .await;
    let waiting = log.send("invite_user", post(users, person("alan"))).await;
    let again = format!("{users}/{}/invite", id(&waiting));
    log.send("invite_user_again", post(&again, json!({})).header("If-Match", "*"))
        .await;
}

/// Sends every operation that writes about files.
async fn send_every_write_about_files(log: &mut Observer<'_>, root: &Client) {
    let with = |method: Method, path: &str, body: Value| root.request(method, path).header("If-Match", "*").json(&body);
    let gone = |path: &str| root.request(Method::DELETE, path).header("If-Match", "*");
    let files = "/v1/editorial/media";
    let raw = root
        .request(Method::PUT, &format!("{files}/files/gulls.png"))
        .body("image/png", png(8, 40));
    let file = log.send("upload_media_file", raw).await;
    let file = format!("{files}/{}", id(&file));
    let mut form = b"--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sea.png\"\r\nContent-Type: image/png\r\n\r\n".to_vec();
    form.extend(png(9, 80));
    form.extend(b"\r\n--part--\r\n");
    log.send(
        "upload_media",
        root.request(Method::POST, files)
            .body("multipart/form-data; boundary=part", form),
    )
    .await;
    log.send("update_media", with(Method::PATCH, &file, json!({"alt": "Two gulls"})))
        .await;
    log.send("delete_media", gone(&file)).await;
}

/// The operations of the document that write.
fn writes() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&openapi::json(&app::document(DEFAULT_SERVER))).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    operations
        .filter(|(_, method, _)| *method != "get")
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        // A question that is too long for an address.
        .filter(|operation| operation != "preview_comment")
        .collect()
}

/// The hash that the description of the chain in `audit/chain.rs` gives for what the API shows of an entry.
fn hash_of(entry: &Value, previous: &str) -> String {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let fields = [
        Some("galley-audit-1".to_owned()),
        Some(previous.to_owned()),
        text(&entry["sequence"]),
        text(&entry["id"]),
        text(&entry["happened_at"]),
        text(&entry["actor"]["kind"]),
        text(&entry["actor"]["account"]["id"]),
        text(&entry["actor"]["credential"]),
        text(&entry["address"]),
        text(&entry["request_id"]),
        text(&entry["action"]),
        text(&entry["subject"]["kind"]),
        text(&entry["subject"]["id"]),
        text(&entry["subject"]["label"]),
        text(&entry["revision_before"]),
        text(&entry["revision_after"]),
        text(&entry["details"]),
    ];
    let written: String = fields
        .iter()
        .map(|field| match field {
            Some(field) => format!("{}:{field},", field.len()),
            None => "-".to_owned(),
        })
        .collect();
    hexadecimal(&Sha256::digest(written))
}

on_both_databases! {
    async fn an_entry_tells_who_did_what_to_which_thing_when_and_from_where(app: TestApp) {
        let (root, ada) = (app.account(Role::Administrator).await, app.editor().await);
        let body = json!({"title": "Ships", "body_markdown": "Some *text*.", "authors": [{"name": "Grace"}], "tags": ["Sea"], "status": "published"});
        let made = ada.request(Method::POST, ARTICLES).json(&body).from("2001:db8::7").send().await.expect(201);
        app.state.clock.advance(Duration::minutes(1));
        let desk = format!("{ARTICLES}/{}", id(&made.json()));
        let saved = ada.patch(&desk, "*", json!({"title": "Old ships", "tags": []})).await.expect(200);
        let list = root.get(&format!("{LOG}?order=asc")).await.expect(200);
        assert_eq!(list.header("cache-control"), "private, no-store");
        let list = list.json();
        for entry in list["data"].as_array().unwrap() {
            let request = match entry["action"].as_str() {
                Some("article.updated") => saved.header("request-id"),
                _ => made.header("request-id"),
            };
            assert_eq!(entry["request_id"], request);
        }
        insta::assert_json_snapshot!("entries", list, {".data[].request_id" => "REQUEST"});

        let one = format!("{LOG}/{}", id(&list["data"][0]));
        let answer = root.get(&one).await.expect(200);
        assert_eq!(answer.json(), list["data"][0]);
        let tag = answer.header("etag").to_owned();
        root.request(Method::GET, &one).header("If-None-Match", &tag).send().await.expect(304);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0, "what is chained does not count");
        // The place in the chain is part of what is shown, so that the tag is another one then.
        root.request(Method::GET, &one).header("If-None-Match", &tag).send().await.expect(200);
    }

    async fn each_filter_finds_what_it_names(app: TestApp) {
        let (root, ada, grace) = (app.account(Role::Administrator).await, app.editor().await, app.account(Role::Author).await);
        let ships = ada.draft("Ships").await;
        app.state.clock.advance(Duration::minutes(1));
        let gulls = grace.draft("Gulls").await;
        app.state.clock.advance(Duration::minutes(1));
        let published = ada.post(&format!("{ARTICLES}/{}/publish", id(&ships)), json!({})).await.expect(200);
        root.patch("/v1/editorial/settings", "*", json!({"title_characters": 60})).await.expect(200);

        let everything = ["settings.updated", "article.published", "article.created", "article.created"];
        assert_eq!(actions(&root, "").await, everything);
        let account = gulls["created_by"].as_str().unwrap();
        let created = ["article.created"];
        for (query, found) in [
            (format!("?account={account}"), &created[..]),
            ("?action=article.published".to_owned(), &["article.published"]),
            ("?subject_kind=settings".to_owned(), &["settings.updated"]),
            ("?subject_kind=article&action=settings.updated".to_owned(), &[]),
            ("?subject=site".to_owned(), &["settings.updated"]),
            (format!("?subject={}", id(&gulls)), &created),
            (format!("?subject={}", id(&gulls).to_uppercase()), &created),
            (format!("?subject_kind=article&subject={}&action=article.created", id(&ships)), &created),
            (format!("?request_id={}", published.header("request-id")), &["article.published"]),
            ("?request_id=nobody".to_owned(), &[]),
            ("?after=2026-03-01T12:01:00Z&before=2026-03-01T12:02:00Z".to_owned(), &created),
            ("?after=2026-03-01T12:02:00Z".to_owned(), &["settings.updated", "article.published"]),
            ("?before=2026-03-01T12:00:00Z".to_owned(), &[]),
            ("?before=2026-03-01T12:00:00.001Z".to_owned(), &created),
            ("?after=2026-03-01T13:02:00%2B01:00&subject_kind=article".to_owned(), &["article.published"]),
            (format!("?account={account}&after=2026-03-01T12:02:00Z"), &[]),
        ] {
            assert_eq!(actions(&root, &query).await, found, "{query}");
        }
    }

    async fn the_log_is_read_in_pages_both_ways(app: TestApp) {
        let (root, ada) = (app.account(Role::Administrator).await, app.editor().await);
        let mut ships = Vec::new();
        for number in 0..5 {
            // Two in each moment: their ids, which are made by chance, tell them apart.
            app.state.clock.advance(Duration::minutes(number % 2));
            ships.push(ada.draft(&format!("Ships {number}")).await);
        }
        ada.post("/v1/editorial/tags", json!({"name": "Sea"})).await.expect(201);
        for order in ["asc", "desc"] {
            let filter = format!("subject_kind=article&order={order}");
            let whole = entries(&root, &format!("?{filter}")).await;
            assert_eq!(whole.len(), 5);
            assert!(whole.iter().is_sorted_by_key(|entry| match order {
                "asc" => entry["happened_at"].as_str().unwrap().to_owned(),
                _ => format!("{:?}", entry["happened_at"].as_str().unwrap().bytes().map(|byte| !byte).collect::<Vec<_>>()),
            }));
            let first = root.get(&format!("{LOG}?{filter}&limit=2")).await.expect(200);
            assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
            let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
            let second = root.get(&format!("{LOG}?{filter}&limit=2&cursor={next}")).await.expect(200).json();
            let last = second["page"]["next"].as_str().unwrap().to_owned();
            let third = root.get(&format!("{LOG}?{filter}&limit=2&cursor={last}")).await.expect(200).json();
            let pages = [first.json(), second.clone(), third.clone()].map(|page| page["data"].as_array().unwrap().clone());
            assert_eq!(pages.concat(), whole);
            assert_eq!(third["page"]["next"], Value::Null);
            let prev = second["page"]["prev"].as_str().unwrap().to_owned();
            assert_eq!(entries(&root, &format!("?{filter}&limit=2&cursor={prev}")).await, pages[0]);
            for (query, code) in [
                (format!("?order={order}&cursor={next}"), "cursor-mismatch"),
                (format!("?{filter}&action=article.created&cursor={next}"), "cursor-mismatch"),
                (format!("?{filter}&cursor=nonsense"), "cursor-invalid"),
            ] {
                root.get(&format!("{LOG}{query}")).await.problem(400, code);
            }
        }
    }

    async fn the_log_is_for_administrators_and_wrong_questions_are_told(app: TestApp) {
        let root = app.account(Role::Administrator).await;
        let nobody = "00000000-0000-7000-8000-000000000000";
        for path in [LOG.to_owned(), format!("{LOG}/{nobody}")] {
            app.reader().get(&path).await.problem(401, "not-authenticated");
            app.bearer("nonsense").get(&path).await.problem(401, "token-invalid");
            for role in [Role::Editor, Role::Author, Role::Contributor, Role::Moderator, Role::Reader] {
                let problem = app.account(role).await.get(&path).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("audit:read"), "{problem}");
            }
        }
        let problem = root.get(&format!("{LOG}/{nobody}")).await.problem(404, "not-found");
        assert_eq!(problem["detail"], "There is no such audit entry.");
        let problem = root.get(&format!("{LOG}/first")).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "id");
        for (query, parameter) in [
            ("account=ada", "account"),
            ("action=article.eaten", "action"),
            ("subject_kind=articles", "subject_kind"),
            ("subject=", "subject"),
            ("after=yesterday", "after"),
            ("before=2026-03-01", "before"),
            ("request_id=", "request_id"),
            ("order=up", "order"),
            ("limit=0", "limit"),
        ] {
            let problem = root.get(&format!("{LOG}?{query}")).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter, "{problem}");
        }
        root.get(&format!("{LOG}?limit=101")).await.problem(400, "limit-too-large");
        let problem = root.get(&format!("{LOG}?actor=ada")).await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "actor");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            root.request(method, LOG).json(&json!({})).send().await.problem(405, "method-not-allowed");
        }
    }

    async fn what_stores_nothing_leaves_no_entry(app: TestApp) {
        let (root, ada) = (app.account(Role::Administrator).await, app.editor().await);
        let make = |client: &Client| client.request(Method::POST, ARTICLES).json(&json!({"title": "Ships", "body_markdown": "Text."}));
        make(&ada).with_parameter("validate_only=true").send().await.expect(201);
        make(&ada).key("one").with_parameter("validate_only=true").send().await.expect(201);
        make(&app.reader()).send().await.problem(401, "not-authenticated");
        make(&app.account(Role::Reader).await).send().await.problem(403, "insufficient-scope");
        ada.post(ARTICLES, json!({"title": ""})).await.problem(422, "validation-failed");
        assert_eq!(actions(&root, "").await, [""; 0]);

        let article = make(&ada).key("two").send().await.expect(201).json();
        let replayed = make(&ada).key("two").send().await.expect(201);
        assert_eq!(replayed.header("idempotent-replayed"), "true");
        assert_eq!(actions(&root, "").await, ["article.created"]);

        let desk = format!("{ARTICLES}/{}", id(&article));
        ada.patch(&desk, "*", json!({"title": "Ships"})).await.expect(200);
        ada.patch(&desk, "\"r9\"", json!({"title": "Boats"})).await.problem(412, "precondition-failed");
        ada.post(&format!("{desk}/unpublish"), json!({})).await.problem(409, "illegal-transition");
        ada.post(&format!("{desk}/assign"), json!({"assignee_id": null})).await.expect(200);
        let thread = format!("/v1/editorial/threads/{}", id(&article));
        ada.patch(&thread, "*", json!({"state": "open"})).await.expect(200);
        // Of a bulk, what was refused is undone by itself.
        let bulk = json!({"operations": [
            {"op": "submit", "id": id(&article)}, {"op": "unpublish", "id": id(&article)},
        ]});
        let request = ada.request(Method::POST, &format!("{ARTICLES}/bulk?atomic=false")).key("three").json(&bulk);
        request.send().await.expect(200);
        assert_eq!(actions(&root, "").await, ["article.submitted", "article.created"]);
    }

    async fn every_write_of_the_document_is_in_the_log(app: TestApp) {
        let app = with_queue(app).await;
        let (root, reader) = (app.account(Role::Administrator).await, app.reader());
        let mut log = Observer { app: &app, seen: 0, table: Vec::new() };
        let post = |path: &str, body: Value| root.request(Method::POST, path).json(&body);
        let with = |method: Method, path: &str, body: Value| root.request(method, path).header("If-Match", "*").json(&body);
        let gone = |path: &str| root.request(Method::DELETE, path).header("If-Match", "*");

        for (singular, plural, title) in [("section", "sections", "name"), ("series", "series", "title"), ("tag", "tags", "name"), ("author", "authors", "name")] {
            let [create, replace, update, delete]: [&'static str; 4] = match singular {
                "section" => ["create_section", "replace_section", "update_section", "delete_section"],
                "series" => ["create_series", "replace_series", "update_series", "delete_series"],
                "tag" => ["create_tag", "replace_tag", "update_tag", "delete_tag"],
                _ => ["create_author", "replace_author", "update_author", "delete_author"],
            };
            let path = format!("/v1/editorial/{plural}");
            let made = log.send(create, post(&path, json!({title: "One"}))).await;
            let one = format!("{path}/{}", id(&made));
            log.send(replace, with(Method::PUT, &one, json!({title: "Two"}))).await;
            log.send(update, with(Method::PATCH, &one, json!({title: "Three"}))).await;
            log.send(delete, gone(&one)).await;
        }
        let tag = log.send("create_tag", post("/v1/editorial/tags", json!({"name": "Sea"}))).await;
        log.send("create_tag", post("/v1/editorial/tags", json!({"name": "Ocean"}))).await;
        log.send("merge_tag", post(&format!("/v1/editorial/tags/{}/merge", id(&tag)), json!({"into": "ocean"}))).await;
        log.send("update_settings", with(Method::PATCH, "/v1/editorial/settings", json!({"title_characters": 60}))).await;
        log.send("replace_settings", with(Method::PUT, "/v1/editorial/settings", json!({}))).await;

        let body = |title: &str| json!({"title": title, "body_markdown": "Text."});
        let article = log.send("create_article", post(ARTICLES, body("Ships"))).await;
        let desk = format!("{ARTICLES}/{}", id(&article));
        log.send("replace_article", with(Method::PUT, &desk, body("Old ships"))).await;
        log.send("update_article", with(Method::PATCH, &desk, json!({"title": "Older ships"}))).await;
        log.send("upsert_article", with(Method::PUT, &format!("{ARTICLES}/by-slug/boats"), body("Boats"))).await;
        log.send("upsert_article", with(Method::PUT, &format!("{ARTICLES}/by-slug/boats"), body("Old boats"))).await;
        log.send("upsert_article_by_external_id", with(Method::PUT, &format!("{ARTICLES}/by-external-id/wire/7"), body("Wire"))).await;
        let bulk = json!({"operations": [{"op": "archive", "id": id(&article)}, {"op": "restore", "id": id(&article)}]});
        log.send("bulk_articles", post(&format!("{ARTICLES}/bulk"), bulk).key("bulk")).await;
        log.send("assign_article", post(&format!("{desk}/assign"), json!({"assignee_id": article["created_by"]}))).await;
        log.send("submit_article", post(&format!("{desk}/submit"), json!({}))).await;
        log.send("request_article_changes", post(&format!("{desk}/request-changes"), json!({"note": "Shorter."}))).await;
        log.send("schedule_article", post(&format!("{desk}/schedule"), json!({"publish_at": "2026-03-09T12:00:00Z"}))).await;
        log.send("unschedule_article", post(&format!("{desk}/unschedule"), json!({}))).await;
        log.send("publish_article", post(&format!("{desk}/publish"), json!({}))).await;
        log.send("update_article", with(Method::PATCH, &desk, json!({"title": "Oldest ships"}))).await;
        log.send("discard_article_changes", post(&format!("{desk}/discard-changes"), json!({}))).await;
        log.send("restore_revision", post(&format!("{desk}/revisions/1/restore"), json!({})).header("If-Match", "*")).await;

        let note = log.send("create_article_note", post(&format!("{desk}/notes"), json!({"body": "A source?"}))).await;
        let note = format!("{desk}/notes/{}", id(&note));
        log.send("update_article_note", with(Method::PATCH, &note, json!({"resolved": true}))).await;
        log.send("delete_article_note", gone(&note)).await;
        let correction = json!({"note": "It was a brig."});
        let correction = log.send("create_correction", post(&format!("{desk}/corrections"), correction)).await;
        log.send("delete_correction", gone(&format!("{desk}/corrections/{}", id(&correction)))).await;
        let link = log.send("create_preview_link", post(&format!("{desk}/preview-links"), json!({}))).await;
        log.send("revoke_preview_link", gone(&format!("{desk}/preview-links/{}", id(&link)))).await;

        let comment = json!({"author_name": "Grace", "body_markdown": "I was there."});
        let comment = reader.request(Method::POST, &format!("/v1/articles/{}/comments", id(&article))).json(&comment);
        let comment = log.send("create_comment", comment).await;
        let (writer, own) = (app.bearer(comment["edit_token"].as_str().unwrap()), format!("/v1/comments/{}/own", id(&comment)));
        log.send("update_own_comment", writer.request(Method::PATCH, &own).json(&json!({"body_markdown": "I saw it."}))).await;
        let votes = format!("/v1/comments/{}/votes", id(&comment));
        log.send("cast_vote", reader.request(Method::POST, &votes).from("192.0.2.9").json(&json!({"value": 1}))).await;
        log.send("retract_vote", reader.request(Method::DELETE, &votes).from("192.0.2.9")).await;
        send_every_write_about_subscriptions(&mut log, &article, &comment).await;
        let comment = format!("/v1/editorial/comments/{}", id(&comment));
        for state in ["rejected", "spam", "removed", "pending", "approved"] {
            log.send("update_comment", root.request(Method::PATCH, &comment).json(&json!({"state": state}))).await;
        }
        log.send("withdraw_own_comment", writer.request(Method::DELETE, &own)).await;
        let thread = format!("/v1/editorial/threads/{}", id(&article));
        for change in [
            json!({"state": "closed"}), json!({"state": "read_only"}), json!({"state": "hidden"}), json!({"state": "open"}),
            json!({"close_after_days": 14}),
        ] {
            log.send("update_thread", with(Method::PATCH, &thread, change)).await;
        }

        log.send("unpublish_article", post(&format!("{desk}/unpublish"), json!({}))).await;
        log.send("archive_article", post(&format!("{desk}/archive"), json!({}))).await;
        log.send("restore_article", post(&format!("{desk}/restore"), json!({}))).await;
        log.send("trash_article", post(&format!("{desk}/trash"), json!({}))).await;
        log.send("delete_article", gone(&format!("{desk}?purge=true"))).await;
        let document = |method: Method, path: &str, text: &str| {
            let path = format!("/v1/editorial/documents{path}");
            root.request(method, &path).header("If-Match", "*").body("text/markdown", text)
        };
        log.send("create_document", document(Method::POST, "", "---\ntitle: Gulls\nauthors: [Alan]\n---\nText.\n")).await;
        log.send("upsert_document", document(Method::PUT, "/gulls", "---\ntitle: Old gulls\n---\nText.\n")).await;

        let page = "Piers\n\nby Ada Lindqvist\n\nThe harbour wakes before the town does, and somebody whistles.\n\n1 Response\n\nPingback: Links\n";
        let upload = root.request(Method::POST, "/v1/editorial/documents").body("text/plain", page);
        log.send("create_document", upload).await;
        let mention = root.get("/v1/editorial/mentions").await.expect(200).json()["data"][0].clone();
        let mention = format!("/v1/editorial/mentions/{}", id(&mention));
        for state in ["rejected", "spam", "removed", "pending", "approved"] {
            log.send("update_mention", root.request(Method::PATCH, &mention).json(&json!({"state": state}))).await;
        }

        send_every_write_about_people(&mut log, &root).await;
        send_every_write_about_files(&mut log, &root).await;

        let observed: BTreeSet<String> = log.table.iter().map(|(operation, _)| (*operation).to_owned()).collect();
        assert_eq!(observed, writes(), "every operation that writes has to be sent here");
        insta::assert_json_snapshot!("operations", log.table);
    }

    async fn what_a_schedule_does_is_done_in_the_name_of_who_set_it(app: TestApp) {
        let (root, ada) = (app.lasting_account(Role::Administrator).await, app.lasting_account(Role::Editor).await);
        let article = ada.draft("Ships").await;
        let times = json!({"publish_at": "2026-03-02T12:00:00Z", "unpublish_at": "2026-03-03T12:00:00Z"});
        ada.post(&format!("{ARTICLES}/{}/schedule", id(&article)), times).await.expect(200);
        app.state.clock.advance(Duration::days(3));
        jobs::run_due(&app.state).await.unwrap();
        let log = entries(&root, "?limit=2").await;
        let said = |entry: &Value| json!([entry["action"], entry["actor"], entry["happened_at"], entry["address"], entry["request_id"]]);
        let actor = json!({"kind": "schedule", "account": {"id": article["created_by"], "name": "Somebody"}});
        let now = "2026-03-04T12:00:00.000Z";
        assert_eq!(said(&log[0]), json!(["article.unpublished", actor, now, null, null]));
        assert_eq!(said(&log[1]), json!(["article.published", actor, now, null, null]));
    }

    async fn entries_are_chained_and_anybody_can_verify_it(app: TestApp) {
        let (root, ada) = (app.account(Role::Administrator).await, app.editor().await);
        app.state.clock.advance(Duration::minutes(5));
        for title in ["Ships", "Gulls"] {
            ada.published(title).await;
        }
        assert!(entries(&root, "").await.iter().all(|entry| entry["sequence"].is_null() && entry["hash"].is_null()));
        assert_eq!(Job::ChainAuditLog.run(&app.state).await.unwrap(), 4);
        assert_eq!(Job::ChainAuditLog.run(&app.state).await.unwrap(), 0);
        // A transaction that commits late leaves an entry that is older than some that are chained.
        app.state.clock.advance(Duration::minutes(-5));
        ada.draft("Whales").await;
        assert_eq!(Job::ChainAuditLog.run(&app.state).await.unwrap(), 1);

        let mut log = entries(&root, "").await;
        log.sort_by_key(|entry| entry["sequence"].as_i64());
        let mut previous = String::new();
        for (number, entry) in (1..).zip(&log) {
            assert_eq!(entry["sequence"], number);
            let hash = hash_of(entry, &previous);
            assert_eq!(entry["hash"], hash, "{entry}");
            previous = hash;
        }
        assert_eq!(log[4]["subject"]["label"], "whales");
    }

    async fn instances_that_chain_at_once_chain_each_entry_once(app: TestApp) {
        let (root, ada, other) = (app.account(Role::Administrator).await, app.editor().await, app.another_instance().await);
        for number in 0..60 {
            ada.post("/v1/editorial/tags", json!({"name": format!("Tag {number}")})).await.expect(201);
        }
        // Several batches.
        let many = match app.state.database.kind() {
            "postgres" => "INSERT INTO audit_entries SELECT gen_random_uuid(), happened_at, actor_kind, account_id, credential_id, address, request_id, action, subject_kind, subject_id, subject_label, revision_before, revision_after, details, sequence, hash FROM audit_entries, generate_series(1, 5)",
            _ => "WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 5) \
                  INSERT INTO audit_entries SELECT randomblob(16), happened_at, actor_kind, account_id, credential_id, address, request_id, action, subject_kind, subject_id, subject_label, revision_before, revision_after, details, sequence, hash FROM audit_entries, numbers",
        };
        app.run_sql(many).await;
        let (one, two) = tokio::join!(Job::ChainAuditLog.run(&app.state), Job::ChainAuditLog.run(&other));
        assert_eq!(one.unwrap() + two.unwrap(), 360);
        let numbers = app.lines("SELECT CAST(sequence AS TEXT) AS line FROM audit_entries ORDER BY sequence".to_owned()).await;
        assert_eq!(numbers, (1..=360).map(|number| number.to_string()).collect::<Vec<_>>());
        let head = app.lines("SELECT CAST(sequence AS TEXT) || ' ' || hash AS line FROM audit_chain".to_owned()).await;
        let last = app.lines("SELECT CAST(sequence AS TEXT) || ' ' || hash AS line FROM audit_entries WHERE sequence = 360".to_owned()).await;
        assert_eq!(head, last);
        assert_eq!(entries(&root, "?limit=1").await.len(), 1);
    }

    async fn the_database_lets_nobody_change_or_remove_an_entry(app: TestApp) {
        let ada = app.editor().await;
        ada.draft("Ships").await;
        let attempts = [
            "UPDATE audit_entries SET action = 'article.updated'",
            "UPDATE audit_entries SET details = 'x', sequence = 1",
            "UPDATE audit_entries SET subject_label = NULL",
            "UPDATE audit_entries SET happened_at = (SELECT created_at FROM accounts WHERE created_at < audit_entries.happened_at), account_id = NULL",
            "DELETE FROM audit_entries",
        ];
        for chained in [false, true] {
            if chained {
                assert_eq!(Job::ChainAuditLog.run(&app.state).await.unwrap(), 1);
            }
            let before = app.database_digest().await;
            for attempt in attempts {
                let refused = app.try_sql(attempt).await.unwrap_err();
                assert!(refused.contains("audit entries cannot be"), "{attempt}: {refused}");
            }
            assert_eq!(app.database_digest().await, before);
        }
        for attempt in ["UPDATE audit_entries SET sequence = NULL", "UPDATE audit_entries SET hash = 'x'", "UPDATE audit_entries SET sequence = 2"] {
            let refused = app.try_sql(attempt).await.unwrap_err();
            assert!(refused.contains("audit entries cannot be"), "{attempt}: {refused}");
        }
        if app.state.database.kind() == "postgres" {
            assert!(app.try_sql("TRUNCATE audit_entries").await.unwrap_err().contains("audit entries cannot be"));
        }
    }
}
