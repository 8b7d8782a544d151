//! A window of start times that is read until nothing of it is left, although a response does not say whether there is more.

use super::request::{HOUR, Micros, Request, SECOND, Seen};

/// How far windows reach beyond the time of either clock.
pub(super) const AHEAD: Micros = HOUR;

/// The limit of a request.
pub(super) const LIMIT: usize = 1_000;

/// The limit if a request has none. A response with fewer events is complete, even if something between applies the default
/// limit to each request.
const DEFAULT_LIMIT: usize = 100;

/// The shortest window. If it has as many events as the limit, the limit is doubled.
const MIN_WINDOW: Micros = SECOND;

/// By how much windows overlap: both bounds of the API are exclusive, and start times are floats.
const OVERLAP: Micros = 1_000;

/// A window of start times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: Micros,
    to: Micros,
    /// The maximum number of events of a response.
    limit: usize,
}

impl Window {
    /// Returns the window between two times.
    pub fn new(from: Micros, to: Micros) -> Self {
        Self { from, to, limit: LIMIT }
    }

    /// Returns the request for its newest events.
    pub fn request(&self) -> Request {
        Request::Window { after: self.from - OVERLAP, before: self.to, limit: self.limit }
    }

    /// Returns the windows that are left after the response to the request, newest first.
    pub fn rest(&self, events: &[Seen]) -> Vec<Self> {
        let Self { from, to, limit } = *self;
        if events.len() < DEFAULT_LIMIT.min(limit) {
            return Vec::new();
        }
        let is_newest_first = events.is_sorted_by(|newer, older| newer.start >= older.start);
        let oldest = events.iter().map(|seen| seen.start).min().unwrap_or(from);
        let rest_to = oldest.max(from) + OVERLAP;
        if is_newest_first && rest_to < to {
            return vec![Self { to: rest_to, ..*self }];
        }
        if to - from > MIN_WINDOW {
            let middle = from + (to - from) / 2;
            return vec![Self { from: middle, ..*self }, Self { to: middle, ..*self }];
        }
        if events.len() >= limit { vec![Self { limit: limit * 2, ..*self }] } else { Vec::new() }
    }

    /// Halves the limit, because a response was too large. Returns `false` if that is not possible.
    pub fn halve_limit(&mut self) -> bool {
        let can_be_halved = self.limit > 1;
        if can_be_halved {
            self.limit /= 2;
        }
        can_be_halved
    }
}
