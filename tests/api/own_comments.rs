//! A reader's own comment: the edit token, editing, withdrawing, and what moderators see of it.

use actix_web::http::Method;
use chrono::Duration;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use galley::comments::edit_token::EditToken;
use galley::comments::own_comment::{OwnComment, OwnCommentFailure, WriterClaim};
use galley::doctor::checks::examine;
use galley::jobs::Job;
use galley::read;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

fn thread_of(article: &Value) -> String {
    format!("/v1/articles/{}/comments", id(article))
}

fn own(comment: &Value) -> String {
    format!("/v1/comments/{}/own", id(comment))
}

fn moderated(comment: &Value) -> String {
    format!("/v1/editorial/comments/{}", id(comment))
}

async fn posted(app: &TestApp, article: &Value, parent: Option<&Value>, text: &str) -> (Value, Client) {
    let answer = app.reader().comment(article, parent, text).await;
    assert!([201, 202].contains(&answer.status), "{}", answer.text());
    let comment = answer.json();
    let writer = app.bearer(comment["edit_token"].as_str().unwrap());
    (comment, writer)
}

async fn set_thread(moderator: &Client, article: &Value, change: Value) {
    let path = format!("/v1/editorial/threads/{}", id(article));
    moderator.patch(&path, "*", change).await.expect(200);
}

async fn decide(moderator: &Client, comment: &Value, state: &str) {
    moderator
        .patch(&moderated(comment), "*", json!({"state": state}))
        .await
        .expect(200);
}

fn edit(writer: &Client, comment: &Value, change: &Value) -> crate::support::client::Draft {
    writer.request(Method::PATCH, &own(comment)).json(change)
}

async fn counts(moderator: &Client, article: &Value) -> Value {
    let path = format!("/v1/editorial/comments/counts?article_id={}", id(article));
    moderator.get(&path).await.expect(200).json()
}

fn tally(pending: i64, approved: i64, rejected: i64, removed: i64) -> Value {
    json!({"pending": pending, "approved": approved, "rejected": rejected, "spam": 0, "removed": removed})
}

/// What stands in the thread: texts, or states in their place.
async fn shown(app: &TestApp, article: &Value) -> Vec<String> {
    let page = app.reader().get(&thread_of(article)).await.expect(200).json();
    let items = page["data"].as_array().unwrap().iter();
    items
        .map(|item| {
            item["body_text"]
                .as_str()
                .unwrap_or(item["state"].as_str().unwrap())
                .to_owned()
        })
        .collect()
}

async fn texts(moderator: &Client, comment: &Value) -> Vec<String> {
    let page = moderator
        .get(&format!("{}/revisions", moderated(comment)))
        .await
        .expect(200)
        .json();
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["number"], row["body_markdown"].as_str().unwrap()))
        .collect()
}

async fn assert_healthy(app: &TestApp) {
    let state = &app.state;
    let report = examine(&state.settings, &state.database, None, state.clock.now())
        .await
        .unwrap();
    let faults: Vec<_> = report.checks.iter().flat_map(|check| &check.findings).collect();
    assert!(
        faults.iter().all(|fault| fault.contains("are not chained")),
        "{faults:?}"
    );
}

on_both_databases! {
    async fn a_reader_gets_an_edit_token_once_and_only_its_hash_is_stored(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let body = json!({"author_name": "Grace", "body_markdown": "I was there."});
        let post = || app.reader().request(Method::POST, &thread_of(&article)).json(&body).key("once");
        let first = post().send().await.expect(201).json();
        let token = first["edit_token"].as_str().unwrap();
        assert!(token.starts_with("galley_cmt_"), "{token}");
        assert_eq!(first["edit_until"], "2026-03-01T12:15:00.000Z");
        let again = post().send().await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        let mut kept = first.clone();
        kept.as_object_mut().unwrap().remove("edit_token");
        assert_eq!(again.json(), kept);
        let secret = token.split('_').nth(3).unwrap();
        for query in ["SELECT body AS line FROM idempotency_records", "SELECT edit_token_hash AS line FROM comment_writers"] {
            let stored = app.lines(query.to_owned()).await;
            assert!(stored.len() == 1 && !stored[0].contains(secret), "{stored:?}");
        }
        let public = app.reader().get(&format!("/v1/comments/{}", id(&first))).await.expect(200).json();
        assert!(public.get("edit_token").is_none() && public.get("edit_until").is_none(), "{public}");
        // A rehearsed one would open nothing, and whoever logs in shows their account.
        let other = json!({"author_name": "Grace", "body_markdown": "I was there, too."});
        let rehearsed = app.rehearse(app.reader().request(Method::POST, &thread_of(&article)).json(&other)).await.expect(201).json();
        assert!(rehearsed.get("edit_token").is_none(), "{rehearsed}");
        let staff = ada.post(&thread_of(&article), body.clone()).await.expect(201).json();
        assert!(staff.get("edit_token").is_none(), "{staff}");
    }

    async fn the_writer_sees_what_became_of_the_comment(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        set_thread(&ada, &article, json!({"moderation": "pre"})).await;
        let (comment, writer) = posted(&app, &article, None, "I was there.").await;
        let answer = writer.get(&own(&comment)).await.expect(200);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        let tag = answer.header("etag").to_owned();
        insta::assert_json_snapshot!("own_pending", answer.json());
        let held = writer.request(Method::GET, &own(&comment)).header("If-None-Match", &tag).send().await;
        assert_eq!(held.expect(304).text(), "");
        for (state, seen, may_edit) in [("approved", "approved", true), ("rejected", "rejected", false), ("spam", "rejected", false), ("removed", "removed", false)] {
            decide(&ada, &comment, state).await;
            let answer = writer.get(&own(&comment)).await.expect(200).json();
            assert_eq!((&answer["state"], &answer["may_edit"], &answer["may_withdraw"]), (&json!(seen), &json!(may_edit), &json!(true)));
            assert!(answer.get("held_by").is_none(), "{answer}");
        }
    }

    async fn a_token_is_good_for_its_own_comment_only(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (mine, writer) = posted(&app, &article, None, "Mine").await;
        let (other, _) = posted(&app, &article, None, "Other").await;
        let before = app.database_digest().await;
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let send = |client: Client, path: String| client.request(method.clone(), &path).json(&json!({"body_markdown": "Taken over"})).send();
            send(writer.clone(), own(&other)).await.problem(404, "not-found");
            send(ada.clone(), own(&mine)).await.problem(404, "not-found");
            send(app.reader(), own(&mine)).await.problem(401, "not-authenticated");
            let forged = EditToken::new(Uuid::parse_str(id(&mine)).unwrap()).reveal();
            let unknown = EditToken::new(Uuid::from_u128(7)).reveal();
            let cut = mine["edit_token"].as_str().unwrap().trim_end_matches(|last: char| last.is_ascii_hexdigit());
            for token in [forged.expose_secret(), unknown.expose_secret(), cut, "galley_cmt_", "galley_cmt_x_y_z", "abc"] {
                let refused = send(app.bearer(token), own(&mine)).await;
                assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""), "{token}");
                refused.problem(401, "token-invalid");
                send(app.bearer(token), own(&other)).await.problem(401, "token-invalid");
            }
        }
        // Every other route refuses it.
        let article_votes = format!("/v1/comments/{}/votes", id(&other));
        writer.post(&article_votes, json!({"value": 1})).await.problem(401, "token-invalid");
        writer.post(&thread_of(&article), json!({"author_name": "Grace", "body_markdown": "More"})).await.problem(401, "token-invalid");
        for path in ["/v1/auth/me", "/v1/editorial/comments", "/v1/editorial/articles"] {
            writer.get(path).await.problem(401, "token-invalid");
        }
        assert_eq!(app.database_digest().await, before);
    }

    async fn an_answer_is_given_again_to_whoever_shows_the_same_token_only(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (comment, writer) = posted(&app, &article, None, "Mine").await;
        let change = json!({"body_markdown": "Mine, really"});
        let send = |client: &Client| edit(client, &comment, &change).key("once").send();
        let first = send(&writer).await.expect(200);
        let again = send(&writer).await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
        send(&app.reader()).await.problem(401, "not-authenticated");
        let forged = EditToken::new(Uuid::parse_str(id(&comment)).unwrap()).reveal();
        send(&app.bearer(forged.expose_secret())).await.problem(401, "token-invalid");
        assert_eq!(texts(&ada, &comment).await, ["2 Mine, really", "1 Mine"]);
    }

    async fn a_comment_is_edited_within_the_window(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let article = ada.published("Ships").await;
        let (comment, writer) = posted(&app, &article, None, "It was a *brig*.").await;
        let page_tag = app.reader().get(&thread_of(&article)).await.expect(200).header("etag").to_owned();
        app.state.clock.advance(Duration::minutes(5));
        let change = json!({"body_markdown": "It was a **bark**.\r\n<script>alert(1)</script>", "author_name": " Grace H. ", "author_url": "https://example.org/grace"});
        let answer = app.rehearse_and_send(|| edit(&writer, &comment, &change)).await.expect(200);
        assert!(answer.header("etag").starts_with("\"r2."), "{}", answer.header("etag"));
        insta::assert_json_snapshot!("own_edited", answer.json());
        let public = app.reader().get(&format!("/v1/comments/{}", id(&comment))).await.expect(200).json();
        assert_eq!((&public["author"]["name"], &public["edited_at"]), (&json!("Grace H."), &json!("2026-03-01T12:05:00.000Z")));
        assert!(!public["body_html"].as_str().unwrap().contains("<script"), "{public}");
        let page = app.reader().get(&thread_of(&article)).await.expect(200);
        assert_ne!(page.header("etag"), page_tag, "readers of the thread are told");

        // Nothing changed, so nothing is stored.
        let before = app.database_digest().await;
        edit(&writer, &comment, &change).send().await.expect(200);
        edit(&writer, &comment, &json!({})).send().await.expect(200);
        assert_eq!(app.database_digest().await, before);

        // Another name is no other text.
        app.state.clock.advance(Duration::minutes(1));
        let renamed = edit(&writer, &comment, &json!({"author_name": "Grace", "author_url": null})).send().await.expect(200).json();
        assert_eq!((&renamed["edited_at"], renamed.get("author_url")), (&json!("2026-03-01T12:05:00.000Z"), None));
        insta::assert_json_snapshot!("comment_revisions", ada.get(&format!("{}/revisions", moderated(&comment))).await.expect(200).json());

        app.state.clock.advance(Duration::minutes(9) - Duration::seconds(1));
        edit(&writer, &comment, &json!({"body_markdown": "It was a barque."})).send().await.expect(200);
        app.state.clock.advance(Duration::seconds(1));
        let late = edit(&writer, &comment, &json!({"body_markdown": "It was a boat."})).send().await.problem(403, "edit-window-over");
        assert!(late["detail"].as_str().unwrap().contains("2026-03-01T12:15:00.000Z"), "{late}");
        // Told before what is wrong with the body.
        edit(&writer, &comment, &json!({"body_markdown": ""})).send().await.problem(403, "edit-window-over");
        assert_eq!(texts(&ada, &comment).await.len(), 3);
        assert_healthy(&app).await;
    }

    async fn a_site_may_have_another_window_or_none(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let article = ada.published("Ships").await;
        app.run_sql("UPDATE site_settings SET comment_edit_minutes = 60").await;
        let (comment, writer) = posted(&app, &article, None, "One").await;
        assert_eq!(comment["edit_until"], "2026-03-01T13:00:00.000Z");
        app.state.clock.advance(Duration::minutes(59));
        edit(&writer, &comment, &json!({"body_markdown": "Two"})).send().await.expect(200);
        app.run_sql("UPDATE site_settings SET comment_edit_minutes = 0").await;
        edit(&writer, &comment, &json!({"body_markdown": "Three"})).send().await.problem(403, "edit-window-over");
        let (comment, writer) = posted(&app, &article, None, "Never").await;
        assert!(comment.get("edit_until").is_none(), "{comment}");
        let seen = writer.get(&own(&comment)).await.expect(200).json();
        assert_eq!((&seen["may_edit"], seen.get("edit_until")), (&json!(false), None));
    }

    async fn an_edit_needs_an_open_thread_and_a_comment_that_nobody_refused(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (comment, writer) = posted(&app, &article, None, "One").await;
        let change = json!({"body_markdown": "Two"});
        for state in ["closed", "read_only", "hidden"] {
            set_thread(&ada, &article, json!({"state": state, "message": "It is late."})).await;
            let closed = edit(&writer, &comment, &change).send().await.problem(403, "comments-closed");
            assert_eq!(closed["message"], "It is late.");
            assert_eq!(writer.get(&own(&comment)).await.expect(200).json()["may_edit"], false);
        }
        set_thread(&ada, &article, json!({"state": "open"})).await;
        for state in ["rejected", "spam", "removed"] {
            decide(&ada, &comment, state).await;
            edit(&writer, &comment, &change).send().await.problem(409, "comment-refused");
        }
        assert_eq!(texts(&ada, &comment).await, ["1 One"]);
    }

    async fn where_comments_wait_an_edited_one_waits_again(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        set_thread(&ada, &article, json!({"moderation": "pre"})).await;
        let (comment, writer) = posted(&app, &article, None, "One").await;
        let waiting = edit(&writer, &comment, &json!({"body_markdown": "Two"})).send().await.expect(200).json();
        assert_eq!((&waiting["state"], &waiting["held_by"]), (&json!("pending"), &json!("moderation")));
        decide(&ada, &comment, "approved").await;
        assert_eq!(counts(&ada, &article).await, tally(0, 1, 0, 0));
        edit(&writer, &comment, &json!({"body_markdown": "Two"})).send().await.expect(200);
        assert_eq!(counts(&ada, &article).await, tally(0, 1, 0, 0), "an edit that changes nothing is none");
        let waiting = app.rehearse_and_send(|| edit(&writer, &comment, &json!({"body_markdown": "Three"}))).await.expect(200).json();
        assert_eq!((&waiting["state"], &waiting["held_by"]), (&json!("pending"), &json!("moderation")));
        assert_eq!(counts(&ada, &article).await, tally(1, 0, 0, 0));
        app.reader().get(&format!("/v1/comments/{}", id(&comment))).await.problem(404, "not-found");
        assert_eq!(shown(&app, &article).await, Vec::<String>::new());

        // An account waits again, too, unless it may moderate.
        let alan = app.account(Role::Author).await;
        let staff = alan.comment(&article, None, "From a desk").await.expect(202).json();
        decide(&ada, &staff, "approved").await;
        let edited = edit(&alan, &staff, &json!({"body_markdown": "From a desk, again"})).send().await.expect(200).json();
        assert_eq!(edited["state"], "pending");
        assert_eq!(counts(&ada, &article).await, tally(2, 0, 0, 0));
        let hers = ada.comment(&article, None, "From the desk").await.expect(201).json();
        let edited = edit(&ada, &hers, &json!({"body_markdown": "From the desk, again"})).send().await.expect(200).json();
        assert_eq!(edited["state"], "approved");
        assert_eq!(counts(&ada, &article).await, tally(2, 1, 0, 0));
        let refused = edit(&ada, &hers, &json!({"author_name": "Somebody", "author_url": null})).send().await.problem(422, "validation-failed");
        let pointers: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["#/author_name", "#/author_url"]);
        assert_healthy(&app).await;
    }

    async fn what_is_wrong_with_an_edit_is_told_and_nothing_is_stored(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (comment, writer) = posted(&app, &article, None, "One").await;
        let before = app.database_digest().await;
        for (change, pointer, code) in [
            (json!({"body_markdown": " "}), "#/body_markdown", "empty"),
            (json!({"body_markdown": "x".repeat(10_001)}), "#/body_markdown", "too-long"),
            (json!({"body_markdown": "bell \u{7}"}), "#/body_markdown", "control-character"),
            (json!({"body_markdown": null}), "#/body_markdown", "wrong-type"),
            (json!({"author_name": ""}), "#/author_name", "empty"),
            (json!({"author_name": null}), "#/author_name", "wrong-type"),
            (json!({"author_url": "javascript:alert(1)"}), "#/author_url", "invalid-url"),
            (json!({"author_email": "grace@example.org"}), "#/author_email", "unknown"),
            (json!({"state": "approved"}), "#/state", "unknown"),
        ] {
            let problem = edit(&writer, &comment, &change).send().await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        writer.request(Method::PATCH, &own(&comment)).body("application/json", "{").send().await.problem(400, "malformed-json");
        writer.request(Method::PATCH, &own(&comment)).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
        writer.get("/v1/comments/7/own").await.problem(400, "invalid-parameter");
        let stale = writer.patch(&own(&comment), "\"r7\"", json!({"body_markdown": "Two"})).await.problem(412, "precondition-failed");
        assert_eq!(stale["current_etag"], "\"r1\"");
        writer.delete(&own(&comment), "\"r7\"").await.problem(412, "precondition-failed");
        assert_eq!(app.database_digest().await, before);
        writer.patch(&own(&comment), "\"r1\"", json!({"body_markdown": "Two"})).await.expect(200);
    }

    async fn a_comment_is_withdrawn_with_all_that_it_said(app: TestApp) {
        let (ada, moderator) = (app.lasting_account(Role::Editor).await, app.lasting_account(Role::Moderator).await);
        let article = ada.published("Ships").await;
        let body = json!({"author_name": "Grace", "author_email": "grace@private.example", "author_url": "https://example.org/grace", "body_markdown": "A secret"});
        let comment = app.reader().post(&thread_of(&article), body).await.expect(201).json();
        let writer = app.bearer(comment["edit_token"].as_str().unwrap());
        edit(&writer, &comment, &json!({"body_markdown": "A secret, told"})).send().await.expect(200);
        let (reply, replier) = posted(&app, &article, Some(&comment), "Really?").await;
        moderator.patch(&moderated(&comment), "*", json!({"pinned": true, "featured": true})).await.expect(200);
        set_thread(&ada, &article, json!({"state": "closed"})).await;
        app.state.clock.advance(Duration::days(3));

        app.rehearse_and_send(|| writer.request(Method::DELETE, &own(&comment))).await.expect(204);
        assert_eq!(shown(&app, &article).await, ["removed", "Really?"]);
        assert_eq!(counts(&moderator, &article).await, tally(0, 1, 0, 1));
        insta::assert_json_snapshot!("own_withdrawn", writer.get(&own(&comment)).await.expect(200).json());
        insta::assert_json_snapshot!("moderated_withdrawn", moderator.get(&moderated(&comment)).await.expect(200).json());
        assert_eq!(texts(&moderator, &comment).await, Vec::<String>::new());
        for table in ["comments", "comment_writers", "comment_revisions"] {
            let row = match app.state.database.kind() {
                "postgres" => format!("SELECT t::text AS line FROM {table} t"),
                _ if table == "comments" => "SELECT body_markdown || body_html || body_text || COALESCE(author_name, '') || COALESCE(author_url, '') AS line FROM comments".to_owned(),
                _ if table == "comment_writers" => "SELECT COALESCE(email, '') AS line FROM comment_writers".to_owned(),
                _ => "SELECT body_markdown AS line FROM comment_revisions".to_owned(),
            };
            let rows = app.lines(row).await.concat();
            assert!(!rows.contains("secret") && !rows.contains("private.example") && !rows.contains("example.org/grace"), "{rows}");
        }

        // There is no way back, for nobody.
        writer.request(Method::DELETE, &own(&comment)).send().await.problem(409, "comment-withdrawn");
        edit(&writer, &comment, &json!({"body_markdown": "Again"})).send().await.problem(409, "comment-withdrawn");
        for state in ["approved", "pending", "rejected", "spam"] {
            let refused = moderator.patch(&moderated(&comment), "*", json!({"state": state})).await;
            refused.problem(409, "comment-withdrawn");
        }
        decide(&moderator, &comment, "removed").await;

        // With the last reply its place goes, too.
        replier.request(Method::DELETE, &own(&reply)).send().await.expect(204);
        assert_eq!(shown(&app, &article).await, Vec::<String>::new());
        assert_eq!(counts(&moderator, &article).await, tally(0, 0, 0, 2));
        assert_healthy(&app).await;
    }

    async fn what_moderators_refused_can_be_withdrawn(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        for (number, state) in ["pending", "rejected", "spam", "removed"].into_iter().enumerate() {
            let (comment, writer) = posted(&app, &article, None, state).await;
            decide(&ada, &comment, state).await;
            writer.request(Method::DELETE, &own(&comment)).send().await.expect(204);
            assert_eq!(writer.get(&own(&comment)).await.expect(200).json()["state"], "withdrawn");
            assert_eq!(counts(&ada, &article).await, tally(0, 0, 0, i64::try_from(number).unwrap() + 1));
        }
        assert_healthy(&app).await;
    }

    async fn counters_are_exact_when_many_edit_and_withdraw_at_once(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (root, _) = posted(&app, &article, None, "Root").await;
        let mut writers = Vec::new();
        for number in 0..12 {
            writers.push(posted(&app, &article, Some(&root), &format!("Reply {number}")).await);
        }
        let acts = writers.iter().enumerate().map(|(number, (comment, writer))| async move {
            match number % 3 {
                0 => writer.request(Method::DELETE, &own(comment)).send().await.expect(204),
                1 => edit(writer, comment, &json!({"body_markdown": format!("Edited {number}")})).send().await.expect(200),
                _ => writer.get(&own(comment)).await.expect(200),
            }
        });
        join_all(acts).await;
        assert_eq!(counts(&ada, &article).await, tally(0, 9, 0, 4));
        let root = app.reader().get(&format!("/v1/comments/{}", id(&root))).await.expect(200).json();
        assert_eq!((&root["reply_count"], &root["descendant_count"]), (&json!(8), &json!(8)));
        assert_healthy(&app).await;
    }

    async fn texts_are_read_in_pages_both_ways(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (comment, writer) = posted(&app, &article, None, "Text 1").await;
        for number in 2..=5 {
            app.state.clock.advance(Duration::seconds(10));
            edit(&writer, &comment, &json!({"body_markdown": format!("Text {number}")})).send().await.expect(200);
        }
        for (order, expected) in [("desc", [5, 4, 3, 2, 1]), ("asc", [1, 2, 3, 4, 5])] {
            let first = format!("{}/revisions?order={order}&limit=2", moderated(&comment));
            let (mut path, mut seen, mut previous) = (first.clone(), Vec::new(), None);
            loop {
                let page = ada.get(&path).await.expect(200).json();
                seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()));
                let Some(cursor) = page["page"]["next"].as_str() else {
                    previous = page["page"]["prev"].as_str().map(str::to_owned).or(previous);
                    break;
                };
                path = format!("{first}&cursor={cursor}");
            }
            assert_eq!(seen, expected, "{order}");
            let back = ada.get(&format!("{first}&cursor={}", previous.unwrap())).await.expect(200).json();
            let back: Vec<i64> = back["data"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()).collect();
            assert_eq!(back, expected[2..4], "{order}");
        }
        let path = format!("{}/revisions", moderated(&comment));
        ada.get(&format!("{path}?limit=101")).await.problem(400, "limit-too-large");
        ada.get(&format!("{path}?cursor=x")).await.problem(400, "cursor-invalid");
        ada.get(&format!("{path}?sort=x")).await.problem(400, "unknown-parameter");
        ada.get("/v1/editorial/comments/00000000-0000-7000-8000-000000000000/revisions").await.problem(404, "not-found");
        app.reader().get(&path).await.problem(401, "not-authenticated");
        app.account(Role::Author).await.get(&path).await.problem(403, "insufficient-scope");
    }

    async fn moderators_see_how_many_comments_wait(app: TestApp) {
        let (ada, moderator) = (app.editor().await, app.account(Role::Moderator).await);
        let (ships, gulls) = (ada.published("Ships").await, ada.published("Gulls").await);
        for (article, state) in [(&ships, "pending"), (&ships, "spam"), (&gulls, "rejected"), (&gulls, "removed"), (&gulls, "approved")] {
            let (comment, _) = posted(&app, article, None, state).await;
            decide(&moderator, &comment, state).await;
        }
        let all = moderator.get("/v1/editorial/comments/counts").await.expect(200);
        assert_eq!(all.header("cache-control"), "private, no-store");
        assert_eq!(all.json(), json!({"pending": 1, "approved": 1, "rejected": 1, "spam": 1, "removed": 1}));
        assert_eq!(counts(&moderator, &gulls).await, tally(0, 1, 1, 1));
        let path = "/v1/editorial/comments/counts";
        moderator.get(&format!("{path}?article_id=00000000-0000-7000-8000-000000000000")).await.problem(404, "not-found");
        moderator.get(&format!("{path}?article_id=7")).await.problem(400, "invalid-parameter");
        moderator.get(&format!("{path}?article=7")).await.problem(400, "unknown-parameter");
        app.reader().get(path).await.problem(401, "not-authenticated");
        app.account(Role::Author).await.get(path).await.problem(403, "insufficient-scope");
    }

    async fn a_reader_whom_the_site_knows_has_their_own_comments(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let (comment, _) = posted(&app, &article, None, "Mine").await;
        // As posting with a token of the identity provider stores it.
        app.run_sql("INSERT INTO commenters (id, issuer, subject, name, created_at, updated_at) \
             SELECT id, 'https://id.example.org', '7', 'Grace', created_at, updated_at FROM comments; \
             UPDATE comment_writers SET commenter_id = comment_id, edit_token_hash = NULL").await;
        let find = async |issuer: &str, subject: &str| -> Result<OwnComment, OwnCommentFailure> {
            let claim = WriterClaim::Commenter { issuer: issuer.to_owned(), subject: subject.to_owned() };
            let comment = Uuid::parse_str(id(&comment)).unwrap();
            read!(&app.state.database, own_comments::find(comment, claim))
        };
        assert!(find("https://id.example.org", "7").await.is_ok());
        for (issuer, subject) in [("https://id.example.org", "8"), ("https://other.example.org", "7"), ("", "")] {
            assert!(matches!(find(issuer, subject).await, Err(OwnCommentFailure::Comment(_))), "{issuer} {subject}");
        }
    }

    async fn what_readers_gave_of_themselves_is_forgotten(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let body = json!({"author_name": "Grace", "author_email": "grace@private.example", "body_markdown": "Old"});
        app.reader().post(&thread_of(&article), body.clone()).await.expect(201);
        app.state.clock.advance(Duration::days(180));
        app.reader().post(&thread_of(&article), json!({"author_name": "Grace", "author_email": "new@private.example", "body_markdown": "New"})).await.expect(201);
        let kept = async || app.lines("SELECT COALESCE(email, '-') AS line FROM comment_writers ORDER BY written_at".to_owned()).await;
        assert_eq!(Job::ForgetCommenters.run(&app.state).await.unwrap(), 0);
        app.state.clock.advance(Duration::seconds(1));
        assert_eq!(Job::ForgetCommenters.run(&app.state).await.unwrap(), 1);
        assert_eq!(kept().await, ["-", "new@private.example"]);
        assert_eq!(app.lines("SELECT 'x' AS line FROM comment_writers WHERE network_key IS NOT NULL".to_owned()).await.len(), 1);
        assert_eq!(Job::ForgetCommenters.run(&app.state).await.unwrap(), 0, "what is done is not due");
    }
}

#[actix_web::test]
async fn nothing_is_forgotten_when_the_settings_say_so() {
    let app = TestApp::with_settings(|settings| settings.commenter_data_days = None).await;
    let ada = app.editor().await;
    let article = ada.published("Ships").await;
    posted(&app, &article, None, "Old").await;
    app.state.clock.advance(Duration::days(10_000));
    assert_eq!(Job::ForgetCommenters.run(&app.state).await.unwrap(), 0);
}
