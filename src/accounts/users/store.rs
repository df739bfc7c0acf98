//! Queries about accounts as administrators keep them, and about the links that set passwords.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use diesel::upsert::excluded;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Connection, RunQueryDsl, accounts as account_rows, audit, authors, sessions};
use crate::accounts::account::{AccountName, AccountRow, EmailAddress};
use crate::accounts::permissions::Role;
use crate::accounts::sessions::session::EndReason;
use crate::accounts::users::password_link::{LinkPurpose, NewLink, PasswordLinkRow};
use crate::accounts::users::user::{Entrance, NewUser, User, UserChange, UserFailure, UserFilter, UserState};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::authors::author::BylineAuthorRow;
use crate::database::failure::{Failure, is_foreign_key_violation, is_unique_violation};
use crate::database::ids::RowId;
use crate::database::schema::{accounts, authors as author_rows, installation, password_links};
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::http::patch::Patch;
use crate::slug::Slug;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The row of `installation` that whoever may take an administrator away holds.
const ADMINISTRATORS_LOCK: &str = "administrators-lock";

/// The account with an id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<User>, Failure> {
    match account_rows::find(connection, id).await? {
        None => Ok(None),
        Some(row) => assembled(connection, row).await.map(Some),
    }
}

/// Accounts by the time when they were made, from a place on.
pub async fn list(connection: &mut Connection, filter: UserFilter, slice: Slice) -> Result<Vec<User>, Failure> {
    let mut query = accounts::table.select(AccountRow::as_select()).into_boxed();
    let UserFilter { role, state, author } = filter;
    if let Some(role) = role {
        query = query.filter(accounts::role.eq(role.as_str()));
    }
    query = match state {
        None => query,
        Some(UserState::Disabled) => query.filter(accounts::disabled_at.is_not_null()),
        Some(UserState::Invited) => query
            .filter(accounts::disabled_at.is_null())
            .filter(accounts::password_hash.is_null()),
        Some(UserState::Active) => query
            .filter(accounts::disabled_at.is_null())
            .filter(accounts::password_hash.is_not_null()),
    };
    if let Some(author) = author {
        query = query.filter(accounts::author_id.eq(author));
    }
    let rows = slice_by_creation!(query, slice, accounts).load(connection).await?;
    with_belongings(connection, rows).await
}

/// Makes an account, with a password or with an invitation.
pub async fn create(connection: &mut Connection, new: NewUser, stamp: Stamp) -> Result<User, UserFailure> {
    let NewUser {
        id,
        email,
        name,
        role,
        author,
        entrance,
    } = new;
    let author_id = match author {
        None => None,
        Some(slug) => Some(known_author(connection, slug).await?),
    };
    let (password_hash, link) = match entrance {
        Entrance::Password(hash) => (Some(hash), None),
        Entrance::Invitation(link) => (None, Some(link)),
    };
    let row = AccountRow {
        id: RowId(id),
        email: email.as_str().to_owned(),
        name: name.into_string(),
        role: role.as_str().to_owned(),
        password_hash,
        author_id,
        revision: 1,
        created_at: stamp.now.into(),
        created_by: writer(&stamp),
        updated_at: stamp.now.into(),
        disabled_at: None,
        last_login_at: None,
    };
    let inserted = diesel::insert_into(accounts::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map_err(lost_race)?;
    if inserted == 0 {
        return Err(email_taken(connection, email).await?);
    }
    let action = match link {
        Some(link) => {
            make_link(connection, row.id, link, &stamp).await?;
            Action::UserInvited
        }
        None => Action::UserCreated,
    };
    let act = Act::on(action, id)
        .called(row.email.clone())
        .between(None, Some(1))
        .with(json!({"role": row.role}));
    audit::record(connection, act, &stamp).await?;
    Ok(assembled(connection, row).await?)
}

/// Makes the first account. `None` when there is any account already, also one that another instance made just now.
pub async fn create_first(
    connection: &mut Connection,
    new: NewUser,
    stamp: Stamp,
) -> Result<Option<User>, UserFailure> {
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
    match claimed == 1 && !account_rows::any(connection).await? {
        true => create(connection, new, stamp).await.map(Some),
        false => Ok(None),
    }
}

/// Changes an account.
pub async fn update(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    change: UserChange,
    stamp: Stamp,
) -> Result<User, UserFailure> {
    let UserChange {
        name,
        email,
        role,
        author,
    } = change;
    if role.is_some_and(|role| role != Role::Administrator) {
        hold_administrators(connection).await?;
    }
    let before = lock(connection, id, &expected).await?;
    let mut row = before.clone();
    row.name = name.map_or(row.name, AccountName::into_string);
    row.role = role.map_or(row.role, |role| role.as_str().to_owned());
    row.author_id = match author {
        Patch::Absent => row.author_id,
        Patch::Null => None,
        Patch::Value(slug) => Some(known_author(connection, slug).await?),
    };
    if let Some(email) = email.filter(|email| email.as_str() != before.email) {
        if account_rows::find_by_email(connection, email.as_str().to_owned())
            .await?
            .is_some()
        {
            return Err(email_taken(connection, email).await?);
        }
        row.email = email.into_string();
    }
    if before.role() == Role::Administrator && row.role() != Role::Administrator {
        refuse_last_administrator(connection, &before).await?;
    }
    store(connection, (before, row), Action::UserUpdated, &stamp).await
}

/// Shuts an account out: its sessions end, its links are gone, and its tokens are refused from now on.
pub async fn disable(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    stamp: Stamp,
) -> Result<User, UserFailure> {
    hold_administrators(connection).await?;
    let before = lock(connection, id, &expected).await?;
    if before.disabled_at.is_some() {
        return Ok(assembled(connection, before).await?);
    }
    refuse_last_administrator(connection, &before).await?;
    sessions::end_all(connection, id, None, EndReason::AccountDisabled, stamp.now.into()).await?;
    end_links(connection, before.id).await?;
    let row = AccountRow {
        disabled_at: Some(stamp.now.into()),
        ..before.clone()
    };
    store(connection, (before, row), Action::UserDisabled, &stamp).await
}

/// Lets a disabled account in again, with the password that it had.
pub async fn enable(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    stamp: Stamp,
) -> Result<User, UserFailure> {
    let before = lock(connection, id, &expected).await?;
    if before.disabled_at.is_none() {
        return Ok(assembled(connection, before).await?);
    }
    let row = AccountRow {
        disabled_at: None,
        ..before.clone()
    };
    store(connection, (before, row), Action::UserEnabled, &stamp).await
}

/// Makes a new invitation for somebody who has not accepted one yet; the old one is gone.
pub async fn invite_again(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    link: NewLink,
    stamp: Stamp,
) -> Result<User, UserFailure> {
    let before = lock(connection, id, &expected).await?;
    let remedy = match UserState::of(&before) {
        UserState::Invited => None,
        UserState::Active => Some("reset its password instead"),
        UserState::Disabled => Some("enable it first"),
    };
    refuse_state(&before, remedy)?;
    make_link(connection, before.id, link, &stamp).await?;
    store(connection, (before.clone(), before), Action::UserInvitedAgain, &stamp).await
}

/// Takes the password of an account away and makes a link to set another. `unknown_hash` is the hash of a password that
/// nobody knows, so that a log-in takes as long as before.
pub async fn reset_password(
    connection: &mut Connection,
    id: Uuid,
    expected: Expected,
    (unknown_hash, link): (String, NewLink),
    stamp: Stamp,
) -> Result<User, UserFailure> {
    let before = lock(connection, id, &expected).await?;
    let remedy = match UserState::of(&before) {
        UserState::Active => None,
        UserState::Invited => Some("invite it again instead"),
        UserState::Disabled => Some("enable it first"),
    };
    refuse_state(&before, remedy)?;
    sessions::end_all(connection, id, None, EndReason::PasswordChanged, stamp.now.into()).await?;
    make_link(connection, before.id, link, &stamp).await?;
    let row = AccountRow {
        password_hash: Some(unknown_hash),
        ..before.clone()
    };
    store(connection, (before, row), Action::UserPasswordReset, &stamp).await
}

/// Sets a password by a link, which ends with it, as all sessions do. `None` when the link is unknown, used or over, or its
/// account is disabled: which of these is not told.
pub async fn accept_link(
    connection: &mut Connection,
    secret_hash: String,
    (password_hash, name): (String, Option<AccountName>),
    stamp: Stamp,
) -> Result<Option<User>, UserFailure> {
    let now = RowTime::from(stamp.now);
    let good = password_links::table
        .filter(password_links::secret_hash.eq(secret_hash))
        .filter(password_links::expires_at.gt(now));
    let account: Option<RowId> = diesel::delete(good)
        .returning(password_links::account_id)
        .get_result(connection)
        .await
        .optional()?;
    let Some(account) = account else {
        return Ok(None);
    };
    let before = lock(connection, account.0, &Expected::Any).await?;
    if before.disabled_at.is_some() {
        return Ok(None);
    }
    sessions::end_all(connection, account.0, None, EndReason::PasswordChanged, now).await?;
    let row = AccountRow {
        password_hash: Some(password_hash),
        name: name.map_or_else(|| before.name.clone(), AccountName::into_string),
        ..before.clone()
    };
    store(connection, (before, row), Action::UserPasswordSet, &stamp)
        .await
        .map(Some)
}

/// Puts a new password in place of the one whose hash the caller has verified. The other sessions end; `kept` stays.
pub async fn change_password(
    connection: &mut Connection,
    id: Uuid,
    (verified_hash, password_hash): (String, String),
    kept: Option<Uuid>,
    stamp: Stamp,
) -> Result<(), UserFailure> {
    let before = lock(connection, id, &Expected::Any).await?;
    if before.password_hash.as_ref() != Some(&verified_hash) {
        return Err(Failure::Busy("the password was changed in this moment".into()).into());
    }
    sessions::end_all(connection, id, kept, EndReason::PasswordChanged, stamp.now.into()).await?;
    end_links(connection, before.id).await?;
    let row = AccountRow {
        password_hash: Some(password_hash),
        ..before.clone()
    };
    store(connection, (before, row), Action::UserPasswordChanged, &stamp)
        .await
        .map(drop)
}

/// Sets the password of an account from the command line: its sessions end, its links are gone.
pub async fn set_password(
    connection: &mut Connection,
    email: EmailAddress,
    password_hash: String,
    stamp: Stamp,
) -> Result<User, UserFailure> {
    let id = id_of(connection, email).await?;
    let before = lock(connection, id, &Expected::Any).await?;
    sessions::end_all(connection, id, None, EndReason::PasswordChanged, stamp.now.into()).await?;
    end_links(connection, before.id).await?;
    let row = AccountRow {
        password_hash: Some(password_hash),
        ..before.clone()
    };
    store(connection, (before, row), Action::UserPasswordSet, &stamp).await
}

/// The id of the account with an address.
pub async fn id_of(connection: &mut Connection, email: EmailAddress) -> Result<Uuid, UserFailure> {
    let row = account_rows::find_by_email(connection, email.into_string()).await?;
    row.map(|row| row.id.0).ok_or(UserFailure::Absent)
}

/// Removes the links whose time is over, and tells how many those were.
pub async fn forget_expired_links(connection: &mut Connection, now: RowTime) -> Result<usize, Failure> {
    let expired = password_links::table.filter(password_links::expires_at.le(now));
    Ok(diesel::delete(expired).execute(connection).await?)
}

/// Stores a changed row as its next revision, with its entry in the audit log.
async fn store(
    connection: &mut Connection,
    (before, row): (AccountRow, AccountRow),
    action: Action,
    stamp: &Stamp,
) -> Result<User, UserFailure> {
    let row = AccountRow {
        revision: before.revision.saturating_add(1),
        updated_at: stamp.now.into(),
        ..row
    };
    let changes = (
        accounts::email.eq(row.email.clone()),
        accounts::name.eq(row.name.clone()),
        accounts::role.eq(row.role.clone()),
        accounts::password_hash.eq(row.password_hash.clone()),
        accounts::author_id.eq(row.author_id),
        accounts::disabled_at.eq(row.disabled_at),
        accounts::revision.eq(row.revision),
        accounts::updated_at.eq(row.updated_at),
    );
    diesel::update(accounts::table.find(row.id))
        .set(changes)
        .execute(connection)
        .await
        .map_err(lost_race)?;
    let act = Act::on(action, row.id.0)
        .called(row.email.clone())
        .between(Some(before.revision), Some(row.revision));
    let act = match differences(&before, &row) {
        Some(details) => act.with(details),
        None => act,
    };
    audit::record(connection, act, stamp).await?;
    Ok(assembled(connection, row).await?)
}

/// The address was free and the author was there when this transaction looked.
fn lost_race(error: diesel::result::Error) -> Failure {
    match error {
        error if is_unique_violation(&error) => Failure::Busy("another account took the address in this moment".into()),
        error if is_foreign_key_violation(&error) => Failure::Busy("the author was removed in this moment".into()),
        error => error.into(),
    }
}

/// What changed, with what was there before; never the password.
fn differences(before: &AccountRow, after: &AccountRow) -> Option<Value> {
    let author = |row: &AccountRow| row.author_id.map(|author| author.0.to_string());
    let fields = [
        ("email", Some(before.email.clone()), Some(after.email.clone())),
        ("name", Some(before.name.clone()), Some(after.name.clone())),
        ("role", Some(before.role.clone()), Some(after.role.clone())),
        ("author_id", author(before), author(after)),
    ];
    let changed: Map<String, Value> = fields
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(name, from, to)| (name.to_owned(), json!({"from": from, "to": to})))
        .collect();
    (!changed.is_empty()).then_some(Value::Object(changed))
}

/// Whoever may take an administrator away waits here for the others, so that two cannot take the last two.
async fn hold_administrators(connection: &mut Connection) -> Result<(), Failure> {
    diesel::insert_into(installation::table)
        .values((installation::name.eq(ADMINISTRATORS_LOCK), installation::value.eq("")))
        .on_conflict(installation::name)
        .do_update()
        .set(installation::value.eq(excluded(installation::value)))
        .execute(connection)
        .await?;
    Ok(())
}

/// One who was invited and never came is no administrator yet, and does not count.
async fn refuse_last_administrator(connection: &mut Connection, leaving: &AccountRow) -> Result<(), UserFailure> {
    if leaving.role() != Role::Administrator || UserState::of(leaving) != UserState::Active {
        return Ok(());
    }
    let other: Option<RowId> = accounts::table
        .filter(accounts::role.eq(Role::Administrator.as_str()))
        .filter(accounts::disabled_at.is_null())
        .filter(accounts::password_hash.is_not_null())
        .filter(accounts::id.ne(leaving.id))
        .select(accounts::id)
        .first(connection)
        .await
        .optional()?;
    match other {
        Some(_) => Ok(()),
        None => Err(UserFailure::LastAdministrator),
    }
}

fn refuse_state(row: &AccountRow, remedy: Option<&'static str>) -> Result<(), UserFailure> {
    match remedy {
        None => Ok(()),
        Some(remedy) => Err(UserFailure::WrongState {
            state: UserState::of(row),
            remedy,
        }),
    }
}

/// An account has one link at most: making one ends the one before.
async fn make_link(connection: &mut Connection, account: RowId, link: NewLink, stamp: &Stamp) -> Result<(), Failure> {
    end_links(connection, account).await?;
    let NewLink {
        id,
        purpose,
        secret_hash,
    } = link;
    let row = PasswordLinkRow {
        id: RowId(id),
        account_id: account,
        purpose: purpose.as_str().to_owned(),
        secret_hash,
        created_at: stamp.now.into(),
        created_by: writer(stamp),
        expires_at: LinkPurpose::expiry(purpose, stamp.now).into(),
    };
    diesel::insert_into(password_links::table)
        .values(&row)
        .execute(connection)
        .await?;
    Ok(())
}

async fn end_links(connection: &mut Connection, account: RowId) -> Result<(), Failure> {
    diesel::delete(password_links::table.filter(password_links::account_id.eq(account)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The account that writes; none at the command line.
fn writer(stamp: &Stamp) -> Option<RowId> {
    (!stamp.account_id.is_nil()).then_some(RowId(stamp.account_id))
}

async fn known_author(connection: &mut Connection, slug: Slug) -> Result<RowId, UserFailure> {
    match authors::holder(connection, &slug).await? {
        Some(author) => Ok(author.id),
        None => Err(UserFailure::AuthorUnknown(slug)),
    }
}

async fn email_taken(connection: &mut Connection, email: EmailAddress) -> Result<UserFailure, Failure> {
    let holder = account_rows::find_by_email(connection, email.into_string()).await?;
    let conflicting_id = holder.map_or_else(Uuid::nil, |row| row.id.0);
    Ok(UserFailure::EmailTaken { conflicting_id })
}

/// The row, held until the transaction ends: writing a row without changing it locks it on either database.
async fn lock(connection: &mut Connection, id: Uuid, expected: &Expected) -> Result<AccountRow, UserFailure> {
    let row: Option<AccountRow> = diesel::update(accounts::table.find(RowId(id)))
        .set(accounts::revision.eq(accounts::revision))
        .returning(AccountRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    match row {
        None => Err(UserFailure::Absent),
        Some(row) if expected.allows(row.revision) => Ok(row),
        Some(row) => Err(UserFailure::Stale(row.stale())),
    }
}

async fn assembled(connection: &mut Connection, row: AccountRow) -> Result<User, Failure> {
    with_belongings(connection, vec![row])
        .await?
        .pop()
        .ok_or_else(|| Failure::Internal("an account was lost on the way".into()))
}

async fn with_belongings(connection: &mut Connection, rows: Vec<AccountRow>) -> Result<Vec<User>, Failure> {
    let accounts: Vec<RowId> = rows.iter().map(|row| row.id).collect();
    let writing_as: Vec<RowId> = rows.iter().filter_map(|row| row.author_id).collect();
    let authors: Vec<BylineAuthorRow> = match writing_as.is_empty() {
        true => Vec::new(),
        false => {
            author_rows::table
                .filter(author_rows::id.eq_any(writing_as))
                .select(BylineAuthorRow::as_select())
                .load(connection)
                .await?
        }
    };
    let links: Vec<PasswordLinkRow> = password_links::table
        .filter(password_links::account_id.eq_any(accounts))
        .select(PasswordLinkRow::as_select())
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| User {
            author: authors.iter().find(|author| Some(author.id) == row.author_id).cloned(),
            link: links.iter().find(|link| link.account_id == row.id).cloned(),
            row,
        })
        .collect())
}
