//! The events whose end was reported, until they are stored or left to polls and sweeps, which need no report.

use std::time::Duration;

/// The delays after which an event whose end was reported is requested again, if it is not there yet, or not as one that has
/// ended.
pub(super) const DELAYS: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
    Duration::from_millis(3_200),
];

/// An event whose end was reported.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The id.
    pub id: String,
    /// How often it was requested.
    attempts: usize,
    /// When it is requested.
    at: Duration,
}

/// The events whose end was reported.
#[derive(Clone, Debug, Default)]
pub struct EndReports {
    /// Those that are requested later.
    waiting: Vec<Ended>,
    /// Those that are not requested any more.
    settled: Vec<String>,
}

impl EndReports {
    /// Has an event requested at once, unless it waits already.
    pub fn report(&mut self, id: String, now: Duration) {
        if !self.waiting.iter().any(|ended| ended.id == id) {
            self.waiting.push(Ended { id, attempts: 0, at: now });
        }
    }

    /// Returns an event that is due.
    pub fn take_due(&mut self, now: Duration) -> Option<Ended> {
        let due = self.waiting.iter().position(|ended| ended.at <= now)?;
        Some(self.waiting.remove(due))
    }

    /// Has an event that was requested at that time requested once more, or leaves it to polls.
    pub fn again(&mut self, ended: Ended, requested_at: Duration) {
        match DELAYS.get(ended.attempts) {
            Some(delay) => {
                let at = requested_at + *delay;
                self.waiting.push(Ended { attempts: ended.attempts + 1, at, ..ended });
            }
            None => self.settled.push(ended.id),
        }
    }

    /// Has an event requested as if it had not been.
    pub fn put_back(&mut self, ended: Ended) {
        self.waiting.push(ended);
    }

    /// Notes that an event is stored.
    pub fn settle(&mut self, ended: Ended) {
        self.settled.push(ended.id);
    }

    /// Returns the events that are done with, once: they are stored, left out, or left to polls.
    pub fn take_settled(&mut self) -> Vec<String> {
        std::mem::take(&mut self.settled)
    }

    /// Returns when the next event is due.
    pub fn due(&self) -> Option<Duration> {
        self.waiting.iter().map(|ended| ended.at).min()
    }
}
