//! Limits the rate of requests with one write token. Each server counts its own, by the monotonic clock.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode};
use crate::messages::ingest::IngestMessage;
use crate::server::db::clock::Clock;

/// The number of tokens that are remembered. Above it, those without recent requests are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// Counts the requests of each token.
#[derive(Clone, Debug)]
pub struct IngestRateLimiter {
    limiter: Arc<RateLimiter<Uuid, HashMapStateStore<Uuid>, Clock, NoOpMiddleware<Nanos>>>,
    clock: Clock,
}

impl IngestRateLimiter {
    /// Returns a limiter that allows a burst, and then this many requests per second.
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32, clock: Clock) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: Arc::new(RateLimiter::new(quota, HashMapStateStore::default(), clock.clone())), clock }
    }

    /// Counts a request with a token.
    ///
    /// # Errors
    /// Returns `too_many_requests` with the seconds to wait, if there were too many.
    pub fn request(&self, token: Uuid) -> Result<(), ApiError> {
        use governor::clock::Clock;

        if self.limiter.len() > MAX_REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&token).map_err(|not_until| {
            let wait = not_until.wait_time_from(Clock::now(&self.clock));
            let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
            ApiError {
                retry_after_seconds: Some(seconds),
                ..ApiError::new(ErrorCode::TooManyRequests, IngestMessage::TooManyRequests { seconds })
            }
        })
    }
}
