//! Articles on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::articles::article::{
    ArticleChange, ArticleSummaryRow, ArticleText, Body, BylineEntry, Excerpt, MAX_AUTHORS, Publication,
    PublishedArticle, PublishedArticleRow, PublishedSummaryRow, Subtitle, Title, WorkingArticle,
};
use crate::authors::author::{AuthorBio, AuthorName, BylineAuthorRow};
use crate::authors::views::BylineAuthorOut;
use crate::comments::views::ThreadOut;
use crate::field::{LanguageTag, WebAddress};
use crate::http::input::{InputFaults, SlugOrId, TimeText};
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::markup::reading_minutes;
use crate::slug::Slug;

/// An article, as readers see it: the published snapshot.
#[derive(Serialize, ToSchema)]
pub struct ArticleOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The second headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<String>,
    /// The teaser: the one that was given, or the beginning of the text.
    #[schema(example = "The cranes stood still that morning…")]
    pub excerpt: String,
    /// The language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    pub lang: Option<String>,
    /// The address of the original, when this is a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/original")]
    pub canonical_url: Option<String>,
    /// The authors, in order.
    pub authors: Vec<BylineAuthorOut>,
    /// The source of the text.
    #[schema(example = "The cranes stood *still* that morning.")]
    pub body_markdown: String,
    /// The text as sanitized HTML.
    #[schema(example = "<p>The cranes stood <em>still</em> that morning.</p>")]
    pub body_html: String,
    /// The text without markup.
    #[schema(example = "The cranes stood still that morning.")]
    pub body_text: String,
    /// The words of the text.
    #[schema(example = 640)]
    pub word_count: i32,
    /// Minutes that reading takes.
    #[schema(example = 3)]
    pub reading_minutes: u32,
    /// The revision that was published.
    #[schema(example = 3)]
    pub revision: i32,
    /// When it was first published.
    #[serde(with = "times")]
    pub published_at: DateTime<Utc>,
    /// When this revision was published.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// The thread.
    pub comments: ThreadOut,
}

/// An article in a list for readers.
#[derive(Serialize, ToSchema)]
pub struct ArticleSummaryOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The second headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<String>,
    /// The teaser.
    #[schema(example = "The cranes stood still that morning…")]
    pub excerpt: String,
    /// The language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    pub lang: Option<String>,
    /// The authors, in order.
    pub authors: Vec<BylineAuthorOut>,
    /// The words of the text.
    #[schema(example = 640)]
    pub word_count: i32,
    /// Minutes that reading takes.
    #[schema(example = 3)]
    pub reading_minutes: u32,
    /// The revision that was published.
    #[schema(example = 3)]
    pub revision: i32,
    /// When it was first published.
    #[serde(with = "times")]
    pub published_at: DateTime<Utc>,
    /// When this revision was published.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// The thread.
    pub comments: ThreadOut,
}

/// A page of articles for readers.
#[derive(Serialize, ToSchema)]
pub struct ArticlePage {
    /// The articles, by the time of publication.
    pub data: Vec<ArticleSummaryOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// Whether readers see an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, Deserr, ToSchema)]
pub enum ArticleStatus {
    /// They do not.
    #[serde(rename = "draft")]
    #[deserr(rename = "draft")]
    Draft,
    /// They do.
    #[serde(rename = "published")]
    #[deserr(rename = "published")]
    Published,
}

/// An article, as the newsroom sees it: the working copy.
#[derive(Serialize, ToSchema)]
pub struct EditorialArticleOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The second headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<String>,
    /// The teaser that was given. When it is left out, readers get `derived_excerpt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "What is left when the ships are gone.")]
    pub excerpt: Option<String>,
    /// The teaser made from the text.
    #[schema(example = "The cranes stood still that morning…")]
    pub derived_excerpt: String,
    /// The language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    pub lang: Option<String>,
    /// The address of the original, when this is a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/original")]
    pub canonical_url: Option<String>,
    /// The authors, in order.
    pub authors: Vec<BylineAuthorOut>,
    /// The source of the text.
    #[schema(example = "The cranes stood *still* that morning.")]
    pub body_markdown: String,
    /// The text as sanitized HTML.
    #[schema(example = "<p>The cranes stood <em>still</em> that morning.</p>")]
    pub body_html: String,
    /// The text without markup.
    #[schema(example = "The cranes stood still that morning.")]
    pub body_text: String,
    /// The words of the text.
    #[schema(example = 640)]
    pub word_count: i32,
    /// Minutes that reading takes.
    #[schema(example = 3)]
    pub reading_minutes: u32,
    /// Whether readers see the article.
    pub status: ArticleStatus,
    /// Counts the changes, from 1.
    #[schema(example = 4)]
    pub revision: i32,
    /// The revision that readers see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub published_revision: Option<i32>,
    /// Whether the working copy is newer than what readers see.
    pub has_unpublished_changes: bool,
    /// When it was first published, or the date it shall have.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub published_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that made it, which owns it.
    pub created_by: Uuid,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// The account that changed it last.
    pub updated_by: Uuid,
    /// The thread.
    pub comments: ThreadOut,
    /// What an uploaded document said that no other member holds, under its own keys.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub extra: serde_json::Value,
}

/// A working copy in a list.
#[derive(Serialize, ToSchema)]
pub struct EditorialArticleSummaryOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The headline.
    #[schema(example = "A walk through the harbour")]
    pub title: String,
    /// The authors, in order.
    pub authors: Vec<BylineAuthorOut>,
    /// The words of the text.
    #[schema(example = 640)]
    pub word_count: i32,
    /// Whether readers see the article.
    pub status: ArticleStatus,
    /// Counts the changes, from 1.
    #[schema(example = 4)]
    pub revision: i32,
    /// Whether the working copy is newer than what readers see.
    pub has_unpublished_changes: bool,
    /// When it was first published, or the date it shall have.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub published_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
}

/// A page of working copies.
#[derive(Serialize, ToSchema)]
pub struct EditorialArticlePage {
    /// The working copies, by the time of their last change.
    pub data: Vec<EditorialArticleSummaryOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// One author of a byline to set: an existing one by `slug`, or anybody by `name`, who is made if need be.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct BylineAuthorIn {
    /// The slug of an author who exists.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "ada-lovelace")]
    pub slug: Option<Slug>,
    /// The name of an author.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace")]
    pub name: Option<AuthorName>,
    /// With `name`: what is told about the author, as Markdown. Kept if nothing is told about them yet.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace writes about *engines*.")]
    pub bio: Option<AuthorBio>,
}

/// An article to make, or to put in place of one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticleIn {
    /// The headline.
    #[schema(value_type = String, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A walk through the harbour")]
    pub title: Title,
    /// The slug; made from the headline when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")]
    pub slug: Option<Slug>,
    /// The second headline.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<Subtitle>,
    /// The teaser; made from the text when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "What is left when the ships are gone.")]
    pub excerpt: Option<Excerpt>,
    /// The text, as Markdown (`CommonMark` with tables, strikethrough and footnotes).
    #[schema(value_type = String, min_length = 1, max_length = 1_000_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "The cranes stood *still* that morning.")]
    pub body_markdown: Body,
    /// The authors, in order; at most 50.
    #[deserr(default)]
    #[schema(required = false, max_items = 50)]
    pub authors: Vec<BylineAuthorIn>,
    /// The language tag (BCP 47).
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", example = "en")]
    pub lang: Option<LanguageTag>,
    /// The address of the original, when this is a copy: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/original")]
    pub canonical_url: Option<WebAddress>,
    /// The date that readers see, for an article that was first published elsewhere; not in the future.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-03-01T12:00:00.000Z")]
    pub published_at: Option<TimeText>,
    /// `published` publishes at once. With `draft`, or when it is left out, readers see what they saw before.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub status: Option<ArticleStatus>,
}

/// Changes to an article (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticlePatchIn {
    /// The headline.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A walk through the old harbour")]
    pub title: Kept<Title>,
    /// The slug. One that readers used redirects to the new one once that is published.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "the-old-harbour")]
    pub slug: Kept<Slug>,
    /// The second headline.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Cranes and gulls")]
    pub subtitle: Patch<Subtitle>,
    /// The teaser; null makes it from the text again.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "What is left.")]
    pub excerpt: Patch<Excerpt>,
    /// The text, as Markdown.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 1_000_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "The cranes stood *still*.")]
    pub body_markdown: Kept<Body>,
    /// The authors, in order; at most 50.
    #[deserr(default)]
    #[schema(value_type = Vec<BylineAuthorIn>, required = false, nullable = false, max_items = 50)]
    pub authors: Kept<Vec<BylineAuthorIn>>,
    /// The language tag (BCP 47).
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", example = "en")]
    pub lang: Patch<LanguageTag>,
    /// The address of the original: an http or https address.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/original")]
    pub canonical_url: Patch<WebAddress>,
    /// The date that readers see; not in the future. Null dates it by its next publication.
    #[deserr(default)]
    #[schema(value_type = Option<DateTime<Utc>>, required = false, example = "2026-03-01T12:00:00.000Z")]
    pub published_at: Patch<TimeText>,
}

/// How to list articles for readers.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleListQuery {
    /// The most articles of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by the time of publication. Descending when it is left out: the newest
    /// first.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
    /// Only articles with this author in the byline: a slug or an id. A former slug counts as the current one.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<SlugOrId>,
}

/// How to list working copies.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditorialArticleListQuery {
    /// The most articles of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by the time of the last change. Descending when it is left out.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
    /// Only drafts, or only published articles.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub status: Option<ArticleStatus>,
    /// Only articles with this author in the byline: a slug or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<SlugOrId>,
}

impl ArticleStatus {
    /// Whether a write with this status publishes.
    #[must_use]
    pub fn publication(status: Option<Self>) -> Publication {
        match status {
            Some(Self::Published) => Publication::Immediate,
            Some(Self::Draft) | None => Publication::Unchanged,
        }
    }

    fn of(published_revision: Option<i32>) -> Self {
        match published_revision {
            Some(_) => Self::Published,
            None => Self::Draft,
        }
    }
}

/// The byline that a request sets.
///
/// # Errors
/// A fault for every entry that names nobody, or somebody in two ways.
pub fn byline_entries(authors: Vec<BylineAuthorIn>) -> Result<Vec<BylineEntry>, InputFaults> {
    if authors.len() > MAX_AUTHORS {
        return Err(InputFaults::at(
            "/authors",
            "too-many",
            format!("a byline has at most {MAX_AUTHORS} authors"),
        ));
    }
    authors
        .into_iter()
        .enumerate()
        .map(|(index, author)| byline_entry(index, author))
        .collect()
}

fn byline_entry(index: usize, author: BylineAuthorIn) -> Result<BylineEntry, InputFaults> {
    let pointer = format!("/authors/{index}");
    match author {
        BylineAuthorIn {
            slug: Some(slug),
            name: None,
            bio: None,
        } => Ok(BylineEntry::Slug(slug)),
        BylineAuthorIn {
            slug: None,
            name: Some(name),
            bio,
        } => match Slug::of(name.as_str()) {
            Some(slug) => Ok(BylineEntry::Named {
                name,
                slug,
                bio,
                url: None,
            }),
            None => Err(InputFaults::at(
                &format!("{pointer}/name"),
                "invalid",
                "no slug can be made from this name; create the author with a slug first and name it here by that",
            )),
        },
        BylineAuthorIn {
            slug: Some(_),
            name: None,
            bio: Some(_),
        } => Err(InputFaults::at(
            &format!("{pointer}/bio"),
            "unexpected",
            "a bio goes with a name; the bio of an author who exists is changed at /v1/editorial/authors",
        )),
        BylineAuthorIn { slug, name, .. } => {
            let found = if slug.is_some() && name.is_some() {
                "both"
            } else {
                "neither"
            };
            Err(InputFaults::at(
                &pointer,
                "slug-or-name",
                format!("give either slug or name; there is {found}"),
            ))
        }
    }
}

/// A replacement as a change: what the body leaves out is removed, but for the slug, which stays.
///
/// # Errors
/// What [`byline_entries`] gives, and a date in the future.
pub fn replacement(input: ArticleIn, text: ArticleText, now: DateTime<Utc>) -> Result<ArticleChange, InputFaults> {
    let ArticleIn {
        title,
        slug,
        subtitle,
        excerpt,
        body_markdown: _,
        authors,
        lang,
        canonical_url,
        published_at,
        status: _,
    } = input;
    Ok(ArticleChange {
        title: Some(title),
        slug,
        subtitle: Patch::replacing(subtitle),
        excerpt: Patch::replacing(excerpt),
        lang: Patch::replacing(lang),
        canonical_url: Patch::replacing(canonical_url),
        text: Some(text),
        byline: Some(byline_entries(authors)?),
        // The date of first publication is history, and a replacement that does not speak of it does not change it.
        published_at: not_in_future(published_at.map_or(Patch::Absent, Patch::Value), now)?,
        extra: None,
    })
}

/// A merge patch as a change.
///
/// # Errors
/// What [`byline_entries`] gives, and a date in the future.
pub fn patch_change(
    input: ArticlePatchIn,
    text: Option<ArticleText>,
    now: DateTime<Utc>,
) -> Result<ArticleChange, InputFaults> {
    let ArticlePatchIn {
        title,
        slug,
        subtitle,
        excerpt,
        body_markdown: _,
        authors,
        lang,
        canonical_url,
        published_at,
    } = input;
    Ok(ArticleChange {
        title: title.0,
        slug: slug.0,
        subtitle,
        excerpt,
        lang,
        canonical_url,
        text,
        byline: authors.0.map(byline_entries).transpose()?,
        published_at: not_in_future(published_at, now)?,
        extra: None,
    })
}

fn not_in_future(date: Patch<TimeText>, now: DateTime<Utc>) -> Result<Patch<DateTime<Utc>>, InputFaults> {
    match date {
        Patch::Value(TimeText(date)) if date > now => Err(InputFaults::at(
            "/published_at",
            "in-future",
            "the date lies in the future; leave it out to publish now",
        )),
        date => Ok(date.map(|TimeText(date)| date)),
    }
}

fn byline_out(byline: Vec<BylineAuthorRow>) -> Vec<BylineAuthorOut> {
    byline.into_iter().map(BylineAuthorOut::from).collect()
}

impl From<PublishedArticle<PublishedArticleRow>> for ArticleOut {
    fn from(article: PublishedArticle<PublishedArticleRow>) -> Self {
        let PublishedArticle { row, byline, thread } = article;
        let PublishedArticleRow {
            article_id,
            slug,
            revision,
            title,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            word_count,
            published_at,
            updated_at,
            body_markdown,
            body_html,
            body_text,
        } = row;
        Self {
            id: article_id.0,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            authors: byline_out(byline),
            body_markdown,
            body_html,
            body_text,
            word_count,
            reading_minutes: reading_minutes(word_count),
            revision,
            published_at: published_at.utc(),
            updated_at: updated_at.utc(),
            comments: ThreadOut::from(&thread),
        }
    }
}

impl From<PublishedArticle<PublishedSummaryRow>> for ArticleSummaryOut {
    fn from(article: PublishedArticle<PublishedSummaryRow>) -> Self {
        let PublishedArticle { row, byline, thread } = article;
        let PublishedSummaryRow {
            article_id,
            slug,
            revision,
            title,
            subtitle,
            excerpt,
            lang,
            word_count,
            published_at,
            updated_at,
        } = row;
        Self {
            id: article_id.0,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            authors: byline_out(byline),
            word_count,
            reading_minutes: reading_minutes(word_count),
            revision,
            published_at: published_at.utc(),
            updated_at: updated_at.utc(),
            comments: ThreadOut::from(&thread),
        }
    }
}

impl From<WorkingArticle> for EditorialArticleOut {
    fn from(article: WorkingArticle) -> Self {
        let WorkingArticle { row, byline, thread } = article;
        let crate::articles::article::ArticleRow {
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
            published_revision,
            published_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
            body_markdown,
            body_html,
            body_text,
            extra,
        } = row;
        Self {
            id: id.0,
            slug,
            title,
            subtitle,
            excerpt,
            derived_excerpt,
            lang,
            canonical_url,
            authors: byline_out(byline),
            body_markdown,
            body_html,
            body_text,
            word_count,
            reading_minutes: reading_minutes(word_count),
            status: ArticleStatus::of(published_revision),
            revision,
            published_revision,
            has_unpublished_changes: published_revision.is_some_and(|published| published < revision),
            published_at: published_at.map(super::super::database::timestamp::RowTime::utc),
            created_at: created_at.utc(),
            created_by: created_by.0,
            updated_at: updated_at.utc(),
            updated_by: updated_by.0,
            comments: ThreadOut::from(&thread),
            extra: serde_json::from_str(&extra).unwrap_or_else(|_damaged| serde_json::json!({})),
        }
    }
}

impl From<(ArticleSummaryRow, Vec<BylineAuthorRow>)> for EditorialArticleSummaryOut {
    fn from((row, byline): (ArticleSummaryRow, Vec<BylineAuthorRow>)) -> Self {
        let ArticleSummaryRow {
            id,
            slug,
            title,
            revision,
            published_revision,
            published_at,
            created_at,
            updated_at,
            word_count,
        } = row;
        Self {
            id: id.0,
            slug,
            title,
            authors: byline_out(byline),
            word_count,
            status: ArticleStatus::of(published_revision),
            revision,
            has_unpublished_changes: published_revision.is_some_and(|published| published < revision),
            published_at: published_at.map(super::super::database::timestamp::RowTime::utc),
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    }
}
