//! What the server does by itself, from its start on.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use serde_json::json;

use crate::program::Server;
use crate::{ADMINISTRATOR, EMAIL, PASSWORD};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn what_came_due_while_the_server_was_down_is_done_when_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &ADMINISTRATOR);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let key = "Idempotency-Key: 8e03978e\r\n";
    let made = editor.try_send("POST", "/v1/editorial/authors", key, &json!({"name": "Grace"}));
    assert_eq!(made.unwrap().status, 201);
    server.stop();

    let path = folder.path().join("data/galley.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    database.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let mut kept = || {
        let query = sql_query("SELECT count(*) AS count FROM idempotency_records");
        query.get_result::<Count>(&mut database).unwrap().count
    };
    assert_eq!(kept(), 1);
    let mut clock = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    clock
        .batch_execute("UPDATE idempotency_records SET expires_at = 0")
        .unwrap();
    drop(clock);

    let server = Server::start(folder.path(), &ADMINISTRATOR);
    let deadline = Instant::now() + Duration::from_secs(20);
    while kept() > 0 {
        assert!(Instant::now() < deadline, "the answer is not forgotten");
        thread::sleep(Duration::from_millis(50));
    }
    server.stop();
}
