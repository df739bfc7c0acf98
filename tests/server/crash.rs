//! A server that is killed while it writes: sent again with the same keys, every write has taken effect once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::program::{Connection, Reply, Server};
use crate::{ADMINISTRATOR, EMAIL, PASSWORD, postgres, schema_of_its_own, wait_until};

/// Writers at work when the server is killed.
const WRITERS: usize = 8;

/// Articles in all, each written in three requests, and how many new answers come in before each kill. So many are left
/// for the last round that it, too, does something new.
const ARTICLES: usize = 200;
const WRITES: usize = 3;
const ANSWERS_BEFORE_A_KILL: usize = 80;
const KILLS: usize = 3;

/// A write: the number of the article, and which of its requests it is.
type Place = (usize, usize);

/// What was answered first to each write: the entity tag and the body.
type Answers = Mutex<BTreeMap<Place, (String, Vec<u8>)>>;

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
    let answers = Answers::default();
    let mut server = Server::start(folder, &settings);
    let editor = server.log_in(EMAIL, PASSWORD);
    for _ in 0..KILLS {
        let enough = answers.lock().unwrap().len() + ANSWERS_BEFORE_A_KILL;
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| write_all(&server, &editor, &answers));
            wait_until(|| answers.lock().unwrap().len() >= enough);
            server.signal("KILL");
            assert!(!writing.join().unwrap(), "the server was killed too late");
        });
        assert_eq!(server.ended().code(), None, "it ended by the signal");
        server = Server::start(folder, &settings);
    }
    let answered = answers.lock().unwrap().len();
    assert!(answered < ARTICLES * WRITES, "nothing was left to do");
    assert!(write_all(&server, &editor, &answers));
    assert_every_effect_once(&server, &editor);
    server.stop();
}

/// Writes every article with its keys, also those that were answered before, from many connections at once. Tells whether
/// all was answered; if not, the server is gone.
fn write_all(server: &Server, editor: &Connection, answers: &Answers) -> bool {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = editor.again(server);
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= ARTICLES {
                            return true;
                        }
                        if write_article(&mut connection, number, answers).is_none() {
                            return false;
                        }
                    }
                })
            })
            .collect();
        writers.into_iter().all(|writer| writer.join().unwrap())
    })
}

/// Makes an article and changes it twice, as a script does that begins again from its first line when it is interrupted:
/// what it sends with `If-Match` is what it was answered before. Nothing, if the server is gone.
fn write_article(connection: &mut Connection, number: usize, answers: &Answers) -> Option<()> {
    let made = write(connection, (number, 0), "POST", "", &first_body(number))?;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let mut tag = remember(answers, (number, 0), made);
    for (write_number, change) in (1..).zip(changes(number)) {
        let place = (number, write_number);
        let changed = write(connection, place, "PATCH", &format!("/{id} {tag}"), &change)?;
        tag = remember(answers, place, changed);
    }
    Some(())
}

fn title(number: usize) -> String {
    format!("Article {number:03}")
}

fn is_published(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn first_body(number: usize) -> Value {
    let status = if is_published(number) { "published" } else { "draft" };
    json!({"title": title(number), "body_markdown": "Some *text*.", "status": status})
}

fn changes(number: usize) -> [Value; WRITES - 1] {
    [
        json!({"subtitle": format!("The subtitle of {number}"), "tags": ["Crashes"]}),
        json!({"body_markdown": format!("The text of {number}.")}),
    ]
}

/// Sends a write with its key. `target` is the end of the path and, after a blank, what goes into `If-Match`.
fn write(connection: &mut Connection, place: Place, method: &str, target: &str, body: &Value) -> Option<Reply> {
    let (number, write) = place;
    let (path, tag) = target.split_once(' ').unwrap_or((target, ""));
    let condition = match tag.is_empty() {
        true => String::new(),
        false => format!("If-Match: {tag}\r\n"),
    };
    let lines = format!("Idempotency-Key: \"crash-{number}-{write}\"\r\n{condition}");
    let reply = connection.try_send(method, &format!("/v1/editorial/articles{path}"), &lines, body);
    reply.ok()
}

/// Passes if an answer that came before has come again and says so. Gives the entity tag.
fn remember(answers: &Answers, place: Place, reply: Reply) -> String {
    let wanted = if place.1 == 0 { 201 } else { 200 };
    assert_eq!(reply.status, wanted, "{place:?}: {}", reply.text());
    let is_replayed = reply.header("idempotent-replayed") == Some("true");
    let tag = reply.header("etag").unwrap().to_owned();
    let told = format!("{place:?}: {} {}", reply.head, reply.text());
    let answer = (tag.clone(), reply.body);
    // Without an answer before, it may have been carried out all the same, and the answer lost.
    if let Some(before) = answers.lock().unwrap().insert(place, answer.clone()) {
        assert!(is_replayed && before == answer, "{told}");
    }
    tag
}

/// Passes if every article is there once, under its own slug, has one revision for each write, and was published once or
/// never.
fn assert_every_effect_once(server: &Server, editor: &Connection) {
    let mut connection = editor.again(server);
    let mut found = listed(&mut connection, "/v1/editorial/articles?limit=100");
    found.sort_by_key(|article| article["title"].as_str().unwrap().to_owned());
    let titles: Vec<&str> = found.iter().map(|article| article["title"].as_str().unwrap()).collect();
    assert_eq!(titles, (0..ARTICLES).map(title).collect::<Vec<_>>());
    for (number, article) in found.iter().enumerate() {
        assert_eq!(article["slug"], format!("article-{number:03}"));
        let path = format!("/v1/editorial/articles/{}", article["id"].as_str().unwrap());
        let revisions = listed(&mut connection, &format!("{path}/revisions?limit=100"));
        let numbers: Vec<&Value> = revisions.iter().map(|revision| &revision["revision"]).collect();
        assert_eq!(numbers, [3, 2, 1], "{number}");
        let transitions = listed(&mut connection, &format!("{path}/transitions?limit=100"));
        let steps: Vec<&Value> = transitions.iter().map(|transition| &transition["step"]).collect();
        let wanted: &[&str] = if is_published(number) { &["publish"] } else { &[] };
        assert_eq!(steps, wanted, "{number}");
    }
    let public = listed(&mut connection, "/v1/articles?limit=100");
    assert_eq!(
        public.len(),
        (0..ARTICLES).filter(|number| is_published(*number)).count()
    );
}

/// All items of a list.
fn listed(connection: &mut Connection, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = connection.send("GET", &format!("{path}{cursor}"), None).json();
        items.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["page"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}
