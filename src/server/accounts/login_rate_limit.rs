//! Limits the rate of sign-in attempts. There are three limits: for an account from one address, for one address, and
//! for an account from all addresses. Each allows a burst, and then one attempt every few seconds. No account is
//! locked, and correct and wrong passwords count alike. Attempts at a missing account count too, so that a delay does
//! not reveal whether it exists.
//!
//! An attacker does not lock the owner of an account out: an address that has signed in to the account before is not
//! subject to the third limit.
//!
//! The limits use the monotonic clock: if a wrong wall clock is corrected, users must not have to wait.

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

/// The burst of attempts for one account from one address, and the time after which another one is allowed.
const PER_ACCOUNT_AND_IP: (NonZeroU32, Duration) = (NonZeroU32::new(6).expect("not zero"), Duration::from_secs(10));

/// The same for one address, which may be that of a whole office.
const PER_IP: (NonZeroU32, Duration) = (NonZeroU32::new(30).expect("not zero"), Duration::from_secs(2));

/// The same for one account from all addresses that have never signed in to it. It is higher than what one address may
/// use, so that an attacker needs many addresses to delay an owner who comes from a new one.
const PER_ACCOUNT: (NonZeroU32, Duration) = (NonZeroU32::new(60).expect("not zero"), Duration::from_secs(1));

/// The number of accounts or addresses that are remembered. Above it, those without recent attempts are forgotten. If
/// it is reached by known addresses, all of them are forgotten.
const MAX_REMEMBERED: usize = 10_000;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>;

/// The name of an account and the network of the client.
type LoginKey = (String, IpAddr);

/// Counts attempts. Each server counts its own.
#[derive(Clone, Debug)]
pub struct LoginRateLimiter {
    per_account: Arc<Limiter<String>>,
    per_account_and_ip: Arc<Limiter<LoginKey>>,
    /// The networks that have signed in to an account.
    known: Arc<Mutex<HashSet<LoginKey>>>,
    per_ip: Arc<Limiter<IpAddr>>,
    clock: Clock,
}

impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.monotonic().into()
    }
}

impl LoginRateLimiter {
    /// Returns a limiter without any attempts.
    pub fn new(clock: Clock) -> Self {
        Self {
            per_account: Arc::new(limiter(PER_ACCOUNT, clock.clone())),
            per_account_and_ip: Arc::new(limiter(PER_ACCOUNT_AND_IP, clock.clone())),
            known: Arc::default(),
            per_ip: Arc::new(limiter(PER_IP, clock.clone())),
            clock,
        }
    }

    /// Counts an attempt at an account from an address.
    ///
    /// # Errors
    /// Returns `too_many_attempts` with the seconds to wait, if there were too many.
    pub fn attempt(&self, name: &str, address: IpAddr) -> Result<(), ApiError> {
        let key = login_key(name, address);
        self.check(&self.per_ip, &key.1)?;
        self.check(&self.per_account_and_ip, &key)?;
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return Ok(());
        }
        self.check(&self.per_account, &key.0)
    }

    /// Records that a user signed in to an account from an address.
    pub fn record_success(&self, name: &str, address: IpAddr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(login_key(name, address));
    }

    fn check<K: Clone + Eq + std::hash::Hash>(&self, limiter: &Limiter<K>, key: &K) -> Result<(), ApiError> {
        use governor::clock::Clock;

        if limiter.len() > MAX_REMEMBERED {
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

fn login_key(name: &str, address: IpAddr) -> LoginKey {
    // No account has a longer name.
    (normalized(name).chars().take(64).collect(), network(address))
}

/// Returns the network that counts as one address: for IPv6 the /64, because a client usually has all of its addresses.
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

    /// Returns a limiter, and the microseconds that have passed for it.
    fn test_limiter() -> (LoginRateLimiter, Arc<AtomicU64>) {
        let (limiter, passed, _) = limiter_and_wall_clock();
        (limiter, passed)
    }

    fn limiter_and_wall_clock() -> (LoginRateLimiter, Arc<AtomicU64>, Arc<AtomicI64>) {
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
    fn attempts_at_an_account_from_one_address_are_slowed_but_not_forever() {
        let (limiter, now) = test_limiter();
        for _ in 0..6 {
            limiter.attempt(" Ann", address(9)).expect("allowed");
        }
        let refused = limiter.attempt("ann", address(9)).expect_err("too many");
        assert_eq!((refused.code, refused.retry_after_seconds), (ErrorCode::TooManyAttempts, Some(10)));
        assert!(refused.detail.contains("10 seconds"));
        limiter.attempt("bob", address(9)).expect("another account");
        limiter.attempt("ann", address(8)).expect("another address");
        now.fetch_add(10_000_000, Ordering::Relaxed);
        limiter.attempt("ann", address(9)).expect("after the wait");
        limiter.attempt("ann", address(9)).expect_err("no new burst");
    }

    #[test]
    fn setting_the_wall_clock_does_not_change_a_delay() {
        let (limiter, passed, wall) = limiter_and_wall_clock();
        for day in [2, -1, -400, 30] {
            for account in 0..30 {
                limiter.attempt(&account.to_string(), address(9)).expect("allowed");
            }
            wall.fetch_add(day * 24 * 3_600 * 1_000_000, Ordering::Relaxed);
            let refused = limiter.attempt("x", address(9)).expect_err("too many");
            assert_eq!(refused.retry_after_seconds, Some(2), "after a step of {day} days");
            passed.fetch_add(600_000_000, Ordering::Relaxed);
        }
    }

    #[test]
    fn an_attacker_at_one_address_does_not_delay_the_owner_at_another() {
        let (limiter, now) = test_limiter();
        let mut refused = 0;
        for _ in 0..600 {
            now.fetch_add(100_000, Ordering::Relaxed);
            refused += u32::from(limiter.attempt("ann", address(1)).is_err());
        }
        assert!(refused > 500, "{refused} guesses were refused within a minute");
        limiter.attempt("ann", address(2)).expect("the owner");
    }

    #[test]
    fn an_attacker_at_many_addresses_is_slowed_and_does_not_delay_the_owner_at_a_known_address() {
        let (limiter, _) = test_limiter();
        limiter.record_success("Ann", address(1));
        let guesses = (2..=200).map(|last| limiter.attempt("ann", address(last)));
        assert_eq!(guesses.flatten().count(), 60);
        limiter.attempt("ann", address(1)).expect("the owner");
        limiter.attempt("ann", address(250)).expect_err("a stranger");
    }

    #[test]
    fn attempts_from_one_address_are_slowed_for_any_account() {
        let (limiter, now) = test_limiter();
        for account in 0..30 {
            limiter.attempt(&account.to_string(), address(1)).expect("allowed");
        }
        assert_eq!(limiter.attempt("x", address(1)).expect_err("too many").retry_after_seconds, Some(2));
        limiter.attempt("x", address(2)).expect("another address");
        now.fetch_add(2_000_000, Ordering::Relaxed);
        limiter.attempt("x", address(1)).expect("after the wait");
    }

    #[test]
    fn the_addresses_of_one_network_count_as_one() {
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(network(parse("2001:db8::1")), network(parse("2001:db8::ffff:1")));
        assert_ne!(network(parse("2001:db8::1")), network(parse("2001:db8:0:1::1")));
        assert_eq!(network(parse("::ffff:192.0.2.1")), parse("192.0.2.1"));
    }
}
