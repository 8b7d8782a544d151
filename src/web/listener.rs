//! Client connections: accepts them, limits their number and duration, and serves requests on them.
//!
//! A connection is closed if its client does not read the response, does not send its request in time, or is idle for too
//! long. A client that does not read would otherwise hold the resources of its response.

pub mod accept;
mod activity;
pub mod client_ip;
pub mod connection;
pub(super) mod exchange;
pub mod limits;
pub mod request_body;
pub mod tls;
mod transport;
mod waiting;
