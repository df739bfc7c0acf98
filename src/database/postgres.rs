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

use crate::database::Verdict;
use crate::database::failure::Failure;

/// The connection that every store function takes when it is compiled for `PostgreSQL`.
pub type Connection = AsyncPgConnection;

/// What [`Connection`] speaks, for queries whose types must name it.
pub type Backend = diesel::pg::Pg;

/// A day of 24 hours, as statements add it to a point in time: days of the calendar differ where clocks are changed.
pub const DAY: &str = "INTERVAL '24 hours'";

type Transactions = <AsyncPgConnection as diesel_async::AsyncConnection>::TransactionManager;

/// Longest time that one statement may run.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time that a request waits for a connection.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time that a statement waits for another transaction, where a client had better be told to come again.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

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

/// Ends a transaction whose work decides by itself whether it is stored.
///
/// # Errors
/// What `outcome` holds, or a [`Failure`] when the commit failed.
pub async fn settle<T, E: From<Failure>>(connection: &mut Connection, outcome: Result<Verdict<T>, E>) -> Result<T, E> {
    match outcome {
        Ok(Verdict::Keep(value)) => finish(connection, Ok(value)).await,
        Ok(Verdict::Undo(value)) => {
            Transactions::rollback_transaction(connection)
                .await
                .map_err(Failure::from)?;
            Ok(value)
        }
        Err(error) => finish(connection, Err(error)).await,
    }
}

/// Bounds how long the statements of this transaction wait for another one.
///
/// # Errors
/// A [`Failure`] when the connection is lost.
pub async fn bound_lock_wait(connection: &mut Connection) -> Result<(), Failure> {
    let statement = format!("SET LOCAL lock_timeout = {}", LOCK_TIMEOUT.as_millis());
    Ok(connection.batch_execute(&statement).await?)
}

/// One connection outside of the pool.
///
/// # Errors
/// What the server or the network says.
pub async fn establish(url: String) -> ConnectionResult<AsyncPgConnection> {
    let mut config = url
        .parse::<Config>()
        .map_err(|error| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
    let mut connection = match encryption(&mut config, &url) {
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
/// can be verified. Any other server must speak TLS with a certificate that verifies: "prefer" alone would let anybody on
/// the way answer that it cannot.
fn encryption(config: &mut Config, url: &str) -> Encryption {
    let is_named = url.contains("sslmode");
    match config.get_ssl_mode() {
        SslMode::Disable => Encryption::Off,
        SslMode::Prefer if !is_named && is_local(config) => Encryption::Off,
        SslMode::Prefer if !is_named => {
            config.ssl_mode(SslMode::Require);
            Encryption::Verified
        }
        _ => Encryption::Verified,
    }
}

fn is_local(config: &Config) -> bool {
    let is_loopback =
        |name: &str| name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    config.get_hostaddrs().iter().all(IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_loopback(name),
            Host::Unix(_) => true,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> (bool, SslMode) {
        let mut config: Config = url.parse().unwrap();
        let is_verified = matches!(encryption(&mut config, url), Encryption::Verified);
        (is_verified, config.get_ssl_mode())
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_plain_text() {
        assert_eq!(mode("postgres://u@localhost/d"), (false, SslMode::Prefer));
        assert_eq!(mode("postgres://u@127.0.0.1/d"), (false, SslMode::Prefer));
        assert_eq!(mode("postgres://u@db.example/d"), (true, SslMode::Require));
        assert_eq!(mode("postgres://u@/d?hostaddr=10.0.0.5"), (true, SslMode::Require));
        assert_eq!(
            mode("postgres://u@db.example/d?sslmode=disable"),
            (false, SslMode::Disable)
        );
        assert_eq!(
            mode("postgres://u@localhost/d?sslmode=require"),
            (true, SslMode::Require)
        );
    }
}
