//! Operations of a bulk, checked, and how they end.

use uuid::Uuid;

use crate::articles::article::{ArticleFailure, Save, StepRequest, WorkingArticle, WorkingFilter};
use crate::articles::edit::ArticleEdit;
use crate::articles::lifecycle::Step;
use crate::articles::transitions::transition::ReviewNote;
use crate::http::conditional::Expected;

/// The most operations of one bulk.
pub const MAX_OPERATIONS: usize = 200;

/// What is done with an article.
#[derive(Debug, Clone)]
pub enum BulkAction {
    /// A step of its life.
    Step(StepRequest, Option<ReviewNote>),
    /// A change of the working copy.
    Update(Box<ArticleEdit>, Save),
}

/// One operation.
#[derive(Debug, Clone)]
pub struct BulkOperation {
    /// The article.
    pub article: Uuid,
    /// The revisions that it may have.
    pub expected: Expected,
    /// What is done.
    pub action: BulkAction,
}

/// Which articles a bulk is about.
#[derive(Debug, Clone)]
pub enum BulkTargets {
    /// These, each with what is done.
    Listed(Vec<BulkOperation>),
    /// Those that a filter finds, all with the same.
    Selected {
        /// The filter.
        filter: Box<WorkingFilter>,
        /// What is done.
        action: BulkAction,
        /// How many the filter is expected to find, if that is said.
        expected_count: Option<usize>,
    },
}

/// Whether one refusal undoes all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atomicity {
    /// It does.
    AllOrNone,
    /// It does not.
    Each,
}

/// How one operation ended.
#[derive(Debug)]
pub struct BulkOutcome {
    /// The article.
    pub article: Uuid,
    /// What it is now, or why it is as it was.
    pub result: Result<WorkingArticle, ArticleFailure>,
}

/// Where an operation stands in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationPlace {
    /// In the list.
    Listed {
        /// The place, from 0.
        index: usize,
    },
    /// Nowhere by itself: the filter found its article.
    Selected {
        /// The article.
        article: Uuid,
    },
}

/// An operation that cannot be carried out.
#[derive(Debug)]
pub struct RefusedOperation {
    /// Where it stands.
    pub place: OperationPlace,
    /// Why.
    pub failure: ArticleFailure,
}

/// Why nothing of a bulk was carried out.
#[derive(Debug)]
pub enum BulkFailure {
    /// Some of its operations are refused, and it is all or none. Those that would have gone well are not named.
    Refused(Vec<RefusedOperation>),
    /// The filter finds more articles than one bulk may change.
    TooMany,
    /// The filter finds another number of articles than was expected.
    CountDiffers {
        /// The number that it finds.
        found: usize,
    },
    /// The whole failed.
    Article(ArticleFailure),
}

impl BulkAction {
    /// The step whose right the action needs.
    #[must_use]
    pub fn step(&self) -> Step {
        match self {
            Self::Step(request, _) => request.step(),
            Self::Update(..) => Step::Edit,
        }
    }

    /// Whether the action goes against a rule of the site, which needs an administrator.
    #[must_use]
    pub fn waives_readiness(&self) -> bool {
        match self {
            Self::Step(request, _) => request.waives_readiness(),
            Self::Update(..) => false,
        }
    }
}

impl BulkTargets {
    /// Where the operation on an article stands in the request.
    #[must_use]
    pub fn place(&self, index: usize, article: Uuid) -> OperationPlace {
        match self {
            Self::Listed(_) => OperationPlace::Listed { index },
            Self::Selected { .. } => OperationPlace::Selected { article },
        }
    }

    /// Everything that is done.
    #[must_use]
    pub fn actions(&self) -> Vec<&BulkAction> {
        match self {
            Self::Listed(operations) => operations.iter().map(|operation| &operation.action).collect(),
            Self::Selected { action, .. } => vec![action],
        }
    }
}

impl From<ArticleFailure> for BulkFailure {
    fn from(failure: ArticleFailure) -> Self {
        Self::Article(failure)
    }
}

impl From<crate::database::failure::Failure> for BulkFailure {
    fn from(failure: crate::database::failure::Failure) -> Self {
        Self::Article(failure.into())
    }
}

impl From<diesel::result::Error> for BulkFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Article(error.into())
    }
}
