//! Threads for readers: pages in every order, a comment among others, and counts.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use uuid::Uuid;

use crate::comments::comment::{CommentFailure, ThreadRow, ThreadSort, ThreadView};
use crate::comments::thread_page::{PageMaker, ancestors, json_length};
use crate::comments::thread_reading::{LoadedContext, LoadedPart, ThreadPart, ThreadReading, USUAL_REPLIES};
use crate::comments::thread_views::{
    CommentContextOut, CommentContextQuery, CommentCountOut, CommentCountsOut, CommentCountsQuery, CommentedArticleOut,
    ThreadPage, ThreadQuery,
};
use crate::comments::views::{ThreadItem, ThreadOut};
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, ListTag, json_bytes};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::list_response;
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading a thread can answer with.
    ThreadProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, MALFORMED_REQUEST, UNKNOWN_PARAMETER, NOT_FOUND
);

problems!(
    /// What reading a comment among others can answer with.
    CommentContextProblems: INVALID_PARAMETER, MALFORMED_REQUEST, UNKNOWN_PARAMETER, NOT_FOUND
);

problems!(
    /// What counting comments can answer with.
    CommentCountProblems: INVALID_PARAMETER, MALFORMED_REQUEST, UNKNOWN_PARAMETER
);

/// Read a thread.
///
/// The comments of a published article as a flat list, in the order of your choice. In the threaded view every comment
/// stands before its replies: indent by `depth`. Where replies are left out, a stub of kind `more` says how many there are and
/// how to get them. Whoever follows `page.next` and every stub gets each comment once. A page costs the same in a thread of
/// any size, and asking again with `If-None-Match` costs next to nothing while nothing has changed.
#[utoipa::path(
    tag = "comments",
    operation_id = "list_comments",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article"), ThreadQuery),
    responses((status = 200, description = "A page of the thread", body = ThreadPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"),
            ("ETag" = String, description = "The entity tag of the page, which is weak"))),
        (status = 304, description = "The client has it already"), ThreadProblems),
)]
#[get("/articles/{id}/comments")]
pub async fn list_comments(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    conditions: Conditions,
    query: QueryParameters<ThreadQuery>,
) -> Result<HttpResponse, Problem> {
    let (article, query) = (id.0, query.0);
    let reading = query.reading().map_err(not_flat)?;
    let limit = query.limit.get();
    let mut page_request = state
        .cursors
        .request(reading.identity(article), limit, query.cursor.as_deref())?;
    let tag_of = |thread: &ThreadRow| ListTag::of(thread.change_sequence, request.query_string().as_bytes());
    if conditions.names_held_tags() {
        let found: Result<ThreadRow, CommentFailure> = read!(&state.database, threads::find(article));
        let tag = tag_of(&found?);
        if conditions.is_list_held_by_client(&tag) {
            return Ok(tag.not_modified(Caching::Public));
        }
    }
    let slice = page_request.slice();
    let arrangement = reading.arrangement(slice.after.as_ref());
    let part = ThreadPart {
        parent: reading.parent,
        levels: reading.levels,
        arrangement,
        slice,
    };
    let loaded: Result<LoadedPart, CommentFailure> = read!(&state.database, threads::load(article, part));
    let mut loaded = loaded?;
    let (tag, thread) = (tag_of(&loaded.thread), ThreadOut::from(&loaded.thread));
    let change_sequence = loaded.thread.change_sequence;
    if conditions.is_list_held_by_client(&tag) {
        return Ok(tag.not_modified(Caching::Public));
    }
    let pinned = std::mem::take(&mut loaded.pinned);
    let maker = PageMaker::new(&state.cursors, article, reading);
    let (blocks, fitting) = maker.blocks(arrangement, loaded, usize::try_from(limit).unwrap_or(usize::MAX));
    if fitting < blocks.len() {
        page_request.end_after(fitting);
    }
    let page = state
        .cursors
        .page(&page_request, blocks, |block| block.position.clone());
    let envelope = ThreadPage {
        data: page.rows.into_iter().flat_map(|block| block.items).collect(),
        page: page.info.clone(),
        thread,
        change_sequence,
        pinned,
    };
    tag.on(list_response(
        &request,
        &state.settings.public_url,
        Caching::Public,
        &page.info,
        &envelope,
    ))
}

/// Read a comment among others.
///
/// What a permanent link to a comment needs: the article, the comments above it, the comment, and the first below it.
#[utoipa::path(
    tag = "comments",
    operation_id = "get_comment_context",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the comment"), CommentContextQuery),
    responses((status = 200, description = "The comment among others", body = CommentContextOut,
        headers(("ETag" = String, description = "The entity tag, which is weak"))),
        (status = 304, description = "The client has it already"), CommentContextProblems),
)]
#[get("/comments/{id}/context")]
pub async fn get_comment_context(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    conditions: Conditions,
    query: QueryParameters<CommentContextQuery>,
) -> Result<HttpResponse, Problem> {
    let CommentContextQuery { depth, replies } = query.0;
    let (id, levels, most) = (id.0, depth.0, replies.map_or(USUAL_REPLIES, |replies| replies.0));
    let tag_of = |thread: &ThreadRow| ListTag::of(thread.change_sequence, request.query_string().as_bytes());
    if conditions.names_held_tags() {
        let found: Result<ThreadRow, CommentFailure> = read!(&state.database, threads::find_around(id));
        let tag = tag_of(&found?);
        if conditions.is_list_held_by_client(&tag) {
            return Ok(tag.not_modified(Caching::Public));
        }
    }
    let loaded: Result<LoadedContext, CommentFailure> = read!(&state.database, threads::load_context(id, levels, most));
    let loaded = loaded?;
    let tag = tag_of(&loaded.thread);
    match conditions.is_list_held_by_client(&tag) {
        true => Ok(tag.not_modified(Caching::Public)),
        false => tag.on(json_response(&context(&state, levels, loaded))?),
    }
}

/// Count comments.
///
/// How many comments each of up to 100 articles has, for a list of articles. Ids of articles that readers do not see are
/// named as missing and do not spoil the others.
#[utoipa::path(
    tag = "comments",
    operation_id = "list_comment_counts",
    params(IfNoneMatchHeader, CommentCountsQuery),
    responses((status = 200, description = "The counts", body = CommentCountsOut,
        headers(("ETag" = String, description = "The entity tag, which is weak"))),
        (status = 304, description = "The client has it already"), CommentCountProblems),
)]
#[get("/comment-counts")]
pub async fn list_comment_counts(
    state: Data<AppState>,
    conditions: Conditions,
    query: QueryParameters<CommentCountsQuery>,
) -> Result<HttpResponse, Problem> {
    let articles = query.0.article_ids.0;
    let wanted = articles.clone();
    let threads: Result<Vec<ThreadRow>, Failure> = read!(&state.database, threads::find_many(wanted));
    let threads = threads?;
    let sequence = threads.iter().map(|thread| thread.change_sequence).sum();
    let found: BTreeMap<Uuid, &ThreadRow> = threads.iter().map(|thread| (thread.article_id.0, thread)).collect();
    let (present, missing): (Vec<Uuid>, Vec<Uuid>) = articles.into_iter().partition(|id| found.contains_key(id));
    let data = present.iter().filter_map(|id| found.get(id).copied());
    let counts = CommentCountsOut {
        data: data.map(CommentCountOut::from).collect(),
        missing,
    };
    let tag = ListTag::of(sequence, &json_bytes(&counts)?);
    match conditions.is_list_held_by_client(&tag) {
        true => Ok(tag.not_modified(Caching::Public)),
        false => tag.on(json_response(&counts)?),
    }
}

fn context(state: &AppState, levels: i32, loaded: LoadedContext) -> CommentContextOut {
    let LoadedContext {
        thread,
        slug,
        ancestors: above,
        row,
        replies,
    } = loaded;
    let reading = ThreadReading {
        sort: ThreadSort::Oldest,
        view: ThreadView::Threaded,
        parent: None,
        levels,
        replies: None,
    };
    let comment = ThreadItem::comment(row.clone());
    let (above, bytes) = ancestors(above, json_length(&comment));
    let article = thread.article_id.0;
    let maker = PageMaker::new(&state.cursors, article, reading);
    CommentContextOut {
        article: CommentedArticleOut { id: article, slug },
        ancestors: above,
        comment,
        replies: maker.replies(&row, replies, bytes),
        thread: ThreadOut::from(&thread),
    }
}

fn json_response(view: &impl serde::Serialize) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok()
        .insert_header((actix_web::http::header::CACHE_CONTROL, Caching::Public.header_value()))
        .content_type("application/json")
        .body(json_bytes(view)?))
}

fn not_flat(parameter: &'static str) -> Problem {
    Problem::parameter(
        parameter,
        "the flat view has no levels. Leave it out, or ask for view=threaded.",
    )
}
