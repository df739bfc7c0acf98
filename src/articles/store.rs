//! Queries about articles.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, authors, comments};
use crate::articles::article::{
    ArticleChange, ArticleFailure, ArticleLookup, ArticleRow, ArticleSummaryRow, BylineEntry, ExistingThread,
    NewArticle, NewThread, Ownership, Publication, PublishedArticle, PublishedArticleRow, PublishedSummaryRow,
    Upserted, WorkingArticle, WorkingFilter,
};
use crate::authors::author::{AuthorAudience, AuthorLookup, AuthorRow, AuthorVisibility, BylineAuthorRow, NewAuthor};
use crate::comments::comment::ThreadRow;
use crate::conflict::{SlugConflict, alternatives, first_free};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{
    article_authors, article_slugs, articles, authors as author_rows, published_articles, published_bylines, threads,
};
use crate::database::timestamp::RowTime;
use crate::http::conditional::{Conditions, Expected};
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::markup::{Policy, Rendered};
use crate::slug::Slug;
use crate::state::Stamp;

/// A published article.
pub async fn find_published(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<PublishedArticle<PublishedArticleRow>>, Failure> {
    let found: Option<(PublishedArticleRow, ThreadRow)> = published_articles::table
        .inner_join(threads::table.on(threads::article_id.eq(published_articles::article_id)))
        .filter(published_articles::article_id.eq(RowId(id)))
        .select((PublishedArticleRow::as_select(), ThreadRow::as_select()))
        .first(connection)
        .await
        .optional()?;
    match found {
        None => Ok(None),
        Some((row, thread)) => {
            let byline = published_byline(connection, row.article_id).await?;
            Ok(Some(PublishedArticle { row, byline, thread }))
        }
    }
}

/// A published article by its slug, or where it went.
pub async fn find_published_by_slug(connection: &mut Connection, slug: Slug) -> Result<ArticleLookup, Failure> {
    let found: Option<(PublishedArticleRow, ThreadRow)> = published_articles::table
        .inner_join(threads::table.on(threads::article_id.eq(published_articles::article_id)))
        .filter(published_articles::slug.eq(slug.as_str()))
        .select((PublishedArticleRow::as_select(), ThreadRow::as_select()))
        .first(connection)
        .await
        .optional()?;
    if let Some((row, thread)) = found {
        let byline = published_byline(connection, row.article_id).await?;
        return Ok(ArticleLookup::Found(Box::new(PublishedArticle { row, byline, thread })));
    }
    // Only a slug that readers once used redirects, also when the working copy has taken it up again for later.
    let current: Option<String> = article_slugs::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(article_slugs::article_id)))
        .filter(article_slugs::slug.eq(slug.as_str()))
        .filter(article_slugs::was_public.eq(true))
        .select(published_articles::slug)
        .first(connection)
        .await
        .optional()?;
    Ok(current.map_or(ArticleLookup::Absent, ArticleLookup::Moved))
}

/// Published articles by the time of publication, from a place on.
pub async fn list_published(
    connection: &mut Connection,
    slice: Slice,
) -> Result<Vec<PublishedArticle<PublishedSummaryRow>>, Failure> {
    use published_articles::{article_id, published_at};
    let mut query = published_articles::table
        .inner_join(threads::table.on(threads::article_id.eq(article_id)))
        .select((PublishedSummaryRow::as_select(), ThreadRow::as_select()))
        .limit(slice.rows)
        .into_boxed();
    query = match slice.order {
        SortOrder::Ascending => query.order((published_at.asc(), article_id.asc())),
        SortOrder::Descending => query.order((published_at.desc(), article_id.desc())),
    };
    query = match (time_after(&slice), slice.order) {
        (None, _) => query,
        (Some((time, id)), SortOrder::Ascending) => query
            .filter(published_at.ge(time))
            .filter(published_at.gt(time).or(article_id.gt(id))),
        (Some((time, id)), SortOrder::Descending) => query
            .filter(published_at.le(time))
            .filter(published_at.lt(time).or(article_id.lt(id))),
    };
    let rows = query.load(connection).await?;
    with_bylines(connection, rows).await
}

/// Published articles with an author in their byline, by the time of publication, from a place on.
pub async fn list_published_by_author(
    connection: &mut Connection,
    author: RowId,
    slice: Slice,
) -> Result<Vec<PublishedArticle<PublishedSummaryRow>>, Failure> {
    use published_bylines::{article_id, author_id, published_at};
    // The index of the byline gives the page; only its rows are then looked up.
    let mut query = published_bylines::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(article_id)))
        .inner_join(threads::table.on(threads::article_id.eq(article_id)))
        .filter(author_id.eq(author))
        .select((PublishedSummaryRow::as_select(), ThreadRow::as_select()))
        .limit(slice.rows)
        .into_boxed();
    query = match slice.order {
        SortOrder::Ascending => query.order((published_at.asc(), article_id.asc())),
        SortOrder::Descending => query.order((published_at.desc(), article_id.desc())),
    };
    query = match (time_after(&slice), slice.order) {
        (None, _) => query,
        (Some((time, id)), SortOrder::Ascending) => query
            .filter(published_at.ge(time))
            .filter(published_at.gt(time).or(article_id.gt(id))),
        (Some((time, id)), SortOrder::Descending) => query
            .filter(published_at.le(time))
            .filter(published_at.lt(time).or(article_id.lt(id))),
    };
    let rows = query.load(connection).await?;
    with_bylines(connection, rows).await
}

/// A working copy.
pub async fn find_working(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
) -> Result<Option<WorkingArticle>, Failure> {
    let row: Option<ArticleRow> = articles::table
        .find(RowId(id))
        .select(ArticleRow::as_select())
        .first(connection)
        .await
        .optional()?;
    match row.filter(|row| ownership.covers(row.created_by)) {
        None => Ok(None),
        Some(row) => assembled(connection, row).await.map(Some),
    }
}

/// Working copies by the time of their last change, from a place on.
pub async fn list_working(
    connection: &mut Connection,
    filter: WorkingFilter,
    slice: Slice,
) -> Result<Vec<(ArticleSummaryRow, Vec<BylineAuthorRow>)>, Failure> {
    use articles::{created_by, id, published_revision, updated_at};
    let mut query = articles::table
        .select(ArticleSummaryRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    if let Ownership::Of(account) = filter.ownership {
        query = query.filter(created_by.eq(RowId(account)));
    }
    query = match filter.is_published {
        None => query,
        Some(true) => query.filter(published_revision.is_not_null()),
        Some(false) => query.filter(published_revision.is_null()),
    };
    if let Some(author) = filter.author {
        let theirs = article_authors::table
            .filter(article_authors::author_id.eq(author))
            .select(article_authors::article_id);
        query = query.filter(id.eq_any(theirs));
    }
    query = match slice.order {
        SortOrder::Ascending => query.order((updated_at.asc(), id.asc())),
        SortOrder::Descending => query.order((updated_at.desc(), id.desc())),
    };
    query = match (time_after(&slice), slice.order) {
        (None, _) => query,
        (Some((time, last)), SortOrder::Ascending) => query
            .filter(updated_at.ge(time))
            .filter(updated_at.gt(time).or(id.gt(last))),
        (Some((time, last)), SortOrder::Descending) => query
            .filter(updated_at.le(time))
            .filter(updated_at.lt(time).or(id.lt(last))),
    };
    let rows: Vec<ArticleSummaryRow> = query.load(connection).await?;
    let ids: Vec<RowId> = rows.iter().map(|row| row.id).collect();
    let mut bylines = working_bylines(connection, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let byline = take_byline(&mut bylines, row.id);
            (row, byline)
        })
        .collect())
}

/// Stores a new article, with its byline, its thread and, if asked, its first snapshot.
pub async fn create(
    connection: &mut Connection,
    new: NewArticle,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let NewArticle {
        id,
        slug,
        title,
        text,
        change,
        thread,
        publication,
    } = new;
    let now = RowTime::from(stamp.now);
    let mut row = ArticleRow {
        id: RowId(id),
        slug: slug.as_str().to_owned(),
        title: title.into_string(),
        subtitle: None,
        excerpt: None,
        lang: None,
        canonical_url: None,
        derived_excerpt: String::new(),
        word_count: 0,
        revision: 1,
        published_revision: None,
        published_at: None,
        created_at: now,
        created_by: RowId(stamp.account_id),
        updated_at: now,
        updated_by: RowId(stamp.account_id),
        body_markdown: String::new(),
        body_html: String::new(),
        body_text: String::new(),
        extra: "{}".to_owned(),
    };
    let byline = change.byline.clone().unwrap_or_default();
    ArticleChange {
        text: Some(text),
        ..change
    }
    .apply_to(&mut row);
    // The claim points at the article, so the row comes first; its own slug is unique too and would fail without a name.
    refuse_held_slug(connection, &slug, row.id, &stamp).await?;
    let inserted = diesel::insert_into(articles::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Err(lost_race_for_slug(connection, &slug, row.id, &stamp).await);
    }
    claim_slug(connection, &slug, row.id, &stamp).await?;
    set_byline(connection, row.id, byline, publication, &stamp).await?;
    comments::create_thread(connection, row.id, &stamp).await?;
    import_thread(connection, &row, thread, &stamp).await?;
    if publication == Publication::Immediate {
        publish_row(connection, &mut row, &stamp).await?;
    }
    Ok(assembled(connection, row).await?)
}

/// Changes a working copy and, if asked, publishes it.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
    expected: Expected,
    change: ArticleChange,
    publication: Publication,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let row = lock(connection, id, ownership, &expected).await?;
    update_row(connection, row, change, publication, &stamp).await
}

/// Makes the article with a slug, or changes the one that has it, as the conditions of the request allow.
pub async fn upsert(
    connection: &mut Connection,
    new: NewArticle,
    ownership: Ownership,
    conditions: Conditions,
    stamp: Stamp,
) -> Result<Upserted, ArticleFailure> {
    let holder: Option<(RowId, RowId, i32)> = articles::table
        .filter(articles::slug.eq(new.slug.as_str()))
        .select((articles::id, articles::created_by, articles::revision))
        .first(connection)
        .await
        .optional()?;
    let Some((id, created_by, revision)) = holder else {
        return create_absent(connection, new, &conditions, stamp).await;
    };
    if !ownership.covers(created_by) {
        return Err(slug_conflict(connection, new.slug, id, &stamp).await?);
    }
    if conditions.is_create_only() {
        let row = lock(connection, id.0, ownership, &Expected::Any).await?;
        return Err(ArticleFailure::Exists(row.stale()));
    }
    if !conditions.names_revision() {
        return Err(ArticleFailure::NoPrecondition { revision });
    }
    let row = lock(connection, id.0, ownership, &conditions.optional()).await?;
    if row.slug != new.slug.as_str() {
        return Err(Failure::Busy("the article was given another slug in this moment".into()).into());
    }
    let NewArticle {
        id: _,
        slug: _,
        title,
        text,
        change,
        thread,
        publication,
    } = new;
    if thread.on_existing == ExistingThread::Change {
        import_thread(connection, &row, thread, &stamp).await?;
    }
    let change = ArticleChange {
        title: Some(title),
        text: Some(text),
        ..change
    };
    update_row(connection, row, change, publication, &stamp)
        .await
        .map(Upserted::Changed)
}

/// Shows the working copy to readers.
pub async fn publish(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
    expected: Expected,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let mut row = lock(connection, id, ownership, &expected).await?;
    publish_row(connection, &mut row, &stamp).await?;
    Ok(assembled(connection, row).await?)
}

/// Takes the article away from readers. The working copy stays.
pub async fn unpublish(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
    expected: Expected,
) -> Result<WorkingArticle, ArticleFailure> {
    let mut row = lock(connection, id, ownership, &expected).await?;
    if row.published_revision.is_none() {
        return Err(ArticleFailure::NotPublished);
    }
    diesel::delete(published_articles::table.find(row.id))
        .execute(connection)
        .await?;
    row.published_revision = None;
    diesel::update(articles::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await?;
    release_slugs(connection, &row).await?;
    Ok(assembled(connection, row).await?)
}

/// Removes an article with everything that belongs to it.
pub async fn delete(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
    expected: Expected,
) -> Result<(), ArticleFailure> {
    let row = lock(connection, id, ownership, &expected).await?;
    diesel::delete(articles::table.find(row.id)).execute(connection).await?;
    Ok(())
}

async fn create_absent(
    connection: &mut Connection,
    new: NewArticle,
    conditions: &Conditions,
    stamp: Stamp,
) -> Result<Upserted, ArticleFailure> {
    // `If-Match: *` says "whatever is there", and on an upsert nothing is a thing that can be there.
    match conditions.needs_existing() {
        false => create(connection, new, stamp).await.map(Upserted::Created),
        true => Err(ArticleFailure::NothingToMatch),
    }
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
    expected: &Expected,
) -> Result<ArticleRow, ArticleFailure> {
    let row: Option<ArticleRow> = diesel::update(articles::table.find(RowId(id)))
        .set(articles::revision.eq(articles::revision))
        .returning(ArticleRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        Some(row) if !ownership.covers(row.created_by) => Err(ArticleFailure::Absent),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(ArticleFailure::Stale(row.stale())),
        None => Err(ArticleFailure::Absent),
    }
}

async fn update_row(
    connection: &mut Connection,
    mut row: ArticleRow,
    mut change: ArticleChange,
    publication: Publication,
    stamp: &Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    if let Some(slug) = change.slug.take().filter(|slug| slug.as_str() != row.slug) {
        refuse_held_slug(connection, &slug, row.id, stamp).await?;
        claim_slug(connection, &slug, row.id, stamp).await?;
        row.slug = slug.into_string();
    }
    if let Some(byline) = change.byline.take() {
        set_byline(connection, row.id, byline, publication, stamp).await?;
    }
    change.apply_to(&mut row);
    row.revision = row.revision.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = RowId(stamp.account_id);
    diesel::update(articles::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await?;
    release_slugs(connection, &row).await?;
    if publication == Publication::Immediate {
        publish_row(connection, &mut row, stamp).await?;
    }
    Ok(assembled(connection, row).await?)
}

async fn publish_row(connection: &mut Connection, row: &mut ArticleRow, stamp: &Stamp) -> Result<(), ArticleFailure> {
    let now = RowTime::from(stamp.now);
    let published_at = row.published_at.unwrap_or(now);
    row.published_at = Some(published_at);
    row.published_revision = Some(row.revision);
    diesel::delete(published_articles::table.find(row.id))
        .execute(connection)
        .await?;
    diesel::insert_into(published_articles::table)
        .values(&row.snapshot(published_at, now))
        .execute(connection)
        .await?;
    let byline: Vec<(i32, RowId)> = article_authors::table
        .filter(article_authors::article_id.eq(row.id))
        .order(article_authors::position.asc())
        .select((article_authors::position, article_authors::author_id))
        .load(connection)
        .await?;
    let entries: Vec<_> = byline
        .iter()
        .map(|(position, author)| {
            (
                published_bylines::article_id.eq(row.id),
                published_bylines::position.eq(*position),
                published_bylines::author_id.eq(*author),
                published_bylines::published_at.eq(published_at),
            )
        })
        .collect();
    diesel::insert_into(published_bylines::table)
        .values(entries)
        .execute(connection)
        .await?;
    let ids: Vec<RowId> = byline.into_iter().map(|(_, author)| author).collect();
    authors::make_public(connection, &ids).await?;
    diesel::update(article_slugs::table.find(row.slug.clone()))
        .set(article_slugs::was_public.eq(true))
        .execute(connection)
        .await?;
    diesel::update(articles::table.find(row.id))
        .set(&*row)
        .execute(connection)
        .await?;
    release_slugs(connection, row).await?;
    Ok(())
}

/// Refuses a slug that another article uses now.
async fn refuse_held_slug(
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
        Some(holder) => Err(slug_conflict(connection, slug.clone(), holder, stamp).await?),
    }
}

/// Takes a slug that is free, only redirects, or is the article's own.
async fn claim_slug(
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
        _ => Err(lost_race_for_slug(connection, slug, article, stamp).await),
    }
}

/// Why a slug that was free a moment ago cannot be had: who took it or, if they let it go again, that trying again helps.
async fn lost_race_for_slug(connection: &mut Connection, slug: &Slug, article: RowId, stamp: &Stamp) -> ArticleFailure {
    match refuse_held_slug(connection, slug, article, stamp).await {
        Err(failure) => failure,
        Ok(()) => Failure::Busy("another article had the slug in this moment".into()).into(),
    }
}

/// Lets go of the slugs that neither the working copy nor readers use. One that readers used redirects from now on; one
/// that they never saw is free again.
async fn release_slugs(connection: &mut Connection, row: &ArticleRow) -> Result<(), Failure> {
    let published: Option<String> = published_articles::table
        .filter(published_articles::article_id.eq(row.id))
        .select(published_articles::slug)
        .first(connection)
        .await
        .optional()?;
    let in_use: Vec<String> = [Some(row.slug.clone()), published].into_iter().flatten().collect();
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

async fn slug_conflict(
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

async fn set_byline(
    connection: &mut Connection,
    article: RowId,
    byline: Vec<BylineEntry>,
    publication: Publication,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    diesel::delete(article_authors::table.filter(article_authors::article_id.eq(article)))
        .execute(connection)
        .await?;
    let mut author_ids: Vec<RowId> = Vec::new();
    for (index, entry) in byline.into_iter().enumerate() {
        let author = match entry {
            BylineEntry::Slug(slug) => known_author(connection, index, slug).await?,
            BylineEntry::Named { name, slug, bio, url } => {
                let bio = bio.map(|bio| Rendered::new(bio.into_string(), Policy::Bio));
                let visibility = AuthorVisibility::WithFirstArticle;
                let new = NewAuthor {
                    id: stamp.new_id(),
                    name,
                    slug,
                    bio,
                    url,
                    visibility,
                };
                named_author(connection, new, publication, stamp).await?
            }
        };
        if !author_ids.contains(&author) {
            author_ids.push(author);
        }
    }
    let entries: Vec<_> = (0_i32..)
        .zip(author_ids)
        .map(|(position, author)| {
            (
                article_authors::article_id.eq(article),
                article_authors::position.eq(position),
                article_authors::author_id.eq(author),
            )
        })
        .collect();
    diesel::insert_into(article_authors::table)
        .values(entries)
        .execute(connection)
        .await?;
    Ok(())
}

async fn known_author(connection: &mut Connection, index: usize, slug: Slug) -> Result<RowId, ArticleFailure> {
    match author_with_slug(connection, &slug).await? {
        Some(author) => Ok(author.id),
        None => Err(ArticleFailure::AuthorUnknown { index, slug }),
    }
}

/// The author with the slug of a name, made if there is none. A bio is given only to one who has none: what is told about
/// somebody is never overwritten by the way.
async fn named_author(
    connection: &mut Connection,
    new: NewAuthor,
    publication: Publication,
    stamp: &Stamp,
) -> Result<RowId, ArticleFailure> {
    let Some(author) = author_with_slug(connection, &new.slug).await? else {
        return Ok(authors::create(connection, new, stamp.clone()).await?.id);
    };
    // What readers see of an author changes with a publication, never with a draft.
    let may_show = !author.is_public || publication == Publication::Immediate;
    if let Some(bio) = new.bio.filter(|_| may_show && author.bio_markdown.is_none()) {
        authors::give_bio(connection, &author, bio, stamp).await?;
    }
    Ok(author.id)
}

/// The author who has a slug, or had it before a change.
async fn author_with_slug(connection: &mut Connection, slug: &Slug) -> Result<Option<AuthorRow>, Failure> {
    match authors::find_by_slug(connection, slug.clone(), AuthorAudience::Newsroom).await? {
        AuthorLookup::Found(author) | AuthorLookup::Moved(author) => Ok(Some(author)),
        AuthorLookup::Absent => Ok(None),
    }
}

async fn import_thread(
    connection: &mut Connection,
    row: &ArticleRow,
    thread: NewThread,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let NewThread {
        change,
        comments,
        on_existing: _,
    } = thread;
    comments::import(connection, row.id, comments, stamp).await?;
    if let Some(change) = change {
        comments::apply_thread_change(connection, row.id, change, stamp).await?;
    }
    Ok(())
}

async fn assembled(connection: &mut Connection, row: ArticleRow) -> Result<WorkingArticle, Failure> {
    let mut bylines = working_bylines(connection, &[row.id]).await?;
    let thread = threads::table
        .find(row.id)
        .select(ThreadRow::as_select())
        .first(connection)
        .await?;
    Ok(WorkingArticle {
        byline: take_byline(&mut bylines, row.id),
        row,
        thread,
    })
}

/// The authors of bylines, each with its article, in the order of the bylines.
type Bylines = Vec<(RowId, BylineAuthorRow)>;

async fn working_bylines(connection: &mut Connection, articles: &[RowId]) -> Result<Bylines, Failure> {
    let query = article_authors::table
        .inner_join(author_rows::table)
        .filter(article_authors::article_id.eq_any(articles.to_vec()))
        .order(article_authors::position.asc())
        .select((article_authors::article_id, BylineAuthorRow::as_select()));
    Ok(query.load(connection).await?)
}

async fn published_byline(connection: &mut Connection, article: RowId) -> Result<Vec<BylineAuthorRow>, Failure> {
    let query = published_bylines::table
        .inner_join(author_rows::table)
        .filter(published_bylines::article_id.eq(article))
        .order(published_bylines::position.asc())
        .select(BylineAuthorRow::as_select());
    Ok(query.load(connection).await?)
}

async fn with_bylines(
    connection: &mut Connection,
    rows: Vec<(PublishedSummaryRow, ThreadRow)>,
) -> Result<Vec<PublishedArticle<PublishedSummaryRow>>, Failure> {
    let ids: Vec<RowId> = rows.iter().map(|(row, _)| row.article_id).collect();
    let mut bylines: Bylines = published_bylines::table
        .inner_join(author_rows::table)
        .filter(published_bylines::article_id.eq_any(ids))
        .order(published_bylines::position.asc())
        .select((published_bylines::article_id, BylineAuthorRow::as_select()))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(row, thread)| PublishedArticle {
            byline: take_byline(&mut bylines, row.article_id),
            row,
            thread,
        })
        .collect())
}

fn take_byline(bylines: &mut Bylines, article: RowId) -> Vec<BylineAuthorRow> {
    bylines
        .extract_if(.., |(of, _)| *of == article)
        .map(|(_, author)| author)
        .collect()
}

fn time_after(slice: &Slice) -> Option<(RowTime, RowId)> {
    match &slice.after {
        Some(place) => match place.key {
            PositionKey::Time(micros) => RowTime::from_micros(micros).map(|time| (time, RowId(place.id))),
            PositionKey::Text(_) => None,
        },
        None => None,
    }
}
