//! The blocks of a text on the wire.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::article::PublishedBodyRow;
use crate::articles::blocks::{Block, BlockKind};

/// The text of an article as a list of its blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleBlocksOut {
    /// The id of the article.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
    /// The revision that was published.
    #[schema(example = 3)]
    pub revision: i32,
    /// The blocks, in order.
    pub blocks: Vec<ArticleBlockOut>,
}

/// One block of a text: a paragraph, a heading, a whole list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleBlockOut {
    /// What it is.
    pub kind: BlockKind,
    /// With `heading`: the level, from 1 to 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 6, example = 2)]
    pub level: Option<u32>,
    /// With `code`: the language, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rust")]
    pub language: Option<String>,
    /// The block as sanitized HTML.
    #[schema(example = "<p>The cranes stood <em>still</em> that morning.</p>")]
    pub html: String,
    /// The block without markup. Empty where there is nothing to read.
    #[schema(example = "The cranes stood still that morning.")]
    pub text: String,
    /// With `image`: where the picture is, as the article names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/harbour.jpg")]
    pub url: Option<String>,
    /// With `image`: what it shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Two cranes at dawn")]
    pub alt: Option<String>,
}

impl ArticleBlocksOut {
    /// The blocks of a published text.
    #[must_use]
    pub fn new(row: PublishedBodyRow, blocks: Vec<Block>) -> Self {
        let PublishedBodyRow {
            article_id,
            slug,
            revision,
            body_markdown: _,
        } = row;
        Self {
            id: article_id.0,
            slug,
            revision,
            blocks: blocks.into_iter().map(ArticleBlockOut::from).collect(),
        }
    }
}

impl From<Block> for ArticleBlockOut {
    fn from(block: Block) -> Self {
        let Block {
            kind,
            level,
            language,
            html,
            text,
            url,
            alt,
        } = block;
        Self {
            kind,
            level,
            language,
            html,
            text,
            url,
            alt,
        }
    }
}
