//! An article as a document: what the newsroom or readers see of it, in the neutral model that [`crate::documents`]
//! writes as text. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::articles::article::{
    ArticleRow, Belongings, BylineRow, PublishedArticle, PublishedArticleRow, SeriesRefRow, WorkingArticle,
};
use crate::articles::content::ArticleDetails;
use crate::comments::comment::{CommentRow, ThreadRow, ThreadState, fitting};
use crate::comments::thread_path::ThreadPath;
use crate::database::ids::RowId;
use crate::database::timestamp::RowTime;
use crate::documents::{
    self, Document, DocumentAuthor, DocumentComment, DocumentCommentKind, DocumentSeries, Part, Span, ThreadClosing,
};
use crate::markup;
use crate::mentions::mention::{MentionKind, MentionRow};

/// The most comments of a document, as of a page of a thread.
pub const MOST_COMMENTS: i64 = 250;

/// The most mentions of a document.
pub const MOST_MENTIONS: i64 = 100;

/// What a document has beside the article itself.
#[derive(Debug, Clone, Default)]
pub struct Companions {
    /// The first approved comments of the thread, each before its answers.
    pub comments: Vec<CommentRow>,
    /// The first approved mentions of the article.
    pub mentions: Vec<MentionRow>,
    /// What is told about the authors, as Markdown.
    pub bios: Vec<(RowId, String)>,
}

/// A published article, ready to be a document.
#[derive(Debug, Clone)]
pub struct PublishedText {
    /// The article.
    pub article: PublishedArticle<PublishedArticleRow>,
    /// The rest.
    pub companions: Companions,
}

/// A published article found by a slug.
#[derive(Debug)]
pub enum PublishedTextLookup {
    /// The article has this slug.
    Found(Box<PublishedText>),
    /// The article had this slug and has another now.
    Moved(String),
    /// No published article has or had it.
    Absent,
}

/// A working copy, ready to be a document.
#[derive(Debug, Clone)]
pub struct WorkingText {
    /// The working copy.
    pub article: WorkingArticle,
    /// The rest.
    pub companions: Companions,
}

impl PublishedText {
    /// The document that readers get.
    #[must_use]
    pub fn document(self) -> Document {
        let Self { article, companions } = self;
        let PublishedArticle {
            row,
            details,
            belongings,
            related: _,
            translations: _,
            thread,
        } = article;
        // A teaser that was made from the text is not one that somebody gave.
        let excerpt = Some(row.excerpt).filter(|excerpt| *excerpt != markup::excerpt_of(&row.body_text));
        let said = Said {
            title: row.title,
            slug: row.slug,
            subtitle: row.subtitle,
            excerpt,
            lang: row.lang,
            canonical_url: row.canonical_url,
            published_at: Some(row.published_at),
            updated_at: row.updated_at,
            revision: row.revision,
            series_position: row.series_position,
            body_markdown: row.body_markdown,
            extra: Map::new(),
        };
        said.document(details, belongings, &thread, companions)
    }
}

impl WorkingText {
    /// The document that the newsroom gets, with what an earlier document said and no field holds.
    #[must_use]
    pub fn document(self) -> Document {
        let Self { article, companions } = self;
        let WorkingArticle {
            row,
            belongings,
            schedule: _,
            thread,
        } = article;
        let details = row.details();
        let said = Said {
            extra: extra(&row),
            title: row.title,
            slug: row.slug,
            subtitle: row.subtitle,
            excerpt: row.excerpt,
            lang: row.lang,
            canonical_url: row.canonical_url,
            published_at: row.published_at,
            updated_at: row.updated_at,
            revision: row.revision,
            series_position: row.series_position,
            body_markdown: row.body_markdown,
        };
        said.document(details, belongings, &thread, companions)
    }
}

fn extra(row: &ArticleRow) -> Map<String, Value> {
    serde_json::from_str(&row.extra).unwrap_or_default()
}

/// What a row says, whether of a working copy or of what readers see.
struct Said {
    title: String,
    slug: String,
    subtitle: Option<String>,
    excerpt: Option<String>,
    lang: Option<String>,
    canonical_url: Option<String>,
    published_at: Option<RowTime>,
    updated_at: RowTime,
    revision: i32,
    series_position: Option<i32>,
    body_markdown: String,
    extra: Map<String, Value>,
}

impl Said {
    fn document(
        self,
        details: ArticleDetails,
        belongings: Belongings,
        thread: &ThreadRow,
        companions: Companions,
    ) -> Document {
        let Self {
            title,
            slug,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            published_at,
            updated_at,
            revision,
            series_position,
            body_markdown,
            extra,
        } = self;
        let Belongings {
            byline,
            tags,
            section,
            series,
        } = belongings;
        let Companions {
            comments,
            mentions,
            bios,
        } = companions;
        let mut comments = of_thread(comments);
        let omitted = omitted(thread, comments.len());
        comments.extend(mentions.into_iter().map(mention));
        Document {
            title: Some(Part::hinted(title)),
            slug: Some(Part::hinted(slug)),
            subtitle: subtitle.map(Part::hinted),
            excerpt: excerpt.map(Part::hinted),
            lang: lang.map(Part::hinted),
            canonical_url: canonical_url.map(Part::hinted),
            published_at: published_at.map(|at| Part::hinted(at.utc())),
            updated_at: Some(Part::hinted(updated_at.utc())),
            revision: u64::try_from(revision).ok().map(Part::hinted),
            authors: byline.into_iter().map(|entry| author(entry, &bios)).collect(),
            byline: details.byline.map(Part::hinted),
            section: section.map(|section| Part::hinted(section.slug)),
            series: placed(series, series_position),
            tags: tags.into_iter().map(|tag| Part::hinted(tag.name)).collect(),
            thread: Some(Part::hinted(closing(thread))),
            comments,
            comments_omitted: omitted.map(Part::hinted),
            extra,
            ..Document::with_body(Part::hinted(body_markdown))
        }
    }
}

fn author(entry: BylineRow, bios: &[(RowId, String)]) -> Part<DocumentAuthor> {
    let BylineRow { author, role } = entry;
    let bio = bios.iter().find(|(id, _)| *id == author.id).map(|(_, bio)| bio.clone());
    Part::hinted(DocumentAuthor {
        slug: Some(author.slug),
        name: Some(author.name),
        role: Some(Part::hinted(role)),
        bio: bio.map(Part::hinted),
        ..DocumentAuthor::default()
    })
}

fn placed(series: Option<SeriesRefRow>, position: Option<i32>) -> Option<Part<DocumentSeries>> {
    let (series, position) = series.zip(position)?;
    Some(Part::hinted(DocumentSeries {
        slug: series.slug,
        position,
    }))
}

fn closing(thread: &ThreadRow) -> ThreadClosing {
    ThreadClosing {
        state: match thread.state() {
            ThreadState::Open => documents::ThreadState::Open,
            ThreadState::Closed => documents::ThreadState::Closed,
            ThreadState::ReadOnly => documents::ThreadState::ReadOnly,
            ThreadState::Hidden => documents::ThreadState::Hidden,
        },
        closes_at: None,
        message: thread.message.clone(),
        listed: None,
    }
}

/// How many comments readers see that the document does not have.
fn omitted(thread: &ThreadRow, listed: usize) -> Option<u64> {
    if thread.state() == ThreadState::Hidden {
        return None;
    }
    let shown = u64::try_from(thread.approved_count).unwrap_or_default();
    let listed = u64::try_from(listed).unwrap_or(u64::MAX);
    Some(shown.saturating_sub(listed)).filter(|omitted| *omitted > 0)
}

/// The comments that fit into an answer. One whose parent is not shown answers the nearest one above that is.
fn of_thread(rows: Vec<CommentRow>) -> Vec<DocumentComment> {
    let fitting = match rows.is_empty() {
        true => 0,
        false => fitting(&rows),
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut comments = Vec::with_capacity(fitting);
    for row in rows.into_iter().take(fitting) {
        let above = ThreadPath::from_stored(row.path.clone()).ancestors();
        let parent = above.iter().rev().find_map(|path| places.get(path.as_str()).copied());
        places.insert(row.path.clone(), comments.len());
        comments.push(comment(row, parent));
    }
    comments
}

fn comment(row: CommentRow, parent: Option<usize>) -> DocumentComment {
    let created_at: DateTime<Utc> = row.created_at.utc();
    DocumentComment {
        kind: DocumentCommentKind::Comment,
        id: Some(Part::hinted(row.id.0.to_string())),
        author_name: row.author_name.map(Part::hinted),
        author_url: row.author_url.map(Part::hinted),
        created_at: Some(Part::hinted(created_at)),
        body_markdown: Part::hinted(row.body_markdown),
        parent,
        // The lines are those of the text that is still to be written.
        span: Span::line(0),
    }
}

fn mention(row: MentionRow) -> DocumentComment {
    DocumentComment {
        kind: match row.kind() {
            MentionKind::Pingback => DocumentCommentKind::Pingback,
            MentionKind::Trackback => DocumentCommentKind::Trackback,
            MentionKind::Webmention => DocumentCommentKind::Webmention,
        },
        id: Some(Part::hinted(row.id.0.to_string())),
        author_name: row.author_name.map(Part::hinted),
        author_url: row.source_url.map(Part::hinted),
        created_at: Some(Part::hinted(row.created_at.utc())),
        body_markdown: Part::hinted(documents::markdown::line(&row.excerpt)),
        parent: None,
        span: Span::line(0),
    }
}
