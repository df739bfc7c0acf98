//! The SMTP server that tests run on: aiosmtpd's, the program of `TEST_SMTP_SERVER` or the one on the path.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A server of one test. It stops when it is dropped.
pub struct SmtpServer {
    pub address: SocketAddr,
    folder: TempDir,
    process: Child,
}

/// An address where nothing listens yet.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A server at an address. Without the program, what is skipped is named on standard error.
pub fn serve(address: SocketAddr, test: &str) -> Option<SmtpServer> {
    let Some(program) = program() else {
        // Not with eprintln!, which the test runner keeps to itself when the test passes.
        let _ = writeln!(
            std::io::stderr(),
            "skipped, since there is no SMTP server for tests here: {test}"
        );
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    // It is stopped and waited for when it is dropped, also if it never listens.
    let server = SmtpServer {
        address,
        process: start(&program, address, folder.path()),
        folder,
    };
    for _ in 0..600 {
        if TcpStream::connect(address).is_ok() {
            return Some(server);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{} does not listen", program.display());
}

impl SmtpServer {
    /// Every message that was taken, in the order in which they came.
    pub fn mails(&self) -> Vec<Value> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        files.sort();
        let read = |path: PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        files.into_iter().map(read).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        // The shell stops the server when its standard input closes.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    match std::env::var_os("TEST_SMTP_SERVER") {
        Some(program) if !program.is_empty() => Some(program.into()),
        _ => std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|folder| folder.join("aiosmtpd"))
            .find(|program| program.is_file()),
    }
}

/// Starts a server that ends with this process: a shell waits for its standard input to close, which the end of the process
/// does, and then stops the server.
fn start(program: &Path, address: SocketAddr, folder: &Path) -> Child {
    let script = "\"$1\" -n -c smtp_handler.Handler -l \"$2\" \"$3\" >/dev/null 2>&1 & p=$!; echo started; \
                  cat >/dev/null; kill $p";
    let mut process = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(program)
        .arg(address.to_string())
        .arg(folder)
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/support"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    process
}
