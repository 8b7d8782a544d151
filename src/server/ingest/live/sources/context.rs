//! Where events of sources are stored, and by which server.

use uuid::Uuid;

use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::ingest::live::writer::LiveWriter;
use crate::server::metrics::Metrics;

/// Where events of sources are stored, and by which server.
#[derive(Clone, Debug)]
pub struct FollowContext {
    /// The connection that writes.
    pub writer: Writer,
    /// The task that writes events.
    pub live: LiveWriter,
    /// The clock.
    pub clock: Clock,
    /// The metrics of this server.
    pub metrics: Metrics,
    /// Identifies this process.
    pub server: Uuid,
}

impl FollowContext {
    /// Returns a context for this process.
    pub fn new(writer: Writer, live: LiveWriter, clock: Clock, metrics: Metrics) -> Self {
        Self { writer, live, clock, metrics, server: Uuid::new_v4() }
    }
}
