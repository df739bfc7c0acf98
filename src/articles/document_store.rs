//! Queries by which an article is given as a document: what it says, with its thread and what is told about its authors.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;

use super::{Connection, RunQueryDsl, article_access, articles as reads, authors, comments, mentions};
use crate::articles::article::{ArticleLookup, ArticleRow, BylineRow, Ownership};
use crate::articles::document_texts::{
    Companions, MOST_COMMENTS, MOST_MENTIONS, PublishedText, PublishedTextLookup, WorkingText,
};
use crate::articles::document_views::DocumentFormat;
use crate::comments::comment::ThreadRow;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::articles;
use crate::slug::Slug;

/// A published article by its slug, or where it went.
pub async fn published(
    connection: &mut Connection,
    slug: Slug,
    format: DocumentFormat,
) -> Result<PublishedTextLookup, Failure> {
    let article = match reads::find_published_by_slug(connection, slug).await? {
        ArticleLookup::Found(article) => article,
        ArticleLookup::Moved(current) => return Ok(PublishedTextLookup::Moved(current)),
        ArticleLookup::Absent => return Ok(PublishedTextLookup::Absent),
    };
    let companions = companions(connection, &article.belongings.byline, &article.thread, format).await?;
    Ok(PublishedTextLookup::Found(Box::new(PublishedText {
        article: *article,
        companions,
    })))
}

/// A working copy by its slug.
pub async fn working(
    connection: &mut Connection,
    slug: Slug,
    ownership: Ownership,
    format: DocumentFormat,
) -> Result<Option<WorkingText>, Failure> {
    let Some(row) = working_row(connection, slug, ownership).await? else {
        return Ok(None);
    };
    let article = reads::assembled(connection, row).await?;
    let companions = companions(connection, &article.belongings.byline, &article.thread, format).await?;
    Ok(Some(WorkingText { article, companions }))
}

/// The row of a working copy by its slug.
pub async fn working_row(
    connection: &mut Connection,
    slug: Slug,
    ownership: Ownership,
) -> Result<Option<ArticleRow>, Failure> {
    let row: Option<ArticleRow> = articles::table
        .filter(articles::slug.eq(slug.into_string()))
        .select(ArticleRow::as_select())
        .first(connection)
        .await
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let is_within_reach = article_access::is_within_reach(connection, ownership, row.maker()).await?;
    Ok(is_within_reach.then_some(row))
}

async fn companions(
    connection: &mut Connection,
    byline: &[BylineRow],
    thread: &ThreadRow,
    format: DocumentFormat,
) -> Result<Companions, Failure> {
    let (comments, mentions) = match thread.state().is_shown() {
        true => (
            comments::approved(connection, thread.article_id, MOST_COMMENTS).await?,
            mentions::approved(connection, thread.article_id, MOST_MENTIONS).await?,
        ),
        false => (Vec::new(), Vec::new()),
    };
    let bios = match format {
        // Authors are changed at their own address, so that the file to edit does not have what cannot be edited in it.
        DocumentFormat::Markdown => Vec::new(),
        DocumentFormat::Plain => {
            let ids: Vec<RowId> = byline.iter().map(|entry| entry.author.id).collect();
            authors::bios(connection, ids).await?
        }
    };
    Ok(Companions {
        comments,
        mentions,
        bios,
    })
}
