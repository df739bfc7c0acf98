//! Where the bytes of files are: a folder, or a bucket of an S3-compatible service.
//!
//! A file is kept under the SHA-256 of its bytes, so what is under a key never changes. An upload is first received into
//! the folder `incoming` of this machine, whatever the store; only what arrived whole and was looked at is stored. In the
//! folder a file appears under its key in one step, and lasts once it is there: it is synced, and so is its folder.
//!
//! Which file is in use stands in the database. Nothing here asks it: see [`keeping`](super::keeping).

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::multipart::MultipartStore as _;
use object_store::path::Path as StorePath;
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig,
};
use secrecy::ExposeSecret as _;
use thiserror::Error;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::settings::{MediaLocation, S3Bucket, Settings};

/// Bytes that are held of a file at once while it goes to a bucket. Parts of an S3 upload have at least 5 MiB.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that are held of a file at once while it is read.
const READ_BYTES: usize = 64 * 1024;

/// What the name of a note ends with that tells of an upload to a bucket in many parts.
const PARTS_NOTE: &str = "parts";

/// The bytes of a file on their way.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, StorageFault>> + Send>>;

/// Where a file is within the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageKey(StorePath);

/// Why a file could not be stored or read.
#[derive(Debug, Error)]
pub enum StorageFault {
    /// There is no room. Nothing was stored.
    #[error("there is no room for the file: {0}")]
    Full(String),
    /// There is no such file.
    #[error("the file is not there: {0}")]
    Absent(String),
    /// The store failed, or cannot be reached.
    #[error("the media store failed: {0}")]
    Failed(String),
}

/// What a file consists of, before it is stored.
#[derive(Debug, Clone)]
pub enum Content {
    /// What a file of this machine holds.
    File(PathBuf),
    /// These bytes.
    Bytes(Bytes),
}

/// A file that the store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Where it is.
    pub key: StorageKey,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
}

/// The store of all files.
#[derive(Debug)]
pub struct MediaStorage {
    place: Place,
    incoming: PathBuf,
}

#[derive(Debug)]
enum Place {
    Folder { root: PathBuf, files: LocalFileSystem },
    Bucket(Box<Bucket>),
}

#[derive(Debug)]
struct Bucket {
    prefix: StorePath,
    files: AmazonS3,
}

/// A file that is being received. It is gone when this is dropped.
#[derive(Debug)]
pub struct IncomingFile {
    path: PathBuf,
    file: File,
}

impl StorageKey {
    /// The key of what an editor uploaded, by the SHA-256 of what is stored of it, in hexadecimal.
    #[must_use]
    pub fn original(sha256: &str) -> Self {
        let folder = sha256.get(..2).unwrap_or("xx");
        Self(["originals", folder, sha256].into_iter().collect())
    }

    /// The key of a rendition of something, by what the rendition is.
    #[must_use]
    pub fn rendition(media: Uuid, spec: &str) -> Self {
        Self(["renditions", media.to_string().as_str(), spec].into_iter().collect())
    }

    /// What the keys of all renditions of something begin with.
    #[must_use]
    pub fn renditions_of(media: Uuid) -> Self {
        Self(["renditions", media.to_string().as_str()].into_iter().collect())
    }

    /// What the keys of all originals begin with.
    #[must_use]
    pub fn originals() -> Self {
        Self(StorePath::from("originals"))
    }

    /// What the keys of all renditions begin with.
    #[must_use]
    pub fn renditions() -> Self {
        Self(StorePath::from("renditions"))
    }

    /// What the keys of all files begin with that are about to be removed.
    #[must_use]
    pub fn all_set_aside() -> Self {
        Self(StorePath::from("aside"))
    }

    /// Where an original is while it is about to be removed.
    #[must_use]
    pub fn set_aside(sha256: &str) -> Self {
        Self(["aside", sha256].into_iter().collect())
    }

    /// The last part of the key: the SHA-256 of an original.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.filename().unwrap_or_default()
    }

    /// The part before the last: the id of what a rendition is of.
    #[must_use]
    pub fn folder(&self) -> Option<String> {
        let parts: Vec<_> = self.0.parts().collect();
        let folder = parts.len().checked_sub(2).and_then(|place| parts.get(place));
        folder.map(|part| part.as_ref().to_owned())
    }
}

impl std::fmt::Display for StorageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Content {
    /// How many bytes it has.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn length(&self) -> Result<u64, StorageFault> {
        match self {
            Self::File(path) => Ok(tokio::fs::metadata(path).await?.len()),
            Self::Bytes(bytes) => Ok(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        }
    }
}

impl MediaStorage {
    /// Opens the store that the settings name. A folder is made if it is absent; a bucket must be there.
    ///
    /// # Errors
    /// What the file system says, or a setting of the bucket that cannot be used.
    pub fn open(settings: &Settings) -> Result<Self, StorageFault> {
        let root = settings.data_dir.join("media");
        let incoming = root.join("incoming");
        std::fs::create_dir_all(&incoming)?;
        let place = match &settings.media_location {
            MediaLocation::Local => Place::Folder {
                files: LocalFileSystem::new_with_prefix(&root)?
                    .with_automatic_cleanup(true)
                    .with_fsync(true),
                root,
            },
            MediaLocation::S3(bucket) => Place::Bucket(Box::new(Bucket::open(bucket)?)),
        };
        Ok(Self { place, incoming })
    }

    /// Begins to receive a file.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn receive(&self) -> Result<IncomingFile, StorageFault> {
        let path = self.incoming.join(random_name());
        let file = File::options().write(true).create_new(true).open(&path).await?;
        Ok(IncomingFile { path, file })
    }

    /// Stores a file. One that is there already is replaced by the same bytes, and counts as stored now.
    ///
    /// # Errors
    /// [`StorageFault`]; nothing of the file is left behind then.
    pub async fn put(&self, key: &StorageKey, content: &Content) -> Result<(), StorageFault> {
        match (&self.place, content) {
            (Place::Folder { files, .. }, Content::Bytes(bytes)) => {
                files.put(&key.0, PutPayload::from(bytes.clone())).await?;
                Ok(())
            }
            (Place::Folder { root, files }, Content::File(path)) => put_file(root, files, key, path).await,
            (Place::Bucket(bucket), content) => bucket.put(&self.incoming, key, content).await,
        }
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// [`StorageFault::Failed`].
    pub async fn has(&self, key: &StorageKey) -> Result<bool, StorageFault> {
        match self.files().head(&self.place.path(key)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a file, or those from `range.start` up to `range.end`, a piece at a time.
    ///
    /// # Errors
    /// [`StorageFault`]; the stream may end with one, too.
    pub async fn read(
        &self,
        key: &StorageKey,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<ByteStream, StorageFault> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let found = self.files().get_opts(&self.place.path(key), options).await?;
        let range = found.range.clone();
        match found.payload {
            GetResultPayload::File(file, _path) => {
                let mut file = File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start)).await?;
                let rest = file.take(range.end.saturating_sub(range.start));
                Ok(ReaderStream::with_capacity(rest, READ_BYTES)
                    .map_err(StorageFault::from)
                    .boxed())
            }
            GetResultPayload::Stream(stream) => Ok(stream.map_err(StorageFault::from).boxed()),
        }
    }

    /// All bytes of a file, for files that are known to be small enough.
    ///
    /// # Errors
    /// [`StorageFault`].
    pub async fn read_all(&self, key: &StorageKey) -> Result<Bytes, StorageFault> {
        Ok(self.files().get(&self.place.path(key)).await?.bytes().await?)
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// [`StorageFault::Failed`].
    pub async fn remove(&self, key: &StorageKey) -> Result<(), StorageFault> {
        match self.files().delete(&self.place.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes all files whose keys begin with this one, and tells how many those were.
    ///
    /// # Errors
    /// [`StorageFault::Failed`].
    pub async fn remove_below(&self, key: &StorageKey) -> Result<usize, StorageFault> {
        let mut removed = 0_usize;
        for file in self.list(key).await? {
            self.remove(&file.key).await?;
            removed = removed.saturating_add(1);
        }
        Ok(removed)
    }

    /// Gives a file another key. `false` when it is not there.
    ///
    /// # Errors
    /// [`StorageFault::Failed`].
    pub async fn rename(&self, from: &StorageKey, to: &StorageKey) -> Result<bool, StorageFault> {
        match self.files().rename(&self.place.path(from), &self.place.path(to)).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The files whose keys begin with this one.
    ///
    /// # Errors
    /// [`StorageFault::Failed`].
    pub async fn list(&self, key: &StorageKey) -> Result<Vec<StoredFile>, StorageFault> {
        let mut files = self.files().list(Some(&self.place.path(key)));
        let mut found = Vec::new();
        while let Some(file) = files.next().await {
            let file = match file {
                Ok(file) => file,
                // It was removed while the list was made.
                Err(object_store::Error::NotFound { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            found.extend(self.place.key(&file.location).map(|key| StoredFile {
                key,
                stored_at: file.last_modified,
            }));
        }
        Ok(found)
    }

    /// Removes what broken uploads left behind before a moment: files that were never received to their ends, copies that
    /// were never finished, and parts that a bucket keeps. Tells how many those were.
    ///
    /// # Errors
    /// [`StorageFault::Failed`].
    pub async fn remove_leftovers(&self, before: DateTime<Utc>) -> Result<usize, StorageFault> {
        let mut removed = 0_usize;
        let mut folders = vec![self.incoming.clone()];
        if let Place::Folder { root, .. } = &self.place {
            folders.extend(["originals", "renditions", "aside"].map(|folder| root.join(folder)));
        }
        while let Some(folder) = folders.pop() {
            let is_incoming = folder == self.incoming;
            let mut entries = match tokio::fs::read_dir(&folder).await {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            while let Some(entry) = entries.next_entry().await? {
                let Ok(metadata) = entry.metadata().await else { continue };
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else if (is_incoming || is_unfinished_copy(&entry.path())) && is_before(&metadata, before) {
                    self.remove_leftover(&entry.path()).await?;
                    removed = removed.saturating_add(1);
                }
            }
        }
        Ok(removed)
    }

    async fn remove_leftover(&self, path: &FilePath) -> Result<(), StorageFault> {
        let is_note = path.extension().is_some_and(|extension| extension == PARTS_NOTE);
        if let (Place::Bucket(bucket), true) = (&self.place, is_note) {
            bucket.abort_noted(path).await?;
        }
        match tokio::fs::remove_file(path).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn files(&self) -> &dyn ObjectStore {
        match &self.place {
            Place::Folder { files, .. } => files,
            Place::Bucket(bucket) => &bucket.files,
        }
    }
}

impl Place {
    fn path(&self, key: &StorageKey) -> StorePath {
        match self {
            Self::Folder { .. } => key.0.clone(),
            Self::Bucket(bucket) => bucket.path(key),
        }
    }

    fn key(&self, path: &StorePath) -> Option<StorageKey> {
        match self {
            Self::Folder { .. } => Some(StorageKey(path.clone())),
            Self::Bucket(bucket) => {
                let parts = path.prefix_match(&bucket.prefix)?;
                Some(StorageKey(parts.collect()))
            }
        }
    }
}

impl Bucket {
    fn open(settings: &S3Bucket) -> Result<Self, StorageFault> {
        let client = ClientOptions::new()
            // A reader may take as long as it likes for the whole, and not for a piece of it.
            .with_timeout_disabled()
            .with_connect_timeout(Duration::from_secs(5))
            .with_read_timeout(Duration::from_mins(1))
            .with_allow_http(
                settings
                    .endpoint
                    .as_deref()
                    .is_some_and(|endpoint| endpoint.starts_with("http://")),
            );
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(settings.secret_access_key.expose_secret())
            .with_client_options(client)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: Duration::from_secs(20),
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &settings.endpoint {
            // Services that are not Amazon's are reached by the path, whatever their certificates cover.
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        Ok(Self {
            prefix: StorePath::from(settings.prefix.as_str()),
            files: builder.build()?,
        })
    }

    fn path(&self, key: &StorageKey) -> StorePath {
        self.prefix.parts().chain(key.0.parts()).collect()
    }

    async fn put(&self, notes: &FilePath, key: &StorageKey, content: &Content) -> Result<(), StorageFault> {
        let (path, length) = (self.path(key), content.length().await?);
        match content {
            Content::Bytes(bytes) => {
                self.files.put(&path, PutPayload::from(bytes.clone())).await?;
            }
            Content::File(file) if length <= u64::try_from(PART_BYTES).unwrap_or(u64::MAX) => {
                let bytes = Bytes::from(tokio::fs::read(file).await?);
                self.files.put(&path, PutPayload::from(bytes)).await?;
            }
            Content::File(file) => self.put_parts(notes, &path, file).await?,
        }
        Ok(())
    }

    /// Sends a file in parts. A note on this machine tells of them until they are put together, so that those of a process
    /// that was killed are found: a bucket keeps, and charges for, parts that nobody lists.
    async fn put_parts(&self, notes: &FilePath, path: &StorePath, file: &FilePath) -> Result<(), StorageFault> {
        let id = self.files.create_multipart(path).await?;
        let note = notes.join(format!("{}.{PARTS_NOTE}", random_name()));
        let sent = async {
            tokio::fs::write(&note, format!("{path}\n{id}")).await?;
            self.send_parts(path, &id, file).await
        };
        let outcome = sent.await;
        if outcome.is_err() {
            self.files.abort_multipart(path, &id).await?;
        }
        let forgotten = tokio::fs::remove_file(&note).await;
        outcome?;
        Ok(forgotten?)
    }

    async fn send_parts(&self, path: &StorePath, id: &String, file: &FilePath) -> Result<(), StorageFault> {
        let (mut file, mut parts) = (File::open(file).await?, Vec::new());
        loop {
            let part = next_part(&mut file).await?;
            if part.is_empty() {
                break;
            }
            let number = parts.len();
            parts.push(self.files.put_part(path, id, number, PutPayload::from(part)).await?);
        }
        self.files.complete_multipart(path, id, parts).await?;
        Ok(())
    }

    async fn abort_noted(&self, note: &FilePath) -> Result<(), StorageFault> {
        let text = tokio::fs::read_to_string(note).await?;
        let Some((path, id)) = text.split_once('\n') else {
            return Ok(());
        };
        match self.files.abort_multipart(&StorePath::from(path), &id.to_owned()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl IncomingFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &FilePath {
        &self.path
    }

    /// Adds bytes to its end.
    ///
    /// # Errors
    /// [`StorageFault::Full`], or what else the file system says.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageFault> {
        Ok(self.file.write_all(bytes).await?)
    }

    /// Makes sure that all of it is on the disk.
    ///
    /// # Errors
    /// [`StorageFault::Full`], or what else the file system says.
    pub async fn finish(&mut self) -> Result<(), StorageFault> {
        self.file.flush().await?;
        Ok(self.file.sync_all().await?)
    }

    /// What it consists of. It must not be dropped before that is stored.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::File(self.path.clone())
    }
}

impl Drop for IncomingFile {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next sweep.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a received file could not be removed");
        }
    }
}

/// A file of the same folder is linked under its key, so that its bytes are not written a second time. Where the file
/// system knows no links they are.
async fn put_file(
    root: &FilePath,
    files: &LocalFileSystem,
    key: &StorageKey,
    path: &FilePath,
) -> Result<(), StorageFault> {
    let within = path.strip_prefix(root).ok().and_then(FilePath::to_str);
    if let Some(within) = within
        && files.copy(&StorePath::from(within), &key.0).await.is_ok()
    {
        return Ok(());
    }
    let (mut file, mut upload) = (File::open(path).await?, files.put_multipart(&key.0).await?);
    let copied = async {
        loop {
            let part = next_part(&mut file).await?;
            if part.is_empty() {
                break;
            }
            upload.put_part(PutPayload::from(part)).await?;
        }
        upload.complete().await?;
        Ok(())
    };
    let outcome: Result<(), StorageFault> = copied.await;
    if outcome.is_err() {
        upload.abort().await?;
    }
    outcome
}

async fn next_part(file: &mut File) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(PART_BYTES);
    let limit = u64::try_from(PART_BYTES).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut part).await?;
    Ok(part)
}

fn random_name() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// What the store calls a file that it has not finished: the key, a number sign and a number.
fn is_unfinished_copy(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_before(metadata: &std::fs::Metadata, moment: DateTime<Utc>) -> bool {
    metadata
        .modified()
        .is_ok_and(|modified| DateTime::<Utc>::from(modified) < moment)
}

impl From<io::Error> for StorageFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            kind if is_full(kind) => Self::Full(error.to_string()),
            ErrorKind::NotFound => Self::Absent(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<object_store::Error> for StorageFault {
    fn from(error: object_store::Error) -> Self {
        match &error {
            object_store::Error::NotFound { path, .. } => Self::Absent(path.clone()),
            other if tells_of_no_room(other) => Self::Full(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// No room on the disk, in the quota, or under the limit of the process.
fn is_full(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

fn tells_of_no_room(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(link) = cause {
        if link
            .downcast_ref::<io::Error>()
            .is_some_and(|error| is_full(error.kind()))
        {
            return true;
        }
        cause = link.source();
    }
    // Services say it in words only.
    let text = error.to_string();
    ["507 Insufficient Storage", "StorageFull", "QuotaExceeded"]
        .iter()
        .any(|word| text.contains(word))
}
