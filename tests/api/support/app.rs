//! One application with a database of its own. Its clock stands still, its ids and keys are always the same, so that
//! whole answers can be compared.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_http::Request;
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::test::init_service;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::LocalBoxFuture;
use galley::accounts::account::{AccountName, EmailAddress, NewAccount};
use galley::accounts::claims::AccessClaims;
use galley::accounts::keys::SigningKey;
use galley::accounts::permissions::Role;
use galley::app::{Shared, app};
use galley::clock::Clock;
use galley::database::failure::Failure;
use galley::database::ids::IdSource;
use galley::database::{Database, migrate, postgres as connections};
use galley::settings::{CorsOrigins, Settings};
use galley::state::AppState;
use galley::write_unit;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::support::client::Client;
use crate::support::postgres;

/// The password of every account that a test makes.
pub const PASSWORD: &str = "a password for tests";

/// A key pair for tests, in PKCS#8 PEM.
pub const SIGNING_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";

type Handle = Rc<dyn Fn(Request) -> LocalBoxFuture<'static, ServiceResponse<BoxBody>>>;

/// An application under test.
pub struct TestApp {
    /// What the application shares; the clock in it can be moved.
    pub state: Data<AppState>,
    handle: Handle,
    accounts_made: Cell<u32>,
    // Removed with everything in it when the test ends.
    _folder: TempDir,
}

impl TestApp {
    /// On a copy of an SQLite file that was migrated once.
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("galley.db");
        std::fs::copy(sqlite_template().await, &path).unwrap();
        let location =
            Settings::from_lookup(|key| (key == "DATABASE_URL").then(|| format!("sqlite://{}", path.display())));
        Self::on(location.unwrap(), folder).await
    }

    /// On a schema of its own in a PostgreSQL database; `None`, with a word about it, when there is no PostgreSQL.
    pub async fn on_postgres(test: &str) -> Option<Self> {
        let url = schema_of_its_own(postgres::server(test)?).await;
        let settings = Settings::from_lookup(|key| match key {
            "DATABASE_URL" => Some(url.clone()),
            "GALLEY_POSTGRES_CONNECTIONS" => Some("4".to_owned()),
            _ => None,
        });
        let settings = settings.unwrap();
        migrate::run(&Database::open(&settings.database).unwrap())
            .await
            .unwrap();
        Some(Self::on(settings, tempfile::tempdir().unwrap()).await)
    }

    /// With other settings than the default ones, on SQLite.
    pub async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("galley.db");
        std::fs::copy(sqlite_template().await, &path).unwrap();
        let mut settings =
            Settings::from_lookup(|key| (key == "DATABASE_URL").then(|| format!("sqlite://{}", path.display())))
                .unwrap();
        change(&mut settings);
        Self::on(settings, folder).await
    }

    async fn on(mut settings: Settings, folder: TempDir) -> Self {
        settings.data_dir = folder.path().to_owned();
        "https://galley.example".clone_into(&mut settings.public_url);
        let database = Database::open(&settings.database).unwrap();
        let key = SigningKey::from_pem(SIGNING_KEY.as_bytes()).unwrap();
        let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let state = AppState::load(settings, database, key, Clock::standing_at(noon), IdSource::seeded(1))
            .await
            .unwrap();
        let shared = Shared::new(state);
        let state = shared.state().clone();
        let service = Rc::new(init_service(app(shared)).await);
        let handle: Handle = Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match service.call(request).await {
                    Ok(response) => response.map_body(|_, body| body.boxed()),
                    Err(error) => panic!("the application gave an error in place of an answer: {error}"),
                }
            })
        });
        Self {
            state,
            handle,
            accounts_made: Cell::new(0),
            _folder: folder,
        }
    }

    /// A client without credentials.
    pub fn reader(&self) -> Client {
        Client::new(Rc::clone(&self.handle), None)
    }

    /// A client with any text as its token.
    pub fn bearer(&self, token: &str) -> Client {
        Client::new(Rc::clone(&self.handle), Some(token.to_owned()))
    }

    /// A client with the token of a new account that has a role.
    pub async fn account(&self, role: Role) -> Client {
        let number = self.accounts_made.get() + 1;
        self.accounts_made.set(number);
        let email = format!("{role}{number}@galley.example");
        let id = self.create_account(&email, role).await;
        self.bearer(&self.token(&self.claims(id, role)))
    }

    /// The same with a token that outlives the days by which a story moves the clock.
    pub async fn lasting_account(&self, role: Role) -> Client {
        let number = self.accounts_made.get() + 1;
        self.accounts_made.set(number);
        let id = self
            .create_account(&format!("{role}{number}@galley.example"), role)
            .await;
        let claims = self.claims(id, role);
        let exp = claims.iat + 7 * 24 * 60 * 60;
        self.bearer(&self.token(&AccessClaims { exp, ..claims }))
    }

    /// A second instance on the same database, with connections of its own and the same clock.
    pub async fn another_instance(&self) -> AppState {
        let settings = self.state.settings.clone();
        let database = Database::open(&settings.database).unwrap();
        let key = SigningKey::from_pem(SIGNING_KEY.as_bytes()).unwrap();
        AppState::load(settings, database, key, self.state.clock.clone(), IdSource::seeded(2))
            .await
            .unwrap()
    }

    /// The client of an editor.
    pub async fn editor(&self) -> Client {
        self.account(Role::Editor).await
    }

    /// Stores an account that can log in with [`PASSWORD`].
    pub async fn create_account(&self, email: &str, role: Role) -> Uuid {
        let now = self.state.clock.now();
        let id = self.state.ids.next(now);
        let new = NewAccount {
            id,
            email: EmailAddress::parse(email).unwrap(),
            name: AccountName::parse("Somebody").unwrap(),
            role,
            password_hash: password_hash().await,
        };
        let created: Result<bool, Failure> = write_unit!(&self.state.database, accounts::create(new, now));
        assert!(created.unwrap(), "{email} has an account already");
        id
    }

    /// Runs statements on the database, past the application.
    pub async fn run_sql(&self, statements: &'static str) {
        match &self.state.database {
            Database::Sqlite(sqlite) => {
                sqlite
                    .maintain(|connection| {
                        use diesel::connection::SimpleConnection as _;
                        connection.batch_execute(statements).map_err(Failure::from)
                    })
                    .await
                    .unwrap();
            }
            Database::Postgres(postgres) => {
                let mut connection = postgres.connection().await.unwrap();
                connection.batch_execute(statements).await.unwrap();
            }
        }
    }

    /// The claims of a good token, to be spoilt.
    pub fn claims(&self, account: Uuid, role: Role) -> AccessClaims {
        let now = self.state.clock.now().timestamp();
        AccessClaims {
            iss: self.state.keys.issuer().to_owned(),
            sub: account,
            aud: self.state.keys.audience().to_owned(),
            exp: now + 900,
            iat: now,
            nbf: None,
            jti: Uuid::from_u128(7),
            client_id: "tests".to_owned(),
            scope: role.scopes(),
            roles: vec![role],
        }
    }

    /// A token signed with the key of the application.
    pub fn token(&self, claims: &AccessClaims) -> String {
        self.state.keys.sign(claims).unwrap()
    }
}

/// One hash for all accounts, so that tests do not spend their time on hashing.
async fn password_hash() -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    HASH.get_or_init(|| async { galley::accounts::passwords::hash(PASSWORD.into()).await.unwrap() })
        .await
        .clone()
}

async fn sqlite_template() -> std::path::PathBuf {
    static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.db");
        let settings =
            Settings::from_lookup(|key| (key == "DATABASE_URL").then(|| format!("sqlite://{}", path.display())))
                .unwrap();
        let database = Database::open(&settings.database).unwrap();
        migrate::run(&database).await.unwrap();
        // Folds the write-ahead log into the file, so that the file alone is the database.
        if let Database::Sqlite(sqlite) = &database {
            sqlite
                .maintain(|connection| {
                    use diesel::connection::SimpleConnection as _;
                    connection
                        .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
                        .map_err(Failure::from)
                })
                .await
                .unwrap();
        }
        folder
    });
    template.await.path().join("template.db")
}

/// Makes a schema, and gives the URL with which every connection lives in it.
async fn schema_of_its_own(server: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut connection = connections::establish(server.to_owned()).await.unwrap();
    connection
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
        ))
        .await
        .unwrap();
    let mark = if server.contains('?') { '&' } else { '?' };
    format!("{server}{mark}options=-c%20search_path%3D{schema}")
}

/// Settings that differ from the default ones in the origins that browsers may call from.
pub fn with_origins(origins: &[&str]) -> impl FnOnce(&mut Settings) {
    let origins = CorsOrigins::Listed(origins.iter().map(|origin| (*origin).to_owned()).collect());
    move |settings| settings.cors_origins = origins
}
