//! Queries about tags.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit, begin, finish};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::conflict::{SlugConflict, alternatives, first_free};
use crate::database::failure::{Failure, is_foreign_key_violation, is_unique_violation};
use crate::database::ids::RowId;
use crate::database::schema::{article_tags, former_tag_slugs, published_articles, published_tags, tags};
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::slug::Slug;
use crate::state::Stamp;
use crate::tags::tag::{NewTag, TagAudience, TagChange, TagFailure, TagLookup, TagName, TagRow, TagVisibility};

/// How often the tags of some names are looked for, and made where they are missing.
const MAX_ROUNDS: usize = 3;

/// The tag with an id, also one that was merged.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<TagRow>, Failure> {
    by_id(connection, RowId(id)).await
}

/// The tag with an id as somebody may see it, or the one that it was merged into.
pub async fn find_by_id(connection: &mut Connection, id: Uuid, audience: TagAudience) -> Result<TagLookup, Failure> {
    match by_id(connection, RowId(id)).await? {
        None => Ok(TagLookup::Absent),
        Some(row) => living(connection, row, audience).await,
    }
}

/// The tag with a slug, or where the tag went that had it: to another slug, or into another tag.
pub async fn find_by_slug(
    connection: &mut Connection,
    slug: Slug,
    audience: TagAudience,
) -> Result<TagLookup, Failure> {
    if let Some(row) = holder(connection, &slug).await? {
        return living(connection, row, audience).await;
    }
    let former: Option<TagRow> = former_tag_slugs::table
        .inner_join(tags::table.on(tags::id.eq(former_tag_slugs::tag_id)))
        .filter(former_tag_slugs::slug.eq(slug.as_str()))
        .select(TagRow::as_select())
        .first(connection)
        .await
        .optional()?;
    let Some(row) = former else {
        return Ok(TagLookup::Absent);
    };
    Ok(match living(connection, row, audience).await? {
        TagLookup::Found(row) => TagLookup::Moved(row),
        elsewhere => elsewhere,
    })
}

/// Tags by name, bytewise, from a place on.
pub async fn list(connection: &mut Connection, audience: TagAudience, slice: Slice) -> Result<Vec<TagRow>, Failure> {
    let mut query = tags::table.select(TagRow::as_select()).limit(slice.rows).into_boxed();
    if audience == TagAudience::Public {
        query = query
            .filter(tags::is_public.eq(true))
            .filter(tags::merged_into.is_null());
    }
    let after = slice.after.and_then(|place| match place.key {
        PositionKey::Text(name) => Some((name, RowId(place.id))),
        PositionKey::Time(_) => None,
    });
    query = match slice.order {
        SortOrder::Ascending => query.order((tags::name.asc(), tags::id.asc())),
        SortOrder::Descending => query.order((tags::name.desc(), tags::id.desc())),
    };
    query = match (after, slice.order) {
        (None, _) => query,
        (Some((name, id)), SortOrder::Ascending) => {
            query.filter(tags::name.gt(name.clone()).or(tags::name.eq(name).and(tags::id.gt(id))))
        }
        (Some((name, id)), SortOrder::Descending) => {
            query.filter(tags::name.lt(name.clone()).or(tags::name.eq(name).and(tags::id.lt(id))))
        }
    };
    Ok(query.load(connection).await?)
}

/// The tags that an article names: their ids in the order of the names, each once. A tag that was renamed or merged leads
/// to the living one, and one that is not there is made.
pub async fn named(
    connection: &mut Connection,
    names: Vec<TagName>,
    visibility: TagVisibility,
    stamp: &Stamp,
) -> Result<Vec<RowId>, Failure> {
    for _round in 0..MAX_ROUNDS {
        let known = KnownTags::of(connection, &names).await?;
        if let Some(ids) = known.ids(&names) {
            return Ok(ids);
        }
        let missing = known.missing(&names).into_iter();
        let rows = missing.map(|name| fresh_row(stamp.new_id(), name.slug(), name, visibility, stamp));
        make_unless_made(connection, rows.collect(), stamp).await?;
    }
    Err(Failure::Busy("others make tags of these names in this moment".into()))
}

/// The same tags, with the living one in place of each that was merged; each once, in their order.
pub async fn followed(connection: &mut Connection, ids: Vec<Uuid>) -> Result<Vec<Uuid>, Failure> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let merged: Vec<(RowId, RowId)> = tags::table
        .filter(tags::id.eq_any(ids.iter().copied().map(RowId).collect::<Vec<_>>()))
        .filter(tags::merged_into.is_not_null())
        .select((tags::id, tags::merged_into.assume_not_null()))
        .load(connection)
        .await?;
    let mut followed: Vec<Uuid> = Vec::new();
    for id in ids {
        let target = merged.iter().find(|(tag, _)| tag.0 == id);
        let id = target.map_or(id, |(_, target)| target.0);
        if !followed.contains(&id) {
            followed.push(id);
        }
    }
    Ok(followed)
}

/// Makes tags visible to readers, since something that has them is.
pub async fn make_public(connection: &mut Connection, ids: &[RowId]) -> Result<(), Failure> {
    let hidden = tags::table
        .filter(tags::id.eq_any(ids.to_vec()))
        .filter(tags::is_public.eq(false));
    diesel::update(hidden)
        .set(tags::is_public.eq(true))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores a new tag.
pub async fn create(connection: &mut Connection, new: NewTag, stamp: Stamp) -> Result<TagRow, TagFailure> {
    let NewTag {
        id,
        name,
        slug,
        description,
        visibility,
    } = new;
    refuse_namesake(connection, RowId(id), &name).await?;
    let row = TagRow {
        description: description.map(crate::field::Prose::into_string),
        ..fresh_row(id, &slug, &name, visibility, &stamp)
    };
    let inserted = diesel::insert_into(tags::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Err(slug_conflict(connection, slug, &stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    remember_name(connection, &row, &name).await?;
    let act = act(Action::TagCreated, &row).between(None, Some(1));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Changes a tag. Articles have it by its id, so they keep it.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    change: TagChange,
    stamp: Stamp,
) -> Result<TagRow, TagFailure> {
    let mut row = lock(connection, RowId(id), &expected).await?;
    let TagChange {
        name,
        slug,
        description,
    } = change;
    if let Some(slug) = slug.filter(|slug| slug.as_str() != row.slug) {
        row.slug = move_to_slug(connection, &row, slug, &stamp).await?;
    }
    if let Some(name) = name {
        refuse_namesake(connection, row.id, &name).await?;
        remember_name(connection, &row, &name).await?;
        row.name = name.into_string();
    }
    row.description = description.map(crate::field::Prose::into_string).apply(row.description);
    let before = row.revision;
    touch(&mut row, &stamp);
    match diesel::update(tags::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await
    {
        Err(error) if is_unique_violation(&error) => {
            return Err(Failure::Busy("another tag took the slug in this moment".into()).into());
        }
        outcome => outcome?,
    };
    let act = act(Action::TagUpdated, &row).between(Some(before), Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Removes a tag that no article has, and the pointers to it.
pub async fn delete(connection: &mut Connection, id: Uuid, expected: Expected, stamp: Stamp) -> Result<(), TagFailure> {
    let row = lock(connection, RowId(id), &expected).await?;
    if is_in_use(connection, row.id).await? {
        return Err(TagFailure::InUse);
    }
    let with_pointers = tags::table.filter(tags::id.eq(row.id).or(tags::merged_into.eq(row.id)));
    match diesel::delete(with_pointers).execute(connection).await {
        // Another instance gave an article the tag in this moment.
        Err(error) if is_foreign_key_violation(&error) => return Err(TagFailure::InUse),
        outcome => outcome?,
    };
    let act = act(Action::TagDeleted, &row).between(Some(row.revision), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

/// Puts one tag in place of another wherever it stands, and leaves the other as a pointer. Gives the tag that stays.
pub async fn merge(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    into: Slug,
    stamp: Stamp,
) -> Result<TagRow, TagFailure> {
    let target = match find_by_slug(connection, into.clone(), TagAudience::Newsroom).await? {
        TagLookup::Found(row) | TagLookup::Moved(row) => row.id,
        TagLookup::Absent => return Err(TagFailure::TargetUnknown(into)),
    };
    let id = RowId(id);
    if target == id {
        return Err(TagFailure::Cycle);
    }
    let (mut merged, stays) = lock_both(connection, id, &expected, target).await?;
    move_working_copies(connection, merged.id, stays.id).await?;
    move_snapshots(connection, merged.id, stays.id).await?;
    move_pointers(connection, merged.id, stays.id).await?;
    if merged.is_public {
        make_public(connection, &[stays.id]).await?;
    }
    let before = merged.revision;
    merged.merged_into = Some(stays.id);
    touch(&mut merged, &stamp);
    diesel::update(tags::table.find(merged.id))
        .set(&merged)
        .execute(connection)
        .await?;
    let act = act(Action::TagMerged, &merged)
        .between(Some(before), Some(merged.revision))
        .with(json!({"into": stays.id.0, "into_slug": stays.slug}));
    audit::record(connection, act, &stamp).await?;
    Ok(TagRow {
        is_public: stays.is_public || merged.is_public,
        ..stays
    })
}

/// What is known by some names.
struct KnownTags {
    /// Living tags by their very name.
    by_name: BTreeMap<String, RowId>,
    /// Living tags by every slug that leads to them.
    by_slug: BTreeMap<String, RowId>,
}

impl KnownTags {
    async fn of(connection: &mut Connection, names: &[TagName]) -> Result<Self, Failure> {
        let mut known = Self {
            by_name: BTreeMap::new(),
            by_slug: BTreeMap::new(),
        };
        if names.is_empty() {
            return Ok(known);
        }
        let slugs: Vec<String> = names.iter().map(|name| name.slug().as_str().to_owned()).collect();
        let texts: Vec<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
        let former: Vec<(String, RowId, Option<RowId>)> = former_tag_slugs::table
            .inner_join(tags::table.on(tags::id.eq(former_tag_slugs::tag_id)))
            .filter(former_tag_slugs::slug.eq_any(slugs.clone()))
            .select((former_tag_slugs::slug, tags::id, tags::merged_into))
            .load(connection)
            .await?;
        let current: Vec<TagRow> = tags::table
            .filter(tags::slug.eq_any(slugs).or(tags::name.eq_any(texts)))
            .order(tags::id.desc())
            .select(TagRow::as_select())
            .load(connection)
            .await?;
        for (slug, id, target) in former {
            known.by_slug.insert(slug, target.unwrap_or(id));
        }
        // The oldest of several with one name comes last, and stays.
        for row in current {
            if row.merged_into.is_none() {
                known.by_name.insert(row.name, row.id);
            }
            known.by_slug.insert(row.slug, row.merged_into.unwrap_or(row.id));
        }
        Ok(known)
    }

    /// The tag of a name. The name itself counts more than its slug: C and C++ give one slug, and can be two tags.
    fn id(&self, name: &TagName) -> Option<RowId> {
        let exact = self.by_name.get(name.as_str());
        exact.or_else(|| self.by_slug.get(name.slug().as_str())).copied()
    }

    /// The tags of all names, each once; `None` if one is missing.
    fn ids(&self, names: &[TagName]) -> Option<Vec<RowId>> {
        let mut ids: Vec<RowId> = Vec::new();
        for name in names {
            let id = self.id(name)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Some(ids)
    }

    /// The names without a tag: of several with one slug the first. They are in the order of their slugs, so that two
    /// writers who make the same tags wait for each other and not in a circle.
    fn missing<'n>(&self, names: &'n [TagName]) -> Vec<&'n TagName> {
        let mut missing: BTreeMap<&str, &TagName> = BTreeMap::new();
        for name in names.iter().filter(|name| self.id(name).is_none()) {
            missing.entry(name.slug().as_str()).or_insert(name);
        }
        missing.into_values().collect()
    }
}

/// Stores new tags in one statement. If somebody else has made one of them in this moment, none is stored, and the caller
/// looks again.
async fn make_unless_made(connection: &mut Connection, rows: Vec<TagRow>, stamp: &Stamp) -> Result<(), Failure> {
    let acts: Vec<Act> = rows
        .iter()
        .map(|row| act(Action::TagCreated, row).between(None, Some(1)))
        .collect();
    // A savepoint, since a failed statement would end the whole transaction on PostgreSQL.
    begin(connection).await?;
    let inserted = diesel::insert_into(tags::table).values(rows).execute(connection).await;
    let is_lost = inserted.as_ref().is_err_and(is_unique_violation);
    let outcome = finish(connection, inserted.map_err(Failure::from)).await;
    if is_lost {
        return Ok(());
    }
    outcome?;
    for act in acts {
        audit::record(connection, act, stamp).await?;
    }
    Ok(())
}

fn act(action: Action, row: &TagRow) -> Act {
    Act::on(action, row.id.0).called(row.slug.clone())
}

fn fresh_row(id: Uuid, slug: &Slug, name: &TagName, visibility: TagVisibility, stamp: &Stamp) -> TagRow {
    TagRow {
        id: RowId(id),
        slug: slug.as_str().to_owned(),
        name: name.as_str().to_owned(),
        description: None,
        is_public: visibility == TagVisibility::Public,
        merged_into: None,
        revision: 1,
        created_at: stamp.now.into(),
        updated_at: stamp.now.into(),
        updated_by: Some(RowId(stamp.account_id)),
    }
}

fn touch(row: &mut TagRow, stamp: &Stamp) {
    row.revision = row.revision.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = Some(RowId(stamp.account_id));
}

async fn by_id(connection: &mut Connection, id: RowId) -> Result<Option<TagRow>, Failure> {
    let query = tags::table.find(id).select(TagRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

async fn holder(connection: &mut Connection, slug: &Slug) -> Result<Option<TagRow>, Failure> {
    let query = tags::table
        .filter(tags::slug.eq(slug.as_str()))
        .select(TagRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// The row, or the one that stands for it since it was merged, if the audience may see it.
async fn living(connection: &mut Connection, row: TagRow, audience: TagAudience) -> Result<TagLookup, Failure> {
    let found = match row.merged_into {
        None => TagLookup::Found(row),
        Some(target) => by_id(connection, target)
            .await?
            .map_or(TagLookup::Absent, TagLookup::Moved),
    };
    Ok(match found {
        TagLookup::Found(row) | TagLookup::Moved(row) if !is_visible(&row, audience) => TagLookup::Absent,
        visible => visible,
    })
}

fn is_visible(row: &TagRow, audience: TagAudience) -> bool {
    row.is_public || audience == TagAudience::Newsroom
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(connection: &mut Connection, id: RowId, expected: &Expected) -> Result<TagRow, TagFailure> {
    let row: Option<TagRow> = diesel::update(tags::table.find(id))
        .set(tags::revision.eq(tags::revision))
        .returning(TagRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        None => Err(TagFailure::Absent),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(TagFailure::Stale(row.stale())),
    }
}

/// Locks the tag that goes and the one that stays, in one order for all, so that two merges cannot block each other.
async fn lock_both(
    connection: &mut Connection,
    id: RowId,
    expected: &Expected,
    target: RowId,
) -> Result<(TagRow, TagRow), TagFailure> {
    let (merged, stays) = if id < target {
        let merged = lock(connection, id, expected).await?;
        (merged, lock(connection, target, &Expected::Any).await)
    } else {
        let stays = lock(connection, target, &Expected::Any).await;
        (lock(connection, id, expected).await?, stays)
    };
    match stays {
        Ok(stays) if stays.merged_into.is_none() => Ok((merged, stays)),
        Ok(_) | Err(TagFailure::Absent) => {
            Err(Failure::Busy("the tag to merge into was merged or removed in this moment".into()).into())
        }
        Err(failure) => Err(failure),
    }
}

async fn move_working_copies(connection: &mut Connection, from: RowId, to: RowId) -> Result<(), Failure> {
    let kept = diesel::alias!(article_tags as kept_article_tags);
    let have_both = kept
        .filter(kept.field(article_tags::tag_id).eq(to))
        .select(kept.field(article_tags::article_id));
    let doubled = article_tags::table
        .filter(article_tags::tag_id.eq(from))
        .filter(article_tags::article_id.eq_any(have_both));
    diesel::delete(doubled).execute(connection).await?;
    diesel::update(article_tags::table.filter(article_tags::tag_id.eq(from)))
        .set(article_tags::tag_id.eq(to))
        .execute(connection)
        .await?;
    Ok(())
}

async fn move_snapshots(connection: &mut Connection, from: RowId, to: RowId) -> Result<(), Failure> {
    let have_one = published_tags::table
        .filter(published_tags::tag_id.eq(from))
        .select(published_tags::article_id);
    let have_other = published_tags::table
        .filter(published_tags::tag_id.eq(to))
        .select(published_tags::article_id);
    let with_both = published_articles::table
        .filter(published_articles::article_id.eq_any(have_one))
        .filter(published_articles::article_id.eq_any(have_other));
    diesel::update(with_both)
        .set(published_articles::tag_count.eq(published_articles::tag_count - 1))
        .execute(connection)
        .await?;
    let kept = diesel::alias!(published_tags as kept_published_tags);
    let have_both = kept
        .filter(kept.field(published_tags::tag_id).eq(to))
        .select(kept.field(published_tags::article_id));
    let doubled = published_tags::table
        .filter(published_tags::tag_id.eq(from))
        .filter(published_tags::article_id.eq_any(have_both));
    diesel::delete(doubled).execute(connection).await?;
    diesel::update(published_tags::table.filter(published_tags::tag_id.eq(from)))
        .set(published_tags::tag_id.eq(to))
        .execute(connection)
        .await?;
    Ok(())
}

/// What led to the one tag leads to the other at once, so that no way has two steps.
async fn move_pointers(connection: &mut Connection, from: RowId, to: RowId) -> Result<(), Failure> {
    diesel::update(tags::table.filter(tags::merged_into.eq(from)))
        .set(tags::merged_into.eq(to))
        .execute(connection)
        .await?;
    diesel::update(former_tag_slugs::table.filter(former_tag_slugs::tag_id.eq(from)))
        .set(former_tag_slugs::tag_id.eq(to))
        .execute(connection)
        .await?;
    Ok(())
}

async fn is_in_use(connection: &mut Connection, tag: RowId) -> Result<bool, Failure> {
    let working: Option<RowId> = article_tags::table
        .filter(article_tags::tag_id.eq(tag))
        .select(article_tags::article_id)
        .first(connection)
        .await
        .optional()?;
    let published: Option<RowId> = published_tags::table
        .filter(published_tags::tag_id.eq(tag))
        .select(published_tags::article_id)
        .first(connection)
        .await
        .optional()?;
    Ok(working.or(published).is_some())
}

async fn move_to_slug(
    connection: &mut Connection,
    row: &TagRow,
    slug: Slug,
    stamp: &Stamp,
) -> Result<String, TagFailure> {
    if holder(connection, &slug).await?.is_some() {
        return Err(slug_conflict(connection, slug, stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    remember(connection, row.slug.clone(), row.id).await?;
    Ok(slug.into_string())
}

/// The slug of a name leads to the tag that has the name, also where the tag has another slug, unless it leads elsewhere
/// already.
async fn remember_name(connection: &mut Connection, row: &TagRow, name: &TagName) -> Result<(), Failure> {
    if holder(connection, name.slug()).await?.is_some() || name.slug().as_str() == row.slug {
        return Ok(());
    }
    remember(connection, name.slug().as_str().to_owned(), row.id).await
}

async fn remember(connection: &mut Connection, slug: String, tag: RowId) -> Result<(), Failure> {
    diesel::insert_into(former_tag_slugs::table)
        .values((former_tag_slugs::slug.eq(slug), former_tag_slugs::tag_id.eq(tag)))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}

/// A slug in use redirects no more.
async fn release_former(connection: &mut Connection, slug: &str) -> Result<(), Failure> {
    diesel::delete(former_tag_slugs::table.find(slug.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Refuses a name that another living tag has, be it with other capitals.
async fn refuse_namesake(connection: &mut Connection, own: RowId, name: &TagName) -> Result<(), TagFailure> {
    let slug = name.slug().as_str().to_owned();
    let led_to = former_tag_slugs::table
        .filter(former_tag_slugs::slug.eq(slug.clone()))
        .select(former_tag_slugs::tag_id);
    let is_near = tags::name
        .eq(name.as_str().to_owned())
        .or(tags::slug.eq(slug))
        .or(tags::id.eq_any(led_to));
    let others: Vec<TagRow> = tags::table
        .filter(is_near)
        .filter(tags::merged_into.is_null())
        .filter(tags::id.ne(own))
        .order(tags::id.asc())
        .select(TagRow::as_select())
        .load(connection)
        .await?;
    match others.into_iter().find(|row| name.is_the_same_word_as(&row.name)) {
        None => Ok(()),
        Some(row) => Err(TagFailure::NameTaken {
            conflicting_id: row.id.0,
            name: row.name,
        }),
    }
}

async fn slug_conflict(connection: &mut Connection, wanted: Slug, stamp: &Stamp) -> Result<TagFailure, Failure> {
    let candidates: Vec<String> = alternatives(&wanted).into_iter().map(Slug::into_string).collect();
    let taken: Vec<String> = tags::table
        .filter(tags::slug.eq_any(candidates))
        .select(tags::slug)
        .load(connection)
        .await?;
    let holder = holder(connection, &wanted).await?;
    let suggestion = first_free(&wanted, &taken, stamp.new_id());
    let conflicting_id = holder.map_or_else(Uuid::nil, |row| row.id.0);
    Ok(TagFailure::SlugTaken(SlugConflict {
        wanted,
        conflicting_id,
        suggestion,
    }))
}
