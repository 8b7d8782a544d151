//! What connections may take, in number and time.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::paths::{CAMERA_COUNTS_PATH, PREVIEW_PATH};
use crate::export_params::EXPORT_PATH;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::settings::Settings;

/// For how long the answer to each of [`COUNTS`] may have nothing to send once its client sends no more. The page asks for
/// them again and again, so what the database looks for should stop soon once nobody waits for it.
const COUNTS_TIMEOUT: Duration = Duration::from_secs(1);

/// The routes that count events.
const COUNTS: [&str; 2] = [PREVIEW_PATH, CAMERA_COUNTS_PATH];

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For how long an export may have nothing to send once its client sends no more.
    pub export_patience: Duration,
    /// For how long a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long the body of a request may take.
    pub body_timeout: Duration,
    /// For how long a connection is kept without a request.
    pub idle_timeout: Duration,
    /// How many may be open at once.
    pub max_connections: NonZeroU32,
}

impl Limits {
    /// For how long the answer to a request for that path may have nothing to send once its client sends no more. The
    /// database gives up before, so such a client gets its answer. This bound is for a client that has left.
    pub fn half_closed_patience(&self, path: &str) -> Duration {
        match path {
            EXPORT_PATH => self.export_patience,
            path if COUNTS.contains(&path) => COUNTS_TIMEOUT,
            _ => STATEMENT_TIMEOUT,
        }
    }
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        let seconds = |setting: NonZeroU32| Duration::from_secs(setting.get().into());
        // The database may look for so long, and then the record may need so long.
        let export_patience = settings.export.page_timeout() + settings.export.record_timeout();
        let settings = &settings.server;
        Self {
            export_patience,
            write_timeout: settings.write_timeout(),
            header_timeout: seconds(settings.header_timeout_seconds),
            body_timeout: seconds(settings.body_timeout_seconds),
            idle_timeout: seconds(settings.idle_timeout_seconds),
            max_connections: settings.max_connections,
        }
    }
}
