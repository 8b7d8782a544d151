//! Imports of events. Every import is one transaction: events are read and written in batches, and if the import is
//! interrupted, the database is unchanged.

pub mod argusai;
mod camera_ids;
mod contents;
pub mod csv;
pub mod event;
pub mod event_keys;
mod foreign_file;
pub mod frigate;
pub mod live;
pub mod recognize;
pub mod sink;
pub mod summary;
pub mod text;
pub mod upload;
