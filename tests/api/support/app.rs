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
use chrono::{DateTime, Duration, Utc};
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::LocalBoxFuture;
use galley::accounts::account::{AccountRow, EmailAddress};
use galley::accounts::claims::AccessClaims;
use galley::accounts::keys::SigningKey;
use galley::accounts::permissions::Role;
use galley::accounts::sessions::session::SessionRow;
use galley::app::{Shared, app};
use galley::articles::article::{ArticleText, Maker, NewArticle, NewThread, Publication, Save, Title};
use galley::articles::edit::ArticleEdit;
use galley::audit::origin::{Actor, Credential, Origin};
use galley::clock::Clock;
use galley::database::failure::Failure;
use galley::database::ids::{IdSource, RowId};
use galley::database::schema::accounts;
use galley::database::{Database, migrate, postgres as connections};
use galley::markup::{Policy, Rendered};
use galley::settings::{CorsOrigins, MediaLocation, S3Bucket, Settings};
use galley::slug::Slug;
use galley::state::{AppState, Stamp};
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
        let mut settings = location.unwrap();
        settings.comment_rates.clear();
        Self::on(settings, folder).await
    }

    /// On a schema of its own in a PostgreSQL database; `None`, with a word about it, when there is no PostgreSQL.
    pub async fn on_postgres(test: &str) -> Option<Self> {
        let url = schema_of_its_own(postgres::server(test)?).await;
        let settings = Settings::from_lookup(|key| match key {
            "DATABASE_URL" => Some(url.clone()),
            "GALLEY_POSTGRES_CONNECTIONS" => Some("4".to_owned()),
            _ => None,
        });
        let mut settings = settings.unwrap();
        settings.comment_rates.clear();
        migrate::run(&Database::open(&settings.database).unwrap())
            .await
            .unwrap();
        Some(Self::on(settings, tempfile::tempdir().unwrap()).await)
    }

    /// The same with files in a bucket of an S3-compatible server.
    pub async fn with_bucket(bucket: &S3Bucket) -> Self {
        let bucket = bucket.clone();
        Self::with_settings(|settings| settings.media_location = MediaLocation::S3(bucket)).await
    }

    /// The files below the folder of media, as paths from there, without those of folders.
    pub fn media_files(&self) -> Vec<String> {
        let root = self.state.settings.data_dir.join("media");
        let (mut folders, mut files) = (vec![root.clone()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push(path.strip_prefix(&root).unwrap().display().to_string()),
                }
            }
        }
        files.sort();
        files
    }

    /// With other settings than the default ones, on SQLite.
    pub async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("galley.db");
        std::fs::copy(sqlite_template().await, &path).unwrap();
        let mut settings =
            Settings::from_lookup(|key| (key == "DATABASE_URL").then(|| format!("sqlite://{}", path.display())))
                .unwrap();
        settings.comment_rates.clear();
        change(&mut settings);
        Self::on(settings, folder).await
    }

    /// The same database and files with other settings, as after a new start. The clock and the ids begin anew.
    pub async fn reconfigured(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self {
            state, _folder: folder, ..
        } = self;
        let mut settings = state.settings.clone();
        drop(state);
        change(&mut settings);
        Self::on(settings, folder).await
    }

    /// Another instance on the same database, with other settings and the same clock and accounts.
    pub async fn with_changed_settings(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.state.settings.clone();
        change(&mut settings);
        let database = Database::open(&settings.database).unwrap();
        let key = SigningKey::from_pem(SIGNING_KEY.as_bytes()).unwrap();
        let state = AppState::load(settings, database, key, self.state.clock.clone(), IdSource::seeded(3))
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            accounts_made: Cell::new(self.accounts_made.get() + 1_000),
            ..Self::around(state, folder).await
        }
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
        Self::around(state, folder).await
    }

    async fn around(state: AppState, folder: TempDir) -> Self {
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
        let row = AccountRow {
            id: RowId(id),
            email: EmailAddress::parse(email).unwrap().into_string(),
            name: "Somebody".to_owned(),
            role: role.as_str().to_owned(),
            password_hash: Some(password_hash().await),
            author_id: None,
            revision: 1,
            created_at: now.into(),
            created_by: None,
            updated_at: now.into(),
            disabled_at: None,
            last_login_at: None,
        };
        self.insert_account(row).await;
        self.open_session(id).await;
        id
    }

    /// Stores an account past the application, so that the audit log is empty when a story begins.
    async fn insert_account(&self, row: AccountRow) {
        let insertion = diesel::insert_into(accounts::table);
        match &self.state.database {
            Database::Sqlite(sqlite) => sqlite
                .maintain(move |connection| {
                    diesel::RunQueryDsl::execute(insertion.values(&row), connection).map_err(Failure::from)
                })
                .await
                .unwrap(),
            Database::Postgres(postgres) => {
                let mut connection = postgres.connection().await.unwrap();
                diesel_async::RunQueryDsl::execute(insertion.values(&row), &mut connection)
                    .await
                    .unwrap()
            }
        };
    }

    /// Opens the session that the tokens of [`TestApp::claims`] belong to. It has the id of the account, so that they can be
    /// made without asking, and outlives every story.
    async fn open_session(&self, account: Uuid) {
        let now = self.state.clock.now();
        let session = SessionRow {
            id: RowId(account),
            account_id: RowId(account),
            user_agent: Some("tests".to_owned()),
            address: None,
            network: RowId(Uuid::nil()),
            created_at: now.into(),
            last_used_at: now.into(),
            expires_at: (now + Duration::days(3_650)).into(),
            ended_at: None,
            end_reason: None,
        };
        let opened: Result<(), Failure> = write_unit!(&self.state.database, sessions::insert(session));
        opened.unwrap();
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

    /// Runs statements on the database, past the application, and gives what the database says when it refuses them.
    pub async fn try_sql(&self, statements: &'static str) -> Result<(), String> {
        match &self.state.database {
            Database::Sqlite(sqlite) => sqlite
                .maintain(|connection| {
                    use diesel::connection::SimpleConnection as _;
                    connection.batch_execute(statements).map_err(Failure::from)
                })
                .await
                .map_err(|failure| failure.to_string()),
            Database::Postgres(postgres) => {
                let mut connection = postgres.connection().await.unwrap();
                connection
                    .batch_execute(statements)
                    .await
                    .map_err(|error| error.to_string())
            }
        }
    }

    /// A new article and the stamp of its making, for stories that go past the handlers.
    pub fn new_article(&self, title: &str, maker: Maker, account: Uuid) -> (NewArticle, Stamp) {
        let credential = Credential::AccessToken(Uuid::from_u128(7));
        let actor = Actor::Account {
            account_id: account,
            credential,
        };
        let stamp = self.state.stamp(Origin {
            actor,
            address: None,
            request_id: None,
        });
        let new = NewArticle {
            id: stamp.new_id(),
            slug: Slug::of(title).unwrap(),
            title: Title::parse(title).unwrap(),
            text: ArticleText::new(Rendered::new("Text.".to_owned(), Policy::Article)),
            edit: ArticleEdit::default(),
            thread: NewThread::default(),
            publication: Publication::Unchanged,
            save: Save::default(),
            maker,
        };
        (new, stamp)
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
            sid: account,
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
