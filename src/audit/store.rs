//! Queries about the audit log.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use diesel::dsl::{count_star, exists, max};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::audit::chain::ChainHead;
use crate::audit::entry::{Act, AuditEntryRow, AuditFilter, ReadEntry};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{accounts, audit_chain, audit_entries};
use crate::http::page::{Slice, SortOrder};
use crate::state::Stamp;

/// The only row of `audit_chain`.
const THE_ROW: i32 = 1;

/// Records an act, in the transaction that does it.
pub async fn record(connection: &mut Connection, act: Act, stamp: &Stamp) -> Result<(), Failure> {
    diesel::insert_into(audit_entries::table)
        .values(act.entry(stamp))
        .execute(connection)
        .await?;
    Ok(())
}

/// The entries that a filter lets through by time, from a place on.
pub async fn list(connection: &mut Connection, filter: AuditFilter, slice: Slice) -> Result<Vec<ReadEntry>, Failure> {
    let mut query = audit_entries::table
        .select(AuditEntryRow::as_select())
        .limit(slice.rows)
        .into_boxed();
    let bounds = filter.id_bounds();
    let AuditFilter {
        account,
        action,
        subject_kind,
        subject,
        request_id,
        after,
        before,
    } = filter;
    if let Some(account) = account {
        query = query.filter(audit_entries::account_id.eq(RowId(account)));
    }
    if let Some(action) = action {
        query = query.filter(audit_entries::action.eq(action.as_str()));
    }
    if let Some(kind) = subject_kind {
        query = query.filter(audit_entries::subject_kind.eq(kind.as_str()));
    }
    if let Some(subject) = subject {
        query = query.filter(audit_entries::subject_id.eq(subject));
    }
    if let Some(request_id) = request_id {
        query = query.filter(audit_entries::request_id.eq(request_id));
    }
    if let (Some(after), Some(least)) = (after, bounds.least) {
        query = query
            .filter(audit_entries::id.ge(least))
            .filter(audit_entries::happened_at.ge(after));
    }
    if let (Some(before), Some(end)) = (before, bounds.end) {
        query = query
            .filter(audit_entries::id.lt(end))
            .filter(audit_entries::happened_at.lt(before));
    }
    // An id begins with the time, so that the order of the ids is that of the times.
    let place = slice.after.map(|place| RowId(place.id));
    query = match (slice.order, place) {
        (SortOrder::Ascending, None) => query.order(audit_entries::id.asc()),
        (SortOrder::Descending, None) => query.order(audit_entries::id.desc()),
        (SortOrder::Ascending, Some(last)) => query.order(audit_entries::id.asc()).filter(audit_entries::id.gt(last)),
        (SortOrder::Descending, Some(last)) => query.order(audit_entries::id.desc()).filter(audit_entries::id.lt(last)),
    };
    let rows: Vec<AuditEntryRow> = query.load(connection).await?;
    with_names(connection, rows).await
}

/// An entry.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<ReadEntry>, Failure> {
    let row: Option<AuditEntryRow> = audit_entries::table
        .find(RowId(id))
        .select(AuditEntryRow::as_select())
        .first(connection)
        .await
        .optional()?;
    let read = with_names(connection, row.into_iter().collect()).await?;
    Ok(read.into_iter().next())
}

/// Whether there are entries that are not chained yet.
pub async fn has_unchained(connection: &mut Connection) -> Result<bool, Failure> {
    let unchained = audit_entries::table.filter(audit_entries::sequence.is_null());
    Ok(diesel::select(exists(unchained)).get_result(connection).await?)
}

/// Chains at most `most` entries in the order of their ids, and tells how many those were. The end of the chain is held first,
/// and what is not chained yet is read after that, so that each entry is chained once.
pub async fn chain(connection: &mut Connection, most: i64) -> Result<usize, Failure> {
    let (sequence, hash): (i64, String) = diesel::update(audit_chain::table.find(THE_ROW))
        .set(audit_chain::sequence.eq(audit_chain::sequence))
        .returning((audit_chain::sequence, audit_chain::hash))
        .get_result(connection)
        .await?;
    let mut head = ChainHead { sequence, hash };
    let entries: Vec<AuditEntryRow> = audit_entries::table
        .filter(audit_entries::sequence.is_null())
        .order(audit_entries::id.asc())
        .select(AuditEntryRow::as_select())
        .limit(most)
        .load(connection)
        .await?;
    for entry in &entries {
        head = head.followed_by(entry);
        diesel::update(audit_entries::table.find(entry.id))
            .set((
                audit_entries::sequence.eq(head.sequence),
                audit_entries::hash.eq(head.hash.clone()),
            ))
            .execute(connection)
            .await?;
    }
    diesel::update(audit_chain::table.find(THE_ROW))
        .set((audit_chain::sequence.eq(head.sequence), audit_chain::hash.eq(head.hash)))
        .execute(connection)
        .await?;
    Ok(entries.len())
}

/// The end of the chain as it is noted; `None` when the row of it is gone.
pub async fn head(connection: &mut Connection) -> Result<Option<ChainHead>, Failure> {
    let found: Option<(i64, String)> = audit_chain::table
        .find(THE_ROW)
        .select((audit_chain::sequence, audit_chain::hash))
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(|(sequence, hash)| ChainHead { sequence, hash }))
}

/// Chained entries behind a number, in the order of the chain.
pub async fn chained_after(
    connection: &mut Connection,
    sequence: i64,
    most: i64,
) -> Result<Vec<AuditEntryRow>, Failure> {
    Ok(audit_entries::table
        .filter(audit_entries::sequence.gt(sequence))
        .order(audit_entries::sequence.asc())
        .select(AuditEntryRow::as_select())
        .limit(most)
        .load(connection)
        .await?)
}

/// The largest number of a chained entry. Read before the end of the chain, it is never larger than that.
pub async fn last_sequence(connection: &mut Connection) -> Result<Option<i64>, Failure> {
    Ok(audit_entries::table
        .select(max(audit_entries::sequence))
        .first(connection)
        .await?)
}

/// How many entries are not chained whose id is smaller than this one.
pub async fn unchained_before(connection: &mut Connection, id: Uuid) -> Result<i64, Failure> {
    Ok(audit_entries::table
        .filter(audit_entries::sequence.is_null())
        .filter(audit_entries::id.lt(RowId(id)))
        .select(count_star())
        .first(connection)
        .await?)
}

/// The entries with the names that their accounts have now.
async fn with_names(connection: &mut Connection, rows: Vec<AuditEntryRow>) -> Result<Vec<ReadEntry>, Failure> {
    let mut ids: Vec<RowId> = rows.iter().filter_map(|row| row.account_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: Vec<(RowId, String)> = if ids.is_empty() {
        Vec::new()
    } else {
        let named = accounts::table.filter(accounts::id.eq_any(ids));
        named.select((accounts::id, accounts::name)).load(connection).await?
    };
    let read = rows.into_iter().map(|row| {
        let name = names.iter().find(|(id, _)| row.account_id == Some(*id));
        ReadEntry {
            account_name: name.map(|(_, name)| name.clone()),
            row,
        }
    });
    Ok(read.collect())
}
