//! Where a write comes from.

use std::net::IpAddr;

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::client_address::client_address;
use crate::http::telemetry::RequestId;

/// Who writes, by what right, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// What an account showed to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access token, by the session that it belongs to.
    AccessToken(Uuid),
    /// An API token, by its id.
    ApiToken(Uuid),
}

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// An account, by what it showed.
    Account {
        /// The account.
        account_id: Uuid,
        /// What it showed.
        credential: Credential,
    },
    /// A schedule that an account has set.
    Schedule {
        /// The account.
        account_id: Uuid,
    },
    /// A person at the command line of the server.
    CommandLine,
    /// Somebody without credentials.
    Anonymous,
}

/// What kind of actor an entry of the audit log names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// An account that had logged in.
    Session,
    /// An account's token for scripts.
    ApiToken,
    /// A person at the command line of the server.
    CommandLine,
    /// The clock, at the time that an account had set.
    Schedule,
    /// Somebody without credentials.
    Anonymous,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Session,
        Self::ApiToken,
        Self::CommandLine,
        Self::Schedule,
        Self::Anonymous,
    ];

    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::ApiToken => "api_token",
            Self::CommandLine => "command_line",
            Self::Schedule => "schedule",
            Self::Anonymous => "anonymous",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Origin {
    /// Where a request comes from that somebody sends.
    #[must_use]
    pub fn of(request: &HttpRequest, actor: Actor) -> Self {
        Self {
            actor,
            address: client_address(request),
            request_id: Some(RequestId::of(request).as_str().to_owned()),
        }
    }

    /// The origin of what the server does by itself, in the name of nobody so far.
    #[must_use]
    pub fn schedule() -> Self {
        Self::without_request(Actor::Schedule {
            account_id: Uuid::nil(),
        })
    }

    /// The origin of what a person does at the command line.
    #[must_use]
    pub fn command_line() -> Self {
        Self::without_request(Actor::CommandLine)
    }

    /// The same in the name of another account.
    #[must_use]
    pub fn in_name_of(&self, account_id: Uuid) -> Self {
        let actor = match self.actor {
            Actor::Account { credential, .. } => Actor::Account { account_id, credential },
            Actor::Schedule { .. } => Actor::Schedule { account_id },
            other @ (Actor::CommandLine | Actor::Anonymous) => other,
        };
        Self { actor, ..self.clone() }
    }

    /// The API token by which an account writes.
    #[must_use]
    pub fn api_token_id(&self) -> Option<Uuid> {
        match self.actor {
            Actor::Account {
                credential: Credential::ApiToken(id),
                ..
            } => Some(id),
            Actor::Account { .. } | Actor::Schedule { .. } | Actor::CommandLine | Actor::Anonymous => None,
        }
    }

    /// The account that writes; nil where there is none.
    #[must_use]
    pub fn account_id(&self) -> Uuid {
        match self.actor {
            Actor::Account { account_id, .. } | Actor::Schedule { account_id } => account_id,
            Actor::CommandLine | Actor::Anonymous => Uuid::nil(),
        }
    }

    fn without_request(actor: Actor) -> Self {
        Self {
            actor,
            address: None,
            request_id: None,
        }
    }
}
