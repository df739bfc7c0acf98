//! Queries about files.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use std::collections::HashMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::{Failure, is_foreign_key_violation};
use crate::database::ids::RowId;
use crate::database::schema::{articles, authors, media, media_uses, published_articles};
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::media::media::{
    MediaChange, MediaFailure, MediaFilter, MediaRow, MediaUsage, MediaUseRow, NamedUse, NewMedia, USES_NAMED,
    Uploaded, Uploaders,
};
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The file with an id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<MediaRow>, Failure> {
    let query = media::table.find(RowId(id)).select(MediaRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// The file that was made of the bytes with this SHA-256.
pub async fn find_by_hash(connection: &mut Connection, sha256: String) -> Result<Option<MediaRow>, Failure> {
    let query = media::table
        .filter(media::sha256.eq(sha256))
        .select(MediaRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Files by the time of their upload, from a place on.
pub async fn list(connection: &mut Connection, filter: MediaFilter, slice: Slice) -> Result<Vec<MediaRow>, Failure> {
    let mut query = media::table.select(MediaRow::as_select()).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(media::kind.eq(kind.as_str()));
    }
    if let Some(account) = filter.uploaded_by {
        query = query.filter(media::created_by.eq(RowId(account)));
    }
    let uses = media_uses::table.filter(media_uses::media_id.eq(media::id));
    query = match filter.usage {
        None => query,
        Some(MediaUsage::Used) => query.filter(exists(uses)),
        Some(MediaUsage::Unused) => query.filter(not(exists(uses))),
    };
    Ok(slice_by_creation!(query, slice, media).load(connection).await?)
}

/// Stores a file, unless one of the same bytes is there, also if another request stores it in this moment.
pub async fn create(connection: &mut Connection, new: NewMedia, stamp: Stamp) -> Result<Uploaded, MediaFailure> {
    let row = new.into_row(&stamp);
    let inserted = diesel::insert_into(media::table)
        .values(&row)
        .on_conflict(media::sha256)
        .do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return match find_by_hash(connection, row.sha256).await? {
            Some(known) => Ok(Uploaded::Known(known)),
            None => Err(Failure::Busy("the file of the same bytes is being removed".into()).into()),
        };
    }
    let act = Act::on(Action::MediaUploaded, row.id.0)
        .called(&row.file_name)
        .between(None, Some(row.revision))
        .with(serde_json::json!({"sha256": row.sha256, "content_type": row.content_type}));
    audit::record(connection, act, &stamp).await?;
    Ok(Uploaded::New(row))
}

/// Answers an upload with the file of the same bytes that is there.
pub async fn known(connection: &mut Connection, id: Uuid) -> Result<Uploaded, MediaFailure> {
    let row = find(connection, id).await?;
    row.map(Uploaded::Known).ok_or_else(|| {
        // Between the look at the bytes and this transaction; sent again, it is a new file.
        Failure::Busy("the file of the same bytes was removed in this moment".into()).into()
    })
}

/// Changes what is said about a file. A change that changes nothing is none.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    (expected, uploaders): (Expected, Uploaders),
    change: MediaChange,
    stamp: Stamp,
) -> Result<MediaRow, MediaFailure> {
    let mut row = lock(connection, id, &expected, uploaders).await?;
    if !change.apply_to(&mut row) {
        return Ok(row);
    }
    let before = row.revision;
    row.revision = before.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = RowId(stamp.account_id);
    diesel::update(media::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await?;
    let act = Act::on(Action::MediaUpdated, id)
        .called(&row.file_name)
        .between(Some(before), Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Removes a file that is used nowhere. Its bytes are for the caller to remove, once the transaction has ended.
pub async fn delete(
    connection: &mut Connection,
    id: Uuid,
    (expected, uploaders): (Expected, Uploaders),
    stamp: Stamp,
) -> Result<MediaRow, MediaFailure> {
    let row = lock(connection, id, &expected, uploaders).await?;
    let first = Slice {
        order: SortOrder::Ascending,
        after: None,
        rows: USES_NAMED,
    };
    let uses = uses(connection, id, first).await?;
    if !uses.is_empty() {
        return Err(MediaFailure::InUse(uses));
    }
    match diesel::delete(media::table.find(row.id)).execute(connection).await {
        // A save of an article, which began to use it, ended in this moment.
        Err(error) if is_foreign_key_violation(&error) => return Err(MediaFailure::InUse(Vec::new())),
        outcome => outcome?,
    };
    let act = Act::on(Action::MediaDeleted, id)
        .called(&row.file_name)
        .between(Some(row.revision), None)
        .with(serde_json::json!({"sha256": row.sha256}));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Where a file is used, by what uses it, from a place on. What a use is of and where in it are the key of a place in this
/// list, written as one text.
pub async fn uses(connection: &mut Connection, id: Uuid, slice: Slice) -> Result<Vec<NamedUse>, Failure> {
    let mut query = media_uses::table
        .filter(media_uses::media_id.eq(RowId(id)))
        .select(MediaUseRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    let after = slice.after.and_then(|position| match position.key {
        PositionKey::Text(key) => {
            let (kind, place) = key.split_once('/')?;
            Some((RowId(position.id), kind.to_owned(), place.to_owned()))
        }
        PositionKey::Time(_) => None,
    });
    let (by_subject, by_kind, by_place) = (media_uses::subject_id, media_uses::subject_kind, media_uses::place);
    query = match slice.order {
        SortOrder::Ascending => query.order((by_subject.asc(), by_kind.asc(), by_place.asc())),
        SortOrder::Descending => query.order((by_subject.desc(), by_kind.desc(), by_place.desc())),
    };
    query = match (after, slice.order) {
        (None, _) => query,
        (Some((subject, kind, place)), SortOrder::Ascending) => query.filter(
            by_subject.gt(subject).or(by_subject
                .eq(subject)
                .and(by_kind.gt(kind.clone()).or(by_kind.eq(kind).and(by_place.gt(place))))),
        ),
        (Some((subject, kind, place)), SortOrder::Descending) => query.filter(
            by_subject.lt(subject).or(by_subject
                .eq(subject)
                .and(by_kind.lt(kind.clone()).or(by_kind.eq(kind).and(by_place.lt(place))))),
        ),
    };
    let rows: Vec<MediaUseRow> = query.load(connection).await?;
    named(connection, rows).await
}

/// Of these hashes of stored bytes, those that a file has.
pub async fn stored_hashes(connection: &mut Connection, hashes: Vec<String>) -> Result<Vec<String>, Failure> {
    let query = media::table
        .filter(media::stored_sha256.eq_any(hashes))
        .select(media::stored_sha256);
    Ok(query.load(connection).await?)
}

/// Of these ids, those that a file has.
pub async fn known_ids(connection: &mut Connection, ids: Vec<Uuid>) -> Result<Vec<Uuid>, Failure> {
    let rows: Vec<RowId> = media::table
        .filter(media::id.eq_any(ids.into_iter().map(RowId).collect::<Vec<_>>()))
        .select(media::id)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|id| id.0).collect())
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(
    connection: &mut Connection,
    id: Uuid,
    expected: &Expected,
    uploaders: Uploaders,
) -> Result<MediaRow, MediaFailure> {
    let row: Option<MediaRow> = diesel::update(media::table.find(RowId(id)))
        .set(media::revision.eq(media::revision))
        .returning(MediaRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        None => Err(MediaFailure::Absent),
        Some(row) if !uploaders.include(&row) => Err(MediaFailure::NotTheUploader),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(MediaFailure::Stale(row.stale())),
    }
}

/// Adds what people call the things that use a file.
async fn named(connection: &mut Connection, rows: Vec<MediaUseRow>) -> Result<Vec<NamedUse>, Failure> {
    let of_kind = |kind: &str| -> Vec<RowId> {
        let rows = rows.iter().filter(|row| row.subject_kind == kind);
        rows.map(|row| row.subject_id).collect()
    };
    let (working, published, people) = (of_kind("article"), of_kind("published_article"), of_kind("author"));
    let mut names: HashMap<(&str, RowId), (String, String)> = HashMap::new();
    let mut learn = |kind: &'static str, found: Vec<(RowId, String, String)>| {
        names.extend(found.into_iter().map(|(id, slug, title)| ((kind, id), (slug, title))));
    };
    if !working.is_empty() {
        let query = articles::table.filter(articles::id.eq_any(working)).select((
            articles::id,
            articles::slug,
            articles::title,
        ));
        learn("article", query.load(connection).await?);
    }
    if !published.is_empty() {
        let query = published_articles::table
            .filter(published_articles::article_id.eq_any(published))
            .select((
                published_articles::article_id,
                published_articles::slug,
                published_articles::title,
            ));
        learn("published_article", query.load(connection).await?);
    }
    if !people.is_empty() {
        let query =
            authors::table
                .filter(authors::id.eq_any(people))
                .select((authors::id, authors::slug, authors::name));
        learn("author", query.load(connection).await?);
    }
    let with_names = rows.into_iter().map(|row| {
        let name = names.get(&(row.subject_kind.as_str(), row.subject_id)).cloned();
        let (slug, title) = name.unwrap_or_default();
        NamedUse { row, slug, title }
    });
    Ok(with_names.collect())
}
