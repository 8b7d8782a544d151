//! The layers around the routes.

pub mod authenticate;
pub mod authorize;
pub mod csrf;
pub mod session;
