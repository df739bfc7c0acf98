//! Files for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{Reach, WriteMedia};
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::{Problem, ProblemUse};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::Persistence;
use crate::media::keeping;
use crate::media::media::{MediaFailure, MediaRow, NamedUse, Uploaders};
use crate::media::views::{
    EditorialMediaOut, EditorialMediaPage, MediaListQuery, MediaPatchIn, MediaUseListQuery, MediaUseOut, MediaUsePage,
};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What listing the uses of a file can answer with.
    MediaUsesProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER,
    NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND
);

write_problems!(
    /// What changing a file can answer with.
    MediaChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_THE_UPLOADER, NOT_FOUND,
    REQUEST_TIMEOUT, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED,
    PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing a file can answer with.
    MediaDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_THE_UPLOADER, NOT_FOUND, MEDIA_IN_USE,
    PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List the files.
///
/// Those of everybody, to choose from.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "list_editorial_media",
    security(("bearer" = [])),
    params(MediaListQuery),
    responses((status = 200, description = "A page of files, the newest first", body = EditorialMediaPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/media")]
pub async fn list_editorial_media(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<WriteMedia>,
    query: QueryParameters<MediaListQuery>,
) -> Result<HttpResponse, Problem> {
    let (query, filter) = (&query.0, query.0.filter());
    let list = ListIdentity {
        name: "media by created_at",
        order: query.order.unwrap_or(SortOrder::Descending),
        filter: format!("{filter:?}"),
    };
    let page = state
        .cursors
        .request(list, query.limit.get(), query.cursor.as_deref())?;
    let slice = page.slice();
    let rows: Result<Vec<MediaRow>, Failure> = read!(&state.database, media::list(filter, slice));
    let page = state.cursors.page(&page, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let public_url = &state.settings.public_url;
    let files = page.rows.into_iter();
    let envelope = EditorialMediaPage {
        data: files.map(|row| EditorialMediaOut::new(row, public_url)).collect(),
        page: page.info.clone(),
    };
    Ok(list_response(
        &request,
        public_url,
        Caching::Private,
        &page.info,
        &envelope,
    ))
}

/// Read what is known about a file.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "get_editorial_media",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the file")),
    responses((status = 200, description = "The file", body = EditorialMediaOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/media/{id}")]
pub async fn get_editorial_media(
    state: Data<AppState>,
    _caller: Authorized<WriteMedia>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing(&state, &id).await?;
    resource_response(
        &conditions,
        (row.id.0, row.revision),
        Caching::Private,
        &EditorialMediaOut::new(row, &state.settings.public_url),
    )
}

/// Change what is said about a file.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`. The bytes of
/// a file never change; other bytes are another file. Authors and contributors change only what they uploaded.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "update_media",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the file"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = MediaPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The file", body = EditorialMediaOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), MediaChangeProblems),
)]
#[patch("/media/{id}")]
pub async fn update_media(
    state: Data<AppState>,
    caller: Authorized<WriteMedia>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let uploaders = reached(&caller);
    let expected = conditions.required(changeable(&state, &id, uploaders).await?.stale())?;
    let change = write.body.json::<MediaPatchIn>().await?.change();
    let (id, stamp) = (id.0, state.stamp(&caller));
    let public_url = state.settings.public_url.clone();
    carry_out!(
        state,
        write.mode,
        media::update(id, (expected, uploaders), change, stamp),
        |row: MediaRow| {
            let version = (row.id.0, row.revision);
            Answer::changed(version, &EditorialMediaOut::new(row, &public_url))
        }
    )
}

/// Remove a file.
///
/// Only one that is used nowhere. Its renditions go with it. Authors and contributors remove only what they uploaded.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "delete_media",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the file"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The file is gone"), MediaDeleteProblems),
)]
#[delete("/media/{id}")]
pub async fn delete_media(
    state: Data<AppState>,
    caller: Authorized<WriteMedia>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let uploaders = reached(&caller);
    let row = changeable(&state, &id, uploaders).await?;
    let expected = conditions.required(row.stale())?;
    let (id, stamp, persistence) = (id.0, state.stamp(&caller), write.mode.persistence);
    let response = carry_out!(
        state,
        write.mode,
        media::delete(id, (expected, uploaders), stamp),
        |_gone: MediaRow| Ok::<_, Problem>(Answer::removed())
    )?;
    if persistence == Persistence::Store {
        keeping::remove_stored(&state, id, &row.stored_sha256).await;
    }
    Ok(response)
}

/// List where a file is used.
///
/// In the working copies of articles, in what readers see of them, and in authors.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "list_media_uses",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the file"), MediaUseListQuery),
    responses((status = 200, description = "A page of places", body = MediaUsePage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), MediaUsesProblems),
)]
#[get("/media/{id}/uses")]
pub async fn list_media_uses(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<WriteMedia>,
    id: IdInPath,
    query: QueryParameters<MediaUseListQuery>,
) -> Result<HttpResponse, Problem> {
    let id = existing(&state, &id).await?.id.0;
    let MediaUseListQuery { limit, cursor } = query.0;
    let list = ListIdentity {
        name: "media uses by subject",
        order: SortOrder::Ascending,
        filter: id.to_string(),
    };
    let page = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page.slice();
    let rows: Result<Vec<NamedUse>, Failure> = read!(&state.database, media::uses(id, slice));
    let page = state.cursors.page(&page, rows?, |used| Position {
        key: PositionKey::Text(format!("{}/{}", used.row.subject_kind, used.row.place)),
        id: used.row.subject_id.0,
    });
    let envelope = MediaUsePage {
        data: page.rows.into_iter().map(MediaUseOut::from).collect(),
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

/// Whose files a request may change. A token that only uploads reaches what it uploaded, whatever the role.
fn reached(caller: &Authorized<WriteMedia>) -> Uploaders {
    match (caller.identity().upload, caller.reach()) {
        (Some(grant), _) => Uploaders::Token(grant.token_id),
        (None, Reach::All) => Uploaders::All,
        (None, Reach::Own) => Uploaders::Only(caller.account_id()),
    }
}

async fn existing(state: &AppState, id: &IdInPath) -> Result<MediaRow, Problem> {
    let id = id.0;
    let found: Result<Option<MediaRow>, Failure> = read!(&state.database, media::find(id));
    found?.ok_or_else(|| Problem::not_found("file"))
}

/// What a write answers before it looks at the condition and the body. The transaction looks again.
async fn changeable(state: &AppState, id: &IdInPath, uploaders: Uploaders) -> Result<MediaRow, Problem> {
    let row = existing(state, id).await?;
    match uploaders.include(&row) {
        true => Ok(row),
        false => Err(MediaFailure::NotTheUploader.into()),
    }
}

impl From<MediaFailure> for Problem {
    fn from(failure: MediaFailure) -> Self {
        match failure {
            MediaFailure::Absent => Self::not_found("file"),
            MediaFailure::Stale(stale) => stale.into(),
            MediaFailure::NotTheUploader => Self::new(
                &problem_codes::NOT_THE_UPLOADER,
                "Somebody else uploaded this file, and this account may change only its own.",
            ),
            MediaFailure::InUse(uses) => in_use(uses),
            MediaFailure::Database(failure) => failure.into(),
        }
    }
}

fn in_use(uses: Vec<NamedUse>) -> Problem {
    let detail = match uses.first() {
        None => "Something began to use the file in this moment.".to_owned(),
        Some(first) => format!(
            "The file is used, as by {:?} ({}, {}). Take it out there first.",
            first.title, first.row.subject_kind, first.row.place
        ),
    };
    let named = uses.into_iter().map(|NamedUse { row, slug: _, title }| ProblemUse {
        kind: row.subject_kind,
        id: row.subject_id.0,
        title,
        place: row.place,
    });
    let named: Vec<ProblemUse> = named.collect();
    Problem::new(&problem_codes::MEDIA_IN_USE, detail).with_members(|details| details.used_by = Some(named))
}
