//! Notes for the newsroom, which is the only place where they are seen.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};

use crate::accounts::guards::{Authorized, WhenGranted};
use crate::accounts::permissions::{Administer, ReadArticles, WriteArticles};
use crate::articles::access::{AccessFailure, BelongingListProblems, BelongingReadProblems, reached_article};
use crate::articles::article::Ownership;
use crate::articles::notes::note::{NewNote, NoteChange, NoteFailure, NotePlace, NoteReach, NoteRow, NoteState};
use crate::articles::notes::views::{
    ArticleNoteIn, ArticleNoteListQuery, ArticleNoteOut, ArticleNotePage, ArticleNotePatchIn,
};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters, SubIdInPath, SubIdName};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

/// The name of a note's id in a path.
#[derive(Debug, Clone, Copy)]
pub struct NoteId;

impl SubIdName for NoteId {
    const NAME: &'static str = "note_id";
}

write_problems!(
    /// What writing a note can answer with.
    NoteCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, GONE, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing a note can answer with.
    NoteChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_THE_WRITER, NOT_FOUND, REQUEST_TIMEOUT, GONE, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing a note can answer with.
    NoteDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_THE_WRITER, NOT_FOUND, GONE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List the notes of an article.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "list_article_notes",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"), ArticleNoteListQuery),
    responses((status = 200, description = "A page of notes, the oldest first", body = ArticleNotePage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), BelongingListProblems),
)]
#[get("/articles/{id}/notes")]
pub async fn list_article_notes(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<ArticleNoteListQuery>,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    let ArticleNoteListQuery {
        limit,
        cursor,
        state: note_state,
    } = query.0;
    let list = ListIdentity {
        name: "article notes by created_at",
        order: SortOrder::Ascending,
        filter: format!("{article} {note_state:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<NoteRow>, AccessFailure> = read!(
        &state.database,
        article_notes::list(article, ownership, note_state, slice)
    );
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let envelope = ArticleNotePage {
        data: page.rows.into_iter().map(ArticleNoteOut::from).collect(),
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

/// Write a note about an article.
///
/// It is about the revision that the article has now.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "create_article_note",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = ArticleNoteIn, content_type = "application/json"),
    responses((status = 201, description = "The note", body = ArticleNoteOut,
        headers(("Location" = String, description = "Where the note is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), NoteCreateProblems),
)]
#[post("/articles/{id}/notes")]
pub async fn create_article_note(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    reached_article(&state, article, ownership).await?;
    let ArticleNoteIn { body } = write.body.json().await?;
    let stamp = state.stamp(&caller);
    let id = stamp.new_id();
    let new = NewNote { id, body };
    carry_out!(
        state,
        write.mode,
        article_notes::create(article, ownership, new, stamp),
        |row: NoteRow| {
            let path = format!("/v1/editorial/articles/{article}/notes/{id}");
            Answer::created(path, row.revision, &ArticleNoteOut::from(row))
        }
    )
}

/// Read a note.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "get_article_note",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("note_id" = Uuid, Path, description = "The id of the note")),
    responses((status = 200, description = "The note", body = ArticleNoteOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), BelongingReadProblems),
)]
#[get("/articles/{id}/notes/{note_id}")]
pub async fn get_article_note(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    note: SubIdInPath<NoteId>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing(&state, place(id, Ownership::from(&caller), note)).await?;
    resource_response(&conditions, row.revision, Caching::Private, &ArticleNoteOut::from(row))
}

/// Change a note, resolve it or open it again.
///
/// A merge patch (RFC 7396): what is left out stays. Also taken as `application/merge-patch+json`. Only the account that
/// wrote the note may change its text; whoever may write the article may resolve it and open it again.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "update_article_note",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("note_id" = Uuid, Path, description = "The id of the note"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = ArticleNotePatchIn, content_type = "application/json"),
    responses((status = 200, description = "The note", body = ArticleNoteOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), NoteChangeProblems),
)]
#[patch("/articles/{id}/notes/{note_id}")]
pub async fn update_article_note(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    note: SubIdInPath<NoteId>,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let place = place(id, Ownership::from(&caller), note);
    let expected = conditions.required(existing(&state, place).await?.stale())?;
    let ArticleNotePatchIn { body, resolved } = write.body.json().await?;
    let change = NoteChange {
        body: body.0,
        state: resolved.0.map(|resolved| match resolved {
            true => NoteState::Resolved,
            false => NoteState::Open,
        }),
    };
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        article_notes::update(place, expected, change, stamp),
        |row: NoteRow| Answer::changed(row.revision, &ArticleNoteOut::from(row))
    )
}

/// Remove a note.
///
/// The account that wrote it may, and an administrator.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "delete_article_note",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("note_id" = Uuid, Path, description = "The id of the note"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The note is gone"), NoteDeleteProblems),
)]
#[delete("/articles/{id}/notes/{note_id}")]
pub async fn delete_article_note(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    administrator: WhenGranted<Administer>,
    id: IdInPath,
    note: SubIdInPath<NoteId>,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let place = place(id, Ownership::from(&caller), note);
    let expected = conditions.required(existing(&state, place).await?.stale())?;
    let reach = match administrator.require() {
        Ok(()) => NoteReach::All,
        Err(_insufficient) => NoteReach::WrittenBy(caller.account_id()),
    };
    let stamp = state.stamp(&caller);
    carry_out!(
        state,
        write.mode,
        article_notes::delete(place, expected, reach, stamp),
        |()| Ok(Answer::removed())
    )
}

fn place(article: IdInPath, ownership: Ownership, note: SubIdInPath<NoteId>) -> NotePlace {
    NotePlace {
        article: article.0,
        ownership,
        note: note.id,
    }
}

async fn existing(state: &AppState, place: NotePlace) -> Result<NoteRow, Problem> {
    let found: Result<NoteRow, NoteFailure> = read!(&state.database, article_notes::find(place));
    Ok(found?)
}

impl From<NoteFailure> for Problem {
    fn from(failure: NoteFailure) -> Self {
        match failure {
            NoteFailure::Article(failure) => failure.into(),
            NoteFailure::Absent => Self::not_found("note"),
            NoteFailure::Stale(stale) => stale.into(),
            NoteFailure::NotTheWriter => Self::new(
                &problem_codes::NOT_THE_WRITER,
                "Another account wrote this note, so you cannot change its text or remove it.",
            ),
            NoteFailure::Database(failure) => failure.into(),
        }
    }
}
