//! Accounts: users, what they are known by, and which cameras they may see.
//!
//! A [`principal`] is known by a session (pages, and what they ask for), by an [`api_token`] (scripts), or by a [`signed_url`] that
//! a session signed (one export, for a while). [`camera_access`] alone decides which cameras somebody sees. The layers that
//! find out who asks and which routes are open to whom are in [`crate::web::middleware`].

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
