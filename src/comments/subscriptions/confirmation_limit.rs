//! How many mails with a link to confirm are sent: so that nobody can have somebody else flooded with them.
//!
//! They are counted over 24 hours, in the database, for the address and for the network that asks. What is above is answered
//! as all the rest, and sends nothing.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::database::ids::RowId;
use crate::database::timestamp::RowTime;
use crate::http::client_key::ClientKeys;

/// Hours over which requests are counted.
const WINDOW_HOURS: i64 = 24;

/// Confirmations that one address gets within a window.
pub const MOST_FOR_ADDRESS: i32 = 3;

/// Confirmations that one network asks for within a window.
pub const MOST_FROM_NETWORK: i32 = 20;

/// One count that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmationGauge {
    /// What stands for it: a keyed hash.
    pub subject: RowId,
    /// How many there can be.
    pub most: i32,
}

/// The counts of a request, in one order for all, so that requests at once cannot wait for each other.
#[must_use]
pub fn gauges(keys: &ClientKeys, network: Uuid, email: &str) -> Vec<ConfirmationGauge> {
    let gauge = |purpose: &str, part: &[u8], most: i32| ConfirmationGauge {
        subject: RowId(keys.named(purpose, &[part])),
        most,
    };
    let mut gauges = vec![
        gauge("confirmations-to-address", email.as_bytes(), MOST_FOR_ADDRESS),
        gauge("confirmations-from-network", network.as_bytes(), MOST_FROM_NETWORK),
    ];
    gauges.sort_unstable_by_key(|gauge| gauge.subject);
    gauges
}

/// When the windows began, or before that, whose counts are over.
#[must_use]
pub fn over_before(now: DateTime<Utc>) -> RowTime {
    (now - Duration::hours(WINDOW_HOURS)).into()
}
