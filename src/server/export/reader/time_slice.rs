//! One piece of work on a connection, and what ends it early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tokio::sync::Notify;

/// For how long the rows that were found may wait for others of their page: a client sees them before anything else is found.
pub const MAX_HELD_BACK: Duration = Duration::from_millis(100);

/// After which time an export gives its connection back, and gets in line for another: where there are more exports than
/// connections, all of them go on.
pub const MAX_TIME_SLICE: Duration = Duration::from_millis(100);

/// When a piece of work began, whether it has found something, and whether somebody waits for it.
#[derive(Clone, Debug)]
pub struct TimeSlice {
    began: Instant,
    /// After how many microseconds the first of the rows was found that wait; 0 while there are none.
    found: Arc<AtomicU64>,
    /// After how many microseconds it is over where nothing was found by then; 0 where it goes on.
    expected: Arc<AtomicU64>,
    unwanted: Arc<Cancelled>,
}

/// Whether nobody waits any more.
#[derive(Debug, Default)]
struct Cancelled {
    is: AtomicBool,
    said: Notify,
}

/// Says, when it is dropped, that nobody waits any more.
#[derive(Debug)]
pub struct CancelOnDrop(Arc<Cancelled>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.is.store(true, Ordering::Relaxed);
        self.0.said.notify_one();
    }
}

impl TimeSlice {
    /// One that begins now, and that is waited for.
    pub fn begin() -> Self {
        Self { began: Instant::now(), found: Arc::default(), expected: Arc::default(), unwanted: Arc::default() }
    }

    /// To be held by who waits.
    pub fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(Arc::clone(&self.unwanted))
    }

    /// The same, as if it began now.
    #[must_use]
    pub fn begin_again(self) -> Self {
        Self { began: Instant::now(), ..self }
    }

    /// Whether it has taken long enough, where others may want the connection.
    pub fn is_expired(&self) -> bool {
        self.began.elapsed() > MAX_TIME_SLICE
    }

    /// Whether nobody waits any more, or what was found has waited for long enough.
    pub fn should_stop(&self) -> bool {
        self.unwanted.is.load(Ordering::Relaxed) || self.late_at().is_some_and(|late| Instant::now() > late)
    }

    /// Ends once [`Self::should_stop`]; for one who waits at a time.
    pub async fn stop(&self) {
        match self.late_at() {
            None => self.unwanted.said.notified().await,
            Some(late) => {
                let _ = tokio::time::timeout_at(late.into(), self.unwanted.said.notified()).await;
            }
        }
    }

    fn late_at(&self) -> Option<Instant> {
        let after = |micros| self.began + Duration::from_micros(micros);
        match (self.found.load(Ordering::Relaxed), self.expected.load(Ordering::Relaxed)) {
            (0, 0) => None,
            (0, expected) => Some(after(expected)),
            (found, _) => Some(after(found) + MAX_HELD_BACK),
        }
    }

    /// How long it has taken so far.
    fn so_far(&self) -> u64 {
        micros(self.began.elapsed()).max(1)
    }

    /// Has what is asked next given up where nothing is found for so long; `None`: not.
    pub fn expect_within(&self, patience: Option<Duration>) {
        let over = patience.map_or(0, |patience| self.so_far().saturating_add(micros(patience)));
        self.expected.store(over, Ordering::Relaxed);
    }

    /// Notes that rows wait from now on.
    pub fn has_found(&self) {
        self.found.store(self.so_far(), Ordering::Relaxed);
    }

    /// Notes that, where rows wait, others keep coming.
    pub fn gets_on(&self) {
        if self.found.load(Ordering::Relaxed) != 0 {
            self.has_found();
        }
    }

    /// Notes that none wait any more: what else is asked is to be answered in full.
    pub fn has_given(&self) {
        self.found.store(0, Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Why there is no answer where the turn had to stop.
const INTERRUPTED: &str = "nobody waits for the answer any more";

/// The error for work that nobody waits for any more.
pub fn interrupted() -> DbErr {
    DbErr::Custom(INTERRUPTED.to_owned())
}

/// Whether a question was given up, by us.
pub fn is_interrupted(error: &DbErr) -> bool {
    matches!(error, DbErr::Custom(reason) if reason == INTERRUPTED)
}
