//! The connections on which no request is being answered, in the order in which that began. Where as many are open as may
//! be, the one that has waited longest is closed for a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The place of a connection among those that wait.
pub type Ticket = u64;

#[derive(Debug, Default)]
struct Connections {
    next: Ticket,
    by_ticket: BTreeMap<Ticket, Arc<Notify>>,
}

/// The connections that wait.
#[derive(Debug, Default)]
pub struct Waiting {
    connections: Mutex<Connections>,
    /// Notifies those that listen when a connection begins to wait.
    pub entered: Notify,
}

impl Waiting {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection, which is notified when it has to close.
    pub fn enter(&self, close: &Arc<Notify>) -> Ticket {
        let ticket = {
            let mut connections = self.connections();
            let ticket = connections.next;
            connections.next += 1;
            connections.by_ticket.insert(ticket, Arc::clone(close));
            ticket
        };
        self.entered.notify_waiters();
        ticket
    }

    /// Removes a connection.
    pub fn leave(&self, ticket: Ticket) {
        self.connections().by_ticket.remove(&ticket);
    }

    /// Closes the connection that has waited longest. False if none waits.
    pub fn close_oldest(&self) -> bool {
        let oldest = self.connections().by_ticket.pop_first();
        oldest.is_some_and(|(_, close)| {
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
        while waiting.close_oldest() {
            closed.extend((0..3).filter(|index| is_notified(&connections[*index])));
        }
        assert_eq!(closed, [1, 2, 0]);
    }
}
