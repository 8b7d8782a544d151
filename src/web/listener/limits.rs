//! Limits of connections in number and time.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::exports::EXPORT_EVENTS_PATH;
use crate::api::paths::{CAMERA_COUNTS_PATH, PREVIEW_PATH};
use crate::export_params::EXPORT_PATH;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::settings::Settings;

/// The half-closed timeout of the routes in [`SOON_ABANDONED`].
const SOON_ABANDONED_TIMEOUT: Duration = Duration::from_secs(1);

/// The routes that the page requests often, and abandons often. Their queries must be cancelled, and their streams closed,
/// soon after the client disconnects.
const SOON_ABANDONED: [&str; 3] = [PREVIEW_PATH, CAMERA_COUNTS_PATH, EXPORT_EVENTS_PATH];

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The half-closed timeout of an export.
    pub export_timeout: Duration,
    /// How long a client may read nothing of its response.
    pub write_timeout: Duration,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long the body of a request may take.
    pub body_timeout: Duration,
    /// How long a connection is kept open without a request.
    pub idle_timeout: Duration,
    /// How many connections may be open at once.
    pub max_connections: NonZeroU32,
}

impl Limits {
    /// Returns how long the response for a path may send nothing after the client has closed its sending side. The timeouts of
    /// the database are shorter, so a connected client gets its response. This limit is for a client that has disconnected.
    pub fn half_closed_timeout(&self, path: &str) -> Duration {
        // The base path of the public address may come first.
        if path.ends_with(EXPORT_PATH) {
            self.export_timeout
        } else if SOON_ABANDONED.iter().any(|abandoned| path.ends_with(abandoned)) {
            SOON_ABANDONED_TIMEOUT
        } else {
            STATEMENT_TIMEOUT
        }
    }
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        let seconds = |setting: NonZeroU32| Duration::from_secs(setting.get().into());
        // The query of a page, and then the record, may each take that long.
        let export_timeout = settings.export.page_timeout() + settings.export.record_timeout();
        let settings = &settings.server;
        Self {
            export_timeout,
            write_timeout: settings.write_timeout(),
            header_timeout: seconds(settings.header_timeout_seconds),
            body_timeout: seconds(settings.body_timeout_seconds),
            idle_timeout: seconds(settings.idle_timeout_seconds),
            max_connections: settings.max_connections,
        }
    }
}
