//! Articles on the wire.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::article::{ArticleRefRow, BylineRow, SectionRefRow, SeriesRefRow, TagRefRow};
use crate::articles::content::{Cover, ExternalId, Seo};

pub mod blocks;
pub mod input;
pub mod newsroom;
pub mod queries;
pub mod reader;

/// An author in a byline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BylineAuthorOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "ada-lovelace")]
    pub slug: String,
    /// The name.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// What the author did: `author`, `translator`, `photographer` and the like.
    #[schema(example = "author")]
    pub role: String,
}

/// The section of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleSectionOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "local")]
    pub slug: String,
    /// The name.
    #[schema(example = "Local news")]
    pub name: String,
    /// The slugs of the section and of all above it, from the top.
    #[schema(example = "news/local")]
    pub path: String,
}

/// A tag of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleTagOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "harbours")]
    pub slug: String,
    /// The name.
    #[schema(example = "Harbours")]
    pub name: String,
}

/// The place of an article in a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleSeriesOut {
    /// The id of the series.
    pub id: Uuid,
    /// The slug of the series.
    #[schema(example = "a-year-at-sea")]
    pub slug: String,
    /// The title of the series.
    #[schema(example = "A year at sea")]
    pub title: String,
    /// The place, from 1.
    #[schema(example = 3)]
    pub position: i32,
}

/// A published article that another one points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleRefOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "the-last-crane")]
    pub slug: String,
    /// The headline.
    #[schema(example = "The last crane")]
    pub title: String,
    /// The language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "de")]
    pub lang: Option<String>,
}

/// The picture above the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverOut {
    /// Where the picture is.
    #[schema(example = "https://example.org/harbour.jpg")]
    pub url: String,
    /// What it shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Two cranes at dawn")]
    pub alt: Option<String>,
    /// The line below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The harbour at five in the morning.")]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Photo: Grace Hopper")]
    pub credit: Option<String>,
}

/// What search engines and social networks are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeoOut {
    /// The title, where it is another than the headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "A walk through the harbour at dawn")]
    pub title: Option<String>,
    /// The description, where it is another than the teaser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "What is left of the harbour when the ships are gone.")]
    pub description: Option<String>,
    /// Whether search engines shall leave the article out.
    #[schema(example = false)]
    pub noindex: bool,
    /// The picture for social networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/harbour-wide.jpg")]
    pub social_image: Option<String>,
}

/// The name of an article in another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExternalIdOut {
    /// The system.
    #[schema(example = "wordpress")]
    pub source: String,
    /// The id there.
    #[schema(example = "4711")]
    pub id: String,
}

impl From<BylineRow> for BylineAuthorOut {
    fn from(row: BylineRow) -> Self {
        let BylineRow { author, role } = row;
        Self {
            id: author.id.0,
            slug: author.slug,
            name: author.name,
            role,
        }
    }
}

impl From<SectionRefRow> for ArticleSectionOut {
    fn from(row: SectionRefRow) -> Self {
        let SectionRefRow { id, slug, name, path } = row;
        Self {
            id: id.0,
            slug,
            name,
            path,
        }
    }
}

impl From<TagRefRow> for ArticleTagOut {
    fn from(row: TagRefRow) -> Self {
        let TagRefRow { id, slug, name } = row;
        Self { id: id.0, slug, name }
    }
}

impl From<ArticleRefRow> for ArticleRefOut {
    fn from(row: ArticleRefRow) -> Self {
        let ArticleRefRow {
            article_id,
            slug,
            title,
            lang,
        } = row;
        Self {
            id: article_id.0,
            slug,
            title,
            lang,
        }
    }
}

impl From<Cover> for CoverOut {
    fn from(cover: Cover) -> Self {
        let Cover {
            url,
            alt,
            caption,
            credit,
        } = cover;
        Self {
            url,
            alt,
            caption,
            credit,
        }
    }
}

impl From<ExternalId> for ExternalIdOut {
    fn from(name: ExternalId) -> Self {
        let ExternalId { source, id } = name;
        Self { source, id }
    }
}

impl SeoOut {
    /// What is told, if anything is.
    #[must_use]
    pub fn told(seo: Seo) -> Option<Self> {
        let is_empty = seo.is_empty();
        let Seo {
            title,
            description,
            noindex,
            social_image,
        } = seo;
        (!is_empty).then_some(Self {
            title,
            description,
            noindex,
            social_image,
        })
    }
}

impl ArticleSeriesOut {
    /// A place in a series.
    #[must_use]
    pub fn placed(series: Option<SeriesRefRow>, position: Option<i32>) -> Option<Self> {
        let SeriesRefRow { id, slug, title } = series?;
        Some(Self {
            id: id.0,
            slug,
            title,
            position: position?,
        })
    }
}

/// Rows as they are on the wire.
#[must_use]
pub fn all<R, O: From<R>>(rows: Vec<R>) -> Vec<O> {
    rows.into_iter().map(O::from).collect()
}
