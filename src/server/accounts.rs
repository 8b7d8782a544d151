//! Accounts: users, their credentials, and which cameras they may see.
//!
//! A [`principal`] is authenticated by a session (pages and their requests), by an [`api_token`] (scripts), or by a
//! [`signed_url`] (one export, for a limited time). [`camera_access`] alone decides which cameras a user sees. The
//! layers that authenticate and authorize requests are in [`crate::web::middleware`].

pub mod activity_tracker;
pub mod api_token;
pub mod camera_access;
pub mod credential;
pub mod login_rate_limit;
pub mod name;
pub mod password;
pub mod principal;
pub mod secret;
pub mod session_store;
pub mod setup;
pub mod signed_url;
pub mod user;
pub mod wrong_token;
