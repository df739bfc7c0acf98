//! The SMTP server that takes our messages (RFC 5321).

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use url::Url;

use crate::mail::message::MailRow;

/// The longest that the server may take over one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest that all commands of a message may take. It is shorter than a message is held.
const SENDING_TIMEOUT: Duration = Duration::from_mins(2);

/// Where messages go, and whom they come from.
#[derive(Debug, Clone)]
pub struct MailSettings {
    url: SecretString,
    from: String,
}

/// A setting of mail that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailSettingFault {
    /// The address of the server is none.
    #[error("it is not of the form smtps://USER:PASSWORD@HOST:PORT or smtp://USER:PASSWORD@HOST:PORT")]
    Url,
    /// The parameter `tls` has another value than it can have.
    #[error("?tls= can be required or opportunistic, and stands with smtp:// only")]
    Tls,
    /// There is a user without a password.
    #[error("it names a user and no password; a server that asks for neither takes smtp://HOST:PORT")]
    Password,
    /// The sender is none.
    #[error("it is not an address such as notices@example.org or The Harbour News <notices@example.org>")]
    From,
}

/// A connection to the server, kept and used again.
pub struct MailRelay {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why the server cannot be used at all.
#[derive(Debug, Error)]
#[error("GALLEY_SMTP_URL: {0}")]
pub struct RelayFault(String);

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendFault {
    /// The server refused it for good: another attempt would end in the same way.
    #[error("refused for good ({0})")]
    Refused(String),
    /// The server refused it for now.
    #[error("refused for now ({0})")]
    PutOff(String),
    /// The server cannot be reached, or the conversation broke off. The message may have been taken all the same.
    #[error("the server cannot be reached, or broke off ({0})")]
    Unreachable(&'static str),
}

impl MailSettings {
    /// Takes the address of a server and of the sender.
    ///
    /// # Errors
    /// [`MailSettingFault`] for an address that is none. It never holds a password.
    pub fn new(url: &str, from: &str) -> Result<Self, MailSettingFault> {
        let from = from.trim();
        let mailbox: Mailbox = from.parse().map_err(|_malformed| MailSettingFault::From)?;
        if from.contains(char::is_control) || !mailbox.email.to_string().is_ascii() {
            return Err(MailSettingFault::From);
        }
        Ok(Self {
            url: encrypted(url)?.into(),
            from: from.to_owned(),
        })
    }
}

/// The address with what it leaves out about encryption: a server that is not this machine must have STARTTLS (RFC 3207).
fn encrypted(text: &str) -> Result<String, MailSettingFault> {
    let mut url = Url::parse(text.trim()).map_err(|_malformed| MailSettingFault::Url)?;
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(MailSettingFault::Url)?;
    if url.username().is_empty() != url.password().is_none() {
        return Err(MailSettingFault::Password);
    }
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_this_machine = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match (url.scheme(), url.query()) {
        ("smtps", None) | ("smtp", Some("tls=required" | "tls=opportunistic")) => {}
        ("smtp", None) if is_this_machine => {}
        ("smtp", None) => url.set_query(Some("tls=required")),
        ("smtp" | "smtps", Some(_)) => return Err(MailSettingFault::Tls),
        _ => return Err(MailSettingFault::Url),
    }
    Ok(url.into())
}

impl MailRelay {
    /// Gets ready to talk to the server, and does not talk yet. It needs the runtime, which closes idle connections.
    ///
    /// # Errors
    /// [`RelayFault`] when the certificates that this machine trusts cannot be read, or a setting is none after all.
    pub fn open(settings: &MailSettings) -> Result<Self, RelayFault> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose_secret())
            .map_err(|error| RelayFault(error.to_string()))?;
        let from = settings
            .from
            .parse()
            .map_err(|_malformed| RelayFault(MailSettingFault::From.to_string()))?;
        Ok(Self {
            transport: builder.timeout(Some(COMMAND_TIMEOUT)).build(),
            from,
        })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`SendFault`], which says whether to try again.
    pub async fn send(&self, row: &MailRow) -> Result<(), SendFault> {
        let message = self.message(row)?;
        match tokio::time::timeout(SENDING_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_taken)) => Ok(()),
            Ok(Err(error)) => Err(fault(&error)),
            Err(_elapsed) => Err(SendFault::Unreachable("it took too long")),
        }
    }

    /// The message as it is sent. Its `Message-ID` and `Date` are the same at each attempt, so that a second copy is known as
    /// one (RFC 5322, section 3.6.4).
    fn message(&self, row: &MailRow) -> Result<Message, SendFault> {
        let unusable = |what: &str| SendFault::Refused(format!("the {what} of the message cannot be used"));
        let recipient = row.recipient.parse().map_err(|_malformed| unusable("recipient"))?;
        let id = format!("<{}@{}>", row.id.0, self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(row.subject.clone())
            .date(row.created_at.utc().into())
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        if let Some(url) = &row.unsubscribe_url {
            let url = ListUnsubscribe::parse(url).map_err(|_malformed| unusable("unsubscribe link"))?;
            builder = builder.header(url).header(ListUnsubscribePost);
        }
        builder
            .body(row.body_text.clone())
            .map_err(|_malformed| unusable("text"))
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834, section 5), so that out-of-office programs do not answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// `List-Unsubscribe` (RFC 2369, section 3.2) with one https address.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
        match is_plain && Url::parse(text).is_ok() {
            true => Ok(Self(text.to_owned())),
            false => Err("it is not an address".into()),
        }
    }

    fn display(&self) -> HeaderValue {
        let value = format!("<{}>", self.0);
        // As it is: an encoded word may not stand inside of an address (RFC 2047, section 5).
        HeaderValue::dangerous_new_pre_encoded(Self::name(), value.clone(), value)
    }
}

/// `List-Unsubscribe-Post: List-Unsubscribe=One-Click` (RFC 8058, section 3.1).
#[derive(Clone)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// What the server said is left out, since it often repeats the address.
fn fault(error: &lettre::transport::smtp::Error) -> SendFault {
    let code = || error.status().map_or_else(String::new, |code| code.to_string());
    if error.is_permanent() {
        return SendFault::Refused(code());
    }
    if error.is_transient() {
        return SendFault::PutOff(code());
    }
    SendFault::Unreachable(match (error.is_timeout(), error.is_tls(), error.is_response()) {
        (true, _, _) => "it took too long",
        (_, true, _) => "TLS",
        (_, _, true) => "an answer that is none",
        _ => "the connection",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::ids::RowId;

    const FROM: &str = "The Harbour News <notices@example.org>";

    #[test]
    fn a_server_elsewhere_must_encrypt() {
        for (given, meant) in [
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtp://[::1]:2525", "smtp://[::1]:2525"),
            ("smtp://localhost", "smtp://localhost"),
            ("smtp://mail.example.org", "smtp://mail.example.org?tls=required"),
            (
                "smtp://u:p@mail.example.org:25",
                "smtp://u:p@mail.example.org:25?tls=required",
            ),
            (
                "smtp://mail.example.org?tls=opportunistic",
                "smtp://mail.example.org?tls=opportunistic",
            ),
            ("smtp://localhost?tls=required", "smtp://localhost?tls=required"),
            ("smtps://u:p@mail.example.org", "smtps://u:p@mail.example.org"),
        ] {
            assert_eq!(encrypted(given).unwrap(), meant);
        }
        for (given, fault) in [
            ("mail.example.org", MailSettingFault::Url),
            ("https://mail.example.org", MailSettingFault::Url),
            ("smtp://", MailSettingFault::Url),
            ("smtp://mail.example.org?tls=none", MailSettingFault::Tls),
            ("smtp://mail.example.org?ssl=required", MailSettingFault::Tls),
            ("smtps://mail.example.org?tls=opportunistic", MailSettingFault::Tls),
            ("smtps://user@mail.example.org", MailSettingFault::Password),
        ] {
            assert_eq!(encrypted(given).unwrap_err(), fault, "{given}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for from in [FROM, "notices@example.org", " notices@example.org "] {
            assert!(MailSettings::new("smtp://localhost", from).is_ok(), "{from}");
        }
        for from in [
            "",
            "notices",
            "The Harbour News",
            "a@example.org\r\nBcc: b@example.org",
            "ä@example.org",
        ] {
            let fault = MailSettings::new("smtp://localhost", from).unwrap_err();
            assert_eq!(fault, MailSettingFault::From, "{from:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = MailSettings::new("smtps://user:hunter2@mail.example.org", FROM).unwrap();
        assert!(
            !format!("{settings:?}").contains("hunter2"),
            "a log would show the password"
        );
    }

    fn row(subject: &str) -> MailRow {
        let noon = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        MailRow {
            id: RowId(uuid::Uuid::from_u128(7)),
            purpose: "notice".to_owned(),
            belongs_to: None,
            recipient: "grace@example.org".to_owned(),
            subject: subject.to_owned(),
            body_text: "Line one.\n.\r\nLine three: größer.".to_owned(),
            unsubscribe_url: Some(format!(
                "https://galley.example/v1/comment-subscriptions/unsubscribe/{}",
                "x".repeat(43)
            )),
            state: "waiting".to_owned(),
            attempts: 1,
            next_attempt_at: noon.into(),
            claimed_until: None,
            last_error: None,
            failed_at: None,
            created_at: noon.into(),
        }
    }

    fn written(row: &MailRow) -> Result<String, SendFault> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _guard = runtime.enter();
        let relay = MailRelay::open(&MailSettings::new("smtp://localhost", FROM).unwrap()).unwrap();
        relay
            .message(row)
            .map(|message| String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn a_message_is_the_same_at_each_attempt() {
        let text = written(&row("Größer")).unwrap();
        assert_eq!(text, written(&row("Größer")).unwrap());
        let has = |line: &str| assert!(text.contains(&format!("{line}\r\n")), "{line} is not in {text}");
        has("Message-ID: <00000000-0000-0000-0000-000000000007@example.org>");
        has("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
        has("Auto-Submitted: auto-generated");
        has("To: grace@example.org");
        let address = format!(
            "<https://galley.example/v1/comment-subscriptions/unsubscribe/{}>",
            "x".repeat(43)
        );
        assert!(
            text.replace("\r\n ", " ")
                .contains(&format!("List-Unsubscribe: {address}\r\n")),
            "{text}"
        );
    }

    #[test]
    fn nothing_can_be_slipped_into_the_headers() {
        let text = written(&row("Ships\r\nBcc: everybody@example.org")).unwrap();
        assert!(!text.contains("\r\nBcc:"), "{text}");
        for recipient in [
            "grace@example.org\r\nBcc: a@example.org",
            "a@example.org, b@example.org",
            "",
        ] {
            let spoilt = MailRow {
                recipient: recipient.to_owned(),
                ..row("Ships")
            };
            assert!(matches!(written(&spoilt), Err(SendFault::Refused(_))), "{recipient:?}");
        }
        let spoilt = MailRow {
            unsubscribe_url: Some("https://a.example/>\r\nBcc: b".to_owned()),
            ..row("Ships")
        };
        assert!(matches!(written(&spoilt), Err(SendFault::Refused(_))));
    }
}
