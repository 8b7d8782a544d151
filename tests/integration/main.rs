//! Integration tests: the real router on a port of its own with a database of its own, and the real binary.
//! What can be tested without either is tested beside the code; what only a browser shows, in `end2end`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod api;
mod app;
mod authorization;
mod backend;
mod binary;
mod cameras;
mod client_disconnect;
mod clocks;
mod cluster;
mod command_errors;
mod command_line;
mod connections;
mod documents;
mod encoding;
mod export_url;
mod faults;
mod foreign_database;
mod full_disk;
mod guard;
mod import_argusai;
mod import_csv;
mod layers;
mod limits;
mod log;
mod network_partition;
mod observability;
mod pages;
mod postgres;
mod preferences;
mod preview;
mod properties;
mod proxy;
mod quiet_cameras;
mod recognize;
mod records;
mod replaced_file;
mod reverse_proxy;
mod rolling_restart;
mod schema;
mod servers;
mod sessions;
mod setup;
mod several_processes;
mod signed_urls;
mod site;
mod slots;
mod snippets;
mod tokens;
mod users;
