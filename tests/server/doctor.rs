//! `galley doctor` as a process, beside a server and without one.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::{Server, run};
use super::{ADMINISTRATOR, EMAIL, PASSWORD, article, stderr, stdout};

fn report(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

#[test]
fn the_doctor_looks_at_an_installation_while_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &ADMINISTRATOR);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    editor.send("POST", "/v1/editorial/articles", Some(&article("Ships")));
    let doctor = |arguments: &[&str]| run(folder.path(), &[], &[&["doctor"], arguments].concat());
    // The server chains the entry by itself.
    let deadline = Instant::now() + Duration::from_mins(1);
    let head = loop {
        let looked = doctor(&["--json"]);
        assert!(looked.status.success(), "{}{}", stdout(&looked), stderr(&looked));
        if let Some(head) = report(&looked)["audit_head"].as_str() {
            break head.to_owned();
        }
        assert!(Instant::now() < deadline, "nothing is chained");
    };
    let told = doctor(&["--audit-head", &head]);
    let text = stdout(&told);
    assert!(told.status.success(), "{text}");
    for line in [
        "ok       migrations: ",
        "ok       integrity: ",
        "ok       audit-chain: the entries 1 to ",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(
        text.ends_with(&format!("to note and to give as --audit-head: {head}\n")),
        "{text}"
    );

    let forged = format!("1:{}", "0".repeat(64));
    let other = doctor(&["--json", "--audit-head", &forged]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        stderr(&other).contains("galley: one check failed"),
        "{}",
        stderr(&other)
    );
    let found = report(&other);
    assert_eq!(found["healthy"], false);
    let failed: Vec<&Value> = found["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["state"] == "failed")
        .collect();
    assert_eq!((failed.len(), failed[0]["check"].as_str()), (1, Some("audit-chain")));
    let malformed = doctor(&["--audit-head", "last"]);
    assert_eq!(malformed.status.code(), Some(2));
    assert!(
        stderr(&malformed).contains("the number of an entry, a colon"),
        "{}",
        stderr(&malformed)
    );
}

#[test]
fn the_doctor_makes_nothing_where_there_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let looked = run(folder.path(), &[], &["doctor"]);
    assert_eq!(looked.status.code(), Some(1));
    assert!(
        stderr(&looked).contains("there is no database at "),
        "{}",
        stderr(&looked)
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_fails_the_doctor() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    drop(Server::start(folder.path(), &ADMINISTRATOR));
    let key = folder.path().join("data/keys/signing-key.pem");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let looked = run(folder.path(), &[], &["doctor"]);
    assert_eq!(looked.status.code(), Some(1));
    assert!(
        stdout(&looked).contains("signing-key.pem has the mode 644"),
        "{}",
        stdout(&looked)
    );
}
