//! A server that is killed while it writes: sent again with the same keys, every write has taken effect once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Connection, Reply, Server};
use crate::{ADMINISTRATOR, EMAIL, PASSWORD, postgres, schema_of_its_own};

/// Writers at work when the server is killed.
const WRITERS: usize = 8;

/// Writes in all, and how many new answers come in before each kill. So many are left for the last round that it, too, does
/// something new.
const WRITES: usize = 600;
const ANSWERS_BEFORE_A_KILL: usize = 80;
const KILLS: usize = 3;

/// Something that is written once for each number.
struct Work {
    /// Where it is posted, and where all of it is listed.
    path: &'static str,
    /// The member by which a list tells one from another.
    label: &'static str,
    body: fn(&str) -> Value,
}

/// The one place that says what is written.
fn work() -> Work {
    Work {
        path: "/v1/editorial/authors",
        label: "name",
        body: |label| json!({"name": label}),
    }
}

fn label(number: usize) -> String {
    format!("Author {number:03}")
}

/// What was answered first to each number.
type Answers = Mutex<BTreeMap<usize, Vec<u8>>>;

#[test]
fn a_kill_in_the_middle_of_writes_doubles_and_loses_nothing_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    survive_kills(folder.path(), &[]);
}

#[test]
fn a_kill_in_the_middle_of_writes_doubles_and_loses_nothing_on_postgres() {
    let Some(base) = postgres::server("a_kill_in_the_middle_of_writes_doubles_and_loses_nothing_on_postgres") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let url = schema_of_its_own(base, &format!("crash_test_{}", std::process::id()));
    survive_kills(folder.path(), &[("DATABASE_URL", &url)]);
}

fn survive_kills(folder: &Path, database: &[(&str, &str)]) {
    // The token names the public URL, and must outlive the server.
    let public_url = ("GALLEY_PUBLIC_URL", "https://galley.example");
    let settings: Vec<(&str, &str)> = [&ADMINISTRATOR[..], &[public_url], database].concat();
    let (work, answers) = (work(), Answers::default());
    let mut server = Server::start(folder, &settings);
    let editor = server.log_in(EMAIL, PASSWORD);
    for _ in 0..KILLS {
        let enough = answers.lock().unwrap().len() + ANSWERS_BEFORE_A_KILL;
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| write_all(&server, &editor, &work, &answers));
            wait_until(|| answers.lock().unwrap().len() >= enough);
            server.signal("KILL");
            assert!(!writing.join().unwrap(), "the server was killed too late");
        });
        assert_eq!(server.ended().code(), None, "it ended by the signal");
        server = Server::start(folder, &settings);
    }
    let answered = answers.lock().unwrap().len();
    assert!(answered < WRITES, "nothing was left to do");
    assert!(write_all(&server, &editor, &work, &answers));
    assert_eq!(
        listed(&server, &editor, &work),
        (0..WRITES).map(label).collect::<Vec<_>>()
    );
    server.stop();
}

/// Sends every write with its key, also those that were answered before, from many connections at once. Tells whether all
/// were answered; if not, the server is gone.
fn write_all(server: &Server, editor: &Connection, work: &Work, answers: &Answers) -> bool {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = editor.again(server);
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= WRITES {
                            return true;
                        }
                        match write(&mut connection, work, number) {
                            Some(reply) => remember(answers, number, &reply),
                            None => return false,
                        }
                    }
                })
            })
            .collect();
        writers.into_iter().all(|writer| writer.join().unwrap())
    })
}

/// The answer, unless the server is gone.
fn write(connection: &mut Connection, work: &Work, number: usize) -> Option<Reply> {
    let key = format!("Idempotency-Key: \"crash-{number}\"\r\n");
    let reply = connection.try_send("POST", work.path, &key, &(work.body)(&label(number)));
    reply.ok()
}

/// Passes if an answer that came before has come again and says so.
fn remember(answers: &Answers, number: usize, reply: &Reply) {
    assert_eq!(reply.status, 201, "{number}: {}", reply.text());
    let is_replayed = reply
        .head
        .to_ascii_lowercase()
        .contains("\r\nidempotent-replayed: true\r\n");
    // Without an answer before, it may have been carried out all the same, and the answer lost.
    if let Some(before) = answers.lock().unwrap().insert(number, reply.body.clone()) {
        let is_same = is_replayed && before == reply.body;
        assert!(is_same, "{number}: {} {}", reply.head, reply.text());
    }
}

/// The labels of all that is there, in order.
fn listed(server: &Server, editor: &Connection, work: &Work) -> Vec<String> {
    let mut connection = editor.again(server);
    let (mut labels, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = connection
            .send("GET", &format!("{}?limit=100{cursor}", work.path), None)
            .json();
        for item in page["data"].as_array().unwrap() {
            labels.push(item[work.label].as_str().unwrap().to_owned());
        }
        match page["page"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    labels.sort();
    labels
}

fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "it takes too long");
        std::thread::sleep(Duration::from_millis(1));
    }
}
