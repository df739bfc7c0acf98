//! Articles, as readers see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::article::{Belongings, PublishedArticle, PublishedArticleRow, PublishedSummaryRow};
use crate::articles::content::ArticleDetails;
use crate::articles::corrections::views::{CorrectionOut, published_corrections};
use crate::articles::views::{
    ArticleRefOut, ArticleSectionOut, ArticleSeriesOut, ArticleTagOut, BylineAuthorOut, CoverOut, SeoOut, all,
};
use crate::comments::views::ThreadOut;
use crate::http::page::PageInfo;
use crate::http::times;
use crate::markup::reading_minutes;

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
    /// The line to show in place of the names of the authors, where an editor gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "By our correspondents")]
    pub byline: Option<String>,
    /// The section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<ArticleSectionOut>,
    /// The tags, in order.
    pub tags: Vec<ArticleTagOut>,
    /// The place in a series.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub series: Option<ArticleSeriesOut>,
    /// Related articles that are published, in order.
    pub related: Vec<ArticleRefOut>,
    /// The same article in other languages, as far as they are published.
    pub translations: Vec<ArticleRefOut>,
    /// The picture above the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cover: Option<CoverOut>,
    /// What search engines and social networks are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seo: Option<SeoOut>,
    /// The fields of the site.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub custom: Map<String, Value>,
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
    /// When this revision was published, or a correction was added.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// What was wrong and was put right, the newest first.
    pub corrections: Vec<CorrectionOut>,
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
    /// The line to show in place of the names of the authors, where an editor gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "By our correspondents")]
    pub byline: Option<String>,
    /// The section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<ArticleSectionOut>,
    /// The tags, in order.
    pub tags: Vec<ArticleTagOut>,
    /// The picture above the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cover: Option<CoverOut>,
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
    /// When this revision was published, or a correction was added.
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

impl From<PublishedArticle<PublishedArticleRow>> for ArticleOut {
    fn from(article: PublishedArticle<PublishedArticleRow>) -> Self {
        let PublishedArticle {
            row,
            details,
            belongings,
            related,
            translations,
            thread,
        } = article;
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
            section_id: _,
            series_id: _,
            series_position,
            translation_of: _,
            tag_count: _,
            details: _,
            corrections,
        } = row;
        let ArticleDetails {
            byline,
            cover,
            seo,
            custom,
            related: _,
        } = details;
        let Belongings {
            byline: authors,
            tags,
            section,
            series,
        } = belongings;
        Self {
            id: article_id.0,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            authors: all(authors),
            byline,
            section: section.map(ArticleSectionOut::from),
            tags: all(tags),
            series: ArticleSeriesOut::placed(series, series_position),
            related: all(related),
            translations: all(translations),
            cover: cover.map(CoverOut::from),
            seo: SeoOut::told(seo),
            custom,
            body_markdown,
            body_html,
            body_text,
            word_count,
            reading_minutes: reading_minutes(word_count),
            revision,
            published_at: published_at.utc(),
            updated_at: updated_at.utc(),
            corrections: published_corrections(&corrections),
            comments: ThreadOut::from(&thread),
        }
    }
}

impl From<PublishedArticle<PublishedSummaryRow>> for ArticleSummaryOut {
    fn from(article: PublishedArticle<PublishedSummaryRow>) -> Self {
        let PublishedArticle {
            row,
            details,
            belongings,
            related: _,
            translations: _,
            thread,
        } = article;
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
            section_id: _,
            tag_count: _,
            details: _,
        } = row;
        let Belongings {
            byline: authors,
            tags,
            section,
            series: _,
        } = belongings;
        Self {
            id: article_id.0,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            authors: all(authors),
            byline: details.byline,
            section: section.map(ArticleSectionOut::from),
            tags: all(tags),
            cover: details.cover.map(CoverOut::from),
            word_count,
            reading_minutes: reading_minutes(word_count),
            revision,
            published_at: published_at.utc(),
            updated_at: updated_at.utc(),
            comments: ThreadOut::from(&thread),
        }
    }
}
