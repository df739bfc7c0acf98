//! What the doctor looks at in the data folder.

use std::io::ErrorKind;
use std::path::Path;

use crate::doctor::report::{Check, CheckReport, Findings};

/// The folder of the keys, in the data folder.
const KEYS: &str = "keys";

/// Whether nobody but the account of the server can read its keys.
#[must_use]
pub fn key_files(data_dir: &Path) -> CheckReport {
    let folder = data_dir.join(KEYS);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = format!("there is no folder {}", folder.display());
            return CheckReport::skipped(Check::KeyFiles, why);
        }
        Err(error) => {
            let mut findings = Findings::default();
            findings.add(format!("{} cannot be read: {error}", folder.display()));
            return CheckReport::done(Check::KeyFiles, "the files of keys", findings);
        }
    };
    let (mut findings, mut files) = (Findings::default(), 0_usize);
    for entry in entries {
        let looked_at = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)));
        match looked_at {
            Ok((path, metadata)) => {
                files = files.saturating_add(1);
                if let Some(fault) = open_to_others(&metadata) {
                    findings.add(format!("{} {fault}", path.display()));
                }
            }
            Err(error) => findings.add(format!("{}: {error}", folder.display())),
        }
    }
    CheckReport::done(
        Check::KeyFiles,
        format!("{files} files in {}", folder.display()),
        findings,
    )
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| format!("has the mode {mode:03o}: others than its owner can reach it; chmod it to 600"))
}

/// Other systems have no such modes.
#[cfg(not(unix))]
fn open_to_others(_metadata: &std::fs::Metadata) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::doctor::report::CheckState;

    #[test]
    fn a_key_that_others_can_read_is_found() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(key_files(folder.path()).state, CheckState::Skipped);
        let keys = folder.path().join(KEYS);
        std::fs::create_dir(&keys).unwrap();
        for (name, mode) in [("one.pem", 0o600), ("two.pem", 0o640)] {
            std::fs::write(keys.join(name), "key").unwrap();
            std::fs::set_permissions(keys.join(name), Permissions::from_mode(mode)).unwrap();
        }
        let report = key_files(folder.path());
        assert_eq!((report.state, report.findings.len()), (CheckState::Failed, 1));
        assert!(report.findings[0].contains("two.pem has the mode 640"), "{report:?}");
    }
}
