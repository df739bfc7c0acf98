//! What is scheduled: done to the second while the server runs, and at its start if it did not run then.

use std::thread;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use galley::clock::Clock;
use serde_json::{Value, json};

use crate::program::{Connection, Server};
use crate::{ADMINISTRATOR, EMAIL, PASSWORD, postgres, schema_of_its_own, wait_until};

/// How far ahead publications are scheduled: long enough to kill the server before.
const AHEAD: Duration = Duration::from_secs(2);

/// The server looks once a second. A machine under load may take its time.
const AT_MOST: Duration = Duration::from_secs(5);

/// Long enough for every instance to look at least once more.
const ANOTHER_LOOK: Duration = Duration::from_millis(2_500);

#[test]
fn what_came_due_while_the_server_was_down_is_published_once_when_it_starts_on_sqlite() {
    publish_after_a_kill(1, &[]);
}

#[test]
fn what_came_due_while_the_server_was_down_is_published_once_when_two_instances_start_on_postgres() {
    let test = "what_came_due_while_the_server_was_down_is_published_once_when_two_instances_start_on_postgres";
    let Some(base) = postgres::server(test) else { return };
    let url = schema_of_its_own(base, &format!("schedule_start_test_{}", std::process::id()));
    publish_after_a_kill(2, &[("DATABASE_URL", &url)]);
}

#[test]
fn a_running_server_publishes_to_the_second_on_sqlite() {
    publish_while_running(&[]);
}

#[test]
fn a_running_server_publishes_to_the_second_on_postgres() {
    let Some(base) = postgres::server("a_running_server_publishes_to_the_second_on_postgres") else {
        return;
    };
    let url = schema_of_its_own(base, &format!("schedule_run_test_{}", std::process::id()));
    publish_while_running(&[("DATABASE_URL", &url)]);
}

#[test]
fn a_thread_that_came_due_while_the_server_was_down_is_closed_once_when_it_starts_on_sqlite() {
    close_after_a_kill(1, &[]);
}

#[test]
fn a_thread_that_came_due_while_the_server_was_down_is_closed_once_when_two_instances_start_on_postgres() {
    let test = "a_thread_that_came_due_while_the_server_was_down_is_closed_once_when_two_instances_start_on_postgres";
    let Some(base) = postgres::server(test) else { return };
    let url = schema_of_its_own(base, &format!("closing_start_test_{}", std::process::id()));
    close_after_a_kill(2, &[("DATABASE_URL", &url)]);
}

/// Publishes an article whose thread will close soon, kills the server before, and starts some instances at once after it.
fn close_after_a_kill(instances: usize, database: &[(&str, &str)]) {
    let public_url = ("GALLEY_PUBLIC_URL", "https://galley.example");
    let settings: Vec<(&str, &str)> = [&ADMINISTRATOR[..], &[public_url], database].concat();
    let folders: Vec<_> = (0..instances).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut server = Server::start(folders[0].path(), &settings);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let closes_at = Clock::System.now() + AHEAD;
    let article = json!({
        "title": "At dusk", "body_markdown": "The cranes stood still.", "status": "published",
        "published_at": written(closes_at - TimeDelta::days(1)),
    });
    let made = editor.send("POST", "/v1/editorial/articles", Some(&article));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let thread = format!("/v1/editorial/threads/{id}");
    let ruled = editor.send("PATCH", &thread, Some(&json!({"close_after_days": 1})));
    assert_eq!(
        (ruled.status, &ruled.json()["closes_at"]),
        (200, &json!(written(closes_at)))
    );
    assert_eq!(read(&server, &id).1["comments"]["state"], "open");
    server.signal("KILL");
    assert_eq!(server.ended().code(), None, "it ended by the signal");
    wait_until(|| Clock::System.now() > closes_at);

    let servers: Vec<Server> = thread::scope(|scope| {
        let start = |folder: &tempfile::TempDir| Server::start(folder.path(), &settings);
        let starts: Vec<_> = folders
            .iter()
            .map(|folder| scope.spawn(move || start(folder)))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for server in &servers {
        wait_until(|| read(server, &id).1["comments"]["closed_reason"] == "age");
    }
    thread::sleep(ANOTHER_LOOK);
    for server in &servers {
        let mut editor = editor.again(server);
        let transitions = editor.send("GET", &format!("{thread}/transitions"), None).json();
        assert_eq!(transitions["data"].as_array().unwrap().len(), 1, "{transitions}");
        assert_eq!(transitions["data"][0]["reason"], "age");
    }
}

/// Schedules an article, kills the server before its time, and starts some instances at once after it.
fn publish_after_a_kill(instances: usize, database: &[(&str, &str)]) {
    // The token names the public URL, and must outlive the server.
    let public_url = ("GALLEY_PUBLIC_URL", "https://galley.example");
    let settings: Vec<(&str, &str)> = [&ADMINISTRATOR[..], &[public_url], database].concat();
    let folders: Vec<_> = (0..instances).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut server = Server::start(folders[0].path(), &settings);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let (id, publish_at) = schedule(&mut editor);
    assert_eq!(read(&server, &id).0, 404);
    server.signal("KILL");
    assert_eq!(server.ended().code(), None, "it ended by the signal");
    wait_until(|| Clock::System.now() > publish_at);

    let servers: Vec<Server> = thread::scope(|scope| {
        let start = |folder: &tempfile::TempDir| Server::start(folder.path(), &settings);
        let starts: Vec<_> = folders
            .iter()
            .map(|folder| scope.spawn(move || start(folder)))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let started = Clock::System.now();
    for server in &servers {
        wait_until(|| read(server, &id).0 == 200);
    }
    let waited = Clock::System.now() - started;
    assert!(waited.to_std().unwrap() < AT_MOST, "{waited}");
    thread::sleep(ANOTHER_LOOK);
    for server in &servers {
        assert_published_once(server, &mut editor.again(server), &id, publish_at);
    }
}

/// Schedules an article, and waits until readers see it.
fn publish_while_running(database: &[(&str, &str)]) {
    let settings: Vec<(&str, &str)> = [&ADMINISTRATOR[..], database].concat();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &settings);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let (id, publish_at) = schedule(&mut editor);
    wait_until(|| read(&server, &id).0 == 200);
    let waited = Clock::System.now() - publish_at;
    assert!(waited >= TimeDelta::zero(), "it was shown before its time: {waited}");
    assert!(waited.to_std().unwrap() < AT_MOST, "{waited}");
    thread::sleep(ANOTHER_LOOK);
    assert_published_once(&server, &mut editor, &id, publish_at);
}

/// An article that will be published by itself, and when.
fn schedule(editor: &mut Connection) -> (String, DateTime<Utc>) {
    let draft = json!({"title": "At dawn", "body_markdown": "The *cranes* stood still."});
    let made = editor.send("POST", "/v1/editorial/articles", Some(&draft));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let publish_at = Clock::System.now() + AHEAD;
    let times = json!({"publish_at": written(publish_at)});
    let scheduled = editor.send("POST", &format!("/v1/editorial/articles/{id}/schedule"), Some(&times));
    assert_eq!(scheduled.status, 200, "{}", scheduled.text());
    assert_eq!(scheduled.json()["status"], "scheduled");
    (id, publish_at)
}

/// What a reader gets.
fn read(server: &Server, id: &str) -> (u16, Value) {
    let reply = server.connect().send("GET", &format!("/v1/articles/{id}"), None);
    (reply.status, reply.json())
}

fn assert_published_once(server: &Server, editor: &mut Connection, id: &str, publish_at: DateTime<Utc>) {
    let (status, shown) = read(server, id);
    assert_eq!((status, &shown["published_at"]), (200, &json!(written(publish_at))));
    let path = format!("/v1/editorial/articles/{id}");
    let transitions = editor.send("GET", &format!("{path}/transitions"), None).json();
    let steps: Vec<_> = transitions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|transition| (transition["step"].clone(), transition["made_by"].clone()))
        .collect();
    assert_eq!(
        steps,
        [
            (json!("publish"), json!("schedule")),
            (json!("schedule"), json!("request"))
        ]
    );
    let copy = editor.send("GET", &path, None).json();
    assert_eq!(
        (&copy["status"], &copy["schedule"]),
        (&json!("published"), &Value::Null)
    );
}

/// A time as the API writes it.
fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
