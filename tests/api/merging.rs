//! Several people on one article: nobody overwrites unseen what another wrote, and changes that do not contradict are
//! merged.

use std::collections::BTreeSet;

use actix_web::http::Method;
use chrono::Duration;
use futures_util::stream::{self, StreamExt as _};
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::client::{Client, Draft, id};

const ARTICLES: &str = "/v1/editorial/articles";

/// How many people write at once in the stories about many of them.
const WRITERS: usize = 200;

/// How many of their requests are under way at one moment, where none has to be sent again.
const AT_ONCE: usize = 32;

/// How many are under way where one of them gets through, and the others have to begin again.
const IN_A_RACE: usize = 8;

/// Where editors find an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

async fn change(client: &Client, article: &Value, body: Value) -> Value {
    client.patch(&desk(article), "*", body).await.expect(200).json()
}

/// A change of what is known as a revision, with a query such as `?merge=auto`.
fn changing(client: &Client, article: &Value, (tag, query): (&str, &str), body: &Value) -> Draft {
    let path = format!("{}{query}", desk(article));
    client.request(Method::PATCH, &path).header("If-Match", tag).json(body)
}

/// Changes the first revision, to be merged with what came after it.
fn merging(client: &Client, article: &Value, body: &Value) -> Draft {
    changing(client, article, ("\"r1\"", "?merge=auto"), body)
}

fn names(article: &Value, member: &str) -> Vec<String> {
    let items = article[member].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

async fn current(client: &Client, article: &Value) -> Value {
    client.get(&desk(article)).await.expect(200).json()
}

/// A problem without what is another in every request.
fn without_request_id(mut problem: Value) -> Value {
    problem["request_id"] = json!("ID");
    problem
}

/// A text with a paragraph for everybody, and unchanged ones between them.
fn paragraphs(words: impl Fn(usize) -> String) -> String {
    let all = (0..WRITERS).map(|number| format!("{}\n\nBetween {number} and the next.\n", words(number)));
    all.collect::<Vec<String>>().join("\n")
}

/// What becomes of the work of everybody, some of them at once.
async fn by_everybody<F: Future<Output = T>, T>(at_once: usize, work: impl Fn(usize) -> F) -> Vec<T> {
    stream::iter(0..WRITERS)
        .map(work)
        .buffer_unordered(at_once)
        .collect()
        .await
}

/// Sends a request until the server has room for it, and counts how often it had none.
async fn sent_until_taken(request: impl Fn() -> Draft, refusals: &mut usize) -> Answer {
    loop {
        let answer = request().send().await;
        if answer.status != 503 {
            assert!(answer.status < 500, "{}", answer.text());
            return answer;
        }
        assert_eq!(answer.header("retry-after"), "2");
        *refusals += 1;
    }
}

on_both_databases! {
    async fn a_change_says_which_revision_it_changes(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let body = json!({"title": "Trains", "body_markdown": "x"});
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = || ada.request(method.clone(), &desk(&article)).json(&body);
            let problem = app.rehearse_and_send(request).await.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"", "{method}");
            assert_eq!(only_fault(&problem)["header"], "If-Match");
        }
        let path = format!("{ARTICLES}/by-slug/ships");
        app.rehearse_and_send(|| ada.request(Method::PUT, &path).json(&body)).await.problem(428, "precondition-required");
        let path = "/v1/editorial/documents/ships";
        let request = || ada.request(Method::PUT, path).body("text/markdown", "# Trains\n\nText.\n");
        app.rehearse_and_send(request).await.problem(428, "precondition-required");
        changing(&ada, &article, ("r1", ""), &body).send().await.problem(400, "malformed-request");
        assert_eq!(current(&ada, &article).await, article);
    }

    async fn a_change_of_what_somebody_else_changed_is_told_what_became_of_it(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let article = ada.draft("Ships").await;
        app.state.clock.advance(Duration::minutes(1));
        change(&bob, &article, json!({"title": "Ships of the north"})).await;
        app.state.clock.advance(Duration::minutes(1));
        change(&bob, &article, json!({"lang": "en"})).await;
        let before = app.database_digest().await;

        let request = || changing(&ada, &article, ("\"r1\"", ""), &json!({"subtitle": "Cranes"}));
        let problem = app.rehearse_and_send(request).await.problem(412, "precondition-failed");
        insta::assert_json_snapshot!("stale_and_merges", without_request_id(problem));
        let request = || changing(&ada, &article, ("\"r1\"", ""), &json!({"title": "Trains", "lang": "de", "subtitle": "x"}));
        let problem = app.rehearse_and_send(request).await.problem(412, "precondition-failed");
        insta::assert_json_snapshot!("stale_and_conflicting", without_request_id(problem));
        // The same change as theirs is none that contradicts.
        let problem = changing(&ada, &article, ("\"r1\"", ""), &json!({"title": "Ships of the north"})).send().await.problem(412, "precondition-failed");
        assert_eq!(problem["merges_cleanly"], true);
        // A base of which something is known, and one of which nothing is.
        let problem = changing(&ada, &article, ("\"r2\"", ""), &json!({"title": "Trains"})).send().await.problem(412, "precondition-failed");
        assert_eq!((&problem["changed_fields"], &problem["merges_cleanly"]), (&json!(["lang"]), &json!(true)));
        let problem = changing(&ada, &article, ("\"r9\"", "?merge=auto"), &json!({"title": "Trains"})).send().await.problem(412, "precondition-failed");
        insta::assert_json_snapshot!("stale_and_unknown", without_request_id(problem));

        let problem = app.rehearse_and_send(|| ada.request(Method::DELETE, &desk(&article)).header("If-Match", "\"r1\"")).await;
        let problem = problem.problem(412, "precondition-failed");
        assert_eq!((&problem["changed_fields"], problem.get("merges_cleanly")), (&json!(["title", "lang"]), None));
        let request = || ada.request(Method::PUT, &desk(&article)).header("If-Match", "\"r1\"").json(&json!({"title": "Ships", "body_markdown": "New."}));
        let problem = app.rehearse_and_send(request).await.problem(412, "precondition-failed");
        // The replacement says what the first revision said but for the text, so it would merge.
        assert_eq!((&problem["merges_cleanly"], problem.get("conflicting_fields")), (&json!(true), None));
        assert_eq!(app.database_digest().await, before);
    }

    async fn a_base_that_is_not_kept_any_more_is_no_ground_to_merge_on(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        for title in ["Ships a", "Ships b"] {
            changing(&ada, &article, ("*", "?autosave=true"), &json!({"title": title})).send().await.expect(200);
        }
        for query in ["", "?merge=auto"] {
            let problem = changing(&ada, &article, ("\"r2\"", query), &json!({"lang": "en"})).send().await.problem(412, "precondition-failed");
            for member in ["changed_fields", "merges_cleanly", "conflicting_fields"] {
                assert_eq!(problem.get(member), None, "{member}");
            }
            assert_eq!((&problem["current_etag"], &problem["current_revision"]), (&json!("\"r3\""), &json!(3)));
        }
        // Of several tags, any that is kept will do.
        let merged = changing(&ada, &article, ("\"r2\", \"r1\"", "?merge=auto"), &json!({"lang": "en"})).send().await.expect(200).json();
        assert_eq!((&merged["title"], &merged["lang"]), (&json!("Ships b"), &json!("en")));
    }

    async fn tags_are_taken_in_the_forms_in_which_they_come_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let other = ada.published("Gulls").await;
        let read = ada.get(&desk(&article)).await.expect(200);
        let own = read.header("etag").to_owned();
        let public = reader.get(&format!("/v1/articles/{}", id(&article))).await.header("etag").to_owned();
        let nothing = json!({});
        for tag in [own.as_str(), &format!("W/{own}"), &own.replace("\"r1", "W/\"r1"), "\"r1\"", "W/\"r1\"", "*", "\"r7\", \"r1\"", &public] {
            app.rehearse(changing(&ada, &article, (tag, ""), &json!({"title": "Trains"}))).await.expect(200);
            changing(&ada, &article, (tag, ""), &nothing).send().await.expect(200);
        }
        // Both are at their first revision, and the tag of one says nothing about the other.
        let others = [ada.get(&desk(&other)).await.header("etag").to_owned(),
            reader.get("/v1/articles/by-slug/gulls").await.header("etag").to_owned()];
        for tag in &others {
            let request = || changing(&ada, &article, (tag, "?merge=auto"), &json!({"title": "Trains"}));
            let problem = app.rehearse_and_send(request).await.problem(412, "precondition-failed");
            assert!(problem["detail"].as_str().unwrap().contains("another article"), "{problem}");
            assert_eq!((&problem["current_etag"], problem.get("changed_fields")), (&json!("\"r1\""), None));
            app.rehearse_and_send(|| ada.request(Method::DELETE, &desk(&article)).header("If-Match", tag)).await.problem(412, "precondition-failed");
            let publish = format!("{}/publish", desk(&article));
            app.rehearse_and_send(|| ada.request(Method::POST, &publish).header("If-Match", tag)).await.problem(412, "precondition-failed");
            let path = format!("{ARTICLES}/by-slug/ships");
            let body = json!({"title": "Trains", "body_markdown": "x"});
            app.rehearse_and_send(|| ada.request(Method::PUT, &path).header("If-Match", tag).json(&body)).await.problem(412, "precondition-failed");
        }
        for tag in ["\"r0\"", "\"ships\"", "\"\"", "\"r-1\"", "\"R1\""] {
            changing(&ada, &article, (tag, ""), &json!({"title": "Trains"})).send().await.problem(412, "precondition-failed");
        }
        assert_eq!(ada.get(&desk(&article)).await.header("etag"), own);
        // A client that compares reads gets by with the same tag.
        ada.request(Method::GET, &desk(&article)).header("If-None-Match", &own).send().await.expect(304);
    }

    async fn changes_of_different_fields_are_merged(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        ada.post("/v1/editorial/sections", json!({"name": "Local"})).await.expect(201);
        let article = ada.draft("Ships").await;
        app.state.clock.advance(Duration::minutes(1));
        change(&bob, &article, json!({"title": "Ships of the north", "section": "local", "cover": {"url": "https://example.org/a.jpg"}})).await;
        let body = json!({"subtitle": "Cranes", "authors": [{"name": "Grace"}], "seo": {"noindex": true}});
        let path = format!("{}?merge=auto&message=Mine", desk(&article));
        let request = || ada.request(Method::PATCH, &path).header("If-Match", "\"r1\"").json(&body);
        let merged = app.rehearse_and_send(request).await.expect(200);
        assert!(merged.header("etag").starts_with("\"r3."));
        let merged = merged.json();
        assert_eq!((&merged["title"], &merged["section"]["slug"]), (&json!("Ships of the north"), &json!("local")));
        assert_eq!((&merged["subtitle"], names(&merged, "authors")), (&json!("Cranes"), vec!["Grace".to_owned()]));
        assert_eq!(current(&ada, &article).await, merged);
        let list = ada.get(&format!("{}/revisions", desk(&article))).await.json();
        assert_eq!((&list["data"][0]["kind"], &list["data"][0]["message"]), (&json!("merge"), &json!("Mine")));
        assert_eq!(list["data"][0]["changed_fields"], json!(["subtitle", "authors", "seo"]));
        // A change that is in time is no merge, and neither is one that says what is there by now.
        changing(&ada, &article, ("\"r3\"", "?merge=auto"), &json!({"lang": "en"})).send().await.expect(200);
        let nothing = merging(&ada, &article, &json!({"subtitle": "Cranes"})).send().await.expect(200).json();
        assert_eq!(nothing["revision"], 4);
        let list = ada.get(&format!("{}/revisions", desk(&article))).await.json();
        assert_eq!(list["data"][0]["kind"], "save");
    }

    async fn changes_of_different_lines_tags_and_fields_of_the_site_are_merged(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let body = json!({"title": "Ships", "body_markdown": "One.\n\nTwo.\n\nThree.", "tags": ["Harbours", "Gulls", "Sea"],
            "custom": {"kicker": "Sea", "rating": 3, "box": {"a": 1}}});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let theirs = json!({"body_markdown": "ONE.\n\nTwo.\n\nThree.", "tags": ["Birds", "Sea", "Harbours"], "custom": {"rating": 4, "new": true}});
        change(&bob, &article, theirs).await;
        let mine = json!({"body_markdown": "One.\n\nTwo.\n\nThree.\n\nFour *five*.", "tags": ["Cranes", "Gulls", "Sea"], "custom": {"kicker": null, "newer": [1]}});
        let merged = app.rehearse_and_send(|| merging(&ada, &article, &mine)).await.expect(200).json();
        assert_eq!(merged["body_markdown"], "ONE.\n\nTwo.\n\nThree.\n\nFour *five*.");
        assert_eq!((&merged["body_text"], &merged["word_count"]), (&json!("ONE.\n\nTwo.\n\nThree.\n\nFour five."), &json!(5)));
        assert!(merged["body_html"].as_str().unwrap().contains("<em>five</em>"), "{merged}");
        assert_eq!(names(&merged, "tags"), ["Birds", "Sea", "Cranes"]);
        assert_eq!(merged["custom"], json!({"rating": 4, "box": {"a": 1}, "new": true, "newer": [1]}));
    }

    async fn changes_that_contradict_are_refused_and_named(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let body = json!({"title": "Ships", "body_markdown": "One.\n\nTwo.", "custom": {"kicker": "Sea", "rating": 1}, "cover": {"url": "https://example.org/a.jpg"}});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let theirs = json!({"title": "Trains", "body_markdown": "ONE.\n\nTwo.", "custom": {"rating": 2}, "cover": {"alt": "A"}, "slug": "trains",
            "authors": [{"name": "Grace"}], "published_at": "2020-01-01T00:00:00Z"});
        change(&bob, &article, theirs).await;
        for (mine, fields) in [
            (json!({"title": "Planes"}), vec!["title"]),
            (json!({"body_markdown": "Eins.\n\nTwo."}), vec!["body_markdown"]),
            (json!({"custom": {"rating": 3, "kicker": "Sky"}}), vec!["custom"]),
            (json!({"cover": {"credit": "B"}, "slug": "planes"}), vec!["slug", "cover"]),
            (json!({"authors": [{"name": "Alan"}], "published_at": "2021-01-01T00:00:00Z", "lang": "en"}), vec!["authors", "published_at"]),
        ] {
            let problem = app.rehearse_and_send(|| merging(&ada, &article, &mine)).await.problem(412, "precondition-failed");
            assert_eq!((&problem["conflicting_fields"], &problem["merges_cleanly"]), (&json!(fields), &json!(false)), "{mine}");
        }
        // The authors that only a refused change names were not made.
        let authors = ada.get("/v1/editorial/authors").await.json();
        assert_eq!(authors["data"].as_array().unwrap().len(), 1);
        assert_eq!(current(&ada, &article).await["revision"], 2);
    }

    async fn a_merged_article_keeps_the_limits(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let words = |name: &str, count: usize| (0..count).map(|number| format!("{name} {number}")).collect::<Vec<String>>();
        let article = ada.post(ARTICLES, json!({"title": "Ships", "body_markdown": "One.\n\nTwo.\n\nThree."})).await.expect(201).json();
        let half = "a".repeat(600_000);
        let members = |name: &str| (0..60).map(|number| (format!("{name}{number}"), json!(number))).collect::<serde_json::Map<_, _>>();
        let theirs = json!({"tags": words("Tag", 30), "body_markdown": format!("{half}\n\nTwo.\n\nThree."), "custom": members("a")});
        change(&bob, &article, theirs).await;
        for (mine, field) in [
            (json!({"tags": words("Other", 21)}), "tags"),
            (json!({"body_markdown": format!("One.\n\nTwo.\n\n{half}")}), "body_markdown"),
            (json!({"custom": members("b")}), "custom"),
        ] {
            for query in ["", "?merge=auto"] {
                let request = || changing(&ada, &article, ("\"r1\"", query), &mine);
                let problem = app.rehearse_and_send(request).await.problem(412, "precondition-failed");
                assert_eq!((&problem["merges_cleanly"], &problem["conflicting_fields"]), (&json!(false), &json!([field])));
                let fault = only_fault(&problem);
                assert_eq!((&fault["pointer"], &fault["code"]), (&json!(format!("#/{field}")), &json!("beyond-limits")));
            }
        }
        let merged = merging(&ada, &article, &json!({"tags": words("Other", 20)})).send().await.expect(200).json();
        assert_eq!(merged["tags"].as_array().unwrap().len(), 50);
        // The same holds for a patch in time, which adds to the fields that there are.
        let problem = app.rehearse_and_send(|| changing(&ada, &article, ("*", ""), &json!({"custom": members("b")}))).await.problem(422, "validation-failed");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/custom"), &json!("too-many")));
    }

    async fn a_merged_article_keeps_the_rules_of_the_site(app: TestApp) {
        let (ada, bob, chief) = (app.editor().await, app.editor().await, app.account(Role::Administrator).await);
        let schema = json!({"type": "object", "not": {"required": ["a", "b"]}});
        chief.patch("/v1/editorial/settings", "*", json!({"custom_fields_schema": schema})).await.expect(200);
        let article = ada.draft("Ships").await;
        change(&bob, &article, json!({"custom": {"a": 1}, "lang": "de", "external_id": {"source": "wire", "id": "1"}})).await;
        let problem = app.rehearse_and_send(|| merging(&ada, &article, &json!({"custom": {"b": 1}}))).await.problem(422, "validation-failed");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/custom"), &json!("schema")));

        // One gave it a language, and the other a group that has this language already.
        let root = ada.post(ARTICLES, json!({"title": "Root", "body_markdown": "x", "lang": "de"})).await.expect(201).json();
        let problem = app.rehearse_and_send(|| merging(&ada, &article, &json!({"translation_of": root["id"]}))).await.problem(409, "translation-taken");
        assert_eq!(problem["conflicting_id"], root["id"]);
        let problem = app.rehearse_and_send(|| merging(&ada, &article, &json!({"slug": "root"}))).await.problem(409, "slug-taken");
        assert_eq!(problem["suggestion"], "root-2");
        // A cover that one gave up is not described by the other.
        let covered = ada.post(ARTICLES, json!({"title": "Covered", "body_markdown": "x", "cover": {"url": "https://example.org/a.jpg"}})).await.expect(201).json();
        change(&bob, &covered, json!({"cover": null})).await;
        let problem = merging(&ada, &covered, &json!({"cover": {"alt": "A ship"}})).send().await.problem(412, "precondition-failed");
        assert_eq!(problem["conflicting_fields"], json!(["cover"]));
        // And one that there never was is asked for.
        let problem = merging(&ada, &article, &json!({"cover": {"alt": "A ship"}})).send().await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/cover/url");
    }

    async fn replacements_are_merged_by_id_by_slug_by_name_and_as_documents(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let body = json!({"title": "Ships", "body_markdown": "One.\n\nTwo.\n\nThree.", "external_id": {"source": "wire", "id": "17"}});
        let article = ada.post(ARTICLES, body.clone()).await.expect(201).json();
        change(&bob, &article, json!({"lang": "en", "body_markdown": "ONE.\n\nTwo.\n\nThree."})).await;
        let mut mine = body;
        mine["subtitle"] = json!("Cranes");
        let put = |path: String, if_match: &str, body: &Value| {
            ada.request(Method::PUT, &path).header("If-Match", if_match).json(body)
        };
        let request = || put(format!("{}?merge=auto", desk(&article)), "\"r1\"", &mine);
        let merged = app.rehearse_and_send(request).await.expect(200).json();
        assert_eq!((&merged["lang"], &merged["subtitle"]), (&json!("en"), &json!("Cranes")));
        assert_eq!(merged["body_markdown"], "ONE.\n\nTwo.\n\nThree.");

        mine["seo"] = json!({"title": "Old ships"});
        for (path, changed) in [
            (format!("{ARTICLES}/by-slug/ships"), json!(["subtitle", "body_markdown", "lang"])),
            (format!("{ARTICLES}/by-external-id/wire/17"), json!(["subtitle", "body_markdown", "lang", "seo"])),
        ] {
            let problem = app.rehearse_and_send(|| put(path.clone(), "\"r1\"", &mine)).await.problem(412, "precondition-failed");
            assert_eq!((&problem["changed_fields"], &problem["merges_cleanly"]), (&changed, &json!(true)));
            let request = || put(format!("{path}?merge=auto"), "\"r1\"", &mine);
            let merged = app.rehearse_and_send(request).await.expect(200).json();
            assert_eq!((&merged["lang"], &merged["seo"]["title"]), (&json!("en"), &json!("Old ships")), "{path}");
        }
        let document = "---\ntitle: Ships\nsubtitle: Cranes\n---\nOne.\n\nTwo.\n\nThree.\n\nFour.\n";
        let upload = |query: &str, if_match: &str| {
            let path = format!("/v1/editorial/documents/ships{query}");
            ada.request(Method::PUT, &path).header("If-Match", if_match).body("text/markdown", document)
        };
        let problem = app.rehearse_and_send(|| upload("", "\"r1\"")).await.problem(412, "precondition-failed");
        assert_eq!(problem["merges_cleanly"], true, "{problem}");
        let merged = app.rehearse_and_send(|| upload("?merge=auto", "\"r1\"")).await.expect(200).json();
        assert_eq!(merged["article"]["body_markdown"], "ONE.\n\nTwo.\n\nThree.\n\nFour.", "{merged}");
        assert_eq!(merged["article"]["lang"], "en");
        // A slug that was changed meanwhile is found by its new name, and kept.
        change(&bob, &article, json!({"slug": "boats"})).await;
        let request = || put(format!("{ARTICLES}/by-slug/boats?merge=auto"), "\"r1\"", &mine);
        let merged = app.rehearse_and_send(request).await.expect(200).json();
        assert_eq!(merged["slug"], "boats");
    }

    async fn a_merged_article_is_published_as_it_was_merged(app: TestApp) {
        let (ada, bob, reader) = (app.editor().await, app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        change(&bob, &article, json!({"subtitle": "Cranes"})).await;
        let body = json!({"title": "Ships of the north", "body_markdown": "Some *text*.", "status": "published"});
        let path = format!("{}?merge=auto", desk(&article));
        ada.put(&path, "\"r1\"", body).await.expect(200);
        let seen = reader.get(&format!("/v1/articles/{}", id(&article))).await.json();
        assert_eq!((&seen["title"], &seen["subtitle"], &seen["revision"]), (&json!("Ships of the north"), &json!("Cranes"), &json!(3)));
    }

    async fn an_overtaken_request_is_told_so_before_its_body_is_looked_at(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let article = ada.draft("Ships").await;
        change(&bob, &article, json!({"title": "Trains"})).await;
        let faulty = [
            json!({"title": "", "body_markdown": "x"}),
            json!({"titel": "x"}),
            json!({"title": "x", "body_markdown": "x", "tags": vec!["a"; 51]}),
            json!({"title": "x", "body_markdown": "x", "authors": [{}]}),
            json!({"title": "x", "body_markdown": "x", "published_at": "2030-01-01T00:00:00Z"}),
        ];
        let unknown = [
            (json!({"title": "x", "body_markdown": "x", "section": "nowhere"}), "reference-unknown"),
            (json!({"title": "x", "body_markdown": "x", "authors": [{"slug": "nobody"}]}), "author-unknown"),
        ];
        for method in [Method::PUT, Method::PATCH] {
            let send = |if_match: &'static str, query: &str, body: &Value| {
                ada.request(method.clone(), &format!("{}{query}", desk(&article))).header("If-Match", if_match).json(body).send()
            };
            for body in &faulty {
                let problem = send("\"r1\"", "", body).await.problem(412, "precondition-failed");
                assert_eq!(problem["current_etag"], "\"r2\"", "{body}");
                send("\"r2\"", "", body).await.problem(422, "validation-failed");
                // Here nothing is too late, so that the body is what is to be mended.
                send("\"r1\"", "?merge=auto", body).await.problem(422, "validation-failed");
            }
            for (body, code) in &unknown {
                let problem = send("\"r1\"", "", body).await.problem(412, "precondition-failed");
                assert_eq!((&problem["changed_fields"], problem.get("merges_cleanly")), (&json!(["title"]), None));
                send("\"r2\"", "", body).await.problem(409, code);
                send("\"r1\"", "?merge=auto", body).await.problem(409, code);
            }
            ada.request(method.clone(), &desk(&article)).header("If-Match", "\"r1\"").body("application/json", "{").send().await.problem(412, "precondition-failed");
            ada.request(method, &desk(&article)).header("If-Match", "\"r1\"").body("text/plain", "x").send().await.problem(412, "precondition-failed");
        }
    }

    async fn a_member_of_the_wrong_kind_is_named(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let before = app.database_digest().await;
        for (body, pointer, code) in [
            (json!({"title": 1}), "#/title", "wrong-type"),
            (json!({"title": null}), "#/title", "wrong-type"),
            (json!({"slug": null}), "#/slug", "wrong-type"),
            (json!({"slug": "Not a slug"}), "#/slug", "invalid-slug"),
            (json!({"subtitle": ["x"]}), "#/subtitle", "wrong-type"),
            (json!({"excerpt": true}), "#/excerpt", "wrong-type"),
            (json!({"body_markdown": {}}), "#/body_markdown", "wrong-type"),
            (json!({"body_markdown": null}), "#/body_markdown", "wrong-type"),
            (json!({"authors": "Grace"}), "#/authors", "wrong-type"),
            (json!({"authors": null}), "#/authors", "wrong-type"),
            (json!({"authors": ["Grace"]}), "#/authors/0", "wrong-type"),
            (json!({"authors": [{"name": 1}]}), "#/authors/0/name", "wrong-type"),
            (json!({"authors": [{"name": "Grace", "role": "Cook"}]}), "#/authors/0/role", "invalid-role"),
            (json!({"authors": [{"name": "Grace", "slug": "grace"}]}), "#/authors/0", "slug-or-name"),
            (json!({"byline": 1.5}), "#/byline", "wrong-type"),
            (json!({"section": 1}), "#/section", "wrong-type"),
            (json!({"tags": {"a": 1}}), "#/tags", "wrong-type"),
            (json!({"tags": ["a", 1]}), "#/tags/1", "wrong-type"),
            (json!({"tags": ["!"]}), "#/tags/0", "no-slug"),
            (json!({"series": "a-year"}), "#/series", "wrong-type"),
            (json!({"series": {"slug": "a-year"}}), "#/series/position", "required"),
            (json!({"series": {"slug": "a-year", "position": 0}}), "#/series/position", "invalid"),
            (json!({"series": {"slug": "a-year", "position": "1"}}), "#/series/position", "wrong-type"),
            (json!({"related": [1]}), "#/related/0", "wrong-type"),
            (json!({"related": ["x"]}), "#/related/0", "invalid-uuid"),
            (json!({"related": vec![id(&article); 21]}), "#/related", "too-many"),
            (json!({"lang": 1}), "#/lang", "wrong-type"),
            (json!({"lang": "english!"}), "#/lang", "invalid-language-tag"),
            (json!({"translation_of": 7}), "#/translation_of", "wrong-type"),
            (json!({"canonical_url": "ftp://example.org"}), "#/canonical_url", "invalid-url"),
            (json!({"cover": "a.jpg"}), "#/cover", "wrong-type"),
            (json!({"cover": {"url": "a.jpg"}}), "#/cover/url", "invalid-url"),
            (json!({"cover": {"alt": 1, "url": "https://example.org"}}), "#/cover/alt", "wrong-type"),
            (json!({"cover": {"alt": "x"}}), "#/cover/url", "required"),
            (json!({"cover": {"src": "x"}}), "#/cover/src", "unknown"),
            (json!({"seo": []}), "#/seo", "wrong-type"),
            (json!({"seo": {"noindex": "yes"}}), "#/seo/noindex", "wrong-type"),
            (json!({"seo": {"noindex": null}}), "#/seo/noindex", "wrong-type"),
            (json!({"custom": []}), "#/custom", "wrong-type"),
            (json!({"external_id": "17"}), "#/external_id", "wrong-type"),
            (json!({"external_id": {"source": "wire"}}), "#/external_id/id", "required"),
            (json!({"published_at": "yesterday"}), "#/published_at", "invalid-time"),
            (json!({"published_at": 0}), "#/published_at", "wrong-type"),
            (json!({"status": "published"}), "#/status", "unknown"),
        ] {
            let request = || changing(&ada, &article, ("\"r1\"", ""), &body);
            let problem = app.rehearse_and_send(request).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}: {problem}");
        }
        assert_eq!(app.database_digest().await, before);
    }

    async fn two_hundred_writers_that_began_with_the_same_text_are_all_merged(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Everybody writes", "body_markdown": paragraphs(|number| format!("Paragraph {number}."))});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let write = async |number: usize| {
            let text = paragraphs(|other| match other == number {
                true => format!("Paragraph {other}.\nA line by writer {number}."),
                false => format!("Paragraph {other}."),
            });
            let mut body = json!({"body_markdown": text});
            // An article has no more than fifty tags, and a hundred fields of the site.
            match number % 4 {
                0 => body["tags"] = json!([format!("Tag {number}")]),
                1 | 2 => body["custom"] = json!({format!("member_{number}"): number}),
                _ => {}
            }
            let mut refusals = 0;
            let answer = sent_until_taken(|| merging(&ada, &article, &body), &mut refusals).await.expect(200);
            (answer.json()["revision"].as_u64().unwrap(), refusals)
        };
        let written = by_everybody(AT_ONCE, write).await;
        assert_eq!(written.iter().map(|(_, refusals)| refusals).sum::<usize>(), 0);
        let revisions: BTreeSet<u64> = written.iter().map(|(revision, _)| *revision).collect();
        assert_eq!(revisions, (2..=201).collect());

        let last = current(&ada, &article).await;
        assert_eq!(last["revision"], 201);
        assert_eq!(last["body_markdown"], paragraphs(|number| format!("Paragraph {number}.\nA line by writer {number}.")));
        let tags: BTreeSet<String> = names(&last, "tags").into_iter().collect();
        assert_eq!(tags, (0..WRITERS).step_by(4).map(|number| format!("Tag {number}")).collect());
        let members: BTreeSet<&str> = last["custom"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members.len(), 100);
        let history = ada.get(&format!("{}/revisions?limit=100", desk(&article))).await.json();
        let kinds = history["data"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap());
        assert!(kinds.clone().all(|kind| kind == "merge"), "{:?}", kinds.collect::<Vec<_>>());
    }

    async fn two_hundred_writers_that_read_before_they_write_all_get_through(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Everybody writes", "body_markdown": "The first line."});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let write = async |number: usize| {
            let (mut refusals, mut overtaken) = (0, 0_usize);
            loop {
                let read = sent_until_taken(|| ada.request(Method::GET, &desk(&article)), &mut refusals).await.expect(200);
                let text = read.json()["body_markdown"].as_str().unwrap().to_owned();
                let body = json!({"body_markdown": format!("{text}\nA line by writer {number}.")});
                let tag = read.header("etag").to_owned();
                let answer = sent_until_taken(|| changing(&ada, &article, (&tag, ""), &body), &mut refusals).await;
                match answer.status {
                    200 => return (refusals, overtaken),
                    _ => answer.problem(412, "precondition-failed"),
                };
                overtaken += 1;
            }
        };
        let written = by_everybody(IN_A_RACE, write).await;
        assert_eq!(written.iter().map(|(refusals, _)| refusals).sum::<usize>(), 0);
        // Many were overtaken, and none was lost.
        assert!(written.iter().any(|(_, overtaken)| *overtaken > 0));
        let last = current(&ada, &article).await;
        assert_eq!(last["revision"], 201);
        let lines: BTreeSet<&str> = last["body_markdown"].as_str().unwrap().lines().skip(1).collect();
        let expected: Vec<String> = (0..WRITERS).map(|number| format!("A line by writer {number}.")).collect();
        assert_eq!(lines, expected.iter().map(String::as_str).collect());
    }
}
