//! The history of an article for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{ReadArticles, WriteArticles};
use crate::articles::article::{ArticleFailure, Belongings, Save, SaveKind};
use crate::articles::content::ArticleContent;
use crate::articles::diff::diff;
use crate::articles::editorial::{changed, current_row, target};
use crate::articles::revisions::revision::{ComparedRevision, RevisionRow, RevisionSummaryRow};
use crate::articles::revisions::views::{
    DiffOut, DiffQuery, RestoreQuery, RevisionListQuery, RevisionOut, RevisionPage, RevisionSummaryOut,
};
use crate::articles::views::newsroom::EditorialArticleOut;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters, RevisionInPath};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::write::{IdempotencyKeyHeader, Write};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What listing the history of an article can answer with.
    HistoryProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER,
    NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, GONE
);

problems!(
    /// What reading or comparing revisions can answer with.
    RevisionReadProblems: INVALID_PARAMETER, UNKNOWN_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID,
    INSUFFICIENT_SCOPE, NOT_FOUND, GONE
);

write_problems!(
    /// What restoring a revision can answer with.
    RestoreProblems: NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, SLUG_TAKEN, TRANSLATION_TAKEN, EXTERNAL_ID_TAKEN, ILLEGAL_TRANSITION, PRECONDITION_FAILED, VALIDATION_FAILED
);

/// List the revisions of an article.
///
/// Every save, without what it says; the newest first.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "list_revisions",
    security(("bearer" = [])),
    params(RevisionListQuery, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "A page of revisions", body = RevisionPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), HistoryProblems),
)]
#[get("/articles/{id}/revisions")]
pub async fn list_revisions(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<RevisionListQuery>,
) -> Result<HttpResponse, Problem> {
    let RevisionListQuery { limit, cursor, order } = query.0;
    let target = target(&caller, &id);
    let list = ListIdentity {
        name: "revisions by number",
        order: order.unwrap_or(SortOrder::Descending),
        filter: target.0.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<RevisionSummaryRow>, ArticleFailure> =
        read!(&state.database, revisions::history(target, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(i64::from(row.revision)),
        id: target.0,
    });
    let envelope = RevisionPage {
        data: page.rows.into_iter().map(RevisionSummaryOut::from).collect(),
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

/// Read a revision of an article.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "get_revision",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("revision" = i32, Path, description = "The number of the revision", minimum = 1, example = 3)),
    responses((status = 200, description = "The revision, whole", body = RevisionOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), RevisionReadProblems),
)]
#[get("/articles/{id}/revisions/{revision}")]
pub async fn get_revision(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    revision: RevisionInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (target, revision) = (target(&caller, &id), revision.0);
    let found: Result<(RevisionRow, ArticleContent, Belongings), ArticleFailure> =
        read!(&state.database, revisions::read(target, revision));
    let (row, content, belongings) = found?;
    let view = RevisionOut::new(row, content, belongings);
    resource_response(&conditions, revision, Caching::Private, &view)
}

/// Make a revision the working copy again.
///
/// As a new revision: nothing in between is lost. Authors, tags, sections and series that are gone are left out.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "restore_revision",
    security(("bearer" = [])),
    params(RestoreQuery, IfMatchHeader, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("revision" = i32, Path, description = "The number of the revision", minimum = 1, example = 3)),
    responses((status = 200, description = "The working copy", body = EditorialArticleOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), RestoreProblems),
)]
#[post("/articles/{id}/revisions/{revision}/restore")]
pub async fn restore_revision(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    place: (IdInPath, RevisionInPath),
    conditions: Conditions,
    write: Write<RestoreQuery>,
) -> Result<HttpResponse, Problem> {
    let (target, revision) = (target(&caller, &place.0), place.1.0);
    current_row(&state, target).await?;
    let (expected, stamp) = (conditions.optional(), state.stamp(&caller));
    let save = Save {
        kind: SaveKind::Restore,
        message: write.query.message,
        ..Save::default()
    };
    carry_out!(
        state,
        write.mode,
        article_writes::restore_revision(target, revision, expected, save, stamp),
        changed
    )
}

/// Compare two revisions of an article.
///
/// Texts word by word, other members as values. Without parameters: what has changed since readers see the article.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "diff_revisions",
    security(("bearer" = [])),
    params(DiffQuery, ("id" = Uuid, Path, description = "The id of the article")),
    responses((status = 200, description = "How they differ", body = DiffOut), RevisionReadProblems),
)]
#[get("/articles/{id}/diff")]
pub async fn diff_revisions(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<DiffQuery>,
) -> Result<HttpResponse, Problem> {
    let target = target(&caller, &id);
    let wanted = (query.0.from.map(|from| from.0), query.0.to.map(|to| to.0));
    let found: Result<(ComparedRevision, ComparedRevision), ArticleFailure> =
        read!(&state.database, revisions::pair(target, wanted));
    let (earlier, later) = found?;
    let to = later.revision;
    // Long texts take a while, which no other request should wait for.
    let compared = tokio::task::spawn_blocking(move || {
        let difference = diff(&earlier.content, &later.content);
        DiffOut::new(earlier, later, difference)
    });
    let view = compared.await.map_err(|panic| Problem::internal(panic.to_string()))?;
    resource_response(&Conditions::default(), to, Caching::Private, &view)
}
