//! Queries about series.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::dsl::exists;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::conflict::{SlugConflict, candidates};
use crate::database::failure::{Failure, is_foreign_key_violation, is_unique_violation};
use crate::database::ids::RowId;
use crate::database::schema::{articles, former_series_slugs, published_articles, series};
use crate::field::{Line, Prose};
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::series::series::{NewSeries, SeriesChange, SeriesFailure, SeriesLookup, SeriesRow};
use crate::slug::Slug;
use crate::state::Stamp;

/// The series with an id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<SeriesRow>, Failure> {
    Ok(series::table
        .find(RowId(id))
        .select(SeriesRow::as_select())
        .first(connection)
        .await
        .optional()?)
}

/// The series with a slug, or where the series went that had it.
pub async fn find_by_slug(connection: &mut Connection, slug: Slug) -> Result<SeriesLookup, Failure> {
    if let Some(row) = holder(connection, &slug).await? {
        return Ok(SeriesLookup::Found(row));
    }
    let moved: Option<SeriesRow> = former_series_slugs::table
        .inner_join(series::table.on(series::id.eq(former_series_slugs::series_id)))
        .filter(former_series_slugs::slug.eq(slug.as_str()))
        .select(SeriesRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(moved.map_or(SeriesLookup::Absent, SeriesLookup::Moved))
}

/// Series by title, bytewise, from a place on.
pub async fn list(connection: &mut Connection, slice: Slice) -> Result<Vec<SeriesRow>, Failure> {
    let mut query = series::table
        .select(SeriesRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    let after = slice.after.and_then(|place| match place.key {
        PositionKey::Text(title) => Some((title, RowId(place.id))),
        PositionKey::Time(_) => None,
    });
    query = match slice.order {
        SortOrder::Ascending => query.order((series::title.asc(), series::id.asc())),
        SortOrder::Descending => query.order((series::title.desc(), series::id.desc())),
    };
    query = match (after, slice.order) {
        (None, _) => query,
        (Some((title, id)), SortOrder::Ascending) => query.filter(
            series::title
                .gt(title.clone())
                .or(series::title.eq(title).and(series::id.gt(id))),
        ),
        (Some((title, id)), SortOrder::Descending) => query.filter(
            series::title
                .lt(title.clone())
                .or(series::title.eq(title).and(series::id.lt(id))),
        ),
    };
    Ok(query.load(connection).await?)
}

/// Stores a new series.
pub async fn create(connection: &mut Connection, new: NewSeries, stamp: Stamp) -> Result<SeriesRow, SeriesFailure> {
    let NewSeries {
        id,
        title,
        slug,
        description,
    } = new;
    let row = SeriesRow {
        id: RowId(id),
        slug: slug.as_str().to_owned(),
        title: title.into_string(),
        description: description.map(Prose::into_string),
        revision: 1,
        created_at: stamp.now.into(),
        updated_at: stamp.now.into(),
        updated_by: Some(RowId(stamp.account_id)),
    };
    let inserted = diesel::insert_into(series::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Err(slug_conflict(connection, slug, &stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    let act = act(Action::SeriesCreated, &row).between(None, Some(1));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Changes a series.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    change: SeriesChange,
    stamp: Stamp,
) -> Result<SeriesRow, SeriesFailure> {
    let mut row = lock(connection, id, &expected).await?;
    let SeriesChange {
        title,
        slug,
        description,
    } = change;
    if let Some(slug) = slug.filter(|slug| slug.as_str() != row.slug) {
        row.slug = move_to_slug(connection, &row, slug, &stamp).await?;
    }
    row.title = title.map_or(row.title, Line::into_string);
    row.description = description.map(Prose::into_string).apply(row.description);
    let before = row.revision;
    row.revision = row.revision.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = Some(RowId(stamp.account_id));
    match diesel::update(series::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await
    {
        Err(error) if is_unique_violation(&error) => {
            return Err(Failure::Busy("another series took the slug in this moment".into()).into());
        }
        outcome => outcome?,
    };
    let act = act(Action::SeriesUpdated, &row).between(Some(before), Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Removes a series that no article belongs to.
pub async fn delete(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    stamp: Stamp,
) -> Result<(), SeriesFailure> {
    let row = lock(connection, id, &expected).await?;
    let working = articles::table.filter(articles::series_id.eq(row.id));
    let published = published_articles::table.filter(published_articles::series_id.eq(row.id));
    let is_used: bool = diesel::select(exists(working).or(exists(published)))
        .get_result(connection)
        .await?;
    if is_used {
        return Err(SeriesFailure::InUse);
    }
    match diesel::delete(series::table.find(row.id)).execute(connection).await {
        // An article came into the series in this moment.
        Err(error) if is_foreign_key_violation(&error) => return Err(SeriesFailure::InUse),
        outcome => outcome?,
    };
    let act = act(Action::SeriesDeleted, &row).between(Some(row.revision), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

fn act(action: Action, row: &SeriesRow) -> Act {
    Act::on(action, row.id.0).called(row.slug.clone())
}

/// The series that has a slug now.
pub async fn holder(connection: &mut Connection, slug: &Slug) -> Result<Option<SeriesRow>, Failure> {
    let query = series::table
        .filter(series::slug.eq(slug.as_str()))
        .select(SeriesRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(connection: &mut Connection, id: Uuid, expected: &Expected) -> Result<SeriesRow, SeriesFailure> {
    let row: Option<SeriesRow> = diesel::update(series::table.find(RowId(id)))
        .set(series::revision.eq(series::revision))
        .returning(SeriesRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        None => Err(SeriesFailure::Absent),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(SeriesFailure::Stale(row.stale())),
    }
}

async fn move_to_slug(
    connection: &mut Connection,
    row: &SeriesRow,
    slug: Slug,
    stamp: &Stamp,
) -> Result<String, SeriesFailure> {
    if holder(connection, &slug).await?.is_some() {
        return Err(slug_conflict(connection, slug, stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    let former = (
        former_series_slugs::slug.eq(row.slug.clone()),
        former_series_slugs::series_id.eq(row.id),
    );
    diesel::insert_into(former_series_slugs::table)
        .values(former)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(slug.into_string())
}

/// A slug in use redirects no more.
async fn release_former(connection: &mut Connection, slug: &str) -> Result<(), Failure> {
    diesel::delete(former_series_slugs::table.find(slug.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn slug_conflict(connection: &mut Connection, wanted: Slug, stamp: &Stamp) -> Result<SeriesFailure, Failure> {
    let taken: Vec<String> = series::table
        .filter(series::slug.eq_any(candidates(&wanted)))
        .select(series::slug)
        .load(connection)
        .await?;
    let holder = holder(connection, &wanted).await?.map(|row| row.id.0);
    let conflict = SlugConflict::suggesting(wanted, holder, &taken, stamp.new_id());
    Ok(SeriesFailure::SlugTaken(conflict))
}
