//! Mentions for moderators.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, patch};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ModerateComments;
use crate::authors::editorial::EditorialListProblems;
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::mentions::mention::{MentionFilter, MentionRow};
use crate::mentions::views::{EditorialMentionOut, EditorialMentionPage, EditorialMentionQuery, MentionDecisionIn};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

write_problems!(
    /// What deciding about a mention can answer with.
    MentionProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// List mentions for moderating.
#[utoipa::path(
    tag = "moderation",
    operation_id = "list_editorial_mentions",
    security(("bearer" = [])),
    params(EditorialMentionQuery),
    responses((status = 200, description = "A page of mentions, by time", body = EditorialMentionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/mentions")]
pub async fn list_editorial_mentions(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ModerateComments>,
    query: QueryParameters<EditorialMentionQuery>,
) -> Result<HttpResponse, Problem> {
    let EditorialMentionQuery {
        limit,
        cursor,
        order,
        state: mention_state,
        kind,
        article_id,
    } = query.0;
    let filter = MentionFilter {
        state: mention_state,
        kind,
        article_id: article_id.map(|article| article.0),
    };
    let list = ListIdentity {
        name: "mentions by created_at",
        order: order.unwrap_or(SortOrder::Descending),
        filter: format!("{filter:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<MentionRow>, Failure> = read!(&state.database, mentions::list(filter, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let envelope = EditorialMentionPage {
        data: page.rows.into_iter().map(EditorialMentionOut::from).collect(),
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

/// Decide about a mention.
///
/// Puts it into a state. A merge patch (RFC 7396): what is left out stays. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "moderation",
    operation_id = "update_mention",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("id" = Uuid, Path, description = "The id of the mention")),
    request_body(content = MentionDecisionIn, content_type = "application/json"),
    responses((status = 200, description = "The mention", body = EditorialMentionOut,
        headers(("ETag" = String, description = "The entity tag"))), MentionProblems),
)]
#[patch("/mentions/{id}")]
pub async fn update_mention(
    state: Data<AppState>,
    caller: Authorized<ModerateComments>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (id, expected) = (id.0, conditions.optional());
    let found: Result<Option<MentionRow>, Failure> = read!(&state.database, mentions::find(id));
    found?.ok_or_else(|| Problem::not_found("mention"))?;
    let MentionDecisionIn { state: decided } = write.body.json().await?;
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        mentions::decide(id, expected, decided.0, stamp),
        |row: MentionRow| Answer::changed(row.revision, &EditorialMentionOut::from(row))
    )
}
