//! HTTP: routes, middleware, handlers and forms, and what a page needs.

pub mod client_ip;
pub mod middleware;
pub mod redirect;
