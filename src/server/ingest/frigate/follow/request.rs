//! A request to Frigate's API, and what a follower has to know of its response.

/// A time of Frigate's clock, in microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// A second.
pub(super) const SECOND: Micros = 1_000_000;

/// An hour.
pub(super) const HOUR: Micros = 3_600 * SECOND;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The events with a start time between these, exclusive, newest first.
    Window {
        /// The lower bound.
        after: Micros,
        /// The upper bound.
        before: Micros,
        /// The maximum number of events.
        limit: usize,
    },
    /// One event.
    Event(String),
}

/// What a follower has to know of an event in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The id.
    pub id: String,
    /// The start time.
    pub start: Micros,
    /// Whether it has ended, so that the caller stores it.
    pub has_ended: bool,
}
