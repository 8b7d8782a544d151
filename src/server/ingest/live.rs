//! Events that arrive one by one or in small batches, at the ingest endpoint and from live sources. Each is checked by
//! itself, and written in a short transaction.
//!
//! Data goes one way: a sender's values are [`reported`], become an event that cannot be wrong in [`check`], and are
//! written by [`writer`].

pub mod body;
pub mod check;
pub mod fields;
pub mod hooks;
pub mod rate_limit;
pub mod reported;
pub mod source_state;
pub mod sources;
mod timestamp;
pub mod writer;

/// The kind of the source of events in the endpoint's own format.
pub const ENDPOINT: &str = "endpoint";
