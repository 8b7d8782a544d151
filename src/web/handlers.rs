//! Handlers of the routes for programs.

pub mod authority;
pub mod export;
pub mod export_body;
pub mod export_events;
pub mod export_history;
pub mod export_records;
pub mod health;
pub mod https_only;
pub mod metrics;
pub mod motion_events;
pub mod moved_paths;
pub mod openapi;
