//! Bulk: many operations on articles in one request, all or none, or each for itself.

use actix_web::http::Method;
use chrono::Duration;
use futures_util::future::join;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::client::{Client, Draft, id};

const ARTICLES: &str = "/v1/editorial/articles";
const BULK: &str = "/v1/editorial/articles/bulk";
const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A bulk with a query such as `?atomic=false`, and without a key.
fn bare(client: &Client, query: &str, body: &Value) -> Draft {
    client.request(Method::POST, &format!("{BULK}{query}")).json(body)
}

/// A bulk of these operations.
fn bulk(client: &Client, query: &str, operations: &[Value]) -> Draft {
    bare(client, query, &json!({"operations": operations})).key(KEY)
}

/// One operation for all that a filter finds.
fn selection(client: &Client, query: &str, select: &Value) -> Draft {
    bare(client, query, &json!({"select": select})).key(KEY)
}

fn step(article: &Value, op: &str) -> Value {
    json!({"id": article["id"], "op": op})
}

fn update(article: &Value, if_match: &str, changes: impl Into<Value>) -> Value {
    let changes: Value = changes.into();
    json!({"id": article["id"], "op": "update", "if_match": if_match, "changes": changes})
}

async fn drafts(client: &Client, count: usize) -> Vec<Value> {
    let mut made = Vec::new();
    for number in 1..=count {
        made.push(client.draft(&format!("Number {number}")).await);
    }
    made
}

async fn current(client: &Client, article: &Value) -> Value {
    client
        .get(&format!("{ARTICLES}/{}", id(article)))
        .await
        .expect(200)
        .json()
}

/// The statuses of the results, in their order.
fn statuses(answer: &Answer) -> Vec<u64> {
    let outcome = answer.json();
    let results = outcome["results"].as_array().unwrap();
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index, "{outcome}");
    }
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

/// Place and code of every fault.
fn faults(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let faults = problem["errors"].as_array().unwrap().iter();
    faults
        .map(|fault| (text(&fault["pointer"]), text(&fault["code"])))
        .collect()
}

fn pair(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

on_both_databases! {
    async fn many_operations_are_carried_out_in_one_request(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let articles = drafts(&ada, 4).await;
        ada.published("Live").await;
        let operations = [
            update(&articles[0], "r1", json!({"title": "Changed", "tags": ["Harbours"]})),
            json!({"id": articles[0]["id"], "op": "publish", "if_match": "r2", "note": "The series is complete."}),
            json!({"id": articles[1]["id"], "op": "schedule", "publish_at": "2026-03-02T06:00:00Z", "unpublish_at": "2026-04-01T00:00:00Z"}),
            step(&articles[2], "submit"),
            json!({"id": articles[3]["id"], "op": "update", "if_match": "*", "changes": {"lang": "en"}, "message": "Moved"}),
            step(&articles[3], "trash"),
        ];
        let answer = app.rehearse_and_send(|| bulk(&ada, "", &operations)).await.expect(200);
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("private, no-store", ""));
        insta::assert_json_snapshot!("bulk", answer.json());
        assert_eq!(reader.get("/v1/articles/by-slug/number-1").await.expect(200).json()["title"], "Changed");
        let history = ada.get(&format!("{ARTICLES}/{}/revisions", id(&articles[3]))).await.json();
        assert_eq!((&history["data"][0]["message"], &history["data"][0]["kind"]), (&json!("Moved"), &json!("save")));
        let transitions = ada.get(&format!("{ARTICLES}/{}/transitions", id(&articles[0]))).await.json();
        assert_eq!((&transitions["data"][0]["step"], &transitions["data"][0]["note"]), (&json!("publish"), &json!("The series is complete.")));
    }

    async fn every_step_of_a_life_can_be_taken_in_a_bulk(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.editor().await);
        let article = ada.draft("Ships").await;
        let somebody = grace.get("/v1/auth/me").await.expect(200).json();
        let submit = json!({"id": article["id"], "op": "submit", "assignee_id": somebody["id"]});
        let schedule = json!({"id": article["id"], "op": "schedule", "publish_at": "2026-03-02T06:00:00Z"});
        let mut operations = vec![submit, step(&article, "request_changes"), schedule];
        let steps = ["unschedule", "publish", "unpublish", "publish", "discard_changes", "archive", "restore", "trash", "restore"];
        operations.extend(steps.iter().map(|op| step(&article, op)));
        let answer = app.rehearse_and_send(|| bulk(&ada, "", &operations)).await.expect(200).json();
        let reached: Vec<&str> = answer["results"].as_array().unwrap().iter().map(|result| result["article_status"].as_str().unwrap()).collect();
        assert_eq!(reached, ["in_review", "draft", "scheduled", "draft", "published", "draft", "published", "published", "archived", "draft", "trashed", "draft"]);
        assert_eq!(current(&ada, &article).await["assignee_id"], somebody["id"]);
    }

    async fn a_bulk_needs_a_key_and_a_rehearsal_does_not(app: TestApp) {
        let ada = app.editor().await;
        let articles = drafts(&ada, 1).await;
        let body = json!({"operations": [step(&articles[0], "publish")]});
        let before = app.database_digest().await;
        for query in ["", "?atomic=false", "?validate_only=false"] {
            let problem = bare(&ada, query, &body).send().await.problem(400, "idempotency-key-required");
            assert_eq!(only_fault(&problem)["header"], "Idempotency-Key");
        }
        // Also before the body is looked at.
        ada.request(Method::POST, BULK).body("application/json", "{").send().await.problem(400, "idempotency-key-required");
        app.rehearse(bare(&ada, "", &body)).await.expect(200);
        app.rehearse(bare(&ada, "", &body).key(KEY)).await.expect(200);
        assert_eq!(app.database_digest().await, before);
        bare(&ada, "", &body).key(KEY).send().await.expect(200);
    }

    async fn a_bulk_that_is_sent_again_gets_the_same_answer_and_does_nothing(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let articles = drafts(&ada, 2).await;
        let operations = [update(&articles[0], "*", json!({"title": "Changed"})), step(&articles[1], "unpublish")];
        let first = bulk(&ada, "?atomic=false", &operations).send().await.expect(200);
        assert_eq!(statuses(&first), [200, 409]);
        bob.patch(&format!("{ARTICLES}/{}", id(&articles[0])), "*", json!({"title": "Changed again"})).await.expect(200);
        let before = app.database_digest().await;
        app.state.clock.advance(Duration::minutes(1));
        let again = bulk(&ada, "?atomic=false", &operations).send().await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &first.body));
        assert_eq!(app.database_digest().await, before);
        bulk(&ada, "", &operations).send().await.problem(422, "idempotency-key-reused");
        bulk(&ada, "?atomic=false", &operations[..1]).send().await.problem(422, "idempotency-key-reused");
        // A refusal is not kept: mended, the same key is good.
        let refused = || bare(&ada, "", &json!({"operations": [step(&articles[1], "unpublish")]})).key("another").send();
        refused().await.problem(409, "bulk-refused");
        ada.post(&format!("{ARTICLES}/{}/publish", id(&articles[1])), json!({})).await.expect(200);
        refused().await.expect(200);
    }

    async fn one_bad_operation_undoes_all(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let articles = drafts(&ada, 4).await;
        let live = grace.published("Live").await;
        let operations = [
            update(&articles[0], "r1", json!({"title": "Changed", "authors": [{"name": "Grace"}], "tags": ["New"]})),
            step(&articles[1], "publish"),
            update(&articles[2], "r7", json!({"title": "Changed"})),
            step(&articles[3], "unpublish"),
            step(&json!({"id": NOBODY}), "publish"),
            update(&live, "*", json!({"slug": "number-4"})),
            update(&live, "*", json!({"section": "nowhere"})),
            json!({"id": live["id"], "op": "schedule", "publish_at": "2020-01-01T00:00:00Z"}),
            step(&live, "trash"),
        ];
        let before = app.database_digest().await;
        let problem = app.rehearse_and_send(|| bulk(&ada, "", &operations)).await.problem(409, "bulk-refused");
        assert_eq!(problem["detail"], "6 of the operations cannot be carried out, so none was.");
        assert_eq!(faults(&problem), [
            pair("#/operations/2", "precondition-failed"), pair("#/operations/3", "illegal-transition"), pair("#/operations/4", "not-found"),
            pair("#/operations/5", "slug-taken"), pair("#/operations/6", "reference-unknown"), pair("#/operations/7", "validation-failed"),
        ]);
        assert!(problem["errors"][1]["detail"].as_str().unwrap().starts_with("Unpublish is not possible"), "{problem}");
        assert_eq!(app.database_digest().await, before);

        // Each for itself, the good ones count, and every refusal is a problem of its own.
        let answer = app.rehearse_and_send(|| bulk(&ada, "?atomic=false", &operations)).await.expect(200);
        assert_eq!(statuses(&answer), [200, 200, 412, 409, 404, 409, 409, 422, 200]);
        let outcome = answer.json();
        assert_eq!((&outcome["count"], &outcome["succeeded"], &outcome["failed"]), (&json!(9), &json!(3), &json!(6)));
        let mut stale = outcome["results"][2].clone();
        assert_eq!(stale["problem"]["request_id"], answer.header("request-id"));
        stale["problem"]["request_id"] = json!("ID");
        insta::assert_json_snapshot!("bulk_result_stale", stale);
        assert_eq!(outcome["results"][3]["problem"]["legal_steps"], json!(["edit", "submit", "schedule", "publish", "archive", "trash"]));
        assert_eq!(outcome["results"][4]["problem"]["instance"], format!("{ARTICLES}/{NOBODY}"));
        assert_eq!(current(&ada, &articles[0]).await["title"], "Changed");
        assert_eq!(current(&ada, &live).await["status"], "trashed");
    }

    async fn what_a_refused_operation_made_is_undone_with_it(app: TestApp) {
        let ada = app.editor().await;
        let articles = drafts(&ada, 2).await;
        let refused = update(&articles[0], "*", json!({"authors": [{"name": "Nobody"}], "tags": ["Lost"], "section": "nowhere"}));
        let taken = update(&articles[1], "*", json!({"authors": [{"name": "Somebody"}], "tags": ["Kept"]}));
        let answer = bulk(&ada, "?atomic=false", &[refused, taken]).send().await.expect(200);
        assert_eq!(statuses(&answer), [409, 200]);
        let authors = ada.get("/v1/editorial/authors").await.json();
        let tags = ada.get("/v1/editorial/tags").await.json();
        assert_eq!((authors["data"].as_array().unwrap().len(), &authors["data"][0]["name"]), (1, &json!("Somebody")));
        assert_eq!((tags["data"].as_array().unwrap().len(), &tags["data"][0]["name"]), (1, &json!("Kept")));
    }

    async fn a_bulk_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let at = article["id"].clone();
        let before = app.database_digest().await;
        let listed = |operation: Value| json!({"operations": [step(&article, "submit"), operation]});
        for (body, pointer, code) in [
            (json!({}), "#/operations", "required"),
            (json!({"operations": []}), "#/operations", "empty"),
            (json!({"operations": vec![step(&article, "submit"); 201]}), "#/operations", "too-many"),
            (json!({"operations": [step(&article, "submit")], "select": {"filter": {}, "op": "submit"}}), "#/select", "contradiction"),
            (json!({"operations": {}}), "#/operations", "wrong-type"),
            (json!({"operation": []}), "#/operation", "unknown"),
            (listed(json!({"op": "submit"})), "#/operations/1/id", "required"),
            (listed(json!({"id": "ships", "op": "submit"})), "#/operations/1/id", "invalid-uuid"),
            (listed(json!({"id": at})), "#/operations/1/op", "required"),
            (listed(json!({"id": at, "op": "purge"})), "#/operations/1/op", "unknown-value"),
            (listed(json!({"id": at, "op": "update", "changes": {}})), "#/operations/1/if_match", "required"),
            (listed(json!({"id": at, "op": "update", "if_match": "r1"})), "#/operations/1/changes", "required"),
            (listed(json!({"id": at, "op": "update", "if_match": "1", "changes": {}})), "#/operations/1/if_match", "invalid-etag"),
            (listed(json!({"id": at, "op": "update", "if_match": 1, "changes": {}})), "#/operations/1/if_match", "wrong-type"),
            (listed(update(&article, "r1", json!({"title": ""}))), "#/operations/1/changes/title", "empty"),
            (listed(update(&article, "r1", json!({"tags": vec!["a"; 51]}))), "#/operations/1/changes/tags", "too-many"),
            (listed(update(&article, "r1", json!({"authors": [{"name": "a"}, {}]}))), "#/operations/1/changes/authors/1", "slug-or-name"),
            (listed(update(&article, "r1", json!({"published_at": "2030-01-01T00:00:00Z"}))), "#/operations/1/changes/published_at", "in-future"),
            (listed(update(&article, "r1", json!({"status": "published"}))), "#/operations/1/changes/status", "unknown"),
            (listed(json!({"id": at, "op": "schedule"})), "#/operations/1/publish_at", "required"),
            (listed(json!({"id": at, "op": "schedule", "publish_at": "soon"})), "#/operations/1/publish_at", "invalid-time"),
            (listed(json!({"id": at, "op": "submit", "note": ""})), "#/operations/1/note", "empty"),
            (listed(json!({"id": at, "op": "publish", "publish_at": "2030-01-01T00:00:00Z"})), "#/operations/1/publish_at", "unexpected"),
            (listed(json!({"id": at, "op": "publish", "unpublish_at": "2030-01-01T00:00:00Z"})), "#/operations/1/unpublish_at", "unexpected"),
            (listed(json!({"id": at, "op": "publish", "assignee_id": NOBODY})), "#/operations/1/assignee_id", "unexpected"),
            (listed(json!({"id": at, "op": "submit", "force": false})), "#/operations/1/force", "unexpected"),
            (listed(json!({"id": at, "op": "submit", "changes": {}})), "#/operations/1/changes", "unexpected"),
            (listed(json!({"id": at, "op": "submit", "message": "x"})), "#/operations/1/message", "unexpected"),
            (listed(json!({"id": at, "op": "update", "if_match": "*", "changes": {}, "note": "x"})), "#/operations/1/note", "unexpected"),
            (json!({"select": {"op": "submit"}}), "#/select/filter", "required"),
            (json!({"select": {"filter": {}}}), "#/select/op", "required"),
            (json!({"select": {"filter": {"state": "draft"}, "op": "submit"}}), "#/select/filter/state", "unknown"),
            (json!({"select": {"filter": {"status": "drafted"}, "op": "submit"}}), "#/select/filter/status", "unknown-value"),
            (json!({"select": {"filter": {"tag": "Not a slug"}, "op": "submit"}}), "#/select/filter/tag", "invalid-slug"),
            (json!({"select": {"filter": {}, "op": "submit", "expected_count": -1}}), "#/select/expected_count", "wrong-type"),
            (json!({"select": {"filter": {}, "op": "update"}}), "#/select/changes", "required"),
            (json!({"select": {"filter": {}, "op": "update", "changes": {"tags": vec!["a"; 51]}}}), "#/select/changes/tags", "too-many"),
            (json!({"select": {"filter": {}, "op": "archive", "message": "x"}}), "#/select/message", "unexpected"),
        ] {
            let problem = bare(&ada, "", &body).key(KEY).send().await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
            app.rehearse(bare(&ada, "", &body)).await.problem(422, "validation-failed");
        }
        ada.request(Method::POST, BULK).key(KEY).body("application/json", "[").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, BULK).key(KEY).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
        bare(&ada, "?atomic=no", &json!({})).key(KEY).send().await.problem(400, "invalid-parameter");
        bare(&ada, "?atomar=false", &json!({})).key(KEY).send().await.problem(400, "unknown-parameter");
        ada.get(BULK).await.problem(400, "invalid-parameter");
        assert_eq!(app.database_digest().await, before);
    }

    async fn a_filter_finds_the_articles_and_a_rehearsal_counts_them(app: TestApp) {
        let ada = app.editor().await;
        ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201);
        for (title, section, tags) in [("One", Some("local"), json!(["Ships"])), ("Two", Some("local"), json!([])), ("Three", None, json!(["Ships"]))] {
            let body = json!({"title": title, "body_markdown": "x", "tags": tags, "authors": [{"name": "Grace"}]});
            let article = ada.post(ARTICLES, body).await.expect(201).json();
            ada.patch(&format!("{ARTICLES}/{}", id(&article)), "*", json!({"section": section})).await.expect(200);
            app.state.clock.advance(Duration::minutes(1));
        }
        let trashed = ada.draft("Thrown away").await;
        ada.delete(&format!("{ARTICLES}/{}", id(&trashed)), "*").await.expect(204);
        let count = async |filter: Value| {
            let select = json!({"filter": filter, "op": "archive"});
            app.rehearse(bare(&ada, "", &json!({"select": select}))).await.expect(200).json()["count"].as_u64().unwrap()
        };
        assert_eq!(count(json!({})).await, 3);
        assert_eq!(count(json!({"section": "local"})).await, 2);
        assert_eq!(count(json!({"tag": "ships"})).await, 2);
        assert_eq!(count(json!({"tag": "ships", "section": "local", "author": "grace", "status": "draft"})).await, 1);
        for nothing in [json!({"tag": "trains"}), json!({"author": "nobody"}), json!({"section": "nowhere"}), json!({"status": "published"}), json!({"assignee": NOBODY})] {
            assert_eq!(count(nothing.clone()).await, 0, "{nothing}");
        }

        let before = app.database_digest().await;
        let select = |expected: u32| json!({"filter": {"tag": "ships"}, "op": "publish", "expected_count": expected, "note": "All of them."});
        for expected in [0, 1, 3, 200] {
            let problem = app.rehearse_and_send(|| selection(&ada, "", &select(expected))).await.problem(409, "bulk-refused");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/select/expected_count"), &json!("differs")));
            assert!(problem["detail"].as_str().unwrap().contains("finds 2 articles"), "{problem}");
        }
        assert_eq!(app.database_digest().await, before);
        let answer = app.rehearse_and_send(|| selection(&ada, "", &select(2))).await.expect(200);
        assert_eq!(statuses(&answer), [200, 200]);
        // Nothing to do is no fault.
        let nothing = bare(&ada, "", &json!({"select": {"filter": {"tag": "trains"}, "op": "publish"}})).key("nothing").send().await.expect(200).json();
        assert_eq!(nothing, json!({"count": 0, "succeeded": 0, "failed": 0, "results": []}));

        let everything = json!({"filter": {}, "op": "unpublish"});
        let problem = app.rehearse_and_send(|| bare(&ada, "", &json!({"select": everything})).key("all")).await.problem(409, "bulk-refused");
        assert_eq!(faults(&problem), [pair("#/select", "illegal-transition")]);
        assert!(problem["errors"][0]["detail"].as_str().unwrap().starts_with("Article 0"), "{problem}");
        let answer = bare(&ada, "?atomic=false", &json!({"select": everything})).key("all").send().await.expect(200);
        let mut ended = statuses(&answer);
        ended.sort_unstable();
        assert_eq!(ended, [200, 200, 409]);
        let select = json!({"filter": {"status": "trashed"}, "op": "restore"});
        let answer = bare(&ada, "", &json!({"select": select})).key("restore").send().await.expect(200).json();
        assert_eq!(answer["results"][0]["id"], trashed["id"]);
        // An update of what is selected overwrites nothing but the members that it names.
        let select = json!({"filter": {"section": "local"}, "op": "update", "changes": {"lang": "en"}, "message": "In English"});
        let answer = bare(&ada, "", &json!({"select": select})).key("update").send().await.expect(200);
        assert_eq!(statuses(&answer), [200, 200]);
    }

    async fn authors_reach_their_own_articles_and_no_others(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let (others, own) = (ada.draft("Ships").await, grace.draft("Gulls").await);
        let operations = [step(&own, "publish"), step(&others, "publish"), update(&others, "r9", json!({"title": "Mine"}))];
        let before = app.database_digest().await;
        let problem = app.rehearse_and_send(|| bulk(&grace, "", &operations)).await.problem(409, "bulk-refused");
        assert_eq!(faults(&problem), [pair("#/operations/1", "not-found"), pair("#/operations/2", "not-found")]);
        assert_eq!(app.database_digest().await, before);
        let answer = bulk(&grace, "?atomic=false", &operations).send().await.expect(200);
        assert_eq!(statuses(&answer), [200, 404, 404]);
        assert_eq!(current(&ada, &others).await, others);
        let select = json!({"filter": {}, "op": "trash"});
        let answer = bare(&grace, "", &json!({"select": select})).key("trash").send().await.expect(200).json();
        assert_eq!((&answer["count"], &answer["results"][0]["id"]), (&json!(1), &own["id"]));
    }

    async fn a_bulk_needs_the_rights_of_all_its_operations(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let submit = [step(&article, "submit")];
        bulk(&app.reader(), "", &submit).send().await.problem(401, "not-authenticated");
        bulk(&app.bearer("nonsense"), "", &submit).send().await.problem(401, "token-invalid");
        for role in [Role::Moderator, Role::Reader] {
            bulk(&app.account(role).await, "", &submit).send().await.problem(403, "insufficient-scope");
        }
        let account = app.create_account("narrow@galley.example", Role::Editor).await;
        let with_scope = |scope: &str| {
            let mut claims = app.claims(account, Role::Editor);
            scope.clone_into(&mut claims.scope);
            app.bearer(&app.token(&claims))
        };
        let before = app.database_digest().await;
        for (scope, op, missing) in [
            ("articles:read articles:write", "publish", "articles:publish"),
            ("articles:read articles:write articles:publish", "trash", "articles:delete"),
            ("articles:read articles:publish articles:delete", "submit", "articles:write"),
        ] {
            let narrow = with_scope(scope);
            // One operation that may not be carried out keeps all from being so, also each for itself.
            for query in ["", "?atomic=false"] {
                let operations = [step(&article, "submit"), step(&article, op)];
                let problem = app.rehearse_and_send(|| bulk(&narrow, query, &operations)).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains(missing), "{problem}");
            }
            let select = json!({"filter": {}, "op": op});
            selection(&narrow, "", &select).send().await.problem(403, "insufficient-scope");
        }
        for operation in [json!({"id": article["id"], "op": "publish", "force": true}),
            json!({"id": article["id"], "op": "schedule", "publish_at": "2030-01-01T00:00:00Z", "force": true})] {
            let problem = bulk(&ada, "", &[operation]).send().await.problem(403, "insufficient-scope");
            assert!(problem["detail"].as_str().unwrap().contains("admin"), "{problem}");
        }
        assert_eq!(app.database_digest().await, before);
        bulk(&with_scope("articles:read articles:write"), "", &submit).send().await.expect(200);
    }

    async fn an_administrator_publishes_against_what_preflight_says(app: TestApp) {
        let (ada, chief) = (app.editor().await, app.account(Role::Administrator).await);
        chief.patch("/v1/editorial/settings", "*", json!({"article_url": "https://example.org/stories/{slug}"})).await.expect(200);
        let body = json!({"title": "Ships", "body_markdown": "See [this](https://example.org/stories/nowhere)."});
        let (first, second) = (ada.post(ARTICLES, body.clone()).await.expect(201).json(), ada.draft("Gulls").await);
        let publish = |force: bool| [json!({"id": first["id"], "op": "publish", "force": force}), step(&second, "publish")];
        let problem = app.rehearse_and_send(|| bulk(&chief, "", &publish(false))).await.problem(409, "bulk-refused");
        assert_eq!(faults(&problem), [pair("#/operations/0", "not-ready")]);
        let answer = app.rehearse_and_send(|| bulk(&chief, "", &publish(true))).await.expect(200);
        assert_eq!(statuses(&answer), [200, 200]);
    }

    async fn two_hundred_operations_are_carried_out_at_once_and_no_more_are_selected(app: TestApp) {
        let ada = app.editor().await;
        let articles = drafts(&ada, 200).await;
        let operations: Vec<Value> = articles.iter().map(|article| update(article, "r1", json!({"tags": ["All"], "body_markdown": "New *text*."}))).collect();
        let answer = bulk(&ada, "", &operations).send().await.expect(200);
        assert_eq!(statuses(&answer), [200; 200]);
        let select = json!({"filter": {"tag": "all"}, "op": "publish", "expected_count": 200});
        let answer = bare(&ada, "", &json!({"select": select})).key("publish").send().await.expect(200).json();
        assert_eq!((&answer["count"], &answer["succeeded"]), (&json!(200), &json!(200)));
        ada.draft("One more").await;
        let before = app.database_digest().await;
        let problem = app.rehearse_and_send(|| bare(&ada, "", &json!({"select": {"filter": {}, "op": "submit"}})).key("more")).await.problem(422, "validation-failed");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/select/filter"), &json!("too-many")));
        assert_eq!(app.database_digest().await, before);
    }

    async fn bulks_over_the_same_articles_in_opposite_orders_do_not_block_one_another(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let articles = drafts(&ada, 30).await;
        for round in 0..5 {
            let operations = |client: &'static str| {
                let change = move |article: &Value| update(article, "*", json!({"subtitle": format!("{client} {round}")}));
                articles.iter().map(change).collect::<Vec<Value>>()
            };
            let (forth, mut back) = (operations("ada"), operations("bob"));
            back.reverse();
            let key = format!("round {round}");
            let send = |client: &Client, operations: &[Value]| bare(client, "", &json!({"operations": operations})).key(&key).send();
            let select = json!({"select": {"filter": {}, "op": "update", "changes": {"lang": format!("e{}", ["n", "s", "t", "l", "u"][round])}}});
            let selecting = bare(&ada, "", &select).key(&format!("selection {round}")).send();
            let ((first, second), third) = join(join(send(&ada, &forth), send(&bob, &back)), selecting).await;
            assert_eq!(statuses(&first.expect(200)), [200; 30]);
            assert_eq!(statuses(&second.expect(200)), [200; 30]);
            // What a filter finds may change while it waits for the others, which is no failure of theirs.
            assert!([200, 503].contains(&third.status), "{}", third.text());
        }
        let subtitles = ada.get(&format!("{ARTICLES}?limit=100")).await.expect(200).json();
        assert_eq!(subtitles["data"].as_array().unwrap().len(), 30);
        for article in &articles {
            let revision = current(&ada, article).await["revision"].as_u64().unwrap();
            assert!((11..=16).contains(&revision), "{revision}");
        }
    }
}
