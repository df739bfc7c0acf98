//! Being told of comments by mail: asking for it, confirming it, what is told to whom, and ending it. The mails go to a real
//! SMTP server.

use std::net::SocketAddr;

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::database::failure::Failure;
use galley::database::timestamp::RowTime;
use galley::doctor::checks::examine;
use galley::doctor::report::CheckState;
use galley::jobs;
use galley::mail::message::MailRow;
use galley::mail::relay::MailSettings;
use galley::{read, write_unit};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};
use crate::support::smtp::{self, SmtpServer};

const GRACE: &str = "grace@example.org";
const CONFIRM: &str = "/v1/comment-subscriptions/confirm";

/// The same application with mail on, by a server at an address.
async fn with_mail_at(app: TestApp, address: SocketAddr) -> TestApp {
    let from = "The Harbour News <notices@news.example>";
    let mail = MailSettings::new(&format!("smtp://{address}"), from).unwrap();
    app.reconfigured(|settings| settings.mail = Some(mail)).await
}

/// The same with a server that was started.
async fn with_mail(app: TestApp) -> Option<(TestApp, SmtpServer)> {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let server = smtp::serve(smtp::free_address(), &test)?;
    Some((with_mail_at(app, server.address).await, server))
}

/// The same without any server, for stories that send nothing.
pub async fn with_queue(app: TestApp) -> TestApp {
    with_mail_at(app, smtp::free_address()).await
}

fn replies_to(comment: &Value) -> String {
    format!("/v1/comments/{}/subscriptions", id(comment))
}

fn comments_on(article: &Value) -> String {
    format!("/v1/articles/{}/comment-subscriptions", id(article))
}

async fn subscribe(app: &TestApp, path: &str, email: &str) -> Answer {
    app.reader().post(path, json!({"email": email})).await
}

async fn work(app: &TestApp) {
    jobs::run_due(&app.state).await.unwrap();
}

/// What stands behind a mark in the body of a mail, to the end of the line.
#[track_caller]
fn after<'a>(mail: &'a Value, mark: &str) -> &'a str {
    let body = mail["body"].as_str().unwrap();
    let (_, rest) = body
        .split_once(mark)
        .unwrap_or_else(|| panic!("{mark} is not in {body}"));
    rest.lines().next().unwrap()
}

fn sent_to<'a>(mails: &'a [Value], recipient: &str) -> Vec<&'a Value> {
    mails
        .iter()
        .filter(|mail| mail["recipients"] == json!([recipient]))
        .collect()
}

/// Subscribes and confirms by the mail that comes.
async fn subscribed(app: &TestApp, server: &SmtpServer, path: &str, email: &str) -> Value {
    let before = server.mails().len();
    subscribe(app, path, email).await.expect(202);
    work(app).await;
    let mails = server.mails();
    assert_eq!(mails.len(), before + 1, "{mails:#?}");
    let token = after(&mails[before], "#confirm=");
    app.reader()
        .post(CONFIRM, json!({"token": token}))
        .await
        .expect(200)
        .json()
}

async fn posted(app: &TestApp, article: &Value, parent: Option<&Value>, text: &str) -> Value {
    app.reader().comment(article, parent, text).await.expect(201).json()
}

async fn posted_by(app: &TestApp, article: &Value, email: &str, text: &str) -> Value {
    let body = json!({"author_name": "Grace", "author_email": email, "body_markdown": text});
    let path = format!("/v1/articles/{}/comments", id(article));
    app.reader().post(&path, body).await.json()
}

async fn decide(moderator: &Client, comment: &Value, state: &str) {
    let path = format!("/v1/editorial/comments/{}", id(comment));
    let request = moderator.request(Method::PATCH, &path).json(&json!({"state": state}));
    request.send().await.expect(200);
}

async fn count(app: &TestApp, table: &str) -> String {
    app.lines(format!("SELECT count(*) || '' AS line FROM {table}"))
        .await
        .remove(0)
}

/// The state of every message in the queue, with the attempts and why the last failed.
async fn queue(app: &TestApp) -> Vec<String> {
    let query = "SELECT recipient || ' ' || state || ' ' || attempts || ' ' || COALESCE(last_error, '-') AS line \
                 FROM mail_messages ORDER BY recipient, id";
    app.lines(query.to_owned()).await
}

fn said(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, answer.text(), headers)
}

on_both_databases! {
    async fn a_reader_confirms_is_told_and_ends_it_with_one_click(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        let comment = posted_by(&app, &article, GRACE, "Are they fast?").await;

        let answer = subscribe(&app, &replies_to(&comment), "Grace@Example.org").await.expect(202);
        assert_eq!(answer.json(), json!({"status": "awaiting_confirmation"}));
        posted(&app, &article, Some(&comment), "Nobody is told of this one.").await;
        work(&app).await;
        let mails = server.mails();
        let [confirmation] = mails.as_slice() else { panic!("{mails:#?}") };
        assert_eq!(confirmation["recipients"], json!([GRACE]));
        assert_eq!(confirmation["sender"], "notices@news.example");
        assert_eq!(confirmation["headers"]["From"], "The Harbour News <notices@news.example>");
        assert_eq!(confirmation["headers"]["Subject"], "Please confirm: answers to a comment on Ships");
        assert_eq!(confirmation["headers"]["Date"], "Sun, 01 Mar 2026 12:00:00 +0000");
        assert_eq!(confirmation["headers"]["List-Unsubscribe"], Value::Null);
        assert!(confirmation["body"].as_str().unwrap().contains("https://galley.example/subscriptions#confirm="));
        assert_eq!(count(&app, "mail_messages").await, "0", "what was sent is not kept");

        let token = after(confirmation, "#confirm=");
        let request = || app.reader().request(Method::POST, CONFIRM).json(&json!({"token": token}));
        let confirmed = app.rehearse_and_send(request).await.expect(200).json();
        let expected = json!({"article_id": id(&article), "comment_id": id(&comment), "confirmed_at": "2026-03-01T12:00:00.000Z"});
        assert_eq!(confirmed, expected);
        app.state.clock.advance(Duration::hours(1));
        assert_eq!(request().send().await.expect(200).json(), expected, "a second click is answered as the first");

        let answer = posted(&app, &article, Some(&comment), "Some are.").await;
        posted(&app, &article, None, "Something else.").await;
        posted(&app, &article, Some(&answer), "Most are not.").await;
        posted_by(&app, &article, GRACE, "Nobody is told of what they wrote.").await;
        work(&app).await;
        let mails = server.mails();
        let [_, notice] = mails.as_slice() else { panic!("{mails:#?}") };
        assert_eq!(notice["recipients"], json!([GRACE]));
        assert_eq!(notice["headers"]["Subject"], "New answers on Ships");
        assert_eq!(notice["headers"]["Auto-Submitted"], "auto-generated");
        assert_eq!(notice["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
        let body = notice["body"].as_str().unwrap();
        assert!(body.contains("> Some are.") && body.contains("> Most are not."), "{body}");
        assert!(!body.contains("Something else") && !body.contains("Nobody"), "{body}");
        assert!(body.contains(&format!("https://galley.example/v1/comments/{}", id(&answer))), "{body}");

        let header = notice["headers"]["List-Unsubscribe"].as_str().unwrap();
        let one_click = header.strip_prefix("<https://galley.example").and_then(|rest| rest.strip_suffix('>')).unwrap();
        assert_eq!(one_click.rsplit('/').next().unwrap(), after(notice, "#unsubscribe="));
        let opened = app.reader().get(one_click).await.expect(303);
        assert_eq!(opened.header("location"), format!("https://galley.example/subscriptions#unsubscribe={}", after(notice, "#unsubscribe=")));
        assert_eq!(count(&app, "comment_subscriptions").await, "1", "opening a link ends nothing");
        let request = || app.reader().request(Method::POST, one_click).body("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
        app.rehearse_and_send(request).await.expect(204);
        request().send().await.expect(204);
        app.reader().request(Method::POST, one_click).send().await.expect(204);
        for table in ["comment_subscriptions", "comment_notices", "mail_messages"] {
            assert_eq!(count(&app, table).await, "0", "{table}: the address is forgotten");
        }
        app.state.clock.advance(Duration::hours(1));
        posted(&app, &article, Some(&comment), "Too late.").await;
        work(&app).await;
        assert_eq!(server.mails().len(), 2);
    }

    async fn what_comes_within_ten_minutes_is_one_mail(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        let confirmed = subscribed(&app, &server, &comments_on(&article), GRACE).await;
        assert_eq!(confirmed.get("comment_id"), None);
        posted(&app, &article, None, "One.").await;
        work(&app).await;
        assert_eq!(server.mails().len(), 2, "the first is told of at once");
        for number in 2..30 {
            posted(&app, &article, None, &format!("Number {number}.")).await;
        }
        app.state.clock.advance(Duration::minutes(9));
        work(&app).await;
        assert_eq!(server.mails().len(), 2);
        app.state.clock.advance(Duration::minutes(1));
        work(&app).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 3);
        assert_eq!(mails[2]["headers"]["Subject"], "New comments on Ships");
        let body = mails[2]["body"].as_str().unwrap();
        assert_eq!(body.matches("> Number ").count(), 20, "{body}");
        assert!(body.contains("There are 8 more."), "{body}");
        app.state.clock.advance(Duration::minutes(30));
        work(&app).await;
        assert_eq!(server.mails().len(), 3, "nobody is told twice");
    }

    async fn a_comment_is_told_of_when_it_is_shown_for_the_first_time(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        let moderator = app.lasting_account(Role::Moderator).await;
        subscribed(&app, &server, &comments_on(&article), GRACE).await;
        let thread = format!("/v1/editorial/threads/{}", id(&article));
        let early = posted(&app, &article, None, "Shown at once.").await;
        moderator.request(Method::PATCH, &thread).json(&json!({"moderation": "pre"})).send().await.expect(200);
        let held = posted_by(&app, &article, "ada@example.org", "Held.").await;
        let own = posted_by(&app, &article, GRACE, "Her own.").await;
        let spam = posted_by(&app, &article, "spam@example.org", "Spam.").await;
        app.state.clock.advance(Duration::minutes(10));
        work(&app).await;
        let told = |server: &SmtpServer| -> Vec<String> {
            let mails = server.mails();
            let bodies = mails.iter().skip(1).map(|mail| mail["body"].as_str().unwrap().to_owned());
            bodies.flat_map(|body| body.lines().filter(|line| line.starts_with("> ")).map(str::to_owned).collect::<Vec<_>>()).collect()
        };
        assert_eq!(told(&server), ["> Shown at once."]);
        for (comment, state) in [(&held, "approved"), (&own, "approved"), (&spam, "spam"), (&early, "rejected"), (&early, "approved")] {
            decide(&moderator, comment, state).await;
        }
        app.state.clock.advance(Duration::minutes(10));
        work(&app).await;
        assert_eq!(told(&server), ["> Shown at once.", "> Held."]);
        for state in ["rejected", "approved", "removed", "approved"] {
            decide(&moderator, &held, state).await;
        }
        decide(&moderator, &spam, "approved").await;
        decide(&moderator, &spam, "spam").await;
        app.state.clock.advance(Duration::minutes(10));
        work(&app).await;
        assert_eq!(told(&server), ["> Shown at once.", "> Held."], "what was taken away meanwhile is not told of");
    }

    async fn each_is_told_of_what_stands_below_their_comment(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let ada = app.editor().await;
        let (article, other) = (ada.published("Ships").await, ada.published("Boats").await);
        let first = posted(&app, &article, None, "First.").await;
        let second = posted(&app, &article, None, "Second.").await;
        let below = posted(&app, &article, Some(&first), "Below the first.").await;
        let elsewhere = posted(&app, &other, None, "Elsewhere.").await;
        for (path, email) in [
            (replies_to(&first), "first@example.org"),
            (replies_to(&second), "second@example.org"),
            (replies_to(&below), "below@example.org"),
            (comments_on(&article), "article@example.org"),
            (comments_on(&other), "other@example.org"),
            (replies_to(&elsewhere), "elsewhere@example.org"),
        ] {
            subscribed(&app, &server, &path, email).await;
        }
        posted(&app, &article, Some(&below), "Deep.").await;
        work(&app).await;
        let mails = server.mails();
        let mut told: Vec<&str> = mails.iter().skip(6).map(|mail| mail["recipients"][0].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, ["article@example.org", "below@example.org", "first@example.org"]);
        let addresses: std::collections::BTreeSet<&str> = mails.iter().skip(6).map(|mail| after(mail, "#unsubscribe=")).collect();
        assert_eq!(addresses.len(), 3, "each ends their own");
        assert_eq!(sent_to(&mails, "article@example.org")[1]["headers"]["Subject"], "New comment on Ships");
    }

    async fn a_server_that_is_down_is_tried_until_it_is_up(app: TestApp) {
        let address = smtp::free_address();
        let app = with_mail_at(app, address).await;
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        // Each wait is at most a fifth longer.
        for (attempts, minutes) in [(1, 1), (2, 5), (3, 30), (4, 120)] {
            work(&app).await;
            let reason = "the server cannot be reached, or broke off (the connection)";
            assert_eq!(queue(&app).await, [format!("{GRACE} waiting {attempts} {reason}")]);
            app.state.clock.advance(Duration::minutes(minutes) - Duration::seconds(1));
            work(&app).await;
            assert_eq!(queue(&app).await, [format!("{GRACE} waiting {attempts} {reason}")], "it is not tried too early");
            app.state.clock.advance(Duration::seconds(1 + minutes * 12));
        }
        let Some(server) = smtp::serve(address, "a_server_that_is_down_is_tried_until_it_is_up") else { return };
        work(&app).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0]["headers"]["Date"], "Sun, 01 Mar 2026 12:00:00 +0000", "of when it was written");
        assert_eq!(queue(&app).await, Vec::<String>::new());
    }

    async fn nothing_is_sent_unprotected_where_the_settings_ask_for_encryption(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let url = format!("smtp://user:hunter2@{}?tls=required", server.address);
        let mail = MailSettings::new(&url, "notices@news.example").unwrap();
        let app = app.reconfigured(|settings| settings.mail = Some(mail)).await;
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        work(&app).await;
        assert_eq!(server.mails(), Vec::<Value>::new());
        let waiting = queue(&app).await;
        assert!(waiting[0].starts_with("grace@example.org waiting 1 "), "{waiting:?}");
    }

    async fn a_message_is_given_up_after_two_days(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        // Confirmed, so that the mail does not go with the subscription.
        app.run_sql("UPDATE comment_subscriptions SET confirmed_at = created_at").await;
        for _ in 0..9 {
            work(&app).await;
            app.state.clock.advance(Duration::hours(29));
        }
        let reason = "the server cannot be reached, or broke off (the connection)";
        assert_eq!(queue(&app).await, [format!("{GRACE} failed 8 {reason}")]);
        app.state.clock.advance(Duration::days(7));
        work(&app).await;
        assert_eq!(queue(&app).await, Vec::<String>::new(), "the address is not kept");
    }

    async fn a_refusal_for_good_is_the_last_attempt_and_one_for_now_is_not(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        for name in ["refused", "later", "grace"] {
            subscribe(&app, &comments_on(&article), &format!("{name}@example.org")).await.expect(202);
        }
        work(&app).await;
        // What the server said is not kept, since it names the address.
        let expected = ["later@example.org waiting 1 refused for now (451)", "refused@example.org failed 1 refused for good (550)"];
        assert_eq!(queue(&app).await, expected);
        assert_eq!(sent_to(&server.mails(), GRACE).len(), 1, "no other has to wait");
        app.state.clock.advance(Duration::minutes(2));
        work(&app).await;
        let expected = ["later@example.org waiting 2 refused for now (451)", "refused@example.org failed 1 refused for good (550)"];
        assert_eq!(queue(&app).await, expected);
    }

    async fn a_message_that_was_taken_before_the_connection_broke_is_known_again(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), "broken@example.org").await.expect(202);
        work(&app).await;
        assert_eq!(queue(&app).await.len(), 1, "nobody said that it was taken");
        app.state.clock.advance(Duration::minutes(2));
        work(&app).await;
        assert_eq!(queue(&app).await, Vec::<String>::new());
        let mails = server.mails();
        let [one, other] = mails.as_slice() else { panic!("{mails:#?}") };
        assert_eq!((&one["headers"], &one["body"]), (&other["headers"], &other["body"]));
        assert!(one["headers"]["Message-ID"].as_str().unwrap().ends_with("@news.example>"));
    }

    async fn what_a_dead_instance_held_is_sent_by_another(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        let now = RowTime::from(app.state.clock.now());
        let until = RowTime::from(app.state.clock.now() + Duration::minutes(5));
        let claimed: Result<Option<MailRow>, Failure> = write_unit!(&app.state.database, mail::claim(now, until));
        assert_eq!(claimed.unwrap().unwrap().attempts, 1);
        let is_due: Result<bool, Failure> = read!(&app.state.database, mail::is_any_due(now));
        assert!(!is_due.unwrap());
        app.state.clock.advance(Duration::minutes(4));
        work(&app).await;
        assert_eq!(server.mails().len(), 0, "it may still be sent by who holds it");
        app.state.clock.advance(Duration::minutes(1));
        work(&app).await;
        assert_eq!(server.mails().len(), 1);
        assert_eq!(queue(&app).await, Vec::<String>::new());
    }

    async fn any_number_of_instances_sends_each_message_once(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let (article, other) = (app.editor().await.published("Ships").await, app.another_instance().await);
        for number in 0..18 {
            subscribe(&app, &comments_on(&article), &format!("reader{number}@example.org")).await.expect(202);
        }
        let (one, two) = tokio::join!(jobs::run_due(&app.state), jobs::run_due(&other));
        assert_eq!(one.unwrap() + two.unwrap(), 18);
        let mails = server.mails();
        let recipients: std::collections::BTreeSet<String> = mails.iter().map(|mail| mail["recipients"].to_string()).collect();
        assert_eq!((mails.len(), recipients.len()), (18, 18));
        let connections: std::collections::BTreeSet<String> = mails.iter().map(|mail| mail["connection"].to_string()).collect();
        assert!(connections.len() <= 8, "a connection is used again: {connections:?}");

        app.run_sql("UPDATE comment_subscriptions SET confirmed_at = created_at").await;
        posted(&app, &article, None, "News.").await;
        let (one, two) = tokio::join!(jobs::run_due(&app.state), jobs::run_due(&other));
        one.unwrap();
        two.unwrap();
        work(&app).await;
        assert_eq!(server.mails().len(), 36);
    }

    async fn the_doctor_tells_of_mails_that_are_not_sent(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        let look = async || {
            let report = examine(&app.state.settings, &app.state.database, None, app.state.clock.now()).await.unwrap();
            report.checks.into_iter().find(|check| check.check.as_str() == "mail").unwrap()
        };
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        assert_eq!(look().await.state, CheckState::Passed);
        app.state.clock.advance(Duration::hours(1));
        let check = look().await;
        assert_eq!(check.state, CheckState::Failed);
        assert!(check.findings[0].starts_with("1 mails were not sent within 60 minutes"), "{check:?}");
        app.run_sql("UPDATE mail_messages SET state = 'failed', failed_at = created_at").await;
        let check = look().await;
        assert_eq!((check.state, check.summary.as_str()), (CheckState::Passed, "mails that wait to be sent; 1 were refused for good within a week"));
    }

    async fn nobody_learns_whether_an_address_is_known(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        let comment = posted(&app, &article, None, "Are they fast?").await;
        for path in [replies_to(&comment), comments_on(&article)] {
            let unknown = said(&subscribe(&app, &path, GRACE).await.expect(202));
            assert_eq!(said(&subscribe(&app, &path, GRACE).await), unknown, "one that waits to be confirmed");
            for _ in 0..5 {
                assert_eq!(said(&subscribe(&app, &path, GRACE).await), unknown, "one that had too many mails");
            }
            app.run_sql("UPDATE comment_subscriptions SET confirmed_at = created_at").await;
            assert_eq!(said(&subscribe(&app, &path, GRACE).await), unknown, "one that is confirmed");
            app.run_sql("DELETE FROM confirmation_counts").await;
        }
        let confirmed = app.lines("SELECT email AS line FROM comment_subscriptions WHERE confirmed_at IS NOT NULL".to_owned()).await;
        assert_eq!(confirmed, [GRACE, GRACE], "asking again takes nothing away");
    }

    async fn nobody_can_be_flooded_with_confirmations(app: TestApp) {
        let app = with_queue(app).await;
        let ada = app.editor().await;
        let mut articles = Vec::new();
        for number in 0..5 {
            articles.push(ada.published(&format!("Ships {number}")).await);
        }
        let ask = async |address: &str, article: &Value, email: &str| {
            let request = app.reader().request(Method::POST, &comments_on(article)).from(address);
            request.json(&json!({"email": email})).send().await.expect(202);
        };
        for (number, article) in articles.iter().enumerate() {
            ask(&format!("192.0.2.{number}"), article, GRACE).await;
        }
        assert_eq!(queue(&app).await.len(), 3, "an address gets three within a day");
        for number in 0..30 {
            ask("198.51.100.7", &articles[0], &format!("reader{number}@example.org")).await;
        }
        assert_eq!(queue(&app).await.len(), 23, "a network asks for twenty within a day");
        assert_eq!(count(&app, "comment_subscriptions").await, "23");
        ask("203.0.113.9", &articles[0], "somebody@example.org").await;
        assert_eq!(queue(&app).await.len(), 24, "others are not kept from it");
        app.state.clock.advance(Duration::hours(24));
        ask("192.0.2.1", &articles[3], GRACE).await;
        ask("198.51.100.7", &articles[0], "reader29@example.org").await;
        assert_eq!(queue(&app).await.len(), 26);
    }

    async fn a_second_request_replaces_the_mail_of_the_first(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        work(&app).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        app.reader().post(CONFIRM, json!({"token": after(&mails[0], "#confirm=")})).await.expect(200);
    }

    async fn an_address_that_nobody_confirms_is_forgotten(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        work(&app).await;
        let mails = server.mails();
        let token = json!({"token": after(&mails[0], "#confirm=")});
        app.state.clock.advance(Duration::hours(48));
        app.reader().post(CONFIRM, token.clone()).await.problem(404, "subscription-link-invalid");
        work(&app).await;
        for table in ["comment_subscriptions", "confirmation_counts", "mail_messages"] {
            assert_eq!(count(&app, table).await, "0", "{table}");
        }
        app.reader().post(CONFIRM, token).await.problem(404, "subscription-link-invalid");
    }

    async fn no_mail_no_subscriptions(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let comment = posted(&app, &article, None, "Are they fast?").await;
        for path in [replies_to(&comment), comments_on(&article)] {
            let problem = subscribe(&app, &path, GRACE).await.problem(404, "notifications-off");
            assert_eq!(problem["detail"], "This installation sends no mail: subscriptions are off.");
        }
        assert_eq!(count(&app, "comment_subscriptions").await, "0");
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
    }

    async fn nobody_is_told_later_of_what_came_while_mail_was_off(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Ships").await;
        subscribed(&app, &server, &comments_on(&article), GRACE).await;
        posted(&app, &article, None, "Meanwhile.").await;
        let mail = app.state.settings.mail.clone();
        let app = app.reconfigured(|settings| settings.mail = None).await;
        work(&app).await;
        let app = app.reconfigured(|settings| settings.mail = mail).await;
        app.state.clock.advance(Duration::hours(1));
        work(&app).await;
        assert_eq!(server.mails().len(), 1);
    }

    async fn what_is_no_address_is_refused(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        let comment = posted(&app, &article, None, "Are they fast?").await;
        for path in [replies_to(&comment), comments_on(&article)] {
            for email in [
                "", "grace", "grace@", "grace@example.org\r\nBcc: everybody@example.org", "grace@example.org\nSubject: Cheap",
                "a@example.org, b@example.org", "Grace <grace@example.org>", "größe@example.org",
            ] {
                let problem = subscribe(&app, &path, email).await.problem(422, "validation-failed");
                let fault = only_fault(&problem);
                assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/email"), &json!("invalid-email")), "{email:?}");
            }
            for (body, code) in [(json!({}), "required"), (json!({"email": 7}), "wrong-type"), (json!({"email": GRACE, "name": "x"}), "unknown")] {
                let problem = app.reader().post(&path, body).await.problem(422, "validation-failed");
                assert_eq!(only_fault(&problem)["code"], code);
            }
            let request = app.reader().request(Method::POST, &path);
            request.body("text/plain", GRACE).send().await.problem(415, "unsupported-media-type");
            let request = app.reader().request(Method::POST, &path);
            request.body("application/json", "{").send().await.problem(400, "malformed-json");
        }
        let nothing = "00000000-0000-7000-8000-000000000000";
        for path in [format!("/v1/comments/{nothing}/subscriptions"), format!("/v1/articles/{nothing}/comment-subscriptions")] {
            subscribe(&app, &path, GRACE).await.problem(404, "not-found");
        }
        subscribe(&app, "/v1/comments/seven/subscriptions", GRACE).await.problem(400, "invalid-parameter");
        assert_eq!(count(&app, "comment_subscriptions").await, "0");
        assert_eq!(count(&app, "confirmation_counts").await, "0");
    }

    async fn what_readers_do_not_see_has_no_subscriptions(app: TestApp) {
        let app = with_queue(app).await;
        let (ada, moderator) = (app.editor().await, app.account(Role::Moderator).await);
        let draft = ada.draft("Secret").await;
        subscribe(&app, &comments_on(&draft), GRACE).await.problem(404, "not-found");
        let article = ada.published("Ships").await;
        let comment = posted(&app, &article, None, "Are they fast?").await;
        decide(&moderator, &comment, "rejected").await;
        subscribe(&app, &replies_to(&comment), GRACE).await.problem(404, "not-found");
        decide(&moderator, &comment, "approved").await;
        let thread = format!("/v1/editorial/threads/{}", id(&article));
        moderator.request(Method::PATCH, &thread).json(&json!({"state": "hidden"})).send().await.expect(200);
        subscribe(&app, &replies_to(&comment), GRACE).await.problem(404, "not-found");
        subscribe(&app, &comments_on(&article), GRACE).await.problem(404, "not-found");
    }

    async fn tokens_that_nobody_was_sent_are_good_for_nothing(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        subscribe(&app, &comments_on(&article), GRACE).await.expect(202);
        for token in ["x", "Zk3vTq0c9yHq2m4sJ8dW1xB7nL5rA6eP0uGtYiOoKfC"] {
            app.reader().post(CONFIRM, json!({"token": token})).await.problem(404, "subscription-link-invalid");
            let path = format!("/v1/comment-subscriptions/unsubscribe/{token}");
            app.reader().request(Method::POST, &path).send().await.problem(404, "subscription-link-invalid");
            app.reader().get(&path).await.problem(404, "subscription-link-invalid");
        }
        for (token, code) in [(json!(""), "empty"), (json!("a\nb"), "control-character"), (json!("x".repeat(201)), "too-long"), (json!(7), "wrong-type")] {
            let problem = app.reader().post(CONFIRM, json!({"token": token})).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/token"), &json!(code)));
        }
        let confirmed = app.lines("SELECT email AS line FROM comment_subscriptions WHERE confirmed_at IS NULL".to_owned()).await;
        assert_eq!(confirmed, [GRACE]);
        let stored = app.lines("SELECT body_text AS line FROM mail_messages".to_owned()).await.remove(0);
        let (_, rest) = stored.split_once("#confirm=").unwrap();
        let hashes = app.lines("SELECT token_hash AS line FROM comment_subscriptions".to_owned()).await;
        assert!(!hashes[0].contains(rest.lines().next().unwrap()), "only the hash of a token stands with the address");
    }

    async fn a_request_that_is_rehearsed_or_sent_twice_sends_one_mail(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        let path = comments_on(&article);
        let request = || app.reader().request(Method::POST, &path).json(&json!({"email": GRACE}));
        app.rehearse_and_send(request).await.expect(202);
        request().key("once").send().await.expect(202);
        let again = request().key("once").send().await.expect(202);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(queue(&app).await.len(), 1);
        let problem = request().header("Idempotency-Key", "\"no end").send().await;
        problem.problem(400, "malformed-request");
    }

    async fn no_name_of_a_reader_gets_into_a_header(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let article = app.editor().await.published("Größe — \"ships\", <boats>").await;
        subscribed(&app, &server, &comments_on(&article), GRACE).await;
        let path = format!("/v1/articles/{}/comments", id(&article));
        let comment = |name: &str| json!({"author_name": name, "body_markdown": "Text.\n\n.\n\nBcc: everybody@example.org"});
        let problem = app.reader().post(&path, comment("Grace\r\nBcc: everybody@example.org")).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["code"], "control-character");
        app.reader().post(&path, comment("Bcc: everybody@example.org")).await.expect(201);
        work(&app).await;
        let mails = server.mails();
        let notice = &mails[1];
        assert_eq!(notice["recipients"], json!([GRACE]));
        assert_eq!(notice["headers"]["Bcc"], Value::Null);
        assert_eq!(notice["headers"]["Subject"], "New comment on Größe — \"ships\", <boats>");
        let body = notice["body"].as_str().unwrap();
        assert!(body.contains("> .\n") && body.contains("> Bcc: everybody@example.org\n"), "{body}");
    }

    async fn links_lead_to_the_pages_of_the_site_where_it_has_some(app: TestApp) {
        let Some((app, server)) = with_mail(app).await else { return };
        let app = app.reconfigured(|settings| settings.subscription_page = Some("https://news.example/mails".to_owned())).await;
        let root = app.account(Role::Administrator).await;
        root.patch("/v1/editorial/settings", "*", json!({"article_url": "https://news.example/stories/{slug}"})).await.expect(200);
        let article = app.editor().await.published("Ships").await;
        subscribed(&app, &server, &comments_on(&article), GRACE).await;
        let comment = posted(&app, &article, None, "News.").await;
        work(&app).await;
        let mails = server.mails();
        assert!(mails[0]["body"].as_str().unwrap().contains("https://news.example/mails#confirm="));
        let body = mails[1]["body"].as_str().unwrap();
        assert!(body.contains(&format!("https://news.example/stories/ships#comment-{}\n", id(&comment))), "{body}");
        assert!(body.contains("https://news.example/mails#unsubscribe="), "{body}");
        let header = mails[1]["headers"]["List-Unsubscribe"].as_str().unwrap();
        assert!(header.starts_with("<https://galley.example/v1/comment-subscriptions/unsubscribe/"), "{header}");
    }

    async fn no_answer_and_no_log_of_the_newsroom_shows_an_address(app: TestApp) {
        let app = with_queue(app).await;
        let article = app.editor().await.published("Ships").await;
        let comment = posted(&app, &article, None, "Are they fast?").await;
        subscribe(&app, &replies_to(&comment), GRACE).await.expect(202);
        let root = app.account(Role::Administrator).await;
        for path in ["/v1/editorial/audit", "/v1/editorial/comments"] {
            assert!(!root.get(path).await.expect(200).text().contains(GRACE), "{path}");
        }
    }
}

#[actix_web::test]
async fn the_page_of_links_is_the_same_for_everybody_and_runs_nothing_else() {
    let app = TestApp::on_sqlite().await;
    let page = app.reader().get("/subscriptions").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; script-src 'self'")
    );
    assert!(page.text().contains("src=\"subscriptions/page.js\""));
    let refused = app.reader().post("/subscriptions", json!({})).await;
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
    refused.problem(405, "method-not-allowed");
    let script = app.reader().get("/subscriptions/page.js").await.expect(200);
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(script.header("x-content-type-options"), "nosniff");
    for path in [
        "v1/comment-subscriptions/confirm",
        "v1/comment-subscriptions/unsubscribe/",
    ] {
        assert!(script.text().contains(path), "{path}");
    }
}
