//! Threads and comments for moderators.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, patch};
use uuid::Uuid;

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ModerateComments;
use crate::articles::access::BelongingListProblems;
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::comments::comment::{CommentFailure, CommentFilter, CommentStateCounts, Decision, ModeratedComment};
use crate::comments::own_comment::CommentRevisionRow;
use crate::comments::own_views::{CommentRevisionListQuery, CommentRevisionOut, CommentRevisionPage};
use crate::comments::state_views::{ThreadTransitionOut, ThreadTransitionPage, ThreadTransitionQuery};
use crate::comments::thread_state::{ClosedReason, RuledThread, ThreadChange, ThreadTransitionRow};
use crate::comments::views::{
    CommentDecisionIn, CommentListQuery, CommentStateCountsOut, CommentStateCountsQuery, EditorialCommentOut,
    EditorialCommentPage, EditorialThreadOut, ThreadPatchIn,
};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

write_problems!(
    /// What deciding about a comment or a thread can answer with.
    ModerationProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, COMMENT_WITHDRAWN, TOO_MANY, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

problems!(
    /// What counting comments can answer with.
    CommentStateCountsProblems: INVALID_PARAMETER, UNKNOWN_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND
);

problems!(
    /// What listing the texts of a comment can answer with.
    CommentHistoryProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER,
    NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND
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
    let thread = existing_thread(&state, article).await?;
    resource_response(
        &conditions,
        thread.row.revision,
        Caching::Private,
        &EditorialThreadOut::from(thread),
    )
}

/// Open or close a thread.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. `If-Match` may be sent and need not be. An open thread
/// takes everything; a closed one takes votes, a read-only one nothing, and both are shown; of a hidden one readers see
/// nothing. A thread that is opened though the article is older than the rule says closes no more by itself:
/// `close_after_days` is 0 then.
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
        close_after_days,
        note,
    } = write.body.json().await?;
    let change = ThreadChange {
        state: thread_state.0,
        message,
        moderation: moderation.0,
        close_after_days,
        note: note.0,
        reason: ClosedReason::Editors,
    };
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        thread_states::update(article, expected, change, stamp),
        |thread: RuledThread| Answer::changed(thread.row.revision, &EditorialThreadOut::from(thread))
    )
}

/// List the openings and closings of a thread.
///
/// Who opened or closed it, when and why. Those without an account were due by the age of the article.
#[utoipa::path(
    tag = "moderation",
    operation_id = "list_thread_transitions",
    security(("bearer" = [])),
    params(("article_id" = Uuid, Path, description = "The id of the article"), ThreadTransitionQuery),
    responses((status = 200, description = "A page of openings and closings, the newest first", body = ThreadTransitionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), BelongingListProblems),
)]
#[get("/threads/{article_id}/transitions")]
pub async fn list_thread_transitions(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    id: IdInPath,
    query: QueryParameters<ThreadTransitionQuery>,
) -> Result<HttpResponse, Problem> {
    let article = id.0;
    let ThreadTransitionQuery { limit, cursor } = query.0;
    let list = ListIdentity {
        name: "thread transitions by created_at",
        order: SortOrder::Descending,
        filter: article.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    existing_thread(&state, article).await?;
    let slice = page_request.slice();
    let rows: Result<Vec<ThreadTransitionRow>, Failure> =
        read!(&state.database, thread_states::list_transitions(article, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let envelope = ThreadTransitionPage {
        data: page.rows.into_iter().map(ThreadTransitionOut::from).collect(),
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

/// Count comments by their state.
///
/// Of one article, or of all.
#[utoipa::path(
    tag = "moderation",
    operation_id = "get_comment_state_counts",
    security(("bearer" = [])),
    params(CommentStateCountsQuery),
    responses((status = 200, description = "The counts", body = CommentStateCountsOut), CommentStateCountsProblems),
)]
#[get("/comments/counts")]
pub async fn get_comment_state_counts(
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    query: QueryParameters<CommentStateCountsQuery>,
) -> Result<HttpResponse, Problem> {
    let article = query.0.article_id.map(|article| article.0);
    let counts: Result<Option<CommentStateCounts>, Failure> = read!(&state.database, own_comments::counts(article));
    let counts = counts?.ok_or_else(|| Problem::not_found("thread"))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, Caching::Private.header_value()));
    Ok(response.json(CommentStateCountsOut::from(counts)))
}

/// List the texts of a comment.
///
/// What it says, and what it said before its writer edited it; the newest first. A comment that was withdrawn has none.
#[utoipa::path(
    tag = "moderation",
    operation_id = "list_comment_revisions",
    security(("bearer" = [])),
    params(CommentRevisionListQuery, ("id" = Uuid, Path, description = "The id of the comment")),
    responses((status = 200, description = "A page of texts, by number", body = CommentRevisionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), CommentHistoryProblems),
)]
#[get("/comments/{id}/revisions")]
pub async fn list_comment_revisions(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    id: IdInPath,
    query: QueryParameters<CommentRevisionListQuery>,
) -> Result<HttpResponse, Problem> {
    let (id, CommentRevisionListQuery { limit, cursor, order }) = (id.0, query.0);
    let list = ListIdentity {
        name: "comment revisions by number",
        order: order.unwrap_or(SortOrder::Descending),
        filter: id.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<CommentRevisionRow>, CommentFailure> =
        read!(&state.database, own_comments::revisions(id, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(i64::from(row.number)),
        id,
    });
    let envelope = CommentRevisionPage {
        data: page.rows.into_iter().map(CommentRevisionOut::from).collect(),
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

async fn existing_thread(state: &AppState, article: Uuid) -> Result<RuledThread, Problem> {
    let found: Result<Option<RuledThread>, Failure> = read!(&state.database, thread_states::find(article));
    found?.ok_or_else(|| Problem::not_found("thread"))
}

async fn existing_comment(state: &AppState, id: Uuid) -> Result<ModeratedComment, Problem> {
    let found: Result<Option<ModeratedComment>, Failure> = read!(&state.database, comments::find(id));
    found?.ok_or_else(|| Problem::not_found("comment"))
}
