//! Queries about sessions.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit};
use crate::accounts::account::AccountStanding;
use crate::accounts::sessions::session::{EndReason, LiveSession, NewSession, Renewal, SessionRow, end_when_used};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{accounts, refresh_tokens, sessions};
use crate::database::timestamp::RowTime;
use crate::http::page::Slice;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// Opens a session. `None` when the account was disabled, or its password changed, since that was looked at.
pub async fn open(connection: &mut Connection, new: NewSession, stamp: Stamp) -> Result<Option<LiveSession>, Failure> {
    let now = RowTime::from(stamp.now);
    let still_right = accounts::table
        .find(RowId(new.account))
        .filter(accounts::disabled_at.is_null())
        .filter(accounts::password_hash.eq(new.password_hash.clone()));
    let logged_in = diesel::update(still_right)
        .set(accounts::last_login_at.eq(now))
        .execute(connection)
        .await?;
    if logged_in == 0 {
        return Ok(None);
    }
    let refresh_hash = new.refresh_hash.clone();
    let row = new.into_row(stamp.now);
    insert(connection, row.clone()).await?;
    insert_refresh_token(connection, row.id, refresh_hash, now).await?;
    let act = Act::on(Action::SessionOpened, row.id.0).with(json!({"user_agent": row.user_agent}));
    audit::record(connection, act, &stamp).await?;
    let account = standing_of(connection, row.account_id).await?;
    Ok(account.map(|account| LiveSession { row, account }))
}

/// Stores a session.
pub async fn insert(connection: &mut Connection, row: SessionRow) -> Result<(), Failure> {
    diesel::insert_into(sessions::table)
        .values(&row)
        .execute(connection)
        .await?;
    Ok(())
}

/// Exchanges a refresh token for another, which keeps the session alive. Each is good for one exchange: of two requests that
/// show the same at once, one takes it, and the other finds it used. That ends the session, since one of the two users is
/// not the owner (RFC 9700, section 4.14.2).
pub async fn renew(connection: &mut Connection, shown: String, next: String, stamp: Stamp) -> Result<Renewal, Failure> {
    let now = RowTime::from(stamp.now);
    let unused = refresh_tokens::table
        .find(shown.clone())
        .filter(refresh_tokens::used_at.is_null());
    let taken = diesel::update(unused)
        .set(refresh_tokens::used_at.eq(now))
        .execute(connection)
        .await?;
    let Some(session) = session_of(connection, &shown).await? else {
        return Ok(Renewal::Refused);
    };
    if taken == 0 {
        return refuse_reuse(connection, session, &stamp).await;
    }
    let expires_at = RowTime::from(end_when_used(session.created_at.utc(), stamp.now));
    let live = sessions::table
        .find(session.id)
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now));
    let kept_alive = diesel::update(live)
        .set((sessions::last_used_at.eq(now), sessions::expires_at.eq(expires_at)))
        .execute(connection)
        .await?;
    let account = standing_of(connection, session.account_id).await?;
    let (1, Some(account)) = (kept_alive, account) else {
        return Ok(Renewal::Refused);
    };
    insert_refresh_token(connection, session.id, next, now).await?;
    let row = SessionRow {
        last_used_at: now,
        expires_at,
        ..session
    };
    Ok(Renewal::Renewed(Box::new(LiveSession { row, account })))
}

/// The open sessions of an account by time, from a place on.
pub async fn list(
    connection: &mut Connection,
    account: Uuid,
    now: RowTime,
    slice: Slice,
) -> Result<Vec<SessionRow>, Failure> {
    let query = sessions::table
        .filter(sessions::account_id.eq(RowId(account)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(SessionRow::as_select())
        .into_boxed();
    Ok(slice_by_creation!(query, slice, sessions).load(connection).await?)
}

/// Ends one session of an account. `false` when the account has no such session; one that had ended stays as it is.
pub async fn end_one(
    connection: &mut Connection,
    account: Uuid,
    session: Uuid,
    reason: EndReason,
    stamp: Stamp,
) -> Result<bool, Failure> {
    let row: Option<SessionRow> = sessions::table
        .find(RowId(session))
        .filter(sessions::account_id.eq(RowId(account)))
        .select(SessionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    match row {
        None => Ok(false),
        Some(row) => end(connection, row.id, reason, &stamp).await.map(|_ended| true),
    }
}

/// Ends the session of a refresh token, used or not. Nothing happens for a text that is none.
pub async fn end_by_refresh_token(connection: &mut Connection, shown: String, stamp: Stamp) -> Result<(), Failure> {
    let Some(session) = session_of(connection, &shown).await? else {
        return Ok(());
    };
    let stamp = stamp.by_session(session.account_id.0, session.id.0);
    end(connection, session.id, EndReason::Logout, &stamp).await?;
    Ok(())
}

/// Ends every session of an account, and records it.
pub async fn end_everywhere(
    connection: &mut Connection,
    account: Uuid,
    reason: EndReason,
    stamp: Stamp,
) -> Result<usize, Failure> {
    let ended = end_all(connection, account, None, reason, stamp.now.into()).await?;
    if ended > 0 {
        let details = json!({"reason": reason.as_str(), "sessions": ended});
        let act = Act::on(Action::UserSessionsEnded, account).with(details);
        audit::record(connection, act, &stamp).await?;
    }
    Ok(ended)
}

/// Ends every session of an account but `kept`, and tells how many those were.
pub async fn end_all(
    connection: &mut Connection,
    account: Uuid,
    kept: Option<Uuid>,
    reason: EndReason,
    now: RowTime,
) -> Result<usize, Failure> {
    let open = sessions::table
        .filter(sessions::account_id.eq(RowId(account)))
        .filter(sessions::id.ne(RowId(kept.unwrap_or(Uuid::nil()))))
        .filter(sessions::ended_at.is_null());
    Ok(diesel::update(open)
        .set((sessions::ended_at.eq(now), sessions::end_reason.eq(reason.as_str())))
        .execute(connection)
        .await?)
}

/// Whether an account, by its address, logged in from a network since a moment. Asked for an address that has no account, it
/// does the same work.
pub async fn was_opened_from(
    connection: &mut Connection,
    email: String,
    network: Uuid,
    since: RowTime,
) -> Result<bool, Failure> {
    let found: Option<RowId> = sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(sessions::account_id)))
        .filter(accounts::email.eq(email))
        .filter(sessions::network.eq(RowId(network)))
        .filter(sessions::created_at.ge(since))
        .select(sessions::id)
        .first(connection)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// Forgets sessions that ended by themselves before `ended` and were opened before `opened`, at most `most`, with their
/// refresh tokens; tells how many those were.
pub async fn forget(connection: &mut Connection, ended: RowTime, opened: RowTime, most: i64) -> Result<usize, Failure> {
    let old: Vec<RowId> = sessions::table
        .filter(sessions::expires_at.lt(ended))
        .filter(sessions::created_at.lt(opened))
        .order(sessions::expires_at.asc())
        .select(sessions::id)
        .limit(most)
        .load(connection)
        .await?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(old)))
        .execute(connection)
        .await?)
}

/// Ends the session whose refresh token was used twice. What is stored stays, though the request is refused.
async fn refuse_reuse(connection: &mut Connection, session: SessionRow, stamp: &Stamp) -> Result<Renewal, Failure> {
    let open = sessions::table
        .find(session.id)
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(RowTime::from(stamp.now)));
    let ended = diesel::update(open)
        .set((
            sessions::ended_at.eq(RowTime::from(stamp.now)),
            sessions::end_reason.eq(EndReason::TokenReused.as_str()),
        ))
        .execute(connection)
        .await?;
    if ended == 0 {
        return Ok(Renewal::Refused);
    }
    let details = json!({"account_id": session.account_id.0});
    let act = Act::on(Action::SessionTokenReused, session.id.0).with(details);
    audit::record(connection, act, stamp).await?;
    Ok(Renewal::Reused)
}

async fn end(connection: &mut Connection, session: RowId, reason: EndReason, stamp: &Stamp) -> Result<(), Failure> {
    let open = sessions::table.find(session).filter(sessions::ended_at.is_null());
    let ended = diesel::update(open)
        .set((
            sessions::ended_at.eq(RowTime::from(stamp.now)),
            sessions::end_reason.eq(reason.as_str()),
        ))
        .execute(connection)
        .await?;
    if ended == 1 {
        let act = Act::on(Action::SessionEnded, session.0).with(json!({"reason": reason.as_str()}));
        audit::record(connection, act, stamp).await?;
    }
    Ok(())
}

async fn session_of(connection: &mut Connection, secret_hash: &str) -> Result<Option<SessionRow>, Failure> {
    Ok(refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::secret_hash.eq(secret_hash.to_owned()))
        .select(SessionRow::as_select())
        .first(connection)
        .await
        .optional()?)
}

async fn standing_of(connection: &mut Connection, account: RowId) -> Result<Option<AccountStanding>, Failure> {
    Ok(accounts::table
        .find(account)
        .filter(accounts::disabled_at.is_null())
        .select(AccountStanding::as_select())
        .first(connection)
        .await
        .optional()?)
}

async fn insert_refresh_token(
    connection: &mut Connection,
    session: RowId,
    secret_hash: String,
    now: RowTime,
) -> Result<(), Failure> {
    let row = (
        refresh_tokens::secret_hash.eq(secret_hash),
        refresh_tokens::session_id.eq(session),
        refresh_tokens::created_at.eq(now),
    );
    diesel::insert_into(refresh_tokens::table)
        .values(row)
        .execute(connection)
        .await?;
    Ok(())
}
