//! The export: from parameters to bytes.
//!
//! Data goes in one direction, and each stage can be tested alone: [`timezone`] (days to moments) → [`query`] (SQL) →
//! [`pipeline::keyset`] (rows of the database, by [`reader`]) → [`csv`] (bytes) → [`pipeline::read_ahead`] (pages, ahead of the
//! client) → [`pipeline`] (chunks that are pulled) → HTTP or the command line. `csv`, `query` and `timezone` do no I/O.
//!
//! [`slots`] limits how many exports run, [`record_store`] has their records, and [`feed`] the changes of these.

pub mod cancel;
mod complete_to;
pub mod csv;
pub mod error;
pub mod event;
pub mod feed;
pub mod pipeline;
pub mod preview;
pub mod query;
pub mod reader;
pub mod record_store;
pub mod records;
pub mod slots;
pub mod timezone;
