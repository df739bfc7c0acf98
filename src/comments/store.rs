//! Queries about comments and threads.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit, subscriptions};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::comments::comment::{
    CommentFailure, CommentFilter, CommentRow, CommentState, CommentWriter, CommentWriterRow, CommenterName,
    CommenterRow, DUPLICATE_HOURS, Decision, ImportedComment, MOST_PINNED, ModeratedComment, Moderation, NewComment,
    ThreadRow, ThreadState, WriterStanding,
};
use crate::comments::rules::CommentRules;
use crate::comments::thread_path::ThreadPath;
use crate::comments::thread_state::ReaderAct;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{
    accounts, comment_writers, commenters, comments, published_articles, site_settings, threads,
};
use crate::database::timestamp::RowTime;
use crate::field::PlainWebAddress;
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::state::Stamp;

/// The id of the only row of the settings.
const THE_SETTINGS: i32 = 1;

/// What the site asks of comments, for the thread of an article that readers see. One statement, since every post needs it.
pub async fn rules_of_thread(connection: &mut Connection, article: Uuid) -> Result<CommentRules, CommentFailure> {
    let row: Option<(String, i32, i32)> = published_articles::table
        .inner_join(site_settings::table.on(site_settings::id.eq(THE_SETTINGS)))
        .filter(published_articles::article_id.eq(RowId(article)))
        .select((
            site_settings::comments_from,
            site_settings::comment_characters,
            site_settings::comment_links,
        ))
        .first(connection)
        .await
        .optional()?;
    row.map(CommentRules::from_row).ok_or(CommentFailure::ArticleAbsent)
}

/// What the site asks of comments.
pub async fn rules_of_site(connection: &mut Connection) -> Result<CommentRules, CommentFailure> {
    let row: (String, i32, i32) = site_settings::table
        .find(THE_SETTINGS)
        .select((
            site_settings::comments_from,
            site_settings::comment_characters,
            site_settings::comment_links,
        ))
        .first(connection)
        .await?;
    Ok(CommentRules::from_row(row))
}

/// A comment that readers can see, with what the thread says about it.
pub async fn find_public(connection: &mut Connection, id: Uuid) -> Result<CommentRow, CommentFailure> {
    let found: Option<(CommentRow, ThreadRow)> = comments::table
        .inner_join(threads::table.on(threads::article_id.eq(comments::article_id)))
        .inner_join(published_articles::table.on(published_articles::article_id.eq(comments::article_id)))
        .filter(comments::id.eq(RowId(id)))
        .select((CommentRow::as_select(), ThreadRow::as_select()))
        .first(connection)
        .await
        .optional()?;
    match found {
        Some((row, thread)) if row.is_visible() && thread.state().is_shown() => Ok(row),
        _ => Err(CommentFailure::Absent),
    }
}

/// Stores a comment that a reader sends to a published article.
pub async fn create(connection: &mut Connection, article: Uuid, new: NewComment) -> Result<CommentRow, CommentFailure> {
    let article = RowId(article);
    let article_revision: Option<i32> = published_articles::table
        .find(article)
        .select(published_articles::revision)
        .first(connection)
        .await
        .optional()?;
    let article_revision = article_revision.ok_or(CommentFailure::ArticleAbsent)?;
    let thread = next_ordinal(connection, article)
        .await?
        .ok_or(CommentFailure::ArticleAbsent)?;
    thread.require(ReaderAct::Post, new.now)?;
    let NewComment {
        id,
        parent_id,
        writer,
        author_email,
        author_url,
        body,
        text_digest,
        network_key,
        edit_token_hash,
        now,
    } = new;
    let parent = match parent_id {
        None => None,
        Some(id) => Some(answerable(connection, article, id).await?),
    };
    let path = path_below(parent.as_ref(), ordinal(&thread))?;
    // The thread is held, so that of two at once the second finds the first.
    refuse_duplicate(connection, article, text_digest, now.into()).await?;
    let KnownWriter {
        name,
        account_id,
        commenter_id,
        standing,
    } = known_writer(connection, writer, now.into()).await?;
    let state = match (thread.moderation(), standing) {
        (Moderation::Post, _) | (Moderation::Pre, WriterStanding::Moderator) => CommentState::Approved,
        (Moderation::Pre, WriterStanding::Staff | WriterStanding::Reader) => CommentState::Pending,
    };
    let row = CommentRow {
        id: RowId(id),
        article_id: article,
        parent_id: parent.map(|parent| parent.id),
        depth: depth(&path),
        path: path.as_str().to_owned(),
        state: state.as_str().to_owned(),
        author_name: Some(name),
        author_url: author_url.map(PlainWebAddress::into_string),
        article_revision: Some(article_revision),
        reply_count: 0,
        descendant_count: 0,
        revision: 1,
        created_at: now.into(),
        updated_at: now.into(),
        body_markdown: body.markdown,
        body_html: body.html,
        body_text: body.text,
        score: 0,
        last_activity_at: now.into(),
        is_pinned: false,
        is_featured: false,
        is_staff: standing != WriterStanding::Reader,
        edited_at: None,
        // Nobody who listens learns of what waits.
        change_sequence: if state == CommentState::Approved {
            next_change(&thread)
        } else {
            0
        },
    };
    diesel::insert_into(comments::table)
        .values(&row)
        .execute(connection)
        .await?;
    let writer = CommentWriterRow {
        comment_id: row.id,
        article_id: article,
        account_id,
        commenter_id,
        email: author_email.map(crate::accounts::account::EmailAddress::into_string),
        network_key: Some(RowId(network_key)),
        text_digest: Some(RowId(text_digest)),
        edit_token_hash,
        written_at: row.created_at,
        withdrawn_at: None,
    };
    diesel::insert_into(comment_writers::table)
        .values(&writer)
        .execute(connection)
        .await?;
    count(connection, &row, &path, state, 1).await?;
    subscriptions::after_posting(connection, &row, writer.email.as_deref()).await?;
    Ok(row)
}

/// The change sequence of the thread once the change that is being made is stored. The thread is held, so no other change
/// gets the same.
fn next_change(thread: &ThreadRow) -> i64 {
    thread.change_sequence.saturating_add(1)
}

/// Refuses what the same writer posted in the same place a short while ago, and did not take back.
async fn refuse_duplicate(
    connection: &mut Connection,
    article: RowId,
    digest: Uuid,
    now: RowTime,
) -> Result<(), CommentFailure> {
    let since = RowTime::from(now.utc() - Duration::hours(DUPLICATE_HOURS));
    let earlier: Option<(RowId, String)> = comment_writers::table
        .inner_join(comments::table.on(comments::id.eq(comment_writers::comment_id)))
        .filter(comment_writers::article_id.eq(article))
        .filter(comment_writers::text_digest.eq(RowId(digest)))
        .filter(comment_writers::written_at.gt(since))
        .filter(comment_writers::withdrawn_at.is_null())
        .select((comments::id, comments::state))
        .first(connection)
        .await
        .optional()?;
    match earlier {
        None => Ok(()),
        Some((id, state)) => Err(CommentFailure::Duplicate {
            conflicting_id: (state == CommentState::Approved.as_str()).then_some(id.0),
        }),
    }
}

/// What a comment says of its writer, and what is kept apart from it.
struct KnownWriter {
    name: String,
    account_id: Option<RowId>,
    commenter_id: Option<RowId>,
    standing: WriterStanding,
}

async fn known_writer(
    connection: &mut Connection,
    writer: CommentWriter,
    now: RowTime,
) -> Result<KnownWriter, CommentFailure> {
    let nobody = KnownWriter {
        name: String::new(),
        account_id: None,
        commenter_id: None,
        standing: WriterStanding::Reader,
    };
    match writer {
        CommentWriter::Anonymous { name } => Ok(KnownWriter {
            name: name.into_string(),
            ..nobody
        }),
        CommentWriter::Identified {
            new_id,
            issuer,
            subject,
            name,
        } => {
            let name = name.into_string();
            let row = CommenterRow {
                id: RowId(new_id),
                issuer,
                subject,
                name: name.clone(),
                created_at: now,
                updated_at: now,
            };
            let commenter: RowId = diesel::insert_into(commenters::table)
                .values(&row)
                .on_conflict((commenters::issuer, commenters::subject))
                .do_update()
                .set((commenters::name.eq(name.clone()), commenters::updated_at.eq(now)))
                .returning(commenters::id)
                .get_result(connection)
                .await?;
            Ok(KnownWriter {
                name,
                commenter_id: Some(commenter),
                ..nobody
            })
        }
        CommentWriter::Account {
            account_id,
            name,
            standing,
        } => {
            let account_id = RowId(account_id);
            let name = if let Some(name) = name {
                name.into_string()
            } else {
                let query = accounts::table.find(account_id).select(accounts::name);
                query.first(connection).await?
            };
            Ok(KnownWriter {
                name,
                account_id: Some(account_id),
                standing,
                ..nobody
            })
        }
    }
}

/// The thread of an article, for the newsroom.
pub async fn find_thread(connection: &mut Connection, article: Uuid) -> Result<Option<ThreadRow>, Failure> {
    let query = threads::table.find(RowId(article)).select(ThreadRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Comments for moderators, newest first or oldest first, from a place on.
pub async fn list(
    connection: &mut Connection,
    filter: CommentFilter,
    slice: Slice,
) -> Result<Vec<ModeratedComment>, Failure> {
    use comments::{created_at, id};
    let mut query = comments::table
        .left_join(comment_writers::table.on(comment_writers::comment_id.eq(id)))
        .select((CommentRow::as_select(), Option::<CommentWriterRow>::as_select()))
        .limit(slice.rows)
        .into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(comments::state.eq(state.as_str()));
    }
    if let Some(article) = filter.article_id {
        query = query.filter(comments::article_id.eq(RowId(article)));
    }
    query = match slice.order {
        SortOrder::Ascending => query.order((created_at.asc(), id.asc())),
        SortOrder::Descending => query.order((created_at.desc(), id.desc())),
    };
    let after = slice.after.and_then(|place| match place.key {
        PositionKey::Time(micros) => RowTime::from_micros(micros).map(|time| (time, RowId(place.id))),
        PositionKey::Text(_) => None,
    });
    query = match (after, slice.order) {
        (None, _) => query,
        (Some((time, last)), SortOrder::Ascending) => query
            .filter(created_at.ge(time))
            .filter(created_at.gt(time).or(id.gt(last))),
        (Some((time, last)), SortOrder::Descending) => query
            .filter(created_at.le(time))
            .filter(created_at.lt(time).or(id.lt(last))),
    };
    let rows: Vec<(CommentRow, Option<CommentWriterRow>)> = query.load(connection).await?;
    Ok(rows
        .into_iter()
        .map(|(row, writer)| ModeratedComment { row, writer })
        .collect())
}

/// A comment for moderators.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<ModeratedComment>, Failure> {
    let query = comments::table
        .find(RowId(id))
        .left_join(comment_writers::table.on(comment_writers::comment_id.eq(comments::id)))
        .select((CommentRow::as_select(), Option::<CommentWriterRow>::as_select()));
    let found: Option<(CommentRow, Option<CommentWriterRow>)> = query.first(connection).await.optional()?;
    Ok(found.map(|(row, writer)| ModeratedComment { row, writer }))
}

/// What is known of who wrote a comment.
async fn writer_of(connection: &mut Connection, comment: RowId) -> Result<Option<CommentWriterRow>, Failure> {
    let query = comment_writers::table
        .find(comment)
        .select(CommentWriterRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Puts a comment into a state, and every counter with it.
pub async fn decide(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    state: CommentState,
    stamp: Stamp,
) -> Result<CommentRow, CommentFailure> {
    let row = hold_comment(connection, id, &expected).await?;
    let (former, before) = (row.state(), row.revision);
    if former == state {
        return Ok(row);
    }
    let writer = writer_of(connection, row.id).await?;
    if writer.is_some_and(|writer| writer.withdrawn_at.is_some()) {
        return Err(CommentFailure::Withdrawn);
    }
    let row = put_into_state(connection, row, state, stamp.now).await?;
    // Who wrote the comment may ask to be forgotten, so that the log, which nobody can take anything out of, has no name.
    let act = Act::on(state.recorded_as(), row.id.0)
        .between(Some(before), Some(row.revision))
        .with(json!({"article_id": row.article_id.0, "from": former.as_str()}));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Puts a comment that the transaction holds into another state, and every counter with it.
pub async fn put_into_state(
    connection: &mut Connection,
    mut row: CommentRow,
    state: CommentState,
    now: DateTime<Utc>,
) -> Result<CommentRow, Failure> {
    let former = row.state();
    let is_seen = [former, state].contains(&CommentState::Approved);
    if is_seen {
        row.change_sequence = change_sequence(connection, row.article_id).await?.saturating_add(1);
    }
    let path = ThreadPath::from_stored(row.path.clone());
    count(connection, &row, &path, former, -1).await?;
    count(connection, &row, &path, state, 1).await?;
    state.as_str().clone_into(&mut row.state);
    row.revision = row.revision.saturating_add(1);
    row.updated_at = now.into();
    if state == CommentState::Approved {
        row.last_activity_at = match row.descendant_count {
            0 => row.created_at,
            _ => row.last_activity_at.max(row.created_at),
        };
    }
    let changes = (
        comments::state.eq(row.state.clone()),
        comments::revision.eq(row.revision),
        comments::updated_at.eq(row.updated_at),
        comments::last_activity_at.eq(row.last_activity_at),
        comments::change_sequence.eq(row.change_sequence),
    );
    diesel::update(comments::table.find(row.id))
        .set(changes)
        .execute(connection)
        .await?;
    if former == CommentState::Approved {
        recall_activity(connection, row.article_id, &path).await?;
    }
    subscriptions::after_decision(connection, &row, former, row.updated_at).await?;
    Ok(row)
}

/// Decides about a comment: its state, and whether it is pinned or featured.
pub async fn moderate(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    decision: Decision,
    stamp: Stamp,
) -> Result<ModeratedComment, CommentFailure> {
    let Decision {
        state,
        is_pinned,
        is_featured,
    } = decision;
    let row = match state {
        Some(state) => decide(connection, id, expected, state, stamp.clone()).await?,
        None => hold_comment(connection, id, &expected).await?,
    };
    let marks = (
        is_pinned.unwrap_or(row.is_pinned),
        is_featured.unwrap_or(row.is_featured),
    );
    let row = match marks == (row.is_pinned, row.is_featured) {
        true => row,
        false => mark(connection, row, marks, &stamp).await?,
    };
    let writer = writer_of(connection, row.id).await?;
    Ok(ModeratedComment { row, writer })
}

/// Tells every reader of a thread that it is no longer what they have: whatever changes what readers see calls this in its
/// transaction, if it does not go through a function here that does. Gives the change sequence that the thread has now; a
/// comment that looks different takes it over, or those who listen do not learn of it.
pub async fn touch(connection: &mut Connection, article: RowId) -> Result<i64, Failure> {
    let query = diesel::update(threads::table.find(article))
        .set(threads::change_sequence.eq(threads::change_sequence + 1_i64))
        .returning(threads::change_sequence);
    Ok(query.get_result(connection).await?)
}

async fn change_sequence(connection: &mut Connection, article: RowId) -> Result<i64, Failure> {
    let query = threads::table.find(article).select(threads::change_sequence);
    Ok(query.first(connection).await?)
}

async fn mark(
    connection: &mut Connection,
    row: CommentRow,
    (is_pinned, is_featured): (bool, bool),
    stamp: &Stamp,
) -> Result<CommentRow, CommentFailure> {
    if is_pinned && !row.is_pinned && pinned_count(connection, row.article_id).await? >= MOST_PINNED {
        return Err(CommentFailure::TooManyPinned);
    }
    let before = row.revision;
    let row = CommentRow {
        is_pinned,
        is_featured,
        revision: before.saturating_add(1),
        updated_at: stamp.now.into(),
        change_sequence: touch(connection, row.article_id).await?,
        ..row
    };
    let changes = (
        comments::is_pinned.eq(is_pinned),
        comments::is_featured.eq(is_featured),
        comments::revision.eq(row.revision),
        comments::updated_at.eq(row.updated_at),
        comments::change_sequence.eq(row.change_sequence),
    );
    diesel::update(comments::table.find(row.id))
        .set(changes)
        .execute(connection)
        .await?;
    let act = Act::on(Action::CommentMarked, row.id.0)
        .between(Some(before), Some(row.revision))
        .with(json!({"pinned": is_pinned, "featured": is_featured}));
    audit::record(connection, act, stamp).await?;
    Ok(row)
}

async fn pinned_count(connection: &mut Connection, article: RowId) -> Result<i64, Failure> {
    let query = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::is_pinned)
        .count();
    Ok(query.get_result(connection).await?)
}

/// A comment, held together with its thread until the transaction ends.
pub async fn hold_comment(
    connection: &mut Connection,
    id: Uuid,
    expected: &Expected,
) -> Result<CommentRow, CommentFailure> {
    let article: Option<RowId> = comments::table
        .find(RowId(id))
        .select(comments::article_id)
        .first(connection)
        .await
        .optional()?;
    let article = article.ok_or(CommentFailure::Absent)?;
    // The thread is locked first, as posting does, so that two requests never wait for each other.
    diesel::update(threads::table.find(article))
        .set(threads::last_ordinal.eq(threads::last_ordinal))
        .execute(connection)
        .await?;
    let row: CommentRow = comments::table
        .find(RowId(id))
        .select(CommentRow::as_select())
        .first(connection)
        .await?;
    if !expected.allows(row.revision) {
        let changed_at = row.updated_at.utc();
        return Err(CommentFailure::Stale(StaleRevision {
            revision: row.revision,
            changed_by: None,
            changed_at,
        }));
    }
    Ok(row)
}

/// Makes the thread of a new article: open, and shown at once.
pub async fn create_thread(connection: &mut Connection, article: RowId, stamp: &Stamp) -> Result<(), Failure> {
    let row = ThreadRow {
        article_id: article,
        state: ThreadState::Open.as_str().to_owned(),
        message: None,
        moderation: Moderation::Post.as_str().to_owned(),
        last_ordinal: 0,
        approved_count: 0,
        pending_count: 0,
        revision: 1,
        updated_at: stamp.now.into(),
        rejected_count: 0,
        spam_count: 0,
        removed_count: 0,
        change_sequence: 1,
        closed_reason: None,
        closes_at: None,
        close_after_days: None,
    };
    diesel::insert_into(threads::table)
        .values(&row)
        .execute(connection)
        .await?;
    Ok(())
}

/// The first approved comments of a thread, each before its answers.
pub async fn approved(connection: &mut Connection, article: RowId, most: i64) -> Result<Vec<CommentRow>, Failure> {
    let query = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::state.eq(CommentState::Approved.as_str()))
        .order(comments::path.asc())
        .select(CommentRow::as_select())
        .limit(most);
    Ok(query.load(connection).await?)
}

/// Stores the comments of a document that the thread does not have yet, approved as they were where they come from.
/// Uploading the same document again adds nothing.
pub async fn import(
    connection: &mut Connection,
    article: RowId,
    imported: Vec<ImportedComment>,
    stamp: &Stamp,
) -> Result<(), Failure> {
    if imported.is_empty() {
        return Ok(());
    }
    let mut known = known_among(connection, article, &imported).await?;
    let mut stored: Vec<(RowId, ThreadPath)> = Vec::with_capacity(imported.len());
    let mut added = 0_usize;
    for comment in imported {
        let same = known
            .iter()
            .position(|row| Some(row.id.0) == comment.id)
            .or_else(|| known.iter().position(|row| is_same(row, &comment)));
        let place = if let Some(index) = same {
            let row = known.remove(index);
            (row.id, ThreadPath::from_stored(row.path))
        } else {
            added = added.saturating_add(1);
            store_imported(connection, article, comment, &stored, stamp).await?
        };
        stored.push(place);
    }
    if added == 0 {
        return Ok(());
    }
    let act = Act::on(Action::ThreadCommentsImported, article.0).with(json!({"comments": added}));
    audit::record(connection, act, stamp).await
}

async fn store_imported(
    connection: &mut Connection,
    article: RowId,
    comment: ImportedComment,
    stored: &[(RowId, ThreadPath)],
    stamp: &Stamp,
) -> Result<(RowId, ThreadPath), Failure> {
    let thread = next_ordinal(connection, article).await?;
    let ordinal = thread.as_ref().map_or(1, ordinal);
    let change_sequence = thread.as_ref().map_or(1, next_change);
    let ImportedComment {
        id: _,
        author_name,
        author_url,
        created_at,
        body,
        parent,
    } = comment;
    let parent = parent.and_then(|index| stored.get(index));
    // An answer below the deepest level is kept, beside the one that it answers.
    let (parent_id, path) = match parent.map(|(id, path)| (id, path.child(ordinal))) {
        Some((id, Ok(path))) => (Some(*id), path),
        _ => (None, ThreadPath::root(ordinal)),
    };
    let created_at = RowTime::from(created_at.unwrap_or(stamp.now));
    let row = CommentRow {
        id: RowId(stamp.new_id()),
        article_id: article,
        parent_id,
        depth: depth(&path),
        path: path.as_str().to_owned(),
        state: CommentState::Approved.as_str().to_owned(),
        author_name: author_name.map(crate::field::Line::into_string),
        author_url: author_url.map(crate::field::WebAddress::into_string),
        article_revision: None,
        reply_count: 0,
        descendant_count: 0,
        revision: 1,
        created_at,
        updated_at: created_at,
        body_markdown: body.markdown,
        body_html: body.html,
        body_text: body.text,
        score: 0,
        last_activity_at: created_at,
        is_pinned: false,
        is_featured: false,
        is_staff: false,
        edited_at: None,
        change_sequence,
    };
    diesel::insert_into(comments::table)
        .values(&row)
        .execute(connection)
        .await?;
    count(connection, &row, &path, CommentState::Approved, 1).await?;
    Ok((row.id, path))
}

/// The comments of an article that have the id or the text of an imported one.
async fn known_among(
    connection: &mut Connection,
    article: RowId,
    imported: &[ImportedComment],
) -> Result<Vec<CommentRow>, Failure> {
    let texts: Vec<String> = imported.iter().map(|comment| comment.body.markdown.clone()).collect();
    let ids: Vec<RowId> = imported.iter().filter_map(|comment| comment.id.map(RowId)).collect();
    let query = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::body_markdown.eq_any(texts).or(comments::id.eq_any(ids)))
        .order(comments::path.asc())
        .select(CommentRow::as_select());
    Ok(query.load(connection).await?)
}

fn is_same(row: &CommentRow, imported: &ImportedComment) -> bool {
    let name = imported.author_name.as_ref().map(CommenterName::as_str);
    row.body_markdown == imported.body.markdown && row.author_name.as_deref() == name
}

/// The thread of an article that readers see.
pub async fn published_thread(connection: &mut Connection, article: Uuid) -> Result<ThreadRow, CommentFailure> {
    let thread: Option<ThreadRow> = threads::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(threads::article_id)))
        .filter(threads::article_id.eq(RowId(article)))
        .select(ThreadRow::as_select())
        .first(connection)
        .await
        .optional()?;
    thread.ok_or(CommentFailure::ArticleAbsent)
}

/// A comment of an article that readers see, or the place that it leaves.
pub async fn visible_comment(
    connection: &mut Connection,
    article: RowId,
    id: Uuid,
) -> Result<CommentRow, CommentFailure> {
    let row: Option<CommentRow> = comments::table
        .find(RowId(id))
        .filter(comments::article_id.eq(article))
        .select(CommentRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.filter(CommentRow::is_visible).ok_or(CommentFailure::Absent)
}

async fn answerable(connection: &mut Connection, article: RowId, id: Uuid) -> Result<CommentRow, CommentFailure> {
    match visible_comment(connection, article, id).await {
        Ok(row) if row.state() == CommentState::Approved => Ok(row),
        Ok(_) | Err(CommentFailure::Absent) => Err(CommentFailure::ParentUnknown),
        Err(other) => Err(other),
    }
}

/// The thread, held until the transaction ends.
pub async fn lock_thread(connection: &mut Connection, article: RowId) -> Result<Option<ThreadRow>, Failure> {
    let query = diesel::update(threads::table.find(article))
        .set(threads::revision.eq(threads::revision))
        .returning(ThreadRow::as_returning());
    Ok(query.get_result(connection).await.optional()?)
}

/// The thread with its next ordinal taken, which also holds the thread until the transaction ends.
async fn next_ordinal(connection: &mut Connection, article: RowId) -> Result<Option<ThreadRow>, Failure> {
    let query = diesel::update(threads::table.find(article))
        .set(threads::last_ordinal.eq(threads::last_ordinal + 1))
        .returning(ThreadRow::as_returning());
    Ok(query.get_result(connection).await.optional()?)
}

/// Adds a comment to every counter that its state concerns, or takes it away. The comment has the change sequence already
/// that the thread gets by this.
async fn count(
    connection: &mut Connection,
    row: &CommentRow,
    path: &ThreadPath,
    state: CommentState,
    by: i32,
) -> Result<(), Failure> {
    let thread = diesel::update(threads::table.find(row.article_id));
    match state {
        CommentState::Approved => {
            let changes = (
                threads::approved_count.eq(threads::approved_count + by),
                threads::change_sequence.eq(threads::change_sequence + 1_i64),
            );
            thread.set(changes).execute(connection).await?
        }
        CommentState::Pending => {
            let change = threads::pending_count.eq(threads::pending_count + by);
            thread.set(change).execute(connection).await?
        }
        CommentState::Rejected => {
            let change = threads::rejected_count.eq(threads::rejected_count + by);
            thread.set(change).execute(connection).await?
        }
        CommentState::Spam => {
            let change = threads::spam_count.eq(threads::spam_count + by);
            thread.set(change).execute(connection).await?
        }
        CommentState::Removed => {
            let change = threads::removed_count.eq(threads::removed_count + by);
            thread.set(change).execute(connection).await?
        }
    };
    match (state, row.parent_id) {
        (CommentState::Approved, Some(parent)) => count_above(connection, row, path, parent, by).await,
        _ => Ok(()),
    }
}

/// Adds an approved comment to the counters of what it answers and of all above, or takes it away.
async fn count_above(
    connection: &mut Connection,
    row: &CommentRow,
    path: &ThreadPath,
    parent: RowId,
    by: i32,
) -> Result<(), Failure> {
    let above: Vec<String> = path.ancestors().iter().map(ToString::to_string).collect();
    let ancestors = comments::table
        .filter(comments::article_id.eq(row.article_id))
        .filter(comments::path.eq_any(above.clone()));
    // The place of a comment that is not shown comes in sight with the first one below it, and goes with the last.
    let turns = comments::state
        .ne(CommentState::Approved.as_str())
        .and(comments::descendant_count.eq(by.saturating_neg().max(0)));
    let changes = (
        comments::descendant_count.eq(comments::descendant_count + by),
        comments::change_sequence
            .eq(case_when(turns, row.change_sequence.into_sql::<BigInt>()).otherwise(comments::change_sequence)),
    );
    diesel::update(ancestors).set(changes).execute(connection).await?;
    diesel::update(comments::table.find(parent))
        .set(comments::reply_count.eq(comments::reply_count + by))
        .execute(connection)
        .await?;
    if by < 0 {
        return Ok(());
    }
    // What comes in sight with this comment has no other activity below it.
    let comes_in_sight = comments::descendant_count
        .eq(1)
        .and(comments::state.ne(CommentState::Approved.as_str()));
    let ancestors = comments::table
        .filter(comments::article_id.eq(row.article_id))
        .filter(comments::path.eq_any(above))
        .filter(comments::last_activity_at.lt(row.created_at).or(comes_in_sight));
    diesel::update(ancestors)
        .set(comments::last_activity_at.eq(row.created_at))
        .execute(connection)
        .await?;
    Ok(())
}

/// Finds the last activity of a comment and of all above it again, after one of them went out of sight: from below, each
/// from its own time and the latest of its branches.
async fn recall_activity(connection: &mut Connection, article: RowId, path: &ThreadPath) -> Result<(), Failure> {
    let mut paths: Vec<String> = path.ancestors().iter().map(ToString::to_string).collect();
    paths.push(path.to_string());
    let chain: Vec<CommentRow> = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::path.eq_any(paths))
        .order(comments::path.desc())
        .select(CommentRow::as_select())
        .load(connection)
        .await?;
    for row in chain {
        let own = (row.state() == CommentState::Approved).then_some(row.created_at);
        let below: Option<RowTime> = comments::table
            .filter(comments::branch_id.eq(row.id))
            .filter(comments::is_visible)
            .order((comments::last_activity_at.desc(), comments::id.desc()))
            .select(comments::last_activity_at)
            .first(connection)
            .await
            .optional()?;
        let Some(latest) = own.max(below).filter(|latest| *latest != row.last_activity_at) else {
            continue;
        };
        diesel::update(comments::table.find(row.id))
            .set(comments::last_activity_at.eq(latest))
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn path_below(parent: Option<&CommentRow>, ordinal: u32) -> Result<ThreadPath, CommentFailure> {
    match parent {
        None => Ok(ThreadPath::root(ordinal)),
        Some(parent) => ThreadPath::from_stored(parent.path.clone())
            .child(ordinal)
            .map_err(|_too_deep| CommentFailure::TooDeep),
    }
}

fn ordinal(thread: &ThreadRow) -> u32 {
    u32::try_from(thread.last_ordinal).unwrap_or_default()
}

fn depth(path: &ThreadPath) -> i32 {
    i32::try_from(path.depth()).unwrap_or(i32::MAX)
}
