//! The program as its users run it: processes, sockets, signals, files and the command line.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on shall fail on the spot"
)]

use std::io::{Read as _, Write as _};
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use program::{Server, command, run};

#[path = "server/crash.rs"]
mod crash;
#[path = "server/doctor.rs"]
mod doctor;
#[path = "server/examples.rs"]
mod examples;
#[path = "server/jobs.rs"]
mod jobs;
#[path = "server/listening.rs"]
mod listening;
#[path = "server/media.rs"]
mod media;
#[path = "api/support/postgres.rs"]
mod postgres;
#[path = "api/support/s3.rs"]
mod s3;
#[path = "server/schedules.rs"]
mod schedules;

/// The program, run as a process, and a client of a few lines that speaks to its socket.
mod program {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpStream;
    use std::path::Path;
    use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    /// A server that is ended with the test.
    pub struct Server {
        process: Child,
        pub address: String,
        /// What it said on standard output before it listened.
        pub greeting: Vec<String>,
        stdout: Option<BufReader<ChildStdout>>,
    }

    /// An answer as it came over the socket.
    #[derive(Debug)]
    pub struct Reply {
        pub status: u16,
        pub head: String,
        pub body: Vec<u8>,
    }

    /// A connection that is kept from request to request.
    pub struct Connection {
        stream: BufReader<TcpStream>,
        token: Option<String>,
    }

    /// The program in a folder of its own, with no setting but those given here.
    pub fn command(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_galley"));
        for key in galley::settings::ALL {
            command.env_remove(key.key);
        }
        command
            .current_dir(folder)
            .args(arguments)
            .envs(settings.iter().copied());
        command
    }

    /// Runs a command to its end.
    pub fn run(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
        command(folder, settings, arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    impl Server {
        /// Starts at a free port and waits until it listens.
        pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
            Self::start_with(folder, settings, |command| command)
        }

        /// The same by another command, made from the one that starts it.
        pub fn start_with(folder: &Path, settings: &[(&str, &str)], wrapped: impl FnOnce(Command) -> Command) -> Self {
            let process = wrapped(command(folder, settings, &[]))
                .env("GALLEY_BIND", "127.0.0.1:0")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut server = Self {
                process,
                address: String::new(),
                greeting: Vec::new(),
                stdout: None,
            };
            let mut stdout = BufReader::new(server.process.stdout.take().unwrap());
            while server.address.is_empty() {
                let mut line = String::new();
                let length = stdout.read_line(&mut line).unwrap();
                assert_ne!(length, 0, "the server ended: {:?}", server.greeting);
                match line.trim_end().strip_prefix("galley listens on http://") {
                    Some(address) => address.clone_into(&mut server.address),
                    None => server.greeting.push(line.trim_end().to_owned()),
                }
            }
            server.stdout = Some(stdout);
            server
        }

        /// The password that it made up for the first administrator.
        pub fn password(&self) -> Option<String> {
            let (_, password) = self.greeting.first()?.split_once(" with the password ")?;
            Some(password.to_owned())
        }

        pub fn connect(&self) -> Connection {
            Connection {
                stream: BufReader::new(TcpStream::connect(&self.address).unwrap()),
                token: None,
            }
        }

        /// A connection that is logged in.
        pub fn log_in(&self, email: &str, password: &str) -> Connection {
            let mut connection = self.connect();
            let login = connection.send(
                "POST",
                "/v1/auth/login",
                Some(&json!({"email": email, "password": password})),
            );
            assert_eq!(login.status, 200, "{}", login.text());
            connection.token = Some(login.json()["access_token"].as_str().unwrap().to_owned());
            connection
        }

        pub fn signal(&self, name: &str) {
            let sent = Command::new("kill")
                .args([&format!("-{name}"), &self.process.id().to_string()])
                .status();
            assert!(sent.unwrap().success());
        }

        /// Waits for the end of the process.
        pub fn ended(&mut self) -> ExitStatus {
            let deadline = Instant::now() + Duration::from_secs(40);
            loop {
                if let Some(status) = self.process.try_wait().unwrap() {
                    return status;
                }
                assert!(Instant::now() < deadline, "the server does not end");
                std::thread::sleep(Duration::from_millis(20));
            }
        }

        /// Stops it in the ordinary way; gives what it said after it listened.
        pub fn stop(mut self) -> String {
            self.signal("TERM");
            assert_eq!(self.ended().code(), Some(0));
            let mut rest = String::new();
            self.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
            rest
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // It may have ended by itself.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    impl Connection {
        /// Another connection with the same token.
        pub fn again(&self, server: &Server) -> Self {
            Self {
                token: self.token.clone(),
                ..server.connect()
            }
        }

        /// Shows a token from now on.
        pub fn show(&mut self, token: &str) {
            self.token = Some(token.to_owned());
        }

        pub fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Reply {
            let body = body.map(Value::to_string).unwrap_or_default();
            let head = self.head(method, path, body.len());
            self.write(format!("{head}{body}").as_bytes());
            self.reply()
        }

        /// The same, with more lines in its head, to a server that may be gone.
        pub fn try_send(&mut self, method: &str, path: &str, lines: &str, body: &Value) -> std::io::Result<Reply> {
            let body = body.to_string();
            let head = self.head_with(method, path, lines, body.len());
            self.stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
            self.try_reply()
        }

        /// The head of a request with a JSON body.
        pub fn head(&self, method: &str, path: &str, length: usize) -> String {
            self.head_with(method, path, "", length)
        }

        fn head_with(&self, method: &str, path: &str, lines: &str, length: usize) -> String {
            let token = self
                .token
                .as_ref()
                .map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
            format!(
                "{method} {path} HTTP/1.1\r\nHost: galley\r\n{token}{lines}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            )
        }

        pub fn write(&mut self, bytes: &[u8]) {
            self.try_write(bytes).unwrap();
        }

        /// Writes to a server that may have hung up.
        pub fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            self.stream.get_mut().write_all(bytes)
        }

        /// Reads one answer, whose length the server must tell.
        pub fn reply(&mut self) -> Reply {
            self.try_reply().unwrap()
        }

        fn try_reply(&mut self) -> std::io::Result<Reply> {
            self.stream.get_ref().set_read_timeout(Some(Duration::from_mins(1)))?;
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if self.stream.read_line(&mut head)? == 0 {
                    return Err(std::io::Error::other(format!("the connection ended: {head}")));
                }
            }
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            self.stream.read_exact(&mut body)?;
            Ok(Reply { status, head, body })
        }

        /// Reads an answer that has no end, until a line of it has this text.
        pub fn read_until(&mut self, text: &str) {
            let mut line = String::new();
            while !line.contains(text) {
                line.clear();
                assert!(
                    self.stream.read_line(&mut line).unwrap() > 0,
                    "the answer ended without {text}"
                );
            }
        }

        /// What still comes until the server ends the connection.
        pub fn rest(&mut self) -> String {
            let mut rest = String::new();
            self.stream.read_to_string(&mut rest).unwrap();
            rest
        }
    }

    impl Reply {
        /// A header by its name in lower case.
        pub fn header(&self, name: &str) -> Option<&str> {
            let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
            lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
        }

        pub fn text(&self) -> String {
            String::from_utf8_lossy(&self.body).into_owned()
        }

        pub fn json(&self) -> Value {
            serde_json::from_slice(&self.body).unwrap()
        }
    }
}

const EMAIL: &str = "ada@galley.example";
const PASSWORD: &str = "a password for tests";
const ADMINISTRATOR: [(&str, &str); 2] = [("GALLEY_ADMIN_EMAIL", EMAIL), ("GALLEY_ADMIN_PASSWORD", PASSWORD)];

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for something that comes by itself.
fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "it takes too long");
        thread::sleep(Duration::from_millis(5));
    }
}

fn article(title: &str) -> Value {
    json!({"title": title, "body_markdown": "Some *text*.", "status": "published"})
}

#[test]
fn the_first_start_tells_a_random_password_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(folder.path(), &[]);
    let password = first.password().unwrap();
    assert_eq!(
        first.greeting[0],
        format!("created the administrator admin@localhost with the password {password}")
    );
    assert_eq!(
        (password.len(), password.chars().all(|c| c.is_ascii_alphanumeric())),
        (24, true)
    );
    let me = first
        .log_in("admin@localhost", &password)
        .send("GET", "/v1/auth/me", None)
        .json();
    assert_eq!(me["role"], "administrator");
    assert_eq!(first.stop(), "");

    let second = Server::start(folder.path(), &[]);
    assert_eq!(second.greeting, Vec::<String>::new());
    second.log_in("admin@localhost", &password);
    drop(second);

    let third = Server::start(tempfile::tempdir().unwrap().path(), &[]);
    assert_ne!(
        third.password(),
        Some(password),
        "every installation has a password of its own"
    );
}

#[test]
fn a_token_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    // The issuer is the public URL, which must not change with the port.
    let settings = [
        ADMINISTRATOR[0],
        ADMINISTRATOR[1],
        ("GALLEY_PUBLIC_URL", "https://galley.example"),
    ];
    let first = Server::start(folder.path(), &settings);
    assert_eq!(first.greeting, [format!("created the administrator {EMAIL}")]);
    let caller = first.log_in(EMAIL, PASSWORD);
    first.stop();
    let second = Server::start(folder.path(), &settings);
    assert_eq!(caller.again(&second).send("GET", "/v1/auth/me", None).status, 200);
}

#[test]
fn the_signing_key_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let key = folder.path().join("data/keys/signing-key.pem");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(folder.path().join("data/galley.db").is_file());
    drop(server);
    // A key that is no key is told by its name, and is not replaced.
    std::fs::write(&key, "no key").unwrap();
    let output = run(folder.path(), &[("GALLEY_BIND", "127.0.0.1:0")], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("signing key"), "{}", stderr(&output));
    assert_eq!(std::fs::read(&key).unwrap(), b"no key");
}

#[test]
fn a_stop_lets_a_request_in_flight_finish() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &ADMINISTRATOR);
    let mut writer = server.log_in(EMAIL, PASSWORD);
    let body = article("Written while the server stops").to_string();
    let head = writer.head("POST", "/v1/editorial/articles", body.len());
    let (first, second) = body.split_at(body.len() / 2);
    writer.write(format!("{head}{first}").as_bytes());
    // Long enough for the request to be with its handler, which waits for the rest of the body.
    thread::sleep(Duration::from_millis(500));
    server.signal("TERM");
    thread::sleep(Duration::from_millis(500));
    writer.write(second.as_bytes());
    let reply = writer.reply();
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(server.ended().code(), Some(0));

    // What was acknowledged is there after the next start.
    let server = Server::start(folder.path(), &[]);
    let list = server.connect().send("GET", "/v1/articles", None).json();
    assert_eq!(list["data"][0]["title"], "Written while the server stops");
}

#[test]
fn an_idle_server_stops_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(folder.path(), &[]);
        let mut idle = server.connect();
        assert_eq!(idle.send("GET", "/livez", None).status, 200);
        let begun = Instant::now();
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(0), "{signal}");
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{signal}: {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let other = tempfile::tempdir().unwrap();
    for (key, value) in [
        ("GALLEY_BIND", server.address.as_str()),
        ("GALLEY_BIND", "8080"),
        ("DATABASE_URL", "mysql://localhost/galley"),
        ("DATABASE_URL", "galley.db"),
        ("GALLEY_PUBLIC_URL", "galley.example"),
        ("GALLEY_MAX_BODY_BYTES", "2 MB"),
        ("GALLEY_CORS_ORIGINS", "www.example.org"),
    ] {
        let output = run(other.path(), &[(key, value)], &["serve"]);
        assert_eq!(output.status.code(), Some(1), "{key}={value}");
        let message = stderr(&output);
        assert!(
            message.lines().any(|line| line.starts_with(&format!("galley: {key}"))),
            "{key}={value}: {message}"
        );
        assert_eq!(stdout(&output), "");
    }
    assert!(
        !other.path().join("data/galley.db").exists(),
        "a server that cannot start makes no database"
    );
}

#[test]
fn a_postgres_that_is_not_there_is_told_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://galley:geheim@127.0.0.1:1/galley";
    let output = run(
        folder.path(),
        &[("DATABASE_URL", url), ("GALLEY_BIND", "127.0.0.1:0")],
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(
        message.contains("the database cannot be reached") && !message.contains("geheim"),
        "{message}"
    );
}

#[test]
fn the_document_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &[], &["openapi"]);
    assert!(output.status.success());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["info"]["title"], &document["servers"][0]["url"]),
        (&json!("Galley"), &json!("http://127.0.0.1:8080"))
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "printing makes no files"
    );
    // The text depends on no setting.
    let elsewhere = run(
        folder.path(),
        &[("GALLEY_PUBLIC_URL", "https://galley.example")],
        &["openapi"],
    );
    assert_eq!(elsewhere.stdout, output.stdout);
}

#[test]
fn accounts_are_made_listed_and_given_passwords_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        folder.path(),
        &[],
        &[
            "user",
            "add",
            "Grace@Galley.Example",
            "--role",
            "author",
            "--name",
            "Grace",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let line = stdout(&output);
    let random = line
        .split(" with the password ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        line,
        format!("created the author Grace@Galley.Example with the password {random} (it is not shown again)\n")
    );

    let again = run(
        folder.path(),
        &[],
        &["user", "add", "grace@galley.example", "--role", "editor"],
    );
    assert_eq!(again.status.code(), Some(1));
    assert!(
        stderr(&again).contains("there is an account with the address grace@galley.example already"),
        "{}",
        stderr(&again)
    );
    for arguments in [
        ["user", "add", "grace", "--role", "editor"],
        ["user", "add", "x@galley.example", "--role", "boss"],
    ] {
        assert!(!run(folder.path(), &[], &arguments).status.success(), "{arguments:?}");
    }
    let listed = stdout(&run(folder.path(), &[], &["user", "list"]));
    assert_eq!(listed.lines().count(), 1);
    assert!(listed.starts_with("grace@galley.example\tauthor\tGrace\t"), "{listed}");

    let server = Server::start(folder.path(), &[]);
    assert_eq!(
        server.greeting,
        Vec::<String>::new(),
        "there is an account, so no administrator is made"
    );
    server.log_in("grace@galley.example", &random);

    // A new password counts at once, also for a server that runs.
    let set = with_stdin(
        folder.path(),
        &["user", "password", "grace@galley.example", "--password-stdin"],
        "the new password\n",
    );
    assert!(set.status.success(), "{}", stderr(&set));
    assert_eq!(stdout(&set), "set the password of grace@galley.example\n");
    server.log_in("grace@galley.example", "the new password");
    let former = json!({"email": "grace@galley.example", "password": random});
    assert_eq!(
        server.connect().send("POST", "/v1/auth/login", Some(&former)).status,
        401
    );

    let short = with_stdin(
        folder.path(),
        &["user", "password", "grace@galley.example", "--password-stdin"],
        "short\n",
    );
    assert!(
        stderr(&short).contains("at least 12 characters") && short.status.code() == Some(1),
        "{}",
        stderr(&short)
    );
    let nobody = run(folder.path(), &[], &["user", "password", "nobody@galley.example"]);
    assert!(
        stderr(&nobody).contains("there is no account with the address nobody@galley.example"),
        "{}",
        stderr(&nobody)
    );
}

fn with_stdin(folder: &std::path::Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(folder, &[], arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn migrating_tells_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let first = stdout(&run(folder.path(), &[], &["migrate"]));
    assert!(
        !first.is_empty() && first.lines().all(|line| line.starts_with("applied ")),
        "{first}"
    );
    assert_eq!(
        stdout(&run(folder.path(), &[], &["migrate"])),
        "the database is up to date\n"
    );
}

#[test]
fn many_clients_write_and_read_at_once_on_kept_connections() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &ADMINISTRATOR);
    let mut editor = server.log_in(EMAIL, PASSWORD);
    let made = editor
        .send("POST", "/v1/editorial/articles", Some(&article("Ships")))
        .json();
    let thread = format!("/v1/articles/{}/comments", made["id"].as_str().unwrap());
    thread::scope(|scope| {
        for client in 0..16 {
            let (server, editor, thread) = (&server, &editor, &thread);
            scope.spawn(move || {
                let mut connection = editor.again(server);
                for number in 0..5 {
                    let body = json!({"author_name": "Grace", "body_markdown": format!("{client} {number}")});
                    let posted = connection.send("POST", thread, Some(&body));
                    assert_eq!(posted.status, 201, "{}", posted.text());
                    let made = connection.send(
                        "POST",
                        "/v1/editorial/articles",
                        Some(&article(&format!("Ship {client} {number}"))),
                    );
                    assert_eq!(made.status, 201, "{}", made.text());
                    let path = format!("/v1/articles/{}", made.json()["id"].as_str().unwrap());
                    assert_eq!(
                        connection.send("GET", &path, None).status,
                        200,
                        "what was written is there"
                    );
                    assert_eq!(connection.send("GET", "/v1/articles?limit=100", None).status, 200);
                }
            });
        }
    });
    let page = server
        .connect()
        .send("GET", &format!("{thread}?limit=250"), None)
        .json();
    assert_eq!(
        (
            page["data"].as_array().unwrap().len(),
            &page["thread"]["approved_count"]
        ),
        (80, &json!(80))
    );
    server.stop();
}

#[test]
fn a_head_has_no_body_on_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let mut connection = server.connect();
    connection.write(b"HEAD /v1/problems HTTP/1.1\r\nHost: galley\r\n\r\nGET /livez HTTP/1.1\r\nHost: galley\r\nConnection: close\r\n\r\n");
    let rest = connection.rest();
    let (head, second) = rest.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200") && second.starts_with("HTTP/1.1 200"),
        "{rest}"
    );
    assert!(second.ends_with("{\"status\":\"ok\"}"), "{rest}");
}

#[test]
fn a_body_that_never_ends_is_cut_off_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("GALLEY_MAX_BODY_BYTES", "10000")]);
    let mut connection = server.connect();
    connection.write(b"POST /v1/auth/login HTTP/1.1\r\nHost: galley\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..11 {
        connection.write(format!("3e8\r\n{}\r\n", " ".repeat(1_000)).as_bytes());
    }
    let reply = connection.reply();
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (413, &json!("payload-too-large")),
        "{}",
        reply.head
    );
}

#[test]
fn what_is_not_http_is_refused_and_the_server_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    for request in [
        "nonsense\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: galley\r\n\r\n", "x".repeat(200_000)),
        format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200_000)),
    ] {
        let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may close before it has read all of it.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(server.connect().send("GET", "/livez", None).status, 200);
}

#[test]
fn two_instances_on_one_postgres_accept_each_others_tokens() {
    let Some(base) = postgres::server("two_instances_on_one_postgres_accept_each_others_tokens") else {
        return;
    };
    let schema = format!("server_test_{}", std::process::id());
    let url = schema_of_its_own(base, &schema);
    let settings = [
        ADMINISTRATOR[0],
        ADMINISTRATOR[1],
        ("DATABASE_URL", &url),
        ("GALLEY_PUBLIC_URL", "https://galley.example"),
    ];
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // Both start at once on the empty schema.
    let servers: Vec<Server> = thread::scope(|scope| {
        let starts = folders
            .each_ref()
            .map(|folder| scope.spawn(|| Server::start(folder.path(), &settings)));
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let greeted = servers.iter().filter(|server| !server.greeting.is_empty()).count();
    assert_eq!(greeted, 1, "one of them makes the administrator");
    for (one, other) in [(0, 1), (1, 0)] {
        let caller = servers[one].log_in(EMAIL, PASSWORD);
        // The other looks for new keys at most every five seconds.
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut connection = caller.again(&servers[other]);
        while connection.send("GET", "/v1/auth/me", None).status != 200 {
            assert!(
                Instant::now() < deadline,
                "the token of the one is not accepted by the other"
            );
            thread::sleep(Duration::from_millis(200));
        }
        let made = connection.send(
            "POST",
            "/v1/editorial/articles",
            Some(&article(&format!("Made by {other}"))),
        );
        let path = format!("/v1/articles/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(servers[one].connect().send("GET", &path, None).status, 200);
    }
    let keys = servers
        .iter()
        .map(|server| server.connect().send("GET", "/.well-known/jwks.json", None).json());
    assert!(keys.into_iter().all(|keys| keys["keys"].as_array().unwrap().len() == 2));
}

/// Makes a schema, and gives the URL with which every connection lives in it.
fn schema_of_its_own(base: &str, schema: &str) -> String {
    use diesel_async::SimpleAsyncConnection as _;
    let statements = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
    let base = base.to_owned();
    let mark = if base.contains('?') { '&' } else { '?' };
    let url = format!("{base}{mark}options=-c%20search_path%3D{schema}");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let mut connection = galley::database::postgres::establish(base).await.unwrap();
            connection.batch_execute(&statements).await.unwrap();
        });
    url
}

#[test]
fn tokens_are_made_listed_and_revoked_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let galley = |arguments: &[&str]| run(folder.path(), &[], arguments);
    let added = galley(&["user", "add", "grace@galley.example", "--role", "author"]);
    assert!(added.status.success(), "{}", stderr(&added));
    let email = "grace@galley.example";
    let made = galley(&[
        "token",
        "create",
        email,
        "--name",
        "Nightly export",
        "--scope",
        "articles:read",
        "--days",
        "7",
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    let said = stdout(&made);
    let token = said.lines().next().unwrap().to_owned();
    let id = said
        .split("galley token revoke ")
        .nth(1)
        .unwrap()
        .split('`')
        .next()
        .unwrap()
        .to_owned();
    assert!(
        token.starts_with(&format!("galley_pat_{}_", id.replace('-', ""))),
        "{said}"
    );

    let server = Server::start(folder.path(), &[]);
    let status = || {
        let mut connection = server.connect();
        connection.show(&token);
        connection.send("GET", "/v1/editorial/articles", None).status
    };
    assert_eq!(status(), 200);
    let listed = stdout(&galley(&["token", "list", email]));
    assert!(
        listed.starts_with(&format!("{id}\tactive\tpersonal\t")) && listed.lines().count() == 1,
        "{listed}"
    );
    let revoked = galley(&["token", "revoke", &id]);
    assert_eq!(stdout(&revoked), format!("revoked {id}\n"));
    assert_eq!(status(), 401, "it counts at once, also for a server that runs");
    assert!(stdout(&galley(&["token", "list"])).contains("\trevoked\t"));

    for (arguments, reason) in [
        (
            vec!["token", "create", email, "--name", "T", "--scope", "admin"],
            "does not have admin",
        ),
        (
            vec!["token", "create", email, "--name", "T", "--scope", "articles"],
            "it is not one of",
        ),
        (vec!["token", "create", email, "--name", "T"], "name at least one scope"),
        (
            vec![
                "token",
                "create",
                email,
                "--name",
                "T",
                "--scope",
                "articles:read",
                "--days",
                "367",
            ],
            "367",
        ),
        (
            vec![
                "token", "create", email, "--name", "T", "--kind", "upload", "--author", "ada", "--days", "1",
            ],
            "no author",
        ),
        (
            vec![
                "token",
                "create",
                "nobody@galley.example",
                "--name",
                "T",
                "--scope",
                "articles:read",
            ],
            "there is no account",
        ),
        (
            vec!["token", "revoke", "00000000-0000-7000-8000-000000000000"],
            "there is no such token",
        ),
    ] {
        let output = galley(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_key_is_replaced_from_the_command_line_beside_a_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let galley = |arguments: &[&str]| run(folder.path(), &[], arguments);
    let listed = || stdout(&galley(&["keys", "list"]));
    assert_eq!(listed().lines().count(), 1, "{}", listed());
    let rotated = galley(&["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", stderr(&rotated));
    let said = stdout(&rotated);
    assert_eq!(stdout(&galley(&["keys", "rotate"])), said, "one rotation is under way");
    let kid = said.split(' ').nth(2).unwrap();
    let line = listed().lines().find(|line| line.starts_with(kid)).unwrap().to_owned();
    assert!(line.starts_with(&format!("{kid}\tannounced\there\t")), "{line}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| {
            std::fs::metadata(folder.path().join(path))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        let modes = ["data/keys", "data/keys/signing-key.pem", "data/keys/next-key.pem"].map(mode);
        assert_eq!(modes, [0o700, 0o600, 0o600]);
    }
    assert_eq!(server.connect().send("GET", "/v1/articles", None).status, 200);
}
