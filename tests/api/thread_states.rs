//! The states of threads, and closing by age.

use actix_web::http::Method;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use futures_util::future::join;
use galley::accounts::permissions::Role;
use galley::jobs::{self, Job};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const SETTINGS: &str = "/v1/editorial/settings";
const SECTIONS: &str = "/v1/editorial/sections";

fn desk(article: &Value) -> String {
    format!("/v1/editorial/threads/{}", id(article))
}

async fn set(moderator: &Client, article: &Value, change: Value) -> Value {
    let answer = moderator.request(Method::PATCH, &desk(article)).json(&change).send();
    answer.await.expect(200).json()
}

async fn thread(moderator: &Client, article: &Value) -> Value {
    moderator.get(&desk(article)).await.expect(200).json()
}

/// What readers see of the thread in the article.
async fn shown(reader: &Client, article: &Value) -> Value {
    let path = format!("/v1/articles/{}", id(article));
    reader.get(&path).await.expect(200).json()["comments"].clone()
}

async fn transitions(moderator: &Client, article: &Value) -> Value {
    let page = moderator
        .get(&format!("{}/transitions", desk(article)))
        .await
        .expect(200);
    page.json()["data"].clone()
}

async fn rule_of_site(root: &Client, days: Value) {
    let change = json!({"comments_close_after_days": days});
    root.patch(SETTINGS, "*", change).await.expect(200);
}

async fn section(editor: &Client, slug: &str, parent: Option<&str>, days: Option<i64>) -> Value {
    let mut body = json!({"name": slug, "slug": slug});
    if let Some(parent) = parent {
        body["parent"] = parent.into();
    }
    if let Some(days) = days {
        body["comments_close_after_days"] = days.into();
    }
    editor.post(SECTIONS, body).await.expect(201).json()
}

async fn change_section(editor: &Client, section: &Value, change: Value) -> Value {
    let path = format!("{SECTIONS}/{}", id(section));
    editor.patch(&path, "*", change).await.expect(200).json()
}

async fn published_in(editor: &Client, title: &str, section: &str) -> Value {
    let body = json!({"title": title, "body_markdown": "Text.", "section": section, "status": "published"});
    editor.post("/v1/editorial/articles", body).await.expect(201).json()
}

fn written(time: DateTime<Utc>) -> Value {
    json!(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// When the thread will close, in days from now.
async fn closes_in(app: &TestApp, moderator: &Client, article: &Value) -> Option<i64> {
    let closes_at = thread(moderator, article).await["closes_at"].as_str()?.to_owned();
    let closes_at: DateTime<Utc> = closes_at.parse().unwrap();
    let left = closes_at - app.state.clock.now();
    assert_eq!(left, Duration::days(left.num_days()), "whole days");
    Some(left.num_days())
}

async fn people(app: &TestApp) -> (Client, Client, Client) {
    (
        app.lasting_account(Role::Administrator).await,
        app.lasting_account(Role::Editor).await,
        app.reader(),
    )
}

async fn actions(root: &Client, article: &Value) -> Vec<Value> {
    let path = format!("/v1/editorial/audit?subject_kind=thread&subject={}", id(article));
    let entries = root.get(&path).await.expect(200).json();
    let entries = entries["data"].as_array().unwrap().iter();
    entries
        .map(|entry| json!([entry["action"], entry["actor"]["kind"], entry["details"]["reason"]]))
        .collect()
}

on_both_databases! {
    async fn every_opening_and_closing_is_on_record(app: TestApp) {
        let (root, ada, reader) = people(&app).await;
        let article = ada.published("Ships").await;
        assert_eq!(shown(&reader, &article).await, json!({"state": "open", "approved_count": 0}));
        for (state, message) in [("closed", Some("The harbour is closed.")), ("read_only", None), ("hidden", None), ("open", None)] {
            app.state.clock.advance(Duration::minutes(1));
            let change = json!({"state": state, "message": message, "note": format!("Now {state}.")});
            let request = || ada.request(Method::PATCH, &desk(&article)).json(&change);
            let changed = app.rehearse_and_send(request).await.expect(200).json();
            let reason = if state == "open" { Value::Null } else { json!("editors") };
            assert_eq!((&changed["state"], &changed["closed_reason"]), (&json!(state), &reason));
            let seen = shown(&reader, &article).await;
            assert_eq!((&seen["state"], &seen["closed_reason"], &seen["message"]), (&json!(state), &reason, &json!(message)));
        }
        // Other changes are no transitions, and what says the same is no change.
        set(&ada, &article, json!({"moderation": "pre"})).await;
        let same = set(&ada, &article, json!({"state": "open", "note": "Still open."})).await;
        assert_eq!(same["revision"], 6);
        let on_record = transitions(&ada, &article).await;
        insta::assert_json_snapshot!("transitions", on_record, {"[].id" => "[id]", "[].account_id" => "[account]"});
        let acts = actions(&root, &article).await;
        let names: Vec<&str> = acts.iter().map(|act| act[0].as_str().unwrap()).collect();
        assert_eq!(names, ["thread.updated", "thread.opened", "thread.hidden", "thread.set_read_only", "thread.closed"]);
        assert_eq!(acts[4], json!(["thread.closed", "session", "editors"]));
    }

    async fn transitions_are_read_a_page_at_a_time_by_moderators_only(app: TestApp) {
        let (_, ada, reader) = people(&app).await;
        let article = ada.published("Ships").await;
        for state in ["closed", "open", "hidden"] {
            app.state.clock.advance(Duration::seconds(1));
            set(&ada, &article, json!({"state": state})).await;
        }
        let path = format!("{}/transitions", desk(&article));
        let first = ada.get(&format!("{path}?limit=2")).await.expect(200).json();
        let states = |page: &Value| page["data"].as_array().unwrap().iter().map(|item| item["to_state"].clone()).collect::<Vec<_>>();
        assert_eq!(states(&first), ["hidden", "open"]);
        let next = first["page"]["next"].as_str().unwrap();
        let second = ada.get(&format!("{path}?limit=2&cursor={next}")).await.expect(200).json();
        assert_eq!(states(&second), ["closed"]);
        let other = ada.published("Gulls").await;
        ada.get(&format!("{}/transitions?cursor={next}", desk(&other))).await.problem(400, "cursor-mismatch");
        ada.get(&format!("{path}?limit=0")).await.problem(400, "invalid-parameter");
        ada.get(&format!("{path}?state=open")).await.problem(400, "unknown-parameter");
        ada.get(&format!("/v1/editorial/threads/{NOBODY}/transitions")).await.problem(404, "not-found");
        reader.get(&path).await.problem(401, "not-authenticated");
        app.account(Role::Contributor).await.get(&path).await.problem(403, "insufficient-scope");
        app.account(Role::Moderator).await.get(&path).await.expect(200);
    }

    async fn of_a_hidden_thread_readers_see_nothing_anywhere(app: TestApp) {
        let (_, ada, reader) = people(&app).await;
        let article = ada.published("Ships").await;
        let comment = reader.comment(&article, None, "Secret by now").await.expect(201).json();
        let answer = reader.comment(&article, Some(&comment), "Indeed").await.expect(201).json();
        set(&ada, &article, json!({"state": "hidden"})).await;
        let article_id = id(&article);
        for path in [
            format!("/v1/articles/{article_id}"), "/v1/articles/by-slug/ships".to_owned(), "/v1/articles".to_owned(),
            format!("/v1/articles/{article_id}/comments"), format!("/v1/articles/{article_id}/comments?sort=top&view=flat"),
            format!("/v1/articles/{article_id}/comments?parent={}", id(&comment)),
            format!("/v1/comment-counts?article_ids={article_id}"), "/v1/articles/by-slug/ships/document".to_owned(),
        ] {
            let text = reader.get(&path).await.expect(200).text();
            assert!(!text.contains("Secret") && !text.contains("Indeed") && !text.contains("\"approved_count\":2"), "{path}: {text}");
        }
        for path in [format!("/v1/comments/{}", id(&comment)), format!("/v1/comments/{}/context", id(&answer))] {
            reader.get(&path).await.problem(404, "not-found");
        }
        reader.comment(&article, Some(&comment), "Hello?").await.problem(403, "comments-closed");
    }

    async fn an_article_and_its_thread_have_other_tags_when_the_thread_has_changed(app: TestApp) {
        let (_, ada, reader) = people(&app).await;
        let article = ada.published("Ships").await;
        let paths = [format!("/v1/articles/{}", id(&article)), format!("/v1/articles/{}/comments", id(&article))];
        for change in [json!({"close_after_days": 3}), json!({"close_after_days": 4}), json!({"state": "closed"}), json!({"state": "read_only"})] {
            for path in &paths {
                let tag = reader.get(path).await.expect(200).header("etag").to_owned();
                let again = || reader.request(Method::GET, path).header("If-None-Match", &tag);
                again().send().await.expect(304);
            }
            let mut tags = Vec::new();
            for path in &paths {
                tags.push(reader.get(path).await.header("etag").to_owned());
            }
            set(&ada, &article, change).await;
            for (path, tag) in paths.iter().zip(&tags) {
                reader.request(Method::GET, path).header("If-None-Match", tag).send().await.expect(200);
            }
        }
    }

    async fn a_thread_closes_by_age_exactly_once_and_takes_nothing_before_the_job_comes_by(app: TestApp) {
        let (root, ada, reader) = people(&app).await;
        rule_of_site(&root, json!(3)).await;
        let published_at = app.state.clock.now();
        let article = ada.published("Ships").await;
        let closes_at = written(published_at + Duration::days(3));
        assert_eq!(shown(&reader, &article).await, json!({"state": "open", "closes_at": closes_at, "approved_count": 0}));
        app.state.clock.advance(Duration::days(3) - Duration::milliseconds(1));
        assert_eq!(Job::CloseThreads.run(&app.state).await.unwrap(), 0);
        reader.comment(&article, None, "In time").await.expect(201);
        app.state.clock.advance(Duration::milliseconds(1));
        let problem = reader.comment(&article, None, "Too late").await.problem(403, "comments-closed");
        assert_eq!((&problem["thread_state"], &problem["closed_reason"]), (&json!("closed"), &json!("age")));
        let tag = reader.get(&format!("/v1/articles/{}/comments", id(&article))).await.header("etag").to_owned();

        let other = app.another_instance().await;
        let (here, there) = join(Job::CloseThreads.run(&app.state), Job::CloseThreads.run(&other)).await;
        assert_eq!(here.unwrap() + there.unwrap(), 1);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0, "what is done is not due");
        assert_eq!(shown(&reader, &article).await, json!({"state": "closed", "closed_reason": "age", "approved_count": 1}));
        let list = format!("/v1/articles/{}/comments", id(&article));
        let page = reader.request(Method::GET, &list).header("If-None-Match", &tag).send().await.expect(200).json();
        assert_eq!(page["data"][0]["body_text"], "In time", "a closed thread is read");
        let on_record = transitions(&ada, &article).await;
        assert_eq!(on_record.as_array().unwrap().len(), 1);
        assert_eq!((&on_record[0]["reason"], on_record[0].get("account_id")), (&json!("age"), None));
        assert_eq!(actions(&root, &article).await, [json!(["thread.closed", "schedule", "age"])]);
    }

    async fn an_opened_thread_of_an_old_article_stays_open(app: TestApp) {
        let (root, ada, reader) = people(&app).await;
        rule_of_site(&root, json!(2)).await;
        let article = ada.published("Ships").await;
        app.state.clock.advance(Duration::days(3));
        assert_eq!(Job::CloseThreads.run(&app.state).await.unwrap(), 1);
        for days in [json!(2), json!(null)] {
            let change = json!({"state": "open", "close_after_days": days});
            let refused = ada.request(Method::PATCH, &desk(&article)).json(&change).send().await.problem(422, "validation-failed");
            let fault = only_fault(&refused);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/close_after_days"), &json!("over")), "{refused}");
        }
        let request = || ada.request(Method::PATCH, &desk(&article)).json(&json!({"state": "open"}));
        let opened = app.rehearse_and_send(request).await.expect(200).json();
        insta::assert_json_snapshot!("opened_after_its_time", opened, {".article_id" => "[id]"});
        app.state.clock.advance(Duration::days(3));
        assert_eq!(Job::CloseThreads.run(&app.state).await.unwrap(), 0);
        reader.comment(&article, None, "At last").await.expect(201);
        // With another rule it closes by itself again.
        let ruled = set(&ada, &article, json!({"close_after_days": 7})).await;
        assert_eq!((&ruled["state"], closes_in(&app, &ada, &article).await), (&json!("open"), Some(1)));
    }

    async fn an_article_that_readers_do_not_see_does_not_close(app: TestApp) {
        let (root, ada, _) = people(&app).await;
        rule_of_site(&root, json!(2)).await;
        let draft = ada.draft("Gulls").await;
        assert_eq!(thread(&ada, &draft).await.get("closes_at"), None);
        let article = ada.published("Ships").await;
        let path = format!("/v1/editorial/articles/{}", id(&article));
        assert_eq!(closes_in(&app, &ada, &article).await, Some(2));
        ada.post(&format!("{path}/unpublish"), json!({})).await.expect(200);
        assert_eq!(closes_in(&app, &ada, &article).await, None);
        app.state.clock.advance(Duration::days(1));
        assert_eq!(Job::CloseThreads.run(&app.state).await.unwrap(), 0);
        // Published again it is as old as it was.
        ada.post(&format!("{path}/publish"), json!({})).await.expect(200);
        assert_eq!(closes_in(&app, &ada, &article).await, Some(1));
    }

    async fn the_nearest_rule_counts(app: TestApp) {
        let (root, ada, _) = people(&app).await;
        section(&ada, "news", None, None).await;
        let europe = section(&ada, "europe", Some("news"), Some(20)).await;
        section(&ada, "france", Some("europe"), None).await;
        section(&ada, "sport", None, None).await;
        let paris = published_in(&ada, "Paris", "france").await;
        let match_report = published_in(&ada, "Match", "sport").await;
        let rule = |thread: Value| json!([thread["effective_close_after_days"], thread["close_rule_from"], thread["close_after_days"]]);
        assert_eq!(rule(thread(&ada, &match_report).await), json!([0, "site", null]));
        assert_eq!(closes_in(&app, &ada, &match_report).await, None);
        rule_of_site(&root, json!(30)).await;
        assert_eq!(rule(thread(&ada, &match_report).await), json!([30, "site", null]));
        assert_eq!(closes_in(&app, &ada, &match_report).await, Some(30));
        assert_eq!(rule(thread(&ada, &paris).await), json!([20, "section", null]));
        assert_eq!(closes_in(&app, &ada, &paris).await, Some(20));
        // A section may keep its threads open, whatever the site says.
        change_section(&ada, &europe, json!({"comments_close_after_days": 0})).await;
        assert_eq!((rule(thread(&ada, &paris).await), closes_in(&app, &ada, &paris).await), (json!([0, "section", null]), None));
        change_section(&ada, &europe, json!({"comments_close_after_days": null})).await;
        assert_eq!(closes_in(&app, &ada, &paris).await, Some(30));
        // A branch that moves takes what it inherits from its new place.
        let world = section(&ada, "world", None, Some(9)).await;
        change_section(&ada, &europe, json!({"parent": "world"})).await;
        assert_eq!(closes_in(&app, &ada, &paris).await, Some(9));
        change_section(&ada, &world, json!({"slug": "earth"})).await;
        assert_eq!(closes_in(&app, &ada, &paris).await, Some(9));
        // An article that moves does so when it is published there.
        let path = format!("/v1/editorial/articles/{}", id(&paris));
        ada.patch(&path, "*", json!({"section": "sport"})).await.expect(200);
        assert_eq!(closes_in(&app, &ada, &paris).await, Some(9));
        ada.post(&format!("{path}/publish"), json!({})).await.expect(200);
        assert_eq!(closes_in(&app, &ada, &paris).await, Some(30));
        // Its own rule comes first.
        let ruled = set(&ada, &paris, json!({"close_after_days": 5})).await;
        assert_eq!((rule(ruled), closes_in(&app, &ada, &paris).await), (json!([5, "article", 5]), Some(5)));
        rule_of_site(&root, json!(null)).await;
        assert_eq!((closes_in(&app, &ada, &paris).await, closes_in(&app, &ada, &match_report).await), (Some(5), None));
        set(&ada, &paris, json!({"close_after_days": null})).await;
        assert_eq!(closes_in(&app, &ada, &paris).await, None);
    }

    async fn whatever_changes_the_times_are_those_of_the_rules(app: TestApp) {
        let (root, ada, _) = people(&app).await;
        let mut random = StdRng::seed_from_u64(5);
        let names = ["a", "b", "c", "d", "e"];
        let mut sections = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let parent = (index > 0 && random.random_bool(0.7)).then(|| names[random.random_range(0..index)]);
            sections.push(section(&ada, name, parent, None).await);
        }
        let mut articles = Vec::new();
        for number in 0..10 {
            articles.push(published_in(&ada, &format!("Article {number}"), names[number % 5]).await);
        }
        for _step in 0..24 {
            let days = [json!(null), json!(0), json!(11), json!(12), json!(13)][random.random_range(0..5)].clone();
            let chosen = random.random_range(0..5);
            match random.random_range(0..4) {
                0 => rule_of_site(&root, if days == json!(0) { json!(null) } else { days }).await,
                1 => drop(change_section(&ada, &sections[chosen], json!({"comments_close_after_days": days})).await),
                2 => {
                    let parent = if chosen == 0 { Value::Null } else { json!(names[random.random_range(0..chosen)]) };
                    let path = format!("{SECTIONS}/{}", id(&sections[chosen]));
                    // A move that would make a cycle is refused.
                    drop(ada.patch(&path, "*", json!({"parent": parent})).await);
                }
                _ => drop(set(&ada, &articles[random.random_range(0..10)], json!({"close_after_days": days})).await),
            }
            for article in &articles {
                let days = thread(&ada, article).await["effective_close_after_days"].as_i64().unwrap();
                assert_eq!(closes_in(&app, &ada, article).await, Some(days).filter(|days| *days > 0));
            }
        }
    }

    async fn a_rule_that_is_shorter_than_an_article_is_old_closes_its_thread(app: TestApp) {
        let (root, ada, _) = people(&app).await;
        let mut articles = Vec::new();
        for number in 0..3 {
            articles.push(ada.published(&format!("Article {number}")).await);
            app.state.clock.advance(Duration::days(1));
        }
        set(&ada, &articles[2], json!({"state": "hidden"})).await;
        rule_of_site(&root, json!(1)).await;
        assert_eq!(Job::CloseThreads.run(&app.state).await.unwrap(), 2);
        // What age closed stays closed when the rule goes, since that is on record.
        rule_of_site(&root, json!(null)).await;
        assert_eq!(thread(&ada, &articles[0]).await["closed_reason"], "age");
        assert_eq!(thread(&ada, &articles[2]).await["closed_reason"], "editors");
    }

    async fn a_document_that_closes_a_thread_is_the_reason(app: TestApp) {
        let (root, ada, reader) = people(&app).await;
        let text = "---\ntitle: Ships\ncomments:\n  state: closed\n  message: Enough.\n---\nText.\n";
        let made = ada.upload("?status=published", "text/markdown", text).await.expect(201).json();
        let article = &made["article"];
        let expected = json!({"state": "closed", "message": "Enough.", "closed_reason": "document", "approved_count": 0});
        assert_eq!(shown(&reader, article).await, expected);
        assert_eq!(transitions(&ada, article).await[0]["reason"], "document");
        assert_eq!(actions(&root, article).await, [json!(["thread.closed", "session", "document"])]);
    }

    async fn a_wrong_rule_changes_nothing(app: TestApp) {
        let (root, ada, reader) = people(&app).await;
        let article = ada.published("Ships").await;
        let news = section(&ada, "news", None, None).await;
        let news = format!("{SECTIONS}/{}", id(&news));
        let fault_of = |answer: Answer| {
            let problem = answer.problem(422, "validation-failed");
            json!([only_fault(&problem)["pointer"], only_fault(&problem)["code"]])
        };
        for (days, code) in [(json!(-1), "out-of-range"), (json!(3_651), "out-of-range"), (json!("14"), "wrong-type"), (json!(1.5), "wrong-type")] {
            let answer = ada.request(Method::PATCH, &desk(&article)).json(&json!({"close_after_days": days})).send().await;
            assert_eq!(fault_of(answer), json!(["#/close_after_days", code]), "{days}");
            let wrong = json!({"comments_close_after_days": days});
            assert_eq!(fault_of(ada.patch(&news, "*", wrong.clone()).await), json!(["#/comments_close_after_days", code]), "{days}");
            assert_eq!(fault_of(root.patch(SETTINGS, "*", wrong).await), json!(["#/comments_close_after_days", code]), "{days}");
        }
        let never = json!({"comments_close_after_days": 0});
        assert_eq!(fault_of(root.patch(SETTINGS, "*", never).await), json!(["#/comments_close_after_days", "out-of-range"]));
        for (note, code) in [(json!(""), "empty"), (json!("x".repeat(2_001)), "too-long"), (json!(null), "wrong-type")] {
            let change = json!({"state": "closed", "note": note});
            let answer = ada.request(Method::PATCH, &desk(&article)).json(&change).send().await;
            assert_eq!(fault_of(answer), json!(["#/note", code]));
        }
        assert_eq!(thread(&ada, &article).await["revision"], 1);
        reader.request(Method::PATCH, &desk(&article)).json(&json!({"close_after_days": 1})).send().await.problem(401, "not-authenticated");
        let author = app.account(Role::Author).await;
        author.request(Method::PATCH, &desk(&article)).json(&json!({"close_after_days": 1})).send().await.problem(403, "insufficient-scope");
    }

    async fn the_rules_of_sections_and_of_the_site_are_read_and_replaced(app: TestApp) {
        let (root, ada, reader) = people(&app).await;
        let news = section(&ada, "news", None, Some(14)).await;
        let path = format!("{SECTIONS}/{}", id(&news));
        assert_eq!(ada.get(&path).await.expect(200).json()["comments_close_after_days"], 14);
        assert_eq!(reader.get("/v1/sections").await.json()["data"][0].get("comments_close_after_days"), None, "readers need not know");
        let article = published_in(&ada, "Ships", "news").await;
        assert_eq!(closes_in(&app, &ada, &article).await, Some(14));
        let replaced = ada.put(&path, "*", json!({"name": "News"})).await.expect(200).json();
        assert_eq!((replaced.get("comments_close_after_days"), closes_in(&app, &ada, &article).await), (None, None));
        let request = || root.request(Method::PUT, SETTINGS).header("If-Match", "*").json(&json!({"comments_close_after_days": 21}));
        let settings = app.rehearse_and_send(request).await.expect(200).json();
        assert_eq!((&settings["comments_close_after_days"], closes_in(&app, &ada, &article).await), (&json!(21), Some(21)));
        root.put(SETTINGS, "*", json!({})).await.expect(200);
        assert_eq!(closes_in(&app, &ada, &article).await, None);
    }
}
