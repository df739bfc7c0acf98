//! Uploads over a real socket: cut off half-way, refused before they come, and with no room on the disk.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::program::{Connection, Server};
use crate::{ADMINISTRATOR, EMAIL, PASSWORD, s3, wait_until};

const PATH: &str = "/v1/editorial/media/files/film.mp4";

/// The files below the folder of media.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.join("data/media")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files
}

fn video(length: usize) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    bytes.resize(length, 7);
    bytes
}

/// The head of an upload, with more lines.
fn head(editor: &Connection, length: usize, lines: &str) -> String {
    let head = editor
        .head("PUT", PATH, length)
        .replace("application/json", "video/mp4");
    head.replace("Host: galley\r\n", &format!("Host: galley\r\n{lines}"))
}

fn upload(editor: &mut Connection, bytes: &[u8]) -> crate::program::Reply {
    let head = head(editor, bytes.len(), "");
    // The server may answer, and hang up, before it has all of it.
    let _ = editor.try_write(head.as_bytes()).and_then(|()| editor.try_write(bytes));
    editor.reply()
}

#[test]
fn an_upload_that_breaks_off_half_way_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &ADMINISTRATOR);
    break_off_half_way(folder.path(), &server);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let whole = upload(&mut editor, &video(3_000_000));
    assert_eq!(whole.status, 201, "{}", whole.text());
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn an_upload_to_a_bucket_that_breaks_off_half_way_leaves_nothing() {
    let Some(bucket) = s3::bucket("an_upload_to_a_bucket_that_breaks_off_half_way_leaves_nothing") else {
        return;
    };
    let store = format!("s3://{}/{}", bucket.settings.bucket, bucket.settings.prefix);
    let settings = [
        ADMINISTRATOR[0],
        ADMINISTRATOR[1],
        ("GALLEY_MEDIA_STORE", store.as_str()),
        ("GALLEY_S3_ENDPOINT", bucket.settings.endpoint.as_deref().unwrap()),
        ("GALLEY_S3_ACCESS_KEY_ID", "tests"),
        ("GALLEY_S3_SECRET_ACCESS_KEY", "a secret of tests"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &settings);
    break_off_half_way(folder.path(), &server);
    assert_eq!((bucket.keys(), bucket.unfinished()), (vec![], vec![]));
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let whole = upload(&mut editor, &video(9_000_000));
    assert_eq!(whole.status, 201, "{}", whole.text());
    assert_eq!((bucket.keys().len(), files(folder.path()).len()), (1, 0));
}

fn break_off_half_way(folder: &Path, server: &Server) {
    let editor = server.log_in(EMAIL, PASSWORD);
    let boundary = "Content-Disposition: form-data; name=\"file\"; filename=\"film.mp4\"\r\nContent-Type: video/mp4";
    let raw = head(&editor, 3_000_000, "");
    let form = raw
        .replace(PATH, "/v1/editorial/media")
        .replace("PUT ", "POST ")
        .replace("video/mp4", "multipart/form-data; boundary=x");
    for (request, begin) in [(raw, String::new()), (form, format!("--x\r\n{boundary}\r\n\r\n"))] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(format!("{request}{begin}").as_bytes()).unwrap();
        stream.write_all(&video(1_500_000)).unwrap();
        wait_until(|| {
            files(folder)
                .iter()
                .any(|file| std::fs::metadata(file).is_ok_and(|file| file.len() > 1_000_000))
        });
        drop(stream);
        wait_until(|| files(folder).is_empty());
    }
    // One that ends what it sends, and waits for the answer, gets one.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(head(&editor, 3_000_000, "").as_bytes()).unwrap();
    stream.write_all(&video(1_500_000)).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    wait_until(|| files(folder).is_empty());
    let list = server.log_in(EMAIL, PASSWORD).send("GET", "/v1/editorial/media", None);
    assert_eq!(list.json()["data"], json!([]));
}

#[test]
fn what_is_too_large_or_not_allowed_is_refused_before_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ADMINISTRATOR[0],
        ADMINISTRATOR[1],
        ("GALLEY_MAX_MEDIA_BYTES", "1000000"),
    ];
    let server = Server::start(folder.path(), &settings);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    // Not one byte of the body is sent.
    let announced = head(&editor, 1_000_001, "");
    editor.write(announced.as_bytes());
    let reply = editor.reply();
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (413, &json!("payload-too-large"))
    );
    let mut stranger = server.connect();
    let announced = head(&stranger, 900_000, "");
    stranger.write(announced.as_bytes());
    assert_eq!(stranger.reply().status, 401);
    // One that does not say how long it is.
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let chunked = head(&editor, 7, "").replace("Content-Length: 7", "Transfer-Encoding: chunked");
    editor.write(chunked.as_bytes());
    for _ in 0..11 {
        let piece = video(100_000);
        let _ = editor.try_write(b"186a0\r\n");
        let _ = editor.try_write(&piece);
        let _ = editor.try_write(b"\r\n");
    }
    assert_eq!(editor.reply().status, 413);
    wait_until(|| files(folder.path()).is_empty());
}

#[test]
fn a_head_of_a_file_tells_its_length_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &ADMINISTRATOR);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let file = upload(&mut editor, &video(300_000)).json();
    let path = format!("/v1/media/{}/file", file["id"].as_str().unwrap());
    let mut reader = server.connect();
    reader.write(format!("HEAD {path} HTTP/1.1\r\nHost: galley\r\nConnection: close\r\n\r\n").as_bytes());
    let rest = reader.rest();
    let (head, body) = rest.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && body.is_empty(), "{rest}");
    assert!(head.to_ascii_lowercase().contains("content-length: 300000"), "{head}");
    let got = server.connect().send("GET", &path, None);
    assert!(got.body == video(300_000), "other bytes came");
}

/// The system refuses to write a file beyond the limit of the process, as it does beyond the end of the disk or a quota.
#[cfg(unix)]
#[test]
fn without_room_an_upload_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // In blocks of 512 or 1024 bytes, as the shell has it: 4 or 8 MiB, which the database does not need.
    let server = Server::start_with(folder.path(), &ADMINISTRATOR, |command| {
        let mut shell = std::process::Command::new("sh");
        let script = "trap '' XFSZ; ulimit -f 8192; exec \"$0\"";
        shell.args(["-c", script]).arg(command.get_program());
        shell.current_dir(command.get_current_dir().unwrap());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        shell
    });
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let reply = upload(&mut editor, &video(9_000_000));
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (507, &json!("storage-full")),
        "{}",
        reply.text()
    );
    wait_until(|| files(folder.path()).is_empty());
    let mut editor = server.log_in(EMAIL, PASSWORD);
    assert_eq!(
        editor.send("GET", "/v1/editorial/media", None).json()["data"],
        json!([])
    );
    let reply = upload(&mut editor, &video(1_000_000));
    assert_eq!(reply.status, 201, "{}", reply.text());
}
