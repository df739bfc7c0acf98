//! The settings, read once from the environment (and from `.env`) into types. An error names its key.

use std::collections::BTreeSet;
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use thiserror::Error;

use crate::database::DatabaseLocation;
use crate::database::sqlite::Durability;
use crate::http::client_address::TrustedProxies;
use crate::http::rate_limits::Rate;
use crate::mail::relay::{MailSettingFault, MailSettings};
use crate::media::renditions::rendition::MAX_RENDITION_SIDE;

/// The widths in which everybody may ask for pictures, when nothing else is set.
const RENDITION_WIDTHS: [u16; 9] = [160, 320, 480, 640, 800, 960, 1280, 1600, 1920];

/// The most widths that can be set. Each is another picture that strangers may have made.
const MAX_RENDITION_WIDTHS: usize = 32;

/// The most days that can be set for what is kept of commenters: a hundred years.
const MAX_COMMENTER_DATA_DAYS: u32 = 36_500;

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
    pub first_administrator: FirstAdministrator,
    /// The page where people choose a password, which links to set one lead to.
    pub password_page: Option<String>,
    /// The server that takes mail, and the sender; none where mail is off.
    pub mail: Option<MailSettings>,
    /// The page where readers confirm and end subscriptions, which links in mails lead to; none for the one of this server.
    pub subscription_page: Option<String>,
    /// The most bytes of a request body.
    pub max_body_bytes: usize,
    /// Where the files are that editors upload.
    pub media_location: MediaLocation,
    /// The most bytes of a file that an editor uploads.
    pub max_media_bytes: u64,
    /// Which sites may call the API from a browser.
    pub cors_origins: CorsOrigins,
    /// The most listeners to threads that this instance takes at one time.
    pub max_listeners: usize,
    /// Whether failed log-ins and comments are counted.
    pub rate_limits: RateLimits,
    /// The proxies before this server, whose word counts on whom they speak for.
    pub trusted_proxies: TrustedProxies,
    /// How often one stranger may post a comment; every one of the rates counts.
    pub comment_rates: Vec<Rate>,
    /// The identity provider that vouches for the readers of the site.
    pub reader_identity: Option<ReaderIdentity>,
    /// Days after which a signing key is replaced by a new one; none for never.
    pub key_rotation_days: Option<u32>,
    /// Days after which the e-mail address and the network of whoever wrote a comment are forgotten; none for never.
    pub commenter_data_days: Option<u32>,
    /// The form of the log.
    pub log_format: LogFormat,
    /// The most pixels that a picture may have.
    pub max_image_pixels: u64,
    /// The most bytes of all renditions that are kept.
    pub rendition_cache_bytes: u64,
    /// The widths in which everybody may ask for pictures, the smallest first.
    pub rendition_widths: Vec<u16>,
}

/// The e-mail address and the password of the first administrator.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// The address.
    pub email: String,
    /// The password; a random one is made when there is none.
    pub password: Option<SecretString>,
}

/// Where the files are that editors upload.
#[derive(Debug, Clone)]
pub enum MediaLocation {
    /// In the folder `media` of the data folder.
    Local,
    /// In a bucket of an S3-compatible service.
    S3(S3Bucket),
}

/// A bucket of an S3-compatible service.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    /// The name.
    pub bucket: String,
    /// What the keys of all files begin with; may be empty.
    pub prefix: String,
    /// The address of the service, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Who writes.
    pub access_key_id: String,
    /// The secret that proves it.
    pub secret_access_key: SecretString,
}

/// Who vouches for the readers of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderIdentity {
    /// The issuer of its tokens, exactly as they name it.
    pub issuer: String,
    /// Whom its tokens are for, exactly as they name it.
    pub audience: String,
    /// Where its public keys are.
    pub keys: KeySource,
}

/// Where a JWK set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At an address.
    Address(url::Url),
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

/// Whether failed log-ins are counted, and refused when there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimits {
    /// They are.
    On,
    /// They are not.
    Off,
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
        key: "GALLEY_PASSWORD_PAGE",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_SMTP_URL",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_MAIL_FROM",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_SUBSCRIPTION_PAGE",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_MAX_BODY_BYTES",
        default: "2097152",
    },
    SettingDoc {
        key: "GALLEY_MEDIA_STORE",
        default: "local",
    },
    SettingDoc {
        key: "GALLEY_MAX_MEDIA_BYTES",
        default: "52428800",
    },
    SettingDoc {
        key: "GALLEY_S3_ENDPOINT",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_S3_REGION",
        default: "us-east-1",
    },
    SettingDoc {
        key: "GALLEY_S3_ACCESS_KEY_ID",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_S3_SECRET_ACCESS_KEY",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_MAX_LISTENERS",
        default: "10000",
    },
    SettingDoc {
        key: "GALLEY_CORS_ORIGINS",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_RATE_LIMITS",
        default: "on",
    },
    SettingDoc {
        key: "GALLEY_TRUSTED_PROXIES",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_COMMENT_RATE",
        default: "10/60,60/3600",
    },
    SettingDoc {
        key: "GALLEY_READER_ISSUER",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_READER_AUDIENCE",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_READER_JWKS",
        default: "",
    },
    SettingDoc {
        key: "GALLEY_KEY_ROTATION_DAYS",
        default: "90",
    },
    SettingDoc {
        key: "GALLEY_COMMENTER_DATA_DAYS",
        default: "180",
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
        key: "GALLEY_MAX_IMAGE_PIXELS",
        default: "50000000",
    },
    SettingDoc {
        key: "GALLEY_RENDITION_CACHE_BYTES",
        default: "1073741824",
    },
    SettingDoc {
        key: "GALLEY_RENDITION_WIDTHS",
        default: "160,320,480,640,800,960,1280,1600,1920",
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
            Some(url) => web_address("GALLEY_PUBLIC_URL", &url)?.trim_end_matches('/').to_owned(),
            None => format!("http://{bind}"),
        };
        Ok(Self {
            database: database_location(&lookup, &data_dir)?,
            bind,
            data_dir,
            public_url,
            first_administrator: FirstAdministrator {
                email: lookup("GALLEY_ADMIN_EMAIL").unwrap_or_else(|| "admin@localhost".into()),
                password: lookup("GALLEY_ADMIN_PASSWORD").map(SecretString::from),
            },
            password_page: match lookup("GALLEY_PASSWORD_PAGE") {
                Some(page) => Some(web_address("GALLEY_PASSWORD_PAGE", &page)?),
                None => None,
            },
            mail: mail(
                lookup("GALLEY_SMTP_URL").as_deref(),
                lookup("GALLEY_MAIL_FROM").as_deref(),
            )?,
            subscription_page: match lookup("GALLEY_SUBSCRIPTION_PAGE") {
                Some(page) => Some(web_address("GALLEY_SUBSCRIPTION_PAGE", &page)?),
                None => None,
            },
            max_body_bytes: parsed(
                "GALLEY_MAX_BODY_BYTES",
                lookup("GALLEY_MAX_BODY_BYTES"),
                2 * 1024 * 1024,
            )?,
            media_location: media_location(&lookup)?,
            max_media_bytes: parsed(
                "GALLEY_MAX_MEDIA_BYTES",
                lookup("GALLEY_MAX_MEDIA_BYTES"),
                50 * 1024 * 1024,
            )?,
            max_listeners: parsed("GALLEY_MAX_LISTENERS", lookup("GALLEY_MAX_LISTENERS"), 10_000)?,
            cors_origins: cors_origins(lookup("GALLEY_CORS_ORIGINS").as_deref())?,
            rate_limits: match lookup("GALLEY_RATE_LIMITS").as_deref() {
                None | Some("on") => RateLimits::On,
                Some("off") => RateLimits::Off,
                Some(other) => return Err(fault("GALLEY_RATE_LIMITS", format!("{other:?} is neither on nor off"))),
            },
            trusted_proxies: trusted_proxies(lookup("GALLEY_TRUSTED_PROXIES").as_deref())?,
            comment_rates: comment_rates(lookup("GALLEY_COMMENT_RATE").as_deref())?,
            reader_identity: reader_identity(&lookup)?,
            key_rotation_days: key_rotation_days(lookup("GALLEY_KEY_ROTATION_DAYS"))?,
            commenter_data_days: commenter_data_days(lookup("GALLEY_COMMENTER_DATA_DAYS"))?,
            max_image_pixels: parsed("GALLEY_MAX_IMAGE_PIXELS", lookup("GALLEY_MAX_IMAGE_PIXELS"), 50_000_000)?,
            rendition_cache_bytes: parsed(
                "GALLEY_RENDITION_CACHE_BYTES",
                lookup("GALLEY_RENDITION_CACHE_BYTES"),
                1024 * 1024 * 1024,
            )?,
            rendition_widths: rendition_widths(lookup("GALLEY_RENDITION_WIDTHS").as_deref())?,
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

fn mail(url: Option<&str>, from: Option<&str>) -> Result<Option<MailSettings>, SettingFault> {
    const URL: &str = "GALLEY_SMTP_URL";
    const FROM: &str = "GALLEY_MAIL_FROM";
    let (url, from) = match (url, from) {
        (None, None) => return Ok(None),
        (Some(url), Some(from)) => (url, from),
        (Some(_), None) => return Err(fault(FROM, format!("{URL} is set, so that this has to be set, too"))),
        (None, Some(_)) => return Err(fault(URL, format!("{FROM} is set, so that this has to be set, too"))),
    };
    // The value is not repeated: it may hold a password.
    MailSettings::new(url, from).map(Some).map_err(|reason| match reason {
        MailSettingFault::From => fault(FROM, reason.to_string()),
        MailSettingFault::Url | MailSettingFault::Tls | MailSettingFault::Password => fault(URL, reason.to_string()),
    })
}

fn media_location(lookup: &impl Fn(&str) -> Option<String>) -> Result<MediaLocation, SettingFault> {
    let endpoint = lookup("GALLEY_S3_ENDPOINT").map(|url| s3_endpoint(&url)).transpose()?;
    let region = lookup("GALLEY_S3_REGION").unwrap_or_else(|| "us-east-1".to_owned());
    let access_key_id = lookup("GALLEY_S3_ACCESS_KEY_ID");
    let secret_access_key = lookup("GALLEY_S3_SECRET_ACCESS_KEY");
    let store = lookup("GALLEY_MEDIA_STORE");
    let (bucket, prefix) = match store.as_deref().map(|text| (text, text.strip_prefix("s3://"))) {
        None | Some(("local", _)) => return Ok(MediaLocation::Local),
        Some((_, Some(place))) if !place.is_empty() && !place.starts_with('/') => {
            place.split_once('/').unwrap_or((place, ""))
        }
        Some((text, _)) => {
            let reason = format!("{text:?} is neither local nor of the form s3://BUCKET or s3://BUCKET/PREFIX");
            return Err(fault("GALLEY_MEDIA_STORE", reason));
        }
    };
    let needed = |key: &'static str, value: Option<String>| {
        value.ok_or_else(|| fault(key, "a store of the form s3://BUCKET needs it".to_owned()))
    };
    Ok(MediaLocation::S3(S3Bucket {
        bucket: bucket.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
        endpoint,
        region,
        access_key_id: needed("GALLEY_S3_ACCESS_KEY_ID", access_key_id)?,
        secret_access_key: needed("GALLEY_S3_SECRET_ACCESS_KEY", secret_access_key)?.into(),
    }))
}

fn s3_endpoint(text: &str) -> Result<String, SettingFault> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(fault(
            "GALLEY_S3_ENDPOINT",
            format!("{text:?} is not an http or https address, such as https://s3.example.org"),
        )),
    }
}

fn web_address(key: &'static str, text: &str) -> Result<String, SettingFault> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => {
            Ok(text.to_owned())
        }
        _ => Err(fault(key, format!("{text:?} is not an http or https address"))),
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

fn commenter_data_days(value: Option<String>) -> Result<Option<u32>, SettingFault> {
    const KEY: &str = "GALLEY_COMMENTER_DATA_DAYS";
    match parsed(KEY, value, 180_u32)? {
        0 => Ok(None),
        days if days <= MAX_COMMENTER_DATA_DAYS => Ok(Some(days)),
        days => Err(fault(
            KEY,
            format!("{days} is above {MAX_COMMENTER_DATA_DAYS}; write 0 for never"),
        )),
    }
}

fn trusted_proxies(text: Option<&str>) -> Result<TrustedProxies, SettingFault> {
    let parsed = text.map_or_else(|| Ok(TrustedProxies::default()), TrustedProxies::parse);
    parsed.map_err(|cause| fault("GALLEY_TRUSTED_PROXIES", cause.to_string()))
}

fn comment_rates(text: Option<&str>) -> Result<Vec<Rate>, SettingFault> {
    const KEY: &str = "GALLEY_COMMENT_RATE";
    let text = text.unwrap_or("10/60,60/3600");
    let rates: Option<Vec<Rate>> = text.split(',').map(Rate::parse).collect();
    rates.filter(|rates| rates.len() <= 4).ok_or_else(|| {
        let reason =
            format!("{text:?} is not of the form COUNT/SECONDS, such as 10/60, nor up to 4 of these divided by commas");
        fault(KEY, reason)
    })
}

fn reader_identity(lookup: &impl Fn(&str) -> Option<String>) -> Result<Option<ReaderIdentity>, SettingFault> {
    const KEYS: [&str; 3] = ["GALLEY_READER_ISSUER", "GALLEY_READER_AUDIENCE", "GALLEY_READER_JWKS"];
    let [issuer, audience, keys] = KEYS.map(|key| lookup(key).ok_or(key));
    if let (Err(_), Err(_), Err(_)) = (&issuer, &audience, &keys) {
        return Ok(None);
    }
    let missing = |key: &'static str| fault(key, format!("it is not set; {} go together", KEYS.join(", ")));
    let issuer = issuer.map_err(missing)?;
    if lookup("GALLEY_PUBLIC_URL").is_some_and(|own| own.trim_end_matches('/') == issuer) {
        return Err(fault("GALLEY_READER_ISSUER", "it is this server itself".to_owned()));
    }
    Ok(Some(ReaderIdentity {
        issuer,
        audience: audience.map_err(missing)?,
        keys: key_source(&keys.map_err(missing)?)?,
    }))
}

/// An https address, or a file. Keys that came over the network in the clear would be anybody's, so that http is for the
/// machine itself.
fn key_source(text: &str) -> Result<KeySource, SettingFault> {
    let Some((scheme, _)) = text.split_once("://") else {
        return Ok(KeySource::File(PathBuf::from(text)));
    };
    let is_loopback = |url: &url::Url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url::Url::parse(text) {
        Ok(url) if scheme == "https" || (scheme == "http" && is_loopback(&url)) => Ok(KeySource::Address(url)),
        _ => Err(fault(
            "GALLEY_READER_JWKS",
            format!("{text:?} is neither an https address nor a file; http is for this machine only"),
        )),
    }
}

fn key_rotation_days(value: Option<String>) -> Result<Option<u32>, SettingFault> {
    const KEY: &str = "GALLEY_KEY_ROTATION_DAYS";
    match parsed(KEY, value, 90_u32)? {
        0 => Ok(None),
        days @ 1..=3_650 => Ok(Some(days)),
        days => Err(fault(KEY, format!("{days} is above 3650; write 0 for never"))),
    }
}

fn rendition_widths(text: Option<&str>) -> Result<Vec<u16>, SettingFault> {
    let Some(text) = text else {
        return Ok(RENDITION_WIDTHS.to_vec());
    };
    let width = |part: &str| {
        part.trim()
            .parse()
            .ok()
            .filter(|width| (1..=MAX_RENDITION_SIDE).contains(width))
    };
    let widths: Option<BTreeSet<u16>> = text.split(',').map(width).collect();
    match widths {
        Some(widths) if widths.len() <= MAX_RENDITION_WIDTHS => Ok(widths.into_iter().collect()),
        _ => Err(fault(
            "GALLEY_RENDITION_WIDTHS",
            format!(
                "{text:?} is not a list of at most {MAX_RENDITION_WIDTHS} widths from 1 to {MAX_RENDITION_SIDE}, divided by commas"
            ),
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
        assert_eq!(settings.commenter_data_days, Some(180));
        let kept = with(&[("GALLEY_COMMENTER_DATA_DAYS", "0")]).unwrap();
        assert_eq!(kept.commenter_data_days, None);
    }

    #[test]
    fn a_fault_names_its_key() {
        for (key, value) in [
            ("DATABASE_URL", "mysql://x"),
            ("DATABASE_URL", "data/galley.db"),
            ("GALLEY_BIND", "8080"),
            ("GALLEY_PUBLIC_URL", "example.org"),
            ("GALLEY_PASSWORD_PAGE", "/password"),
            ("GALLEY_SUBSCRIPTION_PAGE", "/subscriptions"),
            ("GALLEY_MAX_BODY_BYTES", "2 MB"),
            ("GALLEY_MEDIA_STORE", "s3://"),
            ("GALLEY_MEDIA_STORE", "ftp://files"),
            ("GALLEY_MAX_MEDIA_BYTES", "50 MB"),
            ("GALLEY_S3_ENDPOINT", "s3.example.org"),
            ("GALLEY_CORS_ORIGINS", "https://a.example/path"),
            ("GALLEY_RATE_LIMITS", "none"),
            ("GALLEY_TRUSTED_PROXIES", "proxy.example"),
            ("GALLEY_COMMENT_RATE", "10"),
            ("GALLEY_COMMENT_RATE", "0/60"),
            ("GALLEY_COMMENT_RATE", "10/60,"),
            ("GALLEY_COMMENT_RATE", "1/1,1/1,1/1,1/1,1/1"),
            ("GALLEY_KEY_ROTATION_DAYS", "monthly"),
            ("GALLEY_KEY_ROTATION_DAYS", "4000"),
            ("GALLEY_COMMENTER_DATA_DAYS", "-1"),
            ("GALLEY_COMMENTER_DATA_DAYS", "36501"),
            ("GALLEY_SQLITE_SYNCHRONOUS", "off"),
            ("GALLEY_MAX_IMAGE_PIXELS", "50 MP"),
            ("GALLEY_RENDITION_CACHE_BYTES", "1 GB"),
            ("GALLEY_RENDITION_WIDTHS", "320,wide"),
            ("GALLEY_RENDITION_WIDTHS", "320,0"),
            ("GALLEY_RENDITION_WIDTHS", "320;640"),
            ("GALLEY_LOG_FORMAT", "xml"),
        ] {
            let fault = Settings::from_lookup(|name| (name == key).then(|| value.to_owned())).unwrap_err();
            assert!(fault.to_string().starts_with(key), "{fault}");
        }
    }

    #[test]
    fn the_identity_provider_of_readers_is_set_as_a_whole_or_not_at_all() {
        const ISSUER: (&str, &str) = ("GALLEY_READER_ISSUER", "https://id.example");
        const AUDIENCE: (&str, &str) = ("GALLEY_READER_AUDIENCE", "comments");
        const KEYS: (&str, &str) = ("GALLEY_READER_JWKS", "https://id.example/keys");
        assert_eq!(with(&[]).unwrap().reader_identity, None);
        assert!(with(&[ISSUER, AUDIENCE, KEYS]).unwrap().reader_identity.is_some());
        let told = |settings: Result<Settings, SettingFault>| settings.unwrap_err().to_string();
        assert!(told(with(&[AUDIENCE, KEYS])).starts_with("GALLEY_READER_ISSUER"));
        assert!(told(with(&[ISSUER, KEYS])).starts_with("GALLEY_READER_AUDIENCE"));
        assert!(told(with(&[ISSUER, AUDIENCE])).starts_with("GALLEY_READER_JWKS"));
        assert!(told(with(&[ISSUER])).starts_with("GALLEY_READER_AUDIENCE"));
        let own = [("GALLEY_PUBLIC_URL", "https://id.example/")];
        let all = [own.as_slice(), &[ISSUER, AUDIENCE, KEYS]].concat();
        let all: &'static [_] = Box::leak(all.into_boxed_slice());
        assert!(told(with(all)).starts_with("GALLEY_READER_ISSUER"));
        for good in [
            "http://127.0.0.1:9000/keys",
            "http://[::1]/k",
            "http://localhost/k",
            "/etc/galley/keys.json",
            "keys.json",
        ] {
            assert!(key_source(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example/keys",
            "ftp://id.example/keys",
            "https://",
            "http://127.0.0.1.example/k",
        ] {
            assert!(key_source(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bucket_needs_a_key_and_may_have_a_prefix() {
        let missing = with(&[("GALLEY_MEDIA_STORE", "s3://pictures")]).unwrap_err();
        assert!(missing.to_string().starts_with("GALLEY_S3_ACCESS_KEY_ID"), "{missing}");
        let settings = with(&[
            ("GALLEY_MEDIA_STORE", "s3://pictures/of/the/harbour/"),
            ("GALLEY_S3_ENDPOINT", "http://127.0.0.1:9000/"),
            ("GALLEY_S3_ACCESS_KEY_ID", "id"),
            ("GALLEY_S3_SECRET_ACCESS_KEY", "secret"),
        ]);
        let MediaLocation::S3(bucket) = settings.unwrap().media_location else {
            panic!("it is a bucket");
        };
        assert_eq!(
            (bucket.bucket.as_str(), bucket.prefix.as_str()),
            ("pictures", "of/the/harbour")
        );
        assert_eq!(bucket.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert!(
            !format!("{bucket:?}").contains("\"secret\""),
            "the secret would be in the log"
        );
    }

    #[test]
    fn mail_is_off_or_wholly_configured() {
        const URL: (&str, &str) = ("GALLEY_SMTP_URL", "smtps://user:hunter2@mail.example.org");
        const FROM: (&str, &str) = ("GALLEY_MAIL_FROM", "notices@example.org");
        assert!(with(&[]).unwrap().mail.is_none());
        let settings = with(&[URL, FROM]).unwrap();
        assert!(settings.mail.is_some());
        assert!(
            !format!("{settings:?}").contains("hunter2"),
            "the secret would be in the log"
        );
        let refused = |pairs| with(pairs).unwrap_err().to_string();
        assert!(refused(&[URL]).starts_with("GALLEY_MAIL_FROM: "));
        assert!(refused(&[FROM]).starts_with("GALLEY_SMTP_URL: "));
        assert!(refused(&[URL, ("GALLEY_MAIL_FROM", "nobody")]).starts_with("GALLEY_MAIL_FROM: "));
        let reason = refused(&[("GALLEY_SMTP_URL", "https://user:hunter2@mail.example.org"), FROM]);
        assert!(
            reason.starts_with("GALLEY_SMTP_URL: ") && !reason.contains("hunter2"),
            "{reason}"
        );
    }

    #[test]
    fn the_example_file_names_every_setting_with_its_default() {
        let is_setting = |line: &&str| {
            let key = line.split('=').next().unwrap_or_default();
            line.contains('=')
                && key
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
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
                (key == "DATABASE_URL").then(|| database.to_owned())
            };
            Settings::from_lookup(lookup).unwrap();
        }
        // The log reads its own setting.
        asked.borrow_mut().insert("RUST_LOG".to_owned());
        let listed: std::collections::BTreeSet<String> = ALL.iter().map(|setting| setting.key.to_owned()).collect();
        assert_eq!(asked.into_inner(), listed);
    }
}
