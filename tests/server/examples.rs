//! The scripts in `examples/`: each runs from its first line to its last against a server as it comes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::program::Server;
use crate::{ADMINISTRATOR, EMAIL, PASSWORD, stderr, stdout};

#[test]
fn every_example_script_does_what_it_says() {
    let scripts = scripts();
    assert!(!scripts.is_empty(), "there are no scripts in examples/");
    let has_curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
    if has_curl.is_err() {
        // Not with eprintln!, which the test runner keeps to itself when the test passes.
        let _ = writeln!(
            std::io::stderr(),
            "skipped, since there is no curl here: every_example_script_does_what_it_says"
        );
        return;
    }
    for script in scripts {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), &ADMINISTRATOR);
        // What a script writes beside itself goes away with the folder.
        let output = Command::new("bash")
            .arg(&script)
            .current_dir(folder.path())
            .env("GALLEY_URL", format!("http://{}", server.address))
            .env("GALLEY_EMAIL", EMAIL)
            .env("GALLEY_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{} ended with {}\n{}{}",
            script.display(),
            output.status,
            stdout(&output),
            stderr(&output)
        );
        server.stop();
    }
}

fn scripts() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut scripts: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "sh"))
        .collect();
    scripts.sort();
    scripts
}
