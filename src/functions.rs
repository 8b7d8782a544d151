//! Server functions: the requests that the page sends to the server. Their signatures are compiled for both sides; their
//! bodies run on the server.

pub mod cameras;
pub mod preview;
pub mod signed_url;
