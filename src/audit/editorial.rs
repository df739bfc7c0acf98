//! The audit log, for administrators.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ReadAudit;
use crate::audit::entry::ReadEntry;
use crate::audit::views::{AuditEntryOut, AuditEntryPage, AuditListQuery};
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::{problems, read};

/// An entry is written once; only its place in the chain is added to it.
const ENTRY_REVISION: i32 = 1;

problems!(
    /// What listing the audit log can answer with.
    pub AuditListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, MALFORMED_REQUEST,
    UNKNOWN_PARAMETER, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE
);

problems!(
    /// What reading an entry of the audit log can answer with.
    pub AuditReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE,
    NOT_FOUND
);

/// List the audit log.
///
/// Who did what to which thing, when and from where. Every write of the newsroom leaves an entry, and nobody can change or
/// remove one. After a second or two it is part of a chain of hashes, which `galley doctor` verifies.
#[utoipa::path(
    tag = "audit log",
    operation_id = "list_audit_entries",
    security(("bearer" = [])),
    params(AuditListQuery),
    responses((status = 200, description = "A page of entries", body = AuditEntryPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), AuditListProblems),
)]
#[get("/audit")]
pub async fn list_audit_entries(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ReadAudit>,
    query: QueryParameters<AuditListQuery>,
) -> Result<HttpResponse, Problem> {
    let query = query.0;
    let filter = query.filter();
    let list = ListIdentity {
        name: "audit entries by id",
        order: query.order.unwrap_or(SortOrder::Descending),
        filter: format!("{filter:?}"),
    };
    let page_request = state
        .cursors
        .request(list, query.limit.get(), query.cursor.as_deref())?;
    let slice = page_request.slice();
    let entries: Result<Vec<ReadEntry>, Failure> = read!(&state.database, audit::list(filter, slice));
    let page = state.cursors.page(&page_request, entries?, |entry| Position {
        key: PositionKey::Time(entry.row.happened_at.micros()),
        id: entry.row.id.0,
    });
    let envelope = AuditEntryPage {
        data: page.rows.into_iter().map(AuditEntryOut::from).collect(),
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

/// Read an entry of the audit log.
#[utoipa::path(
    tag = "audit log",
    operation_id = "get_audit_entry",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the entry")),
    responses((status = 200, description = "The entry", body = AuditEntryOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), AuditReadProblems),
)]
#[get("/audit/{id}")]
pub async fn get_audit_entry(
    state: Data<AppState>,
    _caller: Authorized<ReadAudit>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<Option<ReadEntry>, Failure> = read!(&state.database, audit::find(id));
    let entry = found?.ok_or_else(|| Problem::not_found("audit entry"))?;
    resource_response(
        &conditions,
        ENTRY_REVISION,
        Caching::Private,
        &AuditEntryOut::from(entry),
    )
}
