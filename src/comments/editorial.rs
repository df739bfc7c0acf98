//! Threads and comments for moderators.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, patch};
use uuid::Uuid;

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ModerateComments;
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::comments::comment::{CommentFilter, Decision, ModeratedComment, ThreadChange, ThreadRow};
use crate::comments::views::{
    CommentDecisionIn, CommentListQuery, EditorialCommentOut, EditorialCommentPage, EditorialThreadOut, ThreadPatchIn,
};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

write_problems!(
    /// What deciding about a comment or a thread can answer with.
    ModerationProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, TOO_MANY, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// Read a thread for moderating.
#[utoipa::path(
    tag = "moderation",
    operation_id = "get_thread",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("article_id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "The thread", body = EditorialThreadOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/threads/{article_id}")]
pub async fn get_thread(
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let article = id.0;
    let row = existing_thread(&state, article).await?;
    resource_response(
        &conditions,
        row.revision,
        Caching::Private,
        &EditorialThreadOut::from(row),
    )
}

/// Open or close a thread.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "moderation",
    operation_id = "update_thread",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("article_id" = Uuid, Path, description = "The id of the article")),
    request_body(content = ThreadPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The thread", body = EditorialThreadOut,
        headers(("ETag" = String, description = "The entity tag"))), ModerationProblems),
)]
#[patch("/threads/{article_id}")]
pub async fn update_thread(
    state: Data<AppState>,
    caller: Authorized<ModerateComments>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (article, expected) = (id.0, conditions.optional());
    existing_thread(&state, article).await?;
    let ThreadPatchIn {
        state: thread_state,
        message,
        moderation,
    } = write.body.json().await?;
    let change = ThreadChange {
        state: thread_state.0,
        message,
        moderation: moderation.0,
    };
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        comments::update_thread(article, expected, change, stamp),
        |row: ThreadRow| Answer::changed(row.revision, &EditorialThreadOut::from(row))
    )
}

/// List comments for moderating.
#[utoipa::path(
    tag = "moderation",
    operation_id = "list_editorial_comments",
    security(("bearer" = [])),
    params(CommentListQuery),
    responses((status = 200, description = "A page of comments, by time", body = EditorialCommentPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/comments")]
pub async fn list_editorial_comments(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    query: QueryParameters<CommentListQuery>,
) -> Result<HttpResponse, Problem> {
    let CommentListQuery {
        limit,
        cursor,
        order,
        state: comment_state,
        article_id,
    } = query.0;
    let filter = CommentFilter {
        state: comment_state,
        article_id: article_id.map(|article| article.0),
    };
    let list = ListIdentity {
        name: "comments by created_at",
        order: order.unwrap_or(SortOrder::Descending),
        filter: format!("{filter:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<ModeratedComment>, Failure> = read!(&state.database, comments::list(filter, slice));
    let page = state.cursors.page(&page_request, rows?, |comment| Position {
        key: PositionKey::Time(comment.row.created_at.micros()),
        id: comment.row.id.0,
    });
    let data = page.rows.into_iter().map(EditorialCommentOut::from).collect();
    let envelope = EditorialCommentPage {
        data,
        page: page.info.clone(),
    };
    Ok(list_response(
        &request,
        &state.settings.public_url,
        Caching::Private,
        &page.info,
        &envelope,
    ))
}

/// Read a comment for moderating.
#[utoipa::path(
    tag = "moderation",
    operation_id = "get_editorial_comment",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    responses((status = 200, description = "The comment", body = EditorialCommentOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/comments/{id}")]
pub async fn get_editorial_comment(
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let comment = existing_comment(&state, id.0).await?;
    resource_response(
        &conditions,
        comment.row.revision,
        Caching::Private,
        &EditorialCommentOut::from(comment),
    )
}

/// Decide about a comment.
///
/// Puts it into a state, pins or features it. A comment that readers no longer see leaves its place in the thread while
/// replies to it are shown. A merge patch (RFC 7396): what is left out stays. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "moderation",
    operation_id = "update_comment",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    request_body(content = CommentDecisionIn, content_type = "application/json"),
    responses((status = 200, description = "The comment", body = EditorialCommentOut,
        headers(("ETag" = String, description = "The entity tag"))), ModerationProblems),
)]
#[patch("/comments/{id}")]
pub async fn update_comment(
    state: Data<AppState>,
    caller: Authorized<ModerateComments>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (id, expected) = (id.0, conditions.optional());
    existing_comment(&state, id).await?;
    let CommentDecisionIn {
        state: decided,
        pinned,
        featured,
    } = write.body.json().await?;
    let decision = Decision {
        state: decided.0,
        is_pinned: pinned.0,
        is_featured: featured.0,
    };
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        comments::moderate(id, expected, decision, stamp),
        |comment: ModeratedComment| Answer::changed(comment.row.revision, &EditorialCommentOut::from(comment))
    )
}

async fn existing_thread(state: &AppState, article: Uuid) -> Result<ThreadRow, Problem> {
    let found: Result<Option<ThreadRow>, Failure> = read!(&state.database, comments::find_thread(article));
    found?.ok_or_else(|| Problem::not_found("thread"))
}

async fn existing_comment(state: &AppState, id: Uuid) -> Result<ModeratedComment, Problem> {
    let found: Result<Option<ModeratedComment>, Failure> = read!(&state.database, comments::find(id));
    found?.ok_or_else(|| Problem::not_found("comment"))
}
