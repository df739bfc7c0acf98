//! Queries by which a preview link is read: a revision in the shape in which readers would see it.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{
    Connection, RunQueryDsl, article_access, article_rows, articles as reads, corrections, preview_links, references,
    revisions,
};
use crate::articles::access::AccessFailure;
use crate::articles::article::{
    ArticleFailure, ArticleRow, ArticleText, Ownership, PublishedArticle, PublishedArticleRow,
};
use crate::articles::content::ArticleContent;
use crate::articles::lifecycle::ArticleState;
use crate::articles::previews::preview_link::PreviewLinkLookup;
use crate::articles::previews::preview_reading::PreviewReadFailure;
use crate::comments::comment::ThreadRow;
use crate::database::failure::Failure;
use crate::database::schema::threads;
use crate::database::timestamp::RowTime;
use crate::markup::{Policy, Rendered};

/// What a link to an article shows.
pub async fn read(
    connection: &mut Connection,
    (article, link): (Uuid, Uuid),
    public_url: String,
    now: RowTime,
) -> Result<PublishedArticle<PublishedArticleRow>, PreviewReadFailure> {
    let (article, revision) = match preview_links::usable(connection, link, now).await? {
        PreviewLinkLookup::Usable { article, revision } => (article, revision),
        PreviewLinkLookup::Expired => return Err(PreviewReadFailure::Expired),
        PreviewLinkLookup::Revoked => return Err(PreviewReadFailure::Revoked),
        PreviewLinkLookup::Absent => return Err(absence(connection, article).await?),
    };
    let row = article_rows::find(connection, article.0, Ownership::Any).await?;
    if row.standing().state == ArticleState::Trashed {
        return Err(PreviewReadFailure::Trashed);
    }
    let wanted = revisions::content(connection, row.id, revision).await?;
    let content = references::without_what_is_gone(connection, wanted, &public_url).await?;
    Ok(as_published(connection, row, revision, content, now).await?)
}

/// Why a link is not there: an article that is gone for good took its links along.
async fn absence(connection: &mut Connection, article: Uuid) -> Result<PreviewReadFailure, Failure> {
    Ok(match article_access::absence(connection, article).await? {
        AccessFailure::Absent => PreviewReadFailure::Absent,
        gone => PreviewReadFailure::Article(gone.into()),
    })
}

async fn as_published(
    connection: &mut Connection,
    mut row: ArticleRow,
    revision: i32,
    content: ArticleContent,
    now: RowTime,
) -> Result<PublishedArticle<PublishedArticleRow>, ArticleFailure> {
    let text = match content.body_markdown == row.body_markdown {
        true => None,
        false => Some(ArticleText::new(Rendered::new(
            content.body_markdown.clone(),
            Policy::Article,
        ))),
    };
    row.say(content.clone(), text);
    row.revision = revision;
    let corrections = corrections::as_json(connection, row.id).await?;
    let tag_count = i32::try_from(content.tags.len()).unwrap_or(i32::MAX);
    let published_at = row.published_at.unwrap_or(now);
    let snapshot = row.snapshot(published_at, row.updated_at, tag_count, corrections);
    let thread: ThreadRow = threads::table
        .find(row.id)
        .select(ThreadRow::as_select())
        .first(connection)
        .await?;
    Ok(PublishedArticle {
        details: row.details(),
        belongings: reads::belongings_of(connection, &content).await?,
        related: reads::related_to(connection, &content.related).await?,
        translations: reads::translations_of(connection, row.id, Some(row.translation_of.unwrap_or(row.id))).await?,
        row: snapshot,
        thread,
    })
}
