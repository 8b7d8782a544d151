//! What a connection is doing, and until when it may.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::accept::Limits;
use super::waiting::{Ticket, Waiting};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The client has a request to send, and has until then for its head.
    Head { deadline: Instant },
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
    /// The place among those that wait, while no request is being answered.
    ticket: Option<Ticket>,
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
        Self { state: Mutex::new(State { phase, ticket }), waiting, limits, close }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the client sent something.
    pub fn received(&self) {
        let mut state = self.state();
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Head { deadline: Instant::now() + self.limits.header_timeout };
        }
    }

    /// Notes that the head of a request was read.
    pub fn begin_answer(&self, half_closed_patience: Duration) {
        let mut state = self.state();
        state.phase = Phase::Answering { half_closed_patience };
        if let Some(ticket) = state.ticket.take() {
            self.waiting.leave(ticket);
        }
    }

    /// Notes that hyper has all of the answer.
    pub fn end_answer(&self) {
        let mut state = self.state();
        if let Phase::Answering { half_closed_patience } = state.phase {
            state.phase = Phase::Sending { half_closed_patience };
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
            Phase::Answering { .. } | Phase::Sending { .. } => None,
        }
    }

    /// For how long the answer may have nothing to send once the client sends no more; `None` if there is no answer.
    pub fn half_closed_patience(&self) -> Option<Duration> {
        match self.state().phase {
            Phase::Answering { half_closed_patience } | Phase::Sending { half_closed_patience } => {
                Some(half_closed_patience)
            }
            Phase::Head { .. } | Phase::Idle { .. } => None,
        }
    }

    /// Whether no request is being answered.
    pub fn is_waiting(&self) -> bool {
        self.half_closed_patience().is_none()
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if let Some(ticket) = self.state().ticket.take() {
            self.waiting.leave(ticket);
        }
    }
}
