//! Threads of any size: every order and layout, stubs, sub-threads, bounds, permanent links, counts and tags.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use actix_web::http::Method;
use chrono::Duration;
use futures_util::future::{LocalBoxFuture, join};
use galley::accounts::permissions::Role;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const SORTS: [&str; 4] = ["oldest", "newest", "top", "active"];

fn thread_of(article: &Value) -> String {
    format!("/v1/articles/{}/comments", id(article))
}

async fn page(client: &Client, article: &Value, query: &str) -> Value {
    let path = format!("{}?{query}", thread_of(article));
    client.get(&path).await.expect(200).json()
}

async fn moderate(moderator: &Client, comment: &Value, change: Value) -> Answer {
    let path = format!("/v1/editorial/comments/{}", id(comment));
    moderator.request(Method::PATCH, &path).json(&change).send().await
}

async fn set_thread(moderator: &Client, article: &Value, change: Value) {
    let path = format!("/v1/editorial/threads/{}", id(article));
    let answer = moderator.request(Method::PATCH, &path).json(&change).send().await;
    answer.expect(200);
}

/// Posts a comment a second after the one before.
async fn posted(app: &TestApp, article: &Value, parent: Option<&Value>, text: &str) -> Value {
    app.state.clock.advance(Duration::seconds(1));
    app.reader().comment(article, parent, text).await.expect(201).json()
}

/// The items of a page as short words: the depth, and the text or what stands in its place.
fn outline(items: &Value) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
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

fn texts(page: &Value) -> Vec<String> {
    let lines = outline(&page["data"]);
    lines
        .iter()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

/// A thread whose orders differ:
///
/// ```text
/// a (score 1)      first, and answered last
///   a1 (score 9)
///     a2
///   a3
/// b (score 7)
/// c (score 7)
///   c1
/// ```
async fn small_thread(app: &TestApp, article: &Value) -> BTreeMap<&'static str, Value> {
    let mut comments = BTreeMap::new();
    for (name, parent) in [
        ("a", None),
        ("a1", Some("a")),
        ("b", None),
        ("c", None),
        ("c1", Some("c")),
        ("a2", Some("a1")),
        ("a3", Some("a")),
    ] {
        let parent = parent.map(|parent: &str| &comments[parent]);
        let comment = posted(app, article, parent, name).await;
        comments.insert(name, comment);
    }
    app.run_sql(
        "UPDATE comments SET score = CASE body_text WHEN 'a' THEN 1 WHEN 'a1' THEN 9 WHEN 'b' THEN 7 WHEN 'c' THEN 7 ELSE 0 END",
    )
    .await;
    comments
}

on_both_databases! {
    async fn each_sort_orders_the_first_level_and_keeps_conversations_together(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        small_thread(&app, &article).await;
        let reader = app.reader();
        for (sort, expected) in [
            ("oldest", ["1 a", "2 a1", "3 a2", "2 a3", "1 b", "1 c", "2 c1"]),
            ("newest", ["1 c", "2 c1", "1 b", "1 a", "2 a1", "3 a2", "2 a3"]),
            ("top", ["1 c", "2 c1", "1 b", "1 a", "2 a1", "3 a2", "2 a3"]),
            ("active", ["1 a", "2 a1", "3 a2", "2 a3", "1 c", "2 c1", "1 b"]),
        ] {
            let shown = page(&reader, &article, &format!("sort={sort}")).await;
            assert_eq!(outline(&shown["data"]), expected, "{sort}");
            assert!(shown["page"].get("next").is_none() && shown["page"].get("prev").is_none(), "{shown}");
        }
        let plain = page(&reader, &article, "").await;
        assert_eq!(plain["data"], page(&reader, &article, "sort=oldest&view=threaded").await["data"], "the default");
    }

    async fn the_flat_view_lists_each_comment_by_itself(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        for (sort, expected) in [
            ("oldest", ["a", "a1", "b", "c", "c1", "a2", "a3"]),
            ("newest", ["a3", "a2", "c1", "c", "b", "a1", "a"]),
            ("top", ["a1", "c", "b", "a", "a3", "a2", "c1"]),
            ("active", ["a3", "a", "a2", "a1", "c1", "c", "b"]),
        ] {
            let shown = page(&reader, &article, &format!("sort={sort}&view=flat")).await;
            assert_eq!(texts(&shown), expected, "{sort}");
        }
        // Of a comment, what answers it directly.
        let below = page(&reader, &article, &format!("view=flat&sort=newest&parent={}", id(&comments["a"]))).await;
        assert_eq!(texts(&below), ["a3", "a1"]);
        // What was removed leaves no place here.
        moderate(&ada, &comments["a1"], json!({"state": "removed"})).await.expect(200);
        assert_eq!(texts(&page(&reader, &article, "view=flat").await), ["a", "b", "c", "c1", "a2", "a3"]);
        assert_eq!(outline(&page(&reader, &article, "").await["data"])[1], "2 [removed]");
    }

    async fn the_flat_view_has_no_levels(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        for parameter in ["depth", "replies"] {
            let path = format!("{}?view=flat&{parameter}=2", thread_of(&article));
            let problem = app.reader().get(&path).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter);
        }
    }

    async fn a_branch_is_cut_where_the_request_says_and_goes_on_behind_its_stub(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        let reader = app.reader();
        let shown = page(&reader, &article, "sort=top&replies=1").await;
        assert_eq!(outline(&shown["data"]), ["1 c", "2 c1", "1 b", "1 a", "2 a1", "2 (2 more)"]);
        let stub = &shown["data"][5];
        assert_eq!(stub["parent_id"], comments["a"]["id"]);
        let follow = format!("sort=top&replies=1&parent={}&cursor={}", id(&comments["a"]), stub["cursor"].as_str().unwrap());
        assert_eq!(outline(&page(&reader, &article, &follow).await["data"]), ["3 a2", "2 a3"]);

        let shown = page(&reader, &article, "sort=newest&replies=0").await;
        assert_eq!(outline(&shown["data"]), ["1 c", "2 (1 more)", "1 b", "1 a", "2 (3 more)"]);
        // Depth and replies at once: the reply that is shown has a stub of its own, and the rest goes on behind both.
        let shown = page(&reader, &article, "sort=newest&depth=2&replies=1").await;
        assert_eq!(outline(&shown["data"]), ["1 c", "2 c1", "1 b", "1 a", "2 a1", "3 (1 more)", "2 (1 more)"]);
        let (inner, rest) = (&shown["data"][5], &shown["data"][6]);
        let follow = |stub: &Value| {
            format!("sort=newest&depth=2&replies=1&parent={}&cursor={}", stub["parent_id"].as_str().unwrap(), stub["cursor"].as_str().unwrap())
        };
        assert_eq!(outline(&page(&reader, &article, &follow(inner)).await["data"]), ["3 a2"]);
        assert_eq!(outline(&page(&reader, &article, &follow(rest)).await["data"]), ["2 a3"]);
        // The oldest first shows whole branches, and cuts them when asked to.
        let shown = page(&reader, &article, "replies=2").await;
        assert_eq!(outline(&shown["data"]), ["1 a", "2 a1", "3 a2", "2 (1 more)", "1 b", "1 c", "2 c1"]);
        let rest = format!("replies=2&parent={}&cursor={}", id(&comments["a"]), shown["data"][3]["cursor"].as_str().unwrap());
        assert_eq!(outline(&page(&reader, &article, &rest).await["data"]), ["2 a3"]);
    }

    async fn a_branch_that_does_not_fit_begins_the_next_page(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        small_thread(&app, &article).await;
        let reader = app.reader();
        let first = page(&reader, &article, "sort=newest&limit=4").await;
        assert_eq!(outline(&first["data"]), ["1 c", "2 c1", "1 b"]);
        let next = first["page"]["next"].as_str().unwrap();
        let second = page(&reader, &article, &format!("sort=newest&limit=4&cursor={next}")).await;
        assert_eq!(outline(&second["data"]), ["1 a", "2 a1", "3 a2", "2 a3"]);
        assert!(second["page"].get("next").is_none());
        // One that fits on no page is cut.
        let small = page(&reader, &article, &format!("sort=newest&limit=3&cursor={}",
            page(&reader, &article, "sort=newest&limit=3").await["page"]["next"].as_str().unwrap())).await;
        assert_eq!(outline(&small["data"]), ["1 a", "2 a1", "2 (2 more)"]);
        let prev = second["page"]["prev"].as_str().unwrap();
        let back = page(&reader, &article, &format!("sort=newest&limit=4&cursor={prev}")).await;
        assert_eq!(back["data"], first["data"]);
    }

    async fn a_part_of_a_thread_has_the_same_orders(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        let reader = app.reader();
        let parent = id(&comments["a"]);
        for (sort, expected) in [
            ("oldest", ["2 a1", "3 a2", "2 a3"]),
            ("newest", ["2 a3", "2 a1", "3 a2"]),
            ("top", ["2 a1", "3 a2", "2 a3"]),
            ("active", ["2 a3", "2 a1", "3 a2"]),
        ] {
            let shown = page(&reader, &article, &format!("sort={sort}&parent={parent}")).await;
            assert_eq!(outline(&shown["data"]), expected, "{sort}");
            reader.get(&format!("{}?sort={sort}&parent={NOBODY}", thread_of(&article))).await.problem(404, "not-found");
        }
    }

    async fn a_cursor_is_for_one_question(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let other = app.editor().await.published("Boats").await;
        let comments = small_thread(&app, &article).await;
        let reader = app.reader();
        let question = "sort=top&depth=3&replies=1";
        let first = page(&reader, &article, &format!("{question}&limit=2")).await;
        let cursor = first["page"]["next"].as_str().unwrap();
        page(&reader, &article, &format!("{question}&limit=9&cursor={cursor}")).await;
        let parent = id(&comments["a"]);
        for query in ["", "sort=newest&depth=3&replies=1", "sort=top&depth=2&replies=1", "sort=top&depth=3", "sort=top&view=flat"] {
            let path = format!("{}?{query}&cursor={cursor}", thread_of(&article));
            let problem = reader.get(&path.replace("?&", "?")).await.problem(400, "cursor-mismatch");
            assert_eq!(only_fault(&problem)["parameter"], "cursor");
        }
        reader.get(&format!("{}?{question}&parent={parent}&cursor={cursor}", thread_of(&article))).await.problem(400, "cursor-mismatch");
        reader.get(&format!("{}?{question}&cursor={cursor}", thread_of(&other))).await.problem(400, "cursor-mismatch");
        reader.get(&format!("{}?{question}&cursor={}", thread_of(&article), cursor.get(1..).unwrap())).await.problem(400, "cursor-invalid");
    }

    async fn wrong_parameters_are_named(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        for (query, parameter, code) in [
            ("sort=best", "sort", "unknown-value"),
            ("view=tree", "view", "unknown-value"),
            ("replies=-1", "replies", "invalid"),
            ("replies=500", "replies", "invalid"),
            ("replies=", "replies", "invalid"),
            ("depth=0", "depth", "invalid"),
            ("parent=x", "parent", "invalid-uuid"),
        ] {
            let problem = app.reader().get(&format!("{}?{query}", thread_of(&article))).await.problem(400, "invalid-parameter");
            assert_eq!((&only_fault(&problem)["parameter"], &only_fault(&problem)["code"]), (&json!(parameter), &json!(code)), "{query}");
        }
        let problem = app.reader().get(&format!("{}?srot=top", thread_of(&article))).await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "srot");
    }

    async fn no_answer_passes_its_bounds_whatever_is_asked(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let root = posted(&app, &article, None, "root").await;
        let text = "ż\"".repeat(4_999);
        for number in 10..50 {
            let parent = (number % 2 == 0).then_some(&root);
            posted(&app, &article, parent, &format!("{text}{number}")).await;
        }
        for query in ["", "sort=newest&replies=499", "sort=top&replies=499", "sort=active", "view=flat", "replies=3"] {
            let mut seen = BTreeSet::new();
            let answer = reader.get(&format!("{}?limit=500&{query}", thread_of(&article))).await.expect(200);
            assert!(answer.body.len() <= 1024 * 1024, "{query}: {} bytes", answer.body.len());
            assert!(answer.body.len() > 256 * 1024, "{query}: {} bytes", answer.body.len());
            for comment in walk(&reader, &article, &format!("limit=500&{query}"), None).await {
                assert!(seen.insert(comment), "{query}: twice");
            }
            assert_eq!(seen.len(), 41, "{query}");
        }
        let answer = reader.get(&format!("/v1/comments/{}/context?replies=499", id(&root))).await.expect(200);
        assert!(answer.body.len() <= 1024 * 1024, "{} bytes", answer.body.len());
    }

    async fn a_page_has_no_more_items_than_its_limit_with_all_stubs(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let reader = app.reader();
        for number in 0..8 {
            let root = posted(&app, &article, None, &format!("root {number}")).await;
            posted(&app, &article, Some(&root), "reply").await;
        }
        for query in ["depth=1", "sort=newest&depth=1", "sort=top&replies=0", "replies=0"] {
            let shown = page(&reader, &article, &format!("{query}&limit=5")).await;
            assert_eq!(shown["data"].as_array().unwrap().len(), 4, "{query}: two comments, two stubs");
        }
    }

    async fn a_thread_that_did_not_change_is_not_sent_again(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let other = ada.published("Boats").await;
        let comment = posted(&app, &article, None, "One").await;
        let path = format!("{}?sort=newest", thread_of(&article));
        let if_none_match = async |path: &str, tag: &str| reader.request(Method::GET, path).header("If-None-Match", tag).send().await;
        let tag = reader.get(&path).await.expect(200).header("etag").to_owned();
        assert!(tag.starts_with("W/\"s") && tag.len() < 30, "{tag}");
        let answer = if_none_match(&path, &tag).await.expect(304);
        assert_eq!((answer.text().as_str(), answer.header("etag")), ("", tag.as_str()));
        assert!(answer.header("cache-control").starts_with("public"));
        if_none_match(&path, tag.trim_start_matches("W/")).await.expect(304);
        if_none_match(&path, "*").await.expect(304);
        if_none_match(&format!("{}?sort=top", thread_of(&article)), &tag).await.expect(200);
        posted(&app, &other, None, "Elsewhere").await;
        if_none_match(&path, &tag).await.expect(304);
        // What waits for a moderator changes nothing for readers.
        set_thread(&ada, &article, json!({"moderation": "pre"})).await;
        let tag = reader.get(&path).await.expect(200).header("etag").to_owned();
        let waiting = reader.comment(&article, None, "Two").await.expect(202).json();
        if_none_match(&path, &tag).await.expect(304);
        moderate(&ada, &waiting, json!({"state": "spam"})).await.expect(200);
        if_none_match(&path, &tag).await.expect(304);

        // Everything that readers see does.
        let mut last = tag;
        for change in [json!({"state": "approved"}), json!({"pinned": true}), json!({"featured": true}), json!({"state": "removed"})] {
            moderate(&ada, &waiting, change.clone()).await.expect(200);
            let answer = if_none_match(&path, &last).await.expect(200);
            assert_ne!(answer.header("etag"), last, "{change}");
            answer.header("etag").clone_into(&mut last);
        }
        set_thread(&ada, &article, json!({"moderation": "post"})).await;
        reader.get(&path).await.header("etag").clone_into(&mut last);
        for change in [json!({"state": "closed"}), json!({"message": "Enough."}), json!({"state": "hidden"}), json!({"state": "open"})] {
            set_thread(&ada, &article, change.clone()).await;
            let answer = if_none_match(&path, &last).await.expect(200);
            answer.header("etag").clone_into(&mut last);
        }
        posted(&app, &article, Some(&comment), "A reply").await;
        if_none_match(&path, &last).await.expect(200);
        // What is not there is not there, whatever the client has.
        if_none_match(&format!("/v1/articles/{NOBODY}/comments"), &last).await.problem(404, "not-found");
        if_none_match(&path, "s1").await.problem(400, "malformed-request");
    }

    async fn a_permanent_link_shows_the_comment_among_others(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        let extra = posted(&app, &article, Some(&comments["a2"]), "a2x").await;
        posted(&app, &article, Some(&comments["a2"]), "a2y").await;
        moderate(&ada, &comments["a1"], json!({"state": "rejected"})).await.expect(200);
        let path = format!("/v1/comments/{}/context", id(&comments["a2"]));
        let answer = reader.get(&format!("{path}?replies=1")).await.expect(200);
        let shown = answer.json();
        assert_eq!(shown["article"], json!({"id": id(&article), "slug": "ships"}));
        assert_eq!(outline(&shown["ancestors"]), ["1 a", "2 [removed]"]);
        assert_eq!((&shown["comment"]["id"], &shown["comment"]["depth"]), (&comments["a2"]["id"], &json!(3)));
        assert_eq!(outline(&shown["replies"]), ["4 a2x", "4 (1 more)"]);
        assert_eq!(shown["thread"]["approved_count"], 8);
        let stub = &shown["replies"][1];
        let rest = page(&reader, &article, &format!("parent={}&cursor={}", stub["parent_id"].as_str().unwrap(), stub["cursor"].as_str().unwrap())).await;
        assert_eq!(outline(&rest["data"]), ["4 a2y"]);

        let tag = answer.header("etag").to_owned();
        let again = async || reader.request(Method::GET, &format!("{path}?replies=1")).header("If-None-Match", &tag).send().await;
        again().await.expect(304);
        moderate(&ada, &extra, json!({"state": "spam"})).await.expect(200);
        assert_eq!(outline(&again().await.expect(200).json()["replies"]), ["4 a2y"]);

        // The place of a removed comment has a link as long as it is there.
        let place = format!("/v1/comments/{}/context", id(&comments["a1"]));
        assert_eq!(reader.get(&place).await.expect(200).json()["comment"]["state"], "removed");
        let first = reader.get(&format!("/v1/comments/{}/context", id(&comments["b"]))).await.expect(200).json();
        assert_eq!((&first["ancestors"], &first["replies"]), (&json!([]), &json!([])));
        for missing in [NOBODY, id(&extra)] {
            reader.get(&format!("/v1/comments/{missing}/context")).await.problem(404, "not-found");
        }
        reader.get(&format!("{path}?depth=0")).await.problem(400, "invalid-parameter");
        reader.get(&format!("{path}?sort=top")).await.problem(400, "unknown-parameter");
        set_thread(&ada, &article, json!({"state": "hidden"})).await;
        reader.get(&path).await.problem(404, "not-found");
    }

    async fn many_articles_are_counted_at_once(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let (ships, boats, draft) = (ada.published("Ships").await, ada.published("Boats").await, ada.draft("Rafts").await);
        let comment = posted(&app, &ships, None, "One").await;
        posted(&app, &ships, Some(&comment), "Two").await;
        set_thread(&ada, &boats, json!({"state": "closed"})).await;
        let path = format!("/v1/comment-counts?article_ids={},{NOBODY},{},{},{}", id(&boats), id(&ships), id(&draft), id(&boats));
        let answer = reader.get(&path).await.expect(200);
        let expected = json!({
            "data": [
                {"article_id": id(&boats), "state": "closed", "approved_count": 0},
                {"article_id": id(&ships), "state": "open", "approved_count": 2},
            ],
            "missing": [NOBODY, id(&draft)],
        });
        assert_eq!(answer.json(), expected);
        assert!(answer.header("cache-control").starts_with("public"));
        let tag = answer.header("etag").to_owned();
        let again = async || reader.request(Method::GET, &path).header("If-None-Match", &tag).send().await;
        again().await.expect(304);
        moderate(&ada, &comment, json!({"state": "spam"})).await.expect(200);
        assert_eq!(again().await.expect(200).json()["data"][1]["approved_count"], 1);
        set_thread(&ada, &ships, json!({"state": "hidden"})).await;
        assert_eq!(again().await.expect(200).json()["data"][1], json!({"article_id": id(&ships), "state": "hidden", "approved_count": 0}));

        let many = |count: u128| (0..count).map(|number| uuid::Uuid::from_u128(number).to_string()).collect::<Vec<_>>().join(",");
        reader.get(&format!("/v1/comment-counts?article_ids={}", many(100))).await.expect(200);
        for (query, code) in [
            (String::new(), "required"),
            ("article_ids=".to_owned(), "invalid-uuid"),
            ("article_ids=x".to_owned(), "invalid-uuid"),
            (format!("article_ids={},", id(&ships)), "invalid-uuid"),
            (format!("article_ids={}", many(101)), "too-many"),
        ] {
            let problem = reader.get(&format!("/v1/comment-counts?{query}")).await.problem(400, "invalid-parameter");
            assert_eq!((&only_fault(&problem)["parameter"], &only_fault(&problem)["code"]), (&json!("article_ids"), &json!(code)), "{query}");
        }
    }

    async fn moderators_pin_and_feature(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let moderator = app.account(Role::Moderator).await;
        let article = ada.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        let path = format!("/v1/editorial/comments/{}", id(&comments["c"]));
        let answer = app.rehearse_and_send(|| moderator.request(Method::PATCH, &path).json(&json!({"pinned": true, "featured": true}))).await;
        let changed = answer.expect(200).json();
        assert_eq!((&changed["pinned"], &changed["featured"], &changed["staff"], &changed["revision"]), (&json!(true), &json!(true), &json!(false), &json!(2)));
        assert_eq!(moderate(&moderator, &comments["c"], json!({})).await.expect(200).json()["revision"], 2, "nothing is asked");
        assert_eq!(moderate(&moderator, &comments["c"], json!({"pinned": true})).await.expect(200).json()["revision"], 2, "nothing changes");
        moderate(&moderator, &comments["a2"], json!({"pinned": true, "state": "approved"})).await.expect(200);

        let shown = page(&reader, &article, "sort=top").await;
        assert_eq!(shown["pinned"], json!([id(&comments["a2"]), id(&comments["c"])]));
        assert_eq!(outline(&shown["data"])[0], "1 c", "the order stays");
        assert_eq!((&shown["data"][0]["pinned"], &shown["data"][0]["featured"]), (&json!(true), &json!(true)));
        assert!(shown["data"][1].get("pinned").is_none() && shown["data"][1].get("featured").is_none());
        let first = page(&reader, &article, "sort=top&limit=2").await;
        let second = page(&reader, &article, &format!("sort=top&limit=2&cursor={}", first["page"]["next"].as_str().unwrap())).await;
        assert!(first.get("pinned").is_some() && second.get("pinned").is_none(), "on the first page");
        assert!(page(&reader, &article, &format!("parent={}", id(&comments["a"]))).await.get("pinned").is_none());

        // What readers do not see is not held up.
        moderate(&moderator, &comments["a2"], json!({"state": "removed"})).await.expect(200);
        assert_eq!(page(&reader, &article, "").await["pinned"], json!([id(&comments["c"])]));
        moderate(&moderator, &comments["c"], json!({"pinned": false})).await.expect(200);
        assert!(page(&reader, &article, "").await.get("pinned").is_none());
        let recorded = app.lines("SELECT action AS line FROM audit_entries WHERE action = 'comment.marked'".to_owned()).await;
        assert_eq!(recorded.len(), 3);
        app.account(Role::Author).await.request(Method::PATCH, &path).json(&json!({"pinned": true})).send().await.problem(403, "insufficient-scope");
        let stale = moderator.patch(&path, "\"r1\"", json!({"pinned": true})).await.problem(412, "precondition-failed");
        assert_eq!(stale["current_revision"], 3);
    }

    async fn ten_comments_can_be_pinned(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        for number in 0..10 {
            let comment = posted(&app, &article, None, &number.to_string()).await;
            moderate(&ada, &comment, json!({"pinned": true})).await.expect(200);
        }
        let more = posted(&app, &article, None, "One too many").await;
        let problem = moderate(&ada, &more, json!({"pinned": true, "state": "spam"})).await.problem(409, "too-many");
        assert_eq!(only_fault(&problem)["pointer"], "#/pinned");
        let path = format!("/v1/editorial/comments/{}", id(&more));
        let kept = ada.get(&path).await.expect(200).json();
        assert_eq!((&kept["state"], &kept["revision"]), (&json!("approved"), &json!(1)), "nothing was stored");
    }

    async fn comments_of_the_newsroom_have_a_badge(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        posted(&app, &article, None, "From a reader").await;
        posted(&app, &article, None, "From the newsroom").await;
        app.run_sql("UPDATE comments SET is_staff = TRUE WHERE body_text = 'From the newsroom'").await;
        let shown = page(&app.reader(), &article, "").await;
        assert_eq!(shown["data"][0]["author"], json!({"name": "Grace"}));
        assert_eq!(shown["data"][1]["author"], json!({"name": "Grace", "badge": "staff"}));
    }

    async fn a_hidden_thread_shows_nothing_in_any_order(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        moderate(&ada, &comments["a"], json!({"pinned": true})).await.expect(200);
        set_thread(&ada, &article, json!({"state": "hidden"})).await;
        for query in ["sort=top", "sort=active&replies=2", "view=flat", "depth=2"] {
            let shown = page(&app.reader(), &article, query).await;
            assert_eq!((&shown["data"], shown.get("pinned"), shown["page"].get("next")), (&json!([]), None, None), "{query}");
        }
    }

    async fn an_answer_wakes_a_branch_and_its_removal_lets_it_rest(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let comments = small_thread(&app, &article).await;
        let roots = async || texts(&page(&reader, &article, "sort=active&depth=1").await).into_iter().filter(|text| text.len() == 1).collect::<Vec<_>>();
        assert_eq!(roots().await, ["a", "c", "b"]);
        let late = posted(&app, &article, Some(&comments["b"]), "b1").await;
        assert_eq!(roots().await, ["b", "a", "c"]);
        moderate(&ada, &late, json!({"state": "spam"})).await.expect(200);
        assert_eq!(roots().await, ["a", "c", "b"]);
        moderate(&ada, &comments["a3"], json!({"state": "removed"})).await.expect(200);
        moderate(&ada, &comments["a2"], json!({"state": "removed"})).await.expect(200);
        assert_eq!(roots().await, ["c", "b", "a"]);
        moderate(&ada, &late, json!({"state": "approved"})).await.expect(200);
        assert_eq!(roots().await, ["b", "c", "a"]);
    }

    async fn every_walk_gives_each_visible_comment_once_in_order_whatever_happened(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        for seed in 0..3 {
            let article = ada.published(&format!("Ships {seed}")).await;
            let mut random = StdRng::seed_from_u64(seed);
            let is_over = Cell::new(false);
            let happens = async {
                let history = random_history(&app, &ada, &article, &mut random).await;
                is_over.set(true);
                history
            };
            let (history, pages) = join(happens, read_meanwhile(&app, &article, &is_over)).await;
            assert!(pages > 0);
            let model = Model::of(&app, &article, &history.comments).await;
            model.assert_counters(&ada, &article).await;
            model.assert_scores(&history.votes);
            for sort in SORTS {
                for _ in 0..3 {
                    let mut query = format!("sort={sort}&limit={}", [1, 2, 3, 5, 11, 500][random.random_range(0..6)]);
                    if random.random_bool(0.6) {
                        write!(query, "&depth={}", random.random_range(1..5)).unwrap();
                    }
                    if random.random_bool(0.6) {
                        write!(query, "&replies={}", random.random_range(0..5)).unwrap();
                    }
                    let expected = model.threaded(sort, None);
                    assert_eq!(walk(&reader, &article, &query, None).await, expected, "{seed} {query}");
                    assert_eq!(walk_back(&reader, &article, &query).await, expected, "{seed} {query}, backwards");
                    if let Some(parent) = model.any_visible(&mut random) {
                        let found = walk(&reader, &article, &query, Some(&parent)).await;
                        assert_eq!(found, model.threaded(sort, Some(&parent)), "{seed} {query} below {parent}");
                    }
                }
                let query = format!("sort={sort}&view=flat&limit={}", random.random_range(1..9));
                assert_eq!(walk(&reader, &article, &query, None).await, model.flat(sort, None), "{seed} {query}");
                assert_eq!(walk_back(&reader, &article, &query).await, model.flat(sort, None), "{seed} {query}, backwards");
            }
        }
    }
}

/// What happened in a thread: every comment as it was posted, and every vote that counts, by comment and network.
#[derive(Default)]
struct History {
    comments: Vec<Value>,
    votes: BTreeMap<(String, u8), i64>,
}

impl History {
    /// One of the comments, of the later ones.
    fn any(&self, random: &mut StdRng) -> Value {
        let count = self.comments.len();
        self.comments[random.random_range(count.saturating_sub(20)..count)].clone()
    }
}

/// Posts, edits, takes back, votes, decides, closes and opens at random.
async fn random_history(app: &TestApp, moderator: &Client, article: &Value, random: &mut StdRng) -> History {
    let mut history = History::default();
    for step in 0..140 {
        // Several at the same time, so that the ids decide.
        if random.random_bool(0.5) {
            app.state.clock.advance(Duration::seconds(1));
        }
        match random.random_range(0..100) {
            _ if history.comments.len() < 3 => post(app, article, random, step, &mut history).await,
            0..50 => post(app, article, random, step, &mut history).await,
            50..55 => set_thread(moderator, article, json!({"state": "open"})).await,
            55..64 => {
                let state =
                    ["pending", "approved", "approved", "rejected", "spam", "removed"][random.random_range(0..6)];
                let answer = moderate(moderator, &history.any(random), json!({"state": state})).await;
                // What its writer took back is not brought back.
                assert!([200, 409].contains(&answer.status), "{}", answer.text());
            }
            64..73 => {
                let change = json!({"body_markdown": format!("Edited at step {step}.")});
                let answer = own(app, &history.any(random), Method::PATCH, Some(&change)).await;
                assert!([200, 403, 404, 409].contains(&answer.status), "{}", answer.text());
            }
            73..80 => {
                let answer = own(app, &history.any(random), Method::DELETE, None).await;
                assert!([204, 404, 409, 410].contains(&answer.status), "{}", answer.text());
            }
            80..95 => vote(app, random, &mut history).await,
            _ => {
                let state = ["open", "open", "closed", "read_only", "hidden"][random.random_range(0..5)];
                let moderation = ["pre", "post", "post"][random.random_range(0..3)];
                set_thread(moderator, article, json!({"state": state, "moderation": moderation})).await;
            }
        }
    }
    set_thread(moderator, article, json!({"state": "open"})).await;
    history
}

async fn post(app: &TestApp, article: &Value, random: &mut StdRng, step: i32, history: &mut History) {
    let parent = (!history.comments.is_empty() && random.random_bool(0.75)).then(|| history.any(random));
    let mut body = json!({"author_name": "Grace", "body_markdown": format!("Written at step {step}.")});
    if let Some(parent) = parent {
        body["parent_id"] = parent["id"].clone();
    }
    let request = app.reader().request(Method::POST, &thread_of(article)).json(&body);
    let answer = request
        .from(&format!("192.0.2.{}", random.random_range(1..200)))
        .send()
        .await;
    // The thread may be closed, and the comment to answer may be gone.
    assert!([201, 202, 403, 409].contains(&answer.status), "{}", answer.text());
    if answer.status < 300 {
        history.comments.push(answer.json());
    }
}

async fn own(app: &TestApp, comment: &Value, method: Method, change: Option<&Value>) -> Answer {
    let path = format!("/v1/comments/{}/own", id(comment));
    let request = app
        .bearer(comment["edit_token"].as_str().unwrap())
        .request(method, &path);
    match change {
        Some(change) => request.json(change).send().await,
        None => request.send().await,
    }
}

/// Votes, or takes a vote back, from one of five networks.
async fn vote(app: &TestApp, random: &mut StdRng, history: &mut History) {
    let (comment, network) = (history.any(random), random.random_range(1..6));
    let path = format!("/v1/comments/{}/votes", id(&comment));
    let from = format!("198.51.100.{network}");
    let place = (id(&comment).to_owned(), network);
    if random.random_bool(0.2) {
        let answer = app.reader().request(Method::DELETE, &path).from(&from).send().await;
        if answer.status < 300 {
            assert!(history.votes.remove(&place).is_some(), "{}", answer.text());
        }
        return;
    }
    let value = if random.random_bool(0.7) { 1 } else { -1 };
    let request = app.reader().request(Method::POST, &path).json(&json!({"value": value}));
    let answer = request.from(&from).send().await;
    assert!([200, 201, 403, 404, 409].contains(&answer.status), "{}", answer.text());
    if answer.status < 300 {
        history.votes.insert(place, value);
    }
}

/// Reads the thread in every order until nothing more happens in it, and passes if every page makes sense by itself.
async fn read_meanwhile(app: &TestApp, article: &Value, is_over: &Cell<bool>) -> usize {
    let mut pages = 0;
    while !is_over.get() {
        for query in [
            "sort=oldest&limit=7",
            "sort=top&limit=9&replies=2",
            "sort=active&limit=500",
            "sort=newest&view=flat",
        ] {
            let shown = page(&app.reader(), article, query).await;
            let items = shown["data"].as_array().unwrap();
            let ids: Vec<&str> = items.iter().filter_map(|item| item["id"].as_str()).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{shown}");
            assert!(
                shown["thread"]["approved_count"].as_i64().unwrap_or_default() >= 0,
                "{shown}"
            );
            pages += 1;
        }
    }
    pages
}

/// What a comment is known to be, told by the database alone.
struct Known {
    parent: Option<String>,
    ordinal: i64,
    is_approved: bool,
    state: String,
    created_at: String,
    score: i64,
}

/// A thread counted and ordered again from what was posted and decided.
struct Model {
    comments: BTreeMap<String, Known>,
}

impl Model {
    async fn of(app: &TestApp, article: &Value, posted: &[Value]) -> Self {
        let moderator = app.account(Role::Moderator).await;
        let mut comments = BTreeMap::new();
        for comment in posted {
            let path = format!("/v1/editorial/comments/{}", id(comment));
            let now = moderator.get(&path).await.expect(200).json();
            let known = Known {
                parent: comment["parent_id"].as_str().map(ToOwned::to_owned),
                ordinal: comment["path_index"].as_i64().unwrap(),
                is_approved: now["state"] == "approved",
                state: now["state"].as_str().unwrap().to_owned(),
                created_at: now["created_at"].as_str().unwrap().to_owned(),
                score: now["score"].as_i64().unwrap(),
            };
            comments.insert(id(comment).to_owned(), known);
        }
        assert!(comments.len() > 10, "{}", id(article));
        Self { comments }
    }

    fn children(&self, parent: Option<&str>) -> Vec<&str> {
        let mut children: Vec<&str> = self
            .comments
            .iter()
            .filter(|(_, known)| known.parent.as_deref() == parent)
            .map(|(id, _)| id.as_str())
            .collect();
        children.sort_by_key(|id| self.comments[*id].ordinal);
        children
    }

    /// The approved comments below one, at any depth.
    fn approved_below(&self, id: &str) -> Vec<&str> {
        let children = self.children(Some(id));
        let own = children
            .iter()
            .copied()
            .filter(|child| self.comments[*child].is_approved);
        own.chain(children.iter().flat_map(|child| self.approved_below(child)))
            .collect()
    }

    fn is_visible(&self, id: &str) -> bool {
        self.comments[id].is_approved || !self.approved_below(id).is_empty()
    }

    fn any_visible(&self, random: &mut StdRng) -> Option<String> {
        let visible: Vec<&String> = self.comments.keys().filter(|id| self.is_visible(id)).collect();
        (!visible.is_empty()).then(|| visible[random.random_range(0..visible.len())].clone())
    }

    fn last_activity(&self, id: &str) -> &str {
        let own = self.comments[id].is_approved.then_some(id);
        let active = own.into_iter().chain(self.approved_below(id));
        active.map(|id| self.comments[id].created_at.as_str()).max().unwrap()
    }

    fn sort(&self, ids: &mut [&str], sort: &str) {
        let known = |id: &str| &self.comments[id];
        ids.sort_by(|left, right| match sort {
            "oldest" => (&known(left).created_at, left).cmp(&(&known(right).created_at, right)),
            "newest" => (&known(right).created_at, right).cmp(&(&known(left).created_at, left)),
            "top" => (known(right).score, &known(right).created_at, right).cmp(&(
                known(left).score,
                &known(left).created_at,
                left,
            )),
            _ => (self.last_activity(right), right).cmp(&(self.last_activity(left), left)),
        });
    }

    fn subtree(&self, id: &str) -> Vec<String> {
        let below = self
            .children(Some(id))
            .into_iter()
            .filter(|child| self.is_visible(child));
        std::iter::once(id.to_owned())
            .chain(below.flat_map(|child| self.subtree(child)))
            .collect()
    }

    fn threaded(&self, sort: &str, parent: Option<&str>) -> Vec<String> {
        let mut tops: Vec<&str> = self
            .children(parent)
            .into_iter()
            .filter(|id| self.is_visible(id))
            .collect();
        // The oldest first is the order in which they came.
        if sort != "oldest" {
            self.sort(&mut tops, sort);
        }
        tops.into_iter().flat_map(|top| self.subtree(top)).collect()
    }

    fn flat(&self, sort: &str, parent: Option<&str>) -> Vec<String> {
        let approved = self.comments.iter().filter(|(_, known)| known.is_approved);
        let mut ids: Vec<&str> = approved
            .filter(|(_, known)| parent.is_none() || known.parent.as_deref() == parent)
            .map(|(id, _)| id.as_str())
            .collect();
        self.sort(&mut ids, sort);
        ids.into_iter().map(ToOwned::to_owned).collect()
    }

    /// Passes if each score is the sum of the votes that counted.
    fn assert_scores(&self, votes: &BTreeMap<(String, u8), i64>) {
        for (id, known) in &self.comments {
            let own = votes.iter().filter(|((comment, _), _)| comment == id);
            assert_eq!(known.score, own.map(|(_, value)| value).sum::<i64>(), "{id}");
        }
    }

    async fn assert_counters(&self, moderator: &Client, article: &Value) {
        for id in self.comments.keys() {
            let now = moderator
                .get(&format!("/v1/editorial/comments/{id}"))
                .await
                .expect(200)
                .json();
            let replies = self
                .children(Some(id))
                .into_iter()
                .filter(|child| self.comments[*child].is_approved)
                .count();
            assert_eq!(now["reply_count"], replies, "{now}");
            assert_eq!(now["descendant_count"], self.approved_below(id).len(), "{now}");
        }
        let thread = moderator
            .get(&format!(
                "/v1/editorial/threads/{}",
                crate::support::client::id(article)
            ))
            .await
            .expect(200)
            .json();
        for state in ["approved", "pending", "rejected", "spam", "removed"] {
            let count = self.comments.values().filter(|known| known.state == state).count();
            assert_eq!(thread[format!("{state}_count")], count, "{thread}");
        }
    }
}

/// Every comment of a list in its order: page after page, with every stub followed where it stands. Passes if each stub
/// stands for as many approved comments as it says, and no page is larger than its limit.
async fn walk(client: &Client, article: &Value, query: &str, parent: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let shown = page(client, article, &with(query, parent, next.as_deref())).await;
        assert_bounded(&shown);
        found.extend(expanded(client, article, query, &shown).await);
        match shown["page"]["next"].as_str() {
            Some(cursor) => next = Some(cursor.to_owned()),
            None => return found,
        }
    }
}

/// The same from the last page to the first.
async fn walk_back(client: &Client, article: &Value, query: &str) -> Vec<String> {
    let mut shown = page(client, article, query).await;
    while let Some(cursor) = shown["page"]["next"].as_str() {
        shown = page(client, article, &with(query, None, Some(cursor))).await;
    }
    let mut found = expanded(client, article, query, &shown).await;
    while let Some(cursor) = shown["page"]["prev"].as_str() {
        shown = page(client, article, &with(query, None, Some(cursor))).await;
        assert_bounded(&shown);
        found = [expanded(client, article, query, &shown).await, found].concat();
    }
    found
}

fn with(query: &str, parent: Option<&str>, cursor: Option<&str>) -> String {
    let parent = parent.map_or_else(String::new, |parent| format!("&parent={parent}"));
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    format!("{query}{parent}{cursor}")
}

fn assert_bounded(shown: &Value) {
    let (items, limit) = (
        shown["data"].as_array().unwrap().len(),
        shown["page"]["limit"].as_u64().unwrap(),
    );
    // Of one item, a comment with its stub makes two.
    assert!(
        u64::try_from(items).unwrap() <= limit.max(2),
        "{items} items, {limit} at most"
    );
}

fn expanded<'a>(
    client: &'a Client,
    article: &'a Value,
    query: &'a str,
    shown: &'a Value,
) -> LocalBoxFuture<'a, Vec<String>> {
    Box::pin(async move {
        let mut found = Vec::new();
        for item in shown["data"].as_array().unwrap() {
            if item["kind"] != "more" {
                found.push(id(item).to_owned());
                continue;
            }
            let (parent, cursor) = (item["parent_id"].as_str().unwrap(), item["cursor"].as_str().unwrap());
            let (mut next, mut count) = (Some(cursor.to_owned()), 0);
            while let Some(cursor) = next {
                let below = page(client, article, &with(query, Some(parent), Some(&cursor))).await;
                let shown_below = below["data"].as_array().unwrap().iter();
                count += shown_below
                    .map(|item| match item["kind"].as_str() {
                        Some("more") => item["count"].as_i64().unwrap(),
                        _ => i64::from(item["state"] == "approved"),
                    })
                    .sum::<i64>();
                found.extend(expanded(client, article, query, &below).await);
                next = below["page"]["next"].as_str().map(ToOwned::to_owned);
            }
            assert_eq!(item["count"], count, "{query}: {item}");
        }
        found
    })
}
