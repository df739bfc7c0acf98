//! Revisions: every save is kept whole, is compared with others, and is had back.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::database::Database;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};

const ARTICLES: &str = "/v1/editorial/articles";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Where editors find an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

/// Where its history is.
fn history(article: &Value) -> String {
    format!("{}/revisions", desk(article))
}

/// A change of whatever is there, with a query such as `?autosave=true`.
fn changing(client: &Client, article: &Value, query: &str, body: &Value) -> Draft {
    let path = format!("{}{query}", desk(article));
    client.request(Method::PATCH, &path).header("If-Match", "*").json(body)
}

async fn change(client: &Client, article: &Value, query: &str, body: Value) -> Value {
    changing(client, article, query, &body).send().await.expect(200).json()
}

async fn settings(app: &TestApp, body: Value) {
    let chief = app.account(Role::Administrator).await;
    chief.patch("/v1/editorial/settings", "*", body).await.expect(200);
}

/// The account that made an article, with a token of this moment: a token is good for a quarter of an hour.
fn again(app: &TestApp, article: &Value) -> Client {
    let account = article["created_by"].as_str().unwrap().parse().unwrap();
    app.bearer(&app.token(&app.claims(account, Role::Editor)))
}

/// The numbers of the revisions that are kept, the newest first.
async fn kept(client: &Client, article: &Value) -> Vec<i64> {
    let list = client
        .get(&format!("{}?limit=100", history(article)))
        .await
        .expect(200)
        .json();
    numbers(&list)
}

fn numbers(list: &Value) -> Vec<i64> {
    let revisions = list["data"].as_array().unwrap();
    revisions.iter().map(|one| one["revision"].as_i64().unwrap()).collect()
}

/// What is told about a revision in the list.
async fn told(client: &Client, article: &Value, revision: i64) -> Value {
    let list = client
        .get(&format!("{}?limit=100", history(article)))
        .await
        .expect(200)
        .json();
    let mut revisions = list["data"].as_array().unwrap().iter();
    revisions.find(|one| one["revision"] == revision).unwrap().clone()
}

fn restoring(client: &Client, article: &Value, revision: i64) -> Draft {
    client.request(Method::POST, &format!("{}/{revision}/restore", history(article)))
}

async fn diff(client: &Client, article: &Value, query: &str) -> Answer {
    client.get(&format!("{}/diff{query}", desk(article))).await
}

/// From and to of a comparison, and the members that differ.
fn compared(answer: &Answer) -> (i64, i64, Vec<String>) {
    let diff = answer.json();
    let fields = diff["fields"].as_array().unwrap().iter();
    let fields = fields.map(|field| field["field"].as_str().unwrap().to_owned());
    (
        diff["from"].as_i64().unwrap(),
        diff["to"].as_i64().unwrap(),
        fields.collect(),
    )
}

on_both_databases! {
    async fn every_save_is_kept_with_who_when_and_what_was_said(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201);
        ada.post("/v1/editorial/series", json!({"title": "A year at sea"})).await.expect(201);
        let path = format!("{ARTICLES}?message=%20First%20draft%20");
        let body = json!({
            "title": "Ships", "body_markdown": "The *old* ships.", "authors": [{"name": "Grace Hopper", "role": "photographer"}],
            "tags": ["Harbours"], "section": "local", "series": {"slug": "a-year-at-sea", "position": 2}, "lang": "en",
            "custom": {"kicker": "Sea"}, "cover": {"url": "https://example.org/a.jpg", "alt": "A ship"},
            "seo": {"title": "Old ships"}, "external_id": {"source": "wire", "id": "17"},
        });
        let article = app.rehearse_and_send(|| ada.request(Method::POST, &path).json(&body)).await.expect(201).json();
        app.state.clock.advance(Duration::minutes(1));
        let request = || changing(&bob, &article, "?message=Names%20checked", &json!({"title": "Ships of the north", "tags": []}));
        app.rehearse_and_send(request).await.expect(200);
        app.state.clock.advance(Duration::minutes(1));
        let body = json!({"title": "Ships of the north", "body_markdown": "The ships."});
        let request = || ada.request(Method::PUT, &desk(&article)).header("If-Match", "\"r2\"").json(&body);
        app.rehearse_and_send(request).await.expect(200);

        let list = ada.get(&history(&article)).await.expect(200);
        assert_eq!(list.header("cache-control"), "private, no-store");
        insta::assert_json_snapshot!("revision_list", list.json());
        let first = ada.get(&format!("{}/1", history(&article))).await.expect(200);
        insta::assert_json_snapshot!("revision", first.json());
        assert!(first.header("etag").starts_with("\"r1."));
        ada.request(Method::GET, &format!("{}/1", history(&article))).header("If-None-Match", first.header("etag")).send().await.expect(304);
        let third = ada.get(&format!("{}/3", history(&article))).await.expect(200).json();
        let expected = json!({"title": "Ships of the north", "slug": "ships", "body_markdown": "The ships.", "authors": [],
            "tags": [], "related": [], "custom": {}});
        assert_eq!(third["content"], expected);
    }

    async fn the_history_is_paged_from_the_newest_on_and_back(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.draft("Ships").await, ada.draft("Gulls").await);
        for number in 2..=5 {
            change(&ada, &article, "", json!({"title": format!("Ships {number}")})).await;
        }
        let page = async |query: &str| ada.get(&format!("{}{query}", history(&article))).await.expect(200);
        let first = page("?limit=2").await;
        assert_eq!(numbers(&first.json()), [5, 4]);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        assert!(first.header("link").contains(&format!("?limit=2&cursor={next}>; rel=\"next\"")), "{}", first.header("link"));
        let second = page(&format!("?limit=2&cursor={next}")).await.json();
        assert_eq!(numbers(&second), [3, 2]);
        let last = page(&format!("?limit=2&cursor={}", second["page"]["next"].as_str().unwrap())).await.json();
        assert_eq!((numbers(&last), last["page"].get("next")), (vec![1], None));
        let back = page(&format!("?limit=2&cursor={}", last["page"]["prev"].as_str().unwrap())).await.json();
        assert_eq!(numbers(&back), [3, 2]);
        let start = page(&format!("?limit=2&cursor={}", back["page"]["prev"].as_str().unwrap())).await.json();
        assert_eq!((numbers(&start), start["page"].get("prev")), (vec![5, 4], None));
        let oldest = page("?order=asc&limit=3").await.json();
        assert_eq!(numbers(&oldest), [1, 2, 3]);
        let rest = page(&format!("?order=asc&limit=3&cursor={}", oldest["page"]["next"].as_str().unwrap())).await.json();
        assert_eq!(numbers(&rest), [4, 5]);
        // A save in between moves nothing.
        change(&ada, &article, "", json!({"title": "Ships 6"})).await;
        assert_eq!(numbers(&page(&format!("?limit=2&cursor={next}")).await.json()), [3, 2]);
        for (path, code) in [
            (format!("{}?cursor={next}", history(&other)), "cursor-mismatch"),
            (format!("{}?order=asc&cursor={next}", history(&article)), "cursor-mismatch"),
            (format!("{}?cursor=nonsense", history(&article)), "cursor-invalid"),
            (format!("{}?limit=101", history(&article)), "limit-too-large"),
            (format!("{}?limit=0", history(&article)), "invalid-parameter"),
            (format!("{}?kind=save", history(&article)), "unknown-parameter"),
        ] {
            ada.get(&path).await.problem(400, code);
        }
    }

    async fn a_revision_that_is_not_there_is_told(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let before = app.database_digest().await;
        let problem = ada.get(&format!("{}/2", history(&article))).await.problem(404, "not-found");
        assert_eq!(problem["detail"], "There is no such revision 2.");
        app.rehearse_and_send(|| restoring(&ada, &article, 2)).await.problem(404, "not-found");
        for path in [format!("{ARTICLES}/{NOBODY}/revisions"), format!("{ARTICLES}/{NOBODY}/revisions/1"), format!("{ARTICLES}/{NOBODY}/diff")] {
            let problem = ada.get(&path).await.problem(404, "not-found");
            assert_eq!(problem["detail"], "There is no such article.");
        }
        for number in ["0", "-1", "two", "1.5", "2147483648", "%20"] {
            let path = format!("{}/{number}", history(&article));
            let problem = ada.get(&path).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], "revision", "{number}");
        }
        ada.get(&format!("{ARTICLES}/ships/revisions")).await.problem(400, "invalid-parameter");
        assert_eq!(app.database_digest().await, before);
        let path = format!("{}?purge=true", desk(&article));
        ada.delete(&desk(&article), "*").await.expect(204);
        assert_eq!(kept(&ada, &article).await, [1]);
        ada.delete(&path, "*").await.expect(204);
        for path in [history(&article), format!("{}/1", history(&article)), format!("{}/diff", desk(&article))] {
            ada.get(&path).await.problem(410, "gone");
        }
        restoring(&ada, &article, 1).send().await.problem(410, "gone");
    }

    async fn the_history_is_for_those_who_reach_the_article(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let (article, own) = (ada.draft("Ships").await, grace.draft("Gulls").await);
        let paths = |article: &Value| {
            [(Method::GET, history(article)), (Method::GET, format!("{}/1", history(article))),
                (Method::GET, format!("{}/diff", desk(article))), (Method::POST, format!("{}/1/restore", history(article)))]
        };
        for (method, path) in paths(&article) {
            let send = |client: &Client| client.request(method.clone(), &path).send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("nonsense")).await.problem(401, "token-invalid");
            for role in [Role::Moderator, Role::Reader] {
                send(&app.account(role).await).await.problem(403, "insufficient-scope");
            }
            send(&grace).await.problem(404, "not-found");
        }
        for (method, path) in paths(&own) {
            grace.request(method.clone(), &path).send().await.expect(200);
            ada.request(method, &path).send().await.expect(200);
        }
    }

    async fn a_save_that_changes_nothing_is_no_revision(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Ships", "body_markdown": "Text", "tags": ["Harbours", "Gulls"], "authors": [{"name": "Grace"}]});
        let article = ada.post(ARTICLES, body.clone()).await.expect(201).json();
        app.state.clock.advance(Duration::minutes(1));
        for change in [json!({}), json!({"title": " Ships "}), json!({"tags": ["harbours", "gulls", "Gulls"]}), json!({"authors": [{"slug": "grace"}], "custom": {}})] {
            let before = app.database_digest().await;
            let saved = changing(&ada, &article, "?message=Nothing", &change).send().await.expect(200).json();
            assert_eq!(saved, article, "{change}");
            assert_eq!(app.database_digest().await, before, "{change}");
        }
        let saved = ada.put(&desk(&article), "*", body).await.expect(200).json();
        assert_eq!(saved, article);
        restoring(&ada, &article, 1).send().await.expect(200);
        assert_eq!(kept(&ada, &article).await, [1]);
        // Another order of the tags is a change.
        let saved = change(&ada, &article, "", json!({"tags": ["Gulls", "Harbours"]})).await;
        assert_eq!((&saved["revision"], kept(&ada, &article).await), (&json!(2), vec![2, 1]));
        assert_eq!(told(&ada, &article, 2).await["changed_fields"], json!(["tags"]));
    }

    async fn what_is_said_about_a_save_has_its_limits(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let before = app.database_digest().await;
        let (longest, too_long) = ("m".repeat(500), "m".repeat(501));
        for message in ["", "%20", "a%0Ab", &too_long] {
            for request in [
                changing(&ada, &article, &format!("?message={message}"), &json!({"title": "Other"})),
                restoring(&ada, &article, 1).with_parameter(&format!("message={message}")),
                ada.request(Method::POST, &format!("{ARTICLES}?message={message}")).json(&json!({"title": "Other", "body_markdown": "x"})),
            ] {
                let problem = request.send().await.problem(400, "invalid-parameter");
                assert_eq!(only_fault(&problem)["parameter"], "message");
            }
        }
        for query in ["?autosave=yes", "?merge=force", "?autosave"] {
            changing(&ada, &article, query, &json!({"title": "Other"})).send().await.problem(400, "invalid-parameter");
        }
        changing(&ada, &article, "?massage=x", &json!({"title": "Other"})).send().await.problem(400, "unknown-parameter");
        assert_eq!(app.database_digest().await, before);
        change(&ada, &article, &format!("?message={longest}"), json!({"title": "Other"})).await;
        assert_eq!(told(&ada, &article, 2).await["message"], longest);
    }

    async fn two_revisions_are_compared_word_by_word(app: TestApp) {
        let ada = app.editor().await;
        ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201);
        let body = json!({"title": "The old ships", "subtitle": "Gone", "lang": "en", "custom": {"kicker": "Sea"},
            "body_markdown": "The cranes stood still.\n\nNobody sang that morning.\n\nThe end."});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let next = json!({"title": "The new ships", "subtitle": null, "excerpt": "What is left.", "lang": "de", "section": "local",
            "custom": {"kicker": "Sky"}, "body_markdown": "The cranes stood still.\n\nNobody slept that cold morning.\n\nThe end."});
        change(&ada, &article, "", next).await;
        let answer = diff(&ada, &article, "?from=1&to=2").await.expect(200);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        insta::assert_json_snapshot!("diff", answer.json(), {".fields[4].after.id" => "ID"});
        // Backwards, what was put in is taken out.
        let back = diff(&ada, &article, "?from=2&to=1").await.expect(200).json();
        let title = json!({"field": "title", "hunks": [
            {"kind": "equal", "text": "The ", "from_line": 1, "to_line": 1},
            {"kind": "delete", "text": "new", "from_line": 1, "to_line": 1},
            {"kind": "insert", "text": "old", "from_line": 1, "to_line": 1},
            {"kind": "equal", "text": " ships", "from_line": 1, "to_line": 1}]});
        assert_eq!(back["fields"][0], title);
        assert_eq!(diff(&ada, &article, "?from=2&to=2").await.expect(200).json(), json!({"from": 2, "to": 2, "fields": []}));
    }

    async fn a_comparison_begins_with_what_readers_see(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("One").await;
        assert_eq!(compared(&diff(&ada, &article, "").await.expect(200)), (1, 1, vec![]));
        change(&ada, &article, "", json!({"title": "Two"})).await;
        change(&ada, &article, "", json!({"lang": "en"})).await;
        // Nobody reads it yet, so what the last save changed is shown.
        assert_eq!(compared(&diff(&ada, &article, "").await.expect(200)), (2, 3, vec!["lang".into()]));
        assert_eq!(compared(&diff(&ada, &article, "?from=1").await.expect(200)), (1, 3, vec!["title".into(), "lang".into()]));
        assert_eq!(compared(&diff(&ada, &article, "?to=2").await.expect(200)), (1, 2, vec!["title".into()]));
        ada.post(&format!("{}/publish", desk(&article)), json!({})).await.expect(200);
        assert_eq!(compared(&diff(&ada, &article, "").await.expect(200)), (3, 3, vec![]));
        change(&ada, &article, "", json!({"title": "Four"})).await;
        change(&ada, &article, "", json!({"subtitle": "Five"})).await;
        assert_eq!(compared(&diff(&ada, &article, "").await.expect(200)), (3, 5, vec!["title".into(), "subtitle".into()]));
        assert_eq!(compared(&diff(&ada, &article, "?to=5").await.expect(200)), (4, 5, vec!["subtitle".into()]));
        assert_eq!(compared(&diff(&ada, &article, "?to=3").await.expect(200)), (2, 3, vec!["lang".into()]));

        for (query, missing) in [("?from=9", 9), ("?to=9", 9), ("?from=1&to=9", 9), ("?from=9&to=1", 9)] {
            let problem = diff(&ada, &article, query).await.problem(404, "not-found");
            assert_eq!(problem["detail"], format!("There is no such revision {missing}."), "{query}");
        }
        for (query, parameter) in [("?from=0", "from"), ("?to=r3", "to"), ("?from=", "from"), ("?to=99999999999", "to")] {
            let problem = diff(&ada, &article, query).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter, "{query}");
        }
        diff(&ada, &article, "?since=1").await.problem(400, "unknown-parameter");
    }

    async fn a_revision_is_had_back_as_a_new_one(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let body = json!({"title": "Ships", "body_markdown": "The *old* text.", "tags": ["Harbours"], "custom": {"kicker": "Sea"}});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        change(&ada, &article, "", json!({"title": "Trains", "slug": "trains", "body_markdown": "Another.", "tags": [], "custom": null})).await;
        app.state.clock.advance(Duration::minutes(1));
        let stale = || restoring(&bob, &article, 1).header("If-Match", "\"r1\"");
        let problem = app.rehearse_and_send(stale).await.problem(412, "precondition-failed");
        assert_eq!(problem["changed_fields"], json!(["title", "slug", "body_markdown", "tags", "custom"]));
        let request = || restoring(&bob, &article, 1).header("If-Match", "\"r2\"").with_parameter("message=Back%20again");
        let restored = app.rehearse_and_send(request).await.expect(200);
        assert!(restored.header("etag").starts_with("\"r3."));
        let restored = restored.json();
        for member in ["title", "slug", "body_markdown", "body_html", "body_text", "word_count", "derived_excerpt", "tags", "custom"] {
            assert_eq!(restored[member], article[member], "{member}");
        }
        assert_eq!((&restored["revision"], &restored["updated_at"]), (&json!(3), &json!("2026-03-01T12:01:00.000Z")));
        let told = told(&ada, &article, 3).await;
        assert_eq!((&told["kind"], &told["message"]), (&json!("restore"), &json!("Back again")));
        assert_eq!(told["changed_fields"], json!(["title", "slug", "body_markdown", "tags", "custom"]));
        assert_eq!(told["saved_by"], restored["updated_by"]);
        assert_ne!(told["saved_by"], article["updated_by"]);
        assert_eq!(kept(&ada, &article).await, [3, 2, 1]);
        // Nothing in between is lost, and what was restored can be taken back.
        let again = restoring(&ada, &article, 2).send().await.expect(200).json();
        assert_eq!((&again["title"], &again["slug"]), (&json!("Trains"), &json!("trains")));
        // What the current revision says already is no change.
        let same = restoring(&ada, &article, 2).send().await.expect(200).json();
        assert_eq!(same["revision"], 4);
    }

    async fn what_readers_see_stays_when_a_revision_is_had_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        change(&ada, &article, "", json!({"title": "Trains"})).await;
        ada.post(&format!("{}/publish", desk(&article)), json!({})).await.expect(200);
        let restored = restoring(&ada, &article, 1).send().await.expect(200).json();
        assert_eq!((&restored["title"], &restored["published_revision"]), (&json!("Ships"), &json!(2)));
        assert_eq!(restored["has_unpublished_changes"], true);
        let seen = reader.get(&format!("/v1/articles/{}", id(&article))).await.expect(200).json();
        assert_eq!(seen["title"], "Trains");
        for (step, status) in [("archive", "archived"), ("trash", "trashed")] {
            ada.post(&format!("{}/{step}", desk(&article)), json!({})).await.expect(200);
            let problem = app.rehearse_and_send(|| restoring(&ada, &article, 2)).await.problem(409, "illegal-transition");
            assert_eq!(problem["current_status"], status);
        }
    }

    async fn what_is_gone_is_left_out_of_a_revision_that_is_had_back(app: TestApp) {
        let ada = app.editor().await;
        let made = async |path: &str, body: Value| ada.post(path, body).await.expect(201).json();
        let section = made("/v1/editorial/sections", json!({"name": "Local"})).await;
        let series = made("/v1/editorial/series", json!({"title": "A year at sea"})).await;
        let (related, stays) = (ada.draft("Related").await, ada.draft("Stays").await);
        let original = ada.draft("Original").await;
        let body = json!({"title": "Ships", "body_markdown": "Text", "section": "local", "tags": ["Harbours", "Gulls", "Sea"],
            "authors": [{"name": "Grace"}, {"name": "Ada", "role": "translator"}], "series": {"slug": "a-year-at-sea", "position": 1},
            "related": [related["id"], stays["id"]], "translation_of": original["id"], "lang": "de"});
        let article = made(ARTICLES, body).await;
        let emptied = json!({"section": null, "tags": [], "authors": [], "series": null, "related": [], "translation_of": null});
        change(&ada, &article, "", emptied).await;

        let tags = ada.get("/v1/editorial/tags").await.json();
        let tag = |name: &str| tags["data"].as_array().unwrap().iter().find(|tag| tag["name"] == name).unwrap().clone();
        made("/v1/editorial/tags", json!({"name": "Birds"})).await;
        ada.post(&format!("/v1/editorial/tags/{}/merge", id(&tag("Gulls"))), json!({"into": "birds"})).await.expect(200);
        ada.delete(&format!("/v1/editorial/tags/{}", id(&tag("Sea"))), "*").await.expect(204);
        ada.delete(&format!("/v1/editorial/sections/{}", id(&section)), "*").await.expect(204);
        ada.delete(&format!("/v1/editorial/series/{}", id(&series)), "*").await.expect(204);
        let authors = ada.get("/v1/editorial/authors").await.json();
        let grace = authors["data"].as_array().unwrap().iter().find(|author| author["name"] == "Grace").unwrap();
        ada.delete(&format!("/v1/editorial/authors/{}", id(grace)), "*").await.expect(204);
        for article in [&related, &original] {
            ada.delete(&desk(article), "*").await.expect(204);
            ada.delete(&format!("{}?purge=true", desk(article)), "*").await.expect(204);
        }

        let request = || restoring(&ada, &article, 1);
        let restored = app.rehearse_and_send(request).await.expect(200).json();
        let names = |member: &str| restored[member].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
        assert_eq!((names("tags"), names("authors")), (vec![json!("Harbours"), json!("Birds")], vec![json!("Ada")]));
        assert_eq!(restored["related"], json!([stays["id"]]));
        for member in ["section", "series", "translation_of"] {
            assert_eq!(restored.get(member), None, "{member}");
        }
        // The old revision still can be read, without what is gone.
        let first = ada.get(&format!("{}/1", history(&article))).await.expect(200).json();
        assert_eq!((first["content"].get("section"), &first["content"]["lang"]), (None, &json!("de")));
        assert_eq!(diff(&ada, &article, "?from=1&to=3").await.expect(200).json()["fields"].as_array().unwrap().len(), 6);
    }

    async fn a_name_that_was_given_away_meanwhile_is_not_taken_back(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Ships", "body_markdown": "Text", "external_id": {"source": "wire", "id": "17"}});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        change(&ada, &article, "", json!({"slug": "trains"})).await;
        let other = ada.draft("Ships").await;
        let problem = app.rehearse(restoring(&ada, &article, 1)).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&other["id"], &json!("ships-2")));
        restoring(&ada, &article, 1).send().await.problem(409, "slug-taken");
        assert_eq!(kept(&ada, &article).await, [2, 1]);

        change(&ada, &other, "", json!({"slug": "boats"})).await;
        change(&ada, &article, "", json!({"external_id": null})).await;
        change(&ada, &other, "", json!({"external_id": {"source": "wire", "id": "17"}})).await;
        let problem = restoring(&ada, &article, 1).send().await.problem(409, "external-id-taken");
        assert_eq!(problem["conflicting_id"], other["id"]);
        change(&ada, &other, "", json!({"external_id": null})).await;
        let restored = restoring(&ada, &article, 1).send().await.expect(200).json();
        assert_eq!((&restored["slug"], &restored["external_id"]["id"]), (&json!("ships"), &json!("17")));
    }

    async fn a_revision_whose_original_became_a_translation_is_had_back_as_one_of_its_group(app: TestApp) {
        let ada = app.editor().await;
        let of = async |title: &str, lang: &str| ada.post(ARTICLES, json!({"title": title, "body_markdown": "x", "lang": lang})).await.expect(201).json();
        let (root, middle, article) = (of("Root", "en").await, of("Middle", "fr").await, of("Leaf", "de").await);
        change(&ada, &article, "", json!({"translation_of": middle["id"]})).await;
        change(&ada, &article, "", json!({"translation_of": null})).await;
        change(&ada, &middle, "", json!({"translation_of": root["id"]})).await;
        let restored = restoring(&ada, &article, 2).send().await.expect(200).json();
        assert_eq!(restored["translation_of"], root["id"]);
        // A language that the group has by now is not had back.
        change(&ada, &article, "", json!({"translation_of": null})).await;
        let other = of("Other", "de").await;
        change(&ada, &other, "", json!({"translation_of": root["id"]})).await;
        let problem = app.rehearse_and_send(|| restoring(&ada, &article, 2)).await.problem(409, "translation-taken");
        assert_eq!(problem["conflicting_id"], other["id"]);
    }

    async fn fields_that_the_site_does_not_take_any_more_are_not_had_back(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.post(ARTICLES, json!({"title": "Ships", "body_markdown": "x", "custom": {"rating": "good"}})).await.expect(201).json();
        change(&ada, &article, "", json!({"custom": {"rating": 4}})).await;
        settings(&app, json!({"custom_fields_schema": {"type": "object", "properties": {"rating": {"type": "integer"}}}})).await;
        let problem = app.rehearse_and_send(|| restoring(&ada, &article, 1)).await.problem(422, "validation-failed");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/custom/rating"), &json!("schema")));
    }

    async fn a_run_of_autosaves_is_kept_as_one(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let article = ada.draft("Ships").await;
        let autosave = async |client: &Client, body: Value| {
            app.state.clock.advance(Duration::minutes(1));
            change(client, &article, "?autosave=true", body).await["revision"].as_i64().unwrap()
        };
        assert_eq!(autosave(&ada, json!({"title": "Ships a"})).await, 2);
        assert_eq!(autosave(&ada, json!({"subtitle": "b"})).await, 3);
        assert_eq!(autosave(&ada, json!({"title": "Ships", "lang": "en"})).await, 4);
        assert_eq!(kept(&ada, &article).await, [4, 1]);
        let told_of_run = told(&ada, &article, 4).await;
        // Of the whole run, and not only of its last save.
        assert_eq!(told_of_run["changed_fields"], json!(["subtitle", "lang"]));
        assert_eq!((&told_of_run["kind"], &told_of_run["saved_at"]), (&json!("autosave"), &json!("2026-03-01T12:03:00.000Z")));
        ada.get(&format!("{}/3", history(&article))).await.problem(404, "not-found");

        // Somebody else begins a run of their own, and so does a save by hand.
        assert_eq!(autosave(&bob, json!({"title": "Ships c"})).await, 5);
        assert_eq!(autosave(&bob, json!({"title": "Ships d"})).await, 6);
        assert_eq!(autosave(&ada, json!({"title": "Ships e"})).await, 7);
        assert_eq!(kept(&ada, &article).await, [7, 6, 4, 1]);
        change(&ada, &article, "", json!({"title": "Ships f"})).await;
        assert_eq!(autosave(&ada, json!({"title": "Ships g"})).await, 9);
        assert_eq!(kept(&ada, &article).await, [9, 8, 7, 6, 4, 1]);

        // A run takes ten minutes from where it began, and not from its last save.
        let ada = again(&app, &article);
        for minute in 0..9 {
            autosave(&ada, json!({"title": format!("Minute {minute}")})).await;
        }
        assert_eq!(kept(&ada, &article).await, [18, 8, 7, 6, 4, 1]);
        autosave(&ada, json!({"title": "Later"})).await;
        assert_eq!(kept(&ada, &article).await, [19, 18, 8, 7, 6, 4, 1]);
        settings(&app, json!({"autosave_fold_minutes": 1})).await;
        autosave(&ada, json!({"title": "Later still"})).await;
        assert_eq!(kept(&ada, &article).await, [20, 19, 18, 8, 7, 6, 4, 1]);
        // A rehearsal folds nothing, and a save of nothing neither.
        app.rehearse(changing(&ada, &article, "?autosave=true", &json!({"title": "Rehearsed"}))).await.expect(200);
        assert_eq!(autosave(&ada, json!({"title": "Later still"})).await, 20);
    }

    async fn an_autosave_with_a_message_is_not_forgotten_with_its_run(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        change(&ada, &article, "?autosave=true&message=Before%20lunch", json!({"title": "One"})).await;
        change(&ada, &article, "?autosave=true", json!({"title": "Two"})).await;
        assert_eq!(told(&ada, &article, 3).await["message"], "Before lunch");
        change(&ada, &article, "?autosave=true&message=After%20lunch", json!({"title": "Three"})).await;
        assert_eq!(told(&ada, &article, 4).await["message"], "After lunch");
        assert_eq!(kept(&ada, &article).await, [4, 1]);
        // The first save may be one, too; nothing stands before its run.
        let path = format!("{ARTICLES}/by-slug/gulls?autosave=true");
        let upsert = async |text: &str| ada.put(&path, "*", json!({"title": "Gulls", "body_markdown": text})).await;
        let gulls = upsert("a").await.expect(201).json();
        upsert("b").await.expect(200);
        assert_eq!(kept(&ada, &gulls).await, [2]);
        assert_eq!(told(&ada, &gulls, 2).await["changed_fields"], json!([]));
        assert_eq!(compared(&diff(&ada, &gulls, "").await.expect(200)), (2, 2, vec![]));
    }

    async fn an_autosave_that_somebody_sees_stays(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let autosave = async |title: &str| change(&ada, &article, "?autosave=true", json!({"title": title})).await;
        autosave("Two").await;
        ada.post(&format!("{}/publish", desk(&article)), json!({})).await.expect(200);
        autosave("Three").await;
        autosave("Four").await;
        assert_eq!(kept(&ada, &article).await, [4, 2, 1]);
        assert_eq!(told(&ada, &article, 4).await["changed_fields"], json!(["title"]));
        ada.post(&format!("{}/schedule", desk(&article)), json!({"publish_at": "2026-03-02T06:00:00Z"})).await.expect(200);
        autosave("Five").await;
        assert_eq!(kept(&ada, &article).await, [5, 4, 2, 1]);
        let links = format!("{}/preview-links", desk(&article));
        let link = ada.post(&links, json!({})).await.expect(201).json();
        autosave("Six").await;
        autosave("Seven").await;
        assert_eq!(kept(&ada, &article).await, [7, 5, 4, 2, 1]);
        // A link that has ended shows nothing that would have to stay.
        let newest = ada.post(&links, json!({})).await.expect(201).json();
        for link in [&link, &newest] {
            ada.request(Method::DELETE, &format!("{links}/{}", id(link))).send().await.expect(204);
        }
        autosave("Eight").await;
        assert_eq!(kept(&ada, &article).await, [8, 5, 4, 2, 1]);
    }

    async fn a_site_keeps_as_many_revisions_as_it_wants_and_those_that_are_needed(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let save = async |number: u32| change(&ada, &article, "", json!({"title": format!("Ships {number}")})).await;
        save(2).await;
        ada.post(&format!("{}/schedule", desk(&article)), json!({"publish_at": "2026-03-02T06:00:00Z"})).await.expect(200);
        save(3).await;
        let links = format!("{}/preview-links", desk(&article));
        ada.post(&links, json!({"expires_in_seconds": 3600})).await.expect(201);
        for number in 4..=14 {
            save(number).await;
        }
        assert_eq!(kept(&ada, &article).await.len(), 14);
        settings(&app, json!({"revisions_kept": 10})).await;
        save(15).await;
        let newest: Vec<i64> = (6..=15).rev().collect();
        assert_eq!(kept(&ada, &article).await, [newest.clone(), vec![3, 2, 1]].concat());
        ada.get(&format!("{}/5", history(&article))).await.problem(404, "not-found");
        // What is not seen any more goes with the next save.
        app.state.clock.advance(Duration::hours(1));
        let ada = again(&app, &article);
        let save = async |number: u32| change(&ada, &article, "", json!({"title": format!("Ships {number}")})).await;
        ada.post(&format!("{}/unschedule", desk(&article)), json!({})).await.expect(200);
        save(16).await;
        assert_eq!(kept(&ada, &article).await, [vec![16], newest[..9].to_vec(), vec![1]].concat());
        ada.post(&format!("{}/publish", desk(&article)), json!({})).await.expect(200);
        save(17).await;
        assert_eq!(kept(&ada, &article).await, [vec![17, 16], newest[..8].to_vec()].concat());
        // A restore of what is not kept says so.
        restoring(&ada, &article, 2).send().await.problem(404, "not-found");
        ada.post(&links, json!({"revision": 2})).await.problem(409, "revision-unknown");
        settings(&app, json!({"revisions_kept": null})).await;
        save(18).await;
        assert_eq!(kept(&ada, &article).await.len(), 11);
    }

    async fn revisions_that_stay_do_not_keep_others_from_going(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let links = format!("{}/preview-links", desk(&article));
        for number in 2..=31 {
            ada.post(&links, json!({})).await.expect(201);
            change(&ada, &article, "", json!({"title": format!("Ships {number}")})).await;
        }
        settings(&app, json!({"revisions_kept": 10})).await;
        change(&ada, &article, "", json!({"title": "Ships 32"})).await;
        assert_eq!(kept(&ada, &article).await.len(), 32);
        app.state.clock.advance(Duration::days(8));
        let ada = again(&app, &article);
        change(&ada, &article, "", json!({"title": "Ships 33"})).await;
        assert_eq!(kept(&ada, &article).await, (24..=33).rev().collect::<Vec<i64>>());
    }

    async fn articles_from_before_there_were_revisions_have_a_history(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Ships", "body_markdown": "Old *text*.", "excerpt": "Gone.", "lang": "en", "status": "published",
            "authors": [{"name": "Grace"}, {"name": "Ada"}]});
        let live = ada.post(ARTICLES, body).await.expect(201).json();
        change(&ada, &live, "", json!({"title": "Ships of the north", "authors": [{"name": "Ada"}]})).await;
        let draft = ada.draft("Gulls").await;
        downgrade_and_upgrade(&app).await;

        assert_eq!((kept(&ada, &draft).await, kept(&ada, &live).await), (vec![1], vec![2, 1]));
        insta::assert_json_snapshot!("revision_from_before", ada.get(&format!("{}/1", history(&live))).await.expect(200).json());
        let second = ada.get(&format!("{}/2", history(&live))).await.expect(200).json();
        let names = second["content"]["authors"].as_array().unwrap().iter().map(|author| author["name"].clone());
        assert_eq!((names.collect::<Vec<_>>(), &second["content"]["title"]), (vec![json!("Ada")], &json!("Ships of the north")));
        assert_eq!(compared(&diff(&ada, &live, "").await.expect(200)), (1, 2, vec!["title".into(), "authors".into()]));
        // What readers see can be taken up again, a stale change is merged, and a revision had back.
        let merged = ada.patch(&format!("{}?merge=auto", desk(&live)), "\"r1\"", json!({"subtitle": "Cranes"})).await.expect(200).json();
        assert_eq!((&merged["title"], &merged["subtitle"]), (&json!("Ships of the north"), &json!("Cranes")));
        let discarded = ada.post(&format!("{}/discard-changes", desk(&live)), json!({})).await.expect(200).json();
        assert_eq!((&discarded["title"], &discarded["has_unpublished_changes"]), (&json!("Ships"), &json!(false)));
        let restored = restoring(&ada, &live, 2).send().await.expect(200).json();
        assert_eq!(restored["title"], "Ships of the north");
    }
}

/// Takes the database back to where it was before there were revisions, and forward again.
async fn downgrade_and_upgrade(app: &TestApp) {
    let (down, up) = match &app.state.database {
        Database::Sqlite(_) => (
            include_str!("../../migrations/sqlite/00000000000005_article_life/down.sql"),
            include_str!("../../migrations/sqlite/00000000000005_article_life/up.sql"),
        ),
        Database::Postgres(_) => (
            include_str!("../../migrations/postgres/00000000000005_article_life/down.sql"),
            include_str!("../../migrations/postgres/00000000000005_article_life/up.sql"),
        ),
    };
    app.run_sql(down).await;
    app.run_sql(up).await;
}
