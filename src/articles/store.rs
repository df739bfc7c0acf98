//! Queries that read articles: what readers see, and the working copies.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_rows};
use crate::articles::article::{
    ArticleFailure, ArticleLookup, ArticleRefRow, ArticleRow, ArticleSummaryRow, Belongings, BylineRow, Ownership,
    PublishedArticle, PublishedArticleRow, PublishedBodyRow, PublishedFilter, PublishedSummaryRow, ScheduleRow,
    SectionRefRow, SeriesRefRow, TagRefRow, WorkingArticle, WorkingFilter, WorkingSummary,
};
use crate::articles::content::{ArticleContent, ArticleDetails, BylineContent};
use crate::articles::lifecycle::ArticleState;
use crate::authors::author::BylineAuthorRow;
use crate::comments::comment::ThreadRow;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{
    article_authors, article_slugs, article_tags, articles, authors as author_rows, published_articles,
    published_bylines, published_tags, purged_articles, schedules, sections, series, tags, threads,
};
use crate::database::timestamp::RowTime;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::slug::Slug;

/// Sorts a query by a time and an id, and begins it after a place.
macro_rules! keyset {
    ($query:expr, $slice:expr, $time:expr, $id:expr) => {{
        let query = match $slice.order {
            SortOrder::Ascending => $query.order(($time.asc(), $id.asc())),
            SortOrder::Descending => $query.order(($time.desc(), $id.desc())),
        };
        match (time_after(&$slice), $slice.order) {
            (None, _) => query,
            (Some((time, id)), SortOrder::Ascending) => {
                query.filter($time.ge(time)).filter($time.gt(time).or($id.gt(id)))
            }
            (Some((time, id)), SortOrder::Descending) => {
                query.filter($time.le(time)).filter($time.lt(time).or($id.lt(id)))
            }
        }
    }};
}

/// Narrows a query over `published_articles` to a section, a series and a language.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let mut query = $query;
        if let Some(within) = $filter.sections.clone() {
            query = query.filter(published_articles::section_id.eq_any(within));
        }
        if let Some(series) = $filter.series {
            query = query.filter(published_articles::series_id.eq(series));
        }
        if let Some(lang) = $filter.lang.clone() {
            query = query.filter(published_articles::lang.eq(lang));
        }
        query
    }};
}

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
        Some((row, thread)) => published(connection, row, thread).await.map(Some),
    }
}

/// The text of a published article.
pub async fn find_published_body(connection: &mut Connection, id: Uuid) -> Result<Option<PublishedBodyRow>, Failure> {
    Ok(published_articles::table
        .find(RowId(id))
        .select(PublishedBodyRow::as_select())
        .first(connection)
        .await
        .optional()?)
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
        let article = published(connection, row, thread).await?;
        return Ok(ArticleLookup::Found(Box::new(article)));
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

/// When an article that readers saw went for good, if it did.
pub async fn purged_at(connection: &mut Connection, id: Uuid) -> Result<Option<RowTime>, Failure> {
    Ok(purged_articles::table
        .find(RowId(id))
        .filter(purged_articles::was_public.eq(true))
        .select(purged_articles::purged_at)
        .first(connection)
        .await
        .optional()?)
}

/// Published articles by the time of publication, from a place on.
pub async fn list_published(
    connection: &mut Connection,
    filter: PublishedFilter,
    slice: Slice,
) -> Result<Vec<PublishedArticle<PublishedSummaryRow>>, Failure> {
    let rows = match (filter.author, filter.tag) {
        (Some(author), _) => published_by_author(connection, author, &filter, &slice).await?,
        (None, Some(tag)) => published_by_tag(connection, tag, &filter, &slice).await?,
        (None, None) => published_by_time(connection, &filter, &slice).await?,
    };
    with_belongings(connection, rows).await
}

async fn published_by_time(
    connection: &mut Connection,
    filter: &PublishedFilter,
    slice: &Slice,
) -> Result<Vec<(PublishedSummaryRow, ThreadRow)>, Failure> {
    let query = published_articles::table
        .inner_join(threads::table.on(threads::article_id.eq(published_articles::article_id)))
        .select((PublishedSummaryRow::as_select(), ThreadRow::as_select()))
        .limit(slice.rows)
        .into_boxed();
    let query = narrowed!(query, filter);
    Ok(keyset!(
        query,
        slice,
        published_articles::published_at,
        published_articles::article_id
    )
    .load(connection)
    .await?)
}

/// The index of the byline gives the page; only its rows are then looked up.
async fn published_by_author(
    connection: &mut Connection,
    author: RowId,
    filter: &PublishedFilter,
    slice: &Slice,
) -> Result<Vec<(PublishedSummaryRow, ThreadRow)>, Failure> {
    // Somebody who did two things stands in a byline twice, and the article in the list once.
    let others = diesel::alias!(published_bylines as other_published_bylines);
    let earlier = others
        .filter(
            others
                .field(published_bylines::article_id)
                .eq(published_bylines::article_id),
        )
        .filter(
            others
                .field(published_bylines::author_id)
                .eq(published_bylines::author_id),
        )
        .filter(
            others
                .field(published_bylines::position)
                .lt(published_bylines::position),
        );
    let mut query = published_bylines::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(published_bylines::article_id)))
        .inner_join(threads::table.on(threads::article_id.eq(published_bylines::article_id)))
        .filter(published_bylines::author_id.eq(author))
        .filter(diesel::dsl::not(diesel::dsl::exists(earlier)))
        .select((PublishedSummaryRow::as_select(), ThreadRow::as_select()))
        .limit(slice.rows)
        .into_boxed();
    if let Some(tag) = filter.tag {
        let tagged = published_tags::table
            .filter(published_tags::tag_id.eq(tag))
            .select(published_tags::article_id);
        query = query.filter(published_bylines::article_id.eq_any(tagged));
    }
    let query = narrowed!(query, filter);
    Ok(keyset!(
        query,
        slice,
        published_bylines::published_at,
        published_bylines::article_id
    )
    .load(connection)
    .await?)
}

async fn published_by_tag(
    connection: &mut Connection,
    tag: RowId,
    filter: &PublishedFilter,
    slice: &Slice,
) -> Result<Vec<(PublishedSummaryRow, ThreadRow)>, Failure> {
    let query = published_tags::table
        .inner_join(published_articles::table.on(published_articles::article_id.eq(published_tags::article_id)))
        .inner_join(threads::table.on(threads::article_id.eq(published_tags::article_id)))
        .filter(published_tags::tag_id.eq(tag))
        .select((PublishedSummaryRow::as_select(), ThreadRow::as_select()))
        .limit(slice.rows)
        .into_boxed();
    let query = narrowed!(query, filter);
    Ok(
        keyset!(query, slice, published_tags::published_at, published_tags::article_id)
            .load(connection)
            .await?,
    )
}

/// A working copy.
pub async fn find_working(
    connection: &mut Connection,
    id: Uuid,
    ownership: Ownership,
) -> Result<WorkingArticle, ArticleFailure> {
    let row = article_rows::find(connection, id, ownership).await?;
    Ok(assembled(connection, row).await?)
}

/// Working copies by the time of their last change, from a place on.
pub async fn list_working(
    connection: &mut Connection,
    filter: WorkingFilter,
    slice: Slice,
) -> Result<Vec<WorkingSummary>, Failure> {
    let mut query = articles::table
        .select(ArticleSummaryRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    let WorkingFilter {
        ownership,
        state,
        author,
        sections: within,
        tag,
        assignee,
    } = filter;
    query = match ownership {
        Ownership::Any => query,
        Ownership::Upload(grant) => query.filter(articles::upload_token_id.eq(RowId(grant.token_id))),
        Ownership::Of(owner) => {
            let made = articles::created_by.eq(RowId(owner.account));
            match owner.author {
                None => query.filter(made),
                Some(author) => {
                    let written = article_authors::table
                        .filter(article_authors::author_id.eq(RowId(author)))
                        .select(article_authors::article_id);
                    query.filter(made.or(articles::id.eq_any(written)))
                }
            }
        }
    };
    query = match state {
        Some(state) => query.filter(articles::state.eq(state.as_str())),
        // What was thrown away is shown to those who ask for it.
        None => query.filter(articles::state.ne(ArticleState::Trashed.as_str())),
    };
    if let Some(author) = author {
        let theirs = article_authors::table
            .filter(article_authors::author_id.eq(author))
            .select(article_authors::article_id);
        query = query.filter(articles::id.eq_any(theirs));
    }
    if let Some(within) = within {
        query = query.filter(articles::section_id.eq_any(within));
    }
    if let Some(tag) = tag {
        let tagged = article_tags::table
            .filter(article_tags::tag_id.eq(tag))
            .select(article_tags::article_id);
        query = query.filter(articles::id.eq_any(tagged));
    }
    if let Some(assignee) = assignee {
        query = query.filter(articles::assignee_id.eq(assignee));
    }
    let rows: Vec<ArticleSummaryRow> = keyset!(query, slice, articles::updated_at, articles::id)
        .load(connection)
        .await?;
    let ids: Vec<RowId> = rows.iter().map(|row| row.id).collect();
    let mut bylines = working_bylines(connection, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| WorkingSummary {
            byline: take(&mut bylines, row.id),
            row,
        })
        .collect())
}

/// A working copy with all that belongs to it.
pub async fn assembled(connection: &mut Connection, row: ArticleRow) -> Result<WorkingArticle, Failure> {
    let belongings = working_belongings(connection, &row).await?;
    let (thread, schedule) = threads::table
        .left_join(schedules::table.on(schedules::article_id.eq(threads::article_id)))
        .filter(threads::article_id.eq(row.id))
        .select((ThreadRow::as_select(), Option::<ScheduleRow>::as_select()))
        .first(connection)
        .await?;
    Ok(WorkingArticle {
        row,
        belongings,
        schedule,
        thread,
    })
}

/// What a working copy says.
pub async fn content_of(connection: &mut Connection, row: &ArticleRow) -> Result<ArticleContent, Failure> {
    let authors: Vec<(RowId, String)> = article_authors::table
        .filter(article_authors::article_id.eq(row.id))
        .order(article_authors::position.asc())
        .select((article_authors::author_id, article_authors::role))
        .load(connection)
        .await?;
    let tags: Vec<RowId> = article_tags::table
        .filter(article_tags::article_id.eq(row.id))
        .order(article_tags::position.asc())
        .select(article_tags::tag_id)
        .load(connection)
        .await?;
    let authors = authors
        .into_iter()
        .map(|(author, role)| BylineContent { author: author.0, role })
        .collect();
    Ok(row.content(authors, tags.into_iter().map(|tag| tag.0).collect()))
}

/// What a content that is not the current one belongs to, such as that of a revision.
pub async fn belongings_of(connection: &mut Connection, content: &ArticleContent) -> Result<Belongings, Failure> {
    let ids: Vec<RowId> = content.authors.iter().map(|entry| RowId(entry.author)).collect();
    let known: Vec<BylineAuthorRow> = match ids.is_empty() {
        true => Vec::new(),
        false => {
            author_rows::table
                .filter(author_rows::id.eq_any(ids))
                .select(BylineAuthorRow::as_select())
                .load(connection)
                .await?
        }
    };
    let byline = content.authors.iter().filter_map(|entry| {
        let author = known.iter().find(|author| author.id.0 == entry.author)?;
        Some(BylineRow {
            author: author.clone(),
            role: entry.role.clone(),
        })
    });
    Ok(Belongings {
        byline: byline.collect(),
        tags: tags_in_order(connection, &content.tags).await?,
        section: section_ref(connection, content.section.map(RowId)).await?,
        series: series_ref(connection, content.series.map(|place| RowId(place.series))).await?,
    })
}

/// Tags by id, in the order of the ids. One that was merged into another is that one.
async fn tags_in_order(connection: &mut Connection, wanted: &[Uuid]) -> Result<Vec<TagRefRow>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RowId> = wanted.iter().copied().map(RowId).collect();
    let rows: Vec<(TagRefRow, Option<RowId>)> = tags::table
        .filter(tags::id.eq_any(ids))
        .select((TagRefRow::as_select(), tags::merged_into))
        .load(connection)
        .await?;
    let targets: Vec<RowId> = rows.iter().filter_map(|(_, target)| *target).collect();
    let merged: Vec<TagRefRow> = match targets.is_empty() {
        true => Vec::new(),
        false => {
            tags::table
                .filter(tags::id.eq_any(targets))
                .select(TagRefRow::as_select())
                .load(connection)
                .await?
        }
    };
    let mut found: Vec<TagRefRow> = Vec::new();
    for id in wanted {
        let Some((row, target)) = rows.iter().find(|(row, _)| row.id.0 == *id) else {
            continue;
        };
        let tag = target.map_or(Some(row), |target| merged.iter().find(|tag| tag.id == target));
        if let Some(tag) = tag.filter(|tag| !found.contains(tag)) {
            found.push(tag.clone());
        }
    }
    Ok(found)
}

async fn published(
    connection: &mut Connection,
    row: PublishedArticleRow,
    thread: ThreadRow,
) -> Result<PublishedArticle<PublishedArticleRow>, Failure> {
    let byline = published_bylines::table
        .inner_join(author_rows::table)
        .filter(published_bylines::article_id.eq(row.article_id))
        .order(published_bylines::position.asc())
        .select((BylineAuthorRow::as_select(), published_bylines::role))
        .load(connection)
        .await?;
    let tags = match row.tag_count {
        0 => Vec::new(),
        _ => {
            published_tags::table
                .inner_join(tags::table.on(tags::id.eq(published_tags::tag_id)))
                .filter(published_tags::article_id.eq(row.article_id))
                .order(published_tags::position.asc())
                .select(TagRefRow::as_select())
                .load(connection)
                .await?
        }
    };
    let belongings = Belongings {
        byline: byline_rows(byline),
        tags,
        section: section_ref(connection, row.section_id).await?,
        series: series_ref(connection, row.series_id).await?,
    };
    let details = ArticleDetails::from_json(&row.details);
    let related = related_to(connection, &details.related).await?;
    let translations = translations_of(connection, row.article_id, row.translation_of).await?;
    Ok(PublishedArticle {
        row,
        details,
        belongings,
        related,
        translations,
        thread,
    })
}

/// The related articles that readers see, in the order of the ids.
pub async fn related_to(connection: &mut Connection, wanted: &[Uuid]) -> Result<Vec<ArticleRefRow>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RowId> = wanted.iter().copied().map(RowId).collect();
    let rows: Vec<ArticleRefRow> = published_articles::table
        .filter(published_articles::article_id.eq_any(ids))
        .select(ArticleRefRow::as_select())
        .load(connection)
        .await?;
    let in_order = wanted
        .iter()
        .filter_map(|id| rows.iter().find(|row| row.article_id.0 == *id).cloned());
    Ok(in_order.collect())
}

/// The other articles of a group of translations that readers see. The snapshot of an original names itself as the root
/// when it has translations, so that one without a root has none.
pub async fn translations_of(
    connection: &mut Connection,
    article: RowId,
    root: Option<RowId>,
) -> Result<Vec<ArticleRefRow>, Failure> {
    let Some(root) = root else {
        return Ok(Vec::new());
    };
    let is_of_group = published_articles::translation_of
        .eq(root)
        .or(published_articles::article_id.nullable().eq(root));
    let rows: Vec<ArticleRefRow> = published_articles::table
        .filter(is_of_group)
        .filter(published_articles::article_id.ne(article))
        .order((published_articles::lang.asc(), published_articles::article_id.asc()))
        .select(ArticleRefRow::as_select())
        .limit(MOST_TRANSLATIONS)
        .load(connection)
        .await?;
    Ok(rows)
}

/// More languages than any publication has; a bound all the same.
const MOST_TRANSLATIONS: i64 = 200;

async fn with_belongings(
    connection: &mut Connection,
    rows: Vec<(PublishedSummaryRow, ThreadRow)>,
) -> Result<Vec<PublishedArticle<PublishedSummaryRow>>, Failure> {
    let ids: Vec<RowId> = rows.iter().map(|(row, _)| row.article_id).collect();
    let tagged: Vec<RowId> = rows
        .iter()
        .filter(|(row, _)| row.tag_count > 0)
        .map(|(row, _)| row.article_id)
        .collect();
    let of_sections: Vec<RowId> = rows.iter().filter_map(|(row, _)| row.section_id).collect();
    let mut bylines = published_bylines_of(connection, ids).await?;
    let mut tags = published_tags_of(connection, tagged).await?;
    let sections = section_refs(connection, of_sections).await?;
    Ok(rows
        .into_iter()
        .map(|(row, thread)| PublishedArticle {
            details: ArticleDetails::from_json(&row.details),
            belongings: Belongings {
                byline: take(&mut bylines, row.article_id),
                tags: take(&mut tags, row.article_id),
                section: sections
                    .iter()
                    .find(|section| Some(section.id) == row.section_id)
                    .cloned(),
                series: None,
            },
            related: Vec::new(),
            translations: Vec::new(),
            row,
            thread,
        })
        .collect())
}

async fn working_belongings(connection: &mut Connection, row: &ArticleRow) -> Result<Belongings, Failure> {
    let mut bylines = working_bylines(connection, &[row.id]).await?;
    let tags = article_tags::table
        .inner_join(tags::table.on(tags::id.eq(article_tags::tag_id)))
        .filter(article_tags::article_id.eq(row.id))
        .order(article_tags::position.asc())
        .select(TagRefRow::as_select())
        .load(connection)
        .await?;
    Ok(Belongings {
        byline: take(&mut bylines, row.id),
        tags,
        section: section_ref(connection, row.section_id).await?,
        series: series_ref(connection, row.series_id).await?,
    })
}

async fn section_ref(connection: &mut Connection, id: Option<RowId>) -> Result<Option<SectionRefRow>, Failure> {
    Ok(section_refs(connection, id.into_iter().collect()).await?.pop())
}

async fn section_refs(connection: &mut Connection, ids: Vec<RowId>) -> Result<Vec<SectionRefRow>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sections::table
        .filter(sections::id.eq_any(ids))
        .select(SectionRefRow::as_select())
        .load(connection)
        .await?)
}

async fn series_ref(connection: &mut Connection, id: Option<RowId>) -> Result<Option<SeriesRefRow>, Failure> {
    let Some(id) = id else {
        return Ok(None);
    };
    Ok(series::table
        .find(id)
        .select(SeriesRefRow::as_select())
        .first(connection)
        .await
        .optional()?)
}

/// What belongs to articles, each with the article it belongs to, in the order of the article.
type ByArticle<T> = Vec<(RowId, T)>;

async fn working_bylines(connection: &mut Connection, of: &[RowId]) -> Result<ByArticle<BylineRow>, Failure> {
    let rows: Vec<(RowId, BylineAuthorRow, String)> = article_authors::table
        .inner_join(author_rows::table)
        .filter(article_authors::article_id.eq_any(of.to_vec()))
        .order(article_authors::position.asc())
        .select((
            article_authors::article_id,
            BylineAuthorRow::as_select(),
            article_authors::role,
        ))
        .load(connection)
        .await?;
    Ok(by_article(rows))
}

async fn published_bylines_of(connection: &mut Connection, of: Vec<RowId>) -> Result<ByArticle<BylineRow>, Failure> {
    let rows: Vec<(RowId, BylineAuthorRow, String)> = published_bylines::table
        .inner_join(author_rows::table)
        .filter(published_bylines::article_id.eq_any(of))
        .order(published_bylines::position.asc())
        .select((
            published_bylines::article_id,
            BylineAuthorRow::as_select(),
            published_bylines::role,
        ))
        .load(connection)
        .await?;
    Ok(by_article(rows))
}

async fn published_tags_of(connection: &mut Connection, of: Vec<RowId>) -> Result<ByArticle<TagRefRow>, Failure> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    Ok(published_tags::table
        .inner_join(tags::table.on(tags::id.eq(published_tags::tag_id)))
        .filter(published_tags::article_id.eq_any(of))
        .order(published_tags::position.asc())
        .select((published_tags::article_id, TagRefRow::as_select()))
        .load(connection)
        .await?)
}

fn by_article(rows: Vec<(RowId, BylineAuthorRow, String)>) -> ByArticle<BylineRow> {
    rows.into_iter()
        .map(|(article, author, role)| (article, BylineRow { author, role }))
        .collect()
}

fn byline_rows(rows: Vec<(BylineAuthorRow, String)>) -> Vec<BylineRow> {
    rows.into_iter()
        .map(|(author, role)| BylineRow { author, role })
        .collect()
}

fn take<T>(all: &mut ByArticle<T>, article: RowId) -> Vec<T> {
    all.extract_if(.., |(of, _)| *of == article)
        .map(|(_, item)| item)
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
