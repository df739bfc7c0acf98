//! Votes: one of each reader on each comment of others.

use actix_web::http::Method;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use galley::comments::own_comment::WriterClaim;
use galley::comments::vote::{Ballot, CastVote, VoteFailure, VoteValue, Voter};
use galley::doctor::checks::examine;
use galley::write_unit;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn votes(comment: &Value) -> String {
    format!("/v1/comments/{}/votes", id(comment))
}

fn vote(client: &Client, comment: &Value, value: i32, address: &str) -> Draft {
    client
        .request(Method::POST, &votes(comment))
        .from(address)
        .json(&json!({"value": value}))
}

fn retraction(client: &Client, comment: &Value, address: &str) -> Draft {
    client.request(Method::DELETE, &votes(comment)).from(address)
}

async fn commented(app: &TestApp, editor: &Client) -> (Value, Value) {
    let article = editor.published("Ships").await;
    let path = format!("/v1/articles/{}/comments", id(&article));
    let body = json!({"author_name": "Grace", "body_markdown": "I was there."});
    let post = app.reader().request(Method::POST, &path).from("192.0.2.1").json(&body);
    (article.clone(), post.send().await.expect(201).json())
}

async fn score(app: &TestApp, comment: &Value) -> i64 {
    let shown = app
        .reader()
        .get(&format!("/v1/comments/{}", id(comment)))
        .await
        .expect(200)
        .json();
    shown["score"].as_i64().unwrap()
}

async fn set_thread(moderator: &Client, article: &Value, change: Value) {
    let path = format!("/v1/editorial/threads/{}", id(article));
    moderator.patch(&path, "*", change).await.expect(200);
}

async fn findings(app: &TestApp) -> Vec<String> {
    let state = &app.state;
    let report = examine(&state.settings, &state.database, None, state.clock.now())
        .await
        .unwrap();
    report.checks.into_iter().flat_map(|check| check.findings).collect()
}

on_both_databases! {
    async fn a_vote_is_cast_changed_and_taken_back(app: TestApp) {
        let ada = app.editor().await;
        let (article, comment) = commented(&app, &ada).await;
        let reader = app.reader();
        let page = async || reader.get(&format!("/v1/articles/{}/comments?sort=top", id(&article))).await.expect(200).header("etag").to_owned();
        let tag = page().await;
        let cast = app.rehearse_and_send(|| vote(&reader, &comment, 1, "192.0.2.2")).await.expect(201).json();
        assert_eq!(cast, json!({"comment_id": id(&comment), "value": 1, "score": 1}));
        let voted = page().await;
        assert_ne!(voted, tag, "readers of the thread are told");
        vote(&reader, &comment, 1, "192.0.2.2").send().await.problem(409, "already-voted");
        assert_eq!(page().await, voted);
        let turned = app.rehearse_and_send(|| vote(&reader, &comment, -1, "192.0.2.2")).await.expect(200).json();
        assert_eq!(turned, json!({"comment_id": id(&comment), "value": -1, "score": -1}));
        vote(&reader, &comment, -1, "192.0.2.3").send().await.expect(201);
        assert_eq!(score(&app, &comment).await, -2);
        app.rehearse_and_send(|| retraction(&reader, &comment, "192.0.2.2")).await.expect(204);
        retraction(&reader, &comment, "192.0.2.2").send().await.problem(404, "not-found");
        assert_eq!(score(&app, &comment).await, -1);
        let seen = reader.get(&format!("/v1/comments/{}", id(&comment))).await.expect(200);
        assert!(seen.header("etag").starts_with("\"r1."), "a vote is no change of the comment");
    }

    async fn a_reader_is_known_by_the_network_or_by_the_account(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Reader).await);
        let (_, comment) = commented(&app, &ada).await;
        let reader = app.reader();
        vote(&reader, &comment, 1, "2001:db8:1:2::1").send().await.expect(201);
        vote(&reader, &comment, 1, "2001:db8:1:2:ffff::9").send().await.problem(409, "already-voted");
        // Accounts vote from wherever they are.
        vote(&grace, &comment, 1, "2001:db8:1:2::1").send().await.expect(201);
        vote(&grace, &comment, 1, "192.0.2.7").send().await.problem(409, "already-voted");
        vote(&ada, &comment, 1, "192.0.2.7").send().await.expect(201);
        assert_eq!(score(&app, &comment).await, 3);
        vote(&app.bearer("abc"), &comment, 1, "192.0.2.8").send().await.problem(401, "token-invalid");
        let writer = app.bearer(comment["edit_token"].as_str().unwrap());
        vote(&writer, &comment, 1, "192.0.2.8").send().await.problem(401, "token-invalid");
        retraction(&writer, &comment, "192.0.2.8").send().await.problem(401, "token-invalid");
    }

    async fn nobody_votes_on_their_own_comment(app: TestApp) {
        let ada = app.editor().await;
        let (_, comment) = commented(&app, &ada).await;
        vote(&app.reader(), &comment, 1, "192.0.2.1").send().await.problem(409, "own-comment");
        vote(&ada, &comment, 1, "192.0.2.1").send().await.expect(201);
        retraction(&ada, &comment, "192.0.2.1").send().await.expect(204);
        app.run_sql("UPDATE comment_writers SET account_id = (SELECT id FROM accounts)").await;
        vote(&ada, &comment, 1, "192.0.2.9").send().await.problem(409, "own-comment");
        assert_eq!(score(&app, &comment).await, 0);

        // As it will be for a reader whom the identity provider vouches for.
        app.run_sql("INSERT INTO commenters (id, issuer, subject, name, created_at, updated_at) \
             SELECT id, 'https://id.example.org', '7', 'Grace', created_at, updated_at FROM comments; \
             UPDATE comment_writers SET account_id = NULL, commenter_id = comment_id").await;
        let cast = async |subject: &str| -> Result<CastVote, VoteFailure> {
            let claim = WriterClaim::Commenter { issuer: "https://id.example.org".to_owned(), subject: subject.to_owned() };
            let voter = Voter { key: app.state.client_keys.named("commenter", &[b"https://id.example.org", subject.as_bytes()]), claim: Some(claim) };
            let ballot = Ballot { voter, value: VoteValue::Up, now: app.state.clock.now() };
            let comment = Uuid::parse_str(id(&comment)).unwrap();
            write_unit!(&app.state.database, comment_votes::cast(comment, ballot))
        };
        assert!(matches!(cast("7").await, Err(VoteFailure::OwnComment)));
        assert_eq!(cast("8").await.unwrap().score, 1);
        assert!(matches!(cast("8").await, Err(VoteFailure::AlreadyVoted)));
    }

    async fn only_what_readers_see_is_voted_on_unless_the_thread_is_read_only(app: TestApp) {
        let ada = app.editor().await;
        let (article, comment) = commented(&app, &ada).await;
        let reader = app.reader();
        vote(&reader, &comment, 1, "192.0.2.2").send().await.expect(201);
        ada.comment(&article, Some(&comment), "Really?").await.expect(201);
        let before = app.lines("SELECT 'x' AS line FROM comment_votes".to_owned()).await;
        let both = async |expect: fn(Answer)| {
            expect(vote(&reader, &comment, -1, "192.0.2.2").send().await);
            expect(vote(&reader, &comment, 1, "192.0.2.3").send().await);
            expect(retraction(&reader, &comment, "192.0.2.2").send().await);
        };
        set_thread(&ada, &article, json!({"state": "closed"})).await;
        for value in [-1, 1] {
            vote(&reader, &comment, value, "192.0.2.2").send().await.expect(200);
        }
        set_thread(&ada, &article, json!({"state": "read_only", "message": "It is late."})).await;
        both(|answer| assert_eq!(answer.problem(403, "comments-closed")["message"], "It is late.")).await;
        let absent: fn(Answer) = |answer| drop(answer.problem(404, "not-found"));
        set_thread(&ada, &article, json!({"state": "hidden"})).await;
        both(absent).await;
        set_thread(&ada, &article, json!({"state": "open"})).await;
        let moderated = format!("/v1/editorial/comments/{}", id(&comment));
        for state in ["pending", "rejected", "spam", "removed"] {
            // The place that it leaves is seen, and cannot be voted on.
            ada.patch(&moderated, "*", json!({"state": state})).await.expect(200);
            both(absent).await;
        }
        ada.patch(&moderated, "*", json!({"state": "approved"})).await.expect(200);
        ada.post(&format!("/v1/editorial/articles/{}/unpublish", id(&article)), json!({})).await.expect(200);
        both(absent).await;
        vote(&reader, &json!({"id": NOBODY}), 1, "192.0.2.2").send().await.problem(404, "not-found");
        assert_eq!(app.lines("SELECT 'x' AS line FROM comment_votes".to_owned()).await, before);
    }

    async fn the_site_says_who_votes(app: TestApp) {
        let ada = app.editor().await;
        let (_, comment) = commented(&app, &ada).await;
        let reader = app.reader();
        vote(&reader, &comment, 1, "192.0.2.2").send().await.expect(201);
        app.run_sql("UPDATE site_settings SET votes_from = 'identified'").await;
        let refused = vote(&reader, &comment, 1, "192.0.2.3").send().await;
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"galley\"");
        refused.problem(401, "not-authenticated");
        retraction(&reader, &comment, "192.0.2.2").send().await.problem(401, "not-authenticated");
        vote(&ada, &comment, 1, "192.0.2.3").send().await.expect(201);
        app.run_sql("UPDATE site_settings SET votes_from = 'nobody'").await;
        for client in [&reader, &ada] {
            vote(client, &comment, -1, "192.0.2.2").send().await.problem(403, "votes-off");
            retraction(client, &comment, "192.0.2.2").send().await.problem(403, "votes-off");
        }
        assert_eq!(score(&app, &comment).await, 2);
    }

    async fn what_is_wrong_with_a_vote_is_told_and_nothing_is_stored(app: TestApp) {
        let ada = app.editor().await;
        let (_, comment) = commented(&app, &ada).await;
        let before = app.database_digest().await;
        let send = |body: Value| app.reader().request(Method::POST, &votes(&comment)).from("192.0.2.2").json(&body).send();
        for (body, pointer, code) in [
            (json!({"value": 0}), "#/value", "out-of-range"),
            (json!({"value": 2}), "#/value", "out-of-range"),
            (json!({"value": -9_007_199_254_740_993_i64}), "#/value", "out-of-range"),
            (json!({"value": "1"}), "#/value", "wrong-type"),
            (json!({"value": 0.5}), "#/value", "wrong-type"),
            (json!({"value": null}), "#/value", "wrong-type"),
            (json!({}), "#/value", "required"),
            (json!({"value": 1, "score": 100}), "#/score", "unknown"),
        ] {
            let problem = send(body).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        app.reader().request(Method::POST, &votes(&comment)).body("application/json", "{").send().await.problem(400, "malformed-json");
        app.reader().get(&votes(&comment)).await.problem(405, "method-not-allowed");
        app.reader().post("/v1/comments/7/votes", json!({"value": 1})).await.problem(400, "invalid-parameter");
        assert_eq!(app.database_digest().await, before);
    }

    async fn a_vote_that_is_sent_again_with_its_key_counts_once(app: TestApp) {
        let ada = app.editor().await;
        let (_, comment) = commented(&app, &ada).await;
        let reader = app.reader();
        let send = || vote(&reader, &comment, 1, "192.0.2.2").key("once").send();
        let first = send().await.expect(201);
        let again = send().await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
        assert_eq!(score(&app, &comment).await, 1);
    }

    async fn the_votes_of_many_at_once_are_counted_exactly(app: TestApp) {
        let ada = app.editor().await;
        let (_, comment) = commented(&app, &ada).await;
        let reader = app.reader();
        let addresses: Vec<String> = (1..=24).map(|host| format!("198.51.100.{host}")).collect();
        // Two of three think well of it, and every reader sends the vote twice.
        let value = |number: usize| if number.is_multiple_of(3) { -1 } else { 1 };
        let twice = addresses.iter().enumerate().flat_map(|(number, address)| {
            let send = || vote(&reader, &comment, value(number), address).send();
            [send(), send()]
        });
        let answers = join_all(twice).await;
        let taken = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((taken, answers.iter().filter(|answer| answer.status == 409).count()), (24, 24));
        assert_eq!(score(&app, &comment).await, 8);
        let turned = addresses.iter().enumerate().map(|(number, address)| vote(&reader, &comment, -value(number), address).send());
        join_all(turned).await.into_iter().for_each(|answer| drop(answer.expect(200)));
        assert_eq!(score(&app, &comment).await, -8);
        let gone = addresses.iter().take(12).map(|address| retraction(&reader, &comment, address).send());
        join_all(gone).await.into_iter().for_each(|answer| drop(answer.expect(204)));
        assert_eq!(score(&app, &comment).await, -4);
        assert!(findings(&app).await.iter().all(|fault| fault.contains("are not chained")));
    }

    async fn the_doctor_finds_a_score_that_is_not_what_the_votes_come_to(app: TestApp) {
        let ada = app.editor().await;
        let (article, comment) = commented(&app, &ada).await;
        vote(&app.reader(), &comment, 1, "192.0.2.2").send().await.expect(201);
        let imported = app.reader().comment(&article, None, "From elsewhere").await.expect(201).json();
        let writer = app.bearer(comment["edit_token"].as_str().unwrap());
        let own = format!("/v1/comments/{}/own", id(&comment));
        for text in ["Two", "Three"] {
            writer.request(Method::PATCH, &own).json(&json!({"body_markdown": text})).send().await.expect(200);
        }
        app.run_sql("UPDATE comments SET score = score + 7; UPDATE comment_revisions SET number = 3 WHERE number = 2").await;
        let found = findings(&app).await;
        let (comment, imported) = (id(&comment), id(&imported));
        assert!(found.contains(&format!("comment {comment} says that its score is 8, and its votes come to 1")), "{found:?}");
        assert!(found.contains(&format!("comment {comment} has 2 former texts, and their numbers go from 1 to 3")), "{found:?}");
        assert!(!found.iter().any(|fault| fault.contains(imported)), "a score without votes may come from elsewhere: {found:?}");
    }
}
