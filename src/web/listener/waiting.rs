//! The connections that may be closed for a new one where as many are open as may be. First those whose client has not sent
//! a whole request, in the order in which that began; where there are none, those whose client does not read its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The place of a connection in one of the two queues.
pub type Ticket = u64;

/// Connections in the order in which they are closed.
type Queue = BTreeMap<Ticket, Arc<Notify>>;

#[derive(Debug, Default)]
struct Connections {
    next: Ticket,
    /// Those that have not received a whole request.
    waiting: Queue,
    /// Those that cannot send because the client does not read.
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
    /// Notifies those that listen when there may be a connection to close.
    pub entered: Notify,
}

impl Waiting {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection that has no whole request. It is notified when it has to close.
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

    /// Adds a connection whose client does not read. It is notified when it has to close.
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

    /// Removes a connection from the queue that the ticket is of.
    pub fn leave(&self, ticket: Ticket) {
        let mut connections = self.connections();
        if connections.waiting.remove(&ticket).is_none() {
            connections.blocked.remove(&ticket);
        }
    }

    /// Closes the connection that has waited longest for a request; if none waits, the one that has been blocked longest.
    /// False if there is neither.
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
        // The first one gets a request, and waits again afterwards.
        waiting.leave(tickets[0]);
        waiting.enter(&connections[0]);
        let mut closed = Vec::new();
        while waiting.close_one() {
            closed.extend((0..3).filter(|index| is_notified(&connections[*index])));
        }
        assert_eq!(closed, [1, 2, 0]);
    }
    #[test]
    fn a_connection_that_is_blocked_is_closed_only_where_none_waits() {
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
