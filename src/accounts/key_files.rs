//! The private keys of an instance: files in the folder `keys` of its data folder, which only its owner can read.
//!
//! `signing-key.pem` signs. `next-key.pem` is there while a rotation is under way: it is announced, and does not sign yet. Its
//! turn comes by renaming it over the other, which is one step for whoever looks, also after a loss of power.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::accounts::keys::{KeyFault, SigningKey, generate_pem};

const CURRENT: &str = "signing-key.pem";
const NEXT: &str = "next-key.pem";

/// What others than the owner may do, among the permissions of a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// The folder of the private keys.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The one in a data folder.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("keys"))
    }

    /// Makes the folder, and mends what others than the owner could read: folders get 0700 and files 0600. It is said in the
    /// log when something had to be mended, since the key may have been read before.
    ///
    /// # Errors
    /// [`KeyFault`] when that cannot be done.
    pub fn prepare(&self) -> Result<(), KeyFault> {
        make_private_folder(&self.0).map_err(|cause| fault(&self.0, cause))?;
        keep_private(&self.0, 0o700)?;
        for name in [CURRENT, NEXT] {
            keep_private(&self.0.join(name), 0o600)?;
        }
        Ok(())
    }

    /// The key that signs; `None` when there is none yet.
    ///
    /// # Errors
    /// [`KeyFault`] when the file cannot be read or understood.
    pub fn current(&self) -> Result<Option<SigningKey>, KeyFault> {
        self.read(CURRENT)
    }

    /// The key whose turn comes; `None` when no rotation is under way.
    ///
    /// # Errors
    /// [`KeyFault`] when the file cannot be read or understood.
    pub fn next(&self) -> Result<Option<SigningKey>, KeyFault> {
        self.read(NEXT)
    }

    /// The key that signs, which is made when there is none.
    ///
    /// # Errors
    /// [`KeyFault`] when the file cannot be read, written or understood.
    pub fn current_or_new(&self) -> Result<SigningKey, KeyFault> {
        if let Some(key) = self.current()? {
            return Ok(key);
        }
        self.make(CURRENT)
    }

    /// The key whose turn comes, which is made when no rotation is under way.
    ///
    /// # Errors
    /// [`KeyFault`] when the file cannot be read, written or understood.
    pub fn next_or_new(&self) -> Result<SigningKey, KeyFault> {
        if let Some(key) = self.next()? {
            return Ok(key);
        }
        self.make(NEXT)
    }

    /// Puts the next key in the place of the one that signs, whose private half is gone then.
    ///
    /// # Errors
    /// [`KeyFault`] when the files cannot be renamed.
    pub fn promote(&self) -> Result<(), KeyFault> {
        let path = self.0.join(NEXT);
        fs::rename(&path, self.0.join(CURRENT)).map_err(|cause| fault(&path, cause))?;
        sync_folder(&self.0).map_err(|cause| fault(&self.0, cause))
    }

    fn make(&self, name: &str) -> Result<SigningKey, KeyFault> {
        let path = self.0.join(name);
        write_private(&path, &generate_pem()?).map_err(|cause| fault(&path, cause))?;
        sync_folder(&self.0).map_err(|cause| fault(&self.0, cause))?;
        // Another process may have been first.
        self.read(name)?.ok_or_else(|| fault(&path, ErrorKind::NotFound.into()))
    }

    fn read(&self, name: &str) -> Result<Option<SigningKey>, KeyFault> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(pem) => SigningKey::from_pem(&pem).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(fault(&path, cause)),
        }
    }
}

fn fault(path: &Path, cause: std::io::Error) -> KeyFault {
    KeyFault::File {
        path: path.display().to_string(),
        cause,
    }
}

#[cfg(unix)]
fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(not(unix))]
fn make_private_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

/// Takes away what others than the owner may do with a file or folder, if it is there.
#[cfg(unix)]
fn keep_private(path: &Path, mode: u32) -> Result<(), KeyFault> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(fault(path, cause)),
    };
    if found & OTHERS == 0 {
        return Ok(());
    }
    tracing::warn!(
        path = %path.display(),
        "others could read the signing keys; the permissions are mended, and `galley keys rotate` makes a new key"
    );
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|cause| fault(path, cause))
}

/// Other systems have no such permissions.
#[cfg(not(unix))]
fn keep_private(_path: &Path, _mode: u32) -> Result<(), KeyFault> {
    Ok(())
}

/// Makes a name in a folder last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Other systems do not open folders.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Writes a file that only its owner can read. It is made under another name first: a second process that starts at the
/// same moment must never read half a key, and whoever is first wins.
fn write_private(path: &Path, content: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, KeyFolder) {
        let data = tempfile::tempdir().unwrap();
        let folder = KeyFolder::of(data.path());
        folder.prepare().unwrap();
        (data, folder)
    }

    #[test]
    fn a_key_is_made_once() {
        let (_data, folder) = folder();
        assert!(folder.current().unwrap().is_none());
        let first = folder.current_or_new().unwrap();
        assert_eq!(folder.current_or_new().unwrap().kid(), first.kid());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "drafts are left behind");
    }

    #[test]
    fn the_next_key_takes_the_place_of_the_current_one() {
        let (_data, folder) = folder();
        let first = folder.current_or_new().unwrap();
        let next = folder.next_or_new().unwrap();
        assert_ne!(first.kid(), next.kid());
        assert_eq!(
            folder.next_or_new().unwrap().kid(),
            next.kid(),
            "there is one rotation at a time"
        );
        assert_eq!(folder.current().unwrap().unwrap().kid(), first.kid());
        folder.promote().unwrap();
        assert_eq!(folder.current().unwrap().unwrap().kid(), next.kid());
        assert!(folder.next().unwrap().is_none());
        assert!(folder.promote().is_err(), "there is nothing to promote");
    }

    #[test]
    fn a_file_that_is_no_key_is_named() {
        let (_data, folder) = folder();
        fs::write(folder.0.join(CURRENT), "nonsense").unwrap();
        assert!(matches!(folder.current(), Err(KeyFault::Unusable(_))));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_keys_and_what_is_loose_is_mended() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_data, folder) = folder();
        folder.current_or_new().unwrap();
        folder.next_or_new().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let paths = [
            (folder.0.clone(), 0o700),
            (folder.0.join(CURRENT), 0o600),
            (folder.0.join(NEXT), 0o600),
        ];
        for (path, expected) in &paths {
            assert_eq!(mode(path), *expected, "{}", path.display());
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder.prepare().unwrap();
        for (path, expected) in &paths {
            assert_eq!(mode(path), *expected, "{}", path.display());
        }
    }
}
