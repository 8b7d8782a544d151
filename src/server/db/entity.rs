//! The tables, as SeaORM sees them. Nothing outside `server` may name an entity: what goes over the wire has types of
//! its own, so that a new column is not published by accident. The schema itself is made by the `migration` crate.
//! All times are [`UnixMicros`](super::unix_micros::UnixMicros), except those of events, which are plain integers of the same unit.

pub mod api_token;
pub mod camera;
pub mod camera_access;
pub mod export;
pub mod mark;
pub mod motion_event;
pub mod session;
pub mod user;
