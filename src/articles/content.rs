//! What an article says: everything that an editor writes, and nothing that the server derives from it. Revisions keep it
//! whole, and diffs, merges and restores compare it field by field.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The content of one revision. Relations are ids, so that a renamed tag or author is no change of the article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleContent {
    /// The headline.
    pub title: String,
    /// The slug.
    pub slug: String,
    /// The second headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The teaser that an editor gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// The source of the text.
    pub body_markdown: String,
    /// The authors, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<BylineContent>,
    /// The line that stands in place of the names of the authors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byline: Option<String>,
    /// The section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<Uuid>,
    /// The tags, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Uuid>,
    /// The place in a series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesContent>,
    /// Related articles, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Uuid>,
    /// The language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The article that this one is a translation of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_of: Option<Uuid>,
    /// The address of the original, when this is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical_url: Option<String>,
    /// The picture above the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<Cover>,
    /// What search engines and social networks are told.
    #[serde(default, skip_serializing_if = "Seo::is_empty")]
    pub seo: Seo,
    /// The fields of the site.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub custom: serde_json::Map<String, serde_json::Value>,
    /// The name of the article in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// The date that readers see, where an editor gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
}

/// One author of a byline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BylineContent {
    /// The author.
    pub author: Uuid,
    /// What the author did: `author`, `translator`, `photographer` and the like.
    pub role: String,
}

/// A place in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesContent {
    /// The series.
    pub series: Uuid,
    /// The place, from 1.
    pub position: i32,
}

/// The picture above the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Where the picture is.
    pub url: String,
    /// What it shows, for those who do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// The line below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
}

/// What search engines and social networks are told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seo {
    /// The title, where it is another than the headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The description, where it is another than the teaser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether search engines shall leave the article out.
    #[serde(default)]
    pub noindex: bool,
    /// The picture for social networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub social_image: Option<String>,
}

/// The name of an article in another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalId {
    /// The system.
    pub source: String,
    /// The id there.
    pub id: String,
}

/// The part of the content that has no column of its own in the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleDetails {
    /// The line that stands in place of the names of the authors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byline: Option<String>,
    /// The picture above the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<Cover>,
    /// What search engines and social networks are told.
    #[serde(default, skip_serializing_if = "Seo::is_empty")]
    pub seo: Seo,
    /// The fields of the site.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub custom: serde_json::Map<String, serde_json::Value>,
    /// Related articles, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Uuid>,
}

impl ArticleContent {
    /// The content as a revision keeps it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with text for keys, and nothing that can fail: an empty text would be read back as damaged.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The content that a revision keeps; `None` when it is damaged.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl ArticleDetails {
    /// As the column holds it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_unwritable| "{}".to_owned())
    }

    /// What the column says; a damaged one says nothing.
    #[must_use]
    pub fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl Seo {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
