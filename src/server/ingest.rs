//! Events that come in. Every import is one transaction: it is read and written in batches, and when it is interrupted,
//! however, the database is as it was before.

pub mod argusai;
mod camera_ids;
mod contents;
pub mod csv;
pub mod progress;
pub mod recognize;
pub mod sink;
pub mod summary;
pub mod text;

#[cfg(test)]
mod test_event;
