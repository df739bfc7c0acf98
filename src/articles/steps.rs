//! The steps of the life of an article, as requests ask for them.

use std::future::Future;

use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use crate::accounts::guards::{Authorized, WhenGranted};
use crate::accounts::permissions::{Administer, DeleteArticles, PublishArticles, WriteArticles};
use crate::articles::access::reached_article;
use crate::articles::article::{ScheduleChange, StepRequest};
use crate::articles::editorial::{changed, current_row, target};
use crate::articles::step_views::{AssignIn, PublishIn, ScheduleIn, StepIn, SubmitIn};
use crate::articles::transitions::transition::ReviewNote;
use crate::articles::views::newsroom::EditorialArticleOut;
use crate::http::conditional::{Conditions, IfMatchHeader};
use crate::http::input::{IdInPath, InputFaults, UuidText};
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::WriteMode;
use crate::state::AppState;
use crate::{carry_out, write_problems};

write_problems!(
    /// What a step of the life of an article can answer with.
    StepProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, REQUEST_TIMEOUT, ILLEGAL_TRANSITION, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What throwing an article away can answer with.
    TrashProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, PUBLISHED_BEFORE, NOT_FOUND, GONE, REQUEST_TIMEOUT, ILLEGAL_TRANSITION, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What a step that shows an article to readers can answer with.
    PublicationProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, REQUEST_TIMEOUT, ILLEGAL_TRANSITION, NOT_READY, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What taking up again what readers see can answer with.
    DiscardProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, REQUEST_TIMEOUT, ILLEGAL_TRANSITION, TRANSLATION_TAKEN, EXTERNAL_ID_TAKEN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What a step that names an account can answer with.
    AssignmentProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, REQUEST_TIMEOUT, ILLEGAL_TRANSITION, REFERENCE_UNKNOWN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// Hand an article in for review.
///
/// `assignee_id` names the account that is to read it. The steps that an article took, with their notes, are listed at `…/transitions`.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "submit_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<SubmitIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), AssignmentProblems),
)]
#[post("/articles/{id}/submit")]
pub async fn submit_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let SubmitIn { note, assignee_id } =
        read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    let assignee = assignee_id.map(|UuidText(account)| account);
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::Submit { assignee }, note),
    )
    .await
}

/// Hand an article back to its writer.
///
/// Ends the review. `note` tells what to change.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "request_article_changes",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), StepProblems),
)]
#[post("/articles/{id}/request-changes")]
pub async fn request_article_changes(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::RequestChanges, note),
    )
    .await
}

/// Publish an article.
///
/// Readers see the working copy as it is now. What preflight calls an error stops it, unless an administrator sends
/// `"force": true`. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "publish_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<PublishIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), PublicationProblems),
)]
#[post("/articles/{id}/publish")]
pub async fn publish_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    administrator: WhenGranted<Administer>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let PublishIn { note, force } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    let request = StepRequest::Publish(force.unwrap_or_default().readiness());
    if request.waives_readiness() {
        administrator.require()?;
    }
    take(&state, &caller, &id, (&conditions, write.mode), (request, note)).await
}

/// Take an article away from readers.
///
/// The working copy stays. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "unpublish_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), StepProblems),
)]
#[post("/articles/{id}/unpublish")]
pub async fn unpublish_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::Unpublish, note),
    )
    .await
}

/// Set when an article is published, and when it is taken away again.
///
/// At `publish_at` readers get the revision that is the current one now, whatever is changed in the meantime; at
/// `unpublish_at` they see it no more. Each is done to the second, once, in the name of the account that set it, and as
/// soon as the server runs again if it did not run then. What is left out stays as it was set before.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "schedule_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<ScheduleIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), PublicationProblems),
)]
#[post("/articles/{id}/schedule")]
pub async fn schedule_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    administrator: WhenGranted<Administer>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let ScheduleIn {
        publish_at,
        unpublish_at,
        note,
        force,
    } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    if publish_at.is_none() && unpublish_at.is_none() {
        return Err(no_time());
    }
    let request = StepRequest::Schedule(ScheduleChange {
        publish_at: publish_at.map(|time| time.0),
        unpublish_at: unpublish_at.map(|time| time.0),
        readiness: force.unwrap_or_default().readiness(),
    });
    if request.waives_readiness() {
        administrator.require()?;
    }
    take(&state, &caller, &id, (&conditions, write.mode), (request, note)).await
}

/// Call off what is scheduled.
///
/// Both the publication and the end, as far as they are set.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "unschedule_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), StepProblems),
)]
#[post("/articles/{id}/unschedule")]
pub async fn unschedule_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::Unschedule, note),
    )
    .await
}

/// Take up again what readers see.
///
/// The working copy says what readers see, as a new revision; what was changed since stays in the history. What is
/// scheduled is called off.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "discard_article_changes",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), DiscardProblems),
)]
#[post("/articles/{id}/discard-changes")]
pub async fn discard_article_changes(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::DiscardChanges, note),
    )
    .await
}

/// Put an article into the archive.
///
/// Readers see it no more, and nobody changes it until `…/restore`.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "archive_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), StepProblems),
)]
#[post("/articles/{id}/archive")]
pub async fn archive_article(
    state: Data<AppState>,
    caller: Authorized<PublishArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::Archive, note),
    )
    .await
}

/// Throw an article away.
///
/// Readers see it no more; `…/restore` has it back. A contributor throws away what was never published.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "trash_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), TrashProblems),
)]
#[post("/articles/{id}/trash")]
pub async fn trash_article(
    state: Data<AppState>,
    caller: Authorized<DeleteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::Trash, note),
    )
    .await
}

/// Take an article up again from the archive or the trash.
///
/// It is a draft then.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "restore_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = Option<StepIn>, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), StepProblems),
)]
#[post("/articles/{id}/restore")]
pub async fn restore_article(
    state: Data<AppState>,
    caller: Authorized<DeleteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let StepIn { note } = read_body(&state, &caller, (&id, &conditions), write.body.optional_json()).await?;
    take(
        &state,
        &caller,
        &id,
        (&conditions, write.mode),
        (StepRequest::Restore, note),
    )
    .await
}

/// Say who is to work on an article.
///
/// No step of its life: it stays where it stands. Null says that it is nobody in particular. This is for editors; who
/// hands an article in may name its reader with it.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "assign_article",
    security(("bearer" = [])),
    params(WriteQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = AssignIn, content_type = "application/json"),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), AssignmentProblems),
)]
#[post("/articles/{id}/assign")]
pub async fn assign_article(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let AssignIn { assignee_id } = read_body(&state, &caller, (&id, &conditions), write.body.json()).await?;
    let target = target(&caller, &id);
    let (assignee, expected, stamp) = (assignee_id.account(), conditions.optional(), state.stamp(&caller));
    carry_out!(
        state,
        write.mode,
        article_steps::assign(target, assignee, expected, stamp),
        changed
    )
}

/// Reads a body. That the article is not there, or is at another revision than is expected, is told before what is wrong
/// with the body; with a good body it is the store that tells the latter, since it knows what changed.
async fn read_body<P, T>(
    state: &AppState,
    caller: &Authorized<P>,
    (id, conditions): (&IdInPath, &Conditions),
    body: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let (id, ownership) = target(caller, id);
    let article = reached_article(state, id, ownership).await?;
    match body.await {
        Err(_fault) if !conditions.optional().allows(article.revision) => {
            Err(current_row(state, (id, ownership)).await?.stale().into())
        }
        read => read,
    }
}

async fn take<P>(
    state: &AppState,
    caller: &Authorized<P>,
    id: &IdInPath,
    (conditions, mode): (&Conditions, WriteMode),
    request: (StepRequest, Option<ReviewNote>),
) -> Result<HttpResponse, Problem> {
    let target = target(caller, id);
    let (expected, stamp) = (conditions.optional(), state.stamp(caller));
    carry_out!(
        state,
        mode,
        article_steps::take(target, expected, request, stamp),
        changed
    )
}

fn no_time() -> Problem {
    let detail = "give publish_at, unpublish_at or both";
    InputFaults::at("/publish_at", "required", detail).into_body_problem()
}
