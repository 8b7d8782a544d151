//! Server functions: what the page asks the server for. Their signatures are compiled for both sides; their bodies run on the
//! server.

pub mod cameras;
pub mod preview;
pub mod signed_url;
