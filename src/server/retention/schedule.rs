//! When a server applies the rules of retention: soon after its start, then once a day; again soon if it could not.

use std::time::Duration;

use tracing::{info, warn};

use super::Retention;
use crate::server::db::clock::Clock;
use crate::server::db::unix_micros::UnixMicros;

/// The time from the start of the server to the first run.
const FIRST_RUN_AFTER: Duration = Duration::from_mins(1);

/// The time between two runs. Exports of everything conflict with each run, so runs are rare.
const RUN_INTERVAL: Duration = Duration::from_hours(24);

/// The time after which a run that failed is repeated.
const RETRY_AFTER: Duration = Duration::from_mins(10);

/// How far the wall clock may move against the monotonic clock between two runs. If it moves further, it was set.
const MAX_CLOCK_STEP: Duration = Duration::from_hours(1);

impl Retention {
    /// Runs retention on schedule, until the future is dropped.
    pub async fn run_on_schedule(self) {
        let mut clock = ClockWatch::new(&self.clock);
        let mut delay = FIRST_RUN_AFTER;
        loop {
            tokio::time::sleep(delay).await;
            delay = self.run_if_clock_is_steady(&mut clock).await;
        }
    }

    /// Makes one run, unless the wall clock was set forward since the last one: it may be wrong, and deleting cannot be
    /// undone. The run is then left out, so that there is a day to correct the clock. Returns the time until the next run.
    pub async fn run_if_clock_is_steady(&self, clock: &mut ClockWatch) -> Duration {
        let step = clock.step_since_last(&self.clock);
        if step > MAX_CLOCK_STEP {
            warn!(seconds = step.as_secs(), "the clock was set forward; retention deletes nothing for a day");
            return RUN_INTERVAL;
        }
        match self.run().await {
            Ok(_) => RUN_INTERVAL,
            Err(error) if error.may_pass() => {
                info!(reason = %error, "events that are due are not deleted yet; trying again soon");
                self.metrics.retention_failed();
                RETRY_AFTER
            }
            Err(error) => {
                warn!(%error, "cannot delete events that are due");
                self.metrics.retention_failed();
                RETRY_AFTER
            }
        }
    }
}

/// Compares the wall clock with the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct ClockWatch {
    wall: UnixMicros,
    monotonic: Duration,
}

impl ClockWatch {
    /// Starts with the present times.
    pub fn new(clock: &Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// Returns by how much the wall clock has moved ahead of the monotonic clock since the last call.
    fn step_since_last(&mut self, clock: &Clock) -> Duration {
        let now = Self::new(clock);
        let passed = now.wall.saturating_duration_since(self.wall);
        let step = passed.saturating_sub(now.monotonic.saturating_sub(self.monotonic));
        *self = now;
        step
    }
}
