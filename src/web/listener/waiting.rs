//! The connections that may be closed for a new one at the limit: first those without a complete request, the longest-waiting
//! one first; then those whose client does not read its response.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The key of a connection in one of the two queues.
pub type Ticket = u64;

/// Connections in the order in which they will be closed.
type Queue = BTreeMap<Ticket, Arc<Notify>>;

#[derive(Debug, Default)]
struct Connections {
    next: Ticket,
    /// Connections without a complete request.
    waiting: Queue,
    /// Connections whose client does not read.
    blocked: Queue,
}

impl Connections {
    fn ticket(&mut self) -> Ticket {
        self.next += 1;
        self.next
    }
}

/// The connections that may be closed for a new one.
#[derive(Debug, Default)]
pub struct Waiting {
    connections: Mutex<Connections>,
    /// Notified when a connection may be closable.
    pub entered: Notify,
}

impl Waiting {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection without a complete request. `close` is notified when it is chosen.
    pub fn enter(&self, close: &Arc<Notify>) -> Ticket {
        let ticket = {
            let mut connections = self.connections();
            let ticket = connections.ticket();
            connections.waiting.insert(ticket, Arc::clone(close));
            ticket
        };
        self.entered.notify_waiters();
        ticket
    }

    /// Adds a connection whose client does not read. `close` is notified when it is chosen.
    pub fn enter_blocked(&self, close: &Arc<Notify>) -> Ticket {
        let ticket = {
            let mut connections = self.connections();
            let ticket = connections.ticket();
            connections.blocked.insert(ticket, Arc::clone(close));
            ticket
        };
        self.entered.notify_waiters();
        ticket
    }

    /// Removes a connection from its queue.
    pub fn leave(&self, ticket: Ticket) {
        let mut connections = self.connections();
        if connections.waiting.remove(&ticket).is_none() {
            connections.blocked.remove(&ticket);
        }
    }

    /// Closes the connection that has waited longest for a request. If none waits, closes the one that has been blocked
    /// longest. Returns whether there was one.
    pub fn close_one(&self) -> bool {
        let chosen = {
            let mut connections = self.connections();
            connections.waiting.pop_first().or_else(|| connections.blocked.pop_first())
        };
        chosen.is_some_and(|(_, close)| {
            close.notify_one();
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_notified(close: &Notify) -> bool {
        use futures_util::FutureExt;

        close.notified().now_or_never().is_some()
    }

    #[test]
    fn the_connection_that_has_waited_longest_is_closed_first() {
        let waiting = Waiting::default();
        let connections: Vec<_> = (0..3).map(|_| Arc::new(Notify::new())).collect();
        let tickets: Vec<_> = connections.iter().map(|close| waiting.enter(close)).collect();
        // The first one receives a request and waits again afterwards.
        waiting.leave(tickets[0]);
        waiting.enter(&connections[0]);
        let mut closed = Vec::new();
        while waiting.close_one() {
            closed.extend((0..3).filter(|index| is_notified(&connections[*index])));
        }
        assert_eq!(closed, [1, 2, 0]);
    }

    #[test]
    fn a_blocked_connection_is_closed_only_if_none_waits() {
        let waiting = Waiting::default();
        let connections: Vec<_> = (0..4).map(|_| Arc::new(Notify::new())).collect();
        waiting.enter_blocked(&connections[0]);
        let reads_again = waiting.enter_blocked(&connections[1]);
        waiting.enter_blocked(&connections[2]);
        waiting.enter(&connections[3]);
        waiting.leave(reads_again);
        let mut closed = Vec::new();
        while waiting.close_one() {
            closed.extend((0..4).filter(|index| is_notified(&connections[*index])));
        }
        assert_eq!(closed, [3, 0, 2]);
    }
}
