//! The sections `[accounts]`, `[database]`, `[export]`, `[ingest]` and `[retention]`, with their defaults.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

/// `[accounts]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// A browser that sends no request for this long is signed out.
    pub session_idle_minutes: NonZeroU32,
    /// A browser is signed out after this long in any case.
    pub session_max_hours: NonZeroU32,
    /// The maximum lifetime of a signed URL of an export.
    pub link_max_minutes: NonZeroU32,
}

impl Default for Accounts {
    fn default() -> Self {
        const IDLE: NonZeroU32 = NonZeroU32::new(12 * 60).expect("not zero");
        const MAX: NonZeroU32 = NonZeroU32::new(7 * 24).expect("not zero");
        const LINK: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        Self { session_idle_minutes: IDLE, session_max_hours: MAX, link_max_minutes: LINK }
    }
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://PATH`; the file and its folder are created if they do not exist. Or
    /// `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// The maximum number of connections to read events, and of those for everything else.
    pub connections: NonZeroU32,
    /// The URL of a replica of the PostgreSQL database `url`, for exports and previews. Empty: no replica is used.
    pub replica_url: String,
    /// What happens to exports and previews if the replica is unavailable.
    pub on_replica_unavailable: OnReplicaUnavailable,
    /// Deprecated: [`Retention::keep_days`]. How many months `partitions detach` keeps, the current one included; 0: all.
    /// It deletes nothing: an upgrade must not delete events because of a setting that did not before.
    pub keep_months: Option<u32>,
}

/// What happens to exports and previews if a replica is unavailable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReplicaUnavailable {
    /// They are refused, so they never add load to the primary.
    #[default]
    Refuse,
    /// They are read from the primary.
    Primary,
}

impl Default for Database {
    fn default() -> Self {
        const CONNECTIONS: NonZeroU32 = NonZeroU32::new(8).expect("not zero");
        Self {
            url: "sqlite://data/motion-export.db".to_owned(),
            connections: CONNECTIONS,
            replica_url: String::new(),
            on_replica_unavailable: OnReplicaUnavailable::Refuse,
            keep_months: None,
        }
    }
}

/// `[export]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// The maximum number of events per page. A page also ends after 512 kB; fewer rows make it slower.
    pub page_rows: NonZeroU32,
    /// How long the database may take for one page, in seconds.
    pub page_timeout_seconds: NonZeroU32,
    /// Maximum number of concurrent exports per user, on all servers together.
    pub max_concurrent_per_user: NonZeroU32,
    /// Maximum number of concurrent exports on this server.
    pub max_concurrent: NonZeroU32,
    /// How long the end of a file waits for its record if the database cannot be written to, in seconds.
    pub record_timeout_seconds: NonZeroU32,
}

impl Default for Export {
    fn default() -> Self {
        const PAGE_ROWS: NonZeroU32 = NonZeroU32::new(5_000).expect("not zero");
        const PAGE_TIMEOUT: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        const MAX_CONCURRENT_PER_USER: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
        const MAX_CONCURRENT: NonZeroU32 = NonZeroU32::new(32).expect("not zero");
        const RECORD_TIMEOUT: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        Self {
            page_rows: PAGE_ROWS,
            page_timeout_seconds: PAGE_TIMEOUT,
            max_concurrent_per_user: MAX_CONCURRENT_PER_USER,
            max_concurrent: MAX_CONCURRENT,
            record_timeout_seconds: RECORD_TIMEOUT,
        }
    }
}

/// `[ingest]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// How many requests per second one token may send to the ingest endpoint, on each server.
    pub requests_per_second: NonZeroU32,
    /// How many requests one token may send at once before that limit applies.
    pub burst: NonZeroU32,
    /// The maximum size of a file that an administrator uploads to import it, in megabytes; 0: none can be uploaded.
    pub upload_max_megabytes: u32,
    /// The folder for uploaded files, while they are imported. Empty: `uploads` beside SQLite's database, or `data/uploads`.
    pub upload_folder: String,
}

impl Default for Ingest {
    fn default() -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
        const BURST: NonZeroU32 = NonZeroU32::new(500).expect("not zero");
        Self {
            requests_per_second: PER_SECOND,
            burst: BURST,
            upload_max_megabytes: 4_096,
            upload_folder: String::new(),
        }
    }
}

/// `[retention]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// For how many days of 86,400 seconds the server keeps events, unless a camera has a number of its own; 0: for good.
    pub keep_days: u32,
}

impl Export {
    /// Returns how long the database may take for one page.
    pub fn page_timeout(&self) -> Duration {
        Duration::from_secs(self.page_timeout_seconds.get().into())
    }

    /// Returns how long the end of a file waits for its record.
    pub fn record_timeout(&self) -> Duration {
        Duration::from_secs(self.record_timeout_seconds.get().into())
    }
}
