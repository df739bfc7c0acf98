//! Queries about sections.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel::upsert::excluded;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit, thread_states};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::conflict::{SlugConflict, candidates};
use crate::database::failure::{Failure, is_foreign_key_violation};
use crate::database::ids::RowId;
use crate::database::schema::{articles, former_section_slugs, installation, published_articles, sections};
use crate::field::{Line, Prose, WholeNumber};
use crate::http::conditional::Expected;
use crate::http::page::{PositionKey, Slice, SortOrder};
use crate::http::patch::Patch;
use crate::sections::section::{
    NewSection, SectionChange, SectionFailure, SectionLookup, SectionPosition, SectionRow, SectionUse,
};
use crate::sections::tree::{SUBTREE_END, TreePlace};
use crate::slug::Slug;
use crate::state::Stamp;

/// The row of `installation` that whoever changes the tree holds.
const TREE_LOCK: &str = "section-tree-lock";

diesel::define_sql_function! {
    /// The text from a character on, counted from 1; the same on both databases.
    fn substr(text: Text, from: Integer) -> Text;
}

/// The section with an id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<SectionRow>, Failure> {
    Ok(sections::table
        .find(RowId(id))
        .select(SectionRow::as_select())
        .first(connection)
        .await
        .optional()?)
}

/// The section with a slug, or where the section went that had it.
pub async fn find_by_slug(connection: &mut Connection, slug: Slug) -> Result<SectionLookup, Failure> {
    if let Some(row) = holder(connection, &slug).await? {
        return Ok(SectionLookup::Found(row));
    }
    let moved: Option<SectionRow> = former_section_slugs::table
        .inner_join(sections::table.on(sections::id.eq(former_section_slugs::section_id)))
        .filter(former_section_slugs::slug.eq(slug.as_str()))
        .select(SectionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(moved.map_or(SectionLookup::Absent, SectionLookup::Moved))
}

/// The section itself and all that stand below it, in the order of the tree. There are none if there is no such section.
pub async fn subtree_ids(connection: &mut Connection, id: RowId) -> Result<Vec<RowId>, Failure> {
    let root = diesel::alias!(sections as root);
    let first = root.field(sections::tree_order);
    // One statement, so that a move in between cannot show a half of it.
    Ok(root
        .inner_join(
            sections::table.on(sections::tree_order
                .ge(first)
                .and(sections::tree_order.lt(first.concat(SUBTREE_END)))),
        )
        .filter(root.field(sections::id).eq(id))
        .order(sections::tree_order.asc())
        .select(sections::id)
        .load(connection)
        .await?)
}

/// Sections in the order of the tree, from a place on.
pub async fn list(connection: &mut Connection, slice: Slice) -> Result<Vec<SectionRow>, Failure> {
    let mut query = sections::table
        .select(SectionRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    let after = slice.after.and_then(|place| match place.key {
        PositionKey::Text(tree_order) => Some(tree_order),
        PositionKey::Time(_) => None,
    });
    query = match slice.order {
        SortOrder::Ascending => query.order(sections::tree_order.asc()),
        SortOrder::Descending => query.order(sections::tree_order.desc()),
    };
    // No two sections have one key, so that the id is not needed to tell them apart.
    query = match (after, slice.order) {
        (None, _) => query,
        (Some(tree_order), SortOrder::Ascending) => query.filter(sections::tree_order.gt(tree_order)),
        (Some(tree_order), SortOrder::Descending) => query.filter(sections::tree_order.lt(tree_order)),
    };
    Ok(query.load(connection).await?)
}

/// Stores a new section.
pub async fn create(connection: &mut Connection, new: NewSection, stamp: Stamp) -> Result<SectionRow, SectionFailure> {
    let NewSection {
        id,
        name,
        slug,
        description,
        parent,
        position,
        comments_close_after_days,
    } = new;
    lock_tree(connection).await?;
    let above = match parent {
        Some(parent) => Some(parent_with(connection, parent).await?),
        None => None,
    };
    let place = TreePlace::below(
        above.as_ref().map(SectionRow::place).as_ref(),
        slug.as_str(),
        position.get(),
    );
    if !place.has_room_for(0) {
        return Err(SectionFailure::TooDeep);
    }
    let TreePlace {
        path,
        tree_order,
        depth,
    } = place;
    let row = SectionRow {
        id: RowId(id),
        slug: slug.as_str().to_owned(),
        name: name.into_string(),
        description: description.map(Prose::into_string),
        parent_id: above.map(|above| above.id),
        position: position.get(),
        depth,
        path,
        tree_order,
        revision: 1,
        created_at: stamp.now.into(),
        updated_at: stamp.now.into(),
        updated_by: Some(RowId(stamp.account_id)),
        comments_close_after_days: comments_close_after_days.map(WholeNumber::get),
    };
    let inserted = diesel::insert_into(sections::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Err(slug_conflict(connection, slug, &stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    let act = act(Action::SectionCreated, &row).between(None, Some(1));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Changes a section. All that stand below it move with it, and keep their own revisions.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    change: SectionChange,
    stamp: Stamp,
) -> Result<SectionRow, SectionFailure> {
    lock_tree(connection).await?;
    let mut row = lock(connection, id, &expected).await?;
    let SectionChange {
        name,
        slug,
        description,
        parent,
        position,
        comments_close_after_days,
    } = change;
    let old = row.place();
    let (above_before, days_before) = (row.parent_id, row.comments_close_after_days);
    let above = match parent {
        Patch::Absent => old.above(),
        Patch::Null => {
            row.parent_id = None;
            None
        }
        Patch::Value(parent) => {
            let parent = parent_with(connection, parent).await?;
            row.parent_id = Some(parent.id);
            Some(outside_of(&old, parent.place())?)
        }
    };
    if let Some(slug) = slug.filter(|slug| slug.as_str() != row.slug) {
        row.slug = move_to_slug(connection, &row, slug, &stamp).await?;
    }
    row.position = position.map_or(row.position, SectionPosition::get);
    let new = TreePlace::below(above.as_ref(), &row.slug, row.position);
    if new != old {
        move_subtree(connection, &old, &new).await?;
    }
    (row.path, row.tree_order, row.depth) = (new.path, new.tree_order, new.depth);
    row.name = name.map_or(row.name, Line::into_string);
    row.description = description.map(Prose::into_string).apply(row.description);
    row.comments_close_after_days = comments_close_after_days
        .map(WholeNumber::get)
        .apply(row.comments_close_after_days);
    let before = row.revision;
    row.revision = row.revision.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = Some(RowId(stamp.account_id));
    diesel::update(sections::table.find(row.id))
        .set(&row)
        .execute(connection)
        .await?;
    if (above_before, days_before) != (row.parent_id, row.comments_close_after_days) {
        thread_states::keep_below(connection, &row.place()).await?;
    }
    let act = act(Action::SectionUpdated, &row).between(Some(before), Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// Removes a section that nothing stands in.
pub async fn delete(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    stamp: Stamp,
) -> Result<(), SectionFailure> {
    lock_tree(connection).await?;
    let row = lock(connection, id, &expected).await?;
    if let Some(found) = use_of(connection, row.id).await? {
        return Err(SectionFailure::InUse(found));
    }
    match diesel::delete(sections::table.find(row.id)).execute(connection).await {
        // The tree is locked, so it can only be an article that came in this moment.
        Err(error) if is_foreign_key_violation(&error) => {
            return Err(SectionFailure::InUse(SectionUse::Articles));
        }
        outcome => outcome?,
    };
    let act = act(Action::SectionDeleted, &row).between(Some(row.revision), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

fn act(action: Action, row: &SectionRow) -> Act {
    Act::on(action, row.id.0).called(row.slug.clone())
}

/// The section that has a slug now.
pub async fn holder(connection: &mut Connection, slug: &Slug) -> Result<Option<SectionRow>, Failure> {
    let query = sections::table
        .filter(sections::slug.eq(slug.as_str()))
        .select(SectionRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Makes this transaction the only one that changes the tree, until it ends. Every write takes this before it reads a row:
/// two moves at one time could together make a cycle, and a section made below one that moves would keep the old path.
/// Rows of the tree itself cannot serve, since which of them are roots is just what changes. The first write makes the row.
pub async fn lock_tree(connection: &mut Connection) -> Result<(), Failure> {
    diesel::insert_into(installation::table)
        .values((installation::name.eq(TREE_LOCK), installation::value.eq("")))
        .on_conflict(installation::name)
        .do_update()
        .set(installation::value.eq(excluded(installation::value)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(connection: &mut Connection, id: Uuid, expected: &Expected) -> Result<SectionRow, SectionFailure> {
    let row: Option<SectionRow> = diesel::update(sections::table.find(RowId(id)))
        .set(sections::revision.eq(sections::revision))
        .returning(SectionRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        None => Err(SectionFailure::Absent),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(SectionFailure::Stale(row.stale())),
    }
}

/// The section that shall stand above. A former slug is refused, since the writer may mean another section by it.
async fn parent_with(connection: &mut Connection, slug: Slug) -> Result<SectionRow, SectionFailure> {
    let moved_to = match find_by_slug(connection, slug.clone()).await? {
        SectionLookup::Found(row) => return Ok(row),
        SectionLookup::Moved(row) => Some(row.slug),
        SectionLookup::Absent => None,
    };
    Err(SectionFailure::ParentUnknown { wanted: slug, moved_to })
}

fn outside_of(section: &TreePlace, above: TreePlace) -> Result<TreePlace, SectionFailure> {
    match section.cycle_through(&above) {
        None => Ok(above),
        Some(way) => Err(SectionFailure::Cycle { way }),
    }
}

/// Moves a section and all that stand below it: the beginning of their keys is exchanged. No key can meet another one on
/// the way, since each ends with a slug, and no two sections have one slug.
async fn move_subtree(connection: &mut Connection, old: &TreePlace, new: &TreePlace) -> Result<(), SectionFailure> {
    let is_below = sections::tree_order
        .ge(old.tree_order.clone())
        .and(sections::tree_order.lt(old.end_of_subtree()));
    let deepest: Option<i32> = sections::table
        .filter(is_below.clone())
        .select(max(sections::depth))
        .first(connection)
        .await?;
    if !new.has_room_for(deepest.map_or(0, |deepest| deepest.saturating_sub(old.depth))) {
        return Err(SectionFailure::TooDeep);
    }
    let changes = (
        sections::path.eq(new
            .path
            .as_str()
            .into_sql::<Text>()
            .concat(substr(sections::path, behind(&old.path)))),
        sections::tree_order.eq(new
            .tree_order
            .as_str()
            .into_sql::<Text>()
            .concat(substr(sections::tree_order, behind(&old.tree_order)))),
        sections::depth.eq(sections::depth + new.depth.saturating_sub(old.depth)),
    );
    diesel::update(sections::table.filter(is_below))
        .set(changes)
        .execute(connection)
        .await?;
    Ok(())
}

/// The number of the character behind a beginning, counted from 1. Paths and keys are ASCII.
fn behind(beginning: &str) -> i32 {
    i32::try_from(beginning.len()).unwrap_or(i32::MAX).saturating_add(1)
}

async fn use_of(connection: &mut Connection, id: RowId) -> Result<Option<SectionUse>, Failure> {
    let below = sections::table.filter(sections::parent_id.eq(id));
    let has_sections: bool = diesel::select(exists(below)).get_result(connection).await?;
    if has_sections {
        return Ok(Some(SectionUse::Sections));
    }
    let working = articles::table.filter(articles::section_id.eq(id));
    let published = published_articles::table.filter(published_articles::section_id.eq(id));
    let has_articles: bool = diesel::select(exists(working).or(exists(published)))
        .get_result(connection)
        .await?;
    Ok(has_articles.then_some(SectionUse::Articles))
}

async fn move_to_slug(
    connection: &mut Connection,
    row: &SectionRow,
    slug: Slug,
    stamp: &Stamp,
) -> Result<String, SectionFailure> {
    if holder(connection, &slug).await?.is_some() {
        return Err(slug_conflict(connection, slug, stamp).await?);
    }
    release_former(connection, slug.as_str()).await?;
    let former = (
        former_section_slugs::slug.eq(row.slug.clone()),
        former_section_slugs::section_id.eq(row.id),
    );
    diesel::insert_into(former_section_slugs::table)
        .values(former)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(slug.into_string())
}

/// A slug in use redirects no more.
async fn release_former(connection: &mut Connection, slug: &str) -> Result<(), Failure> {
    diesel::delete(former_section_slugs::table.find(slug.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn slug_conflict(connection: &mut Connection, wanted: Slug, stamp: &Stamp) -> Result<SectionFailure, Failure> {
    let taken: Vec<String> = sections::table
        .filter(sections::slug.eq_any(candidates(&wanted)))
        .select(sections::slug)
        .load(connection)
        .await?;
    let holder = holder(connection, &wanted).await?.map(|row| row.id.0);
    let conflict = SlugConflict::suggesting(wanted, holder, &taken, stamp.new_id());
    Ok(SectionFailure::SlugTaken(conflict))
}
