//! The request that carries out many operations on articles.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};

use crate::accounts::guards::{Authorized, WhenGranted};
use crate::accounts::permissions::{Administer, DeleteArticles, PublishArticles, Scope, WriteArticles};
use crate::articles::article::{MergePolicy, Ownership, Save, SaveKind, ScheduleChange, StepRequest, WorkingFilter};
use crate::articles::bulk::operation::{
    BulkAction, BulkFailure, BulkOperation, BulkOutcome, BulkTargets, MAX_OPERATIONS, OperationPlace, RefusedOperation,
};
use crate::articles::bulk::views::{
    BulkActionIn, BulkFilterIn, BulkIn, BulkOp, BulkOperationIn, BulkOut, BulkQuery, BulkResultOut, bounded,
};
use crate::articles::editorial::patched;
use crate::articles::filters::{FilterIds, FilterNames};
use crate::articles::views::newsroom::ArticleStatus;
use crate::authors::author::AuthorAudience;
use crate::database::ids::RowId;
use crate::http::answer::Answer;
use crate::http::conditional::{Expected, ExpectedText, revision_tag};
use crate::http::input::{InputFaults, UuidText};
use crate::http::problem::{Problem, ProblemDetails, ProblemFault};
use crate::http::problem_codes;
use crate::http::telemetry::RequestId;
use crate::http::write::{IdempotencyKeyHeader, Write};
use crate::idempotency::record::{Persistence, WriteMode};
use crate::state::AppState;
use crate::{carry_out, write_problems};

write_problems!(
    /// What a bulk can answer with.
    BulkProblems: MALFORMED_JSON, IDEMPOTENCY_KEY_REQUIRED, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, BULK_REFUSED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// Carry out many operations on articles.
///
/// Up to 200 in one transaction, listed one by one or chosen by a filter. All or none; with `atomic=false` each for itself,
/// and the answer is 200 with a problem for every operation that was refused. An `Idempotency-Key` is required, but for
/// rehearsals.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "bulk_articles",
    security(("bearer" = [])),
    params(BulkQuery, IdempotencyKeyHeader),
    request_body(content = BulkIn, content_type = "application/json"),
    responses((status = 200, description = "How each operation ended", body = BulkOut), BulkProblems),
)]
#[post("/articles/bulk")]
pub async fn bulk_articles(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    rights: (
        WhenGranted<PublishArticles>,
        WhenGranted<DeleteArticles>,
        WhenGranted<Administer>,
    ),
    write: Write<BulkQuery>,
) -> Result<HttpResponse, Problem> {
    require_key(&write.mode)?;
    let ownership = Ownership::from(&caller);
    let (atomicity, stamp) = (write.query.atomic.atomicity(), state.stamp(&caller));
    let targets = checked(&state, write.body.json().await?, ownership).await?;
    require_rights(&targets, &rights)?;
    let request_id = RequestId::of(&request);
    carry_out!(
        state,
        write.mode,
        article_bulk::carry_out(targets, ownership, atomicity, stamp),
        move |outcomes: Vec<BulkOutcome>| Answer::outcome(200, &told(outcomes, &request_id))
    )
}

fn require_key(mode: &WriteMode) -> Result<(), Problem> {
    match (mode.persistence, &mode.attempt) {
        (Persistence::Store, None) => {
            let detail = "Send an Idempotency-Key of your choice, such as a UUID, or rehearse with validate_only=true.";
            Err(
                Problem::new(&problem_codes::IDEMPOTENCY_KEY_REQUIRED, detail).with_fault(ProblemFault::header(
                    "Idempotency-Key",
                    "required",
                    detail,
                )),
            )
        }
        _ => Ok(()),
    }
}

async fn checked(state: &AppState, input: BulkIn, ownership: Ownership) -> Result<BulkTargets, Problem> {
    let (filter, expected_count, action) = match (input.operations, input.select) {
        (Some(operations), None) => return listed(state, operations).await,
        (None, Some(selection)) => selection.split(),
        (Some(_), Some(_)) => {
            let detail = "give either operations or select, not both";
            return Err(InputFaults::at("/select", "contradiction", detail).into_body_problem());
        }
        (None, None) => {
            let detail = "give operations, or select with a filter";
            return Err(InputFaults::at("/operations", "required", detail).into_body_problem());
        }
    };
    Ok(BulkTargets::Selected {
        filter: Box::new(working_filter(state, filter, ownership).await?),
        action: bulk_action(state, action, "/select").await?,
        expected_count,
    })
}

async fn listed(state: &AppState, operations: Vec<BulkOperationIn>) -> Result<BulkTargets, Problem> {
    let operations = bounded(operations).map_err(InputFaults::into_body_problem)?;
    let mut checked = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        let place = format!("/operations/{index}");
        let (article, if_match, action) = operation.split();
        let action = bulk_action(state, action, &place).await?;
        let expected = match (&action, if_match) {
            (_, Some(ExpectedText(expected))) => expected,
            (BulkAction::Step(..), None) => Expected::Any,
            (BulkAction::Update(..), None) => {
                let detail = "say which revision is changed, such as \"r3\", or * for whatever is there";
                return Err(InputFaults::at(&format!("{place}/if_match"), "required", detail).into_body_problem());
            }
        };
        checked.push(BulkOperation {
            article,
            expected,
            action,
        });
    }
    Ok(BulkTargets::Listed(checked))
}

async fn working_filter(
    state: &AppState,
    filter: BulkFilterIn,
    ownership: Ownership,
) -> Result<WorkingFilter, Problem> {
    let BulkFilterIn {
        status,
        author,
        section,
        tag,
        assignee,
    } = filter;
    let names = FilterNames {
        author,
        section,
        tag,
        series: None,
    };
    let FilterIds {
        author,
        sections,
        tag,
        series: _,
    } = names.resolve(state, AuthorAudience::Newsroom).await?;
    Ok(WorkingFilter {
        ownership,
        state: status.map(ArticleStatus::state),
        author,
        sections,
        tag,
        assignee: assignee.map(|UuidText(account)| RowId(account)),
    })
}

/// What an operation does. A member that its `op` has no use for is a fault: it would be ignored in silence.
async fn bulk_action(state: &AppState, input: BulkActionIn, place: &str) -> Result<BulkAction, Problem> {
    refuse_unused(&input, place).map_err(InputFaults::into_body_problem)?;
    let BulkActionIn {
        op,
        note,
        assignee_id,
        publish_at,
        unpublish_at,
        force,
        changes,
        message,
    } = input;
    let readiness = force.unwrap_or_default().readiness();
    let request = match op {
        BulkOp::Update => {
            let Some(changes) = changes else {
                let detail = "an update needs changes";
                return Err(InputFaults::at(&format!("{place}/changes"), "required", detail).into_body_problem());
            };
            let save = Save {
                message,
                kind: SaveKind::Save,
                merge: MergePolicy::Refuse,
            };
            return Ok(BulkAction::Update(
                Box::new(patched(state, changes, &format!("{place}/changes")).await?),
                save,
            ));
        }
        BulkOp::Schedule if publish_at.is_none() && unpublish_at.is_none() => {
            let detail = "give publish_at, unpublish_at or both";
            return Err(InputFaults::at(&format!("{place}/publish_at"), "required", detail).into_body_problem());
        }
        BulkOp::Submit => StepRequest::Submit {
            assignee: assignee_id.map(|UuidText(account)| account),
        },
        BulkOp::RequestChanges => StepRequest::RequestChanges,
        BulkOp::Schedule => StepRequest::Schedule(ScheduleChange {
            publish_at: publish_at.map(|time| time.0),
            unpublish_at: unpublish_at.map(|time| time.0),
            readiness,
        }),
        BulkOp::Unschedule => StepRequest::Unschedule,
        BulkOp::Publish => StepRequest::Publish(readiness),
        BulkOp::Unpublish => StepRequest::Unpublish,
        BulkOp::DiscardChanges => StepRequest::DiscardChanges,
        BulkOp::Archive => StepRequest::Archive,
        BulkOp::Trash => StepRequest::Trash,
        BulkOp::Restore => StepRequest::Restore,
    };
    Ok(BulkAction::Step(request, note))
}

fn refuse_unused(input: &BulkActionIn, place: &str) -> Result<(), InputFaults> {
    let is_update = input.op == BulkOp::Update;
    let is_schedule = input.op == BulkOp::Schedule;
    let unused = [
        ("note", input.note.is_some() && is_update),
        ("assignee_id", input.assignee_id.is_some() && input.op != BulkOp::Submit),
        ("publish_at", input.publish_at.is_some() && !is_schedule),
        ("unpublish_at", input.unpublish_at.is_some() && !is_schedule),
        (
            "force",
            input.force.is_some() && !is_schedule && input.op != BulkOp::Publish,
        ),
        ("changes", input.changes.is_some() && !is_update),
        ("message", input.message.is_some() && !is_update),
    ];
    match unused.iter().find(|(_, is_unused)| *is_unused) {
        None => Ok(()),
        Some((member, _)) => Err(InputFaults::at(
            &format!("{place}/{member}"),
            "unexpected",
            "this op has no use for it; leave it out",
        )),
    }
}

fn require_rights(
    targets: &BulkTargets,
    (publisher, remover, administrator): &(
        WhenGranted<PublishArticles>,
        WhenGranted<DeleteArticles>,
        WhenGranted<Administer>,
    ),
) -> Result<(), Problem> {
    for action in targets.actions() {
        match action.step().scope() {
            Scope::ArticlesPublish => publisher.require()?,
            Scope::ArticlesDelete => remover.require()?,
            // The guard of the operation asked for it.
            _ => {}
        }
        if action.waives_readiness() {
            administrator.require()?;
        }
    }
    Ok(())
}

fn told(outcomes: Vec<BulkOutcome>, request_id: &RequestId) -> BulkOut {
    let results: Vec<BulkResultOut> = outcomes
        .into_iter()
        .enumerate()
        .map(|(index, outcome)| result(index, outcome, request_id))
        .collect();
    let failed = results.iter().filter(|result| result.problem.is_some()).count();
    BulkOut {
        count: results.len(),
        succeeded: results.len().saturating_sub(failed),
        failed,
        results,
    }
}

fn result(index: usize, outcome: BulkOutcome, request_id: &RequestId) -> BulkResultOut {
    let id = outcome.article;
    match outcome.result {
        Ok(article) => BulkResultOut {
            index,
            id,
            status: 200,
            etag: Some(revision_tag(article.row.revision)),
            article_status: Some(article.row.standing().state.into()),
            problem: None,
        },
        Err(failure) => {
            let problem = Problem::from(failure);
            BulkResultOut {
                index,
                id,
                status: problem.details().status,
                etag: None,
                article_status: None,
                problem: Some(ProblemDetails {
                    instance: format!("/v1/editorial/articles/{id}"),
                    request_id: request_id.as_str().to_owned(),
                    ..problem.details().clone()
                }),
            }
        }
    }
}

/// What is refused of an operation: the operation, or each field that may not be set.
fn refusal(refused: RefusedOperation) -> Vec<ProblemFault> {
    let RefusedOperation { place, failure } = refused;
    let problem = Problem::from(failure);
    let details = problem.details();
    let (operation, prefix) = match place {
        OperationPlace::Listed { index } => (format!("/operations/{index}"), String::new()),
        OperationPlace::Selected { article } => ("/select".to_owned(), format!("Article {article}: ")),
    };
    if problem.kind() != &problem_codes::FIELD_FORBIDDEN {
        return vec![ProblemFault::member(
            &operation,
            &details.code,
            format!("{prefix}{}", details.detail),
        )];
    }
    let fields = details.errors.iter().map(|fault| {
        let member = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('#');
        let pointer = format!("{operation}/changes{member}");
        ProblemFault::member(&pointer, &details.code, format!("{prefix}{}", fault.detail))
    });
    fields.collect()
}

impl From<BulkFailure> for Problem {
    fn from(failure: BulkFailure) -> Self {
        match failure {
            BulkFailure::Refused(refused) => {
                let detail = format!(
                    "{} of the operations cannot be carried out, so none was.",
                    refused.len()
                );
                Self::new(&problem_codes::BULK_REFUSED, detail).with_faults(refused.into_iter().flat_map(refusal))
            }
            BulkFailure::TooMany => {
                let detail = format!("the filter finds more than {MAX_OPERATIONS} articles; narrow it");
                InputFaults::at("/select/filter", "too-many", detail).into_body_problem()
            }
            BulkFailure::CountDiffers { found } => {
                let detail = format!("the filter finds {found} articles now; rehearse again");
                Self::new(&problem_codes::BULK_REFUSED, format!("Nothing was done: {detail}."))
                    .with_fault(ProblemFault::member("/select/expected_count", "differs", detail))
            }
            BulkFailure::Article(failure) => failure.into(),
        }
    }
}
