//! The S3-compatible server that tests run on: moto's, the program of `TEST_S3_SERVER` or the one on the path.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use galley::settings::S3Bucket;

static SERVER: LazyLock<Option<String>> = LazyLock::new(|| start(&program()?));

/// A bucket that the tests have made, on a server of this process.
pub struct TestBucket {
    pub settings: S3Bucket,
    address: String,
}

/// A new bucket. Without a server, the variant that is skipped is named on standard error.
pub fn bucket(test: &str) -> Option<TestBucket> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Some(address) = SERVER.clone() else {
        // Not with eprintln!, which the test runner keeps to itself when the test passes.
        let _ = writeln!(
            std::io::stderr(),
            "skipped, since there is no S3-compatible server here: {test}"
        );
        return None;
    };
    let name = format!("galley-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = ask(&address, "PUT", &format!("/{name}"));
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let settings = S3Bucket {
        bucket: name,
        prefix: "media/of tests".to_owned(),
        endpoint: Some(format!("http://{address}")),
        region: "us-east-1".to_owned(),
        access_key_id: "tests".to_owned(),
        secret_access_key: "a secret of tests".to_owned().into(),
    };
    Some(TestBucket { settings, address })
}

impl TestBucket {
    /// The keys of all objects.
    pub fn keys(&self) -> Vec<String> {
        texts_of(
            "Key",
            &ask(&self.address, "GET", &format!("/{}?list-type=2", self.settings.bucket)),
        )
    }

    /// The ids of all uploads in parts that were begun and not ended.
    pub fn unfinished(&self) -> Vec<String> {
        texts_of(
            "UploadId",
            &ask(&self.address, "GET", &format!("/{}?uploads", self.settings.bucket)),
        )
    }
}

fn texts_of(element: &str, xml: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = xml.split(&open).skip(1);
    parts
        .filter_map(|part| part.split_once(&close).map(|(text, _)| text.to_owned()))
        .collect()
}

fn ask(address: &str, method: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn program() -> Option<PathBuf> {
    match std::env::var_os("TEST_S3_SERVER") {
        Some(program) if !program.is_empty() => Some(program.into()),
        _ => std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|folder| folder.join("moto_server"))
            .find(|program| program.is_file()),
    }
}

/// Starts a server that ends with this process: a shell waits for its standard input to close, which the end of the process
/// does, and then stops the server.
fn start(program: &std::path::Path) -> Option<String> {
    let address = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?;
    let script = format!(
        "'{program}' -H 127.0.0.1 -p {port} >/dev/null 2>&1 & p=$!; echo started; cat >/dev/null; kill $p",
        program = program.display(),
        port = address.port()
    );
    let mut server = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take()?).read_line(&mut line).ok()?;
    // The pipe must stay open for as long as the process lives.
    std::mem::forget(server);
    for _ in 0..600 {
        if TcpStream::connect(address).is_ok() {
            return Some(address.to_string());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{} does not listen", program.display());
}
