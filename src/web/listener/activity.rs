//! What a connection is doing, until when it may, and whether it may be closed for a new one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::Limits;
use super::waiting::{Ticket, Waiting};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The client has a request to send, and has until then for its head.
    Head { deadline: Instant },
    /// The head of a request was read, and its body was not. `half_closed_patience` as in `Answering`.
    Body { half_closed_patience: Duration },
    /// A request is being answered. For how long the answer may have nothing to send once the client sends no more.
    Answering { half_closed_patience: Duration },
    /// The whole answer was given to be sent; the kernel has not taken all of it.
    Sending { half_closed_patience: Duration },
    /// The connection is kept for another request, until then.
    Idle { deadline: Instant },
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// The place among the connections that have no whole request.
    ticket: Option<Ticket>,
    /// The place among the connections whose client does not read, while that is so.
    blocked: Option<Ticket>,
    /// Whether the answer is an export, which is never closed for a new connection.
    is_export: bool,
}

/// What a connection is doing, for all that have to do with it.
#[derive(Debug)]
pub struct Activity {
    state: Mutex<State>,
    waiting: Arc<Waiting>,
    limits: Limits,
    /// Notified when the connection has to make room for another one.
    pub close: Arc<Notify>,
}

impl Activity {
    /// Of a connection that was just accepted.
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

    /// Notes that the client sent something.
    pub fn received(&self) {
        let mut state = self.state();
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Head { deadline: Instant::now() + self.limits.header_timeout };
        }
    }

    /// Notes that the head of a request was read. The connection may be closed for a new one until
    /// [`end_request`](Self::end_request).
    pub fn begin_answer(&self, half_closed_patience: Duration) {
        let mut state = self.state();
        state.phase = Phase::Body { half_closed_patience };
        state.is_export = false;
    }

    /// Notes that the whole body of the request was read, or that nobody reads it any more.
    pub fn end_request(&self) {
        let mut state = self.state();
        if let Phase::Body { half_closed_patience } = state.phase {
            state.phase = Phase::Answering { half_closed_patience };
            self.leave(&mut state.ticket);
        }
    }

    /// Notes that the answer is the file of an export.
    pub fn begin_export(&self) {
        let mut state = self.state();
        state.is_export = true;
        self.leave(&mut state.blocked);
    }

    /// Notes that hyper has all of the answer.
    pub fn end_answer(&self) {
        let mut state = self.state();
        if let Phase::Body { half_closed_patience } | Phase::Answering { half_closed_patience } = state.phase {
            state.phase = Phase::Sending { half_closed_patience };
            self.leave(&mut state.ticket);
        }
    }

    /// Notes whether the kernel takes no more of what hyper has to send.
    pub fn note_write(&self, is_blocked: bool) {
        let mut state = self.state();
        if !is_blocked {
            self.leave(&mut state.blocked);
        } else if state.blocked.is_none() && !state.is_export {
            state.blocked = Some(self.waiting.enter_blocked(&self.close));
        }
    }

    /// Notes that the kernel has all that hyper had to send. True if that was the end of an answer.
    pub fn flushed(&self) -> bool {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Sending { .. }) {
            return false;
        }
        state.phase = Phase::Idle { deadline: Instant::now() + self.limits.idle_timeout };
        state.ticket = Some(self.waiting.enter(&self.close));
        true
    }

    /// Until when the client has to send something; `None` while a request is being answered.
    pub fn read_deadline(&self) -> Option<Instant> {
        match self.state().phase {
            Phase::Head { deadline } | Phase::Idle { deadline } => Some(deadline),
            Phase::Body { .. } | Phase::Answering { .. } | Phase::Sending { .. } => None,
        }
    }

    /// For how long the answer may have nothing to send once the client sends no more; `None` if there is no answer.
    pub fn half_closed_patience(&self) -> Option<Duration> {
        match self.state().phase {
            Phase::Body { half_closed_patience }
            | Phase::Answering { half_closed_patience }
            | Phase::Sending { half_closed_patience } => Some(half_closed_patience),
            Phase::Head { .. } | Phase::Idle { .. } => None,
        }
    }

    /// Whether the connection may be closed for a new one: it has no whole request, or its client does not read. One that
    /// may not lets the new connection look for another one.
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
