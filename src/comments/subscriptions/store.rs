//! Queries about subscriptions, and about whom to tell of which comment.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, comments as comment_store, mail, site};
use crate::comments::comment::{CommentFailure, CommentRow, CommentState, ThreadState};
use crate::comments::subscriptions::confirmation_limit::{ConfirmationGauge, over_before};
use crate::comments::subscriptions::subscription::{
    MINUTES_BETWEEN_MAILS, MailOrder, NewSubscription, SHOWN_IN_MAIL, SubscriptionFailure, SubscriptionRow, Target,
};
use crate::comments::subscriptions::texts::{self, ArticleInMail, CommentInMail, MailText};
use crate::comments::thread_path::ThreadPath;
use crate::database::failure::Failure;
use crate::database::ids::{Id, RowId};
use crate::database::schema::{
    comment_notices, comment_subscriptions, comment_writers, comments, confirmation_counts, formerly_shown_comments,
    published_articles, threads,
};
use crate::database::timestamp::{RowTime, UtcTimestamp};
use crate::mail::address::MailAddress;
use crate::mail::message::{MailPurpose, NewMail};

/// Passes if readers see what a subscription is asked for; gives the article.
pub async fn require_target(connection: &mut Connection, target: Target) -> Result<RowId, SubscriptionFailure> {
    match target {
        Target::Comment(id) => Ok(comment_store::find_public(connection, id).await?.article_id),
        Target::Article(id) => match comment_store::published_thread(connection, id).await? {
            thread if thread.state() == ThreadState::Hidden => Err(CommentFailure::Absent.into()),
            thread => Ok(thread.article_id),
        },
    }
}

/// Stores a subscription that waits to be confirmed, with the mail that asks for it. Whoever asks learns nothing of whether
/// the address was there before, or whether there were too many requests: then nothing is stored but the count.
pub async fn request(connection: &mut Connection, new: NewSubscription) -> Result<(), SubscriptionFailure> {
    let article = require_target(connection, new.target).await?;
    let same = comment_subscriptions::table
        .filter(comment_subscriptions::target_id.eq(RowId(new.target.id())))
        .filter(comment_subscriptions::email.eq(new.email.as_str().to_owned()))
        .select(SubscriptionRow::as_select());
    let before: Option<SubscriptionRow> = same.first(connection).await.optional()?;
    if before.as_ref().is_some_and(|row| row.confirmed_at.is_some()) {
        return Ok(());
    }
    if !is_admitted(connection, &new.gauges, new.now.into()).await? {
        return Ok(());
    }
    if let Some(row) = before {
        // The new mail takes the place of the one before it.
        end(connection, row.id.0).await?;
    }
    let expires_at = new.expiry();
    let NewSubscription {
        id,
        target,
        email,
        token_hash,
        confirm_link,
        mail_id,
        links,
        gauges: _,
        now,
    } = new;
    let row = SubscriptionRow {
        id: RowId(id),
        article_id: article,
        comment_id: match target {
            Target::Article(_) => None,
            Target::Comment(comment) => Some(RowId(comment)),
        },
        target_id: RowId(target.id()),
        email: email.as_str().to_owned(),
        token_hash,
        created_at: now.into(),
        expires_at,
        confirmed_at: None,
        next_mail_at: None,
    };
    diesel::insert_into(comment_subscriptions::table)
        .values(&row)
        .execute(connection)
        .await?;
    let article = article_in_mail(connection, article)
        .await?
        .ok_or(CommentFailure::ArticleAbsent)?;
    let MailText { subject, body } = texts::confirmation(&links, &article, target, &confirm_link);
    let message = NewMail {
        id: mail_id,
        purpose: MailPurpose::Confirmation,
        belongs_to: Some(id),
        recipient: email,
        subject,
        body_text: body,
        unsubscribe_url: None,
        now,
    };
    Ok(mail::enqueue(connection, message).await?)
}

/// Confirms the subscription that a token is for. A second time it says the same as the first.
pub async fn confirm(
    connection: &mut Connection,
    token_hash: String,
    now: RowTime,
) -> Result<SubscriptionRow, SubscriptionFailure> {
    let is_good = comment_subscriptions::confirmed_at
        .is_not_null()
        .or(comment_subscriptions::expires_at.gt(now));
    let found: Option<SubscriptionRow> = comment_subscriptions::table
        .filter(comment_subscriptions::token_hash.eq(token_hash))
        .filter(is_good)
        .select(SubscriptionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    let row = found.ok_or(SubscriptionFailure::LinkInvalid)?;
    if row.confirmed_at.is_some() {
        return Ok(row);
    }
    diesel::update(comment_subscriptions::table.find(row.id))
        .set(comment_subscriptions::confirmed_at.eq(Some(now)))
        .execute(connection)
        .await?;
    Ok(SubscriptionRow {
        confirmed_at: Some(now),
        ..row
    })
}

/// Removes a subscription with its address and its mails, if it is still there.
pub async fn end(connection: &mut Connection, id: Uuid) -> Result<(), Failure> {
    mail::withdraw(connection, id).await?;
    diesel::delete(comment_subscriptions::table.find(RowId(id)))
        .execute(connection)
        .await?;
    Ok(())
}

/// What follows for subscribers of a comment that was just posted: they are told if it is shown. `email` is that of its
/// writer, who is not told. Where nobody subscribed it costs one look at an index.
pub async fn after_posting(connection: &mut Connection, row: &CommentRow, email: Option<&str>) -> Result<(), Failure> {
    match row.state() {
        CommentState::Approved => announce(connection, row, email.unwrap_or_default(), row.created_at).await,
        _ => Ok(()),
    }
}

/// What follows for subscribers of a decision about a comment, which `row` has already: they are told when it is shown for
/// the first time, and not when it comes back.
pub async fn after_decision(
    connection: &mut Connection,
    row: &CommentRow,
    former: CommentState,
    now: RowTime,
) -> Result<(), Failure> {
    if former == CommentState::Approved {
        return note_shown(connection, row.id).await;
    }
    if row.state() != CommentState::Approved || was_shown(connection, row.id).await? {
        return Ok(());
    }
    let email: Option<Option<String>> = comment_writers::table
        .find(row.id)
        .select(comment_writers::email)
        .first(connection)
        .await
        .optional()?;
    announce(connection, row, &email.flatten().unwrap_or_default(), now).await
}

/// Subscriptions with notices that wait, and whose next mail may be sent.
pub async fn due(connection: &mut Connection, now: RowTime, most: i64) -> Result<Vec<RowId>, Failure> {
    let query = comment_notices::table
        .inner_join(comment_subscriptions::table.on(comment_subscriptions::id.eq(comment_notices::subscription_id)))
        .filter(comment_notices::settled_at.is_null())
        .filter(may_be_mailed(now))
        .select(comment_notices::subscription_id)
        .distinct()
        .limit(most);
    Ok(query.load(connection).await?)
}

/// Makes one mail of all notices of a subscription that wait, and settles them. Nothing happens when another instance was
/// faster; tells whether there is a mail.
pub async fn make_mail(connection: &mut Connection, order: MailOrder) -> Result<bool, Failure> {
    let now = RowTime::from(order.now);
    let next = RowTime::from(order.now + chrono::Duration::minutes(MINUTES_BETWEEN_MAILS));
    let free = comment_subscriptions::table
        .filter(comment_subscriptions::id.eq(order.subscription))
        .filter(may_be_mailed(now));
    let taken: Option<SubscriptionRow> = diesel::update(free)
        .set(comment_subscriptions::next_mail_at.eq(Some(next)))
        .returning(SubscriptionRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    let Some(row) = taken else {
        return Ok(false);
    };
    let (shown, count) = waiting_comments(connection, row.id).await?;
    diesel::update(waiting_of(row.id))
        .set(comment_notices::settled_at.eq(Some(now)))
        .execute(connection)
        .await?;
    let (article, recipient) = (
        article_in_mail(connection, row.article_id).await?,
        MailAddress::parse(&row.email),
    );
    let (Some(article), Ok(recipient), false) = (article, recipient, shown.is_empty()) else {
        // Nothing is sent, so nothing that comes next has to wait.
        diesel::update(comment_subscriptions::table.find(row.id))
            .set(comment_subscriptions::next_mail_at.eq(Some(now)))
            .execute(connection)
            .await?;
        return Ok(false);
    };
    let target = match row.comment_id {
        None => Target::Article(row.article_id.0),
        Some(comment) => Target::Comment(comment.0),
    };
    let more = count.saturating_sub(i64::try_from(shown.len()).unwrap_or(i64::MAX));
    let MailOrder {
        subscription,
        mail_id,
        links,
        unsubscribe_url,
        unsubscribe_link,
        now,
    } = order;
    let MailText { subject, body } = texts::notice(&links, &article, target, (&shown, more), &unsubscribe_link);
    let message = NewMail {
        id: mail_id,
        purpose: MailPurpose::Notice,
        belongs_to: Some(subscription.0),
        recipient,
        subject,
        body_text: body,
        unsubscribe_url: Some(unsubscribe_url),
        now,
    };
    mail::enqueue(connection, message).await?;
    Ok(true)
}

/// Settles some of the notices that wait, without a mail, and tells how many those were.
pub async fn drop_waiting(connection: &mut Connection, now: RowTime, most: i64) -> Result<usize, Failure> {
    let subscriptions: Vec<RowId> = comment_notices::table
        .filter(comment_notices::settled_at.is_null())
        .select(comment_notices::subscription_id)
        .distinct()
        .limit(most)
        .load(connection)
        .await?;
    let waiting = comment_notices::table
        .filter(comment_notices::subscription_id.eq_any(subscriptions))
        .filter(comment_notices::settled_at.is_null());
    let query = diesel::update(waiting).set(comment_notices::settled_at.eq(Some(now)));
    Ok(query.execute(connection).await?)
}

/// Removes some subscriptions that were not confirmed in time, and tells how many those were.
pub async fn forget_unconfirmed(connection: &mut Connection, now: RowTime, most: i64) -> Result<usize, Failure> {
    let old: Vec<RowId> = comment_subscriptions::table
        .filter(comment_subscriptions::confirmed_at.is_null())
        .filter(comment_subscriptions::expires_at.le(now))
        .select(comment_subscriptions::id)
        .limit(most)
        .load(connection)
        .await?;
    for id in &old {
        mail::withdraw(connection, id.0).await?;
    }
    let still_old = comment_subscriptions::table
        .filter(comment_subscriptions::id.eq_any(old))
        .filter(comment_subscriptions::confirmed_at.is_null());
    Ok(diesel::delete(still_old).execute(connection).await?)
}

/// Removes notices that were settled before a moment, a part at a time, and tells how many those were.
pub async fn forget_notices(connection: &mut Connection, before: RowTime, most: i64) -> Result<usize, Failure> {
    let old: Vec<RowId> = comment_notices::table
        .filter(comment_notices::settled_at.le(before))
        .select(comment_notices::comment_id)
        .distinct()
        .limit(most)
        .load(connection)
        .await?;
    let query = diesel::delete(
        comment_notices::table
            .filter(comment_notices::comment_id.eq_any(old))
            .filter(comment_notices::settled_at.le(before)),
    );
    Ok(query.execute(connection).await?)
}

/// Removes some counts of requests whose window began before a moment, and tells how many those were.
pub async fn forget_counts(connection: &mut Connection, before: RowTime, most: i64) -> Result<usize, Failure> {
    let old: Vec<RowId> = confirmation_counts::table
        .filter(confirmation_counts::window_began_at.le(before))
        .select(confirmation_counts::subject)
        .limit(most)
        .load(connection)
        .await?;
    let still_old = confirmation_counts::table
        .filter(confirmation_counts::subject.eq_any(old))
        .filter(confirmation_counts::window_began_at.le(before));
    Ok(diesel::delete(still_old).execute(connection).await?)
}

/// Counts a request, and tells whether there were not too many.
async fn is_admitted(connection: &mut Connection, gauges: &[ConfirmationGauge], now: RowTime) -> Result<bool, Failure> {
    let over = over_before(now.utc());
    let mut is_admitted = true;
    for gauge in gauges {
        let first = (
            confirmation_counts::subject.eq(gauge.subject),
            confirmation_counts::requests.eq(1),
            confirmation_counts::window_began_at.eq(now),
        );
        let is_over = || confirmation_counts::window_began_at.le(over);
        let next = (
            confirmation_counts::requests
                .eq(case_when(is_over(), 1.into_sql::<Integer>()).otherwise(confirmation_counts::requests + 1)),
            confirmation_counts::window_began_at
                .eq(case_when(is_over(), now.into_sql::<UtcTimestamp>())
                    .otherwise(confirmation_counts::window_began_at)),
        );
        diesel::insert_into(confirmation_counts::table)
            .values(first)
            .on_conflict(confirmation_counts::subject)
            .do_update()
            .set(next)
            .execute(connection)
            .await?;
        let requests: i32 = confirmation_counts::table
            .find(gauge.subject)
            .select(confirmation_counts::requests)
            .first(connection)
            .await?;
        is_admitted &= requests <= gauge.most;
    }
    Ok(is_admitted)
}

/// Notes in one statement whom to tell of a comment: who subscribed to the article or to a comment above it, but for its
/// writer.
async fn announce(connection: &mut Connection, row: &CommentRow, writer: &str, now: RowTime) -> Result<(), Failure> {
    let any: Option<RowId> = comment_subscriptions::table
        .filter(comment_subscriptions::article_id.eq(row.article_id))
        .filter(comment_subscriptions::confirmed_at.is_not_null())
        .select(comment_subscriptions::id)
        .first(connection)
        .await
        .optional()?;
    if any.is_none() {
        return Ok(());
    }
    let path = ThreadPath::from_stored(row.path.clone());
    let above: Vec<String> = path.ancestors().iter().map(ToString::to_string).collect();
    let above = comments::table
        .filter(comments::article_id.eq(row.article_id))
        .filter(comments::path.eq_any(above))
        .select(comments::id);
    let told = comment_notices::table
        .filter(comment_notices::comment_id.eq(row.id))
        .select(comment_notices::subscription_id);
    let chosen = comment_subscriptions::table
        .filter(comment_subscriptions::article_id.eq(row.article_id))
        .filter(comment_subscriptions::confirmed_at.is_not_null())
        .filter(
            comment_subscriptions::target_id
                .eq(row.article_id)
                .or(comment_subscriptions::target_id.eq_any(above)),
        )
        .filter(comment_subscriptions::email.ne(writer.to_owned()))
        .filter(comment_subscriptions::id.ne_all(told))
        .select((
            comment_subscriptions::id,
            row.id.into_sql::<Id>(),
            now.into_sql::<UtcTimestamp>(),
        ));
    diesel::insert_into(comment_notices::table)
        .values(chosen)
        .into_columns((
            comment_notices::subscription_id,
            comment_notices::comment_id,
            comment_notices::created_at,
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn note_shown(connection: &mut Connection, comment: RowId) -> Result<(), Failure> {
    diesel::insert_into(formerly_shown_comments::table)
        .values(formerly_shown_comments::comment_id.eq(comment))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}

async fn was_shown(connection: &mut Connection, comment: RowId) -> Result<bool, Failure> {
    let found: Option<RowId> = formerly_shown_comments::table
        .find(comment)
        .select(formerly_shown_comments::comment_id)
        .first(connection)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// The first comments of which a subscription is to tell and which readers see by now, and how many those are in all.
async fn waiting_comments(
    connection: &mut Connection,
    subscription: RowId,
) -> Result<(Vec<CommentInMail>, i64), Failure> {
    let visible = || {
        comment_notices::table
            .inner_join(comments::table.on(comments::id.eq(comment_notices::comment_id)))
            .inner_join(threads::table.on(threads::article_id.eq(comments::article_id)))
            .inner_join(published_articles::table.on(published_articles::article_id.eq(comments::article_id)))
            .filter(comment_notices::subscription_id.eq(subscription))
            .filter(comment_notices::settled_at.is_null())
            .filter(comments::state.eq(CommentState::Approved.as_str()))
            .filter(threads::state.ne(ThreadState::Hidden.as_str()))
    };
    let rows: Vec<(RowId, Option<String>, String)> = visible()
        .order((comments::created_at.asc(), comments::id.asc()))
        .select((comments::id, comments::author_name, comments::body_text))
        .limit(SHOWN_IN_MAIL)
        .load(connection)
        .await?;
    let count: i64 = visible().count().get_result(connection).await?;
    let shown = rows.into_iter().map(|(id, author_name, body_text)| CommentInMail {
        id: id.0,
        author_name,
        body_text,
    });
    Ok((shown.collect(), count))
}

async fn article_in_mail(connection: &mut Connection, article: RowId) -> Result<Option<ArticleInMail>, Failure> {
    let found: Option<(String, String)> = published_articles::table
        .find(article)
        .select((published_articles::title, published_articles::slug))
        .first(connection)
        .await
        .optional()?;
    let Some((title, slug)) = found else {
        return Ok(None);
    };
    let article_url = site::load(connection).await?.article_url;
    Ok(Some(ArticleInMail {
        id: article.0,
        title,
        slug,
        article_url,
    }))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn may_be_mailed(now: RowTime) -> _ {
    comment_subscriptions::next_mail_at
        .is_null()
        .or(comment_subscriptions::next_mail_at.le(now))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn waiting_of(subscription: RowId) -> _ {
    comment_notices::table
        .filter(comment_notices::subscription_id.eq(subscription))
        .filter(comment_notices::settled_at.is_null())
}
