//! The layers around the routes. `router` applies them.

pub mod authenticate;
pub mod authorize;
pub mod base_path;
pub mod csrf;
pub mod host_validation;
pub mod request_log;
pub mod security_headers;
pub mod session;
