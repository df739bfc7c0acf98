//! Mentions for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::http::conditional::Caching;
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::mentions::mention::{MentionFailure, MentionRow};
use crate::mentions::views::{MentionOut, MentionPage, MentionQuery};
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What listing mentions can answer with.
    MentionListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, MALFORMED_REQUEST, UNKNOWN_PARAMETER, NOT_FOUND
);

/// List the mentions of an article.
///
/// The pingbacks, trackbacks and webmentions of a published article, which are no comments. There are none while the thread is
/// hidden.
#[utoipa::path(
    tag = "comments",
    operation_id = "list_mentions",
    params(("id" = Uuid, Path, description = "The id of the article"), MentionQuery),
    responses((status = 200, description = "A page of mentions, by time", body = MentionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), MentionListProblems),
)]
#[get("/articles/{id}/mentions")]
pub async fn list_mentions(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    query: QueryParameters<MentionQuery>,
) -> Result<HttpResponse, Problem> {
    let article = id.0;
    let MentionQuery { limit, cursor, order } = query.0;
    let list = ListIdentity {
        name: "mentions of an article by created_at",
        order: order.unwrap_or(SortOrder::Ascending),
        filter: article.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<MentionRow>, MentionFailure> = read!(&state.database, mentions::list_public(article, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let envelope = MentionPage {
        data: page.rows.into_iter().map(MentionOut::from).collect(),
        page: page.info.clone(),
    };
    Ok(list_response(
        &request,
        &state.settings.public_url,
        Caching::Public,
        &page.info,
        &envelope,
    ))
}

impl From<MentionFailure> for Problem {
    fn from(failure: MentionFailure) -> Self {
        match failure {
            MentionFailure::Absent => Self::not_found("mention"),
            MentionFailure::ArticleAbsent => Self::not_found("article"),
            MentionFailure::Stale(stale) => stale.into(),
            MentionFailure::Database(failure) => failure.into(),
        }
    }
}
