//! Queries about who holds which slug. A slug is held while the working copy, the snapshot or a scheduled revision uses it;
//! afterwards it redirects, or is free again if readers never saw it.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;

use super::{Connection, RunQueryDsl, revisions};
use crate::articles::article::{ArticleFailure, ArticleRow};
use crate::conflict::{SlugConflict, alternatives, first_free};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{article_slugs, published_articles};
use crate::slug::Slug;
use crate::state::Stamp;

/// Refuses a slug that another article uses now.
pub async fn refuse_held(
    connection: &mut Connection,
    slug: &Slug,
    article: RowId,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let holder: Option<RowId> = article_slugs::table
        .filter(article_slugs::slug.eq(slug.as_str()))
        .filter(article_slugs::is_held.eq(true))
        .select(article_slugs::article_id)
        .first(connection)
        .await
        .optional()?;
    match holder.filter(|holder| *holder != article) {
        None => Ok(()),
        Some(holder) => Err(conflict(connection, slug.clone(), holder, stamp).await?),
    }
}

/// Takes a slug that is free, only redirects, or is the article's own.
pub async fn claim(
    connection: &mut Connection,
    slug: &Slug,
    article: RowId,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let claim = (
        article_slugs::slug.eq(slug.as_str()),
        article_slugs::article_id.eq(article),
        article_slugs::is_held.eq(true),
        article_slugs::was_public.eq(false),
    );
    let claimed = diesel::insert_into(article_slugs::table)
        .values(claim)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if claimed == 1 {
        return Ok(());
    }
    let row = article_slugs::table.find(slug.as_str().to_owned());
    let taken_up_again = diesel::update(row.clone().filter(article_slugs::article_id.eq(article)))
        .set(article_slugs::is_held.eq(true))
        .execute(connection)
        .await?;
    if taken_up_again == 1 {
        return Ok(());
    }
    let taken_over = diesel::update(row.filter(article_slugs::is_held.eq(false)))
        .set(claim)
        .execute(connection)
        .await?;
    match taken_over {
        1 => Ok(()),
        _ => Err(lost_race(connection, slug, article, stamp).await),
    }
}

/// Why a slug that was free a moment ago cannot be had: who took it or, if they let it go again, that trying again helps.
pub async fn lost_race(connection: &mut Connection, slug: &Slug, article: RowId, stamp: &Stamp) -> ArticleFailure {
    match refuse_held(connection, slug, article, stamp).await {
        Err(failure) => failure,
        Ok(()) => Failure::Busy("another article had the slug in this moment".into()).into(),
    }
}

/// Says that readers use a slug, so that it redirects when it is given up.
pub async fn mark_public(connection: &mut Connection, slug: &str) -> Result<(), Failure> {
    diesel::update(article_slugs::table.find(slug.to_owned()))
        .set(article_slugs::was_public.eq(true))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether readers ever saw an article under a slug that is still its own.
pub async fn was_public(connection: &mut Connection, article: RowId) -> Result<bool, Failure> {
    let seen: Option<String> = article_slugs::table
        .filter(article_slugs::article_id.eq(article))
        .filter(article_slugs::was_public.eq(true))
        .select(article_slugs::slug)
        .first(connection)
        .await
        .optional()?;
    Ok(seen.is_some())
}

/// Lets go of the slugs that neither the working copy nor readers nor a scheduled revision use. One that readers used
/// redirects from now on; one that they never saw is free again.
pub async fn release(connection: &mut Connection, row: &ArticleRow) -> Result<(), Failure> {
    let published: Option<String> = published_articles::table
        .filter(published_articles::article_id.eq(row.id))
        .select(published_articles::slug)
        .first(connection)
        .await
        .optional()?;
    let scheduled = revisions::scheduled_slug(connection, row.id).await?;
    let in_use: Vec<String> = [Some(row.slug.clone()), published, scheduled]
        .into_iter()
        .flatten()
        .collect();
    let idle = article_slugs::table
        .filter(article_slugs::article_id.eq(row.id))
        .filter(article_slugs::is_held.eq(true))
        .filter(diesel::dsl::not(article_slugs::slug.eq_any(in_use)));
    diesel::delete(idle.clone().filter(article_slugs::was_public.eq(false)))
        .execute(connection)
        .await?;
    diesel::update(idle)
        .set(article_slugs::is_held.eq(false))
        .execute(connection)
        .await?;
    Ok(())
}

/// The refusal of a slug that another article holds, with one that is free.
pub async fn conflict(
    connection: &mut Connection,
    wanted: Slug,
    holder: RowId,
    stamp: &Stamp,
) -> Result<ArticleFailure, Failure> {
    let candidates: Vec<String> = alternatives(&wanted).into_iter().map(Slug::into_string).collect();
    let taken: Vec<String> = article_slugs::table
        .filter(article_slugs::slug.eq_any(candidates))
        .select(article_slugs::slug)
        .load(connection)
        .await?;
    let suggestion = first_free(&wanted, &taken, stamp.new_id());
    Ok(ArticleFailure::SlugTaken(SlugConflict {
        wanted,
        conflicting_id: holder.0,
        suggestion,
    }))
}
