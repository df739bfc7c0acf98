//! Queries that readers' threads are made of. Each order of a thread is one index range, and what it costs depends on the
//! page and not on the thread.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use uuid::Uuid;

use super::comments::{published_thread, visible_comment};
use super::{Backend, Connection, RunQueryDsl};
use crate::comments::comment::{CommentFailure, CommentRow, CommentState, MOST_PINNED, ThreadRow, ThreadState};
use crate::comments::thread_page::branches_within;
use crate::comments::thread_path::ThreadPath;
use crate::comments::thread_reading::{
    Arrangement, LoadedContext, LoadedPart, Place, ThreadOrder, ThreadPart, deepest_shown,
};
use crate::database::failure::Failure;
use crate::database::ids::{Id, RowId};
use crate::database::schema::{comments, published_articles, threads};
use crate::database::timestamp::{RowTime, UtcTimestamp};
use crate::http::page::{Slice, SortOrder};

/// The paths of a conversation from `$2` on up to `$3`, at most `$5`, without what stands below paths of the length `$4`:
/// each is found from the one before by one look into the index, whatever stands in between. The query builder has no
/// recursive queries.
const WALK_ON: &str = "WITH RECURSIVE walk (path, step) AS (\
     SELECT (SELECT c.path FROM comments c WHERE c.article_id = $1 AND c.is_visible AND c.path > $2 AND c.path < $3 \
     ORDER BY c.path LIMIT 1), 1 \
     UNION ALL \
     SELECT (SELECT c.path FROM comments c WHERE c.article_id = $1 AND c.is_visible \
     AND c.path > CASE WHEN length(walk.path) >= $4 THEN walk.path || '{' ELSE walk.path END AND c.path < $3 \
     ORDER BY c.path LIMIT 1), walk.step + 1 \
     FROM walk WHERE walk.path IS NOT NULL AND walk.step < $5) \
     SELECT path FROM walk WHERE path IS NOT NULL";

/// The same towards the beginning: what stands too deep is stood for by the comment above it, which is visible since
/// something below it is.
const WALK_BACK: &str = "WITH RECURSIVE walk (path, step) AS (\
     SELECT substr((SELECT c.path FROM comments c WHERE c.article_id = $1 AND c.is_visible AND c.path > $2 AND c.path < $3 \
     ORDER BY c.path DESC LIMIT 1), 1, $4), 1 \
     UNION ALL \
     SELECT substr((SELECT c.path FROM comments c WHERE c.article_id = $1 AND c.is_visible \
     AND c.path > $2 AND c.path < walk.path ORDER BY c.path DESC LIMIT 1), 1, $4), walk.step + 1 \
     FROM walk WHERE walk.path IS NOT NULL AND walk.step < $5) \
     SELECT path FROM walk WHERE path IS NOT NULL";

/// Where a list of comments hangs: on the article, or on a comment.
struct Branch {
    article: RowId,
    /// What its comments answer.
    id: RowId,
    /// The path that theirs begin with.
    path: ThreadPath,
    /// Their level is one more; 0 is the article.
    depth: i32,
}

/// What a branch is listed as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BranchKind {
    /// The replies to it, with the places that some of them leave.
    Threaded,
    /// All that is approved: of the whole thread, or of the replies to a comment.
    Flat,
}

#[derive(QueryableByName)]
struct PathLine {
    #[diesel(sql_type = Text)]
    path: String,
}

/// The thread of an article that readers see.
pub async fn find(connection: &mut Connection, article: Uuid) -> Result<ThreadRow, CommentFailure> {
    published_thread(connection, article).await
}

/// The thread that a comment stands in, if readers see the article.
pub async fn find_around(connection: &mut Connection, comment: Uuid) -> Result<ThreadRow, CommentFailure> {
    let found: Option<ThreadRow> = comments::table
        .inner_join(threads::table.on(threads::article_id.eq(comments::article_id)))
        .inner_join(published_articles::table.on(published_articles::article_id.eq(comments::article_id)))
        .filter(comments::id.eq(RowId(comment)))
        .select(ThreadRow::as_select())
        .first(connection)
        .await
        .optional()?;
    found.ok_or(CommentFailure::Absent)
}

/// The threads of those of the articles that readers see.
pub async fn find_many(connection: &mut Connection, articles: Vec<Uuid>) -> Result<Vec<ThreadRow>, Failure> {
    let query = threads::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(threads::article_id)))
        .filter(threads::article_id.eq_any(articles.into_iter().map(RowId)))
        .select(ThreadRow::as_select());
    Ok(query.load(connection).await?)
}

/// A part of the thread of a published article.
pub async fn load(connection: &mut Connection, article: Uuid, part: ThreadPart) -> Result<LoadedPart, CommentFailure> {
    // The thread comes first: what changes after that is told by a later change sequence than the answer carries.
    let thread = published_thread(connection, article).await?;
    if thread.state() == ThreadState::Hidden {
        return Ok(LoadedPart {
            thread,
            base: 0,
            rows: Vec::new(),
            complete: 0,
            replies: Vec::new(),
            pinned: Vec::new(),
        });
    }
    let ThreadPart {
        parent,
        levels,
        arrangement,
        slice,
    } = part;
    let branch = find_branch(connection, thread.article_id, parent).await?;
    let rows = match arrangement {
        Arrangement::Conversation => conversation(connection, &branch, levels, &slice).await?,
        Arrangement::Branches {
            order: ThreadOrder::Arrival,
            ..
        } => conversation(connection, &branch, 1, &slice).await?,
        Arrangement::Branches { order, .. } => {
            in_order(connection, &branch, BranchKind::Threaded, order, &slice).await?
        }
        Arrangement::Flat(order) => in_order(connection, &branch, BranchKind::Flat, order, &slice).await?,
    };
    let (complete, replies) = match arrangement {
        Arrangement::Branches { replies, .. } => {
            let complete = branches_within(slice.rows.saturating_sub(1), replies, &rows);
            let shown = rows.get(..complete).unwrap_or_default();
            let deepest = branch.depth.saturating_add(levels);
            let below = first_below(connection, branch.article, shown, deepest, replies).await?;
            (complete, below)
        }
        Arrangement::Conversation | Arrangement::Flat(_) => (rows.len(), Vec::new()),
    };
    let pinned = match (parent, &slice.after) {
        (None, None) => pinned(connection, thread.article_id).await?,
        _ => Vec::new(),
    };
    Ok(LoadedPart {
        thread,
        base: branch.depth,
        rows,
        complete,
        replies,
        pinned,
    })
}

/// A comment that readers see, with all above it and the first below it.
pub async fn load_context(
    connection: &mut Connection,
    id: Uuid,
    levels: i32,
    replies: i32,
) -> Result<LoadedContext, CommentFailure> {
    let found: Option<(CommentRow, ThreadRow, String)> = comments::table
        .inner_join(threads::table.on(threads::article_id.eq(comments::article_id)))
        .inner_join(published_articles::table.on(published_articles::article_id.eq(comments::article_id)))
        .filter(comments::id.eq(RowId(id)))
        .filter(comments::is_visible)
        .select((
            CommentRow::as_select(),
            ThreadRow::as_select(),
            published_articles::slug,
        ))
        .first(connection)
        .await
        .optional()?;
    let (row, thread, slug) = found
        .filter(|(_, thread, _)| thread.state() != ThreadState::Hidden)
        .ok_or(CommentFailure::Absent)?;
    let above = ThreadPath::from_stored(row.path.clone()).ancestors();
    let above = above.iter().map(ToString::to_string).collect();
    let ancestors = at_paths(connection, thread.article_id, above, SortOrder::Ascending).await?;
    let deepest = row.depth.saturating_add(levels);
    let below = first_below(
        connection,
        thread.article_id,
        std::slice::from_ref(&row),
        deepest,
        replies,
    )
    .await?;
    Ok(LoadedContext {
        thread,
        slug,
        ancestors,
        row,
        replies: below,
    })
}

async fn find_branch(
    connection: &mut Connection,
    article: RowId,
    parent: Option<Uuid>,
) -> Result<Branch, CommentFailure> {
    let Some(parent) = parent else {
        return Ok(Branch {
            article,
            id: article,
            path: ThreadPath::from_stored(String::new()),
            depth: 0,
        });
    };
    let row = visible_comment(connection, article, parent).await?;
    Ok(Branch {
        article,
        id: row.id,
        path: ThreadPath::from_stored(row.path),
        depth: row.depth,
    })
}

/// Comments in path order, so many levels below the branch.
async fn conversation(
    connection: &mut Connection,
    branch: &Branch,
    levels: i32,
    slice: &Slice,
) -> Result<Vec<CommentRow>, Failure> {
    let place = slice.after.as_ref().and_then(Place::of).and_then(|place| match place {
        Place::Path(path) | Place::Arrival(path) => Some(path),
        Place::Time(_) | Place::Score { .. } => None,
    });
    let (first, last) = (branch.path.to_string(), branch.path.end_of_subtree());
    let (from, to) = match slice.order {
        SortOrder::Ascending => (place.unwrap_or(first), last),
        SortOrder::Descending => (first, place.unwrap_or(last)),
    };
    let Some(deepest) = deepest_shown(branch.depth, levels) else {
        return between(connection, branch.article, from, to, slice).await;
    };
    let longest = ThreadPath::length_on(deepest);
    let (walk, from) = match slice.order {
        SortOrder::Ascending if is_as_long(&from, longest) => (WALK_ON, format!("{from}{{")),
        SortOrder::Ascending => (WALK_ON, from),
        SortOrder::Descending => (WALK_BACK, from),
    };
    let query = diesel::sql_query(walk)
        .bind::<Id, _>(branch.article)
        .bind::<Text, _>(from)
        .bind::<Text, _>(to)
        .bind::<Integer, _>(longest)
        .bind::<Integer, _>(i32::try_from(slice.rows).unwrap_or(i32::MAX));
    let lines: Vec<PathLine> = query.load(connection).await?;
    let paths = lines.into_iter().map(|PathLine { path }| path).collect();
    at_paths(connection, branch.article, paths, slice.order).await
}

fn is_as_long(path: &str, longest: i32) -> bool {
    i32::try_from(path.len()).is_ok_and(|length| length >= longest)
}

async fn between(
    connection: &mut Connection,
    article: RowId,
    from: String,
    to: String,
    slice: &Slice,
) -> Result<Vec<CommentRow>, Failure> {
    let query = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::is_visible)
        .filter(comments::path.gt(from))
        .filter(comments::path.lt(to))
        .select(CommentRow::as_select())
        .limit(slice.rows);
    let rows = match slice.order {
        SortOrder::Ascending => query.order(comments::path.asc()).load(connection).await?,
        SortOrder::Descending => query.order(comments::path.desc()).load(connection).await?,
    };
    Ok(rows)
}

/// The first visible comments below each of the rows, at most so many below each, in path order: found like those of a
/// conversation, for all rows by one statement.
async fn first_below(
    connection: &mut Connection,
    article: RowId,
    rows: &[CommentRow],
    deepest: i32,
    most: i32,
) -> Result<Vec<CommentRow>, Failure> {
    let above: Vec<String> = rows
        .iter()
        .filter(|row| row.descendant_count > 0 && row.depth < deepest && most > 0)
        .map(|row| row.path.clone())
        .collect();
    if above.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = (4..)
        .map(|number: usize| format!("${number}"))
        .take(above.len())
        .collect();
    let statement = format!(
        "WITH RECURSIVE walk (top, path, step, longest, most) AS (\
         SELECT r.path, r.path, 0, CAST($1 AS INTEGER), CAST($2 AS INTEGER) FROM comments r \
         WHERE r.article_id = $3 AND r.path IN ({}) \
         UNION ALL \
         SELECT walk.top, (SELECT c.path FROM comments c WHERE c.article_id = $3 AND c.is_visible \
         AND c.path > CASE WHEN length(walk.path) >= walk.longest THEN walk.path || '{{' ELSE walk.path END \
         AND c.path < walk.top || '{{' ORDER BY c.path LIMIT 1), walk.step + 1, walk.longest, walk.most \
         FROM walk WHERE walk.path IS NOT NULL AND walk.step < walk.most) \
         SELECT path FROM walk WHERE path IS NOT NULL AND step > 0",
        names.join(", ")
    );
    let mut query = diesel::sql_query(statement)
        .into_boxed::<Backend>()
        .bind::<Integer, _>(ThreadPath::length_on(deepest))
        .bind::<Integer, _>(most)
        .bind::<Id, _>(article);
    for path in above {
        query = query.bind::<Text, _>(path);
    }
    let lines: Vec<PathLine> = query.load(connection).await?;
    let paths = lines.into_iter().map(|PathLine { path }| path).collect();
    at_paths(connection, article, paths, SortOrder::Ascending).await
}

/// The comments at these paths, in their order.
async fn at_paths(
    connection: &mut Connection,
    article: RowId,
    paths: Vec<String>,
    order: SortOrder,
) -> Result<Vec<CommentRow>, Failure> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<CommentRow> = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::path.eq_any(paths))
        .select(CommentRow::as_select())
        .load(connection)
        .await?;
    rows.sort_unstable_by(|left, right| match order {
        SortOrder::Ascending => left.path.cmp(&right.path),
        SortOrder::Descending => right.path.cmp(&left.path),
    });
    Ok(rows)
}

/// Comments in an order that is kept as columns.
async fn in_order(
    connection: &mut Connection,
    branch: &Branch,
    kind: BranchKind,
    order: ThreadOrder,
    slice: &Slice,
) -> Result<Vec<CommentRow>, Failure> {
    use comments::{created_at, id, last_activity_at, score};
    let mut query = comments::table
        .select(CommentRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    query = match (kind, branch.depth) {
        (BranchKind::Flat, 0) => query.filter(comments::article_id.eq(branch.article)),
        (BranchKind::Flat | BranchKind::Threaded, _) => query
            .filter(comments::branch_id.eq(branch.id))
            .filter(comments::is_visible),
    };
    if kind == BranchKind::Flat {
        query = query.filter(comments::state.eq(CommentState::Approved.as_str()));
    }
    let natural = match order {
        ThreadOrder::Arrival | ThreadOrder::Oldest => SortOrder::Ascending,
        ThreadOrder::Newest | ThreadOrder::Top | ThreadOrder::Active => SortOrder::Descending,
    };
    // Forwards in a descending order is downwards, and backwards upwards.
    let is_ascending = natural == slice.order;
    query = match (order, is_ascending) {
        (ThreadOrder::Arrival | ThreadOrder::Oldest | ThreadOrder::Newest, true) => {
            query.order((created_at.asc(), id.asc()))
        }
        (ThreadOrder::Arrival | ThreadOrder::Oldest | ThreadOrder::Newest, false) => {
            query.order((created_at.desc(), id.desc()))
        }
        (ThreadOrder::Top, true) => query.order((score.asc(), created_at.asc(), id.asc())),
        (ThreadOrder::Top, false) => query.order((score.desc(), created_at.desc(), id.desc())),
        (ThreadOrder::Active, true) => query.order((last_activity_at.asc(), id.asc())),
        (ThreadOrder::Active, false) => query.order((last_activity_at.desc(), id.desc())),
    };
    let Some(position) = &slice.after else {
        return Ok(query.load(connection).await?);
    };
    // Row values let the index begin at the very place, also among many comments of one time or one score; the query
    // builder has none.
    let last = RowId(position.id);
    let relation = if is_ascending { ") > (" } else { ") < (" };
    query = match Place::of(position) {
        Some(Place::Time(micros)) => {
            let columns = match order {
                ThreadOrder::Active => "(last_activity_at, id",
                _ => "(created_at, id",
            };
            let behind = sql::<Bool>(columns)
                .sql(relation)
                .bind::<UtcTimestamp, _>(time_of(micros)?)
                .sql(", ")
                .bind::<Id, _>(last)
                .sql(")");
            query.filter(behind)
        }
        Some(Place::Score { score: points, micros }) => {
            let behind = sql::<Bool>("(score, created_at, id")
                .sql(relation)
                .bind::<Integer, _>(points)
                .sql(", ")
                .bind::<UtcTimestamp, _>(time_of(micros)?)
                .sql(", ")
                .bind::<Id, _>(last)
                .sql(")");
            query.filter(behind)
        }
        Some(Place::Path(_) | Place::Arrival(_)) | None => {
            return Err(Failure::Internal("a cursor is of another order than its list".into()));
        }
    };
    Ok(query.load(connection).await?)
}

fn time_of(micros: i64) -> Result<RowTime, Failure> {
    RowTime::from_micros(micros).ok_or_else(|| Failure::Internal("a cursor names no time".into()))
}

async fn pinned(connection: &mut Connection, article: RowId) -> Result<Vec<Uuid>, Failure> {
    let marked: Vec<(RowId, String)> = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::is_pinned)
        .order(comments::path.asc())
        .select((comments::id, comments::state))
        .limit(MOST_PINNED)
        .load(connection)
        .await?;
    // Not a condition of the query: it would tempt the planner to read all that is approved.
    let shown = marked
        .into_iter()
        .filter(|(_, state)| state == CommentState::Approved.as_str());
    Ok(shown.map(|(id, _)| id.0).collect())
}
