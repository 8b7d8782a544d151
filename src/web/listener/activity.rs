//! The state of a connection: its phase, the deadline of that phase, and whether it may be closed for a new connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::Limits;
use super::waiting::{Ticket, Waiting};

/// The phase of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The client must send the head of a request before the deadline.
    Head { deadline: Instant },
    /// The head of a request was read, and its body was not. `half_closed_timeout` is as in `Answering`.
    Body { half_closed_timeout: Duration },
    /// A request is being answered. `half_closed_timeout` is how long the response may send nothing after the client has
    /// closed its sending side.
    Answering { half_closed_timeout: Duration },
    /// The response is complete, and the kernel has not taken all of it yet.
    Sending { half_closed_timeout: Duration },
    /// The connection is kept open for another request until the deadline.
    Idle { deadline: Instant },
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// The ticket in the queue of connections without a complete request.
    ticket: Option<Ticket>,
    /// The ticket in the queue of connections whose client does not read.
    blocked: Option<Ticket>,
    /// Whether the response is an export. Such a connection is not closed for a new one.
    is_export: bool,
}

/// The state of a connection, shared by its socket and the bodies on it.
#[derive(Debug)]
pub struct Activity {
    state: Mutex<State>,
    waiting: Arc<Waiting>,
    limits: Limits,
    /// Notified when the connection is to be closed for a new one.
    pub close: Arc<Notify>,
}

impl Activity {
    /// Creates the state of a connection that was just accepted.
    pub fn new(waiting: Arc<Waiting>, limits: Limits) -> Self {
        let close = Arc::new(Notify::new());
        let ticket = Some(waiting.enter(&close));
        let phase = Phase::Head { deadline: Instant::now() + limits.header_timeout };
        let state = State { phase, ticket, blocked: None, is_export: false };
        Self { state: Mutex::new(state), waiting, limits, close }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, ticket: &mut Option<Ticket>) {
        if let Some(ticket) = ticket.take() {
            self.waiting.leave(ticket);
        }
    }

    /// Records that the client sent something.
    pub fn received(&self) {
        let mut state = self.state();
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Head { deadline: Instant::now() + self.limits.header_timeout };
        }
    }

    /// Records that the head of a request was read. The connection may be closed for a new one until
    /// [`end_request`](Self::end_request).
    pub fn begin_answer(&self, half_closed_timeout: Duration) {
        let mut state = self.state();
        state.phase = Phase::Body { half_closed_timeout };
        state.is_export = false;
    }

    /// Records that the body of the request was read to its end or dropped.
    pub fn end_request(&self) {
        let mut state = self.state();
        if let Phase::Body { half_closed_timeout } = state.phase {
            state.phase = Phase::Answering { half_closed_timeout };
            self.leave(&mut state.ticket);
        }
    }

    /// Records that the response is the file of an export.
    pub fn begin_export(&self) {
        let mut state = self.state();
        state.is_export = true;
        self.leave(&mut state.blocked);
    }

    /// Records that hyper has the complete response.
    pub fn end_answer(&self) {
        let mut state = self.state();
        if let Phase::Body { half_closed_timeout } | Phase::Answering { half_closed_timeout } = state.phase {
            state.phase = Phase::Sending { half_closed_timeout };
            self.leave(&mut state.ticket);
        }
    }

    /// Records whether the kernel's send buffer is full.
    pub fn set_write_blocked(&self, is_blocked: bool) {
        let mut state = self.state();
        if !is_blocked {
            self.leave(&mut state.blocked);
        } else if state.blocked.is_none() && !state.is_export {
            state.blocked = Some(self.waiting.enter_blocked(&self.close));
        }
    }

    /// Records that the kernel has taken everything from hyper. Returns whether that was the end of a response.
    pub fn flushed(&self) -> bool {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Sending { .. }) {
            return false;
        }
        state.phase = Phase::Idle { deadline: Instant::now() + self.limits.idle_timeout };
        state.ticket = Some(self.waiting.enter(&self.close));
        true
    }

    /// Returns the time until which the client must send something. `None` while a request is being answered.
    pub fn read_deadline(&self) -> Option<Instant> {
        match self.state().phase {
            Phase::Head { deadline } | Phase::Idle { deadline } => Some(deadline),
            Phase::Body { .. } | Phase::Answering { .. } | Phase::Sending { .. } => None,
        }
    }

    /// Returns how long the response may send nothing after the client has closed its sending side. `None` without a
    /// response.
    pub fn half_closed_timeout(&self) -> Option<Duration> {
        match self.state().phase {
            Phase::Body { half_closed_timeout }
            | Phase::Answering { half_closed_timeout }
            | Phase::Sending { half_closed_timeout } => Some(half_closed_timeout),
            Phase::Head { .. } | Phase::Idle { .. } => None,
        }
    }

    /// Whether the connection may be closed for a new one: it has no complete request, or its client does not read. If it may
    /// not, the new connection chooses another one.
    pub fn may_close(&self) -> bool {
        let may_close = {
            let state = self.state();
            state.blocked.is_some()
                || matches!(state.phase, Phase::Head { .. } | Phase::Body { .. } | Phase::Idle { .. })
        };
        if !may_close {
            self.waiting.entered.notify_waiters();
        }
        may_close
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        let mut state = self.state();
        self.leave(&mut state.ticket);
        self.leave(&mut state.blocked);
    }
}
