//! Preview links: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Duration, Utc};
use diesel::{Insertable, Queryable, Selectable};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::access::AccessFailure;
use crate::articles::article::Ownership;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::preview_links;
use crate::database::timestamp::RowTime;
use crate::field::{Line, WholeNumber};
use crate::state::Stamp;

/// What a link is for, such as the name of the person it is sent to.
pub type PreviewLabel = Line<100>;

/// The most seconds that a link can be good for: thirty days.
pub const MAX_PREVIEW_SECONDS: i32 = 2_592_000;

/// Seconds that a link can be good for: a minute to thirty days.
pub type PreviewSeconds = WholeNumber<60, MAX_PREVIEW_SECONDS>;

/// Seconds that a link is good for when nothing is said: a week.
pub const DEFAULT_PREVIEW_SECONDS: i32 = 604_800;

/// The most links of an article that are good at one time.
pub const MAX_ACTIVE_LINKS: i64 = 100;

/// The revision of every link: it is made, and never changed but by its end.
pub const PREVIEW_LINK_REVISION: i32 = 1;

/// A row of `preview_links`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = preview_links)]
pub struct PreviewLinkRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The revision that it shows.
    pub revision: i32,
    /// What it is for.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: RowTime,
    /// The account that made it.
    pub created_by: RowId,
    /// When it ends.
    pub expires_at: RowTime,
    /// When it was ended before its time.
    pub revoked_at: Option<RowTime>,
}

/// Whether a link is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreviewLinkState {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// It was ended before its time.
    Revoked,
}

/// A new link, checked as far as it can be without the article.
#[derive(Debug, Clone)]
pub struct NewPreviewLink {
    /// The id.
    pub id: Uuid,
    /// The revision that it shows; the one that the article has when it is left out.
    pub revision: Option<i32>,
    /// What it is for.
    pub label: Option<PreviewLabel>,
    /// Seconds that it is good for.
    pub seconds: i32,
}

/// One link of an article, as a caller reaches it.
#[derive(Debug, Clone, Copy)]
pub struct PreviewLinkPlace {
    /// The article.
    pub article: Uuid,
    /// The articles that the caller reaches.
    pub ownership: Ownership,
    /// The link.
    pub link: Uuid,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewLinkLookup {
    /// A revision of an article.
    Usable {
        /// The article.
        article: RowId,
        /// The revision.
        revision: i32,
    },
    /// Nothing any more: its time is over.
    Expired,
    /// Nothing any more: it was ended.
    Revoked,
    /// Nothing: there is no such link.
    Absent,
}

/// Why a link was not stored.
#[derive(Debug)]
pub enum PreviewLinkFailure {
    /// The caller does not reach the article.
    Article(AccessFailure),
    /// The article has no such link.
    Absent,
    /// The request names another revision than the one that every link has.
    Stale(StaleRevision),
    /// The article has no such revision.
    RevisionUnknown {
        /// The revision that was asked for.
        revision: i32,
    },
    /// The article has as many links as it may have.
    TooMany,
    /// The database failed.
    Database(Failure),
}

impl NewPreviewLink {
    /// The row of the link that an account makes to a revision.
    #[must_use]
    pub fn into_row(self, article: RowId, revision: i32, stamp: &Stamp) -> PreviewLinkRow {
        let Self {
            id,
            revision: _,
            label,
            seconds,
        } = self;
        PreviewLinkRow {
            id: RowId(id),
            article_id: article,
            revision,
            label: label.map(PreviewLabel::into_string),
            created_at: stamp.now.into(),
            created_by: RowId(stamp.account_id),
            expires_at: (stamp.now + Duration::seconds(seconds.into())).into(),
            revoked_at: None,
        }
    }
}

impl PreviewLinkRow {
    /// Whether it is good at a moment.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> PreviewLinkState {
        match self.revoked_at {
            Some(_) => PreviewLinkState::Revoked,
            None if self.expires_at.utc() <= now => PreviewLinkState::Expired,
            None => PreviewLinkState::Active,
        }
    }

    /// What it leads to at a moment.
    #[must_use]
    pub fn lookup(&self, now: DateTime<Utc>) -> PreviewLinkLookup {
        match self.state(now) {
            PreviewLinkState::Active => PreviewLinkLookup::Usable {
                article: self.article_id,
                revision: self.revision,
            },
            PreviewLinkState::Expired => PreviewLinkLookup::Expired,
            PreviewLinkState::Revoked => PreviewLinkLookup::Revoked,
        }
    }

    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: PREVIEW_LINK_REVISION,
            changed_by: Some(self.created_by.0),
            changed_at: self.created_at.utc(),
        }
    }
}

impl From<AccessFailure> for PreviewLinkFailure {
    fn from(failure: AccessFailure) -> Self {
        Self::Article(failure)
    }
}

impl From<Failure> for PreviewLinkFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for PreviewLinkFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
