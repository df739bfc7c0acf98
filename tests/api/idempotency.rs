//! Writes that are sent again with the same key: they take effect once.

use std::collections::BTreeMap;

use actix_web::http::Method;
use chrono::Duration;
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use galley::database::Database;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};

const AUTHORS: &str = "/v1/editorial/authors";
const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

fn making(editor: &Client, name: &str) -> Draft {
    editor.request(Method::POST, AUTHORS).json(&json!({"name": name}))
}

fn commenting(reader: &Client, article: &Value) -> Draft {
    let path = format!("/v1/articles/{}/comments", id(article));
    let body = json!({"author_name": "Grace", "body_markdown": "I was there."});
    reader.request(Method::POST, &path).json(&body)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

/// Passes if the second answer is the first one again, byte by byte and header by header, and says so. Only the first one shows
/// an edit token.
#[track_caller]
fn assert_replay(first: &Answer, second: &Answer) {
    let headers = |answer: &Answer| {
        let headers = answer.headers.iter();
        let kept = headers.filter(|(name, _)| !["request-id", "idempotent-replayed"].contains(&name.as_str()));
        kept.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        (second.status, second.text()),
        (first.status, first.kept_text()),
        "{}",
        second.text()
    );
    assert_eq!(headers(second), headers(first));
    assert!(!is_replayed(first) && is_replayed(second));
}

async fn names(app: &TestApp) -> Vec<String> {
    let list = app.editor().await.get(AUTHORS).await.expect(200).json();
    let authors = list["data"].as_array().unwrap().iter();
    authors
        .map(|author| author["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn comments_of(app: &TestApp, article: &Value) -> usize {
    let path = format!("/v1/articles/{}/comments", id(article));
    let page = app.reader().get(&path).await.expect(200).json();
    page["data"].as_array().unwrap().len()
}

on_both_databases! {
    async fn a_write_that_is_sent_again_gets_the_answer_that_it_got(app: TestApp) {
        let ada = app.editor().await;
        let first = making(&ada, "Grace").key(KEY).send().await.expect(201);
        app.state.clock.advance(Duration::minutes(5));
        let before = app.database_digest().await;
        let second = making(&ada, "Grace").key(KEY).send().await.expect(201);
        assert_replay(&first, &second);
        assert_eq!(second.header("location"), format!("https://galley.example{AUTHORS}/{}", id(&first.json())));
        assert!(second.header("etag").starts_with("\"r1."));
        assert_eq!(app.database_digest().await, before);
        // Many clients leave the quotes out.
        let bare = making(&ada, "Grace").header("Idempotency-Key", KEY).send().await;
        assert_replay(&first, &bare);
        assert_eq!(names(&app).await, ["Grace"]);
    }

    async fn every_kind_of_write_may_have_a_key(app: TestApp) {
        let ada = app.editor().await;
        let author = making(&ada, "Grace").send().await.expect(201).json();
        let desk = format!("{AUTHORS}/{}", id(&author));
        // Sent again, none of these would find the revision, or the author, that it names.
        for (method, revision, status) in [(Method::PATCH, 1, 200), (Method::PUT, 2, 200), (Method::DELETE, 3, 204)] {
            let request = || {
                let request = ada.request(method.clone(), &desk).header("If-Match", &format!("\"r{revision}\""));
                request.json(&json!({"name": format!("Grace {revision}")})).key(KEY)
            };
            let first = request().send().await.expect(status);
            assert_replay(&first, &request().send().await);
        }
        assert!(names(&app).await.is_empty());
    }

    async fn a_key_is_for_one_request(app: TestApp) {
        let ada = app.editor().await;
        making(&ada, "Grace").key(KEY).send().await.expect(201);
        let before = app.database_digest().await;
        let other_body = making(&ada, "Barbara");
        let other_query = making(&ada, "Grace").with_parameter("validate_only=false");
        let other_form = making(&ada, "Grace").header("Content-Type", "application/json; charset=utf-8");
        for request in [other_body, other_query, other_form] {
            let problem = request.key(KEY).send().await.problem(422, "idempotency-key-reused");
            let fault = only_fault(&problem);
            assert_eq!((&fault["header"], &fault["code"]), (&json!("Idempotency-Key"), &json!("reused")));
        }
        assert_eq!(app.database_digest().await, before);
    }

    async fn a_key_counts_for_one_method_and_path_of_one_account(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let grace = making(&ada, "Grace").key(KEY).send().await.expect(201).json();
        let rename = ada.request(Method::PATCH, &format!("{AUTHORS}/{}", id(&grace))).header("If-Match", "*");
        let renamed = rename.json(&json!({"name": "Grace"})).key(KEY).send().await.expect(200);
        assert!(!is_replayed(&renamed));
        // The other editor is told what became of their own request.
        making(&bob, "Grace").key(KEY).send().await.problem(409, "slug-taken");
        let bobs = making(&bob, "Barbara").key(KEY).send().await.expect(201);
        assert!(!is_replayed(&bobs));
        assert_eq!(names(&app).await, ["Barbara", "Grace"]);
    }

    async fn an_answer_is_given_again_only_to_whom_may_write(app: TestApp) {
        let account = app.create_account("ada@galley.example", Role::Editor).await;
        let with_role = |role| app.bearer(&app.token(&app.claims(account, role)));
        making(&with_role(Role::Editor), "Grace").key(KEY).send().await.expect(201);
        // The same person, who has another role by now.
        making(&with_role(Role::Reader), "Grace").key(KEY).send().await.problem(403, "insufficient-scope");
        making(&app.bearer("nonsense"), "Grace").key(KEY).send().await.problem(401, "token-invalid");
        making(&app.reader(), "Grace").key(KEY).send().await.problem(401, "not-authenticated");
    }

    async fn a_request_that_was_refused_may_succeed_with_the_same_key(app: TestApp) {
        let ada = app.editor().await;
        let first = making(&ada, "Grace").send().await.expect(201).json();
        let before = app.database_digest().await;
        making(&ada, "Grace").key(KEY).send().await.problem(409, "slug-taken");
        making(&ada, "").key(KEY).send().await.problem(422, "validation-failed");
        let desk = format!("{AUTHORS}/{}", id(&first));
        let removal = |tag: &str| ada.request(Method::DELETE, &desk).header("If-Match", tag).key(KEY);
        removal("\"r9\"").send().await.problem(412, "precondition-failed");
        assert_eq!(app.database_digest().await, before, "a refusal stores nothing");
        removal("\"r1\"").send().await.expect(204);
        let made = making(&ada, "Grace").key(KEY).send().await.expect(201);
        assert!(!is_replayed(&made));
        assert_replay(&made, &making(&ada, "Grace").key(KEY).send().await);
    }

    async fn sent_many_times_at_once_a_write_takes_effect_once(app: TestApp) {
        let (ada, article) = (app.editor().await, app.editor().await.published("Ships").await);
        let answers = join_all((0..12).map(|_| making(&ada, "Grace").key(KEY).send())).await;
        let (replays, firsts): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| is_replayed(answer));
        assert_eq!((firsts.len(), replays.len()), (1, 11), "{answers:?}");
        for replay in replays {
            assert_replay(firsts[0], replay);
        }
        assert_eq!(names(&app).await, ["Grace"]);

        let reader = app.reader();
        let posted = join_all((0..12).map(|_| commenting(&reader, &article).key(KEY).send())).await;
        assert!(posted.iter().all(|answer| answer.status == 201 && answer.kept_text() == posted[0].kept_text()), "{posted:?}");
        assert_eq!(comments_of(&app, &article).await, 1);
    }

    async fn sent_many_times_at_once_a_change_is_not_told_that_it_came_too_late(app: TestApp) {
        let ada = app.editor().await;
        let author = making(&ada, "Grace").send().await.expect(201).json();
        let desk = format!("{AUTHORS}/{}", id(&author));
        for (method, revision, status) in [(Method::PATCH, 1, 200), (Method::PUT, 2, 200), (Method::DELETE, 3, 204)] {
            let request = |_| {
                let request = ada.request(method.clone(), &desk).header("If-Match", &format!("\"r{revision}\""));
                request.json(&json!({"name": "Grace Hopper"})).key(KEY).send()
            };
            let answers = join_all((0..24).map(request)).await;
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert!(statuses.iter().all(|found| *found == status), "{method}: {statuses:?}");
            assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1, "{method}");
        }
    }

    async fn while_the_first_is_carried_out_the_second_waits_and_is_then_told_to_come_again(app: TestApp) {
        // The other database has one writer, so there the second gets its turn when the first has ended.
        let Database::Postgres(postgres) = &app.state.database else { return };
        let account = app.create_account("ada@galley.example", Role::Editor).await;
        let ada = app.bearer(&app.token(&app.claims(account, Role::Editor)));
        let mut first = postgres.connection().await.unwrap();
        let claim = format!(
            "BEGIN; INSERT INTO idempotency_records \
             (principal, method, path, idempotency_key, fingerprint, status, expires_at, body) \
             VALUES ('{account}', 'POST', '{AUTHORS}', '{KEY}', '', 0, '2026-03-02T12:00:00Z', '')"
        );
        first.batch_execute(&claim).await.unwrap();
        let second = making(&ada, "Grace").key(KEY).send().await;
        assert_eq!(second.header("retry-after"), "1");
        let problem = second.problem(409, "idempotency-in-flight");
        assert_eq!(problem["retry_after"], 1);
        first.batch_execute("ROLLBACK").await.unwrap();
        drop(first);
        let third = making(&ada, "Grace").key(KEY).send().await.expect(201);
        assert!(!is_replayed(&third));
        assert_eq!(names(&app).await, ["Grace"]);
    }

    async fn after_a_day_a_key_is_new_again(app: TestApp) {
        let (article, reader) = (app.editor().await.published("Ships").await, app.reader());
        let first = commenting(&reader, &article).key(KEY).send().await.expect(201);
        app.state.clock.advance(Duration::hours(24) - Duration::seconds(1));
        assert_replay(&first, &commenting(&reader, &article).key(KEY).send().await);
        app.state.clock.advance(Duration::seconds(1));
        // Nobody has removed the old record yet, and only one of these takes its place.
        let answers = join_all((0..12).map(|_| commenting(&reader, &article).key(KEY).send())).await;
        let (replays, firsts): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| is_replayed(answer));
        assert_eq!((firsts.len(), replays.len()), (1, 11), "{answers:?}");
        assert_ne!(firsts[0].body, first.body);
        assert_eq!(comments_of(&app, &article).await, 2);
    }

    async fn a_key_that_is_none_is_refused_with_what_to_send(app: TestApp) {
        let ada = app.editor().await;
        let before = app.database_digest().await;
        for value in ["", "\"\"", "\"open", "one two", "\"one\", \"two\"", "schl\u{fc}ssel", &"k".repeat(256)] {
            let answer = making(&ada, "Grace").header("Idempotency-Key", value).send().await;
            let problem = answer.problem(400, "malformed-request");
            let fault = only_fault(&problem);
            assert_eq!((&fault["header"], &fault["code"]), (&json!("Idempotency-Key"), &json!("malformed")), "{value}");
        }
        making(&ada, "Grace").key("one").key("two").send().await.problem(400, "malformed-request");
        assert_eq!(app.database_digest().await, before);
        making(&ada, "Grace").key(&"k".repeat(255)).send().await.expect(201);
        // Reading has no effect that a key could count.
        let read = ada.request(Method::GET, AUTHORS).header("Idempotency-Key", "\"").send().await.expect(200);
        assert!(!is_replayed(&read));
    }

    async fn readers_of_two_networks_never_get_each_others_answers(app: TestApp) {
        let (article, reader) = (app.editor().await.published("Ships").await, app.reader());
        let from = |address: &str| commenting(&reader, &article).key("1").from(address).send();
        let first = from("192.0.2.1").await.expect(201);
        assert_replay(&first, &from("192.0.2.1").await);
        assert_replay(&first, &from("::ffff:192.0.2.1").await);
        let second = from("192.0.2.2").await.expect(201);
        assert!(!is_replayed(&second) && second.body != first.body);
        let third = from("2001:db8:1:2::7").await.expect(201);
        assert_replay(&third, &from("2001:db8:1:2:ffff::9").await);
        assert!(!is_replayed(&from("2001:db8:1:3::7").await.expect(201)));
        assert_eq!(comments_of(&app, &article).await, 4);
        // With a token it is another sender, and with one that is none it is nobody.
        let editor = app.editor().await;
        let fourth = commenting(&editor, &article).key("1").from("192.0.2.1").send().await.expect(201);
        assert!(!is_replayed(&fourth));
        assert_replay(&fourth, &commenting(&editor, &article).key("1").from("192.0.2.2").send().await);
        let nonsense = app.bearer("nonsense");
        commenting(&nonsense, &article).key("1").from("192.0.2.1").send().await.problem(401, "token-invalid");
    }

    async fn a_comment_that_waits_for_a_moderator_waits_once(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let thread = format!("/v1/editorial/threads/{}", id(&article));
        ada.patch(&thread, "*", json!({"moderation": "pre"})).await.expect(200);
        let first = commenting(&reader, &article).key(KEY).send().await.expect(202);
        let second = commenting(&reader, &article).key(KEY).send().await;
        assert_replay(&first, &second);
        assert_eq!(second.header("location"), "");
        assert_eq!(ada.get("/v1/editorial/comments").await.expect(200).json()["data"].as_array().unwrap().len(), 1);
    }

    async fn a_rehearsal_uses_up_no_key(app: TestApp) {
        let ada = app.editor().await;
        app.rehearse(making(&ada, "Grace").key(KEY)).await.expect(201);
        let made = making(&ada, "Barbara").key(KEY).send().await.expect(201);
        assert!(!is_replayed(&made));
        // And it tells what it would tell, not what the key was told before.
        let rehearsed = app.rehearse(making(&ada, "Barbara").key(KEY)).await;
        assert!(!is_replayed(&rehearsed));
        rehearsed.problem(409, "slug-taken");
    }
}
