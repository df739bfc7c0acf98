//! Queries that change what readers see of an article: the snapshot is written whole, or taken away.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;

use super::{
    Connection, RunQueryDsl, article_rows, article_slugs, article_transitions, audit, authors, corrections, media_uses,
    readiness, tags, thread_states,
};
use crate::articles::article::{
    ArticleFailure, ArticleRow, Publication, Readiness, ScheduleChange, ScheduleRow, WorkingArticle,
};
use crate::articles::content::ArticleContent;
use crate::articles::lifecycle::{ArticleState, Standing, Step};
use crate::articles::transitions::transition::{MadeBy, NewTransition, ReviewNote};
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{published_articles, published_bylines, published_tags, schedules};
use crate::database::timestamp::RowTime;
use crate::media::uses::{self, MediaUser};
use crate::state::Stamp;

/// Shows the working copy to readers if a save asks for it, which is a step of its life like any other.
pub async fn show_if_asked(
    connection: &mut Connection,
    row: &mut ArticleRow,
    content: &ArticleContent,
    publication: Publication,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let Publication::Immediate(readiness) = publication else {
        return Ok(());
    };
    let (before, after) = (row.standing(), row.standing().after(Step::Publish)?);
    show_current(connection, row, content, readiness, stamp).await?;
    stand(row, after);
    article_rows::write(connection, row).await?;
    record(connection, row, (Step::Publish, before), None, MadeBy::Request, stamp).await
}

/// Shows the working copy to readers. What was scheduled for later is done with that. The caller stores the row.
pub async fn show_current(
    connection: &mut Connection,
    row: &mut ArticleRow,
    content: &ArticleContent,
    readiness: Readiness,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    readiness::require(connection, row, content, readiness, stamp).await?;
    call_off_publication(connection, row.id).await?;
    let shown = row.clone();
    show(connection, row, shown, (content, stamp.now.into()), stamp).await
}

/// Writes the snapshot of `shown`, which is the working copy or an earlier revision of it. The caller stores the row.
pub async fn show(
    connection: &mut Connection,
    row: &mut ArticleRow,
    shown: ArticleRow,
    (content, at): (&ArticleContent, RowTime),
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    follow_files(connection, row, content, stamp).await?;
    let published_at = shown.published_at.unwrap_or(at);
    // Another date that the working copy was given since counts from its own publication on.
    if row.dated_at == shown.dated_at {
        row.published_at = Some(published_at);
    }
    row.published_revision = Some(shown.revision);
    let tag_count = i32::try_from(content.tags.len()).unwrap_or(i32::MAX);
    let corrections = corrections::as_json(connection, row.id).await?;
    let mut snapshot = shown.snapshot(published_at, at, tag_count, corrections);
    snapshot.translation_of = root_of_group(connection, &shown).await?;
    diesel::delete(published_articles::table.find(row.id))
        .execute(connection)
        .await?;
    diesel::insert_into(published_articles::table)
        .values(&snapshot)
        .execute(connection)
        .await?;
    thread_states::keep_after_publication(connection, row.id, published_at, shown.section_id).await?;
    show_byline(connection, row.id, content, published_at).await?;
    show_tags(connection, row.id, content, published_at).await?;
    article_slugs::mark_public(connection, &shown.slug).await?;
    article_slugs::release(connection, row).await?;
    Ok(())
}

/// The date that readers see.
pub async fn date_shown(connection: &mut Connection, article: RowId) -> Result<Option<RowTime>, Failure> {
    Ok(published_articles::table
        .find(article)
        .select(published_articles::published_at)
        .first(connection)
        .await
        .optional()?)
}

/// Says that what readers see is the current revision of the working copy, which says the same as the one it was made of.
pub async fn call_shown(
    connection: &mut Connection,
    mut article: WorkingArticle,
) -> Result<WorkingArticle, ArticleFailure> {
    let revision = article.row.revision;
    article.row.published_revision = Some(revision);
    article_rows::write(connection, &article.row).await?;
    diesel::update(published_articles::table.find(article.row.id))
        .set(published_articles::revision.eq(revision))
        .execute(connection)
        .await?;
    Ok(article)
}

/// Takes an article away from readers. What is scheduled for later stays, with its end. The caller stores the row.
pub async fn hide(connection: &mut Connection, row: &mut ArticleRow) -> Result<(), ArticleFailure> {
    if row.published_revision.take().is_some() {
        media_uses::forget(connection, MediaUser::PublishedArticle(row.id)).await?;
    }
    diesel::delete(published_articles::table.find(row.id))
        .execute(connection)
        .await?;
    thread_states::forget_closing(connection, row.id).await?;
    diesel::delete(schedules::table.find(row.id).filter(schedules::publish_at.is_null()))
        .execute(connection)
        .await?;
    article_slugs::release(connection, row).await?;
    Ok(())
}

/// Sets the times of a schedule; those that the change leaves out stay.
pub async fn schedule(
    connection: &mut Connection,
    row: &ArticleRow,
    content: &ArticleContent,
    change: ScheduleChange,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let ScheduleChange {
        publish_at,
        unpublish_at,
        readiness,
    } = change;
    if publish_at.is_some() {
        readiness::require(connection, row, content, readiness, stamp).await?;
    }
    let current = find_schedule(connection, row.id).await?;
    let (old_revision, old_start, old_end) = match current {
        None => (None, None, None),
        Some(current) => (current.revision, current.publish_at, current.unpublish_at),
    };
    let next = ScheduleRow {
        article_id: row.id,
        revision: publish_at.map(|_| row.revision).or(old_revision),
        publish_at: publish_at.map(RowTime::from).or(old_start),
        unpublish_at: unpublish_at.map(RowTime::from).or(old_end),
        set_at: stamp.now.into(),
        set_by: RowId(stamp.account_id),
    };
    refuse_wrong_order(&next, publish_at, stamp)?;
    call_off(connection, row.id).await?;
    diesel::insert_into(schedules::table)
        .values(&next)
        .execute(connection)
        .await?;
    article_slugs::release(connection, row).await?;
    Ok(())
}

/// What will happen to an article by itself.
pub async fn find_schedule(connection: &mut Connection, article: RowId) -> Result<Option<ScheduleRow>, Failure> {
    Ok(schedules::table
        .find(article)
        .select(ScheduleRow::as_select())
        .first(connection)
        .await
        .optional()?)
}

/// Calls off whatever is scheduled.
pub async fn call_off(connection: &mut Connection, article: RowId) -> Result<(), Failure> {
    diesel::delete(schedules::table.find(article))
        .execute(connection)
        .await?;
    Ok(())
}

/// Calls off a publication that is scheduled; an end stays.
pub async fn call_off_publication(connection: &mut Connection, article: RowId) -> Result<(), Failure> {
    diesel::delete(schedules::table.find(article).filter(schedules::unpublish_at.is_null()))
        .execute(connection)
        .await?;
    diesel::update(schedules::table.find(article))
        .set((
            schedules::revision.eq(None::<i32>),
            schedules::publish_at.eq(None::<RowTime>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Calls off an end that is scheduled; a publication stays.
pub async fn call_off_end(connection: &mut Connection, article: RowId) -> Result<(), Failure> {
    diesel::delete(schedules::table.find(article).filter(schedules::publish_at.is_null()))
        .execute(connection)
        .await?;
    diesel::update(schedules::table.find(article))
        .set(schedules::unpublish_at.eq(None::<RowTime>))
        .execute(connection)
        .await?;
    Ok(())
}

/// Says where the article stands after a step. The caller stores the row.
pub fn stand(row: &mut ArticleRow, after: Standing) {
    after.state.as_str().clone_into(&mut row.state);
}

/// Puts a step that was taken on record: in the life of the article, and in the audit log.
pub async fn record(
    connection: &mut Connection,
    row: &ArticleRow,
    (step, before): (Step, Standing),
    note: Option<ReviewNote>,
    made_by: MadeBy,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let taken = NewTransition {
        article: row.id,
        step,
        from: before.state,
        to: ArticleState::from_name(&row.state).unwrap_or(before.state),
        // What was scheduled can be older than the working copy.
        revision: match step {
            Step::Publish => row.published_revision.unwrap_or(row.revision),
            _ => row.revision,
        },
        note,
        made_by,
    };
    let (from, to, revision) = (taken.from, taken.to, taken.revision);
    article_transitions::record(connection, taken, stamp).await?;
    let Some(action) = step.recorded_as() else {
        return Ok(());
    };
    let act = Act::on(action, row.id.0)
        .called(row.slug.clone())
        .between(Some(revision), Some(revision))
        .with(json!({"from": from.as_str(), "to": to.as_str()}));
    Ok(audit::record(connection, act, stamp).await?)
}

/// A start that was set before may be due by now, and is carried out in a moment; a new one lies in the future.
fn refuse_wrong_order(
    schedule: &ScheduleRow,
    new_start: Option<DateTime<Utc>>,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let now = RowTime::from(stamp.now);
    if new_start.is_some_and(|at| at <= stamp.now) {
        return Err(ArticleFailure::ScheduleInvalid {
            member: "publish_at",
            detail: "it does not lie in the future; to publish now, use …/publish",
        });
    }
    let earliest_end = schedule.publish_at.map_or(now, |start| start.max(now));
    match schedule.unpublish_at.is_some_and(|at| at <= earliest_end) {
        false => Ok(()),
        true => Err(ArticleFailure::ScheduleInvalid {
            member: "unpublish_at",
            detail: "it does not lie after publish_at and in the future; to take the article away now, use …/unpublish",
        }),
    }
}

/// The root of the translations that a snapshot belongs to. The original of a group names itself, so that an article
/// without a root has no translations and its readers ask for none.
async fn root_of_group(connection: &mut Connection, shown: &ArticleRow) -> Result<Option<RowId>, Failure> {
    if let Some(root) = shown.translation_of {
        let original = published_articles::table
            .find(root)
            .filter(published_articles::translation_of.is_null());
        diesel::update(original)
            .set(published_articles::translation_of.eq(root))
            .execute(connection)
            .await?;
        return Ok(Some(root));
    }
    // A translation that readers do not see yet tells the original when it is published.
    let follower: Option<RowId> = published_articles::table
        .filter(published_articles::translation_of.eq(shown.id))
        .filter(published_articles::article_id.ne(shown.id))
        .select(published_articles::article_id)
        .first(connection)
        .await
        .optional()?;
    Ok(follower.map(|_| shown.id))
}

/// Notes which files readers will see. The row still says whether they saw something before, which may have used some.
async fn follow_files(
    connection: &mut Connection,
    row: &ArticleRow,
    content: &ArticleContent,
    stamp: &Stamp,
) -> Result<(), Failure> {
    let uses = uses::of_article(content, stamp.public_url());
    match uses.is_empty() && row.published_revision.is_none() {
        true => Ok(()),
        false => media_uses::replace(connection, MediaUser::PublishedArticle(row.id), &uses).await,
    }
}

async fn show_byline(
    connection: &mut Connection,
    article: RowId,
    content: &ArticleContent,
    published_at: RowTime,
) -> Result<(), Failure> {
    if content.authors.is_empty() {
        return Ok(());
    }
    let entries: Vec<_> = (0_i32..)
        .zip(&content.authors)
        .map(|(position, entry)| {
            (
                published_bylines::article_id.eq(article),
                published_bylines::position.eq(position),
                published_bylines::author_id.eq(RowId(entry.author)),
                published_bylines::published_at.eq(published_at),
                published_bylines::role.eq(entry.role.clone()),
            )
        })
        .collect();
    diesel::insert_into(published_bylines::table)
        .values(entries)
        .execute(connection)
        .await?;
    let ids: Vec<RowId> = content.authors.iter().map(|entry| RowId(entry.author)).collect();
    authors::make_public(connection, &ids).await
}

async fn show_tags(
    connection: &mut Connection,
    article: RowId,
    content: &ArticleContent,
    published_at: RowTime,
) -> Result<(), Failure> {
    if content.tags.is_empty() {
        return Ok(());
    }
    let ids: Vec<RowId> = content.tags.iter().copied().map(RowId).collect();
    let entries: Vec<_> = (0_i32..)
        .zip(&ids)
        .map(|(position, tag)| {
            (
                published_tags::article_id.eq(article),
                published_tags::position.eq(position),
                published_tags::tag_id.eq(*tag),
                published_tags::published_at.eq(published_at),
            )
        })
        .collect();
    diesel::insert_into(published_tags::table)
        .values(entries)
        .execute(connection)
        .await?;
    tags::make_public(connection, &ids).await
}
