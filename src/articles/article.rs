//! Articles: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Utc};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::authors::author::{AuthorBio, AuthorFailure, AuthorName, BylineAuthorRow};
use crate::comments::comment::{ImportedComment, ThreadChange, ThreadRow};
use crate::conflict::{SlugConflict, StaleRevision};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{articles, published_articles};
use crate::database::timestamp::RowTime;
use crate::field::{LanguageTag, Line, Prose, WebAddress};
use crate::http::patch::Patch;
use crate::markup::{self, Rendered};
use crate::slug::Slug;

/// The headline.
pub type Title = Line<300>;

/// The second headline.
pub type Subtitle = Line<500>;

/// The teaser.
pub type Excerpt = Prose<2_000>;

/// The text, as Markdown.
pub type Body = Prose<1_000_000>;

/// The most authors of a byline.
pub const MAX_AUTHORS: usize = 50;

/// A row of `articles`: the working copy.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct ArticleRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The headline.
    pub title: String,
    /// The second headline.
    pub subtitle: Option<String>,
    /// The teaser that an editor gave.
    pub excerpt: Option<String>,
    /// The language tag.
    pub lang: Option<String>,
    /// The address of the original, when this is a copy.
    pub canonical_url: Option<String>,
    /// The teaser made from the text, for when none was given.
    pub derived_excerpt: String,
    /// The words of the text.
    pub word_count: i32,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// The revision that readers see, if they see any.
    pub published_revision: Option<i32>,
    /// When it was first published, or is to be dated.
    pub published_at: Option<RowTime>,
    /// When it was made.
    pub created_at: RowTime,
    /// The account that made it, which owns it.
    pub created_by: RowId,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: RowId,
    /// The source of the text.
    pub body_markdown: String,
    /// The text as sanitized HTML.
    pub body_html: String,
    /// The text without markup.
    pub body_text: String,
    /// What a document said that no field holds: a JSON object.
    pub extra: String,
}

/// The columns of `articles` that a list shows: the texts stay where they are.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleSummaryRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The headline.
    pub title: String,
    /// Counts the changes.
    pub revision: i32,
    /// The revision that readers see.
    pub published_revision: Option<i32>,
    /// When it was first published.
    pub published_at: Option<RowTime>,
    /// When it was made.
    pub created_at: RowTime,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// The words of the text.
    pub word_count: i32,
}

/// A row of `published_articles`: the snapshot, written whole at publish.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = published_articles)]
pub struct PublishedArticleRow {
    /// The id of the article.
    pub article_id: RowId,
    /// The slug that readers use.
    pub slug: String,
    /// The revision that was published.
    pub revision: i32,
    /// The headline.
    pub title: String,
    /// The second headline.
    pub subtitle: Option<String>,
    /// The teaser, given or made from the text.
    pub excerpt: String,
    /// The language tag.
    pub lang: Option<String>,
    /// The address of the original, when this is a copy.
    pub canonical_url: Option<String>,
    /// The words of the text.
    pub word_count: i32,
    /// When it was first published.
    pub published_at: RowTime,
    /// When this snapshot was made.
    pub updated_at: RowTime,
    /// The source of the text.
    pub body_markdown: String,
    /// The text as sanitized HTML.
    pub body_html: String,
    /// The text without markup.
    pub body_text: String,
}

/// The columns of `published_articles` that a list shows.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = published_articles)]
pub struct PublishedSummaryRow {
    /// The id of the article.
    pub article_id: RowId,
    /// The slug that readers use.
    pub slug: String,
    /// The revision that was published.
    pub revision: i32,
    /// The headline.
    pub title: String,
    /// The second headline.
    pub subtitle: Option<String>,
    /// The teaser.
    pub excerpt: String,
    /// The language tag.
    pub lang: Option<String>,
    /// The words of the text.
    pub word_count: i32,
    /// When it was first published.
    pub published_at: RowTime,
    /// When this snapshot was made.
    pub updated_at: RowTime,
}

/// A working copy with its byline and its thread.
#[derive(Debug, Clone)]
pub struct WorkingArticle {
    /// The row.
    pub row: ArticleRow,
    /// The authors, in order.
    pub byline: Vec<BylineAuthorRow>,
    /// The thread.
    pub thread: ThreadRow,
}

/// A published article with its byline and its thread. `R` is the whole row, or the columns of a list.
#[derive(Debug, Clone)]
pub struct PublishedArticle<R> {
    /// The row.
    pub row: R,
    /// The authors, in order.
    pub byline: Vec<BylineAuthorRow>,
    /// The thread.
    pub thread: ThreadRow,
}

/// A published article found by a slug.
#[derive(Debug)]
pub enum ArticleLookup {
    /// The article has this slug.
    Found(Box<PublishedArticle<PublishedArticleRow>>),
    /// The article had this slug and has another now.
    Moved(String),
    /// No published article has or had it.
    Absent,
}

/// The text in every form, with the teaser made from it.
#[derive(Debug, Clone)]
pub struct ArticleText {
    /// The forms.
    pub rendered: Rendered,
    /// The teaser.
    pub derived_excerpt: String,
}

impl ArticleText {
    /// The forms of a text.
    #[must_use]
    pub fn new(rendered: Rendered) -> Self {
        Self {
            derived_excerpt: markup::excerpt_of(&rendered.text),
            rendered,
        }
    }
}

/// What shall change about a working copy. For a new one, everything that is not set is empty.
#[derive(Debug, Clone)]
pub struct ArticleChange {
    /// The headline, if it shall change.
    pub title: Option<Title>,
    /// The slug, if it shall change.
    pub slug: Option<Slug>,
    /// The second headline.
    pub subtitle: Patch<Subtitle>,
    /// The teaser.
    pub excerpt: Patch<Excerpt>,
    /// The language tag.
    pub lang: Patch<LanguageTag>,
    /// The address of the original.
    pub canonical_url: Patch<WebAddress>,
    /// The text, if it shall change.
    pub text: Option<ArticleText>,
    /// The byline, if it shall change.
    pub byline: Option<Vec<BylineEntry>>,
    /// The date that readers see.
    pub published_at: Patch<DateTime<Utc>>,
    /// What a document said that no field holds, if it shall change.
    pub extra: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A new article, checked.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// The id.
    pub id: Uuid,
    /// The slug that is wanted.
    pub slug: Slug,
    /// The headline.
    pub title: Title,
    /// The text.
    pub text: ArticleText,
    /// The rest.
    pub change: ArticleChange,
    /// The thread: its state and its first comments.
    pub thread: NewThread,
    /// Whether readers shall see it at once.
    pub publication: Publication,
}

/// The thread that an article begins with.
#[derive(Debug, Clone, Default)]
pub struct NewThread {
    /// The state, if it shall be another than open.
    pub change: Option<ThreadChange>,
    /// The comments that a document brings, in its order.
    pub comments: Vec<ImportedComment>,
    /// What to do with all this when the article is there already.
    pub on_existing: ExistingThread,
}

/// What an upload may do to the thread of an article that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExistingThread {
    /// Add its comments and set its state: the caller may moderate.
    Change,
    /// Leave it to the moderators.
    #[default]
    Keep,
}

/// Whether a write also publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// Readers see what they saw.
    Unchanged,
    /// Readers see what is written.
    Immediate,
}

/// One author of a byline, as a request names them.
#[derive(Debug, Clone)]
pub enum BylineEntry {
    /// An author who must exist.
    Slug(Slug),
    /// An author by name, who is made if there is none with the slug of the name.
    Named {
        /// The name.
        name: AuthorName,
        /// The slug of the name.
        slug: Slug,
        /// What is told about a new author, or about one of whom nothing is told yet.
        bio: Option<AuthorBio>,
        /// The page of a new author.
        url: Option<WebAddress>,
    },
}

/// Which articles a caller may see and change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// All.
    Any,
    /// Those that this account made.
    Of(Uuid),
}

impl Ownership {
    /// The ownership that a permission reaches.
    #[must_use]
    pub fn from_filter(owner: Option<Uuid>) -> Self {
        owner.map_or(Self::Any, Self::Of)
    }

    /// Whether something that this account made is within reach.
    #[must_use]
    pub fn covers(self, created_by: RowId) -> bool {
        match self {
            Self::Any => true,
            Self::Of(account) => account == created_by.0,
        }
    }
}

/// The outcome of an upsert.
#[derive(Debug)]
pub enum Upserted {
    /// There was nothing; this was made.
    Created(WorkingArticle),
    /// There was something; it is this now.
    Changed(WorkingArticle),
}

/// Which working copies a list shows.
#[derive(Debug, Clone)]
pub struct WorkingFilter {
    /// Whose.
    pub ownership: Ownership,
    /// Those that readers see, or those that they do not.
    pub is_published: Option<bool>,
    /// Those with this author in the byline.
    pub author: Option<RowId>,
}

/// Why an article was not stored.
#[derive(Debug)]
pub enum ArticleFailure {
    /// There is no such article, or it is not the caller's.
    Absent,
    /// Somebody else changed it.
    Stale(StaleRevision),
    /// The request must say which revision it replaces; this is the current one.
    NoPrecondition {
        /// The current revision.
        revision: i32,
    },
    /// The request may only make something new, and there is something.
    Exists(StaleRevision),
    /// The request names a revision to replace, and there is no article.
    NothingToMatch,
    /// Another article has the slug.
    SlugTaken(SlugConflict),
    /// The byline names an author by a slug that nobody has.
    AuthorUnknown {
        /// The place in the byline, from 0.
        index: usize,
        /// The slug.
        slug: Slug,
    },
    /// Readers do not see the article.
    NotPublished,
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for ArticleFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for ArticleFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl ArticleChange {
    /// A change that changes nothing.
    #[must_use]
    pub fn none() -> Self {
        Self {
            title: None,
            slug: None,
            subtitle: Patch::Absent,
            excerpt: Patch::Absent,
            lang: Patch::Absent,
            canonical_url: Patch::Absent,
            text: None,
            byline: None,
            published_at: Patch::Absent,
            extra: None,
        }
    }

    /// Applies everything but the slug and the byline, which concern other rows too.
    pub fn apply_to(self, row: &mut ArticleRow) {
        let Self {
            title,
            slug: _,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            text,
            byline: _,
            published_at,
            extra,
        } = self;
        if let Some(title) = title {
            row.title = title.into_string();
        }
        row.subtitle = subtitle.map(Subtitle::into_string).apply(row.subtitle.take());
        row.excerpt = excerpt.map(Excerpt::into_string).apply(row.excerpt.take());
        row.lang = lang.map(LanguageTag::into_string).apply(row.lang.take());
        row.canonical_url = canonical_url
            .map(WebAddress::into_string)
            .apply(row.canonical_url.take());
        row.published_at = published_at.map(RowTime::from).apply(row.published_at);
        if let Some(extra) = extra {
            row.extra = serde_json::Value::Object(extra).to_string();
        }
        if let Some(ArticleText {
            rendered,
            derived_excerpt,
        }) = text
        {
            let Rendered {
                markdown,
                html,
                text,
                word_count,
            } = rendered;
            row.body_markdown = markdown;
            row.body_html = html;
            row.body_text = text;
            row.word_count = word_count;
            row.derived_excerpt = derived_excerpt;
        }
    }
}

impl ArticleRow {
    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: Some(self.updated_by.0),
            changed_at: self.updated_at.utc(),
        }
    }

    /// What readers shall see of this working copy from `now` on.
    #[must_use]
    pub fn snapshot(&self, published_at: RowTime, now: RowTime) -> PublishedArticleRow {
        let Self {
            id,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            derived_excerpt,
            word_count,
            revision,
            published_revision: _,
            published_at: _,
            created_at: _,
            created_by: _,
            updated_at: _,
            updated_by: _,
            body_markdown,
            body_html,
            body_text,
            extra: _,
        } = self.clone();
        PublishedArticleRow {
            article_id: id,
            slug,
            revision,
            title,
            subtitle,
            excerpt: excerpt.unwrap_or(derived_excerpt),
            lang,
            canonical_url,
            word_count,
            published_at,
            updated_at: now,
            body_markdown,
            body_html,
            body_text,
        }
    }
}

impl From<AuthorFailure> for ArticleFailure {
    fn from(failure: AuthorFailure) -> Self {
        match failure {
            AuthorFailure::Database(failure) => Self::Database(failure),
            // An author of the byline was made by another request after this one looked.
            other => Self::Database(Failure::Busy(format!("the byline changed in this moment: {other:?}"))),
        }
    }
}
