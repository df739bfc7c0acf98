//! Transitions: rows, and what is recorded about a step.

use diesel::{Insertable, Queryable, Selectable};
use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::lifecycle::{ArticleState, Step};
use crate::database::ids::RowId;
use crate::database::schema::article_transitions;
use crate::database::timestamp::RowTime;
use crate::field::Prose;
use crate::state::Stamp;

/// What is said about a step, such as what shall be changed before an article can be published.
pub type ReviewNote = Prose<2_000>;

/// A row of `article_transitions`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = article_transitions)]
pub struct TransitionRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The name of the step; see [`Step`].
    pub step: String,
    /// The name of the state before; see [`ArticleState`].
    pub from_state: String,
    /// The name of the state after.
    pub to_state: String,
    /// The revision of the article that the step was taken with.
    pub revision: i32,
    /// What was said about it.
    pub note: Option<String>,
    /// The name of what took the step; see [`MadeBy`].
    pub made_by: String,
    /// When it was taken.
    pub created_at: RowTime,
    /// The account that took it, or set the time for it.
    pub created_by: RowId,
}

/// What took a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MadeBy {
    /// A request.
    Request,
    /// The clock, at the time that an account had set.
    Schedule,
}

/// A step that is being taken.
#[derive(Debug, Clone)]
pub struct NewTransition {
    /// The article.
    pub article: RowId,
    /// The step.
    pub step: Step,
    /// The state before.
    pub from: ArticleState,
    /// The state after.
    pub to: ArticleState,
    /// The revision of the article that the step is taken with.
    pub revision: i32,
    /// What is said about it.
    pub note: Option<ReviewNote>,
    /// What takes it.
    pub made_by: MadeBy,
}

impl MadeBy {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Request, Self::Schedule];

    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Schedule => "schedule",
        }
    }

    /// The value of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl TransitionRow {
    /// The row of a step that is taken now.
    #[must_use]
    pub fn new(new: NewTransition, stamp: &Stamp) -> Self {
        let NewTransition {
            article,
            step,
            from,
            to,
            revision,
            note,
            made_by,
        } = new;
        Self {
            id: RowId(stamp.new_id()),
            article_id: article,
            step: step.as_str().to_owned(),
            from_state: from.as_str().to_owned(),
            to_state: to.as_str().to_owned(),
            revision,
            note: note.map(ReviewNote::into_string),
            made_by: made_by.as_str().to_owned(),
            created_at: stamp.now.into(),
            created_by: RowId(stamp.account_id),
        }
    }

    /// What took the step; the database knows no other names.
    #[must_use]
    pub fn made_by(&self) -> MadeBy {
        MadeBy::from_name(&self.made_by).unwrap_or(MadeBy::Request)
    }
}
