//! Comments: what readers post and see, and what moderators decide.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use chrono::Duration;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn thread_of(article: &Value) -> String {
    format!("/v1/articles/{}/comments", id(article))
}

fn moderated_thread_of(article: &Value) -> String {
    format!("/v1/editorial/threads/{}", id(article))
}

async fn posted(client: &Client, article: &Value, parent: Option<&Value>, text: &str) -> Value {
    client.comment(article, parent, text).await.expect(201).json()
}

async fn decide(moderator: &Client, comment: &Value, state: &str) -> Value {
    let path = format!("/v1/editorial/comments/{}", id(comment));
    let answer = moderator
        .request(Method::PATCH, &path)
        .json(&json!({"state": state}))
        .send()
        .await;
    answer.expect(200).json()
}

async fn set_thread(moderator: &Client, article: &Value, change: Value) -> Value {
    let answer = moderator
        .request(Method::PATCH, &moderated_thread_of(article))
        .json(&change)
        .send()
        .await;
    answer.expect(200).json()
}

async fn thread(client: &Client, article: &Value, query: &str) -> Value {
    client
        .get(&format!("{}{query}", thread_of(article)))
        .await
        .expect(200)
        .json()
}

/// The items of a page as short words: the text, or what stands in its place, with the depth before it.
fn outline(page: &Value) -> Vec<String> {
    let items = page["data"].as_array().unwrap().iter();
    items
        .map(|item| {
            let word = match (item["kind"].as_str().unwrap(), item["body_text"].as_str()) {
                ("more", _) => format!("({} more)", item["count"]),
                (_, Some(text)) => text.to_owned(),
                (_, None) => format!("[{}]", item["state"].as_str().unwrap()),
            };
            format!("{} {word}", item["depth"])
        })
        .collect()
}

/// What every moderator's page of an article's comments shows, all pages together.
async fn all_for_moderators(moderator: &Client, article: &Value) -> Vec<Value> {
    let mut comments = Vec::new();
    let mut path = format!("/v1/editorial/comments?article_id={}&limit=50", id(article));
    loop {
        let page = moderator.get(&path).await.expect(200).json();
        comments.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["page"]["next"].as_str() {
            Some(cursor) => {
                path = format!(
                    "/v1/editorial/comments?article_id={}&limit=50&cursor={cursor}",
                    id(article)
                );
            }
            None => return comments,
        }
    }
}

/// Passes if nothing was stored under an article.
async fn assert_no_comment(app: &TestApp, article: &Value) {
    let moderator = app.account(Role::Moderator).await;
    assert_eq!(all_for_moderators(&moderator, article).await, Vec::<Value>::new());
    let thread = moderator.get(&moderated_thread_of(article)).await.expect(200).json();
    assert_eq!(
        (&thread["approved_count"], &thread["pending_count"]),
        (&json!(0), &json!(0))
    );
}

on_both_databases! {
    async fn a_comment_is_posted_and_read_in_its_thread_and_by_itself(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let body = json!({
            "author_name": " Grace ", "author_email": "grace@private.example", "author_url": "https://example.org/grace",
            "body_markdown": "Well *said*.\r\n\r\nIndeed.",
        });
        let answer = reader.post(&thread_of(&article), body).await.expect(201);
        let comment = answer.json();
        let location = format!("https://galley.example/v1/comments/{}", id(&comment));
        assert_eq!(answer.header("location"), location);
        insta::assert_json_snapshot!("comment_posted", comment, {".edit_token" => "[token]"});

        app.state.clock.advance(Duration::minutes(5));
        posted(&reader, &article, Some(&comment), "Thanks.").await;
        let answer = reader.get(&thread_of(&article)).await.expect(200);
        assert!(answer.header("cache-control").starts_with("public, max-age=0, s-maxage=60"));
        assert_eq!(answer.header("link"), format!("<https://galley.example{}>; rel=\"first\"", thread_of(&article)));
        insta::assert_json_snapshot!("thread", answer.json());

        let answer = reader.get(location.trim_start_matches("https://galley.example")).await.expect(200);
        let tag = answer.header("etag").to_owned();
        insta::assert_json_snapshot!("comment_read", answer.json());
        let again = reader.request(Method::GET, &format!("/v1/comments/{}", id(&comment))).header("If-None-Match", &tag).send().await;
        assert_eq!((again.expect(304).text().as_str(), tag.starts_with("\"r1.")), ("", true));
    }

    async fn the_article_counts_its_comments(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let comment = posted(&reader, &article, None, "One").await;
        posted(&reader, &article, Some(&comment), "Two").await;
        let shown = reader.get(&format!("/v1/articles/{}", id(&article))).await.expect(200).json();
        assert_eq!(shown["comments"]["approved_count"], 2, "{shown}");
        decide(&ada, &comment, "spam").await;
        let shown = reader.get(&format!("/v1/articles/{}", id(&article))).await.expect(200).json();
        assert_eq!(shown["comments"]["approved_count"], 1, "{shown}");
    }

    async fn markup_is_shown_as_text_and_links_earn_nothing(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let text = "<script>alert(1)</script> <b onclick=\"x()\">bold</b>\n\n<div>block</div>\n\n\
                    [a](https://a.example) [b](javascript:alert(1)) <https://c.example> ![p](https://d.example/p.png)";
        let comment = posted(&reader, &article, None, text).await;
        insta::assert_json_snapshot!("comment_markup", json!({"html": comment["body_html"], "text": comment["body_text"]}));
        let html = comment["body_html"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<b ") && !html.contains("<img") && !html.contains("\"javascript:"), "{html}");
        assert_eq!(html.matches("<a ").count(), html.matches("nofollow").count(), "{html}");
        assert_eq!(html.matches("<a ").count(), html.matches("ugc").count(), "{html}");
    }

    async fn an_address_is_never_in_a_public_answer(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let body = json!({"author_name": "Grace", "author_email": "grace@private.example", "body_markdown": "Hello"});
        let answer = reader.post(&thread_of(&article), body).await.expect(201);
        let comment = answer.json();
        let article_path = format!("/v1/articles/{}", id(&article));
        let mut answers = vec![answer];
        for path in [&thread_of(&article), &format!("/v1/comments/{}", id(&comment)), &article_path, "/v1/articles"] {
            answers.push(reader.get(path).await.expect(200));
        }
        for answer in answers {
            assert!(!answer.text().contains("private.example") && !answer.text().contains("email"), "{}", answer.text());
        }
        let shown = ada.get(&format!("/v1/editorial/comments/{}", id(&comment))).await.expect(200).json();
        assert_eq!(shown["author_email"], "grace@private.example");
        insta::assert_json_snapshot!("editorial_comment", shown);
    }

    async fn a_thread_that_is_moderated_before_holds_comments_until_they_are_approved(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let moderator = app.account(Role::Moderator).await;
        let article = ada.published("Ships").await;
        let changed = set_thread(&moderator, &article, json!({"moderation": "pre"})).await;
        assert_eq!((&changed["moderation"], &changed["state"]), (&json!("pre"), &json!("open")));

        let comment = reader.comment(&article, None, "Patience").await.expect(202).json();
        assert_eq!((&comment["state"], &comment["body_text"]), (&json!("pending"), &json!("Patience")));
        assert_eq!(thread(&reader, &article, "").await["data"], json!([]));
        reader.get(&format!("/v1/comments/{}", id(&comment))).await.problem(404, "not-found");
        reader.comment(&article, Some(&comment), "An answer to what nobody sees").await.problem(409, "parent-unknown");
        let waiting = moderator.get("/v1/editorial/comments?state=pending").await.expect(200).json();
        assert_eq!(waiting["data"][0]["id"], comment["id"]);
        assert_eq!(moderator.get(&moderated_thread_of(&article)).await.expect(200).json()["pending_count"], 1);

        decide(&moderator, &comment, "approved").await;
        assert_eq!(outline(&thread(&reader, &article, "").await), ["1 Patience"]);
        let counted = moderator.get(&moderated_thread_of(&article)).await.expect(200).json();
        assert_eq!((&counted["pending_count"], &counted["approved_count"]), (&json!(0), &json!(1)));
        assert_eq!(moderator.get("/v1/editorial/comments?state=pending").await.expect(200).json()["data"], json!([]));
    }

    async fn replies_stand_below_what_they_answer_the_oldest_first(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let first = posted(&reader, &article, None, "first").await;
        let second = posted(&reader, &article, None, "second").await;
        let late = posted(&reader, &article, Some(&first), "first.a").await;
        posted(&reader, &article, Some(&second), "second.a").await;
        posted(&reader, &article, Some(&first), "first.b").await;
        posted(&reader, &article, Some(&late), "first.a.x").await;
        let page = thread(&reader, &article, "").await;
        assert_eq!(outline(&page), ["1 first", "2 first.a", "3 first.a.x", "2 first.b", "1 second", "2 second.a"]);
        let counts: Vec<(i64, i64)> = page["data"].as_array().unwrap().iter()
            .map(|item| (item["reply_count"].as_i64().unwrap(), item["descendant_count"].as_i64().unwrap()))
            .collect();
        assert_eq!(counts, [(2, 3), (1, 1), (0, 0), (0, 0), (1, 1), (0, 0)]);
        let indexes: Vec<i64> = page["data"].as_array().unwrap().iter().map(|item| item["path_index"].as_i64().unwrap()).collect();
        assert_eq!(indexes, [1, 3, 6, 5, 2, 4]);
    }

    async fn what_is_too_deep_for_a_page_is_reached_through_its_stub(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let root = posted(&reader, &article, None, "root").await;
        let child = posted(&reader, &article, Some(&root), "child").await;
        for number in 1..=3 {
            let grandchild = posted(&reader, &article, Some(&child), &format!("grandchild {number}")).await;
            posted(&reader, &article, Some(&grandchild), &format!("great-grandchild {number}")).await;
        }
        posted(&reader, &article, None, "last").await;

        let page = thread(&reader, &article, "?depth=2").await;
        assert_eq!(outline(&page), ["1 root", "2 child", "3 (6 more)", "1 last"]);
        let stub = &page["data"][2];
        insta::assert_json_snapshot!("thread_stub", stub, {".cursor" => "[cursor]"});
        assert_eq!(stub["parent_id"], child["id"]);
        let follow = format!("?depth=2&parent={}&cursor={}", id(&child), stub["cursor"].as_str().unwrap());
        let below = thread(&reader, &article, &follow).await;
        let expected = ["3 grandchild 1", "4 great-grandchild 1", "3 grandchild 2", "4 great-grandchild 2", "3 grandchild 3", "4 great-grandchild 3"];
        assert_eq!(outline(&below), expected);
        assert!(below["page"].get("next").is_none(), "{below}");

        // Page by page, too.
        let first = thread(&reader, &article, &format!("{follow}&limit=4")).await;
        assert_eq!(outline(&first), expected[..4]);
        let next = first["page"]["next"].as_str().unwrap();
        let second = thread(&reader, &article, &format!("?depth=2&parent={}&cursor={next}&limit=4", id(&child))).await;
        assert_eq!(outline(&second), expected[4..]);

        let page = thread(&reader, &article, "?depth=1").await;
        assert_eq!(outline(&page), ["1 root", "2 (7 more)", "1 last"]);
        let page = thread(&reader, &article, &format!("?depth=1&parent={}", id(&child))).await;
        assert_eq!(outline(&page)[..2], ["3 grandchild 1", "4 (1 more)"]);
        // A cursor is for one question only.
        let other = format!("{}?depth=3&parent={}&cursor={}", thread_of(&article), id(&child), stub["cursor"].as_str().unwrap());
        reader.get(&other).await.problem(400, "cursor-mismatch");
    }

    async fn a_part_of_a_thread_is_read_below_its_comment(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let (article, other) = (ada.published("Ships").await, ada.published("Boats").await);
        let first = posted(&reader, &article, None, "first").await;
        posted(&reader, &article, None, "second").await;
        posted(&reader, &article, Some(&first), "reply").await;
        assert_eq!(outline(&thread(&reader, &article, &format!("?parent={}", id(&first))).await), ["2 reply"]);
        reader.get(&format!("{}?parent={}", thread_of(&other), id(&first))).await.problem(404, "not-found");
        reader.get(&format!("{}?parent={NOBODY}", thread_of(&article))).await.problem(404, "not-found");
        let problem = reader.get(&format!("{}?parent=first", thread_of(&article))).await.problem(400, "invalid-parameter");
        assert_eq!((&only_fault(&problem)["parameter"], &only_fault(&problem)["code"]), (&json!("parent"), &json!("invalid-uuid")));
    }

    async fn pages_give_every_comment_once_on_the_way_there_and_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let mut comments: Vec<Value> = Vec::new();
        let mut random = StdRng::seed_from_u64(2);
        for number in 0..66 {
            let parent = (number > 3 && random.random_bool(0.6)).then(|| comments[random.random_range(0..comments.len())].clone());
            comments.push(posted(&reader, &article, parent.as_ref(), &format!("comment {number}")).await);
        }
        let whole = outline(&thread(&reader, &article, "?limit=250").await);
        assert_eq!(whole.len(), 66);

        let (mut there, mut pages) = (Vec::new(), vec![thread(&reader, &article, "?limit=7").await]);
        while let Some(cursor) = pages.last().unwrap()["page"]["next"].as_str() {
            let page = thread(&reader, &article, &format!("?limit=7&cursor={cursor}")).await;
            pages.push(page);
        }
        for page in &pages {
            there.extend(outline(page));
        }
        assert_eq!((there, pages.len()), (whole, 10));
        assert!(pages[0]["page"].get("prev").is_none());

        let mut page = pages.pop().unwrap();
        while let Some(expected) = pages.pop() {
            let cursor = page["page"]["prev"].as_str().unwrap();
            page = thread(&reader, &article, &format!("?limit=7&cursor={cursor}")).await;
            assert_eq!(outline(&page), outline(&expected));
        }
        assert!(page["page"].get("prev").is_none(), "{page}");
    }

    async fn the_link_header_names_the_neighbours(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        for number in 0..5 {
            posted(&reader, &article, None, &number.to_string()).await;
        }
        let first = reader.get(&format!("{}?depth=4&limit=2", thread_of(&article))).await.expect(200);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let second = reader.get(&format!("{}?depth=4&limit=2&cursor={next}", thread_of(&article))).await.expect(200);
        let base = format!("<https://galley.example{}?depth=4&limit=2", thread_of(&article));
        let page = second.json()["page"].clone();
        let (prev, next) = (page["prev"].as_str().unwrap(), page["next"].as_str().unwrap());
        let expected = format!("{base}>; rel=\"first\", {base}&cursor={next}>; rel=\"next\", {base}&cursor={prev}>; rel=\"prev\"");
        assert_eq!(second.header("link"), expected);
    }

    async fn a_page_of_a_thread_has_its_limits(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        assert_eq!(thread(&reader, &article, "?limit=500").await["page"]["limit"], 500);
        assert_eq!(thread(&reader, &article, "").await["page"]["limit"], 50);
        let problem = reader.get(&format!("{}?limit=501", thread_of(&article))).await.problem(400, "limit-too-large");
        assert_eq!(only_fault(&problem)["detail"], "\"501\" is not a number from 1 to 500");
        for (query, parameter) in [("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"), ("depth=0", "depth"), ("depth=33", "depth")] {
            let problem = reader.get(&format!("{}?{query}", thread_of(&article))).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter, "{query}");
        }
        for cursor in ["", "x", "AQ", "not base64!", "AWYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            let problem = reader.get(&format!("{}?cursor={cursor}", thread_of(&article))).await.problem(400, "cursor-invalid");
            assert_eq!(only_fault(&problem)["parameter"], "cursor");
        }
    }

    async fn a_page_of_long_comments_ends_before_it_is_too_large(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let text = "ż".repeat(9_998);
        for number in 10..40 {
            posted(&reader, &article, None, &format!("{text}{number}")).await;
        }
        let answer = reader.get(&format!("{}?limit=250", thread_of(&article))).await.expect(200);
        assert!(answer.body.len() < 1024 * 1024, "{} bytes", answer.body.len());
        let mut pages = vec![answer.json()];
        while let Some(cursor) = pages.last().and_then(|page| page["page"]["next"].as_str()) {
            let next = thread(&reader, &article, &format!("?limit=250&cursor={cursor}")).await;
            pages.push(next);
        }
        assert!(pages.len() > 1 && pages.iter().all(|page| page["page"]["limit"] == 250));
        let indexes: Vec<i64> = pages.iter().flat_map(|page| page["data"].as_array().unwrap())
            .map(|item| item["path_index"].as_i64().unwrap()).collect();
        assert_eq!(indexes, (1..=30).collect::<Vec<i64>>());
        let back = pages[1]["page"]["prev"].as_str().unwrap();
        let back = thread(&reader, &article, &format!("?limit=250&cursor={back}")).await;
        assert_eq!(back["data"], pages[0]["data"]);
    }

    async fn a_rejected_comment_leaves_its_place_while_replies_are_shown(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let moderator = app.account(Role::Moderator).await;
        let article = ada.published("Ships").await;
        let body = json!({"author_name": "Troll", "author_url": "https://troll.example", "body_markdown": "Something rude"});
        let rude = reader.post(&thread_of(&article), body).await.expect(201).json();
        let reply = posted(&reader, &article, Some(&rude), "That was rude.").await;
        let lonely = posted(&reader, &article, None, "Also rude").await;

        assert_eq!(decide(&moderator, &rude, "rejected").await["state"], "rejected");
        decide(&moderator, &lonely, "spam").await;
        let page = reader.get(&thread_of(&article)).await.expect(200);
        assert!(!page.text().contains("Something") && !page.text().contains("roll"), "{}", page.text());
        insta::assert_json_snapshot!("thread_with_tombstone", page.json());
        let single = reader.get(&format!("/v1/comments/{}", id(&rude))).await.expect(200).json();
        assert_eq!((&single["state"], single.get("author"), single.get("body_text")), (&json!("removed"), None, None));
        reader.get(&format!("/v1/comments/{}", id(&lonely))).await.problem(404, "not-found");
        reader.comment(&article, Some(&rude), "An answer to what is gone").await.problem(409, "parent-unknown");

        // When the last reply goes, so does the place.
        decide(&moderator, &reply, "removed").await;
        let page = thread(&reader, &article, "").await;
        assert_eq!((&page["data"], &page["thread"]["approved_count"]), (&json!([]), &json!(0)));
        reader.get(&format!("/v1/comments/{}", id(&rude))).await.problem(404, "not-found");

        // And back.
        decide(&moderator, &reply, "approved").await;
        assert_eq!(outline(&thread(&reader, &article, "").await), ["1 [removed]", "2 That was rude."]);
        decide(&moderator, &rude, "approved").await;
        let page = thread(&reader, &article, "").await;
        assert_eq!(outline(&page), ["1 Something rude", "2 That was rude."]);
        assert_eq!((&page["thread"]["approved_count"], &page["data"][0]["reply_count"]), (&json!(2), &json!(1)));
    }

    async fn a_decision_that_changes_nothing_changes_no_counter(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let comment = posted(&app.reader(), &article, None, "One").await;
        for (state, approved, revision) in [("approved", 1, 1), ("spam", 0, 2), ("spam", 0, 2), ("pending", 0, 3), ("approved", 1, 4)] {
            assert_eq!(decide(&ada, &comment, state).await["revision"], revision, "{state}");
            let counted = ada.get(&moderated_thread_of(&article)).await.expect(200).json();
            assert_eq!(counted["approved_count"], approved, "{state}");
        }
    }

    async fn a_decision_may_name_the_revision_it_is_about(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let comment = posted(&app.reader(), &article, None, "One").await;
        let path = format!("/v1/editorial/comments/{}", id(&comment));
        let answer = ada.get(&path).await.expect(200);
        let tag = answer.header("etag").to_owned();
        let changed = ada.patch(&path, &tag, json!({"state": "spam"})).await.expect(200);
        assert!(changed.header("etag").starts_with("\"r2."));
        let problem = ada.patch(&path, &tag, json!({"state": "approved"})).await.problem(412, "precondition-failed");
        assert_eq!((&problem["current_etag"], &problem["current_revision"]), (&json!("\"r2\""), &json!(2)));
        assert_eq!(ada.get(&path).await.expect(200).json()["state"], "spam");
        ada.patch(&path, "*", json!({"state": "approved"})).await.expect(200);
    }

    async fn a_wrong_decision_decides_nothing(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let comment = posted(&app.reader(), &article, None, "One").await;
        let path = format!("/v1/editorial/comments/{}", id(&comment));
        for (body, pointer, code) in [
            (json!({"state": "aproved"}), "#/state", "unknown-value"),
            (json!({"state": null}), "#/state", "wrong-type"),
            (json!({"pinned": "yes"}), "#/pinned", "wrong-type"),
            (json!({"featured": null}), "#/featured", "wrong-type"),
            (json!({"state": "spam", "body_markdown": "x"}), "#/body_markdown", "unknown"),
        ] {
            let problem = ada.request(Method::PATCH, &path).json(&body).send().await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        let missing = format!("/v1/editorial/comments/{NOBODY}");
        ada.request(Method::PATCH, &missing).json(&json!({"state": "spam"})).send().await.problem(404, "not-found");
        ada.get(&missing).await.problem(404, "not-found");
        assert_eq!(ada.get(&path).await.expect(200).json()["revision"], 1);
    }

    async fn a_closed_thread_is_read_and_takes_nothing(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        posted(&reader, &article, None, "In time").await;
        for state in ["closed", "read_only"] {
            set_thread(&ada, &article, json!({"state": state, "message": "The harbour is closed."})).await;
            let problem = reader.comment(&article, None, "Too late").await.problem(403, "comments-closed");
            assert_eq!(problem["message"], "The harbour is closed.");
            let page = thread(&reader, &article, "").await;
            assert_eq!(outline(&page), ["1 In time"]);
            assert_eq!(page["thread"], json!({"state": state, "message": "The harbour is closed.", "closed_reason": "editors", "approved_count": 1}));
        }
        set_thread(&ada, &article, json!({"state": "open", "message": null})).await;
        let comment = posted(&reader, &article, None, "Again").await;
        assert_eq!(comment["path_index"], 2, "a refused comment takes no number");
    }

    async fn the_refusal_of_a_closed_thread_is_a_whole_problem(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        set_thread(&ada, &article, json!({"state": "closed", "message": "Comments are closed."})).await;
        let problem = reader.comment(&article, None, "Too late").await.problem(403, "comments-closed");
        insta::assert_json_snapshot!("comments_closed", problem, {".request_id" => "[id]"});
        assert_no_comment(&app, &article).await;
    }

    async fn a_hidden_thread_shows_nothing(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let comment = posted(&reader, &article, None, "Seen for a moment").await;
        set_thread(&ada, &article, json!({"state": "hidden"})).await;
        let page = thread(&reader, &article, "").await;
        assert_eq!((&page["data"], &page["thread"]["state"]), (&json!([]), &json!("hidden")));
        assert_eq!(thread(&reader, &article, &format!("?parent={}", id(&comment))).await["data"], json!([]));
        reader.get(&format!("/v1/comments/{}", id(&comment))).await.problem(404, "not-found");
        let problem = reader.comment(&article, None, "Hello?").await.problem(403, "comments-closed");
        assert!(problem.get("message").is_none(), "{problem}");
        // Moderators still see it.
        ada.get(&format!("/v1/editorial/comments/{}", id(&comment))).await.expect(200);
    }

    async fn a_thread_is_changed_by_merging(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let path = moderated_thread_of(&article);
        let answer = ada.get(&path).await.expect(200);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        insta::assert_json_snapshot!("editorial_thread", answer.json());
        let first = answer.header("etag").to_owned();

        let changed = ada.patch(&path, &first, json!({"message": " Be kind. "})).await.expect(200);
        let second = changed.header("etag").to_owned();
        assert_ne!(first, second);
        let changed = changed.json();
        assert_eq!((&changed["message"], &changed["state"], &changed["revision"]), (&json!("Be kind."), &json!("open"), &json!(2)));
        let problem = ada.patch(&path, &first, json!({"state": "closed"})).await.problem(412, "precondition-failed");
        assert_eq!((&problem["current_etag"], &problem["changed_at"]), (&json!("\"r2\""), &json!("2026-03-01T12:00:00.000Z")));

        let merged = ada.request(Method::PATCH, &path).header("If-Match", &second)
            .body("application/merge-patch+json", r#"{"state": "closed"}"#).send().await.expect(200).json();
        assert_eq!((&merged["message"], &merged["state"]), (&json!("Be kind."), &json!("closed")), "what is left out stays");
        let removed = set_thread(&ada, &article, json!({"message": null})).await;
        assert_eq!((removed.get("message"), &removed["state"]), (None, &json!("closed")), "null removes");
        // The count of comments changes the bytes and not the revision.
        ada.request(Method::GET, &path).header("If-None-Match", ada.get(&path).await.header("etag")).send().await.expect(304);
    }

    async fn a_wrong_change_of_a_thread_changes_nothing(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let path = moderated_thread_of(&article);
        for (body, pointer, code) in [
            (json!({"state": "shut"}), "#/state", "unknown-value"),
            (json!({"state": "closed", "message": ""}), "#/message", "empty"),
            (json!({"message": "x".repeat(501)}), "#/message", "too-long"),
            (json!({"message": "a\u{7}b"}), "#/message", "control-character"),
            (json!({"message": 1}), "#/message", "wrong-type"),
            (json!({"moderation": "never"}), "#/moderation", "unknown-value"),
            (json!({"sate": "closed"}), "#/sate", "unknown"),
        ] {
            let problem = ada.request(Method::PATCH, &path).json(&body).send().await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        assert_eq!(ada.get(&path).await.expect(200).json()["revision"], 1);
        let missing = format!("/v1/editorial/threads/{NOBODY}");
        ada.get(&missing).await.problem(404, "not-found");
        ada.request(Method::PATCH, &missing).json(&json!({"state": "closed"})).send().await.problem(404, "not-found");
    }

    async fn moderators_decide_and_authors_do_not(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let comment = posted(&app.reader(), &article, None, "One").await;
        let paths = [moderated_thread_of(&article), format!("/v1/editorial/comments/{}", id(&comment)), "/v1/editorial/comments".to_owned()];
        let (moderator, author) = (app.account(Role::Moderator).await, app.account(Role::Author).await);
        for path in &paths {
            moderator.get(path).await.expect(200);
            author.get(path).await.problem(403, "insufficient-scope");
        }
        let change = json!({"state": "spam"});
        author.request(Method::PATCH, &paths[1]).json(&change).send().await.problem(403, "insufficient-scope");
        author.request(Method::PATCH, &paths[0]).json(&json!({"state": "closed"})).send().await.problem(403, "insufficient-scope");
        assert_eq!(ada.get(&paths[1]).await.expect(200).json()["state"], "approved");
        assert_eq!(ada.get(&paths[0]).await.expect(200).json()["state"], "open");
    }

    async fn an_answer_belongs_into_the_thread_of_its_parent(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let (article, other) = (ada.published("Ships").await, ada.published("Boats").await);
        let comment = posted(&reader, &article, None, "Here").await;
        let problem = reader.comment(&other, Some(&comment), "There").await.problem(409, "parent-unknown");
        insta::assert_json_snapshot!("parent_unknown", problem, {".request_id" => "[id]"});
        let nobody = json!({"id": NOBODY});
        let problem = reader.comment(&other, Some(&nobody), "Where?").await.problem(409, "parent-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/parent_id");
        assert_no_comment(&app, &other).await;
    }

    async fn a_thread_nests_32_levels_and_no_more(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let mut deepest = posted(&reader, &article, None, "1").await;
        for level in 2..=32 {
            deepest = posted(&reader, &article, Some(&deepest), &level.to_string()).await;
        }
        assert_eq!(deepest["depth"], 32);
        let problem = reader.comment(&article, Some(&deepest), "33").await.problem(409, "thread-too-deep");
        insta::assert_json_snapshot!("thread_too_deep", problem, {".request_id" => "[id]"});
        let page = thread(&reader, &article, "").await;
        assert_eq!(page["data"].as_array().unwrap().len(), 32);
        assert_eq!((&page["data"][0]["descendant_count"], &page["data"][0]["reply_count"]), (&json!(31), &json!(1)));
        assert_eq!(page["thread"]["approved_count"], 32);
    }

    async fn a_wrong_comment_is_explained_and_not_stored(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let good = json!({"author_name": "Grace", "body_markdown": "Hello"});
        for (member, value, code) in [
            ("author_name", json!(""), "empty"),
            ("author_name", json!(" \t "), "empty"),
            ("author_name", json!("x".repeat(121)), "too-long"),
            ("author_name", json!("Gr\u{0}ace"), "control-character"),
            ("author_name", json!("Gr\nace"), "control-character"),
            ("author_name", json!(7), "wrong-type"),
            ("author_name", Value::Null, "required"),
            ("body_markdown", json!(""), "empty"),
            ("body_markdown", json!("\n \n"), "empty"),
            ("body_markdown", json!("x".repeat(10_001)), "too-long"),
            ("body_markdown", json!("a\u{0}b"), "control-character"),
            ("body_markdown", json!("a\u{1b}[31m"), "control-character"),
            ("author_url", json!("javascript:alert(1)"), "invalid-url"),
            ("author_url", json!("//example.org"), "invalid-url"),
            ("author_url", json!("data:text/html,x"), "invalid-url"),
            ("author_email", json!("grace"), "invalid-email"),
            ("author_email", json!("<grace@example.org>"), "invalid-email"),
            ("parent_id", json!("7"), "invalid-uuid"),
            ("state", json!("approved"), "unknown"),
            ("created_at", json!("2020-01-01T00:00:00Z"), "unknown"),
        ] {
            let mut body = good.clone();
            body[member] = value;
            let problem = reader.post(&thread_of(&article), body).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(format!("#/{member}")), &json!(code)), "{problem}");
        }
        let problem = reader.post(&thread_of(&article), json!({"author_url": "x"})).await.problem(422, "validation-failed");
        insta::assert_json_snapshot!("comment_faults", problem["errors"]);
        reader.request(Method::POST, &thread_of(&article)).body("application/json", "").send().await.problem(400, "malformed-json");
        assert_no_comment(&app, &article).await;
        // The longest that is taken, counted in characters.
        let longest = json!({"author_name": "é".repeat(120), "body_markdown": "é".repeat(10_000)});
        reader.post(&thread_of(&article), longest).await.expect(201);
    }

    async fn an_article_that_readers_do_not_see_has_no_thread(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let draft = ada.draft("Ships").await;
        for article in [&draft, &json!({"id": NOBODY})] {
            reader.comment(article, None, "Hello").await.problem(404, "not-found");
            reader.get(&thread_of(article)).await.problem(404, "not-found");
        }
        assert_no_comment(&app, &draft).await;
        reader.get(&format!("/v1/comments/{NOBODY}")).await.problem(404, "not-found");
    }

    async fn comments_go_out_of_sight_with_their_article_and_come_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let comment = posted(&reader, &article, None, "One").await;
        let path = format!("/v1/editorial/articles/{}", id(&article));
        ada.post(&format!("{path}/unpublish"), json!({})).await.expect(200);
        reader.get(&thread_of(&article)).await.problem(404, "not-found");
        reader.get(&format!("/v1/comments/{}", id(&comment))).await.problem(404, "not-found");
        ada.post(&format!("{path}/publish"), json!({})).await.expect(200);
        assert_eq!(outline(&thread(&reader, &article, "").await), ["1 One"]);
        ada.delete(&path, "*").await.expect(204);
        reader.get(&thread_of(&article)).await.problem(404, "not-found");
        ada.get(&format!("/v1/editorial/comments/{}", id(&comment))).await.expect(200);
        ada.delete(&format!("{path}?purge=true"), "*").await.expect(204);
        ada.get(&format!("/v1/editorial/comments/{}", id(&comment))).await.problem(404, "not-found");
    }

    async fn comments_that_come_at_once_are_counted_one_by_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let root = posted(&reader, &article, None, "root").await;
        let texts: Vec<String> = (0..39).map(|number| format!("comment {number}")).collect();
        let posts = texts.iter().enumerate().map(|(number, text)| {
            let parent = (number % 2 == 0).then_some(&root);
            reader.comment(&article, parent, text)
        });
        let answers = join_all(posts).await;
        let mut indexes: BTreeSet<i64> = answers.into_iter().map(|answer| answer.expect(201).json()["path_index"].as_i64().unwrap()).collect();
        indexes.insert(root["path_index"].as_i64().unwrap());
        assert_eq!(indexes, (1..=40).collect());
        let page = thread(&reader, &article, "?limit=250").await;
        assert_eq!(page["data"].as_array().unwrap().len(), 40);
        assert_eq!(page["thread"]["approved_count"], 40);
        let root = &page["data"][0];
        assert_eq!((&root["reply_count"], &root["descendant_count"]), (&json!(20), &json!(20)));
    }

    async fn decisions_that_come_at_once_leave_the_counters_right(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let root = posted(&reader, &article, None, "root").await;
        let child = posted(&reader, &article, Some(&root), "child").await;
        let states = ["spam", "approved", "rejected", "approved", "removed", "pending", "approved", "spam"];
        let deciding = states.iter().map(|state| decide(&ada, &child, state));
        let texts: Vec<String> = (0..8).map(|number| format!("more {number}")).collect();
        let posting = texts.iter().map(|text| reader.comment(&article, Some(&root), text));
        let (_, answers) = futures_util::future::join(join_all(deciding), join_all(posting)).await;
        assert!(answers.iter().all(|answer| answer.status == 201));
        assert_counters_are_true(&ada, &article).await;
    }

    async fn the_moderators_list_is_filtered_and_paged(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let (article, other) = (ada.published("Ships").await, ada.published("Boats").await);
        let mut comments = Vec::new();
        for number in 0..5 {
            app.state.clock.advance(Duration::seconds(1));
            comments.push(posted(&reader, &article, None, &format!("ship {number}")).await);
        }
        posted(&reader, &other, None, "boat").await;
        decide(&ada, &comments[1], "spam").await;
        decide(&ada, &comments[3], "spam").await;
        let list = async |query: &str| ada.get(&format!("/v1/editorial/comments?{query}")).await.expect(200).json();
        let texts = |page: &Value| -> Vec<String> {
            page["data"].as_array().unwrap().iter().map(|comment| comment["body_markdown"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(texts(&list("state=spam").await), ["ship 3", "ship 1"]);
        assert_eq!(texts(&list("state=spam&order=asc").await), ["ship 1", "ship 3"]);
        assert_eq!(texts(&list(&format!("article_id={}", id(&other))).await), ["boat"]);
        let page = list(&format!("article_id={}&order=asc&limit=2", id(&article))).await;
        assert_eq!(texts(&page), ["ship 0", "ship 1"]);
        let next = page["page"]["next"].as_str().unwrap();
        let second = list(&format!("article_id={}&order=asc&limit=2&cursor={next}", id(&article))).await;
        assert_eq!(texts(&second), ["ship 2", "ship 3"]);
        let prev = second["page"]["prev"].as_str().unwrap();
        assert_eq!(texts(&list(&format!("article_id={}&order=asc&limit=2&cursor={prev}", id(&article))).await), texts(&page));
        ada.get(&format!("/v1/editorial/comments?order=desc&cursor={next}")).await.problem(400, "cursor-mismatch");
        ada.get("/v1/editorial/comments?limit=101").await.problem(400, "limit-too-large");
        let problem = ada.get("/v1/editorial/comments?state=Spam").await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "state");
    }

    async fn every_counter_is_true_whatever_happens(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        for seed in 0..3 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut comments: Vec<Value> = Vec::new();
            for step in 0..40 {
                if step % 10 == 0 {
                    let moderation = if random.random_bool(0.5) { "pre" } else { "post" };
                    set_thread(&ada, &article, json!({"moderation": moderation})).await;
                }
                if comments.is_empty() || random.random_bool(0.6) {
                    let parent = (!comments.is_empty() && random.random_bool(0.7)).then(|| comments[random.random_range(0..comments.len())].clone());
                    let answer = reader.comment(&article, parent.as_ref(), &format!("text {seed} {step}")).await;
                    assert!([201, 202, 409].contains(&answer.status), "{}", answer.text());
                    if answer.status != 409 {
                        comments.push(answer.json());
                    }
                } else {
                    let comment = &comments[random.random_range(0..comments.len())];
                    let state = ["pending", "approved", "rejected", "spam", "removed"][random.random_range(0..5)];
                    decide(&ada, comment, state).await;
                }
            }
            assert_counters_are_true(&ada, &article).await;
        }
    }
}

/// Counts everything again from the moderators' list, and holds it against every counter and what readers see.
async fn assert_counters_are_true(moderator: &Client, article: &Value) {
    let comments = all_for_moderators(moderator, article).await;
    let parents: BTreeMap<&str, Option<&str>> = comments
        .iter()
        .map(|comment| (id(comment), comment["parent_id"].as_str()))
        .collect();
    let (mut replies, mut descendants) = (BTreeMap::<&str, i64>::new(), BTreeMap::<&str, i64>::new());
    let in_state = |state: &str| comments.iter().filter(|comment| comment["state"] == state).count();
    for comment in comments.iter().filter(|comment| comment["state"] == "approved") {
        if let Some(parent) = parents[id(comment)] {
            *replies.entry(parent).or_default() += 1;
        }
        let above = std::iter::successors(parents[id(comment)], |parent| parents[parent]);
        above.for_each(|ancestor| *descendants.entry(ancestor).or_default() += 1);
    }
    for comment in &comments {
        assert_eq!(
            comment["reply_count"],
            replies.get(id(comment)).copied().unwrap_or(0),
            "{comment}"
        );
        assert_eq!(
            comment["descendant_count"],
            descendants.get(id(comment)).copied().unwrap_or(0),
            "{comment}"
        );
    }
    let counted = moderator.get(&moderated_thread_of(article)).await.expect(200).json();
    assert_eq!(counted["approved_count"], in_state("approved"), "{counted}");
    assert_eq!(counted["pending_count"], in_state("pending"), "{counted}");

    let page = thread(moderator, article, "?limit=250").await;
    let seen: BTreeSet<&str> = page["data"].as_array().unwrap().iter().map(id).collect();
    let visible = comments
        .iter()
        .filter(|comment| comment["state"] == "approved" || descendants.contains_key(id(comment)));
    assert_eq!(seen, visible.map(id).collect(), "what readers see");
}
