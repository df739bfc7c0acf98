//! The PostgreSQL that tests run on: the one of `TEST_DATABASE_URL`, or a throw-away cluster.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

static SERVER: LazyLock<Option<String>> = LazyLock::new(|| match std::env::var("TEST_DATABASE_URL") {
    Ok(url) if !url.is_empty() => Some(url),
    _ => throw_away_cluster(),
});

/// The URL of a server to test on. Without one, the variant that is skipped is named on standard error.
pub fn server(test: &str) -> Option<&'static str> {
    let url = SERVER.as_deref();
    if url.is_none() {
        // Not with eprintln!, which the test runner keeps to itself when the test passes.
        let _ = writeln!(std::io::stderr(), "skipped, since there is no PostgreSQL here: {test}");
    }
    url
}

/// Starts a cluster that ends with this process: a shell waits for its standard input to close, which the end of the
/// process does, and then stops the server and removes its files.
fn throw_away_cluster() -> Option<String> {
    let programs = programs()?;
    let script = format!(
        "set -e; d=$(mktemp -d); cd \"$d\"; \
         '{bin}/initdb' -D \"$d/data\" -U galley -A trust -E UTF8 --locale=C >/dev/null 2>&1; \
         '{bin}/postgres' -D \"$d/data\" -k \"$d\" -c listen_addresses= -c fsync=off -c max_connections=300 >\"$d/log\" 2>&1 & p=$!; \
         until '{bin}/pg_isready' -q -h \"$d\"; do kill -0 $p; sleep 0.1; done; \
         echo \"$d\"; cat >/dev/null; kill -INT $p; wait $p || true; cd /; rm -rf \"$d\"",
        bin = programs.display()
    );
    let mut shell = as_an_ordinary_user()?;
    let mut cluster = shell
        .args(["sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut folder = String::new();
    BufReader::new(cluster.stdout.take()?).read_line(&mut folder).ok()?;
    // The pipe must stay open for as long as the process lives.
    std::mem::forget(cluster);
    let folder = folder.trim();
    (!folder.is_empty()).then(|| {
        format!(
            "postgres://galley@localhost/postgres?host={}",
            folder.replace('/', "%2F")
        )
    })
}

fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = versions.map(|version| version.path().join("bin"));
    packaged.chain(on_path).find(|folder| has_all(folder))
}

fn has_all(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_isready"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// PostgreSQL refuses to run as root.
fn as_an_ordinary_user() -> Option<Command> {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout.starts_with(b"0\n"));
    if !is_root {
        return Some(Command::new("env"));
    }
    let has_user = Command::new("id")
        .arg("postgres")
        .output()
        .is_ok_and(|id| id.status.success());
    has_user.then(|| {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]);
        command
    })
}
