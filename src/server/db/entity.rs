//! The entities of SeaORM. Nothing outside of `server` may name an entity: the API has separate types, so that a new
//! column is not published by accident. The `migration` crate creates the schema. All times are
//! [`UnixMicros`](super::unix_micros::UnixMicros), except those of events, which are plain integers of the same unit.

pub mod api_token;
pub mod camera;
pub mod camera_access;
pub mod detector;
pub mod export;
pub mod mark;
pub mod motion_event;
pub mod retention;
pub mod session;
pub mod source;
pub mod source_gap;
pub mod source_reason;
pub mod user;
pub mod zone;

pub use self::retention::{deletion, hold};
