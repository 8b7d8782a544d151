//! Where events of sources are stored, and by which server.

use uuid::Uuid;

use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::ingest::live::writer::LiveWriter;

/// Where events of sources are stored, and by which server.
#[derive(Clone, Debug)]
pub struct FollowContext {
    /// The connection that writes.
    pub writer: Writer,
    /// The task that writes events.
    pub live: LiveWriter,
    /// The clock.
    pub clock: Clock,
    /// Identifies this process.
    pub server: Uuid,
}

impl FollowContext {
    /// Returns a context for this process.
    pub fn new(writer: Writer, live: LiveWriter, clock: Clock) -> Self {
        Self { writer, live, clock, server: Uuid::new_v4() }
    }
}
