//! `PostgreSQL` through tokio-postgres: no libpq and no OpenSSL.

use std::net::IpAddr;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _, TransactionManager as _};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::database::failure::Failure;

/// The connection that every store function takes when it is compiled for `PostgreSQL`.
pub type Connection = AsyncPgConnection;

type Transactions = <AsyncPgConnection as diesel_async::AsyncConnection>::TransactionManager;

/// Longest time that one statement may run.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time that a request waits for a connection.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool of connections to one `PostgreSQL` database.
#[derive(Clone)]
pub struct PostgresDatabase {
    url: SecretString,
    pool: Pool<AsyncPgConnection>,
}

impl PostgresDatabase {
    /// A pool of at most `connections` connections to `url`; the first is made when it is needed.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the URL cannot be read.
    pub fn open(url: &str, connections: usize) -> Result<Self, Failure> {
        url.parse::<Config>()
            .map_err(|error| Failure::Unavailable(format!("DATABASE_URL: {error}")))?;
        let mut config = ManagerConfig::default();
        // A check before each use costs a round trip and saves nothing: a connection can break right after it.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(|url| establish(url.to_owned()).boxed());
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .wait_timeout(Some(WAIT_TIMEOUT))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| Failure::Unavailable(error.to_string()))?;
        Ok(Self { url: url.into(), pool })
    }

    /// Where the database is, with its password.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// A connection of the pool.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when none could be had in time.
    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, Failure> {
        self.pool
            .get()
            .await
            .map_err(|error| Failure::Unavailable(error.to_string()))
    }
}

/// Begins a transaction. A connection that is dropped inside of one is closed by the pool, which undoes it.
///
/// # Errors
/// A [`Failure`] when the connection is lost.
pub async fn begin(connection: &mut Connection) -> Result<(), Failure> {
    Ok(Transactions::begin_transaction(connection).await?)
}

/// Commits the transaction if `outcome` is a success, and else undoes it.
///
/// # Errors
/// What `outcome` holds, or a [`Failure`] when the commit failed.
pub async fn finish<T, E: From<Failure>>(connection: &mut Connection, outcome: Result<T, E>) -> Result<T, E> {
    match outcome {
        Ok(value) => {
            Transactions::commit_transaction(connection)
                .await
                .map_err(Failure::from)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(lost) = Transactions::rollback_transaction(connection).await {
                tracing::warn!(error = %lost, "a transaction could not be rolled back; its connection is closed");
            }
            Err(error)
        }
    }
}

/// One connection outside of the pool.
///
/// # Errors
/// What the server or the network says.
pub async fn establish(url: String) -> ConnectionResult<AsyncPgConnection> {
    let config = url
        .parse::<Config>()
        .map_err(|error| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
    let mut connection = match encryption(&config, &url) {
        Encryption::Off => connect(&config, NoTls).await?,
        Encryption::Verified => connect(&config, trusting_system_roots()?).await?,
    };
    connection
        .batch_execute(&format!(
            "SET statement_timeout = {}; SET TIME ZONE 'UTC'",
            STATEMENT_TIMEOUT.as_millis()
        ))
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

enum Encryption {
    Off,
    Verified,
}

/// Without an `sslmode`, a server on this machine is spoken to in plain text, since its certificate is seldom one that
/// can be verified; any other server is offered TLS, and a certificate that does not verify is an error.
fn encryption(config: &Config, url: &str) -> Encryption {
    let is_local = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    });
    match config.get_ssl_mode() {
        SslMode::Disable => Encryption::Off,
        SslMode::Prefer if is_local && !url.contains("sslmode") => Encryption::Off,
        _ => Encryption::Verified,
    }
}

async fn connect<T>(config: &Config, tls: T) -> ConnectionResult<AsyncPgConnection>
where
    T: tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>,
    T::Stream: Send + 'static,
{
    let (client, socket) = config
        .connect(tls)
        .await
        .map_err(|error| ConnectionError::BadConnection(explained(&error)))?;
    AsyncPgConnection::try_from_client_and_connection(client, socket).await
}

/// The message with its causes; the outer one alone only says that connecting failed.
fn explained(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |inner| inner.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn trusting_system_roots() -> ConnectionResult<MakeRustlsConnect> {
    let (connector, unreadable) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
        ConnectionError::BadConnection(format!("no certificate authority can be read: {errors:?}"))
    })?;
    if !unreadable.is_empty() {
        tracing::debug!(
            ?unreadable,
            "some certificate authorities of this machine cannot be read"
        );
    }
    Ok(connector)
}
