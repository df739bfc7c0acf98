//! The keys of the identity provider of the site: read at the start or when they are first needed, kept in memory, and read
//! again when they are an hour old, or when a token names a key that is not among them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::accounts::guards::invalid_token;
use crate::comments::comment::IdentifiedReader;
use crate::comments::reader_tokens::{KeyOrigin, ReaderKeySet, ReaderTokenFault, claimed_issuer, verify};
use crate::http::problem::Problem;
use crate::settings::{KeySource, ReaderIdentity};

/// How long keys are used before they are read again.
const FRESH_FOR: TimeDelta = TimeDelta::hours(1);

/// How long keys are used while they cannot be read again. A key that the provider took back is good no longer than this.
const GOOD_FOR: TimeDelta = TimeDelta::hours(24);

/// How long to wait between two readings, however many tokens name unknown keys.
const BETWEEN_READINGS: TimeDelta = TimeDelta::minutes(1);

/// How long to wait after a reading that failed while there are no keys at all.
const BEFORE_ANOTHER_TRY: TimeDelta = TimeDelta::seconds(5);

/// How long the identity provider may take to answer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of a key set.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// Why the keys cannot be read.
#[derive(Debug, Error)]
#[error("GALLEY_READER_JWKS: {0}")]
pub struct ReaderKeyFault(String);

/// Verifies the tokens of the identity provider of the site.
pub struct ReaderIdentities {
    identity: ReaderIdentity,
    client: Option<reqwest::Client>,
    known: RwLock<Known>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<ReaderKeySet>>,
    read_at: Option<DateTime<Utc>>,
    tried_at: Option<DateTime<Utc>>,
}

impl ReaderIdentities {
    /// Reads the keys if they stand in a file. Those at an address are read when they are needed.
    ///
    /// # Errors
    /// [`ReaderKeyFault`] when there is no such file, or it holds no keys.
    pub fn open(identity: ReaderIdentity, now: DateTime<Utc>) -> Result<Self, ReaderKeyFault> {
        let (client, known) = match &identity.keys {
            KeySource::File(path) => {
                let bytes =
                    std::fs::read(path).map_err(|cause| ReaderKeyFault(format!("{}: {cause}", path.display())))?;
                let keys = ReaderKeySet::parse(&bytes, KeyOrigin::File)
                    .map_err(|fault| ReaderKeyFault(format!("{}: {fault}", path.display())))?;
                (None, Known::read(keys, now))
            }
            KeySource::Address(address) => (Some(client_for(address)?), Known::default()),
        };
        Ok(Self {
            identity,
            client,
            known: RwLock::new(known),
        })
    }

    /// Whether a token claims to be of this identity provider.
    #[must_use]
    pub fn issued(&self, token: &str) -> bool {
        claimed_issuer(token).is_some_and(|issuer| issuer == self.identity.issuer)
    }

    /// The reader whom a token names.
    ///
    /// # Errors
    /// `token-invalid`, or `service-unavailable` while there are no keys to verify it by.
    pub async fn identify(&self, token: &str, now: DateTime<Utc>) -> Result<IdentifiedReader, Problem> {
        let mut verdict = self.verdict(&*self.current_keys(now).await?, token, now);
        if verdict == Err(ReaderTokenFault::UnknownKey) && self.may_read(now, BETWEEN_READINGS) {
            self.read_again(now).await;
            verdict = self.verdict(&*self.current_keys(now).await?, token, now);
        }
        verdict.map_err(|fault| invalid_token(&fault.to_string()))
    }

    /// Reads the keys before somebody needs them.
    pub async fn prepare(&self, now: DateTime<Utc>) {
        // What fails is logged, and tried again for the first token.
        let _keys = self.current_keys(now).await;
    }

    fn verdict(
        &self,
        keys: &ReaderKeySet,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<IdentifiedReader, ReaderTokenFault> {
        verify(keys, &self.identity.issuer, &self.identity.audience, token, now)
    }

    async fn current_keys(&self, now: DateTime<Utc>) -> Result<Arc<ReaderKeySet>, Problem> {
        let known = self.known();
        let wait = match known.keys {
            None => Some(BEFORE_ANOTHER_TRY),
            Some(_) if known.is_older(now, FRESH_FOR) => Some(BETWEEN_READINGS),
            Some(_) => None,
        };
        if wait.is_some_and(|wait| self.may_read(now, wait)) {
            self.read_again(now).await;
        }
        let known = self.known();
        let is_good = !known.is_older(now, GOOD_FOR);
        known.keys.filter(|_| is_good).ok_or_else(|| {
            Problem::unavailable(
                "The keys of the identity provider cannot be read just now, so that its token cannot be verified.",
                "no keys to verify tokens of readers",
            )
        })
    }

    /// Whether it is time to read the keys. Whoever is told so reads them; the others go on with those there are, and nobody
    /// holds a lock while the provider takes its time.
    fn may_read(&self, now: DateTime<Utc>, wait: TimeDelta) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let was_tried = known.tried_at.is_some_and(|tried| (now - tried).abs() < wait);
        if !was_tried {
            known.tried_at = Some(now);
        }
        !was_tried
    }

    async fn read_again(&self, now: DateTime<Utc>) {
        match self.read().await {
            Ok(keys) => *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known::read(keys, now),
            Err(fault) => tracing::warn!(%fault, "the keys of the identity provider of readers cannot be read"),
        }
    }

    async fn read(&self) -> Result<ReaderKeySet, ReaderKeyFault> {
        let (bytes, origin) = match (&self.identity.keys, &self.client) {
            (KeySource::Address(address), Some(client)) => (fetch(client, address).await?, KeyOrigin::Address),
            (KeySource::Address(_), None) => {
                return Err(ReaderKeyFault("there is no client to read it with".to_owned()));
            }
            (KeySource::File(path), _) => {
                let read = tokio::fs::read(path).await;
                (
                    read.map_err(|cause| ReaderKeyFault(cause.to_string()))?,
                    KeyOrigin::File,
                )
            }
        };
        ReaderKeySet::parse(&bytes, origin).map_err(|fault| ReaderKeyFault(fault.to_string()))
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Known {
    fn read(keys: ReaderKeySet, now: DateTime<Utc>) -> Self {
        Self {
            keys: Some(Arc::new(keys)),
            read_at: Some(now),
            tried_at: Some(now),
        }
    }

    fn is_older(&self, now: DateTime<Utc>, age: TimeDelta) -> bool {
        self.read_at.is_some_and(|read| now - read >= age)
    }
}

/// A client that follows nobody elsewhere, and keeps no connection: the next reading is an hour away.
fn client_for(address: &url::Url) -> Result<reqwest::Client, ReaderKeyFault> {
    let client = reqwest::Client::builder()
        .timeout(FETCH_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0);
    // The machine itself is not reached by a proxy.
    let client = match address.scheme() {
        "http" => client.no_proxy(),
        _ => client.https_only(true),
    };
    client.build().map_err(|cause| ReaderKeyFault(cause.to_string()))
}

async fn fetch(client: &reqwest::Client, address: &url::Url) -> Result<Vec<u8>, ReaderKeyFault> {
    let fault = |cause: reqwest::Error| ReaderKeyFault(cause.to_string());
    let mut answer = client.get(address.clone()).send().await.map_err(fault)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(ReaderKeyFault(format!("{address} answers {}", answer.status())));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(fault)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_KEY_SET_BYTES {
            return Err(ReaderKeyFault(format!(
                "{address} answers with more than {MAX_KEY_SET_BYTES} bytes"
            )));
        }
    }
    Ok(bytes)
}
