//! What every request can reach.

use std::sync::{Arc, PoisonError};

use actix_web::HttpRequest;
use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use rand::RngExt as _;
use thiserror::Error;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::accounts::api_tokens::uses::TokenUses;
use crate::accounts::keys::{KeyFault, KeyRing, SigningKey};
use crate::audit::origin::{Actor, Credential, Origin};
use crate::clock::Clock;
use crate::comments::flood::CommentLimits;
use crate::comments::live::hub::Hub;
use crate::comments::reader_keys::{ReaderIdentities, ReaderKeyFault};
use crate::comments::subscriptions::signing::SubscriptionSigner;
use crate::comments::subscriptions::texts::Links;
use crate::database::Database;
use crate::database::failure::Failure;
use crate::database::ids::{IdSource, RowId};
use crate::http::client_key::ClientKeys;
use crate::http::page::Cursors;
use crate::mail::relay::{MailRelay, RelayFault};
use crate::media::renditions::making::RenditionMaker;
use crate::media::renditions::signing::RenditionSigner;
use crate::media::storage::{MediaStorage, StorageFault};
use crate::settings::Settings;
use crate::{read, write_unit};

/// Seconds between two looks for keys of other instances, however many unknown keys come in.
const KEY_REFRESH_SECONDS: i64 = 5;

/// The shared parts of the application. Handlers take it as `Data<AppState>`.
pub struct AppState {
    /// The settings.
    pub settings: Settings,
    /// The database.
    pub database: Database,
    /// The files that editors uploaded.
    pub media: MediaStorage,
    /// The keys of access tokens.
    pub keys: KeyRing,
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: IdSource,
    /// The cursors of lists.
    pub cursors: Cursors,
    /// What makes smaller versions of pictures.
    pub renditions: RenditionMaker,
    /// What signs their addresses.
    pub rendition_signer: RenditionSigner,
    /// The server that takes mail; none where mail is off.
    pub mail: Option<MailRelay>,
    /// What signs the links that end subscriptions.
    pub subscription_signer: SubscriptionSigner,
    public_url: Arc<str>,
    /// What stands for clients without credentials.
    pub client_keys: ClientKeys,
    /// Who listens to threads on this instance.
    pub listeners: Hub,
    /// How often strangers may comment.
    pub comment_limits: CommentLimits,
    /// What verifies the tokens of the identity provider of the site, if there is one.
    pub reader_identities: Option<ReaderIdentities>,
    /// When API tokens were last used.
    pub token_uses: TokenUses,
    keys_refreshed_at: Mutex<Option<DateTime<Utc>>>,
}

/// Why the state cannot be made.
#[derive(Debug, Error)]
pub enum StateFault {
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] Failure),
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The store of files cannot be used.
    #[error("GALLEY_MEDIA_STORE: {0}")]
    Media(#[from] StorageFault),
    /// The server that takes mail cannot be used.
    #[error(transparent)]
    Mail(#[from] RelayFault),
    /// The keys of the identity provider of readers cannot be used.
    #[error(transparent)]
    ReaderKeys(#[from] ReaderKeyFault),
}

impl AppState {
    /// Loads what the instances on one database share (the keys that verify tokens, the secrets behind cursors and client
    /// keys), and announces the key of this one. The database must be migrated.
    ///
    /// # Errors
    /// [`StateFault`] when the database or the data folder cannot be used.
    pub async fn load(
        settings: Settings,
        database: Database,
        signing_key: SigningKey,
        clock: Clock,
        ids: IdSource,
    ) -> Result<Self, StateFault> {
        let (kid, public_key) = (signing_key.kid().to_owned(), signing_key.public_json()?);
        let keys = KeyRing::new(signing_key, &settings.public_url);
        let now = clock.now();
        write_unit!(&database, accounts::announce_key(kid, public_key, now))?;
        let state = Self {
            public_url: Arc::from(settings.public_url.as_str()),
            cursors: Cursors::new(shared_secret(&database, "cursor-key").await?),
            client_keys: ClientKeys::new(shared_secret(&database, "client-key").await?),
            rendition_signer: RenditionSigner::new(shared_secret(&database, "rendition-key").await?),
            subscription_signer: SubscriptionSigner::new(shared_secret(&database, "subscription-key").await?),
            mail: settings.mail.as_ref().map(MailRelay::open).transpose()?,
            renditions: RenditionMaker::default(),
            media: MediaStorage::open(&settings)?,
            listeners: Hub::new(settings.max_listeners),
            comment_limits: CommentLimits::new(&settings, &clock),
            reader_identities: match settings.reader_identity.clone() {
                Some(identity) => Some(ReaderIdentities::open(identity, now)?),
                None => None,
            },
            settings,
            database,
            keys,
            clock,
            ids,
            token_uses: TokenUses::default(),
            keys_refreshed_at: Mutex::new(None),
        };
        state.refresh_keys().await?;
        Ok(state)
    }

    /// The state of the application that a request came to.
    ///
    /// # Panics
    /// When the application was built without a state, which [`app`](crate::app) does not do.
    #[expect(
        clippy::expect_used,
        reason = "the one function that builds the application registers the state"
    )]
    #[must_use]
    pub fn of(request: &HttpRequest) -> &Data<Self> {
        request.app_data::<Data<Self>>().expect("the application has a state")
    }

    /// Looks for keys that other instances announced, unless that was done a moment ago.
    ///
    /// # Errors
    /// A [`Failure`] when the database cannot be asked.
    pub async fn refresh_keys(&self) -> Result<(), Failure> {
        let mut refreshed_at = self.keys_refreshed_at.lock().await;
        let now = self.clock.now();
        if refreshed_at.is_some_and(|last| (now - last).num_seconds().abs() < KEY_REFRESH_SECONDS) {
            return Ok(());
        }
        *refreshed_at = Some(now);
        self.reload_keys().await
    }

    /// Verifies by the keys that are announced now.
    ///
    /// # Errors
    /// A [`Failure`] when the database cannot be asked.
    pub async fn reload_keys(&self) -> Result<(), Failure> {
        let announced = read!(&self.database, accounts::announced_keys());
        self.keys.learn(announced?);
        Ok(())
    }

    /// Where links in mails to subscribers lead to.
    #[must_use]
    pub fn subscription_links(&self) -> Links {
        let public_url = self.settings.public_url.clone();
        let page = self.settings.subscription_page.clone();
        Links {
            page: page.unwrap_or_else(|| format!("{public_url}/subscriptions")),
            public_url,
        }
    }

    /// The stamp of a write that comes from there now.
    #[must_use]
    pub fn stamp(&self, origin: impl Into<Origin>) -> Stamp {
        let origin = origin.into();
        Stamp {
            now: self.clock.now(),
            account_id: origin.account_id(),
            origin,
            ids: self.ids.clone(),
            last_of_log: Arc::default(),
            public_url: Arc::clone(&self.public_url),
        }
    }
}

/// A secret that the instances on one database share; the first that asks for it makes it.
async fn shared_secret(database: &Database, name: &str) -> Result<Vec<u8>, Failure> {
    let fresh = STANDARD.encode(rand::rng().random::<[u8; 32]>());
    let name = name.to_owned();
    let secret: Result<String, Failure> = write_unit!(database, accounts::shared_value(name, fresh));
    secret.map(String::into_bytes)
}

/// Who writes, when and where, with the source of ids for what the write creates.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The moment of the whole unit of work.
    pub now: DateTime<Utc>,
    /// The account.
    pub account_id: Uuid,
    origin: Origin,
    ids: IdSource,
    /// The id of the last entry of the audit log that this write left.
    last_of_log: Arc<std::sync::Mutex<Option<Uuid>>>,
    public_url: Arc<str>,
}

impl Stamp {
    /// The stamp of what a person does at the command line of the server now.
    #[must_use]
    pub fn at_command_line(now: DateTime<Utc>, ids: IdSource, public_url: &str) -> Self {
        let origin = Origin::command_line();
        Self {
            now,
            account_id: origin.account_id(),
            origin,
            ids,
            last_of_log: Arc::default(),
            public_url: Arc::from(public_url),
        }
    }

    /// The same moment in the name of another account, such as the one that scheduled what is done now.
    #[must_use]
    pub fn in_name_of(&self, account_id: Uuid) -> Self {
        Self {
            account_id,
            origin: self.origin.in_name_of(account_id),
            ..self.clone()
        }
    }

    /// The same by a session of an account, which is known only once the refresh token of the request is looked up.
    #[must_use]
    pub fn by_session(&self, account_id: Uuid, session: Uuid) -> Self {
        let credential = Credential::AccessToken(session);
        let actor = Actor::Account { account_id, credential };
        Self {
            account_id,
            origin: Origin {
                actor,
                ..self.origin.clone()
            },
            ..self.clone()
        }
    }

    /// The next moment that a database can tell from this one, for what is done second in one unit of work.
    #[must_use]
    pub fn a_moment_later(&self) -> Self {
        Self {
            now: self.now + Duration::microseconds(1),
            ..self.clone()
        }
    }

    /// The account as a row names it, where there is one.
    #[must_use]
    pub fn by(&self) -> Option<RowId> {
        (!self.account_id.is_nil()).then_some(RowId(self.account_id))
    }

    /// Where the write comes from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The address of this API, which links within the site may begin with.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The id of a new entry of the audit log. Those of one write follow one another, so that the log tells in the order in
    /// which it was done what was done in one moment (RFC 9562, section 6.2, method 2).
    #[must_use]
    pub fn new_log_id(&self) -> Uuid {
        // A panic while the lock was held cannot leave an id in a bad state.
        let mut last = self.last_of_log.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.ids.next_of_log(self.now);
        let id = match *last {
            // The first six bytes are the millisecond.
            Some(last) if last.as_bytes().iter().take(6).eq(fresh.as_bytes().iter().take(6)) => {
                Uuid::from_u128(last.as_u128().wrapping_add(1))
            }
            _ => fresh,
        };
        *last = Some(id);
        id
    }

    /// A new id.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        self.ids.next(self.now)
    }
}
