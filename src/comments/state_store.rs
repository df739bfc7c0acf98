//! Queries that open and close threads, and keep when each closes by itself.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, DAY, RunQueryDsl, audit, comments, site};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::comments::comment::{CommentFailure, ThreadRow, ThreadState};
use crate::comments::thread_state::{
    ClosingContext, ClosingRule, RuleSource, RuledThread, ThreadChange, ThreadNote, ThreadTransitionRow,
};
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{articles, published_articles, sections, thread_transitions, threads};
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::sections::tree::TreePlace;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The thread of an article, with the rule by which it closes.
pub async fn find(connection: &mut Connection, article: Uuid) -> Result<Option<RuledThread>, Failure> {
    let Some(row) = comments::find_thread(connection, article).await? else {
        return Ok(None);
    };
    ruled(connection, row).await.map(Some)
}

/// Changes a thread.
pub async fn update(
    connection: &mut Connection,
    article: Uuid,
    expected: Expected,
    change: ThreadChange,
    stamp: Stamp,
) -> Result<RuledThread, CommentFailure> {
    let row = comments::lock_thread(connection, RowId(article))
        .await?
        .ok_or(CommentFailure::Absent)?;
    if !expected.allows(row.revision) {
        let changed_at = row.updated_at.utc();
        return Err(CommentFailure::Stale(StaleRevision {
            revision: row.revision,
            changed_by: None,
            changed_at,
        }));
    }
    let row = change_held(connection, row, change, &stamp).await?;
    Ok(ruled(connection, row).await?)
}

/// Changes a thread as a document says.
pub async fn apply(
    connection: &mut Connection,
    article: RowId,
    change: ThreadChange,
    stamp: &Stamp,
) -> Result<(), Failure> {
    let row = comments::lock_thread(connection, article)
        .await?
        .ok_or_else(|| Failure::Internal("an article has no thread".into()))?;
    match change_held(connection, row, change, stamp).await {
        Ok(_row) => Ok(()),
        Err(CommentFailure::Database(failure)) => Err(failure),
        Err(refusal) => Err(Failure::Internal(format!("a thread is not changed: {refusal:?}"))),
    }
}

/// Changes a thread that the caller holds. A change that says what the thread says already is none.
async fn change_held(
    connection: &mut Connection,
    row: ThreadRow,
    change: ThreadChange,
    stamp: &Stamp,
) -> Result<ThreadRow, CommentFailure> {
    let context = match change.concerns_closing() {
        true => Some(context(connection, row.article_id).await?),
        false => None,
    };
    let after = row
        .changed(&change, context.as_ref(), stamp.now)
        .map_err(|_closes_at_once| CommentFailure::ClosesAtOnce)?;
    match after == row {
        true => Ok(row),
        false => Ok(store(connection, &row, after, change.note, stamp).await?),
    }
}

/// Closes a thread if its time has come, and tells whether it did. The row is held before it is looked at, so that any number
/// of instances does it once.
pub async fn close_if_due(connection: &mut Connection, article: Uuid, stamp: Stamp) -> Result<bool, Failure> {
    let Some(row) = comments::lock_thread(connection, RowId(article)).await? else {
        return Ok(false);
    };
    let Some(after) = row.closed_by_age(stamp.now) else {
        return Ok(false);
    };
    store(connection, &row, after, None, &stamp).await?;
    Ok(true)
}

/// The articles whose threads are open though their time has come, at most so many, first those that wait longest.
pub async fn due(connection: &mut Connection, now: RowTime, most: i64) -> Result<Vec<Uuid>, Failure> {
    let found: Vec<RowId> = threads::table
        .filter(threads::state.eq(ThreadState::Open.as_str()))
        .filter(threads::closes_at.le(now))
        .order(threads::closes_at.asc())
        .select(threads::article_id)
        .limit(most)
        .load(connection)
        .await?;
    Ok(found.into_iter().map(|article| article.0).collect())
}

/// The openings and closings of a thread by time, from a place on.
pub async fn list_transitions(
    connection: &mut Connection,
    article: Uuid,
    slice: Slice,
) -> Result<Vec<ThreadTransitionRow>, Failure> {
    let query = thread_transitions::table
        .filter(thread_transitions::article_id.eq(RowId(article)))
        .select(ThreadTransitionRow::as_select())
        .into_boxed();
    Ok(slice_by_creation!(query, slice, thread_transitions)
        .load(connection)
        .await?)
}

/// Keeps when a thread closes, after its article was published.
pub async fn keep_after_publication(
    connection: &mut Connection,
    article: RowId,
    published_at: RowTime,
    section: Option<RowId>,
) -> Result<(), Failure> {
    let kept: Option<(Option<i32>, Option<RowTime>)> = threads::table
        .find(article)
        .select((threads::close_after_days, threads::closes_at))
        .first(connection)
        .await
        .optional()?;
    let Some((own, closes_at)) = kept else {
        return Ok(());
    };
    let rule = match own {
        Some(days) => ClosingRule {
            days,
            from: RuleSource::Article,
        },
        None => inherited(connection, section).await?,
    };
    keep(connection, article, closes_at, rule.closes_at(published_at)).await
}

/// Lets the thread of an article stay as it is while readers do not see the article.
pub async fn forget_closing(connection: &mut Connection, article: RowId) -> Result<(), Failure> {
    let kept = threads::table.find(article).filter(threads::closes_at.is_not_null());
    diesel::update(kept)
        .set(threads::closes_at.eq(None::<RowTime>))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps when the threads of all published articles close, after the rule of the site has changed. The caller holds the
/// tree of sections.
pub async fn keep_everywhere(connection: &mut Connection) -> Result<(), Failure> {
    diesel::sql_query(closing_times("")).execute(connection).await?;
    Ok(())
}

/// Keeps when the threads of the articles in a section and in all below it close, after the rule of the section or its place
/// has changed. The caller holds the tree of sections.
pub async fn keep_below(connection: &mut Connection, section: &TreePlace) -> Result<(), Failure> {
    diesel::sql_query(closing_times("WHERE s.tree_order >= $1 AND s.tree_order < $2"))
        .bind::<Text, _>(section.tree_order.clone())
        .bind::<Text, _>(section.end_of_subtree())
        .execute(connection)
        .await?;
    Ok(())
}

/// The statement that sets when threads close, where that differs. `rules` are those of all sections, each from its own or
/// from the nearest one above.
fn closing_times(which: &str) -> String {
    format!(
        "WITH RECURSIVE rules (id, days) AS (\
         SELECT r.id, r.comments_close_after_days FROM sections r WHERE r.parent_id IS NULL \
         UNION ALL \
         SELECT b.id, COALESCE(b.comments_close_after_days, rules.days) \
         FROM sections b JOIN rules ON b.parent_id = rules.id), \
         ruled (article_id, published_at, days) AS (\
         SELECT p.article_id, p.published_at, \
         COALESCE(t.close_after_days, rules.days, (SELECT comments_close_after_days FROM site_settings)) \
         FROM published_articles p JOIN threads t ON t.article_id = p.article_id \
         LEFT JOIN sections s ON s.id = p.section_id LEFT JOIN rules ON rules.id = p.section_id {which}), \
         due (article_id, closes_at) AS (\
         SELECT ruled.article_id, CASE WHEN ruled.days > 0 THEN ruled.published_at + {DAY} * ruled.days END FROM ruled) \
         UPDATE threads SET closes_at = due.closes_at, change_sequence = change_sequence + 1 FROM due \
         WHERE due.article_id = threads.article_id AND threads.closes_at IS DISTINCT FROM due.closes_at"
    )
}

async fn keep(
    connection: &mut Connection,
    article: RowId,
    before: Option<RowTime>,
    closes_at: Option<RowTime>,
) -> Result<(), Failure> {
    if before == closes_at {
        return Ok(());
    }
    diesel::update(threads::table.find(article))
        .set(threads::closes_at.eq(closes_at))
        .execute(connection)
        .await?;
    comments::touch(connection, article).await?;
    Ok(())
}

/// Stores a thread that has changed, tells its readers, and puts the change on record.
async fn store(
    connection: &mut Connection,
    before: &ThreadRow,
    after: ThreadRow,
    note: Option<ThreadNote>,
    stamp: &Stamp,
) -> Result<ThreadRow, Failure> {
    comments::touch(connection, before.article_id).await?;
    let changes = (
        threads::state.eq(after.state),
        threads::message.eq(after.message),
        threads::moderation.eq(after.moderation),
        threads::closed_reason.eq(after.closed_reason),
        threads::closes_at.eq(after.closes_at),
        threads::close_after_days.eq(after.close_after_days),
        threads::revision.eq(before.revision.saturating_add(1)),
        threads::updated_at.eq(RowTime::from(stamp.now)),
    );
    let now: ThreadRow = diesel::update(threads::table.find(before.article_id))
        .set(changes)
        .returning(ThreadRow::as_returning())
        .get_result(connection)
        .await?;
    let is_other_state = now.state != before.state;
    if is_other_state {
        let transition = ThreadTransitionRow {
            id: RowId(stamp.new_id()),
            article_id: now.article_id,
            from_state: before.state.clone(),
            to_state: now.state.clone(),
            reason: now.closed_reason.clone(),
            message: now.message.clone(),
            note: note.map(ThreadNote::into_string),
            account_id: stamp.by(),
            created_at: stamp.now.into(),
        };
        diesel::insert_into(thread_transitions::table)
            .values(&transition)
            .execute(connection)
            .await?;
    }
    let action = match is_other_state {
        true => now.state().entered_as(),
        false => Action::ThreadUpdated,
    };
    let mut details = json!({"state": now.state, "moderation": now.moderation});
    if let (Some(members), Some(reason)) = (details.as_object_mut(), &now.closed_reason) {
        members.insert("reason".to_owned(), json!(reason));
    }
    let act = Act::on(action, now.article_id.0)
        .between(Some(before.revision), Some(now.revision))
        .with(details);
    audit::record(connection, act, stamp).await?;
    Ok(now)
}

async fn ruled(connection: &mut Connection, row: ThreadRow) -> Result<RuledThread, Failure> {
    let context = context(connection, row.article_id).await?;
    let rule = context.rule(row.close_after_days);
    Ok(RuledThread { row, rule })
}

async fn context(connection: &mut Connection, article: RowId) -> Result<ClosingContext, Failure> {
    let shown: Option<(RowTime, Option<RowId>)> = published_articles::table
        .find(article)
        .select((published_articles::published_at, published_articles::section_id))
        .first(connection)
        .await
        .optional()?;
    // An article that readers do not see yet is in the section in which it will be shown.
    let (published_at, section) = if let Some((published_at, section)) = shown {
        (Some(published_at), section)
    } else {
        let section: Option<Option<RowId>> = articles::table
            .find(article)
            .select(articles::section_id)
            .first(connection)
            .await
            .optional()?;
        (None, section.flatten())
    };
    let inherited = inherited(connection, section).await?;
    Ok(ClosingContext {
        published_at,
        inherited,
    })
}

/// The rule of a section, else of the nearest one above, else of the site.
async fn inherited(connection: &mut Connection, section: Option<RowId>) -> Result<ClosingRule, Failure> {
    let of_section = match section {
        Some(section) => section_rule(connection, section).await?,
        None => None,
    };
    if let Some(days) = of_section {
        return Ok(ClosingRule {
            days,
            from: RuleSource::Section,
        });
    }
    let days = site::load(connection).await?.comments_close_after_days;
    Ok(ClosingRule {
        days: days.unwrap_or_default(),
        from: RuleSource::Site,
    })
}

async fn section_rule(connection: &mut Connection, section: RowId) -> Result<Option<i32>, Failure> {
    let Some(row) = super::sections::find(connection, section.0).await? else {
        return Ok(None);
    };
    if row.comments_close_after_days.is_some() {
        return Ok(row.comments_close_after_days);
    }
    let above = std::iter::successors(row.place().above(), TreePlace::above);
    let keys: Vec<String> = above.map(|place| place.tree_order).collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let nearest: Option<Option<i32>> = sections::table
        .filter(sections::tree_order.eq_any(keys))
        .filter(sections::comments_close_after_days.is_not_null())
        .order(sections::depth.desc())
        .select(sections::comments_close_after_days)
        .first(connection)
        .await
        .optional()?;
    Ok(nearest.flatten())
}
