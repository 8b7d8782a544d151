//! HTTP: routes, middleware, handlers, forms, and the data of pages.

pub mod assets;
pub mod error_response;
pub mod forms;
pub mod handlers;
pub mod listener;
pub mod middleware;
pub mod negotiation;
pub mod page_data;
pub mod parameters;
pub mod preferences;
pub mod redirect;
pub mod request_id;
pub mod router;
pub mod secure_address;
