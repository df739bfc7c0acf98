//! Preview links for the newsroom, which makes and ends them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};

use crate::accounts::claims::PreviewClaims;
use crate::accounts::guards::Authorized;
use crate::accounts::keys::KeyRing;
use crate::accounts::permissions::{ReadArticles, WriteArticles};
use crate::articles::access::{AccessFailure, BelongingListProblems, BelongingReadProblems, reached_article};
use crate::articles::article::Ownership;
use crate::articles::previews::preview_link::{
    DEFAULT_PREVIEW_SECONDS, MAX_ACTIVE_LINKS, NewPreviewLink, PREVIEW_LINK_REVISION, PreviewLinkFailure,
    PreviewLinkPlace, PreviewLinkRow, PreviewSeconds,
};
use crate::articles::previews::views::{
    PreviewLinkCreatedOut, PreviewLinkIn, PreviewLinkListQuery, PreviewLinkOut, PreviewLinkPage,
};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters, RevisionNumber, SubIdInPath, SubIdName};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

/// The name of a link's id in a path.
#[derive(Debug, Clone, Copy)]
pub struct LinkId;

impl SubIdName for LinkId {
    const NAME: &'static str = "link_id";
}

write_problems!(
    /// What making a preview link can answer with.
    PreviewLinkCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, REVISION_UNKNOWN, TOO_MANY, GONE, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What ending a preview link can answer with.
    PreviewLinkRevokeProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, GONE, PRECONDITION_FAILED
);

/// List the preview links of an article.
///
/// Also those that are no longer good. No token is in this list.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "list_preview_links",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The id of the article"), PreviewLinkListQuery),
    responses((status = 200, description = "A page of preview links, the newest first", body = PreviewLinkPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), BelongingListProblems),
)]
#[get("/articles/{id}/preview-links")]
pub async fn list_preview_links(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<PreviewLinkListQuery>,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    let PreviewLinkListQuery { limit, cursor } = query.0;
    let list = ListIdentity {
        name: "preview links by created_at",
        order: SortOrder::Descending,
        filter: article.to_string(),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let slice = page_request.slice();
    let rows: Result<Vec<PreviewLinkRow>, AccessFailure> =
        read!(&state.database, preview_links::list(article, ownership, slice));
    let page = state.cursors.page(&page_request, rows?, |row| Position {
        key: PositionKey::Time(row.created_at.micros()),
        id: row.id.0,
    });
    let now = state.clock.now();
    let data = page.rows.into_iter().map(|row| PreviewLinkOut::at(now, row));
    let envelope = PreviewLinkPage {
        data: data.collect(),
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

/// Make a preview link.
///
/// Whoever has the address reads that revision without an account, until the link ends. The body may be left out.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "create_preview_link",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = PreviewLinkIn, content_type = "application/json"),
    responses((status = 201, description = "The link, with its token", body = PreviewLinkCreatedOut,
        headers(("Location" = String, description = "Where the link is for the newsroom"),
            ("ETag" = String, description = "The entity tag"))), PreviewLinkCreateProblems),
)]
#[post("/articles/{id}/preview-links")]
pub async fn create_preview_link(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (article, ownership) = (id.0, Ownership::from(&caller));
    reached_article(&state, article, ownership).await?;
    let PreviewLinkIn {
        revision,
        expires_in_seconds,
        label,
    } = write.body.optional_json().await?;
    let stamp = state.stamp(&caller);
    let id = stamp.new_id();
    let new = NewPreviewLink {
        id,
        revision: revision.map(RevisionNumber::get),
        label,
        seconds: expires_in_seconds.map_or(DEFAULT_PREVIEW_SECONDS, PreviewSeconds::get),
    };
    let (keys, public_url) = (state.keys.clone(), state.settings.public_url.clone());
    carry_out!(
        state,
        write.mode,
        preview_links::create(article, ownership, new, stamp),
        // With an idempotency key the answer is kept for a day, and the token with it. It opens nothing that does not stand
        // in the same database.
        |row: PreviewLinkRow| {
            let path = format!("/v1/editorial/articles/{article}/preview-links/{id}");
            let token = token_of(&keys, &row)?;
            let view = PreviewLinkCreatedOut::new(row, token, &public_url);
            Answer::created(path, PREVIEW_LINK_REVISION, &view)
        }
    )
}

/// Read a preview link, without its token.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "get_preview_link",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("link_id" = Uuid, Path, description = "The id of the link")),
    responses((status = 200, description = "The link", body = PreviewLinkOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), BelongingReadProblems),
)]
#[get("/articles/{id}/preview-links/{link_id}")]
pub async fn get_preview_link(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    id: IdInPath,
    link: SubIdInPath<LinkId>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let place = place(id, Ownership::from(&caller), link);
    let found: Result<PreviewLinkRow, PreviewLinkFailure> = read!(&state.database, preview_links::find(place));
    resource_response(
        &conditions,
        PREVIEW_LINK_REVISION,
        Caching::Private,
        &PreviewLinkOut::at(state.clock.now(), found?),
    )
}

/// End a preview link before its time.
///
/// The link stays in the list. Ending it again changes nothing. `If-Match` may be sent and need not be: a link is never
/// changed, so there is nothing to overwrite.
#[utoipa::path(
    tag = "editorial articles",
    operation_id = "revoke_preview_link",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("id" = Uuid, Path, description = "The id of the article"),
        ("link_id" = Uuid, Path, description = "The id of the link")),
    responses((status = 204, description = "The link leads nowhere any more"), PreviewLinkRevokeProblems),
)]
#[delete("/articles/{id}/preview-links/{link_id}")]
pub async fn revoke_preview_link(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    id: IdInPath,
    link: SubIdInPath<LinkId>,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let place = place(id, Ownership::from(&caller), link);
    let (expected, stamp) = (conditions.optional(), state.stamp(&caller));
    carry_out!(state, write.mode, preview_links::revoke(place, expected, stamp), |()| {
        Ok(Answer::removed())
    })
}

fn place(article: IdInPath, ownership: Ownership, link: SubIdInPath<LinkId>) -> PreviewLinkPlace {
    PreviewLinkPlace {
        article: article.0,
        ownership,
        link: link.id,
    }
}

/// The token of a link. The same link always gets the same one.
fn token_of(keys: &KeyRing, row: &PreviewLinkRow) -> Result<String, Problem> {
    let claims = PreviewClaims {
        iss: keys.issuer().to_owned(),
        aud: keys.preview_audience(),
        exp: row.expires_at.utc().timestamp(),
        iat: row.created_at.utc().timestamp(),
        jti: row.id.0,
        sub: row.article_id.0,
        revision: row.revision,
    };
    keys.sign_preview(&claims)
        .map_err(|error| Problem::internal(error.to_string()))
}

impl From<PreviewLinkFailure> for Problem {
    fn from(failure: PreviewLinkFailure) -> Self {
        match failure {
            PreviewLinkFailure::Article(failure) => failure.into(),
            PreviewLinkFailure::Absent => Self::not_found("preview link"),
            PreviewLinkFailure::Stale(stale) => stale.into(),
            PreviewLinkFailure::RevisionUnknown { revision } => {
                let detail = format!("the article has no revision {revision}; leave it out to show the current one");
                Self::new(
                    &problem_codes::REVISION_UNKNOWN,
                    format!("The article has no revision {revision}."),
                )
                .with_fault(ProblemFault::member("/revision", "unknown", detail))
            }
            PreviewLinkFailure::TooMany => Self::new(
                &problem_codes::TOO_MANY,
                format!("The article has {MAX_ACTIVE_LINKS} links that are good, and that is the most there may be."),
            ),
            PreviewLinkFailure::Database(failure) => failure.into(),
        }
    }
}
