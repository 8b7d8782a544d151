//! The server: settings, database, HTTP, command line. Compiled for the server only; the page's components never see it,
//! except from the bodies of server functions in [`crate::api`].

pub mod accept_language;
pub mod auth;
pub mod choices;
pub mod cli;
pub mod clock;
pub mod connection;
pub mod database;
pub mod database_errors;
pub mod demo;
pub mod entity;
pub mod export;
pub mod file_limit;
pub mod forms;
pub mod greeting;
pub mod headers;
pub mod health;
pub mod history;
pub mod host;
pub mod import;
pub mod last_use;
pub mod links;
pub mod metrics;
pub mod pages;
pub mod partitions;
pub mod postgres_connection;
pub mod preferences;
pub mod problem;
pub mod router;
pub mod settings;
pub mod site;
pub mod sqlite_health;
pub mod state;
pub mod style;
pub mod telemetry;
pub mod timed;
