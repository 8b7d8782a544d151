//! The time that one piece of work may use a connection, and its cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tokio::sync::Notify;

/// The maximum time that rows are held back for others of their page. Then a short page is sent.
pub const MAX_HELD_BACK: Duration = Duration::from_millis(100);

/// After this time, an export gives its connection back and queues for another one. With more exports than connections, all
/// of them make progress.
pub const MAX_TIME_SLICE: Duration = Duration::from_millis(100);

/// The time slice of one piece of work on a connection. Clones share their state.
#[derive(Clone, Debug)]
pub struct TimeSlice {
    started: Instant,
    /// When the first of the rows was read that wait for others of their page.
    rows_held_since: Arc<OptionalTime>,
    /// When the work is given up if it has found no row by then.
    first_row_deadline: Arc<OptionalTime>,
    cancellation: Arc<Cancellation>,
}

/// A time since the start of the slice, or none. Stored as microseconds, at least 1; 0 is none.
#[derive(Debug, Default)]
struct OptionalTime(AtomicU64);

impl OptionalTime {
    fn get(&self) -> Option<Duration> {
        Some(self.0.load(Ordering::Relaxed)).filter(|micros| *micros > 0).map(Duration::from_micros)
    }

    fn set(&self, time: Option<Duration>) {
        let micros = time.map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1));
        self.0.store(micros, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Cancellation {
    is_cancelled: AtomicBool,
    notify: Notify,
}

/// Cancels a time slice when it is dropped.
#[derive(Debug)]
pub struct CancelOnDrop(Arc<Cancellation>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
        self.0.notify.notify_one();
    }
}

impl TimeSlice {
    /// Starts a time slice.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            rows_held_since: Arc::default(),
            first_row_deadline: Arc::default(),
            cancellation: Arc::default(),
        }
    }

    /// Returns a guard for the task that waits for the work.
    pub fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(Arc::clone(&self.cancellation))
    }

    /// Starts the same slice again.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self { started: Instant::now(), ..self }
    }

    /// Returns whether the slice is used up, so that another export should get the connection.
    pub fn is_expired(&self) -> bool {
        self.started.elapsed() > MAX_TIME_SLICE
    }

    /// Returns whether the work is cancelled, or its deadline has passed.
    pub fn should_stop(&self) -> bool {
        self.cancellation.is_cancelled.load(Ordering::Relaxed)
            || self.deadline().is_some_and(|deadline| Instant::now() > deadline)
    }

    /// Waits until [`Self::should_stop`]. Only one task may wait at a time.
    pub async fn cancelled(&self) {
        let cancelled = self.cancellation.notify.notified();
        match self.deadline() {
            None => cancelled.await,
            Some(deadline) => {
                let _ = tokio::time::timeout_at(deadline.into(), cancelled).await;
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match (self.rows_held_since.get(), self.first_row_deadline.get()) {
            (Some(since), _) => Some(self.started + since + MAX_HELD_BACK),
            (None, Some(deadline)) => Some(self.started + deadline),
            (None, None) => None,
        }
    }

    /// Gives the next query up if it finds no row within `timeout`; `None`: never.
    pub fn set_first_row_timeout(&self, timeout: Option<Duration>) {
        self.first_row_deadline.set(timeout.map(|timeout| self.started.elapsed().saturating_add(timeout)));
    }

    /// Notes that rows are held back from now on.
    pub fn rows_held(&self) {
        self.rows_held_since.set(Some(self.started.elapsed()));
    }

    /// Notes that more rows have arrived: if rows are held back, their time starts again.
    pub fn rows_arrived(&self) {
        if self.rows_held_since.get().is_some() {
            self.rows_held();
        }
    }

    /// Notes that no rows are held back. The next query has no deadline by them.
    pub fn rows_released(&self) {
        self.rows_held_since.set(None);
    }
}

impl Default for TimeSlice {
    fn default() -> Self {
        Self::new()
    }
}

const INTERRUPTED: &str = "the query was cancelled, because its result is no longer needed or takes too long";

/// Returns the error of work that was cancelled.
pub fn interrupted() -> DbErr {
    DbErr::Custom(INTERRUPTED.to_owned())
}

/// Returns whether a query was cancelled by its time slice.
pub fn is_interrupted(error: &DbErr) -> bool {
    matches!(error, DbErr::Custom(reason) if reason == INTERRUPTED)
}
