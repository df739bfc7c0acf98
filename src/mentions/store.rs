//! Queries about mentions.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit, comments};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::comments::comment::{CommentFailure, CommenterName};
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::mentions;
use crate::database::timestamp::RowTime;
use crate::field::WebAddress;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::mentions::mention::{ImportedMention, MentionFailure, MentionFilter, MentionRow, MentionState};
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The approved mentions of a published article by time, from a place on; none while its thread is hidden.
pub async fn list_public(
    connection: &mut Connection,
    article: Uuid,
    slice: Slice,
) -> Result<Vec<MentionRow>, MentionFailure> {
    let thread = match comments::published_thread(connection, article).await {
        Ok(thread) => thread,
        Err(CommentFailure::Database(failure)) => return Err(failure.into()),
        Err(_refusal) => return Err(MentionFailure::ArticleAbsent),
    };
    if !thread.state().is_shown() {
        return Ok(Vec::new());
    }
    let query = mentions::table
        .filter(mentions::article_id.eq(thread.article_id))
        .filter(mentions::state.eq(MentionState::Approved.as_str()))
        .select(MentionRow::as_select())
        .into_boxed();
    Ok(slice_by_creation!(query, slice, mentions).load(connection).await?)
}

/// The first approved mentions of an article, the oldest first.
pub async fn approved(connection: &mut Connection, article: RowId, most: i64) -> Result<Vec<MentionRow>, Failure> {
    let query = mentions::table
        .filter(mentions::article_id.eq(article))
        .filter(mentions::state.eq(MentionState::Approved.as_str()))
        .order((mentions::created_at.asc(), mentions::id.asc()))
        .select(MentionRow::as_select())
        .limit(most);
    Ok(query.load(connection).await?)
}

/// Mentions for moderators by time, from a place on.
pub async fn list(
    connection: &mut Connection,
    filter: MentionFilter,
    slice: Slice,
) -> Result<Vec<MentionRow>, Failure> {
    let MentionFilter {
        state,
        kind,
        article_id,
    } = filter;
    let mut query = mentions::table.select(MentionRow::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(mentions::state.eq(state.as_str()));
    }
    if let Some(kind) = kind {
        query = query.filter(mentions::kind.eq(kind.as_str()));
    }
    if let Some(article) = article_id {
        query = query.filter(mentions::article_id.eq(RowId(article)));
    }
    Ok(slice_by_creation!(query, slice, mentions).load(connection).await?)
}

/// A mention for moderators.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<MentionRow>, Failure> {
    let query = mentions::table.find(RowId(id)).select(MentionRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Puts a mention into a state. The row is held until the transaction ends.
pub async fn decide(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    state: Option<MentionState>,
    stamp: Stamp,
) -> Result<MentionRow, MentionFailure> {
    let held: Option<MentionRow> = diesel::update(mentions::table.find(RowId(id)))
        .set(mentions::revision.eq(mentions::revision))
        .returning(MentionRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    let row = held.ok_or(MentionFailure::Absent)?;
    if !expected.allows(row.revision) {
        return Err(MentionFailure::Stale(StaleRevision {
            revision: row.revision,
            changed_by: None,
            changed_at: row.updated_at.utc(),
        }));
    }
    let former = row.state();
    let Some(state) = state.filter(|state| *state != former) else {
        return Ok(row);
    };
    let changes = (
        mentions::state.eq(state.as_str()),
        mentions::revision.eq(row.revision.saturating_add(1)),
        mentions::updated_at.eq(RowTime::from(stamp.now)),
    );
    let now: MentionRow = diesel::update(mentions::table.find(row.id))
        .set(changes)
        .returning(MentionRow::as_returning())
        .get_result(connection)
        .await?;
    let act = Act::on(state.recorded_as(), row.id.0)
        .between(Some(row.revision), Some(now.revision))
        .with(json!({"article_id": row.article_id.0, "from": former.as_str()}));
    audit::record(connection, act, &stamp).await?;
    Ok(now)
}

/// Stores the mentions of a document that the article does not have yet, approved as they were where they come from.
/// Uploading the same document again adds nothing.
pub async fn import(
    connection: &mut Connection,
    article: RowId,
    imported: Vec<ImportedMention>,
    stamp: &Stamp,
) -> Result<(), Failure> {
    if imported.is_empty() {
        return Ok(());
    }
    // The thread is held, so that two uploads of one document do not both find it missing.
    comments::lock_thread(connection, article).await?;
    let mut known: Vec<MentionRow> = mentions::table
        .filter(mentions::article_id.eq(article))
        .select(MentionRow::as_select())
        .load(connection)
        .await?;
    let before = known.len();
    // Those of one moment stay in the order of the document.
    let mut moment = stamp.clone();
    for mention in imported {
        if known.iter().any(|row| is_same(row, &mention)) {
            continue;
        }
        let row = row(article, mention, &moment);
        moment = moment.a_moment_later();
        diesel::insert_into(mentions::table)
            .values(&row)
            .execute(connection)
            .await?;
        known.push(row);
    }
    let added = known.len().saturating_sub(before);
    if added == 0 {
        return Ok(());
    }
    let act = Act::on(Action::ThreadMentionsImported, article.0).with(json!({"mentions": added}));
    audit::record(connection, act, stamp).await
}

fn row(article: RowId, mention: ImportedMention, stamp: &Stamp) -> MentionRow {
    let ImportedMention {
        id: _,
        kind,
        source_url,
        author_name,
        excerpt,
        created_at,
    } = mention;
    let created_at = RowTime::from(created_at.unwrap_or(stamp.now));
    MentionRow {
        id: RowId(stamp.new_id()),
        article_id: article,
        kind: kind.as_str().to_owned(),
        state: MentionState::Approved.as_str().to_owned(),
        source_url: source_url.map(WebAddress::into_string),
        title: None,
        author_name: author_name.map(CommenterName::into_string),
        excerpt,
        revision: 1,
        created_at,
        updated_at: created_at,
    }
}

/// Whether a mention is one that is there: by its id, by the page that it comes from, or by what it says.
fn is_same(row: &MentionRow, imported: &ImportedMention) -> bool {
    let source = imported.source_url.as_ref().map(WebAddress::as_str);
    let says_the_same = row.kind == imported.kind.as_str()
        && row.excerpt == imported.excerpt
        && row.author_name.as_deref() == imported.author_name.as_ref().map(CommenterName::as_str);
    match (row.source_url.as_deref(), source) {
        _ if Some(row.id.0) == imported.id => true,
        (Some(known), Some(source)) => known == source,
        _ => says_the_same,
    }
}
