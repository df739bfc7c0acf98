//! Authors for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::{ReadArticles, WriteAuthors};
use crate::authors::author::AuthorAudience;
use crate::authors::author::{
    AuthorBio, AuthorChange, AuthorFailure, AuthorRow, AuthorUse, AuthorVisibility, NewAuthor,
};
use crate::authors::delivery::author_page;
use crate::authors::views::{
    AuthorIn, AuthorListQuery, AuthorPatchIn, EditorialAuthorOut, EditorialAuthorPage, patched_profile,
    replaced_profile,
};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, Expected, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, InputFaults, QueryParameters};
use crate::http::page::list_response;
use crate::http::patch::Patch;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::WriteMode;
use crate::markup::{Policy, Rendered};
use crate::slug::Slug;
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What listing in the newsroom can answer with.
    pub EditorialListProblems: CURSOR_INVALID, CURSOR_MISMATCH, INVALID_PARAMETER, LIMIT_TOO_LARGE, UNKNOWN_PARAMETER,
    NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE
);

problems!(
    /// What reading in the newsroom can answer with.
    pub EditorialReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID,
    INSUFFICIENT_SCOPE, NOT_FOUND
);

write_problems!(
    /// What making an author can answer with.
    AuthorCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, SLUG_TAKEN, REFERENCE_UNKNOWN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing an author can answer with.
    AuthorChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, SLUG_TAKEN, REFERENCE_UNKNOWN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What removing an author can answer with.
    AuthorDeleteProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, AUTHOR_IN_USE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List all authors.
///
/// Also those whom readers cannot see yet.
#[utoipa::path(
    tag = "editorial authors",
    operation_id = "list_editorial_authors",
    security(("bearer" = [])),
    params(AuthorListQuery),
    responses((status = 200, description = "A page of authors, by name", body = EditorialAuthorPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/authors")]
pub async fn list_editorial_authors(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    query: QueryParameters<AuthorListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = author_page(&state, query.0, AuthorAudience::Newsroom).await?;
    let data = page.rows.into_iter().map(EditorialAuthorOut::from).collect();
    let envelope = EditorialAuthorPage {
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

/// Read an author for editing.
#[utoipa::path(
    tag = "editorial authors",
    operation_id = "get_editorial_author",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the author")),
    responses((status = 200, description = "The author", body = EditorialAuthorOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/authors/{id}")]
pub async fn get_editorial_author(
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let row = existing(&state, &id).await?;
    resource_response(
        &conditions,
        row.revision,
        Caching::Private,
        &EditorialAuthorOut::from(row),
    )
}

/// Make an author.
///
/// Readers can see the author at once.
#[utoipa::path(
    tag = "editorial authors",
    operation_id = "create_author",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = AuthorIn, content_type = "application/json"),
    responses((status = 201, description = "The author", body = EditorialAuthorOut,
        headers(("Location" = String, description = "Where the author is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), AuthorCreateProblems),
)]
#[post("/authors")]
pub async fn create_author(
    state: Data<AppState>,
    caller: Authorized<WriteAuthors>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(&caller);
    let AuthorIn {
        name,
        slug,
        bio_markdown,
        url,
        avatar,
        affiliation,
        links,
    } = write.body.json().await?;
    let profile = replaced_profile(avatar, affiliation, links).map_err(InputFaults::into_body_problem)?;
    let slug = slug.or_else(|| Slug::of(name.as_str())).ok_or_else(no_slug)?;
    let new = NewAuthor {
        id: stamp.new_id(),
        name,
        slug,
        bio: bio_markdown.map(rendered),
        url,
        profile,
        visibility: AuthorVisibility::Public,
    };
    carry_out!(state, write.mode, authors::create(new, stamp), |row: AuthorRow| {
        let path = format!("/v1/editorial/authors/{}", row.id.0);
        Answer::created(path, row.revision, &EditorialAuthorOut::from(row))
    })
}

/// Put an author in place of one.
///
/// What the body leaves out is removed, but for the slug, which stays.
#[utoipa::path(
    tag = "editorial authors",
    operation_id = "replace_author",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the author"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = AuthorIn, content_type = "application/json"),
    responses((status = 200, description = "The author", body = EditorialAuthorOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), AuthorChangeProblems),
)]
#[put("/authors/{id}")]
pub async fn replace_author(
    state: Data<AppState>,
    caller: Authorized<WriteAuthors>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing(&state, &id).await?.stale())?;
    let AuthorIn {
        name,
        slug,
        bio_markdown,
        url,
        avatar,
        affiliation,
        links,
    } = write.body.json().await?;
    let profile = replaced_profile(avatar, affiliation, links).map_err(InputFaults::into_body_problem)?;
    let change = AuthorChange {
        name: Some(name),
        slug,
        bio: Patch::replacing(bio_markdown.map(rendered)),
        url: Patch::replacing(url),
        profile,
    };
    change_author(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Change an author.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. Also taken as `application/merge-patch+json`.
#[utoipa::path(
    tag = "editorial authors",
    operation_id = "update_author",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the author"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = AuthorPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The author", body = EditorialAuthorOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), AuthorChangeProblems),
)]
#[patch("/authors/{id}")]
pub async fn update_author(
    state: Data<AppState>,
    caller: Authorized<WriteAuthors>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing(&state, &id).await?.stale())?;
    let AuthorPatchIn {
        name,
        slug,
        bio_markdown,
        url,
        avatar,
        affiliation,
        links,
    } = write.body.json().await?;
    let profile = patched_profile(avatar, affiliation, links).map_err(InputFaults::into_body_problem)?;
    let change = AuthorChange {
        name: name.0,
        slug: slug.0,
        bio: bio_markdown.map(rendered),
        url,
        profile,
    };
    change_author(&state, &caller, &id, write.mode, (expected, change)).await
}

/// Remove an author.
///
/// Only one who stands in no byline, and whom no account writes as.
#[utoipa::path(
    tag = "editorial authors",
    operation_id = "delete_author",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the author"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 204, description = "The author is gone"), AuthorDeleteProblems),
)]
#[delete("/authors/{id}")]
pub async fn delete_author(
    state: Data<AppState>,
    caller: Authorized<WriteAuthors>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = conditions.required(existing(&state, &id).await?.stale())?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, authors::delete(id, expected, stamp), |()| Ok(
        Answer::removed()
    ))
}

async fn existing(state: &AppState, id: &IdInPath) -> Result<AuthorRow, Problem> {
    let id = id.0;
    let found: Result<Option<AuthorRow>, Failure> = read!(&state.database, authors::find(id, AuthorAudience::Newsroom));
    found?.ok_or_else(|| Problem::not_found("author"))
}

async fn change_author(
    state: &AppState,
    caller: &Authorized<WriteAuthors>,
    id: &IdInPath,
    mode: WriteMode,
    (expected, change): (Expected, AuthorChange),
) -> Result<HttpResponse, Problem> {
    let (id, stamp) = (id.0, state.stamp(caller));
    carry_out!(
        state,
        mode,
        authors::update(id, expected, change, stamp),
        |row: AuthorRow| { Answer::changed(row.revision, &EditorialAuthorOut::from(row)) }
    )
}

fn rendered(bio: AuthorBio) -> Rendered {
    Rendered::new(bio.into_string(), Policy::Bio)
}

fn no_slug() -> Problem {
    InputFaults::at("/slug", "required", "no slug can be made from this name; give one").into_body_problem()
}

impl From<AuthorFailure> for Problem {
    fn from(failure: AuthorFailure) -> Self {
        match failure {
            AuthorFailure::Absent => Self::not_found("author"),
            AuthorFailure::Stale(stale) => stale.into(),
            AuthorFailure::SlugTaken(conflict) => conflict.into(),
            AuthorFailure::InUse(needed) => Self::new(
                &problem_codes::AUTHOR_IN_USE,
                match needed {
                    AuthorUse::Byline => "Articles have this author in their byline; change those first.",
                    AuthorUse::Account => "An account writes as this author; link it to somebody else first.",
                },
            ),
            AuthorFailure::AvatarWithoutPicture => InputFaults::at(
                "/avatar/url",
                "required",
                "the author has no picture yet, so give the url of it too",
            )
            .into_body_problem(),
            AuthorFailure::FileUnknown(file) => {
                let detail = format!("there is no file {file}; upload it first, or give another address");
                Self::new(
                    &problem_codes::REFERENCE_UNKNOWN,
                    format!("There is no file {file}; upload it first, or give another address."),
                )
                .with_fault(ProblemFault::member("/avatar/url", "unknown", detail))
            }
            AuthorFailure::Database(failure) => failure.into(),
        }
    }
}
