//! Retries with a constant delay, up to a limit, and the growing delays after which a live source is tried again.
//!
//! This is ours and not the crate `backon` because it is one page. It also repeats an operation that succeeded with an
//! answer that is not good enough yet, such as that of a replica that lags.

use std::time::{Duration, Instant};

/// The first and the longest delay after a live source failed.
const SOURCE_DELAYS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Returns the delay after a live source has failed this many times in a row: one second, and twice as long with each
/// further failure, up to a minute.
pub fn source_delay(failures: u32) -> Duration {
    let (first, longest) = SOURCE_DELAYS;
    (first * (1 << failures.saturating_sub(1).min(6))).min(longest)
}

/// How often an operation is repeated, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    delay: Duration,
    limit: Limit,
}

/// When the last attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    None,
    Attempts(u32),
    Elapsed(Duration),
}

impl Retry {
    /// Waits for `delay` between two attempts. Without a limit, the caller must bound the future.
    pub const fn every(delay: Duration) -> Self {
        Self { delay, limit: Limit::None }
    }

    /// Makes this many attempts at most, and at least one.
    #[must_use]
    pub const fn at_most(self, attempts: u32) -> Self {
        Self { limit: Limit::Attempts(attempts), ..self }
    }

    /// Makes no further attempt once this time has passed since the first one began.
    #[must_use]
    pub const fn within(self, time: Duration) -> Self {
        Self { limit: Limit::Elapsed(time), ..self }
    }

    /// Repeats `attempt` while `should_retry` accepts its result. Returns the last result.
    pub async fn run<T, F: Future<Output = T>>(
        self,
        mut attempt: impl FnMut() -> F,
        should_retry: impl Fn(&T) -> bool,
    ) -> T {
        let started = Instant::now();
        let mut attempts = 1_u32;
        loop {
            let result = attempt().await;
            if !should_retry(&result) || self.limit.is_reached(attempts, started) {
                return result;
            }
            tokio::time::sleep(self.delay).await;
            attempts = attempts.saturating_add(1);
        }
    }
}

impl Limit {
    fn is_reached(self, attempts: u32, started: Instant) -> bool {
        match self {
            Self::None => false,
            Self::Attempts(most) => attempts >= most,
            Self::Elapsed(time) => started.elapsed() >= time,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts attempts that fail until the third one.
    async fn third_attempt_succeeds(retry: Retry) -> (Result<u32, u32>, u32) {
        let attempts = Cell::new(0);
        let result = retry
            .run(
                || {
                    attempts.set(attempts.get() + 1);
                    std::future::ready(if attempts.get() < 3 { Err(attempts.get()) } else { Ok(attempts.get()) })
                },
                Result::is_err,
            )
            .await;
        (result, attempts.get())
    }

    #[tokio::test]
    async fn an_operation_is_repeated_until_it_succeeds() {
        let now = Retry::every(Duration::ZERO);
        for retry in [now, now.at_most(3), now.at_most(9), now.within(Duration::MAX)] {
            assert_eq!(third_attempt_succeeds(retry).await, (Ok(3), 3), "{retry:?}");
        }
    }

    #[tokio::test]
    async fn the_last_result_is_returned_when_the_limit_is_reached() {
        let now = Retry::every(Duration::ZERO);
        assert_eq!(third_attempt_succeeds(now.at_most(2)).await, (Err(2), 2));
        for once in [now.at_most(1), now.at_most(0), now.within(Duration::ZERO)] {
            assert_eq!(third_attempt_succeeds(once).await, (Err(1), 1), "{once:?}");
        }
    }

    #[test]
    fn a_source_is_tried_again_after_delays_that_double_up_to_a_minute() {
        let delays = [1, 2, 3, 6, 7, 8, u32::MAX].map(|failures| source_delay(failures).as_secs());
        assert_eq!(delays, [1, 2, 4, 32, 60, 60, 60]);
    }

    #[tokio::test]
    async fn a_result_that_should_not_be_retried_is_returned_at_once() {
        let result = Retry::every(Duration::MAX).run(|| std::future::ready(Err::<(), _>("broken")), |_| false);
        assert_eq!(result.await, Err("broken"));
    }
}
