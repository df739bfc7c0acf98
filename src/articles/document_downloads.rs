//! Articles as documents: Markdown with front matter, or plain text, for readers and for the newsroom.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ReadArticles;
use crate::articles::article::Ownership;
use crate::articles::document_texts::{PublishedTextLookup, WorkingText};
use crate::articles::document_views::DocumentFormat;
use crate::database::failure::Failure;
use crate::documents::{self, render};
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, moved_part_response, representation_response};
use crate::http::input::SlugInPath;
use crate::http::negotiation::Accepted;
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading an article as a document can answer with.
    DocumentReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_FOUND, NOT_ACCEPTABLE
);

problems!(
    /// What reading a working copy as a document can answer with.
    EditorialDocumentReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID,
    INSUFFICIENT_SCOPE, NOT_FOUND, NOT_ACCEPTABLE
);

/// The forms of a document; the first is the one for clients that do not say.
const OFFERED: [&str; 2] = [MARKDOWN, PLAIN];
const MARKDOWN: &str = "text/markdown";
const PLAIN: &str = "text/plain";

/// Read an article as a document.
///
/// The file that an editor would keep: Markdown with YAML front matter, and the first 250 comments of the thread below
/// the text; `comments_omitted` says how many there are more. With `Accept: text/plain` it is the same as plain text:
/// title, byline, paragraphs, notes about the authors, comments. A slug that the article had before answers 308 with the
/// current address.
#[utoipa::path(
    tag = "articles",
    operation_id = "get_article_document",
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the article", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")),
    responses((status = 200, description = "The document, as Markdown unless the Accept header asks for text/plain", body = String, content_type = "text/markdown",
        headers(("ETag" = String, description = "The entity tag of this form of it"),
            ("Vary" = String, description = "The Accept header chooses the form"))),
        (status = 304, description = "The client has it already"),
        (status = 308, description = "The article has another slug now",
            headers(("Location" = String, description = "Where the document is"))),
        DocumentReadProblems),
)]
#[get("/articles/by-slug/{slug}/document")]
pub async fn get_article_document(
    request: HttpRequest,
    state: Data<AppState>,
    slug: SlugInPath,
    (conditions, accepted): (Conditions, Accepted),
) -> Result<HttpResponse, Problem> {
    let (slug, wanted) = (slug.0, wanted(&accepted));
    let format = wanted.as_ref().copied().unwrap_or(DocumentFormat::Markdown);
    let found: Result<PublishedTextLookup, Failure> =
        read!(&state.database, article_documents::published(slug, format));
    let text = match found? {
        PublishedTextLookup::Found(text) => text,
        PublishedTextLookup::Moved(current) => {
            return Ok(moved_part_response(
                &request,
                &state.settings.public_url,
                &current,
                "/document",
            ));
        }
        PublishedTextLookup::Absent => return Err(Problem::not_found("article")),
    };
    let revision = text.article.row.revision;
    respond(&conditions, revision, Caching::Public, wanted?, move || text.document()).await
}

/// Read a working copy as a document.
///
/// The file to edit and to put back with `PUT`: put back as it is, it changes nothing. Its `revision` counts like
/// `If-Match`; what an earlier document said and no field holds stands below `kept_front_matter`. With
/// `Accept: text/plain` it is plain text, which does not hold all of it. Authors see their own.
#[utoipa::path(
    tag = "editorial documents",
    operation_id = "get_editorial_document",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("slug" = String, Path, description = "The slug of the article", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")),
    responses((status = 200, description = "The document, as Markdown unless the Accept header asks for text/plain", body = String, content_type = "text/markdown",
        headers(("ETag" = String, description = "The entity tag of this form of it, to send as If-Match"),
            ("Vary" = String, description = "The Accept header chooses the form"))),
        (status = 304, description = "The client has it already"), EditorialDocumentReadProblems),
)]
#[get("/documents/{slug}")]
pub async fn get_editorial_document(
    state: Data<AppState>,
    caller: Authorized<ReadArticles>,
    slug: SlugInPath,
    (conditions, accepted): (Conditions, Accepted),
) -> Result<HttpResponse, Problem> {
    let (slug, wanted) = (slug.0, wanted(&accepted));
    let ownership = Ownership::from(&caller);
    let format = wanted.as_ref().copied().unwrap_or(DocumentFormat::Markdown);
    let found: Result<Option<WorkingText>, Failure> =
        read!(&state.database, article_documents::working(slug, ownership, format));
    let text = found?.ok_or_else(|| Problem::not_found("article"))?;
    let revision = text.article.row.revision;
    respond(&conditions, revision, Caching::Private, wanted?, move || {
        text.document()
    })
    .await
}

/// The form to answer with. That there is none is told after it is settled that there is something.
fn wanted(accepted: &Accepted) -> Result<DocumentFormat, Problem> {
    Ok(match accepted.best(&OFFERED)? {
        PLAIN => DocumentFormat::Plain,
        _ => DocumentFormat::Markdown,
    })
}

/// Writes the document on a thread for blocking work, since a long one takes a while.
async fn respond(
    conditions: &Conditions,
    revision: i32,
    caching: Caching,
    format: DocumentFormat,
    document: impl FnOnce() -> documents::Document + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let written = tokio::task::spawn_blocking(move || match format {
        DocumentFormat::Markdown => render::markdown(&document()),
        DocumentFormat::Plain => Ok(render::plain_text(&document())),
    });
    let text = written
        .await
        .map_err(|panic| Problem::internal(panic.to_string()))?
        .map_err(|defect| Problem::internal(defect.to_string()))?;
    let media_type = match format {
        DocumentFormat::Markdown => "text/markdown; charset=utf-8",
        DocumentFormat::Plain => "text/plain; charset=utf-8",
    };
    let mut response = representation_response(conditions, revision, caching, media_type, text.into_bytes());
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
