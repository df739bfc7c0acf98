//! Queries about signing keys.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use diesel::prelude::*;
use serde_json::json;

use super::{Connection, RunQueryDsl, audit};
use crate::accounts::key_rotation::{AnnouncedKeyRow, NextKey};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::schema::signing_keys;
use crate::database::timestamp::RowTime;
use crate::state::Stamp;

/// A key that is announced.
pub async fn find(connection: &mut Connection, kid: String) -> Result<Option<AnnouncedKeyRow>, Failure> {
    Ok(signing_keys::table
        .find(kid)
        .select(AnnouncedKeyRow::as_select())
        .first(connection)
        .await
        .optional()?)
}

/// The keys that are announced, the oldest first; at most a thousand, for the command line.
pub async fn list(connection: &mut Connection) -> Result<Vec<AnnouncedKeyRow>, Failure> {
    Ok(signing_keys::table
        .order((signing_keys::created_at.asc(), signing_keys::kid.asc()))
        .limit(1_000)
        .select(AnnouncedKeyRow::as_select())
        .load(connection)
        .await?)
}

/// Announces the key that is to sign next, unless it was announced before; gives what is stored.
pub async fn announce_next(
    connection: &mut Connection,
    next: NextKey,
    stamp: Stamp,
) -> Result<AnnouncedKeyRow, Failure> {
    let NextKey {
        kid,
        public_key,
        signs_from,
        replaces,
    } = next;
    let row = (
        signing_keys::kid.eq(kid.clone()),
        signing_keys::public_key.eq(public_key),
        signing_keys::created_at.eq(RowTime::from(stamp.now)),
        signing_keys::signs_from.eq(signs_from),
    );
    let announced = diesel::insert_into(signing_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if announced == 1 {
        let details = json!({"replaces": replaces, "signs_from": signs_from.utc()});
        let act = Act::on_named(Action::SigningKeyRotated, kid.clone()).with(details);
        audit::record(connection, act, &stamp).await?;
    }
    Ok(signing_keys::table
        .find(kid)
        .select(AnnouncedKeyRow::as_select())
        .first(connection)
        .await?)
}

/// Says that a key signs no more, and until when it is needed to verify. Said again, it is needed the longer.
pub async fn retire(
    connection: &mut Connection,
    kid: String,
    now: RowTime,
    needed_until: RowTime,
) -> Result<(), Failure> {
    let signing = signing_keys::table
        .find(kid.clone())
        .filter(signing_keys::retired_at.is_null());
    diesel::update(signing)
        .set(signing_keys::retired_at.eq(now))
        .execute(connection)
        .await?;
    diesel::update(signing_keys::table.find(kid))
        .set(signing_keys::needed_until.eq(needed_until))
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the keys whose last token has ended, and tells how many those were.
pub async fn forget(connection: &mut Connection, now: RowTime) -> Result<usize, Failure> {
    let over = signing_keys::table.filter(signing_keys::needed_until.lt(now));
    Ok(diesel::delete(over).execute(connection).await?)
}

/// How many keys [`forget`] would remove: asked first, so that a tick that finds nothing writes nothing.
pub async fn count_over(connection: &mut Connection, now: RowTime) -> Result<i64, Failure> {
    let over = signing_keys::table.filter(signing_keys::needed_until.lt(now));
    Ok(over.count().get_result(connection).await?)
}
