//! Queries about revisions.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::Duration;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_rows, articles as reads, tags};
use crate::articles::article::{ArticleFailure, ArticleRow, Belongings, Ownership, SaveKind};
use crate::articles::content::ArticleContent;
use crate::articles::revisions::revision::{ComparedRevision, RevisionRow, RevisionSummaryRow};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{preview_links, revisions, schedules};
use crate::database::timestamp::RowTime;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::site::site::SiteSettingsRow;

/// Keeps a save. A run of autosaves of one account is kept as its last one, and the oldest revisions go when the site
/// keeps only so many. One that readers see, that is scheduled, or that a preview shows, stays.
pub async fn keep(
    connection: &mut Connection,
    article: &ArticleRow,
    mut row: RevisionRow,
    site: &SiteSettingsRow,
) -> Result<(), Failure> {
    if row.kind == SaveKind::Autosave.as_str()
        && let Some(run) = run_to_fold(connection, article, &row, site).await?
    {
        row = folded(connection, article, run, row).await?;
    }
    diesel::insert_into(revisions::table)
        .values(&row)
        .execute(connection)
        .await?;
    match site.revisions_kept {
        None => Ok(()),
        Some(most) => prune(connection, article, i64::from(most), row.saved_at).await,
    }
}

/// An autosave that stands for the whole run: it tells what differs from the revision before the run, and what was said
/// last.
async fn folded(
    connection: &mut Connection,
    article: &ArticleRow,
    run: RevisionRow,
    row: RevisionRow,
) -> Result<RevisionRow, Failure> {
    let row = RevisionRow {
        began_at: run.began_at,
        ..row
    };
    if remove(connection, article, vec![run.revision], row.saved_at).await? == 0 {
        return Ok(row);
    }
    let earlier = match before(connection, article.id, row.revision).await? {
        None => None,
        Some(earlier) => newest_content(connection, article.id, vec![earlier]).await?,
    };
    Ok(row.standing_for(run, earlier.as_ref()))
}

/// A revision of an article, with what it belongs to.
pub async fn read(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    revision: i32,
) -> Result<(RevisionRow, ArticleContent, Belongings), ArticleFailure> {
    let (id, ownership) = target;
    let article = article_rows::find(connection, id, ownership).await?;
    let row = find(connection, article.id, revision).await?;
    let content = understood(&row)?;
    let belongings = reads::belongings_of(connection, &content).await?;
    Ok((row, content, belongings))
}

/// The history of an article, from a place on.
pub async fn history(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    slice: Slice,
) -> Result<Vec<RevisionSummaryRow>, ArticleFailure> {
    let (id, ownership) = target;
    let article = article_rows::find(connection, id, ownership).await?;
    Ok(list(connection, article.id, slice).await?)
}

/// Two revisions of an article, the earlier one first. Without a number, the later one is the current one, and the earlier
/// one is what readers see. When a later one is named, or readers see nothing, the earlier one is the one before the later.
pub async fn pair(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    (from, to): (Option<i32>, Option<i32>),
) -> Result<(ComparedRevision, ComparedRevision), ArticleFailure> {
    let (id, ownership) = target;
    let article = article_rows::find(connection, id, ownership).await?;
    let shown = article.published_revision.filter(|_| to.is_none());
    let to = to.unwrap_or(article.revision);
    let from = match from.or(shown) {
        Some(from) => from,
        None => before(connection, article.id, to).await?.unwrap_or(to),
    };
    let earlier = compared(connection, article.id, from).await?;
    let later = compared(connection, article.id, to).await?;
    Ok((earlier, later))
}

async fn compared(
    connection: &mut Connection,
    article: RowId,
    revision: i32,
) -> Result<ComparedRevision, ArticleFailure> {
    let content = content(connection, article, revision).await?;
    let belongings = reads::belongings_of(connection, &content).await?;
    Ok(ComparedRevision {
        revision,
        content,
        belongings,
    })
}

/// A revision, whole.
pub async fn find(connection: &mut Connection, article: RowId, revision: i32) -> Result<RevisionRow, ArticleFailure> {
    let row: Option<RevisionRow> = revisions::table
        .find((article, revision))
        .select(RevisionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.ok_or(ArticleFailure::RevisionAbsent { revision })
}

/// What a revision says.
pub async fn content(
    connection: &mut Connection,
    article: RowId,
    revision: i32,
) -> Result<ArticleContent, ArticleFailure> {
    let row = find(connection, article, revision).await?;
    Ok(of_today(connection, understood(&row)?).await?)
}

/// A content with the tags that its tags were merged into since, as the working copy has them: a merge is no change of
/// the article.
async fn of_today(connection: &mut Connection, content: ArticleContent) -> Result<ArticleContent, Failure> {
    let tags = tags::followed(connection, content.tags).await?;
    Ok(ArticleContent { tags, ..content })
}

fn understood(row: &RevisionRow) -> Result<ArticleContent, Failure> {
    ArticleContent::from_json(&row.content)
        .ok_or_else(|| Failure::Internal(format!("revision {} of {} is damaged", row.revision, row.article_id.0)))
}

/// The kept revision before another one.
async fn before(connection: &mut Connection, article: RowId, revision: i32) -> Result<Option<i32>, Failure> {
    Ok(revisions::table
        .filter(revisions::article_id.eq(article))
        .filter(revisions::revision.lt(revision))
        .order(revisions::revision.desc())
        .select(revisions::revision)
        .first(connection)
        .await
        .optional()?)
}

/// What the newest of some revisions says that is still kept.
pub async fn newest_content(
    connection: &mut Connection,
    article: RowId,
    among: Vec<i32>,
) -> Result<Option<ArticleContent>, Failure> {
    let found: Option<String> = revisions::table
        .filter(revisions::article_id.eq(article))
        .filter(revisions::revision.eq_any(among))
        .order(revisions::revision.desc())
        .select(revisions::content)
        .first(connection)
        .await
        .optional()?;
    match found.as_deref().and_then(ArticleContent::from_json) {
        None => Ok(None),
        Some(content) => Ok(Some(of_today(connection, content).await?)),
    }
}

/// Revisions by number, from a place on.
async fn list(connection: &mut Connection, article: RowId, slice: Slice) -> Result<Vec<RevisionSummaryRow>, Failure> {
    let mut query = revisions::table
        .filter(revisions::article_id.eq(article))
        .select(RevisionSummaryRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    query = match slice.order {
        SortOrder::Ascending => query.order(revisions::revision.asc()),
        SortOrder::Descending => query.order(revisions::revision.desc()),
    };
    query = match (number_after(&slice), slice.order) {
        (None, _) => query,
        (Some(last), SortOrder::Ascending) => query.filter(revisions::revision.gt(last)),
        (Some(last), SortOrder::Descending) => query.filter(revisions::revision.lt(last)),
    };
    Ok(query.load(connection).await?)
}

/// The slug of the revision that will be published by itself.
pub async fn scheduled_slug(connection: &mut Connection, article: RowId) -> Result<Option<String>, Failure> {
    let scheduled: Option<String> = schedules::table
        .inner_join(
            revisions::table.on(revisions::article_id
                .eq(schedules::article_id)
                .and(schedules::revision.eq(revisions::revision.nullable()))),
        )
        .filter(schedules::article_id.eq(article))
        .select(revisions::content)
        .first(connection)
        .await
        .optional()?;
    Ok(scheduled
        .as_deref()
        .and_then(ArticleContent::from_json)
        .map(|content| content.slug))
}

async fn run_to_fold(
    connection: &mut Connection,
    article: &ArticleRow,
    row: &RevisionRow,
    site: &SiteSettingsRow,
) -> Result<Option<RevisionRow>, Failure> {
    let window = Duration::minutes(i64::from(site.autosave_fold_minutes));
    let earliest = RowTime::from(row.saved_at.utc() - window);
    let previous: Option<RevisionRow> = revisions::table
        .filter(revisions::article_id.eq(article.id))
        .order(revisions::revision.desc())
        .select(RevisionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(previous.filter(|run| {
        run.kind == SaveKind::Autosave.as_str() && run.saved_by == row.saved_by && run.began_at > earliest
    }))
}

async fn prune(connection: &mut Connection, article: &ArticleRow, most: i64, now: RowTime) -> Result<(), Failure> {
    let newest_beyond: Option<i32> = revisions::table
        .filter(revisions::article_id.eq(article.id))
        .order(revisions::revision.desc())
        .select(revisions::revision)
        .offset(most)
        .first(connection)
        .await
        .optional()?;
    let Some(newest_beyond) = newest_beyond else {
        return Ok(());
    };
    let beyond: Vec<i32> = revisions::table
        .filter(revisions::article_id.eq(article.id))
        .filter(revisions::revision.le(newest_beyond))
        .order(revisions::revision.asc())
        .select(revisions::revision)
        .limit(PRUNED_AT_ONCE)
        .load(connection)
        .await?;
    remove(connection, article, beyond, now).await?;
    Ok(())
}

/// A save adds one revision, so this catches up quickly when the site begins to keep fewer. It is far more than there can be
/// revisions that stay however old they are, so that these never stand in the way of the others.
const PRUNED_AT_ONCE: i64 = 500;

/// Removes revisions, but for those that readers see, that are scheduled, or that a preview shows now. Tells how many went.
async fn remove(
    connection: &mut Connection,
    article: &ArticleRow,
    which: Vec<i32>,
    now: RowTime,
) -> Result<usize, Failure> {
    let scheduled = schedules::table
        .filter(schedules::article_id.eq(article.id))
        .filter(schedules::revision.is_not_null())
        .select(schedules::revision.assume_not_null());
    let previewed = preview_links::table
        .filter(preview_links::article_id.eq(article.id))
        .filter(preview_links::revoked_at.is_null())
        .filter(preview_links::expires_at.gt(now))
        .select(preview_links::revision);
    let removable = revisions::table
        .filter(revisions::article_id.eq(article.id))
        .filter(revisions::revision.eq_any(which))
        .filter(revisions::revision.ne(article.published_revision.unwrap_or_default()))
        .filter(diesel::dsl::not(revisions::revision.eq_any(scheduled)))
        .filter(diesel::dsl::not(revisions::revision.eq_any(previewed)));
    Ok(diesel::delete(removable).execute(connection).await?)
}

fn number_after(slice: &Slice) -> Option<i32> {
    match &slice.after {
        Some(place) => match place.key {
            PositionKey::Time(number) => i32::try_from(number).ok(),
            PositionKey::Text(_) => None,
        },
        None => None,
    }
}
