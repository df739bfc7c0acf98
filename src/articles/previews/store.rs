//! Queries about preview links.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_access, audit};
use crate::articles::access::AccessFailure;
use crate::articles::article::Ownership;
use crate::articles::previews::preview_link::{
    MAX_ACTIVE_LINKS, NewPreviewLink, PREVIEW_LINK_REVISION, PreviewLinkFailure, PreviewLinkLookup, PreviewLinkPlace,
    PreviewLinkRow,
};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{preview_links, revisions};
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The links of an article by time, from a place on.
pub async fn list(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    slice: Slice,
) -> Result<Vec<PreviewLinkRow>, AccessFailure> {
    let access = article_access::find(connection, article, ownership).await?;
    let query = preview_links::table
        .filter(preview_links::article_id.eq(access.id))
        .select(PreviewLinkRow::as_select())
        .into_boxed();
    Ok(slice_by_creation!(query, slice, preview_links).load(connection).await?)
}

/// A link, for the newsroom.
pub async fn find(connection: &mut Connection, place: PreviewLinkPlace) -> Result<PreviewLinkRow, PreviewLinkFailure> {
    let access = article_access::find(connection, place.article, place.ownership).await?;
    let row: Option<PreviewLinkRow> = preview_links::table
        .find(RowId(place.link))
        .filter(preview_links::article_id.eq(access.id))
        .select(PreviewLinkRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.ok_or(PreviewLinkFailure::Absent)
}

/// What a link leads to now, for whoever has it.
pub async fn usable(connection: &mut Connection, link: Uuid, now: RowTime) -> Result<PreviewLinkLookup, Failure> {
    let row: Option<PreviewLinkRow> = preview_links::table
        .find(RowId(link))
        .select(PreviewLinkRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map_or(PreviewLinkLookup::Absent, |row| row.lookup(now.utc())))
}

/// Stores a new link to a revision that the article has.
pub async fn create(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    new: NewPreviewLink,
    stamp: Stamp,
) -> Result<PreviewLinkRow, PreviewLinkFailure> {
    let access = article_access::lock(connection, article, ownership).await?;
    let revision = new.revision.unwrap_or(access.revision);
    require_revision(connection, access.id, revision).await?;
    if active_count(connection, access.id, stamp.now.into()).await? >= MAX_ACTIVE_LINKS {
        return Err(PreviewLinkFailure::TooMany);
    }
    let row = new.into_row(access.id, revision, &stamp);
    diesel::insert_into(preview_links::table)
        .values(&row)
        .execute(connection)
        .await?;
    let act = act(Action::PreviewLinkCreated, &row).between(None, Some(PREVIEW_LINK_REVISION));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Ends a link. One that was ended before stays as it is.
pub async fn revoke(
    connection: &mut Connection,
    place: PreviewLinkPlace,
    expected: Expected,
    stamp: Stamp,
) -> Result<(), PreviewLinkFailure> {
    article_access::lock(connection, place.article, place.ownership).await?;
    let row = find(connection, place).await?;
    if !expected.allows(PREVIEW_LINK_REVISION) {
        return Err(PreviewLinkFailure::Stale(row.stale()));
    }
    let target = preview_links::table
        .find(row.id)
        .filter(preview_links::revoked_at.is_null());
    let revoked = diesel::update(target)
        .set(preview_links::revoked_at.eq(RowTime::from(stamp.now)))
        .execute(connection)
        .await?;
    if revoked == 0 {
        return Ok(());
    }
    let act = act(Action::PreviewLinkRevoked, &row).between(Some(PREVIEW_LINK_REVISION), Some(PREVIEW_LINK_REVISION));
    Ok(audit::record(connection, act, &stamp).await?)
}

fn act(action: Action, row: &PreviewLinkRow) -> Act {
    let details = json!({"article_id": row.article_id.0, "revision": row.revision});
    Act::on(action, row.id.0).with(details)
}

async fn require_revision(
    connection: &mut Connection,
    article: RowId,
    revision: i32,
) -> Result<(), PreviewLinkFailure> {
    let kept: Option<i32> = revisions::table
        .find((article, revision))
        .select(revisions::revision)
        .first(connection)
        .await
        .optional()?;
    match kept {
        Some(_) => Ok(()),
        None => Err(PreviewLinkFailure::RevisionUnknown { revision }),
    }
}

async fn active_count(connection: &mut Connection, article: RowId, now: RowTime) -> Result<i64, Failure> {
    let active = preview_links::table
        .filter(preview_links::article_id.eq(article))
        .filter(preview_links::revoked_at.is_null())
        .filter(preview_links::expires_at.gt(now));
    Ok(active.count().get_result(connection).await?)
}
