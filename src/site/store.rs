//! Queries about the settings of the site.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;

use super::{Connection, RunQueryDsl, audit, sections, thread_states};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::site_settings;
use crate::http::conditional::Expected;
use crate::site::site::{SettingsChange, SiteFailure, SiteSettingsRow};
use crate::state::Stamp;

/// The id of the only row, which a migration made.
const THE_ROW: i32 = 1;

/// What stands for the id of the settings in the audit log.
const AUDIT_NAME: &str = "site";

/// The settings.
pub async fn load(connection: &mut Connection) -> Result<SiteSettingsRow, Failure> {
    let query = site_settings::table.find(THE_ROW).select(SiteSettingsRow::as_select());
    Ok(query.first(connection).await?)
}

/// Changes the settings.
pub async fn update(
    connection: &mut Connection,
    expected: Expected,
    change: SettingsChange,
    stamp: Stamp,
) -> Result<SiteSettingsRow, SiteFailure> {
    let former = lock(connection, &expected).await?;
    let days_before = former.comments_close_after_days;
    let mut row = former.changed(change).map_err(SiteFailure::Schema)?;
    let before = row.revision;
    row.revision = row.revision.saturating_add(1);
    row.updated_at = Some(stamp.now.into());
    row.updated_by = Some(RowId(stamp.account_id));
    diesel::update(site_settings::table.find(THE_ROW))
        .set(&row)
        .execute(connection)
        .await?;
    if row.comments_close_after_days != days_before {
        // Sections have rules of their own, and none may change meanwhile.
        sections::lock_tree(connection).await?;
        thread_states::keep_everywhere(connection).await?;
    }
    let act = Act::on_named(Action::SettingsUpdated, AUDIT_NAME).between(Some(before), Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    Ok(row)
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(connection: &mut Connection, expected: &Expected) -> Result<SiteSettingsRow, SiteFailure> {
    let row: SiteSettingsRow = diesel::update(site_settings::table.find(THE_ROW))
        .set(site_settings::revision.eq(site_settings::revision))
        .returning(SiteSettingsRow::as_returning())
        .get_result(connection)
        .await?;
    match expected.allows(row.revision) {
        true => Ok(row),
        false => Err(SiteFailure::Stale(row.stale())),
    }
}
