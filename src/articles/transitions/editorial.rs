//! The record of an article's life, for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ReadArticles;
use crate::articles::access::{AccessFailure, BelongingListProblems};
use crate::articles::article::Ownership;
use crate::articles::transitions::transition::TransitionRow;
use crate::articles::transitions::views::{TransitionListQuery, TransitionOut, TransitionPage};
use crate::http::conditional::Caching;
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::read;
use crate::state::AppState;

/// List the steps that an article took.
///
/// What was done, by whom, from where to where, and what was said about it.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "list_article_transitions",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"), TransitionListQuery),
    responses((status = 200, description = "A page of transitions, the newest first", body = TransitionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), BelongingListProblems),
)]
#[get("/articles/{id}/transitions")]
pub async fn list_article_transitions(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<TransitionListQuery>,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    let TransitionListQuery { limit, cursor } = query.0;
    let list = ListIdentity {
        name: "article transitions by created_at",
        order: SortOrder::Descending,
        filter: article.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<TransitionRow>, AccessFailure> =
        read!(&state.database, article_transitions::list(article, ownership, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let envelope = TransitionPage {
        data: page.rows.into_iter().map(TransitionOut::from).collect(),
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
