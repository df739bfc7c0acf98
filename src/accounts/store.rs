//! Queries about accounts, signing keys and what the installation knows about itself.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl};
use crate::accounts::account::{AccountRow, NewAccount};
use crate::accounts::permissions::Role;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{accounts, installation, signing_keys};
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

/// Stores a new account. `false` when the address has one already.
pub async fn create(connection: &mut Connection, new: NewAccount, now: DateTime<Utc>) -> Result<bool, Failure> {
    let NewAccount {
        id,
        email,
        name,
        role,
        password_hash,
    } = new;
    let row = AccountRow {
        id: RowId(id),
        email: email.into_string(),
        name: name.into_string(),
        role: role.as_str().to_owned(),
        password_hash,
        created_at: now.into(),
        updated_at: now.into(),
    };
    let stored = diesel::insert_into(accounts::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(stored == 1)
}

/// Stores the first account. `false` when there is any account already, also one that another instance stored just now.
pub async fn create_first(connection: &mut Connection, new: NewAccount, now: DateTime<Utc>) -> Result<bool, Failure> {
    // Of instances that start at once, one inserts this row and the others wait for it.
    let claim = (
        installation::name.eq("first-account"),
        installation::value.eq(new.id.to_string()),
    );
    let claimed = diesel::insert_into(installation::table)
        .values(claim)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    match claimed == 1 && !any(connection).await? {
        true => create(connection, new, now).await,
        false => Ok(false),
    }
}

/// Stores a new hash for the password of an account. `false` when there is no such account.
pub async fn set_password(
    connection: &mut Connection,
    email: String,
    password_hash: String,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let changes = (
        accounts::password_hash.eq(password_hash),
        accounts::updated_at.eq(RowTime::from(now)),
    );
    let updated = diesel::update(accounts::table.filter(accounts::email.eq(email)))
        .set(changes)
        .execute(connection)
        .await?;
    Ok(updated == 1)
}

/// Makes a public key known to all instances.
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
        .on_conflict_do_nothing()
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
