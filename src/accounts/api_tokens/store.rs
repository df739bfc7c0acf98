//! Queries about API tokens.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, audit, authors as author_store};
use crate::accounts::account::AccountStanding;
use crate::accounts::api_tokens::api_token::{
    API_TOKEN_REVISION, ApiTokenFailure, ApiTokenRow, ApiTokenWithAuthor, AuthorReach, MAX_LIVE_TOKENS, NewApiToken,
    TokenReach, TokenStanding,
};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{accounts, api_tokens, authors};
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::http::page::Slice;
use crate::slug::Slug;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// What a request that carries a token is compared with: the token, and its account as it stands now.
pub async fn standing(connection: &mut Connection, id: Uuid) -> Result<Option<TokenStanding>, Failure> {
    let query = api_tokens::table
        .inner_join(accounts::table.on(accounts::id.eq(api_tokens::account_id)))
        .filter(api_tokens::id.eq(RowId(id)))
        .select(TokenStanding::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// The tokens within reach by time, from a place on; those of one account if one is named.
pub async fn list(
    connection: &mut Connection,
    reach: TokenReach,
    account: Option<Uuid>,
    slice: Slice,
) -> Result<Vec<ApiTokenWithAuthor>, Failure> {
    let mut query = api_tokens::table
        .left_join(authors::table.on(api_tokens::author_id.eq(authors::id.nullable())))
        .select((ApiTokenRow::as_select(), authors::slug.nullable()))
        .into_boxed();
    if let TokenReach::Of(owner) = reach {
        query = query.filter(api_tokens::account_id.eq(RowId(owner)));
    }
    if let Some(account) = account {
        query = query.filter(api_tokens::account_id.eq(RowId(account)));
    }
    Ok(slice_by_creation!(query, slice, api_tokens).load(connection).await?)
}

/// A token within reach.
pub async fn find(
    connection: &mut Connection,
    id: Uuid,
    reach: TokenReach,
) -> Result<ApiTokenWithAuthor, ApiTokenFailure> {
    let row: Option<ApiTokenWithAuthor> = api_tokens::table
        .left_join(authors::table.on(api_tokens::author_id.eq(authors::id.nullable())))
        .filter(api_tokens::id.eq(RowId(id)))
        .select((ApiTokenRow::as_select(), authors::slug.nullable()))
        .first(connection)
        .await
        .optional()?;
    row.filter(|(token, _)| match reach {
        TokenReach::All => true,
        TokenReach::Of(owner) => token.account_id.0 == owner,
    })
    .ok_or(ApiTokenFailure::Absent)
}

/// Stores a new token of an account.
pub async fn create(
    connection: &mut Connection,
    account: Uuid,
    new: NewApiToken,
    reach: AuthorReach,
    stamp: Stamp,
) -> Result<ApiTokenWithAuthor, ApiTokenFailure> {
    let maker = lock_account(connection, account).await?;
    if live_count(connection, account, stamp.now.into()).await? >= MAX_LIVE_TOKENS {
        return Err(ApiTokenFailure::TooMany);
    }
    let author = match new.author.clone() {
        None => None,
        Some(slug) => Some(writer(connection, slug, &maker, reach).await?),
    };
    let row = new.row(account, author, &stamp);
    diesel::insert_into(api_tokens::table)
        .values(&row)
        .execute(connection)
        .await?;
    let author = new.author.map(Slug::into_string);
    let details = json!({
        "kind": row.kind, "account_id": account, "scopes": row.scopes, "author": author,
        "expires_at": row.expires_at.utc(),
    });
    let act = Act::on(Action::ApiTokenCreated, row.id.0)
        .called(row.name.clone())
        .with(details);
    audit::record(connection, act, &stamp).await?;
    Ok((row, author))
}

/// Revokes a token within reach. One that was revoked before stays as it is.
pub async fn revoke(
    connection: &mut Connection,
    id: Uuid,
    reach: TokenReach,
    expected: Expected,
    stamp: Stamp,
) -> Result<(), ApiTokenFailure> {
    let (row, _) = find(connection, id, reach).await?;
    if !expected.allows(API_TOKEN_REVISION) {
        return Err(ApiTokenFailure::Stale(row.stale()));
    }
    let revoked = diesel::update(api_tokens::table.find(row.id).filter(api_tokens::revoked_at.is_null()))
        .set((
            api_tokens::revoked_at.eq(RowTime::from(stamp.now)),
            api_tokens::revoked_by.eq(stamp.by()),
        ))
        .execute(connection)
        .await?;
    if revoked == 1 {
        let act = Act::on(Action::ApiTokenRevoked, row.id.0).called(row.name);
        audit::record(connection, act, &stamp).await?;
    }
    Ok(())
}

/// Revokes every token that writes as an author who is about to be removed, and lets go of the author.
pub async fn release_author(connection: &mut Connection, author: RowId, stamp: &Stamp) -> Result<(), Failure> {
    let confined = api_tokens::table.filter(api_tokens::author_id.eq(author));
    let live: Vec<(RowId, String)> = confined
        .filter(api_tokens::revoked_at.is_null())
        .select((api_tokens::id, api_tokens::name))
        .load(connection)
        .await?;
    for (id, name) in live {
        diesel::update(api_tokens::table.find(id))
            .set((
                api_tokens::revoked_at.eq(RowTime::from(stamp.now)),
                api_tokens::revoked_by.eq(stamp.by()),
            ))
            .execute(connection)
            .await?;
        let act = Act::on(Action::ApiTokenRevoked, id.0).called(name);
        audit::record(connection, act, stamp).await?;
    }
    diesel::update(confined)
        .set(api_tokens::author_id.eq(None::<RowId>))
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes down when tokens were last used; a moment that another instance wrote later stays.
pub async fn note_uses(connection: &mut Connection, uses: Vec<(Uuid, DateTime<Utc>)>) -> Result<(), Failure> {
    for (id, moment) in uses {
        let moment = RowTime::from(moment);
        let earlier = api_tokens::last_used_at
            .is_null()
            .or(api_tokens::last_used_at.lt(moment));
        diesel::update(api_tokens::table.find(RowId(id)).filter(earlier))
            .set(api_tokens::last_used_at.eq(moment))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Holds the row of an account until the transaction ends, so that two tokens made at once are counted one after the other.
async fn lock_account(connection: &mut Connection, account: Uuid) -> Result<AccountStanding, ApiTokenFailure> {
    let enabled = accounts::table
        .find(RowId(account))
        .filter(accounts::disabled_at.is_null());
    let held = diesel::update(enabled)
        .set(accounts::role.eq(accounts::role))
        .execute(connection)
        .await?;
    if held == 0 {
        return Err(ApiTokenFailure::AccountGone);
    }
    Ok(accounts::table
        .find(RowId(account))
        .select(AccountStanding::as_select())
        .first(connection)
        .await?)
}

async fn live_count(connection: &mut Connection, account: Uuid, now: RowTime) -> Result<i64, Failure> {
    let live = api_tokens::table
        .filter(api_tokens::account_id.eq(RowId(account)))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::expires_at.gt(now));
    Ok(live.count().get_result(connection).await?)
}

async fn writer(
    connection: &mut Connection,
    slug: Slug,
    maker: &AccountStanding,
    reach: AuthorReach,
) -> Result<RowId, ApiTokenFailure> {
    let author = author_store::holder(connection, &slug).await?.map(|author| author.id);
    match (reach, author) {
        (AuthorReach::Linked, author) if author.is_none() || author != maker.author_id => {
            Err(ApiTokenFailure::AuthorNotLinked(slug))
        }
        (_, Some(author)) => Ok(author),
        (_, None) => Err(ApiTokenFailure::AuthorUnknown(slug)),
    }
}
