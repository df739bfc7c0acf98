//! Queries that gather what preflight looks at.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_notes, article_rows, articles as reads, media_uses, site};
use crate::articles::article::{ArticleFailure, ArticleRow, Ownership, Readiness};
use crate::articles::content::ArticleContent;
use crate::articles::preflight::{
    AuthorFacts, FileLink, LinkState, LinkTarget, PreflightFinding, PreflightSubject, file_links, findings, has_errors,
    site_links,
};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{article_slugs, articles, authors};
use crate::site::article_url::ArticleUrl;
use crate::state::Stamp;

/// What speaks against showing a working copy to readers, with its revision.
pub async fn preflight(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    public_url: String,
) -> Result<(ArticleRow, Vec<PreflightFinding>), ArticleFailure> {
    let (id, ownership) = target;
    let row = article_rows::find(connection, id, ownership).await?;
    let content = reads::content_of(connection, &row).await?;
    let found = inspect(connection, &row, &content, &public_url).await?;
    Ok((row, found))
}

/// Refuses an article against which an error speaks, unless an administrator said that this does not count.
pub async fn require(
    connection: &mut Connection,
    row: &ArticleRow,
    content: &ArticleContent,
    readiness: Readiness,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    if readiness == Readiness::Waived {
        return Ok(());
    }
    let found = inspect(connection, row, content, stamp.public_url()).await?;
    match has_errors(&found) {
        true => Err(ArticleFailure::NotReady(found)),
        false => Ok(()),
    }
}

async fn inspect(
    connection: &mut Connection,
    row: &ArticleRow,
    content: &ArticleContent,
    public_url: &str,
) -> Result<Vec<PreflightFinding>, Failure> {
    let site = site::load(connection).await?;
    let article_url = site.article_url.as_deref().and_then(|url| ArticleUrl::parse(url).ok());
    let links = site_links(&content.body_markdown, article_url.as_ref(), public_url);
    let slugs: Vec<String> = links.iter().map(|link| link.slug.clone()).collect();
    let subject = PreflightSubject {
        content,
        authors: author_facts(connection, content).await?,
        open_notes: article_notes::open_count(connection, row.id).await?,
        slug_holder: other_holder(connection, row.id, &content.slug).await?,
        links: &links,
        link_targets: &link_targets(connection, slugs).await?,
        missing_files: &missing_files(connection, content, public_url).await?,
        title_characters: usize::try_from(site.title_characters).unwrap_or(usize::MAX),
    };
    Ok(findings(&subject))
}

async fn author_facts(connection: &mut Connection, content: &ArticleContent) -> Result<Vec<AuthorFacts>, Failure> {
    if content.authors.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RowId> = content.authors.iter().map(|entry| RowId(entry.author)).collect();
    let rows: Vec<(RowId, String, Option<String>)> = authors::table
        .filter(authors::id.eq_any(ids))
        .select((authors::id, authors::name, authors::bio_markdown))
        .load(connection)
        .await?;
    let in_order = content.authors.iter().filter_map(|entry| {
        let (_, name, bio) = rows.iter().find(|(id, _, _)| id.0 == entry.author)?;
        Some(AuthorFacts {
            name: name.clone(),
            has_bio: bio.is_some(),
        })
    });
    Ok(in_order.collect())
}

async fn other_holder(connection: &mut Connection, article: RowId, slug: &str) -> Result<Option<Uuid>, Failure> {
    let holder: Option<RowId> = article_slugs::table
        .filter(article_slugs::slug.eq(slug.to_owned()))
        .filter(article_slugs::is_held.eq(true))
        .filter(article_slugs::article_id.ne(article))
        .select(article_slugs::article_id)
        .first(connection)
        .await
        .optional()?;
    Ok(holder.map(|holder| holder.0))
}

async fn missing_files(
    connection: &mut Connection,
    content: &ArticleContent,
    public_url: &str,
) -> Result<Vec<FileLink>, Failure> {
    let mut links = file_links(&content.body_markdown, public_url);
    let existing = media_uses::existing(connection, &links.iter().map(|link| link.file).collect()).await?;
    links.retain(|link| !existing.contains(&link.file));
    Ok(links)
}

async fn link_targets(connection: &mut Connection, slugs: Vec<String>) -> Result<Vec<LinkTarget>, Failure> {
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<(String, bool, Option<i32>)> = article_slugs::table
        .inner_join(articles::table.on(articles::id.eq(article_slugs::article_id)))
        .filter(article_slugs::slug.eq_any(slugs.clone()))
        .select((
            article_slugs::slug,
            article_slugs::was_public,
            articles::published_revision,
        ))
        .load(connection)
        .await?;
    let targets = slugs.into_iter().map(|slug| {
        let state = match known.iter().find(|(known, _, _)| *known == slug) {
            None => LinkState::Unknown,
            Some((_, true, Some(_))) => LinkState::Published,
            // An article that readers see can have a new slug that they do not know yet.
            Some(_) => LinkState::Unpublished,
        };
        LinkTarget { slug, state }
    });
    Ok(targets.collect())
}
