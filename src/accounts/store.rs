//! Queries about accounts, signing keys and what the installation knows about itself.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::accounts::account::{AccountRow, AccountStanding, Standing};
use crate::accounts::permissions::Role;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{accounts, installation, sessions, signing_keys};
use crate::database::timestamp::RowTime;

/// The account with an e-mail address.
pub async fn find_by_email(connection: &mut Connection, email: String) -> Result<Option<AccountRow>, Failure> {
    let query = accounts::table
        .filter(accounts::email.eq(email))
        .select(AccountRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// The account with an id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<AccountRow>, Failure> {
    let query = accounts::table
        .filter(accounts::id.eq(RowId(id)))
        .select(AccountRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// What an account may do now, whatever was true when its token was made, and whether the session of the token goes on.
pub async fn standing(connection: &mut Connection, id: Uuid, session: Uuid, now: RowTime) -> Result<Standing, Failure> {
    let open = sessions::table.on(sessions::id
        .eq(RowId(session))
        .and(sessions::account_id.eq(accounts::id))
        .and(sessions::ended_at.is_null())
        .and(sessions::expires_at.gt(now)));
    let row: Option<(AccountStanding, Option<RowId>)> = accounts::table
        .left_join(open)
        .filter(accounts::id.eq(RowId(id)))
        .filter(accounts::disabled_at.is_null())
        .select((AccountStanding::as_select(), sessions::id.nullable()))
        .first(connection)
        .await
        .optional()?;
    Ok(match row {
        None => Standing::AccountGone,
        Some((_, None)) => Standing::SessionEnded,
        Some((account, Some(_))) => Standing::Good(account),
    })
}

/// Whether there is an account with an id that has a part in the newsroom.
pub async fn is_of_newsroom(connection: &mut Connection, id: Uuid) -> Result<bool, Failure> {
    let account = find(connection, id).await?;
    let role = account.and_then(|account| Role::from_name(&account.role));
    Ok(role.is_some_and(|role| role != Role::Reader))
}

/// The accounts, by their addresses; at most a thousand, for the command line.
pub async fn list(connection: &mut Connection) -> Result<Vec<AccountRow>, Failure> {
    let query = accounts::table
        .order(accounts::email.asc())
        .limit(1_000)
        .select(AccountRow::as_select());
    Ok(query.load(connection).await?)
}

/// Whether there is any account.
pub async fn any(connection: &mut Connection) -> Result<bool, Failure> {
    let found: Option<RowId> = accounts::table
        .select(accounts::id)
        .first(connection)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// Makes the public key of an instance that starts known to all. One that was replaced, and signs again since its folder was
/// restored, is needed again.
pub async fn announce_key(
    connection: &mut Connection,
    kid: String,
    public_key: String,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let row = (
        signing_keys::kid.eq(kid),
        signing_keys::public_key.eq(public_key),
        signing_keys::created_at.eq(RowTime::from(now)),
    );
    diesel::insert_into(signing_keys::table)
        .values(row)
        .on_conflict(signing_keys::kid)
        .do_update()
        .set((
            signing_keys::retired_at.eq(None::<RowTime>),
            signing_keys::needed_until.eq(None::<RowTime>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The public keys of all instances: pairs of id and JWK in JSON.
pub async fn announced_keys(connection: &mut Connection) -> Result<Vec<(String, String)>, Failure> {
    Ok(signing_keys::table
        .select((signing_keys::kid, signing_keys::public_key))
        .load(connection)
        .await?)
}

/// A value that all instances share: the stored one, or `fresh` if none was stored yet.
pub async fn shared_value(connection: &mut Connection, name: String, fresh: String) -> Result<String, Failure> {
    let row = (installation::name.eq(name.clone()), installation::value.eq(fresh));
    diesel::insert_into(installation::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(installation::table
        .filter(installation::name.eq(name))
        .select(installation::value)
        .first(connection)
        .await?)
}
