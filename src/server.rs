//! The server: settings, database, HTTP, command line. Compiled for the server only; the page's components never see it,
//! except from the bodies of server functions in [`crate::api`].

pub mod accept_language;
pub mod accounts;
pub mod choices;
pub mod connection;
pub mod db;
pub mod demo;
pub mod export;
pub mod file_limit;
pub mod forms;
pub mod headers;
pub mod health;
pub mod history;
pub mod host;
pub mod import;
pub mod internal_error;
pub mod links;
pub mod metrics;
pub mod moved_paths;
pub mod openapi;
pub mod pages;
pub mod parameters;
pub mod preferences;
pub mod problem;
pub mod router;
pub mod secure_address;
pub mod settings;
pub mod site;
pub mod state;
pub mod style;
pub mod telemetry;
