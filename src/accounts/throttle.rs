//! How often a password may be guessed.
//!
//! Failures are counted over 15 minutes, in the database, so that all instances count together: 5 for one account from one
//! network, 50 from one network for all accounts. Nobody can shut out the owner of an account by guessing, since these
//! count for the network of who guesses only. There is a third limit against many networks at once: 100 failures of one
//! account, which holds for networks only from which nobody logged in to it within 90 days.
//!
//! An attempt is counted before the password is looked at and taken back when it was right: so a burst of guesses cannot
//! overtake the count. An account that does not exist is counted in the same way.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::timestamp::RowTime;
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::settings::RateLimits;
use crate::state::AppState;
use crate::{read, write_unit};

/// Seconds over which failures are counted.
pub const WINDOW_SECONDS: i64 = 900;

/// Days for which a network is known to an account that logged in from it.
pub const KNOWN_DAYS: i64 = 90;

/// Counts that one transaction of the job removes.
const BATCH: i64 = 500;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What failures are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// One account from one network.
    Pair,
    /// All that one network tries.
    Network,
    /// One account from anywhere, but for the networks that it knows.
    Account,
}

impl Limit {
    /// The failures within a window that are let happen.
    #[must_use]
    pub fn quota(self) -> i32 {
        match self {
            Self::Pair => 5,
            Self::Network => 50,
            Self::Account => 100,
        }
    }

    /// The name, as the headers have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pair => "login",
            Self::Network => "login-network",
            Self::Account => "login-account",
        }
    }
}

/// What somebody tries to get at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The account with an e-mail address, whether or not there is one.
    Account(&'a str),
    /// Something that is found by its secret, such as a link to set a password: only the network is counted for.
    Secret,
}

/// One count that an attempt belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// What stands for it: a keyed hash.
    pub subject: RowId,
    /// What it counts for.
    pub limit: Limit,
}

/// An attempt, as the store counts it.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What it is counted for, in one order for all, so that attempts at once cannot wait for each other.
    pub gauges: Vec<Gauge>,
    /// The address of the account.
    pub email: Option<String>,
    /// The network that it comes from.
    pub network: Uuid,
    /// When it is.
    pub now: DateTime<Utc>,
}

/// How many failures there were, within a window that began at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// What is counted for.
    pub limit: Limit,
    /// The failures before this attempt.
    pub failures: i32,
    /// When the window began.
    pub began_at: DateTime<Utc>,
}

/// What the counts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Let it be tried.
    Admitted,
    /// There were too many failures.
    Refused {
        /// The limit that is reached.
        limit: Limit,
        /// Seconds until it is tried again.
        seconds: i64,
    },
}

/// Why an attempt was not counted.
#[derive(Debug)]
pub enum TrialFailure {
    /// There were too many failures before it.
    Refused {
        /// The limit that is reached.
        limit: Limit,
        /// Seconds until it is tried again.
        seconds: i64,
    },
    /// The database failed.
    Database(Failure),
}

/// An attempt that was let through, and counts as a failure until it is said to be none.
#[derive(Debug)]
#[must_use = "an attempt that ends well is said to have succeeded"]
pub struct Attempt {
    trial: Option<Trial>,
}

/// Lets an attempt through and counts it, before anything is computed for it. See the module for the limits. Whoever calls
/// this says afterwards whether it was a failure: [`Attempt::succeeded`], [`Attempt::failed`] or [`Attempt::withdrawn`].
///
/// # Errors
/// `login-throttled` with `Retry-After`, or what the database gives.
pub async fn admit(state: &AppState, request: &HttpRequest, subject: Subject<'_>) -> Result<Attempt, Problem> {
    if state.settings.rate_limits == RateLimits::Off {
        return Ok(Attempt { trial: None });
    }
    let trial = trial(state, request, subject);
    // Asked first without writing, so that who goes on and on costs no more than a read.
    let asked = trial.clone();
    let verdict: Result<Verdict, Failure> = read!(&state.database, login_failures::look(asked));
    if let Verdict::Refused { limit, seconds } = verdict? {
        return Err(throttled(limit, seconds));
    }
    let counted = trial.clone();
    let outcome: Result<(), TrialFailure> = write_unit!(&state.database, login_failures::count(counted));
    match outcome {
        Ok(()) => Ok(Attempt { trial: Some(trial) }),
        Err(TrialFailure::Refused { limit, seconds }) => Err(throttled(limit, seconds)),
        Err(TrialFailure::Database(failure)) => Err(failure.into()),
    }
}

impl Attempt {
    /// It was right: the failures of this account from this network are forgotten, and it counts nowhere else.
    ///
    /// # Errors
    /// A [`Failure`] of the database.
    pub async fn succeeded(self, state: &AppState) -> Result<(), Failure> {
        match self.trial {
            None => Ok(()),
            Some(trial) => write_unit!(&state.database, login_failures::forgive(trial)),
        }
    }

    /// It was wrong, which is how it was counted.
    pub fn failed(self) {
        drop(self);
    }

    /// It was neither, since the server could not look: it counts nowhere.
    ///
    /// # Errors
    /// A [`Failure`] of the database.
    pub async fn withdrawn(self, state: &AppState) -> Result<(), Failure> {
        match self.trial {
            None => Ok(()),
            Some(trial) => write_unit!(&state.database, login_failures::take_back(trial)),
        }
    }
}

/// What counts say before an attempt: the limit that is reached for the longest, if any is.
#[must_use]
pub fn judge(counts: &[Count], now: DateTime<Utc>) -> Verdict {
    counts
        .iter()
        .filter(|count| count.failures >= count.limit.quota())
        .map(|count| (seconds_left(count.began_at, now), count.limit))
        .filter(|(seconds, _)| *seconds > 0)
        .max_by_key(|(seconds, _)| *seconds)
        .map_or(Verdict::Admitted, |(seconds, limit)| Verdict::Refused {
            limit,
            seconds,
        })
}

/// When the windows began, or before that, whose failures count no more.
#[must_use]
pub fn over_before(now: DateTime<Utc>) -> RowTime {
    (now - Duration::seconds(WINDOW_SECONDS)).into()
}

/// Since when a network is known from which somebody logged in.
#[must_use]
pub fn known_since(now: DateTime<Utc>) -> RowTime {
    (now - Duration::days(KNOWN_DAYS)).into()
}

/// Forgets the counts whose window is over, and tells how many those were.
///
/// # Errors
/// A [`Failure`] of the database.
pub async fn forget(state: &AppState) -> Result<usize, Failure> {
    let before = over_before(state.clock.now());
    let mut forgotten = 0_usize;
    loop {
        let batch: Result<usize, Failure> = write_unit!(&state.database, login_failures::forget(before, BATCH));
        match batch? {
            0 => return Ok(forgotten),
            some => forgotten = forgotten.saturating_add(some),
        }
    }
}

fn trial(state: &AppState, request: &HttpRequest, subject: Subject<'_>) -> Trial {
    let network = state.client_keys.of(request);
    let gauge = |limit: Limit, parts: &[&[u8]]| Gauge {
        subject: RowId(state.client_keys.named(limit.name(), parts)),
        limit,
    };
    let mut gauges = vec![gauge(Limit::Network, &[network.as_bytes()])];
    if let Subject::Account(email) = subject {
        gauges.push(gauge(Limit::Pair, &[email.as_bytes(), network.as_bytes()]));
        gauges.push(gauge(Limit::Account, &[email.as_bytes()]));
    }
    gauges.sort_unstable_by_key(|gauge| gauge.subject);
    Trial {
        gauges,
        email: match subject {
            Subject::Account(email) => Some(email.to_owned()),
            Subject::Secret => None,
        },
        network,
        now: state.clock.now(),
    }
}

/// Whole seconds, rounded up, until a window is over that began at a moment.
fn seconds_left(began_at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let left = began_at + Duration::seconds(WINDOW_SECONDS) - now;
    left.num_milliseconds().saturating_add(999).div_euclid(1_000)
}

fn throttled(limit: Limit, seconds: i64) -> Problem {
    let (name, quota) = (limit.name(), limit.quota());
    let detail = format!("There were too many failed attempts. Try again in {seconds} seconds.");
    Problem::new(&problem_codes::LOGIN_THROTTLED, detail)
        .with_members(|details| details.retry_after = u32::try_from(seconds).ok())
        .with_header(header::RETRY_AFTER, &seconds.to_string())
        .with_header(RATE_LIMIT_POLICY, &format!("\"{name}\";q={quota};w={WINDOW_SECONDS}"))
        .with_header(RATE_LIMIT, &format!("\"{name}\";r=0;t={seconds}"))
}

impl From<Failure> for TrialFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for TrialFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn count(limit: Limit, failures: i32, seconds_ago: i64) -> Count {
        Count {
            limit,
            failures,
            began_at: noon() - Duration::seconds(seconds_ago),
        }
    }

    #[test]
    fn the_quota_is_what_may_fail() {
        for limit in [Limit::Pair, Limit::Network, Limit::Account] {
            let verdict = |failures| judge(&[count(limit, failures, 0)], noon());
            assert_eq!(verdict(limit.quota() - 1), Verdict::Admitted);
            assert_eq!(verdict(limit.quota()), Verdict::Refused { limit, seconds: 900 });
        }
        assert_eq!(judge(&[], noon()), Verdict::Admitted);
    }

    #[test]
    fn a_window_ends() {
        let verdict = |seconds_ago| judge(&[count(Limit::Pair, 9, seconds_ago)], noon());
        let refused = |seconds| Verdict::Refused {
            limit: Limit::Pair,
            seconds,
        };
        assert_eq!(verdict(899), refused(1));
        assert_eq!(verdict(900), Verdict::Admitted);
        let half_way = judge(&[count(Limit::Pair, 9, 899)], noon() + Duration::milliseconds(500));
        assert_eq!(half_way, refused(1));
    }

    #[test]
    fn the_limit_that_holds_longest_is_told() {
        let counts = [
            count(Limit::Pair, 5, 100),
            count(Limit::Network, 50, 10),
            count(Limit::Account, 99, 0),
        ];
        assert_eq!(
            judge(&counts, noon()),
            Verdict::Refused {
                limit: Limit::Network,
                seconds: 890
            }
        );
    }
}
