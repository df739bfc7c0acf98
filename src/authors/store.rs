//! Queries about authors.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, api_tokens, audit, media_uses};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::authors::author::{
    AuthorAudience, AuthorChange, AuthorFailure, AuthorLink, AuthorLookup, AuthorRow, AuthorUse, AuthorVisibility,
    NewAuthor,
};
use crate::conflict::{SlugConflict, alternatives, first_free};
use crate::database::failure::{Failure, is_foreign_key_violation, is_unique_violation};
use crate::database::ids::RowId;
use crate::database::schema::{accounts, article_authors, authors, former_author_slugs};
use crate::database::timestamp::RowTime;
use crate::field::WebAddress;
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::http::patch::Patch;
use crate::markup::Rendered;
use crate::media::uses::{self, MediaUser, MediaUses};
use crate::slug::Slug;
use crate::state::Stamp;

/// The author with an id.
pub async fn find(
    connection: &mut Connection,
    id: Uuid,
    audience: AuthorAudience,
) -> Result<Option<AuthorRow>, Failure> {
    let found: Option<AuthorRow> = authors::table
        .find(RowId(id))
        .select(AuthorRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(found.filter(|row| is_visible(row, audience)))
}

/// The author with a slug, or where the author went who had it.
pub async fn find_by_slug(
    connection: &mut Connection,
    slug: Slug,
    audience: AuthorAudience,
) -> Result<AuthorLookup, Failure> {
    if let Some(row) = holder(connection, &slug).await?.filter(|row| is_visible(row, audience)) {
        return Ok(AuthorLookup::Found(row));
    }
    let moved: Option<AuthorRow> = former_author_slugs::table
        .inner_join(authors::table.on(authors::id.eq(former_author_slugs::author_id)))
        .filter(former_author_slugs::slug.eq(slug.as_str()))
        .select(AuthorRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(moved
        .filter(|row| is_visible(row, audience))
        .map_or(AuthorLookup::Absent, AuthorLookup::Moved))
}

/// Authors by name, bytewise, from a place on.
pub async fn list(
    connection: &mut Connection,
    audience: AuthorAudience,
    slice: Slice,
) -> Result<Vec<AuthorRow>, Failure> {
    let mut query = authors::table
        .select(AuthorRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    if audience == AuthorAudience::Public {
        query = query.filter(authors::is_public.eq(true));
    }
    let after = slice.after.and_then(|place| match place.key {
        PositionKey::Text(name) => Some((name, RowId(place.id))),
        PositionKey::Time(_) => None,
    });
    query = match slice.order {
        SortOrder::Ascending => query.order((authors::name.asc(), authors::id.asc())),
        SortOrder::Descending => query.order((authors::name.desc(), authors::id.desc())),
    };
    query = match (after, slice.order) {
        (None, _) => query,
        (Some((name, id)), SortOrder::Ascending) => query.filter(
            authors::name
                .gt(name.clone())
                .or(authors::name.eq(name).and(authors::id.gt(id))),
        ),
        (Some((name, id)), SortOrder::Descending) => query.filter(
            authors::name
                .lt(name.clone())
                .or(authors::name.eq(name).and(authors::id.lt(id))),
        ),
    };
    Ok(query.load(connection).await?)
}

/// Stores a new author.
pub async fn create(connection: &mut Connection, new: NewAuthor, stamp: Stamp) -> Result<AuthorRow, AuthorFailure> {
    let NewAuthor {
        id,
        name,
        slug,
        bio,
        url,
        profile,
        visibility,
    } = new;
    let (bio_markdown, bio_html) = bio.map(|bio| (bio.markdown, bio.html)).unzip();
    let mut row = AuthorRow {
        id: RowId(id),
        slug: slug.as_str().to_owned(),
        name: name.into_string(),
        bio_markdown,
        bio_html,
        url: url.map(crate::field::WebAddress::into_string),
        is_public: visibility == AuthorVisibility::Public,
        revision: 1,
        created_at: stamp.now.into(),
        updated_at: stamp.now.into(),
        updated_by: Some(RowId(stamp.account_id)),
        avatar_url: None,
        avatar_alt: None,
        affiliation: None,
        links: AuthorLink::to_json(&[]),
    };
    profile.apply_to(&mut row)?;
    let files = known_files(connection, (None, row.avatar_url.as_deref()), &stamp).await?;
    let inserted = diesel::insert_into(authors::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Err(slug_conflict(connection, slug, &stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    media_uses::follow(connection, MediaUser::Author(row.id), &files.before, &files.now).await?;
    audit::record(
        connection,
        act(Action::AuthorCreated, &row).between(None, Some(1)),
        &stamp,
    )
    .await?;
    Ok(row)
}

/// Changes an author.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    change: AuthorChange,
    stamp: Stamp,
) -> Result<AuthorRow, AuthorFailure> {
    let mut row = lock(connection, id, &expected).await?;
    let AuthorChange {
        name,
        slug,
        bio,
        url,
        profile,
    } = change;
    if let Some(slug) = slug.filter(|slug| slug.as_str() != row.slug) {
        row.slug = move_to_slug(connection, &row, slug, &stamp).await?;
    }
    row.name = name.map_or(row.name, crate::field::Line::into_string);
    (row.bio_markdown, row.bio_html) = match bio {
        Patch::Absent => (row.bio_markdown, row.bio_html),
        Patch::Null => (None, None),
        Patch::Value(bio) => (Some(bio.markdown), Some(bio.html)),
    };
    row.url = url.map(WebAddress::into_string).apply(row.url);
    let avatar = row.avatar_url.clone();
    profile.apply_to(&mut row)?;
    let files = known_files(connection, (avatar.as_deref(), row.avatar_url.as_deref()), &stamp).await?;
    media_uses::follow(connection, MediaUser::Author(row.id), &files.before, &files.now).await?;
    let before = row.revision;
    row.revision = row.revision.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = Some(RowId(stamp.account_id));
    match diesel::update(authors::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await
    {
        Err(error) if is_unique_violation(&error) => {
            return Err(Failure::Busy("another author took the slug in this moment".into()).into());
        }
        outcome => outcome?,
    };
    let act = act(Action::AuthorUpdated, &row).between(Some(before), Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Removes an author who stands in no byline and whom nobody writes as.
pub async fn delete(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    stamp: Stamp,
) -> Result<(), AuthorFailure> {
    let row = lock(connection, id, &expected).await?;
    let in_use: Option<RowId> = article_authors::table
        .filter(article_authors::author_id.eq(RowId(id)))
        .select(article_authors::article_id)
        .first(connection)
        .await
        .optional()?;
    if in_use.is_some() {
        return Err(AuthorFailure::InUse(AuthorUse::Byline));
    }
    let writing: Option<RowId> = accounts::table
        .filter(accounts::author_id.eq(RowId(id)))
        .select(accounts::id)
        .first(connection)
        .await
        .optional()?;
    if writing.is_some() {
        return Err(AuthorFailure::InUse(AuthorUse::Account));
    }
    api_tokens::release_author(connection, RowId(id), &stamp).await?;
    match diesel::delete(authors::table.find(RowId(id))).execute(connection).await {
        // Another instance gave the author a byline in this moment, or a published byline is older than the working copy.
        Err(error) if is_foreign_key_violation(&error) => return Err(AuthorFailure::InUse(AuthorUse::Byline)),
        outcome => outcome?,
    };
    if row.avatar_url.is_some() {
        media_uses::forget(connection, MediaUser::Author(row.id)).await?;
    }
    let act = act(Action::AuthorDeleted, &row).between(Some(row.revision), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

/// The author who has a slug now.
pub async fn holder(connection: &mut Connection, slug: &Slug) -> Result<Option<AuthorRow>, Failure> {
    let query = authors::table
        .filter(authors::slug.eq(slug.as_str()))
        .select(AuthorRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// What is told about some authors, as Markdown; only of those of whom something is told.
pub async fn bios(connection: &mut Connection, ids: Vec<RowId>) -> Result<Vec<(RowId, String)>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(RowId, Option<String>)> = authors::table
        .filter(authors::id.eq_any(ids))
        .select((authors::id, authors::bio_markdown))
        .load(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|(id, bio)| Some((id, bio?))).collect())
}

/// Makes authors visible to readers, since something with their byline is.
pub async fn make_public(connection: &mut Connection, ids: &[RowId]) -> Result<(), Failure> {
    let hidden = authors::table
        .filter(authors::id.eq_any(ids.to_vec()))
        .filter(authors::is_public.eq(false));
    diesel::update(hidden)
        .set(authors::is_public.eq(true))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores a bio for an author who has none.
pub async fn give_bio(
    connection: &mut Connection,
    author: &AuthorRow,
    bio: Rendered,
    stamp: &Stamp,
) -> Result<(), Failure> {
    let changes = (
        authors::bio_markdown.eq(bio.markdown),
        authors::bio_html.eq(bio.html),
        authors::revision.eq(authors::revision + 1),
        authors::updated_at.eq(RowTime::from(stamp.now)),
        authors::updated_by.eq(RowId(stamp.account_id)),
    );
    let target = authors::table.find(author.id).filter(authors::bio_markdown.is_null());
    let revision: Option<i32> = diesel::update(target)
        .set(changes)
        .returning(authors::revision)
        .get_result(connection)
        .await
        .optional()?;
    let Some(revision) = revision else {
        return Ok(());
    };
    let act = act(Action::AuthorUpdated, author).between(Some(revision.saturating_sub(1)), Some(revision));
    audit::record(connection, act, stamp).await
}

/// The files that an author used and will use.
struct FileChange {
    before: MediaUses,
    now: MediaUses,
}

/// Refuses a new picture that is a file of ours and is not there.
async fn known_files(
    connection: &mut Connection,
    (before, now): (Option<&str>, Option<&str>),
    stamp: &Stamp,
) -> Result<FileChange, AuthorFailure> {
    let change = FileChange {
        before: uses::of_author(before, stamp.public_url()),
        now: uses::of_author(now, stamp.public_url()),
    };
    let added: BTreeSet<Uuid> = change.now.difference(&change.before).map(|(_, id)| *id).collect();
    if added.is_empty() {
        return Ok(change);
    }
    let existing = media_uses::existing(connection, &added).await?;
    match added.difference(&existing).next() {
        None => Ok(change),
        Some(missing) => Err(AuthorFailure::FileUnknown(*missing)),
    }
}

fn act(action: Action, row: &AuthorRow) -> Act {
    Act::on(action, row.id.0).called(row.slug.clone())
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(connection: &mut Connection, id: Uuid, expected: &Expected) -> Result<AuthorRow, AuthorFailure> {
    let row: Option<AuthorRow> = diesel::update(authors::table.find(RowId(id)))
        .set(authors::revision.eq(authors::revision))
        .returning(AuthorRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        None => Err(AuthorFailure::Absent),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(AuthorFailure::Stale(row.stale())),
    }
}

async fn move_to_slug(
    connection: &mut Connection,
    row: &AuthorRow,
    slug: Slug,
    stamp: &Stamp,
) -> Result<String, AuthorFailure> {
    if holder(connection, &slug).await?.is_some() {
        return Err(slug_conflict(connection, slug, stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    let former = (
        former_author_slugs::slug.eq(row.slug.clone()),
        former_author_slugs::author_id.eq(row.id),
    );
    diesel::insert_into(former_author_slugs::table)
        .values(former)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(slug.into_string())
}

/// A slug in use redirects no more.
async fn release_former(connection: &mut Connection, slug: &str) -> Result<(), Failure> {
    diesel::delete(former_author_slugs::table.find(slug.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn slug_conflict(connection: &mut Connection, wanted: Slug, stamp: &Stamp) -> Result<AuthorFailure, Failure> {
    let candidates: Vec<String> = alternatives(&wanted).into_iter().map(Slug::into_string).collect();
    let taken: Vec<String> = authors::table
        .filter(authors::slug.eq_any(candidates))
        .select(authors::slug)
        .load(connection)
        .await?;
    let holder = holder(connection, &wanted).await?;
    let suggestion = first_free(&wanted, &taken, stamp.new_id());
    let conflicting_id = holder.map_or_else(Uuid::nil, |row| row.id.0);
    Ok(AuthorFailure::SlugTaken(SlugConflict {
        wanted,
        conflicting_id,
        suggestion,
    }))
}

fn is_visible(row: &AuthorRow, audience: AuthorAudience) -> bool {
    row.is_public || audience == AuthorAudience::Newsroom
}
