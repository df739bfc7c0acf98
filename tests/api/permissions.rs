//! What each role may do: every operation as every role, and which fields of an article each may set.

use std::collections::BTreeSet;
use std::io::Write as _;

use actix_web::http::Method;
use galley::accounts::claims::UploadGrant;
use galley::accounts::operations::{Need, need_of};
use galley::accounts::permissions::{Role, Scope};
use galley::app::document;
use galley::articles::article::{ArticleFailure, Maker, Ownership, WorkingArticle, WorkingFilter, WorkingSummary};
use galley::cli::permissions;
use galley::http::page::{Slice, SortOrder};
use galley::{read, write_unit};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const ARTICLES: &str = "/v1/editorial/articles";

/// An operation of the document, with something in its path that does not exist.
struct Operation {
    id: String,
    method: Method,
    path: String,
    is_secured: bool,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(document("https://galley.example")).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations: Vec<Operation> = paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: filled(path),
                is_secured: is_secured(operation),
            })
        })
        .collect();
    assert!(operations.len() >= 90, "the document lost operations");
    operations
}

/// Whether nobody without a token is let in. Readers may show who they are and need not; who logs out says it in another way.
fn is_secured(operation: &Value) -> bool {
    let security = operation["security"].as_array();
    security
        .is_some_and(|list| !list.is_empty() && (!list.contains(&json!({})) || operation["operationId"] == "logout"))
}

/// A path with something in the place of every parameter that has its form and is not there.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    for part in path.split_inclusive(['{', '}']) {
        match part.strip_suffix('}') {
            None => filled.push_str(part.trim_end_matches('{')),
            Some("external_id") => filled.push_str("nothing"),
            Some(name) if name.ends_with("id") => filled.push_str("00000000-0000-7000-8000-000000000000"),
            Some("revision") => filled.push('1'),
            Some("code") => filled.push_str("not-found"),
            Some(_) => filled.push_str("nothing"),
        }
    }
    filled
}

#[derive(Debug)]
enum Verdict {
    Welcome,
    Unknown,
    Refused(Scope),
}

fn verdict(need: Need, role: Option<Role>) -> Verdict {
    match (need, role) {
        (Need::Nothing, _) | (Need::Account | Need::Writer, Some(_)) => Verdict::Welcome,
        (Need::Account | Need::Writer | Need::Scope(_), None) => Verdict::Unknown,
        (Need::Scope(scope), Some(role)) => match role.reach(scope) {
            Some(_) => Verdict::Welcome,
            None => Verdict::Refused(scope),
        },
    }
}

/// Passes if an operation answers as the table says.
#[track_caller]
fn assert_verdict(expected: &Verdict, answer: Answer, what: &str) {
    let what = format!("{what}: {} {}", answer.status, answer.text());
    match expected {
        Verdict::Welcome => {
            // A handler may refuse with 403 what the guard let in, but never for want of a scope.
            let is_refused_by_guard =
                answer.status == 401 || answer.status == 403 && answer.json()["code"] == "insufficient-scope";
            assert!(!is_refused_by_guard, "{what}");
        }
        Verdict::Unknown => {
            assert_eq!(answer.status, 401, "{what}");
            answer.problem(401, "not-authenticated");
        }
        Verdict::Refused(scope) => {
            assert_eq!(answer.status, 403, "{what}");
            assert!(
                answer
                    .header("www-authenticate")
                    .ends_with(&format!("scope=\"{scope}\"")),
                "{what}"
            );
            answer.problem(403, "insufficient-scope");
        }
    }
}

/// The client of a new account with a role that writes as an author, who is made.
async fn linked(app: &TestApp, admin: &Client, role: Role, name: &str) -> Client {
    let author = admin
        .post("/v1/editorial/authors", json!({"name": name}))
        .await
        .expect(201)
        .json();
    let account = app
        .create_account(&format!("{}@galley.example", author["slug"].as_str().unwrap()), role)
        .await;
    let user = format!("/v1/editorial/users/{account}");
    admin
        .patch(&user, "*", json!({"author": author["slug"]}))
        .await
        .expect(200);
    app.bearer(&app.token(&app.claims(account, role)))
}

fn at(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

/// The pointers, lines or parameters that a refusal names.
#[track_caller]
fn forbidden(answer: Answer) -> Vec<String> {
    let problem = answer.problem(403, "field-forbidden");
    let faults = problem["errors"].as_array().unwrap().iter();
    faults
        .map(|fault| match (&fault["pointer"], &fault["line"], &fault["parameter"]) {
            (Value::String(pointer), _, _) => pointer.clone(),
            (_, Value::Number(line), _) => format!("line {line}"),
            (_, _, Value::String(name)) => format!("?{name}"),
            _ => panic!("a fault without a place: {fault}"),
        })
        .collect()
}

#[test]
fn every_operation_stands_in_the_table_of_permissions() {
    for operation in operations() {
        let need = need_of(&operation.id);
        assert!(
            need.is_some(),
            "decide what {} asks of its caller, in src/accounts/operations.rs",
            operation.id
        );
        assert_eq!(
            operation.is_secured,
            need != Some(Need::Nothing),
            "{} and its security in the document",
            operation.id
        );
    }
}

#[test]
fn the_document_names_the_scope_of_every_operation() {
    let document: Value = serde_json::from_str(&galley::openapi::json(&document("https://galley.example"))).unwrap();
    for operation in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
    {
        let name = operation["operationId"].as_str().unwrap();
        let security = operation.get("security").cloned().unwrap_or_default();
        match need_of(name).unwrap() {
            Need::Nothing if ["create_comment", "cast_vote", "retract_vote"].contains(&name) => {
                assert_eq!(security, json!([{}, {"reader": []}, {"bearer": []}]), "{name}");
            }
            Need::Nothing => assert_eq!(security, Value::Null, "{name}"),
            Need::Writer => assert_eq!(security, json!([{"reader": []}, {"bearer": []}]), "{name}"),
            // A session is also ended by whoever has its refresh token.
            Need::Account if name == "logout" => assert_eq!(security, json!([{}, {"bearer": []}]), "{name}"),
            Need::Account => assert_eq!(security, json!([{"bearer": []}]), "{name}"),
            Need::Scope(scope) => {
                assert_eq!(security, json!([{"bearer": [scope.as_str()]}]), "{name}");
                let said = format!("Needs the scope {scope}, which these roles have: ");
                assert!(operation["description"].as_str().unwrap().contains(&said), "{name}");
            }
        }
    }
}

#[test]
fn the_committed_page_of_permissions_is_in_step() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md");
    if std::env::var_os("UPDATE_PERMISSIONS").is_some() {
        std::fs::write(path, permissions::page()).unwrap();
    }
    // Shown with --nocapture.
    let _ = writeln!(std::io::stdout(), "{}", permissions::operations());
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == permissions::page(),
        "docs/permissions.md is not what the code says; write it again with: cargo run -- permissions > docs/permissions.md"
    );
}

on_both_databases! {
    async fn every_operation_lets_in_exactly_the_roles_of_the_table(app: TestApp) {
        for operation in operations() {
            // Anew for each, since some operations end the session.
            let mut callers: Vec<(Option<Role>, Client)> = vec![(None, app.reader())];
            for role in Role::ALL {
                callers.push((Some(role), app.account(role).await));
            }
            let Some(need) = need_of(&operation.id) else { continue };
            for (role, client) in &callers {
                let answer = client.request(operation.method.clone(), &operation.path).send().await;
                assert_verdict(&verdict(need, *role), answer, &format!("{} as {role:?}", operation.id));
            }
        }
    }

    async fn what_an_account_may_do_is_what_its_role_may_do_now(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let account = app.create_account("ada@galley.example", Role::Editor).await;
        let ada = app.bearer(&app.token(&app.claims(account, Role::Editor)));
        ada.get("/v1/editorial/comments").await.expect(200);
        let user = format!("/v1/editorial/users/{account}");
        admin.patch(&user, "*", json!({"role": "author"})).await.expect(200);
        ada.get("/v1/editorial/comments").await.problem(403, "insufficient-scope");
        ada.get(ARTICLES).await.expect(200);
        admin.request(Method::POST, &format!("{user}/disable")).header("If-Match", "*").send().await.expect(200);
        for path in [ARTICLES, "/v1/auth/me"] {
            let problem = ada.get(path).await.problem(401, "token-invalid");
            assert_eq!(problem["detail"], "The token is not accepted: the account is gone or disabled.");
        }
    }

    async fn an_article_belongs_to_who_made_it_and_to_whom_its_byline_names(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Author, "Grace Hopper").await;
        let mary = linked(&app, &admin, Role::Author, "Mary Shelley").await;
        let body = json!({"title": "Moths", "body_markdown": "x", "authors": [{"slug": "grace-hopper"}, {"name": "Ada Lovelace"}]});
        let theirs = admin.post(ARTICLES, body).await.expect(201).json();
        let own = grace.draft("Engines").await;
        let titles = |list: Value| {
            let rows = list["data"].as_array().unwrap().iter();
            rows.map(|row| row["title"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        assert_eq!(titles(grace.get(ARTICLES).await.expect(200).json()), BTreeSet::from(["Engines".to_owned(), "Moths".to_owned()]));
        assert_eq!(titles(mary.get(ARTICLES).await.expect(200).json()), BTreeSet::new());
        for path in [at(&theirs), format!("{}/notes", at(&theirs)), format!("{}/revisions", at(&theirs)), format!("{}/preview-links", at(&theirs))] {
            grace.get(&path).await.expect(200);
            mary.get(&path).await.problem(404, "not-found");
        }
        grace.patch(&at(&theirs), "*", json!({"title": "Moths and relays"})).await.expect(200);
        mary.patch(&at(&own), "*", json!({"title": "Mine"})).await.problem(404, "not-found");
        let put = json!({"title": "Moths", "body_markdown": "y", "authors": [{"slug": "grace-hopper"}]});
        mary.put("/v1/editorial/articles/by-slug/moths", "*", put.clone()).await.problem(409, "slug-taken");
        grace.put("/v1/editorial/articles/by-slug/moths", "*", put).await.expect(200);
        // Out of the byline is out of reach.
        admin.patch(&at(&theirs), "*", json!({"authors": [{"slug": "mary-shelley"}]})).await.expect(200);
        grace.get(&at(&theirs)).await.problem(404, "not-found");
        mary.get(&at(&theirs)).await.expect(200);
    }

    async fn who_writes_as_an_author_stands_in_the_byline_unless_another_is_named(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Contributor, "Grace Hopper").await;
        let ada = linked(&app, &admin, Role::Editor, "Ada Lovelace").await;
        assert_eq!(grace.draft("Moths").await["authors"][0]["slug"], "grace-hopper");
        assert_eq!(ada.draft("Engines").await["authors"][0]["slug"], "ada-lovelace");
        let body = json!({"title": "Frost", "body_markdown": "x", "authors": [{"name": "Mary Shelley"}]});
        let frost = ada.post(ARTICLES, body).await.expect(201).json();
        assert_eq!(frost["authors"].as_array().unwrap().len(), 1);
        assert_eq!(frost["authors"][0]["slug"], "mary-shelley");
        let uploaded = grace.upload("", "text/markdown", "# Relays\n\nThey click.").await.expect(201).json();
        assert_eq!(uploaded["article"]["authors"][0]["slug"], "grace-hopper");
        let nobody = app.account(Role::Author).await.draft("Nobody's").await;
        assert_eq!(nobody["authors"], json!([]));
    }

    async fn a_contributor_writes_and_hands_in_and_never_publishes(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Contributor, "Grace Hopper").await;
        let draft = grace.draft("Moths").await;
        let free = json!({"title": "A moth", "subtitle": "In a relay", "excerpt": "Found.", "body_markdown": "A *moth*.", "lang": "en",
            "cover": {"url": "https://example.org/moth.jpg", "alt": "A moth"}, "tags": ["Bugs"], "slug": "a-moth", "seo": {"title": "The moth"}});
        grace.patch(&at(&draft), "*", free).await.expect(200);
        for step in ["publish", "schedule", "unpublish", "archive"] {
            grace.post(&format!("{}/{step}", at(&draft)), json!({})).await.problem(403, "insufficient-scope");
        }
        let published = json!({"title": "Two", "body_markdown": "x", "status": "published"});
        grace.post(ARTICLES, published.clone()).await.problem(403, "insufficient-scope");
        grace.put(&at(&draft), "*", published).await.problem(403, "insufficient-scope");
        grace.upload("?status=published", "text/markdown", "# Two\n\nx").await.problem(403, "insufficient-scope");
        let bulk = json!({"operations": [{"op": "publish", "id": draft["id"]}]});
        grace.request(Method::POST, "/v1/editorial/articles/bulk").key("1").json(&bulk).send().await.problem(403, "insufficient-scope");
        // Who hands an article in may say who is to read it.
        let reader = admin.get("/v1/auth/me").await.json();
        let handed_in = json!({"note": "Please read.", "assignee_id": reader["id"]});
        grace.post(&format!("{}/submit", at(&draft)), handed_in).await.expect(200);
        admin.post(&format!("{}/publish", at(&draft)), json!({})).await.expect(200);
        // What readers have seen is not the contributor's to throw away, also once they see it no more.
        for _ in 0..2 {
            let trash = grace.request(Method::POST, &format!("{}/trash", at(&draft))).send().await;
            trash.problem(403, "published-before");
            grace.delete(&at(&draft), "*").await.problem(403, "published-before");
            admin.post(&format!("{}/unpublish", at(&draft)), json!({})).await;
        }
        let other = grace.draft("Never shown").await;
        grace.delete(&at(&other), "*").await.expect(204);
        grace.delete(&format!("{}?purge=true", at(&other)), "*").await.expect(204);
    }

    async fn a_field_that_is_for_editors_is_named_and_nothing_is_stored(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Contributor, "Grace Hopper").await;
        let draft = grace.draft("Moths").await;
        let reserved = json!({"canonical_url": "https://example.org/moths", "byline": "By all", "seo": {"noindex": true, "title": "T"},
            "published_at": "2020-01-01T00:00:00Z", "external_id": {"source": "w", "id": "1"}, "authors": [{"name": "Mary Shelley"}]});
        let all = ["#/authors", "#/byline", "#/canonical_url", "#/external_id", "#/published_at", "#/seo/noindex"];
        let before = app.database_digest().await;
        let patch = || grace.request(Method::PATCH, &at(&draft)).header("If-Match", "*").json(&reserved);
        assert_eq!(forbidden(app.rehearse(patch()).await), all);
        assert_eq!(forbidden(patch().send().await), all);
        let mut whole = reserved.clone();
        whole["title"] = json!("Moths");
        whole["body_markdown"] = json!("x");
        assert_eq!(forbidden(grace.put(&at(&draft), "*", whole.clone()).await), all);
        assert_eq!(forbidden(grace.post(ARTICLES, {
            let mut new = whole.clone();
            new["slug"] = json!("others");
            new
        }).await), all);
        assert_eq!(forbidden(grace.put("/v1/editorial/articles/by-slug/moths", "*", whole.clone()).await), all);
        assert_eq!(forbidden(grace.put("/v1/editorial/articles/by-slug/more-moths", "*", whole).await), all);
        let named = grace.put("/v1/editorial/articles/by-external-id/w/1", "*", json!({"title": "M", "body_markdown": "x"})).await;
        assert_eq!(forbidden(named), ["#/external_id"]);
        let bulk = json!({"operations": [{"op": "update", "id": draft["id"], "if_match": "*", "changes": {"byline": "By all"}}]});
        let refused = grace.request(Method::POST, "/v1/editorial/articles/bulk").key("1").json(&bulk).send().await
            .problem(409, "bulk-refused");
        assert_eq!(only_fault(&refused)["pointer"], "#/operations/0/changes/byline");
        assert_eq!(forbidden(grace.post(&format!("{}/assign", at(&draft)), json!({"assignee_id": null})).await), ["#/assignee_id"]);
        assert_eq!(app.database_digest().await, before, "something was stored");
        insta::assert_json_snapshot!("field_forbidden", patch().send().await.json(), {".request_id" => "[id]", ".instance" => "[path]"});
    }

    async fn a_refused_field_of_a_document_is_named_by_its_line(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Contributor, "Grace Hopper").await;
        let document = "---\ntitle: Moths\nauthor: Mary Shelley\ncanonical_url: https://example.org/moths\ndate: 2020-01-01\nexternal_id: 7\nsource: w\n---\n\nText.\n";
        let before = app.database_digest().await;
        let refused = grace.upload("", "text/markdown", document).await;
        assert_eq!(forbidden(refused), ["line 3", "line 4", "line 6", "line 5"]);
        let refused = grace.request(Method::PUT, "/v1/editorial/documents/moths").body("text/markdown", document).send().await;
        assert_eq!(forbidden(refused), ["line 3", "line 4", "line 6", "line 5"]);
        let refused = grace.upload("?author=Mary%20Shelley", "text/markdown", "# Moths\n\nText.").await;
        assert_eq!(forbidden(refused), ["?author"]);
        let with_thread = "---\ntitle: Moths\ncomments: false\n---\n\nText.\n";
        let refused = grace.upload("", "text/markdown", with_thread).await;
        assert_eq!(forbidden(refused), ["line 3"]);
        assert_eq!(app.database_digest().await, before, "something was stored");
        let own = "---\ntitle: Moths\nauthor: Grace Hopper\ntags: [Bugs]\n---\n\nText.\n";
        grace.upload("", "text/markdown", own).await.expect(201);
    }

    async fn what_an_editor_set_stays_while_a_contributor_sends_the_article_back(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Contributor, "Grace Hopper").await;
        let draft = grace.draft("Moths").await;
        let set = json!({"canonical_url": "https://example.org/moths", "seo": {"noindex": true},
            "authors": [{"slug": "grace-hopper"}, {"name": "Mary Shelley"}]});
        admin.patch(&at(&draft), "*", set).await.expect(200);
        let whole = json!({"title": "Moths!", "body_markdown": "Other text.", "canonical_url": "https://example.org/moths", "seo": {"noindex": true},
            "authors": [{"slug": "grace-hopper"}, {"slug": "mary-shelley"}]});
        grace.put(&at(&draft), "*", whole).await.expect(200);
        let less = json!({"title": "Moths!", "body_markdown": "Other text.", "authors": [{"slug": "grace-hopper"}]});
        assert_eq!(forbidden(grace.put(&at(&draft), "*", less).await), ["#/authors", "#/canonical_url", "#/seo/noindex"]);
        // An earlier revision without them is a change of them, too.
        let restored = grace.request(Method::POST, &format!("{}/revisions/1/restore", at(&draft))).send().await;
        assert_eq!(forbidden(restored), ["#/authors", "#/canonical_url", "#/seo/noindex"]);
        // The own name comes and goes.
        grace.patch(&at(&draft), "*", json!({"authors": [{"slug": "mary-shelley"}]})).await.expect(200);
        // A merge is checked for what the contributor wanted, and not for what the editor did meanwhile.
        let revision = grace.get(&at(&draft)).await.header("etag").to_owned();
        admin.patch(&at(&draft), "*", json!({"byline": "By both"})).await.expect(200);
        let merge = format!("{}?merge=auto", at(&draft));
        let merged = grace.patch(&merge, &revision, json!({"subtitle": "In a relay"})).await.expect(200).json();
        assert_eq!(merged["byline"], "By both");
        assert_eq!(forbidden(grace.patch(&merge, &revision, json!({"canonical_url": null})).await), ["#/canonical_url"]);
        // The slug is free until readers use it.
        grace.patch(&at(&draft), "*", json!({"slug": "the-moth"})).await.expect(200);
        admin.post(&format!("{}/publish", at(&draft)), json!({})).await.expect(200);
        assert_eq!(forbidden(grace.patch(&at(&draft), "*", json!({"slug": "moths-again"})).await), ["#/slug"]);
        grace.patch(&at(&draft), "*", json!({"title": "Still free"})).await.expect(200);
    }

    async fn an_author_sets_all_but_what_is_for_editors(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = linked(&app, &admin, Role::Author, "Grace Hopper").await;
        let draft = grace.draft("Moths").await;
        let free = json!({"canonical_url": "https://example.org/moths", "byline": "By all", "seo": {"noindex": true},
            "published_at": "2020-01-01T00:00:00Z", "authors": [{"name": "Mary Shelley"}], "slug": "the-moth"});
        grace.patch(&at(&draft), "*", free).await.expect(200);
        let named = json!({"external_id": {"source": "w", "id": "1"}});
        assert_eq!(forbidden(grace.patch(&at(&draft), "*", named).await), ["#/external_id"]);
        assert_eq!(forbidden(grace.post(&format!("{}/assign", at(&draft)), json!({"assignee_id": null})).await), ["#/assignee_id"]);
        grace.upload("", "text/markdown", "---\ntitle: Old\ncomments: false\n---\n\nText.\n").await.expect(201);
    }

    async fn an_upload_token_reaches_what_it_brought_and_nothing_else(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = admin.post("/v1/editorial/authors", json!({"name": "Grace Hopper"})).await.expect(201).json();
        let others = admin.draft("Engines").await;
        let account = admin.get("/v1/auth/me").await.json();
        let token = Uuid::from_u128(0x5eed);
        app.run_sql(upload_token(app.state.database.kind(), token, id(&account), id(&grace))).await;
        let grant = UploadGrant { token_id: token, author_id: id(&grace).parse().unwrap() };
        let ownership = Ownership::Upload(grant);
        let maker = Maker { ownership, author: Some(grant.author_id) };
        let made: Result<WorkingArticle, ArticleFailure> = {
            let (new, stamp) = app.new_article("Moths", maker, account["id"].as_str().unwrap().parse().unwrap());
            write_unit!(&app.state.database, article_writes::create(new, stamp))
        };
        let made = made.unwrap();
        assert_eq!(made.row.upload_token_id.map(|id| id.0), Some(token));
        assert_eq!(made.belongings.byline[0].author.slug, "grace-hopper");
        let filter = WorkingFilter { ownership, state: None, author: None, sections: None, tag: None, assignee: None };
        let slice = Slice { order: SortOrder::Ascending, after: None, rows: 10 };
        let listed: Result<Vec<WorkingSummary>, galley::database::failure::Failure> =
            read!(&app.state.database, articles::list_working(filter, slice));
        assert_eq!(listed.unwrap().iter().map(|summary| summary.row.id).collect::<Vec<_>>(), [made.row.id]);
        let other: Uuid = id(&others).parse().unwrap();
        let found: Result<WorkingArticle, ArticleFailure> = read!(&app.state.database, articles::find_working(other, ownership));
        assert!(matches!(found, Err(ArticleFailure::Absent)));
    }
}

fn upload_token(kind: &str, token: Uuid, account: &str, author: &str) -> &'static str {
    let value = |id: &str| match kind {
        "postgres" => format!("'{id}'"),
        _ => format!("x'{}'", id.replace('-', "")),
    };
    let time = match kind {
        "postgres" => "now()",
        _ => "0",
    };
    let (token, account, author) = (value(&token.to_string()), value(account), value(author));
    let statement = format!(
        "INSERT INTO api_tokens (id, account_id, kind, name, secret_hash, scopes, author_id, created_at, created_by, expires_at) \
         VALUES ({token}, {account}, 'upload', 'For Grace', 'x', 'articles:write', {author}, {time}, {account}, {time})"
    );
    // The test runs once.
    Box::leak(statement.into_boxed_str())
}
