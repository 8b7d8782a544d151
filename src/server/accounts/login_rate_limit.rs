//! Guessing is slowed: so many attempts at once, then one every few seconds; counted for an account from one address, for
//! an address whatever the account, and for an account whatever the address. Nobody is locked out for good, and right and
//! wrong passwords wait alike. An account that there is not is counted the same, so that waiting tells nothing either.
//!
//! Whoever guesses at an account from elsewhere does not keep its owner waiting: an address from which somebody signed in
//! before is only counted by itself.
//!
//! Attempts are counted by the monotonic clock: a wall clock that was wrong for a while and is then set right must not make
//! anybody wait.

use std::collections::HashSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::user::normalized;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::db::clock::Clock;

/// How many attempts one account has at once from one address, and after what time it has another one.
const PER_ACCOUNT_AND_IP: (NonZeroU32, Duration) = (NonZeroU32::new(6).expect("not zero"), Duration::from_secs(10));

/// The same for one address, behind which there may be a whole office.
const FOR_ADDRESS: (NonZeroU32, Duration) = (NonZeroU32::new(30).expect("not zero"), Duration::from_secs(2));

/// The same for one account from all addresses from which nobody signed in to it before: more than one address can use
/// up, so that it takes many to keep the owner waiting who comes from a new one.
const FOR_ACCOUNT: (NonZeroU32, Duration) = (NonZeroU32::new(60).expect("not zero"), Duration::from_secs(1));

/// How many accounts or addresses may be remembered before those are forgotten that have all their attempts again, and
/// how many places from which people signed in before all of them are.
const REMEMBERED: usize = 10_000;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>;

/// An account, and the network from which somebody comes to it.
type LoginKey = (String, IpAddr);

/// Counts attempts. Each server counts its own.
#[derive(Clone, Debug)]
pub struct LoginRateLimiter {
    accounts: Arc<Limiter<String>>,
    both: Arc<Limiter<LoginKey>>,
    /// From where people signed in.
    known: Arc<Mutex<HashSet<LoginKey>>>,
    addresses: Arc<Limiter<IpAddr>>,
    clock: Clock,
}

impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.monotonic().into()
    }
}

impl LoginRateLimiter {
    /// Nobody has attempted anything yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            accounts: Arc::new(limiter(FOR_ACCOUNT, clock.clone())),
            both: Arc::new(limiter(PER_ACCOUNT_AND_IP, clock.clone())),
            known: Arc::default(),
            addresses: Arc::new(limiter(FOR_ADDRESS, clock.clone())),
            clock,
        }
    }

    /// Counts an attempt at an account from an address.
    ///
    /// # Errors
    /// `too_many_attempts` with the seconds to wait, where there were too many.
    pub fn attempt(&self, name: &str, address: IpAddr) -> Result<(), ApiError> {
        let place = place(name, address);
        self.check(&self.addresses, &place.1)?;
        self.check(&self.both, &place)?;
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&place) {
            return Ok(());
        }
        self.check(&self.accounts, &place.0)
    }

    /// Remembers that somebody signed in to an account from an address.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(place(name, address));
    }

    fn check<K: Clone + Eq + std::hash::Hash>(&self, limiter: &Limiter<K>, key: &K) -> Result<(), ApiError> {
        use governor::clock::Clock;

        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(Clock::now(&self.clock));
            let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
            ApiError {
                retry_after_seconds: Some(seconds),
                ..ApiError::new(ErrorCode::TooManyAttempts, FormMessage::TooManyAttempts { seconds })
            }
        })
    }
}

fn limiter<K: Clone + Eq + std::hash::Hash>((burst, every): (NonZeroU32, Duration), clock: Clock) -> Limiter<K> {
    let quota = Quota::with_period(every).expect("not zero").allow_burst(burst);
    RateLimiter::new(quota, HashMapStateStore::default(), clock)
}

fn place(name: &str, address: IpAddr) -> LoginKey {
    // No account has a longer name.
    (normalized(name).chars().take(64).collect(), network(address))
}

/// What counts as one address: of IPv6 the network, because whoever has one address has them all.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => std::net::Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;
    use crate::server::db::unix_micros::UnixMicros;

    /// A throttle, and the microseconds that have passed for it.
    fn throttle() -> (LoginRateLimiter, Arc<AtomicU64>) {
        let (throttle, passed, _) = throttle_and_wall_clock();
        (throttle, passed)
    }

    fn throttle_and_wall_clock() -> (LoginRateLimiter, Arc<AtomicU64>, Arc<AtomicI64>) {
        let (passed, wall) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicI64::new(1_765_000_000_000_000)));
        let clock = {
            let (passed, wall) = (Arc::clone(&passed), Arc::clone(&wall));
            Clock::with_monotonic(
                move || UnixMicros::new(wall.load(Ordering::Relaxed)),
                move || Duration::from_micros(passed.load(Ordering::Relaxed)),
            )
        };
        (LoginRateLimiter::new(clock), passed, wall)
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn an_account_is_slowed_from_one_address_and_never_for_good() {
        let (throttle, now) = throttle();
        for _ in 0..6 {
            throttle.attempt(" Ann", address(9)).expect("allowed");
        }
        let refused = throttle.attempt("ann", address(9)).expect_err("too many");
        assert_eq!((refused.code, refused.retry_after_seconds), (ErrorCode::TooManyAttempts, Some(10)));
        assert!(refused.detail.contains("10 seconds"));
        throttle.attempt("bob", address(9)).expect("another account");
        throttle.attempt("ann", address(8)).expect("another address");
        now.fetch_add(10_000_000, Ordering::Relaxed);
        throttle.attempt("ann", address(9)).expect("after the wait");
        throttle.attempt("ann", address(9)).expect_err("one at a time from now on");
    }

    #[test]
    fn a_wall_clock_that_is_set_back_or_forward_changes_no_wait() {
        let (throttle, passed, wall) = throttle_and_wall_clock();
        for day in [2, -1, -400, 30] {
            for account in 0..30 {
                throttle.attempt(&account.to_string(), address(9)).expect("allowed");
            }
            wall.fetch_add(day * 24 * 3_600 * 1_000_000, Ordering::Relaxed);
            let refused = throttle.attempt("x", address(9)).expect_err("too many");
            assert_eq!(refused.retry_after_seconds, Some(2), "after a step of {day} days");
            passed.fetch_add(600_000_000, Ordering::Relaxed);
        }
    }

    #[test]
    fn one_address_that_guesses_does_not_keep_the_owner_waiting_at_another() {
        let (throttle, now) = throttle();
        let mut refused = 0;
        for _ in 0..600 {
            now.fetch_add(100_000, Ordering::Relaxed);
            refused += u32::from(throttle.attempt("ann", address(1)).is_err());
        }
        assert!(refused > 500, "{refused} guesses were refused within a minute");
        throttle.attempt("ann", address(2)).expect("the owner");
    }

    #[test]
    fn many_addresses_that_guess_are_slowed_and_do_not_keep_the_owner_waiting_who_was_there_before() {
        let (throttle, _) = throttle();
        throttle.succeeded("Ann", address(1));
        let guesses = (2..=200).map(|last| throttle.attempt("ann", address(last)));
        assert_eq!(guesses.flatten().count(), 60);
        throttle.attempt("ann", address(1)).expect("the owner");
        throttle.attempt("ann", address(250)).expect_err("a stranger");
    }

    #[test]
    fn an_address_is_slowed_whatever_the_account() {
        let (throttle, now) = throttle();
        for account in 0..30 {
            throttle.attempt(&account.to_string(), address(1)).expect("allowed");
        }
        assert_eq!(throttle.attempt("x", address(1)).expect_err("too many").retry_after_seconds, Some(2));
        throttle.attempt("x", address(2)).expect("another address");
        now.fetch_add(2_000_000, Ordering::Relaxed);
        throttle.attempt("x", address(1)).expect("after the wait");
    }

    #[test]
    fn the_addresses_of_one_network_count_as_one() {
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(network(parse("2001:db8::1")), network(parse("2001:db8::ffff:1")));
        assert_ne!(network(parse("2001:db8::1")), network(parse("2001:db8:0:1::1")));
        assert_eq!(network(parse("::ffff:192.0.2.1")), parse("192.0.2.1"));
    }
}
