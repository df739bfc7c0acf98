//! Making mails of the comments that subscribers are to be told of.

use crate::comments::subscriptions::subscription::MailOrder;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::{read, write_unit};

/// Subscriptions that one run makes mails for. What is left is due at the next tick.
const MOST: i64 = 500;

/// Makes one mail for each subscription that has something to tell and had no mail within ten minutes, and tells how many
/// those are. Where mail is off, nobody is told later of what came meanwhile.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn make_mails(state: &AppState) -> Result<usize, Failure> {
    let now = RowTime::from(state.clock.now());
    let due: Result<Vec<RowId>, Failure> = read!(&state.database, subscriptions::due(now, MOST));
    let due = due?;
    if due.is_empty() {
        return Ok(0);
    }
    if state.mail.is_none() {
        return write_unit!(&state.database, subscriptions::drop_waiting(now, MOST));
    }
    let mut made = 0_usize;
    for subscription in due {
        let order = order(state, subscription);
        let is_made: Result<bool, Failure> = write_unit!(&state.database, subscriptions::make_mail(order));
        made = made.saturating_add(usize::from(is_made?));
    }
    Ok(made)
}

fn order(state: &AppState, subscription: RowId) -> MailOrder {
    let (now, links) = (state.clock.now(), state.subscription_links());
    let token = state.subscription_signer.token(subscription.0);
    MailOrder {
        subscription,
        mail_id: state.ids.next(now),
        unsubscribe_url: links.one_click(&token),
        unsubscribe_link: links.unsubscribe(&token),
        links,
        now,
    }
}
