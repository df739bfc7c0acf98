//! Documents as editors have them: one upload makes the article, its authors and its thread.

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, post, put};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::accounts::guards::{Authorized, WhenGranted};
use crate::accounts::permissions::{ModerateComments, WriteArticles};
use crate::articles::article::{
    ArticleRow, ArticleText, Body, BylineText, Excerpt, ExistingThread, MAX_AUTHORS, MAX_TAGS, Maker, NewArticle,
    NewThread, Ownership, Publication, Save, Subtitle, Title, Upserted, WorkingArticle,
};
use crate::articles::content::ExternalId;
use crate::articles::document_views::{
    DocumentBytes, DocumentComments, DocumentFormat, DocumentOut, DocumentQuery, DocumentReport, DocumentWarning,
    Strictness, UpsertDocumentQuery,
};
use crate::articles::edit::{ArticleEdit, BylineEntry, BylineName, BylineRole, SeriesEntry};
use crate::articles::editorial::{Allowed, PublicationRights};
use crate::articles::views::input::{MAX_SERIES_POSITION, WriteStatus};
use crate::articles::views::newsroom::EditorialArticleOut;
use crate::authors::author::{AuthorBio, AuthorName};
use crate::comments::comment::{CommentBody, CommenterName, ImportedComment, ThreadMessage, ThreadState};
use crate::comments::thread_state::{ClosedReason, ThreadChange};
use crate::database::failure::Failure;
use crate::documents::text::{Charset, Text};
use crate::documents::{
    self, CommentsHint, Confidence, Document, DocumentAuthor, DocumentComment, DocumentCommentKind, DocumentFault,
    DocumentSeries, DocumentStatus, Fault, Hints, Part, Span, ThreadClosing, Warning,
};
use crate::field::{LanguageTag, Line, Refusal, WebAddress};
use crate::http::answer::Answer;
use crate::http::conditional::{Conditions, EntityTag, IfMatchHeader, IfNoneMatchHeader, json_bytes};
use crate::http::input::{SlugInPath, UnreadBody};
use crate::http::patch::Patch;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::times;
use crate::http::write::{IdempotencyKeyHeader, Write};
use crate::markup::{Policy, Rendered};
use crate::mentions::mention::{ImportedMention, MentionKind};
use crate::sections::section::SectionLookup;
use crate::series::series::SeriesLookup;
use crate::slug::Slug;
use crate::state::{AppState, Stamp};
use crate::tags::tag::TagName;
use crate::{carry_out, read, write_problems};

write_problems!(
    /// What uploading a document can answer with.
    DocumentProblems: NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, SLUG_TAKEN, AUTHOR_UNKNOWN, EXTERNAL_ID_TAKEN, NOT_READY, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, USE_DATA_BINARY, DOCUMENT_AMBIGUOUS, DOCUMENT_INVALID, VALIDATION_FAILED
);

write_problems!(
    /// What uploading a document to a slug can answer with.
    DocumentUpsertProblems: NOT_AUTHENTICATED, TOKEN_INVALID, FIELD_FORBIDDEN, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, SLUG_TAKEN, AUTHOR_UNKNOWN, EXTERNAL_ID_TAKEN, ILLEGAL_TRANSITION, NOT_READY, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, USE_DATA_BINARY, DOCUMENT_AMBIGUOUS, DOCUMENT_INVALID, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

/// The most comments of one document. A thread may have more; they come by other ways.
const MAX_COMMENTS: usize = 2_000;

/// The characters of a mention that are kept.
const MOST_OF_MENTION: usize = 1_000;

/// The media types of documents, for the `Accept-Post` header.
const ACCEPTED: &str = "text/markdown, text/plain, application/octet-stream";

/// Upload a document.
///
/// Send the file as it is, as `text/markdown` (with YAML or TOML front matter, or none) or as `text/plain` (title,
/// byline, paragraphs, bio, comments). It becomes an article with its authors and its thread, and the report says which
/// lines became what. A client that can only send `application/octet-stream` names the format in `format`; plain text
/// is the default.
#[utoipa::path(
    tag = "editorial documents",
    operation_id = "create_document",
    security(("bearer" = [])),
    params(DocumentQuery, IdempotencyKeyHeader),
    request_body(content = DocumentBytes, description = "The file", content_type = "application/octet-stream"),
    responses((status = 201, description = "The article and the report", body = DocumentOut,
        headers(("Location" = String, description = "Where the article is"),
            ("ETag" = String, description = "The entity tag of the article, to send as If-Match"))), DocumentProblems),
)]
#[post("/documents")]
pub async fn create_document(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    rights: PublicationRights,
    write: Write<DocumentQuery>,
) -> Result<HttpResponse, Problem> {
    let Write { query, mode, body } = write;
    let publication = rights.allowed(query.force.publication(query.status))?;
    let source = DocumentSource::read(body, query.format).await?;
    let (document, mut report) = source.parse(&query).await?;
    let stamp = state.stamp(&caller);
    let places = FieldPlaces::of(&document);
    let section = section_of(&state, &document, &mut report).await?;
    let series = series_of(&state, &document, &mut report).await?;
    let new = DocumentArticle {
        id: stamp.new_id(),
        slug: query.slug.clone(),
        publication,
        on_existing: ExistingThread::Keep,
        section,
        series,
        save: query.save(),
        maker: Maker::from(&caller),
        document,
    }
    .checked(&stamp)
    .await?;
    carry_out!(
        state,
        mode,
        article_writes::create(new, stamp),
        move |article: WorkingArticle| created(article, report)
    )
    .map_err(|problem: Problem| places.found(problem))
}

/// Upload a document to a slug.
///
/// Makes the article, or puts the document in place of the one that has the slug; then `If-Match` is required. With
/// `If-Match: *` the request makes or overwrites, whichever it takes. A `revision` in the front matter counts like
/// `If-Match`. Comments that the thread has already are not doubled, and none are removed; the thread of an article that
/// is there already changes only if the account may moderate comments.
#[utoipa::path(
    tag = "editorial documents",
    operation_id = "upsert_document",
    security(("bearer" = [])),
    params(IfMatchHeader, IfNoneMatchHeader, IdempotencyKeyHeader, ("slug" = String, Path, description = "The slug of the article", max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour"), UpsertDocumentQuery),
    request_body(content = DocumentBytes, description = "The file", content_type = "application/octet-stream"),
    responses((status = 200, description = "The article, which was changed, and the report", body = DocumentOut,
            headers(("ETag" = String, description = "The entity tag of the article, to send as If-Match"))),
        (status = 201, description = "The article, which was made, and the report", body = DocumentOut,
            headers(("Location" = String, description = "Where the article is"),
                ("ETag" = String, description = "The entity tag of the article, to send as If-Match"))),
        DocumentUpsertProblems),
)]
#[put("/documents/{slug}")]
pub async fn upsert_document(
    state: Data<AppState>,
    caller: Authorized<WriteArticles>,
    rights: (PublicationRights, WhenGranted<ModerateComments>),
    slug: SlugInPath,
    conditions: Conditions,
    write: Write<UpsertDocumentQuery>,
) -> Result<HttpResponse, Problem> {
    let (publisher, moderator) = rights;
    let Write { query, mode, body } = write;
    let query = DocumentQuery::from(query);
    let publication = publisher.allowed(query.force.publication(query.status))?;
    let source = DocumentSource::read(body, query.format).await?;
    let (document, mut report) = source.parse(&query).await?;
    let has_thread = document.thread.is_some() || !document.comments.is_empty();
    let on_existing = match moderator.require() {
        Ok(()) => ExistingThread::Change,
        Err(_not_granted) => ExistingThread::Keep,
    };
    let conditions = conditions.or_revision(document.revision.as_ref().map(|revision| revision.value));
    let stamp = state.stamp(&caller);
    let ownership = Ownership::from(&caller);
    let document = verbatim(&state, &slug.0, ownership, document).await?;
    let places = FieldPlaces::of(&document);
    let section = section_of(&state, &document, &mut report).await?;
    let series = series_of(&state, &document, &mut report).await?;
    let new = DocumentArticle {
        id: stamp.new_id(),
        slug: Some(slug.0),
        publication,
        on_existing,
        section,
        series,
        save: query.save(),
        maker: Maker::from(&caller),
        document,
    }
    .checked(&stamp)
    .await?;
    carry_out!(
        state,
        mode,
        article_writes::upsert(new, ownership, conditions, stamp),
        move |outcome: Upserted| match outcome {
            Upserted::Created(article) => created(article, report),
            Upserted::Changed(article) => {
                if has_thread && on_existing == ExistingThread::Keep {
                    report.warnings.push(thread_left_alone());
                }
                changed(article, report)
            }
        }
    )
    .map_err(|problem: Problem| places.found(problem))
}

/// A body with what is known of its form.
struct DocumentSource {
    bytes: Bytes,
    format: DocumentFormat,
    charset: Charset,
}

impl DocumentSource {
    async fn read(body: UnreadBody, named_format: Option<DocumentFormat>) -> Result<Self, Problem> {
        let format = declared_format(body.media_type().as_deref(), named_format)?;
        let charset = match body.charset() {
            None => Charset::default(),
            Some(label) => Charset::from_label(&label).map_err(|fault| {
                Problem::new(&problem_codes::UNSUPPORTED_MEDIA_TYPE, fault.detail.clone())
                    .with_fault(ProblemFault::header("Content-Type", fault.code, fault.detail))
            })?,
        };
        Ok(Self {
            bytes: body.bytes().await?,
            format,
            charset,
        })
    }

    /// Reads the document on a thread for blocking work, since a long one takes a while.
    async fn parse(self, query: &DocumentQuery) -> Result<(Document, DocumentReport), Problem> {
        let (format, hints) = (self.format, hints(query));
        let parsed = tokio::task::spawn_blocking(move || {
            let text = Text::decode(&self.bytes, self.charset).map_err(|fault| DocumentFault(vec![fault]))?;
            match self.format {
                DocumentFormat::Markdown => documents::front_matter::read(&text, &hints),
                DocumentFormat::Plain => documents::plain_text::read(&text, &hints),
            }
        });
        let mut document = parsed
            .await
            .map_err(|panic| Problem::internal(panic.to_string()))?
            .map_err(unreadable)?;
        document.warnings.extend(status_warning(&document, query.status));
        let report = DocumentReport::new(&document, format);
        match query.strict {
            Some(Strictness::Strict) => refuse_ambiguous(&document)?,
            Some(Strictness::Lenient) | None => {}
        }
        Ok((document, report))
    }
}

/// A document that was read, on its way to an article.
struct DocumentArticle {
    id: Uuid,
    slug: Option<Slug>,
    publication: Publication,
    on_existing: ExistingThread,
    section: Option<Slug>,
    series: Option<SeriesEntry>,
    save: Save,
    maker: Maker,
    document: Document,
}

impl DocumentArticle {
    /// Checks every part against the limits of its field, and renders the texts, on a thread for blocking work.
    async fn checked(self, stamp: &Stamp) -> Result<NewArticle, Problem> {
        let stamp = stamp.clone();
        let checked = tokio::task::spawn_blocking(move || self.checked_now(&stamp));
        checked.await.map_err(|panic| Problem::internal(panic.to_string()))?
    }

    fn checked_now(self, stamp: &Stamp) -> Result<NewArticle, Problem> {
        let Self {
            id,
            slug,
            publication,
            on_existing,
            section,
            series,
            save,
            maker,
            document,
        } = self;
        let extra = extra(&document, section.as_ref(), series.as_ref());
        let mut faults = PartFaults::default();
        faults.at_most("authors", document.authors.len(), MAX_AUTHORS);
        faults.at_most("comments", document.comments.len(), MAX_COMMENTS);
        faults.at_most("tags", document.tags.len(), MAX_TAGS);
        faults.none_found()?;
        let title = faults.required("title", document.title.as_ref(), Title::parse);
        let slug = slug.or_else(|| faults.optional(document.slug.as_ref(), Slug::parse));
        let body = faults.required("body", Some(&document.body_markdown), Body::parse);
        let edit = ArticleEdit {
            subtitle: Patch::replacing(faults.optional(document.subtitle.as_ref(), Subtitle::parse)),
            excerpt: Patch::replacing(faults.optional(document.excerpt.as_ref(), Excerpt::parse)),
            lang: Patch::replacing(faults.optional(document.lang.as_ref(), LanguageTag::parse)),
            canonical_url: Patch::replacing(faults.optional(document.canonical_url.as_ref(), WebAddress::parse)),
            published_at: faults.past_date(document.published_at.as_ref(), stamp),
            external_id: external_id(&document).map_or(Patch::Absent, Patch::Value),
            // A document that speaks of no section, series, byline or tags does not take them away.
            section: section.map_or(Patch::Absent, Patch::Value),
            series: series.map_or(Patch::Absent, Patch::Value),
            byline: faults
                .optional(document.byline.as_ref(), BylineText::parse)
                .map_or(Patch::Absent, Patch::Value),
            tags: match document.tags.is_empty() {
                true => None,
                false => Some(
                    document
                        .tags
                        .iter()
                        .filter_map(|tag| faults.optional(Some(tag), TagName::parse))
                        .collect(),
                ),
            },
            authors: Some(
                document
                    .authors
                    .into_iter()
                    .filter_map(|author| faults.author(author))
                    .collect(),
            ),
            // One that this server wrote for readers has nothing of what no field holds, and does not take it away either.
            extra: Some(extra).filter(|extra| document.revision.is_none() || !extra.is_empty()),
            ..ArticleEdit::default()
        };
        let change = document.thread.map(|closing| faults.thread(closing));
        let (comments, mentions) = faults.divided(document.comments);
        let thread = NewThread {
            change,
            comments,
            mentions,
            on_existing,
        };
        let title_span = document.title.as_ref().and_then(|title| title.span);
        let slug = slug.or_else(|| title.as_ref().and_then(|title| faults.slug_of(title, title_span)));
        let (Some(title), Some(body), Some(slug)) = (title, body, slug) else {
            return Err(faults.into_problem());
        };
        faults.none_found()?;
        let text = ArticleText::new(Rendered::new(body.into_string(), Policy::Article));
        Ok(NewArticle {
            id,
            slug,
            title,
            text,
            edit,
            thread,
            publication,
            save,
            maker,
        })
    }
}

/// Where a document says what rights are about: the first line of each, or the parameter that said it in its place.
struct FieldPlaces {
    lines: Vec<(&'static str, Option<u32>)>,
}

impl FieldPlaces {
    fn of(document: &Document) -> Self {
        fn line<T>(part: Option<&Part<T>>) -> Option<u32> {
            part.and_then(|part| part.span).map(|span| span.first_line)
        }
        let comment = document.comments.first().map(|comment| comment.span.first_line);
        Self {
            lines: vec![
                ("#/slug", line(document.slug.as_ref())),
                ("#/authors", line(document.authors.first())),
                ("#/byline", line(document.byline.as_ref())),
                ("#/canonical_url", line(document.canonical_url.as_ref())),
                (
                    "#/external_id",
                    line(document.external_id.as_ref()).or(line(document.source.as_ref())),
                ),
                ("#/published_at", line(document.published_at.as_ref())),
                ("#/comments", line(document.thread.as_ref()).or(comment)),
            ],
        }
    }

    /// The problem with the places of the document in the place of members of a JSON body, which there is not.
    fn found(&self, problem: Problem) -> Problem {
        if problem.kind() != &problem_codes::FIELD_FORBIDDEN {
            return problem;
        }
        problem.with_members(|details| {
            for fault in &mut details.errors {
                let Some(pointer) = fault.pointer.take() else { continue };
                let name = pointer.trim_start_matches("#/").to_owned();
                fault.detail = format!("{name}: {}", fault.detail);
                fault.line = self
                    .lines
                    .iter()
                    .find(|(known, _)| *known == pointer)
                    .and_then(|(_, line)| *line);
                // No line says it, so that it comes from the query; a document that leaves something out has neither.
                if fault.line.is_none() && matches!(name.as_str(), "slug" | "authors") {
                    fault.parameter = Some(if name == "slug" { "slug" } else { "author" }.to_owned());
                }
            }
        })
    }
}

/// The parts of a document that break the limits of their fields.
#[derive(Default)]
struct PartFaults {
    faults: Vec<ProblemFault>,
}

impl PartFaults {
    fn at_most(&mut self, name: &str, count: usize, most: usize) {
        if count > most {
            let detail = format!("the document has {count} {name}, and at most {most} are taken");
            self.faults.push(ProblemFault::at(None, None, "too-many", detail));
        }
    }

    fn required<T, R: Refusal>(
        &mut self,
        name: &str,
        part: Option<&Part<String>>,
        parse: impl Fn(&str) -> Result<T, R>,
    ) -> Option<T> {
        if part.is_none() {
            self.faults.push(ProblemFault::at(
                Some(1),
                None,
                "required",
                format!("the document has no {name}; add one"),
            ));
        }
        self.optional(part, parse)
    }

    fn optional<T, R: Refusal>(
        &mut self,
        part: Option<&Part<String>>,
        parse: impl Fn(&str) -> Result<T, R>,
    ) -> Option<T> {
        let part = part?;
        self.text(&part.value, part.span, parse)
    }

    fn text<T, R: Refusal>(
        &mut self,
        text: &str,
        span: Option<Span>,
        parse: impl Fn(&str) -> Result<T, R>,
    ) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(refusal) => {
                let start: String = text.chars().take(40).collect();
                let detail = format!("{start:?} cannot be stored: {refusal}");
                self.faults.push(ProblemFault::at(
                    span.map(|span| span.first_line),
                    None,
                    refusal.code(),
                    detail,
                ));
                None
            }
        }
    }

    fn past_date(&mut self, part: Option<&Part<DateTime<Utc>>>, stamp: &Stamp) -> Patch<DateTime<Utc>> {
        match part {
            None => Patch::Absent,
            Some(part) if part.value > stamp.now => {
                let detail = "the date lies in the future; remove it, and publish when it has come";
                let line = part.span.map(|span| span.first_line);
                self.faults.push(ProblemFault::at(line, None, "in-future", detail));
                Patch::Absent
            }
            Some(part) => Patch::Value(part.value),
        }
    }

    fn author(&mut self, part: Part<DocumentAuthor>) -> Option<BylineEntry> {
        let DocumentAuthor {
            slug,
            name,
            bio,
            url,
            email: _,
            role,
            second_name: _,
        } = part.value;
        let role = role
            .and_then(|role| BylineRole::parse(&role.value).ok())
            .unwrap_or_else(BylineRole::author);
        let slug = match slug {
            None => None,
            Some(slug) => Some(self.text(&slug, part.span, Slug::parse)?),
        };
        let Some(name) = name else {
            let author = BylineName::Slug(slug?);
            return Some(BylineEntry { author, role });
        };
        let name = self.text(&name, part.span, AuthorName::parse)?;
        let slug = slug.or_else(|| self.slug_of(&name, part.span))?;
        let bio = self.optional(bio.as_ref(), AuthorBio::parse);
        let url = self.optional(url.as_ref(), WebAddress::parse);
        let author = BylineName::Named { name, slug, bio, url };
        Some(BylineEntry { author, role })
    }

    fn slug_of<const MOST: usize>(&mut self, text: &Line<MOST>, span: Option<Span>) -> Option<Slug> {
        let slug = Slug::of(text.as_str());
        if slug.is_none() {
            let line = span.map(|span| span.first_line);
            let detail = format!("no slug can be made from {:?}; give one", text.as_str());
            self.faults.push(ProblemFault::at(line, None, "no-slug", detail));
        }
        slug
    }

    fn comment(&mut self, comment: DocumentComment) -> Option<ImportedComment> {
        let DocumentComment {
            id,
            author_name,
            author_url,
            created_at,
            body_markdown,
            parent,
            kind: _,
            span,
        } = comment;
        let markdown = match body_markdown.value.is_empty() {
            // A comment without a text keeps its place, since others may answer it.
            true => String::new(),
            false => self
                .text(&body_markdown.value, Some(span), CommentBody::parse)?
                .into_string(),
        };
        Some(ImportedComment {
            id: id.and_then(|id| Uuid::parse_str(&id.value).ok()),
            author_name: self.optional(author_name.as_ref(), CommenterName::parse),
            author_url: self.optional(author_url.as_ref(), WebAddress::parse),
            created_at: created_at.map(|created_at| created_at.value),
            body: Rendered::new(markdown, Policy::Comment),
            parent,
        })
    }

    /// The comments, each with the place among them of the one that it answers, and what tells of links from elsewhere. What
    /// answers one of these is a comment on the article.
    fn divided(&mut self, entries: Vec<DocumentComment>) -> (Vec<ImportedComment>, Vec<ImportedMention>) {
        let (mut comments, mut mentions) = (Vec::new(), Vec::new());
        let mut places: Vec<Option<usize>> = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(kind) = mention_kind(entry.kind) {
                mentions.extend(self.mention(entry, kind));
                places.push(None);
                continue;
            }
            let parent = entry.parent.and_then(|index| places.get(index).copied().flatten());
            let comment = self.comment(DocumentComment { parent, ..entry });
            places.push(comment.is_some().then_some(comments.len()));
            comments.extend(comment);
        }
        (comments, mentions)
    }

    fn mention(&mut self, entry: DocumentComment, kind: MentionKind) -> Option<ImportedMention> {
        let ImportedComment {
            id,
            author_name,
            author_url,
            created_at,
            body,
            parent: _,
        } = self.comment(DocumentComment { parent: None, ..entry })?;
        Some(ImportedMention {
            id,
            kind,
            source_url: author_url,
            author_name,
            excerpt: body.text.chars().take(MOST_OF_MENTION).collect(),
            created_at,
        })
    }

    fn thread(&mut self, part: Part<ThreadClosing>) -> ThreadChange {
        let ThreadClosing {
            state,
            closes_at: _,
            message,
            listed: _,
        } = part.value;
        let message = match message {
            None => None,
            Some(message) => self.text(&message, part.span, ThreadMessage::parse),
        };
        ThreadChange {
            state: Some(match state {
                documents::ThreadState::Open => ThreadState::Open,
                documents::ThreadState::Closed => ThreadState::Closed,
                documents::ThreadState::ReadOnly => ThreadState::ReadOnly,
                documents::ThreadState::Hidden => ThreadState::Hidden,
            }),
            message: Patch::replacing(message),
            moderation: None,
            close_after_days: Patch::Absent,
            note: None,
            reason: ClosedReason::Document,
        }
    }

    fn none_found(&self) -> Result<(), Problem> {
        match self.faults.as_slice() {
            [] => Ok(()),
            faults => Err(invalid(faults.to_vec())),
        }
    }

    fn into_problem(self) -> Problem {
        invalid(self.faults)
    }
}

fn declared_format(media_type: Option<&str>, named: Option<DocumentFormat>) -> Result<DocumentFormat, Problem> {
    match (media_type, named) {
        (Some("text/markdown" | "text/x-markdown"), _) => Ok(DocumentFormat::Markdown),
        (Some("text/plain"), _) => Ok(DocumentFormat::Plain),
        (Some("application/octet-stream"), named) => Ok(named.unwrap_or(DocumentFormat::Plain)),
        (Some("application/x-www-form-urlencoded"), _) => {
            let detail = "curl -d sends a form and removes the line ends. Send the file with: curl --data-binary @FILE \
                          -H 'Content-Type: text/plain' (or text/markdown).";
            Err(refused_type(&problem_codes::USE_DATA_BINARY, detail))
        }
        (found, _) => {
            let found = found.unwrap_or("nothing");
            let detail = format!(
                "Send a document as text/markdown or text/plain; the Content-Type header names {found}. An article as \
                 JSON goes to /v1/editorial/articles."
            );
            Err(refused_type(&problem_codes::UNSUPPORTED_MEDIA_TYPE, &detail))
        }
    }
}

fn refused_type(kind: &'static crate::http::problem_codes::ProblemCode, detail: &str) -> Problem {
    Problem::new(kind, detail)
        .with_fault(ProblemFault::header("Content-Type", "unsupported", detail))
        .with_header(header::HeaderName::from_static("accept-post"), ACCEPTED)
}

fn hints(query: &DocumentQuery) -> Hints {
    Hints {
        title: query.title.as_ref().map(|title| title.as_str().to_owned()),
        author: query.author.as_ref().map(|author| author.as_str().to_owned()),
        slug: query.slug.as_ref().map(|slug| slug.as_str().to_owned()),
        comments: match query.comments {
            Some(DocumentComments::None) => CommentsHint::None,
            Some(DocumentComments::Parse) | None => CommentsHint::Parse,
        },
    }
}

/// A document that says it is published makes a draft all the same, and should not do so in silence.
fn status_warning(document: &Document, asked: Option<WriteStatus>) -> Option<Warning> {
    let status = document.status.as_ref()?;
    let is_left_out = status.value == DocumentStatus::Published && asked.is_none();
    is_left_out.then(|| Warning {
        line: status.span.map(|span| span.first_line),
        code: "status-not-applied",
        detail: "The document says that it is published. It is a draft until you add ?status=published or publish it."
            .to_owned(),
    })
}

fn mention_kind(kind: DocumentCommentKind) -> Option<MentionKind> {
    match kind {
        DocumentCommentKind::Comment => None,
        DocumentCommentKind::Pingback => Some(MentionKind::Pingback),
        DocumentCommentKind::Trackback => Some(MentionKind::Trackback),
        DocumentCommentKind::Webmention => Some(MentionKind::Webmention),
    }
}

fn thread_left_alone() -> DocumentWarning {
    DocumentWarning {
        line: None,
        code: "thread-not-changed".to_owned(),
        detail: "The article has a thread already, and this account may not moderate it; its comments and state stay."
            .to_owned(),
    }
}

fn refuse_ambiguous(document: &Document) -> Result<(), Problem> {
    let faults: Vec<ProblemFault> = document
        .fields()
        .into_iter()
        .filter(|field| field.confidence == Confidence::Ambiguous)
        .map(|field| {
            let detail = format!("{} can be read in more than one way", field.path);
            ProblemFault::at(field.span.map(|span| span.first_line), None, "ambiguous", detail)
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let warnings = document
        .warnings
        .iter()
        .map(|warning| ProblemFault::at(warning.line, None, warning.code, warning.detail.clone()));
    let detail = match faults.len() {
        1 => "1 part of the document is ambiguous; nothing was stored.".to_owned(),
        count => format!("{count} parts of the document are ambiguous; nothing was stored."),
    };
    Err(Problem::new(&problem_codes::DOCUMENT_AMBIGUOUS, detail)
        .with_faults(faults)
        .with_faults(warnings))
}

fn unreadable(fault: DocumentFault) -> Problem {
    invalid(fault.0.into_iter().map(document_fault).collect())
}

fn document_fault(fault: Fault) -> ProblemFault {
    let Fault {
        line,
        column,
        byte_offset,
        code,
        detail,
    } = fault;
    let detail = byte_offset.map_or(detail.clone(), |offset| format!("{detail} (byte {offset})"));
    ProblemFault::at(line, column, code, detail)
}

fn invalid(faults: Vec<ProblemFault>) -> Problem {
    let detail = match faults.as_slice() {
        [only] => only.detail.clone(),
        all => format!("{} parts of the document are wrong; errors names each.", all.len()),
    };
    Problem::new(&problem_codes::DOCUMENT_INVALID, detail).with_faults(faults)
}

/// The document with the texts of the article that is there, where they are the same but for how they are written: a
/// text that is read loses the blank lines at its ends and is composed (NFC), which is no change that anybody made.
async fn verbatim(
    state: &AppState,
    slug: &Slug,
    ownership: Ownership,
    mut document: Document,
) -> Result<Document, Problem> {
    let slug = slug.clone();
    let found: Result<Option<ArticleRow>, Failure> =
        read!(&state.database, article_documents::working_row(slug, ownership));
    if let Some(row) = found? {
        keep_writing(&mut document.body_markdown, &row.body_markdown);
        for (part, stored) in [
            (&mut document.title, Some(&row.title)),
            (&mut document.subtitle, row.subtitle.as_ref()),
            (&mut document.excerpt, row.excerpt.as_ref()),
        ] {
            if let (Some(part), Some(stored)) = (part, stored) {
                keep_writing(part, stored);
            }
        }
    }
    Ok(document)
}

fn keep_writing(part: &mut Part<String>, stored: &str) {
    let read = Text::decode(stored.as_bytes(), Charset::Utf8);
    if read.is_ok_and(|read| documents::without_blank_ends(read.as_str()) == documents::without_blank_ends(&part.value))
    {
        stored.clone_into(&mut part.value);
    }
}

/// The section of a document: the one that it names, or the first of its categories that is one. The others stay in
/// `extra`.
async fn section_of(
    state: &AppState,
    document: &Document,
    report: &mut DocumentReport,
) -> Result<Option<Slug>, Problem> {
    for category in document
        .section
        .iter()
        .chain(&document.categories)
        .take(MOST_CATEGORIES)
    {
        let Some(slug) = Slug::of(&category.value) else {
            continue;
        };
        let wanted = slug.clone();
        let found: Result<SectionLookup, Failure> = read!(&state.database, sections::find_by_slug(wanted));
        match found? {
            SectionLookup::Found(_) | SectionLookup::Moved(_) => return Ok(Some(slug)),
            SectionLookup::Absent => {}
        }
    }
    if let Some(first) = document.section.iter().chain(&document.categories).next() {
        report.warnings.push(DocumentWarning {
            line: first.span.map(|span| span.first_line),
            code: "section-unknown".to_owned(),
            detail:
                "None of the categories is a section of this site; they stay in extra. Create the section and upload \
                     the document again to move the article there."
                    .to_owned(),
        });
    }
    Ok(None)
}

/// The place in a series that a document names. One in a series that does not exist stays in `extra`.
async fn series_of(
    state: &AppState,
    document: &Document,
    report: &mut DocumentReport,
) -> Result<Option<SeriesEntry>, Problem> {
    let Some(part) = &document.series else {
        return Ok(None);
    };
    if let Ok(slug) = Slug::parse(&part.value.slug) {
        let wanted = slug.clone();
        let found: Result<SeriesLookup, Failure> = read!(&state.database, series::find_by_slug(wanted));
        match (found?, part.value.position) {
            (SeriesLookup::Found(_) | SeriesLookup::Moved(_), position @ 1..=MAX_SERIES_POSITION) => {
                return Ok(Some(SeriesEntry { slug, position }));
            }
            (SeriesLookup::Found(_) | SeriesLookup::Moved(_) | SeriesLookup::Absent, _) => {}
        }
    }
    report.warnings.push(DocumentWarning {
        line: part.span.map(|span| span.first_line),
        code: "series-unknown".to_owned(),
        detail: format!(
            "This is no place, from 1 to {MAX_SERIES_POSITION}, in a series of this site; it stays in extra. Create the series and upload the document again."
        ),
    });
    Ok(None)
}

/// How many categories of a document are looked up; the first that is a section counts.
const MOST_CATEGORIES: usize = 10;

/// The name of the document in the system it comes from, if both parts of it are told.
fn external_id(document: &Document) -> Option<ExternalId> {
    let source = Line::<100>::parse(&document.source.as_ref()?.value).ok()?;
    let id = Line::<300>::parse(&document.external_id.as_ref()?.value).ok()?;
    Some(ExternalId {
        source: source.into_string(),
        id: id.into_string(),
    })
}

/// What the document says and no field of an article holds. Nothing is lost: it stands in `extra` under its own name.
fn extra(
    document: &Document,
    section: Option<&Slug>,
    series: Option<&SeriesEntry>,
) -> serde_json::Map<String, serde_json::Value> {
    let texts = |parts: &[Part<String>]| parts.iter().map(|part| part.value.clone()).collect::<Vec<_>>();
    let mut extra = document.extra.clone();
    let mut keep = |name: &str, value: serde_json::Value| {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            extra.entry(name).or_insert(value);
        }
    };
    let is_section = |category: &String| section.is_some() && Slug::of(category).as_ref() == section;
    let categories = texts(&document.categories);
    let others: Vec<String> = categories
        .into_iter()
        .filter(|category| !is_section(category))
        .collect();
    keep("categories", others.into());
    let unknown = document.section.as_ref().map(|part| &part.value);
    keep("section", unknown.filter(|named| !is_section(named)).cloned().into());
    if let (Some(part), None) = (&document.series, series) {
        let DocumentSeries { slug, position } = &part.value;
        keep("series", serde_json::json!({ "slug": slug, "position": position }));
    }
    keep("aliases", texts(&document.aliases).into());
    if external_id(document).is_none() {
        keep(
            "external_id",
            document.external_id.as_ref().map(|part| part.value.clone()).into(),
        );
        keep("source", document.source.as_ref().map(|part| part.value.clone()).into());
    }
    keep("id", document.id.as_ref().map(|part| part.value.clone()).into());
    // A document that this server wrote says when it was changed last, which the server knows by itself.
    let changed_at = document.updated_at.as_ref().filter(|_| document.revision.is_none());
    keep("updated_at", changed_at.map(|part| times::text(part.value)).into());
    let closes_at = document
        .thread
        .as_ref()
        .and_then(|thread| thread.value.closes_at)
        .map(times::text);
    keep("comments_close_at", closes_at.into());
    keep(
        "author_details",
        document
            .authors
            .iter()
            .filter_map(|author| author_details(&author.value))
            .collect(),
    );
    extra
}

/// What a document says of an author and an author has no member for.
fn author_details(author: &DocumentAuthor) -> Option<serde_json::Value> {
    let text = |part: &Option<Part<String>>| part.as_ref().map(|part| part.value.clone());
    let role = text(&author.role).filter(|role| BylineRole::parse(role).is_err());
    let told = [("email", text(&author.email)), ("role", role)];
    if told.iter().all(|(_, value)| value.is_none()) {
        return None;
    }
    let name = author.name.clone().or(author.slug.clone());
    let members = [("name", name)].into_iter().chain(told);
    Some(
        members
            .filter_map(|(member, value)| Some((member.to_owned(), value?.into())))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    )
}

fn created(article: WorkingArticle, report: DocumentReport) -> Result<Answer, Problem> {
    let path = format!("/v1/editorial/articles/{}", article.row.id.0);
    Ok(Answer {
        status: 201,
        location: Some(path),
        ..changed(article, report)?
    })
}

/// The tag is the one of the article, which the body shows together with the report.
fn changed(article: WorkingArticle, report: DocumentReport) -> Result<Answer, Problem> {
    let (version, article) = (article.row.version(), EditorialArticleOut::from(article));
    let tag = EntityTag::of(version, &json_bytes(&article)?);
    Ok(Answer {
        etag: Some(tag.header_value()),
        ..Answer::outcome(200, &DocumentOut { article, report })?
    })
}
