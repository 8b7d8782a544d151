//! Connections of clients: accepted, bounded in number and time, and served.
//!
//! A client that takes nothing of its answer for too long is cut: it would otherwise keep what is made for it, and
//! everything behind that. A client that does not send its request in time is cut as well, and so is one whose connection
//! is idle for too long.

pub mod accept;
mod activity;
pub mod client_ip;
pub mod connection;
pub(super) mod exchange;
pub mod limits;
pub mod request_body;
mod waiting;
