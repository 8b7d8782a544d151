//! The server without HTTP and pages: database, accounts, exports and imports, with their settings, metrics and log. It
//! is compiled for the server only.

pub mod accounts;
pub mod db;
pub mod demo;
pub mod export;
pub mod formula_guard;
pub mod ingest;
pub mod internal_error;
pub mod logging;
pub mod metrics;
pub mod retention;
pub mod retry;
pub mod settings;
pub mod state;
pub mod stored_message;
