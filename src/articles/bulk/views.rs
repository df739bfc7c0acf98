//! Bulks on the wire.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::article::RevisionMessage;
use crate::articles::bulk::operation::{Atomicity, MAX_OPERATIONS};
use crate::articles::step_views::Waiver;
use crate::articles::transitions::transition::ReviewNote;
use crate::articles::views::input::ArticlePatchIn;
use crate::articles::views::newsroom::ArticleStatus;
use crate::http::conditional::ExpectedText;
use crate::http::input::{InputFaults, SlugOrId, TimeText, UuidText};
use crate::http::problem::ProblemDetails;
use crate::http::write::{ValidateOnly, WriteParameters};

/// What is done with an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkOp {
    /// Change the working copy.
    #[deserr(rename = "update")]
    Update,
    /// Hand it in for review.
    #[deserr(rename = "submit")]
    Submit,
    /// Hand it back to its writer.
    #[deserr(rename = "request_changes")]
    RequestChanges,
    /// Set when it is published and taken away.
    #[deserr(rename = "schedule")]
    Schedule,
    /// Call off what is scheduled.
    #[deserr(rename = "unschedule")]
    Unschedule,
    /// Publish it.
    #[deserr(rename = "publish")]
    Publish,
    /// Take it away from readers.
    #[deserr(rename = "unpublish")]
    Unpublish,
    /// Take up again what readers see.
    #[deserr(rename = "discard_changes")]
    DiscardChanges,
    /// Put it into the archive.
    #[deserr(rename = "archive")]
    Archive,
    /// Throw it away.
    #[deserr(rename = "trash")]
    Trash,
    /// Take it up again from the archive or the trash.
    #[deserr(rename = "restore")]
    Restore,
}

/// One operation on one article.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct BulkOperationIn {
    /// The article.
    #[schema(value_type = Uuid)]
    pub id: UuidText,
    /// The entity tag or revision that was read; required with `update`, where an asterisk stands for whatever is there.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 100, example = "r17")]
    pub if_match: Option<ExpectedText>,
    /// What to do. `update` merges `changes`; the others are steps of the life of an article.
    pub op: BulkOp,
    /// With a step: what to say about it in the list of transitions.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "The series is complete.")]
    pub note: Option<ReviewNote>,
    /// With `submit`: the account that is to read it.
    #[deserr(default)]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    pub assignee_id: Option<UuidText>,
    /// With `schedule`: when to publish the revision that is the current one now.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-03-02T06:00:00Z")]
    pub publish_at: Option<TimeText>,
    /// With `schedule`: when to take the article away from readers.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-04-01T00:00:00Z")]
    pub unpublish_at: Option<TimeText>,
    /// With `publish` and `schedule`: although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = false)]
    pub force: Option<Waiver>,
    /// With `update`: the changes (merge patch).
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub changes: Option<ArticlePatchIn>,
    /// With `update`: what to say about the save in the history of the article.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "Moved to another section")]
    pub message: Option<RevisionMessage>,
}

/// The same operation on all articles that a filter finds.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct BulkSelectionIn {
    /// Which articles, at most 200.
    pub filter: BulkFilterIn,
    /// How many articles the filter finds, as a rehearsal told. If it finds another number now, nothing is done.
    #[deserr(default)]
    #[schema(required = false, nullable = false, minimum = 0, maximum = 200, example = 12)]
    pub expected_count: Option<u32>,
    /// What to do. `update` merges `changes`; the others are steps of the life of an article.
    pub op: BulkOp,
    /// With a step: what to say about it in the list of transitions.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "The series is complete.")]
    pub note: Option<ReviewNote>,
    /// With `submit`: the account that is to read it.
    #[deserr(default)]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    pub assignee_id: Option<UuidText>,
    /// With `schedule`: when to publish the revision that is the current one now.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-03-02T06:00:00Z")]
    pub publish_at: Option<TimeText>,
    /// With `schedule`: when to take the article away from readers.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-04-01T00:00:00Z")]
    pub unpublish_at: Option<TimeText>,
    /// With `publish` and `schedule`: although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = false)]
    pub force: Option<Waiver>,
    /// With `update`: the changes (merge patch).
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub changes: Option<ArticlePatchIn>,
    /// With `update`: what to say about the save in the history of the article.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "Moved to another section")]
    pub message: Option<RevisionMessage>,
}

/// Which working copies a bulk is about: those for which all members hold.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct BulkFilterIn {
    /// Where they stand. When it is left out: anywhere but in the trash.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub status: Option<ArticleStatus>,
    /// An author of the byline: a slug or an id.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<SlugOrId>,
    /// A section, with those below it: a slug or an id.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, example = "news")]
    pub section: Option<SlugOrId>,
    /// A tag: a slug or an id.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, example = "harbours")]
    pub tag: Option<SlugOrId>,
    /// The account that is to work on them.
    #[deserr(default)]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    pub assignee: Option<UuidText>,
}

/// Many operations: either listed, or one for all that a filter finds.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct BulkIn {
    /// The operations, carried out in this order; at most 200.
    #[deserr(default)]
    #[schema(required = false, nullable = false, max_items = 200)]
    pub operations: Option<Vec<BulkOperationIn>>,
    /// In place of `operations`: one operation for all articles that a filter finds.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub select: Option<BulkSelectionIn>,
}

/// What a bulk can be asked in its query.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BulkQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored. `count` tells how many
    /// articles a filter finds.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// Whether one refusal undoes all (`true`, and when it is left out), or the other operations count all the same.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = false)]
    pub atomic: Atomic,
}

/// Whether one refusal undoes all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
pub enum Atomic {
    /// It does.
    #[default]
    #[deserr(rename = "true")]
    Yes,
    /// It does not.
    #[deserr(rename = "false")]
    No,
}

/// How a bulk ended.
#[derive(Serialize, ToSchema)]
pub struct BulkOut {
    /// How many articles it was about.
    #[schema(example = 12)]
    pub count: usize,
    /// How many operations were carried out.
    #[schema(example = 11)]
    pub succeeded: usize,
    /// How many were refused.
    #[schema(example = 1)]
    pub failed: usize,
    /// How each ended, in their order.
    pub results: Vec<BulkResultOut>,
}

/// How one operation ended.
#[derive(Serialize, ToSchema)]
pub struct BulkResultOut {
    /// The place of the operation, from 0.
    #[schema(example = 0)]
    pub index: usize,
    /// The article.
    pub id: Uuid,
    /// The HTTP status that the operation would have been answered with by itself.
    #[schema(example = 200)]
    pub status: u16,
    /// The entity tag of the article now, to send as `If-Match`, when the operation was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "\"r3\"")]
    pub etag: Option<String>,
    /// Where the article stands now, when the operation was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article_status: Option<ArticleStatus>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<ProblemDetails>,
}

impl Atomic {
    /// The same as the store has it.
    #[must_use]
    pub fn atomicity(self) -> Atomicity {
        match self {
            Self::Yes => Atomicity::AllOrNone,
            Self::No => Atomicity::Each,
        }
    }
}

impl WriteParameters for BulkQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

/// What an operation of either kind says about what is done.
pub struct BulkActionIn {
    /// What to do.
    pub op: BulkOp,
    /// What to say about a step.
    pub note: Option<ReviewNote>,
    /// Who is to read it.
    pub assignee_id: Option<UuidText>,
    /// When to publish it.
    pub publish_at: Option<TimeText>,
    /// When to take it away.
    pub unpublish_at: Option<TimeText>,
    /// Whether errors of preflight count.
    pub force: Option<Waiver>,
    /// The changes.
    pub changes: Option<ArticlePatchIn>,
    /// What to say about a save.
    pub message: Option<RevisionMessage>,
}

impl BulkOperationIn {
    /// The article, the revision, and what is done.
    #[must_use]
    pub fn split(self) -> (Uuid, Option<ExpectedText>, BulkActionIn) {
        let Self {
            id: UuidText(id),
            if_match,
            op,
            note,
            assignee_id,
            publish_at,
            unpublish_at,
            force,
            changes,
            message,
        } = self;
        let action = BulkActionIn {
            op,
            note,
            assignee_id,
            publish_at,
            unpublish_at,
            force,
            changes,
            message,
        };
        (id, if_match, action)
    }
}

impl BulkSelectionIn {
    /// The filter, the expected count, and what is done.
    #[must_use]
    pub fn split(self) -> (BulkFilterIn, Option<usize>, BulkActionIn) {
        let Self {
            filter,
            expected_count,
            op,
            note,
            assignee_id,
            publish_at,
            unpublish_at,
            force,
            changes,
            message,
        } = self;
        let action = BulkActionIn {
            op,
            note,
            assignee_id,
            publish_at,
            unpublish_at,
            force,
            changes,
            message,
        };
        let expected_count = expected_count.and_then(|count| usize::try_from(count).ok());
        (filter, expected_count, action)
    }
}

/// The operations of a body, if there are not too many.
///
/// # Errors
/// A fault at `/operations`.
pub fn bounded(operations: Vec<BulkOperationIn>) -> Result<Vec<BulkOperationIn>, InputFaults> {
    match operations.len() {
        1..=MAX_OPERATIONS => Ok(operations),
        0 => Err(InputFaults::at("/operations", "empty", "give at least one operation")),
        count => Err(InputFaults::at(
            "/operations",
            "too-many",
            format!("there are {count} operations, and at most {MAX_OPERATIONS} are taken; send several requests"),
        )),
    }
}
