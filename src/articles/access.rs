//! What the things that belong to an article (notes, corrections, preview links, transitions) need to know of it: that it is
//! there, that the caller reaches it, and which revisions it has.

use chrono::{DateTime, Utc};
use diesel::{Queryable, Selectable};
use uuid::Uuid;

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::Reach;
use crate::articles::article::{ArticleMaker, Maker, Owner, Ownership};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::articles;
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::times;
use crate::state::AppState;
use crate::{problems, read};

/// The columns of `articles` that say whose it is and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleAccess {
    /// The id.
    pub id: RowId,
    /// The account that made it.
    pub created_by: RowId,
    /// The API token of the kind `upload` that made it.
    pub upload_token_id: Option<RowId>,
    /// The revision of the working copy.
    pub revision: i32,
    /// The revision that readers see.
    pub published_revision: Option<i32>,
}

/// Why the caller does not reach an article.
#[derive(Debug)]
pub enum AccessFailure {
    /// There is no such article, or it is not the caller's.
    Absent,
    /// It is gone for good.
    Purged {
        /// When it went.
        at: DateTime<Utc>,
    },
    /// The database failed.
    Database(Failure),
}

impl ArticleAccess {
    /// Whose it is.
    #[must_use]
    pub fn maker(&self) -> ArticleMaker {
        ArticleMaker {
            id: self.id,
            created_by: self.created_by,
            upload_token_id: self.upload_token_id,
        }
    }
}

impl<P> From<&Authorized<P>> for Ownership {
    fn from(caller: &Authorized<P>) -> Self {
        let identity = caller.identity();
        match (identity.upload, caller.reach()) {
            (Some(grant), _) => Self::Upload(grant),
            (None, Reach::All) => Self::Any,
            (None, Reach::Own) => Self::Of(Owner {
                account: identity.account_id,
                author: identity.author_id,
                role: identity.role,
            }),
        }
    }
}

impl<P> From<&Authorized<P>> for Maker {
    fn from(caller: &Authorized<P>) -> Self {
        let ownership = Ownership::from(caller);
        Self {
            ownership,
            author: ownership.author().or(caller.identity().author_id),
        }
    }
}

problems!(
    /// What listing things of an article can answer with.
    pub BelongingListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, MALFORMED_REQUEST,
    UNKNOWN_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, GONE
);

problems!(
    /// What reading one thing of an article can answer with.
    pub BelongingReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE,
    NOT_FOUND, GONE
);

/// The article, if the caller reaches it: what a handler settles before it reads a body.
///
/// # Errors
/// `not-found` or `gone`.
pub async fn reached_article(state: &AppState, id: Uuid, ownership: Ownership) -> Result<ArticleAccess, Problem> {
    let found: Result<ArticleAccess, AccessFailure> = read!(&state.database, article_access::find(id, ownership));
    Ok(found?)
}

impl From<Failure> for AccessFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for AccessFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<AccessFailure> for Problem {
    fn from(failure: AccessFailure) -> Self {
        match failure {
            AccessFailure::Absent => Self::not_found("article"),
            AccessFailure::Purged { at } => Self::new(
                &problem_codes::GONE,
                format!("The article was removed for good at {}.", times::text(at)),
            ),
            AccessFailure::Database(failure) => failure.into(),
        }
    }
}
