//! How often somebody may do something, counted in memory, and what answers say about it (`RateLimit` header fields for HTTP,
//! draft-ietf-httpapi-ratelimit-headers-11). Each instance counts for itself.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

use crate::clock::Clock;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// After this many questions the keys that have all of their quota again are dropped, so that memory holds those only that
/// did something lately.
const SWEEP_EVERY: u32 = 1_024;

/// So many times within so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many times.
    pub count: NonZeroU32,
    /// Within how many seconds.
    pub seconds: NonZeroU32,
}

impl Rate {
    /// Takes a rate of the form `10/60`: ten times in a minute. The window is at most a day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const DAY: u32 = 24 * 60 * 60;
        let (count, seconds) = text.trim().split_once('/')?;
        let rate = Self {
            count: count.parse().ok()?,
            seconds: seconds.parse().ok()?,
        };
        (rate.seconds.get() <= DAY && rate.count.get() <= 1_000_000).then_some(rate)
    }

    /// The same with a larger count.
    #[must_use]
    pub fn times(self, factor: NonZeroU32) -> Self {
        Self {
            count: self.count.saturating_mul(factor),
            ..self
        }
    }

    /// The time after which one more is allowed.
    fn interval(self) -> Duration {
        Duration::from_secs(self.seconds.get().into()) / self.count.get()
    }
}

/// Counts by keys, each of which has a quota by every rate.
pub struct RateLimits {
    name: &'static str,
    clock: Ticks,
    rates: Vec<(Rate, Keyed)>,
    asked: AtomicU32,
}

type Keyed = RateLimiter<Uuid, DashMapStateStore<Uuid>, Ticks, StateInformationMiddleware>;

/// The clock of the application, as a time that never goes back.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.ticks()
    }
}

/// What was found for one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The seconds to wait, if it was once too often.
    pub retry_after: Option<u32>,
    policy: String,
    limit: String,
}

/// What the answer to a request says about its limits.
struct Announced(Standing);

impl RateLimits {
    /// Limits of this name, which is what answers call them by. Without rates there are none.
    #[must_use]
    pub fn new(name: &'static str, rates: &[Rate], clock: &Clock) -> Self {
        let clock = Ticks(clock.clone());
        let limiter = |rate: &Rate| {
            let quota = Quota::with_period(rate.interval())?.allow_burst(rate.count);
            let limiter = RateLimiter::dashmap_with_clock(quota, clock.clone());
            Some((*rate, limiter.with_middleware::<StateInformationMiddleware>()))
        };
        Self {
            name,
            rates: rates.iter().filter_map(limiter).collect(),
            clock: clock.clone(),
            asked: AtomicU32::new(0),
        }
    }

    /// Counts once more for a key, unless that is too often. `None` where there is no limit.
    #[must_use]
    pub fn count(&self, key: Uuid) -> Option<Standing> {
        if self.rates.is_empty() {
            return None;
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.sweep();
        }
        let mut standing = Standing {
            retry_after: None,
            policy: String::new(),
            limit: String::new(),
        };
        for (rate, limiter) in &self.rates {
            // What one rate refuses is not counted by the next.
            let (remaining, reset) = match (standing.retry_after, limiter.check_key(&key)) {
                (None, Ok(state)) => {
                    let remaining = state.remaining_burst_capacity();
                    let used = rate.count.get().saturating_sub(remaining);
                    (remaining, seconds(rate.interval().saturating_mul(used)))
                }
                (None, Err(wait)) => {
                    let wait = seconds(wait.wait_time_from(governor::clock::Clock::now(&self.clock))).max(1);
                    standing.retry_after = Some(wait);
                    (0, wait)
                }
                (Some(_), _) => break,
            };
            standing.describe(self.name, *rate, remaining, reset);
        }
        Some(standing)
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.rates
            .iter()
            .map(|(_, limiter)| limiter.len())
            .max()
            .unwrap_or_default()
    }

    /// Drops the keys that have all of their quota again.
    pub fn sweep(&self) {
        for (_, limiter) in &self.rates {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl Standing {
    fn describe(&mut self, name: &str, rate: Rate, remaining: u32, reset: u32) {
        let Rate { count, seconds } = rate;
        let comma = if self.policy.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(self.policy, "{comma}\"{name}-{seconds}\";q={count};w={seconds}");
        let _ = write!(self.limit, "{comma}\"{name}-{seconds}\";r={remaining};t={reset}");
    }
}

/// Remembers what the answer to a request shall say about its limits.
pub fn announce(request: &HttpRequest, standing: Standing) {
    request.extensions_mut().insert(Announced(standing));
}

/// Says in an answer what was announced for its request.
pub fn set_headers(request: &HttpRequest, headers: &mut HeaderMap) {
    if let Some(Announced(standing)) = request.extensions().get::<Announced>() {
        for (name, value) in [(RATE_LIMIT_POLICY, &standing.policy), (RATE_LIMIT, &standing.limit)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u32 {
    let up = u64::from(duration.subsec_nanos() > 0);
    u32::try_from(duration.as_secs().saturating_add(up)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn limits(rates: &str) -> (RateLimits, Clock) {
        let clock = Clock::standing_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let rates: Vec<Rate> = rates.split(',').map(|text| Rate::parse(text).unwrap()).collect();
        (RateLimits::new("posts", &rates, &clock), clock)
    }

    fn key(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_rate_is_a_count_and_a_window() {
        let rate = Rate::parse(" 10/60 ").unwrap();
        assert_eq!((rate.count.get(), rate.seconds.get()), (10, 60));
        for text in [
            "",
            "10",
            "10/",
            "/60",
            "0/60",
            "10/0",
            "-1/60",
            "10/60/60",
            "10/86401",
            "1000001/60",
            "a/b",
        ] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_has_its_quota_and_gets_it_back_with_time() {
        let (limits, clock) = limits("3/60");
        for remaining in [2, 1, 0] {
            let standing = limits.count(key(1)).unwrap();
            assert_eq!(standing.retry_after, None);
            assert_eq!(standing.policy, "\"posts-60\";q=3;w=60");
            let reset = (3 - remaining) * 20;
            assert_eq!(standing.limit, format!("\"posts-60\";r={remaining};t={reset}"));
        }
        let refused = limits.count(key(1)).unwrap();
        assert_eq!(
            (refused.retry_after, refused.limit.as_str()),
            (Some(20), "\"posts-60\";r=0;t=20")
        );
        assert_eq!(
            limits.count(key(2)).unwrap().retry_after,
            None,
            "another key has its own"
        );
        clock.advance(TimeDelta::seconds(19));
        assert_eq!(limits.count(key(1)).unwrap().retry_after, Some(1));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(limits.count(key(1)).unwrap().retry_after, None);
        assert_eq!(limits.count(key(1)).unwrap().retry_after, Some(20));
    }

    #[test]
    fn the_narrowest_rate_counts() {
        let (limits, clock) = limits("2/60,3/3600");
        assert!(
            limits
                .count(key(1))
                .unwrap()
                .limit
                .ends_with(", \"posts-3600\";r=2;t=1200")
        );
        for _ in 0..2 {
            let _counted = limits.count(key(1));
            clock.advance(TimeDelta::seconds(60));
        }
        assert!(limits.count(key(1)).unwrap().retry_after.is_some_and(|wait| wait > 900));
    }

    #[test]
    fn keys_are_forgotten_when_they_have_their_quota_again() {
        let (limits, clock) = limits("3/60");
        for number in 0..500 {
            let _counted = limits.count(key(number));
        }
        assert_eq!(limits.remembered(), 500);
        clock.advance(TimeDelta::seconds(120));
        for _ in 0..SWEEP_EVERY {
            let _counted = limits.count(key(1));
        }
        assert!(limits.remembered() <= 1, "{}", limits.remembered());
    }

    #[test]
    fn without_rates_nothing_is_counted() {
        let (_, clock) = limits("1/1");
        assert_eq!(RateLimits::new("posts", &[], &clock).count(key(1)), None);
    }
}
