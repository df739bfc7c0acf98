//! The settings, read once from the environment (and from `.env`) into types. An error names its key.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use thiserror::Error;

use crate::database::DatabaseLocation;
use crate::database::sqlite::Durability;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the content is kept.
    pub database: DatabaseLocation,
    /// The address to listen at; port 0 picks a free one.
    pub bind: SocketAddr,
    /// The folder of the `SQLite` file and the keys.
    pub data_dir: PathBuf,
    /// The address that others reach the server at, without a slash at its end.
    pub public_url: String,
    /// The first administrator, if there is no account yet.
    pub first_administrator: Option<FirstAdministrator>,
    /// The most bytes of a request body.
    pub max_body_bytes: usize,
    /// Which sites may call the API from a browser.
    pub cors_origins: CorsOrigins,
    /// The form of the log.
    pub log_format: LogFormat,
}

/// The e-mail address and the password of the first administrator.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// The address.
    pub email: String,
    /// The password; a random one is made when there is none.
    pub password: Option<SecretString>,
}

/// Which sites may call the API from a browser (CORS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None: only pages of the same origin.
    None,
    /// Every site.
    Any,
    /// These origins.
    Listed(Vec<String>),
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for a person.
    Text,
    /// One JSON object a line.
    Json,
}

/// A setting that cannot be used.
#[derive(Debug, Error)]
#[error("{key}: {reason}")]
pub struct SettingFault {
    key: &'static str,
    reason: String,
}

/// One setting, for the documentation and the test that holds `.env.example` against it.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingDoc {
    /// The name of the environment variable.
    pub key: &'static str,
    /// Its value when it is not set, as a person would write it.
    pub default: &'static str,
}

/// Every setting there is. `RUST_LOG` is read by the log itself.
pub const ALL: &[SettingDoc] = &[
    SettingDoc {
        key: "DATABASE_URL",
        default: "sqlite://data/galley.db",
    },
    SettingDoc {
        key: "GALLEY_BIND",
        default: "127.0.0.1:8080",
    },
    SettingDoc {
        key: "GALLEY_DATA_DIR",
        default: "data",
    },
    SettingDoc {
        key: "GALLEY_PUBLIC_URL",
        default: "http://127.0.0.1:8080",
    },
    SettingDoc {
        key: "GALLEY_ADMIN_EMAIL",
        default: "admin@localhost",
    },
    SettingDoc {
        key: "GALLEY_ADMIN_PASSWORD",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_MAX_BODY_BYTES",
        default: "2097152",
    },
    SettingDoc {
        key: "GALLEY_CORS_ORIGINS",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_SQLITE_SYNCHRONOUS",
        default: "full",
    },
    SettingDoc {
        key: "GALLEY_POSTGRES_CONNECTIONS",
        default: "16",
    },
    SettingDoc {
        key: "GALLEY_LOG_FORMAT",
        default: "text",
    },
    SettingDoc {
        key: "RUST_LOG",
        default: "info",
    },
];

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`SettingFault`] for the first setting that cannot be used.
    pub fn from_env() -> Result<Self, SettingFault> {
        Self::from_lookup(|key| env::var(key).ok())
    }

    /// Reads settings from any source; an empty value counts as not set.
    ///
    /// # Errors
    /// [`SettingFault`] for the first setting that cannot be used.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingFault> {
        let lookup = |key: &str| lookup(key).filter(|value| !value.trim().is_empty());
        let data_dir = PathBuf::from(lookup("GALLEY_DATA_DIR").unwrap_or_else(|| "data".into()));
        let bind = parsed(
            "GALLEY_BIND",
            lookup("GALLEY_BIND"),
            SocketAddr::from(([127, 0, 0, 1], 8080)),
        )?;
        let public_url = match lookup("GALLEY_PUBLIC_URL") {
            Some(url) => public_url(&url)?,
            None => format!("http://{bind}"),
        };
        Ok(Self {
            database: database_location(&lookup, &data_dir)?,
            bind,
            data_dir,
            public_url,
            first_administrator: lookup("GALLEY_ADMIN_EMAIL").map(|email| FirstAdministrator {
                email,
                password: lookup("GALLEY_ADMIN_PASSWORD").map(SecretString::from),
            }),
            max_body_bytes: parsed(
                "GALLEY_MAX_BODY_BYTES",
                lookup("GALLEY_MAX_BODY_BYTES"),
                2 * 1024 * 1024,
            )?,
            cors_origins: cors_origins(lookup("GALLEY_CORS_ORIGINS").as_deref())?,
            log_format: match lookup("GALLEY_LOG_FORMAT").as_deref() {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(other) => {
                    return Err(fault(
                        "GALLEY_LOG_FORMAT",
                        format!("{other:?} is neither text nor json"),
                    ));
                }
            },
        })
    }
}

fn database_location(
    lookup: &impl Fn(&str) -> Option<String>,
    data_dir: &std::path::Path,
) -> Result<DatabaseLocation, SettingFault> {
    let url = lookup("DATABASE_URL");
    if let Some(url) = url
        .as_deref()
        .filter(|url| url.starts_with("postgres://") || url.starts_with("postgresql://"))
    {
        let connections = parsed(
            "GALLEY_POSTGRES_CONNECTIONS",
            lookup("GALLEY_POSTGRES_CONNECTIONS"),
            16_usize,
        )?
        .max(1);
        return Ok(DatabaseLocation::Postgres {
            url: url.to_owned().into(),
            connections,
        });
    }
    let path = match url.as_deref().map(|url| url.strip_prefix("sqlite://")) {
        None => data_dir.join("galley.db"),
        Some(Some(path)) if !path.is_empty() => PathBuf::from(path),
        // A misspelt scheme must not make a new, empty database.
        Some(_) => {
            let reason = "it must begin with sqlite:// (and a path) or postgres://".to_owned();
            return Err(fault("DATABASE_URL", reason));
        }
    };
    let durability = match lookup("GALLEY_SQLITE_SYNCHRONOUS").as_deref() {
        None | Some("full") => Durability::Full,
        Some("normal") => Durability::Normal,
        Some(other) => {
            return Err(fault(
                "GALLEY_SQLITE_SYNCHRONOUS",
                format!("{other:?} is neither full nor normal"),
            ));
        }
    };
    Ok(DatabaseLocation::Sqlite { path, durability })
}

fn public_url(text: &str) -> Result<String, SettingFault> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(fault(
            "GALLEY_PUBLIC_URL",
            format!("{text:?} is not an http or https address"),
        )),
    }
}

fn cors_origins(text: Option<&str>) -> Result<CorsOrigins, SettingFault> {
    match text {
        None => Ok(CorsOrigins::None),
        Some("*") => Ok(CorsOrigins::Any),
        Some(list) => list
            .split(',')
            .map(|origin| cors_origin(origin.trim()))
            .collect::<Result<_, _>>()
            .map(CorsOrigins::Listed),
    }
}

fn cors_origin(text: &str) -> Result<String, SettingFault> {
    match url::Url::parse(text) {
        Ok(url) if url.origin().ascii_serialization() == text => Ok(text.to_owned()),
        _ => Err(fault(
            "GALLEY_CORS_ORIGINS",
            format!("{text:?} is not an origin, such as https://www.example.org"),
        )),
    }
}

fn parsed<T>(key: &'static str, value: Option<String>, default: T) -> Result<T, SettingFault>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    value.map_or(Ok(default), |text| {
        text.trim()
            .parse()
            .map_err(|error| fault(key, format!("{text:?}: {error}")))
    })
}

fn fault(key: &'static str, reason: String) -> SettingFault {
    SettingFault { key, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&'static str, &'static str)]) -> Result<Settings, SettingFault> {
        Settings::from_lookup(|key| {
            pairs
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = with(&[]).unwrap();
        assert_eq!(settings.public_url, "http://127.0.0.1:8080");
        assert!(matches!(settings.database, DatabaseLocation::Sqlite { path, .. } if path.ends_with("data/galley.db")));
        assert_eq!(settings.cors_origins, CorsOrigins::None);
    }

    #[test]
    fn a_fault_names_its_key() {
        for (key, value) in [
            ("DATABASE_URL", "mysql://x"),
            ("DATABASE_URL", "data/galley.db"),
            ("GALLEY_BIND", "8080"),
            ("GALLEY_PUBLIC_URL", "example.org"),
            ("GALLEY_MAX_BODY_BYTES", "2 MB"),
            ("GALLEY_CORS_ORIGINS", "https://a.example/path"),
            ("GALLEY_SQLITE_SYNCHRONOUS", "off"),
            ("GALLEY_LOG_FORMAT", "xml"),
        ] {
            let fault = Settings::from_lookup(|name| (name == key).then(|| value.to_owned())).unwrap_err();
            assert!(fault.to_string().starts_with(key), "{fault}");
        }
    }

    #[test]
    fn the_example_file_names_every_setting_with_its_default() {
        let is_setting = |line: &&str| {
            let key = line.split('=').next().unwrap_or_default();
            line.contains('=') && key.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        };
        let example = include_str!("../.env.example");
        let written: Vec<&str> = example
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(is_setting)
            .collect();
        let expected: Vec<String> = ALL
            .iter()
            .map(|setting| format!("{}={}", setting.key, setting.default))
            .collect();
        assert_eq!(written, expected);
    }

    #[test]
    fn every_setting_that_is_read_is_in_the_list() {
        let asked = std::cell::RefCell::new(std::collections::BTreeSet::new());
        for database in ["", "postgres://localhost/galley"] {
            let lookup = |key: &str| {
                asked.borrow_mut().insert(key.to_owned());
                let is_email = key == "GALLEY_ADMIN_EMAIL";
                let value = if key == "DATABASE_URL" { database } else { "" };
                Some(if is_email { "ada@example.org" } else { value }.to_owned())
            };
            Settings::from_lookup(lookup).unwrap();
        }
        // The log reads its own setting.
        asked.borrow_mut().insert("RUST_LOG".to_owned());
        let listed: std::collections::BTreeSet<String> = ALL.iter().map(|setting| setting.key.to_owned()).collect();
        assert_eq!(asked.into_inner(), listed);
    }
}
