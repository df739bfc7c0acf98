//! Queries that carry out a bulk: one transaction, and inside of it a part for each operation that can be undone by itself.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use uuid::Uuid;

use super::{Connection, article_rows, article_steps, article_writes, articles as reads, begin, finish};
use crate::articles::article::{ArticleFailure, Ownership, Publication, WorkingArticle, WorkingFilter};
use crate::articles::bulk::operation::{
    Atomicity, BulkAction, BulkFailure, BulkOperation, BulkOutcome, BulkTargets, MAX_OPERATIONS, RefusedOperation,
};
use crate::database::failure::Failure;
use crate::http::conditional::Expected;
use crate::http::page::{Slice, SortOrder};
use crate::state::Stamp;

/// Carries out a bulk.
pub async fn carry_out(
    connection: &mut Connection,
    targets: BulkTargets,
    ownership: Ownership,
    atomicity: Atomicity,
    stamp: Stamp,
) -> Result<Vec<BulkOutcome>, BulkFailure> {
    let operations = match &targets {
        BulkTargets::Listed(operations) => {
            let articles = operations.iter().map(|operation| operation.article);
            article_rows::hold_all(connection, articles.collect()).await?;
            operations.clone()
        }
        BulkTargets::Selected {
            filter,
            action,
            expected_count,
        } => selected(connection, filter, action, *expected_count).await?,
    };
    let mut outcomes = Vec::with_capacity(operations.len());
    for operation in operations {
        let article = operation.article;
        let result = by_itself(connection, operation, ownership, &stamp).await?;
        outcomes.push(BulkOutcome { article, result });
    }
    match atomicity {
        Atomicity::Each => Ok(outcomes),
        Atomicity::AllOrNone => all_or_none(&targets, outcomes),
    }
}

async fn selected(
    connection: &mut Connection,
    filter: &WorkingFilter,
    action: &BulkAction,
    expected_count: Option<usize>,
) -> Result<Vec<BulkOperation>, BulkFailure> {
    let found = found(connection, filter).await?;
    if found.len() > MAX_OPERATIONS {
        return Err(BulkFailure::TooMany);
    }
    if expected_count.is_some_and(|expected| expected != found.len()) {
        return Err(BulkFailure::CountDiffers { found: found.len() });
    }
    article_rows::hold_all(connection, found.clone()).await?;
    // Whoever held one of them in this moment may have changed what the filter asks for.
    if self::found(connection, filter).await? != found {
        return Err(Failure::Busy("the articles that the filter finds changed in this moment".into()).into());
    }
    let operations = found.into_iter().map(|article| BulkOperation {
        article,
        expected: Expected::Any,
        action: action.clone(),
    });
    Ok(operations.collect())
}

/// The articles that a filter finds, or one more than may be changed at once.
async fn found(connection: &mut Connection, filter: &WorkingFilter) -> Result<Vec<Uuid>, Failure> {
    let one_too_many = MAX_OPERATIONS.saturating_add(1);
    let slice = Slice {
        order: SortOrder::Ascending,
        after: None,
        rows: i64::try_from(one_too_many).unwrap_or(i64::MAX),
    };
    let summaries = reads::list_working(connection, filter.clone(), slice).await?;
    Ok(summaries.into_iter().map(|summary| summary.row.id.0).collect())
}

/// One operation, which leaves nothing behind when it is refused. A failure of the database is none of its own.
async fn by_itself(
    connection: &mut Connection,
    operation: BulkOperation,
    ownership: Ownership,
    stamp: &Stamp,
) -> Result<Result<WorkingArticle, ArticleFailure>, ArticleFailure> {
    begin(connection).await?;
    let outcome = act(connection, operation, ownership, stamp.clone()).await;
    match finish(connection, outcome).await {
        Err(ArticleFailure::Database(failure)) => Err(failure.into()),
        result => Ok(result),
    }
}

async fn act(
    connection: &mut Connection,
    operation: BulkOperation,
    ownership: Ownership,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let BulkOperation {
        article,
        expected,
        action,
    } = operation;
    let target = (article, ownership);
    match action {
        BulkAction::Step(request, note) => {
            article_steps::take(connection, target, expected, (request, note), stamp).await
        }
        BulkAction::Update(edit, save) => {
            article_writes::update(connection, target, expected, *edit, Publication::Unchanged, save, stamp).await
        }
    }
}

fn all_or_none(targets: &BulkTargets, outcomes: Vec<BulkOutcome>) -> Result<Vec<BulkOutcome>, BulkFailure> {
    let is_refused = outcomes.iter().any(|outcome| outcome.result.is_err());
    if !is_refused {
        return Ok(outcomes);
    }
    let refused = outcomes.into_iter().enumerate().filter_map(|(index, outcome)| {
        let place = targets.place(index, outcome.article);
        outcome.result.err().map(|failure| RefusedOperation { place, failure })
    });
    Err(BulkFailure::Refused(refused.collect()))
}
