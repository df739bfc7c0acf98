//! The server: its sockets, workers and limits, how it starts and how it stops.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use thiserror::Error;

use crate::accounts::account::{AccountName, EmailAddress};
use crate::accounts::api_tokens::uses;
use crate::accounts::keys::{KeyFault, SigningKey};
use crate::accounts::passwords::{self, PasswordFault};
use crate::accounts::permissions::Role;
use crate::accounts::users::user::{Entrance, NewUser, User, UserFailure};
use crate::app::{self, Shared};
use crate::clock::Clock;
use crate::database::failure::Failure;
use crate::database::ids::IdSource;
use crate::database::{Database, migrate};
use crate::jobs::schedule::Schedule;
use crate::settings::{FirstAdministrator, Settings};
use crate::state::{AppState, Stamp, StateFault};
use crate::{read, write_unit};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Seconds that requests in flight get to finish once the server is told to stop.
const SHUTDOWN_SECONDS: u64 = 30;

/// A server that has bound its address and has not begun to answer.
pub struct Application {
    server: Server,
    state: Data<AppState>,
    address: SocketAddr,
    first_administrator: Option<Credentials>,
}

/// The log-in of an account that the server made by itself.
pub struct Credentials {
    /// The e-mail address.
    pub email: String,
    /// The password, when it was made up and nobody knows it yet.
    pub random_password: Option<secrecy::SecretString>,
}

/// Why the server cannot start.
#[derive(Debug, Error)]
pub enum StartFault {
    /// The data folder cannot be made.
    #[error("GALLEY_DATA_DIR {path}: {cause}")]
    DataFolder {
        /// The path.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The address cannot be bound.
    #[error("GALLEY_BIND {address}: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] Failure),
    /// The first administrator cannot be stored.
    #[error(transparent)]
    User(#[from] UserFailure),
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The shared state cannot be made.
    #[error(transparent)]
    State(#[from] StateFault),
    /// The first administrator cannot be made.
    #[error("GALLEY_ADMIN_PASSWORD: {0}")]
    Password(#[from] PasswordFault),
    /// The first administrator cannot be made.
    #[error("GALLEY_ADMIN_EMAIL: {0}")]
    Email(&'static str),
    /// The server cannot serve.
    #[error(transparent)]
    Serve(#[from] std::io::Error),
}

impl Application {
    /// Prepares everything: data folder, database and migrations, signing key, first administrator, address.
    ///
    /// # Errors
    /// [`StartFault`], which names the setting to change.
    pub async fn build(mut settings: Settings) -> Result<Self, StartFault> {
        make_data_folder(&settings)?;
        let listener = bind(settings.bind)?;
        let address = listener.local_addr()?;
        if settings.bind.port() == 0 && settings.public_url.ends_with(":0") {
            settings.public_url = format!("http://{address}");
        }
        let database = Database::open(&settings.database)?;
        for migration in migrate::run(&database).await? {
            tracing::info!(%migration, "the database was migrated");
        }
        let key = SigningKey::load_or_create(&settings.data_dir)?;
        let first = settings.first_administrator.clone();
        let state = AppState::load(settings, database, key, Clock::System, IdSource::from_system()).await?;
        let first_administrator = create_first_administrator(&state, first).await?;
        let shared = Shared::new(state);
        let state = shared.state().clone();
        // It takes as long as one log-in, and nothing waits for it.
        drop(tokio::task::spawn_blocking(passwords::prepare));
        // So that the first reader does not wait for the identity provider, and the server does not either.
        let preparing = state.clone();
        drop(tokio::spawn(async move {
            if let Some(identities) = &preparing.reader_identities {
                identities.prepare(preparing.clock.now()).await;
            }
        }));
        let server = HttpServer::new(move || app::app(shared.clone()))
            .client_request_timeout(HEAD_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals()
            .listen(listener)?
            .run();
        Ok(Self {
            server,
            state,
            address,
            first_administrator,
        })
    }

    /// The address that was bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The account that was made because there was none.
    #[must_use]
    pub fn first_administrator(&self) -> Option<&Credentials> {
        self.first_administrator.as_ref()
    }

    /// Serves, and does the jobs of the server, until SIGTERM, SIGINT or SIGQUIT. The first lets requests in flight finish;
    /// all of them let a unit of a job finish.
    ///
    /// # Errors
    /// When the sockets or the signals fail.
    pub async fn run_until_stopped(self) -> Result<(), StartFault> {
        let stop = stop_signal()?;
        let schedule = Schedule::start(&self.state);
        let stopper = tokio::spawn(stop_when_told(stop, schedule, self.state.clone(), self.server.handle()));
        let served = self.server.await;
        stopper.abort();
        // After the last request; what is not written down now would be forgotten.
        if let Err(failure) = uses::write_down(&self.state).await {
            tracing::warn!(%failure, "the last uses of API tokens were not written down");
        }
        Ok(served?)
    }
}

/// How the server is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Requests in flight may finish.
    Gracefully,
    /// At once.
    AtOnce,
}

/// Stops the jobs before the sockets: a unit at work may use a connection to the database that a worker drives.
async fn stop_when_told(
    told: impl Future<Output = Stop>,
    schedule: Schedule,
    state: Data<AppState>,
    server: ServerHandle,
) {
    let stop = told.await;
    tracing::info!(?stop, "told to stop");
    schedule.stop().await;
    state.listeners.close();
    server.stop(stop == Stop::Gracefully).await;
}

/// The signals are heard from the moment this returns.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = Stop>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    Ok(async move {
        tokio::select! {
            _told = terminate.recv() => Stop::Gracefully,
            _told = interrupt.recv() => Stop::AtOnce,
            _told = quit.recv() => Stop::AtOnce,
        }
    })
}

/// Other systems know one signal.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = Stop>> {
    Ok(async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Stop::AtOnce,
            // It cannot be heard, so the server can only be killed.
            Err(_deaf) => std::future::pending().await,
        }
    })
}

fn make_data_folder(settings: &Settings) -> Result<(), StartFault> {
    let path = &settings.data_dir;
    std::fs::create_dir_all(path).map_err(|cause| StartFault::DataFolder {
        path: path.display().to_string(),
        cause,
    })
}

fn bind(address: SocketAddr) -> Result<TcpListener, StartFault> {
    TcpListener::bind(address).map_err(|cause| StartFault::Bind { address, cause })
}

async fn create_first_administrator(
    state: &AppState,
    wanted: FirstAdministrator,
) -> Result<Option<Credentials>, StartFault> {
    let has_account: Result<bool, Failure> = read!(&state.database, accounts::any());
    if has_account? {
        return Ok(None);
    }
    let FirstAdministrator { email, password: given } = wanted;
    let is_random = given.is_none();
    let password = given.unwrap_or_else(passwords::random);
    let now = state.clock.now();
    let stamp = Stamp::at_command_line(now, state.ids.clone(), &state.settings.public_url);
    let new = NewUser {
        id: stamp.new_id(),
        email: EmailAddress::parse(&email).map_err(|_fault| StartFault::Email("it is not an e-mail address"))?,
        name: AccountName::parse("Administrator").map_err(|_fault| StartFault::Email("it has no name"))?,
        role: Role::Administrator,
        author: None,
        entrance: Entrance::Password(passwords::hash(password.clone()).await?),
    };
    let created: Result<Option<User>, UserFailure> = write_unit!(&state.database, users::create_first(new, stamp));
    let credentials = Credentials {
        email,
        random_password: is_random.then_some(password),
    };
    Ok(created?.map(|_administrator| credentials))
}
