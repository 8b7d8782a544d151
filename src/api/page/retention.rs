//! How long events are kept, as an administrator sees it. Only the server renders this.

use crate::api::cameras::Camera;

/// The content of the page of retention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionPage {
    /// For how many days events are kept; 0: for good.
    pub keep_days: u32,
    /// All cameras, in display order.
    pub cameras: Vec<KeptCamera>,
    /// What is searched for in the list of cameras; empty if nothing is.
    pub search: String,
    /// The holds that are not released, newest first.
    pub holds: Vec<Hold>,
    /// The latest deletions, newest first.
    pub deletions: Vec<Deletion>,
    /// The time zone of the days of a new hold.
    pub timezone: String,
}

/// For how long the events of a camera are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCamera {
    /// The camera.
    pub camera: Camera,
    /// The camera's own number of days; 0: for good; `None`: as for all cameras.
    pub keep_days: Option<u32>,
    /// The time before which its events were deleted, as RFC 3339 in UTC.
    pub deleted_to: Option<String>,
    /// Whether it matches what is searched for.
    pub is_found: bool,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The id, for the form that releases it.
    pub id: String,
    /// The camera; `None`: all cameras.
    pub camera: Option<Camera>,
    /// The first moment, as RFC 3339 in UTC.
    pub starts_at: String,
    /// The first moment after it, as RFC 3339 in UTC.
    pub ends_at: String,
    /// The reason.
    pub why: String,
    /// Who created it.
    pub who: String,
    /// When it was created, as RFC 3339 in UTC.
    pub created_at: String,
    /// How many events it keeps; `None`: more than are counted.
    pub events: Option<u64>,
}

/// What a rule deleted in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// When it started, as RFC 3339 in UTC.
    pub started_at: String,
    /// Whether it has ended, and was not broken off.
    pub is_finished: bool,
    /// The rule.
    pub rule: DeletionRule,
    /// The time before which events were deleted, as RFC 3339 in UTC.
    pub deleted_to: String,
    /// The number of events.
    pub rows: u64,
    /// The names of the cameras.
    pub cameras: Vec<Camera>,
}

/// Why events were deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionRule {
    /// The days to keep of all cameras.
    General(u32),
    /// The days to keep of the camera.
    Camera(u32),
    /// Their months were detached.
    Detached,
}
