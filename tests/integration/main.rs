//! Integration tests: the real router on its own port with its own database, and the real binary.
//! Unit tests are beside the code they test, and tests of what only a browser shows are in `end2end`.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod api;
mod app;
mod authorization;
mod backend;
mod binary;
mod cameras;
mod cancel;
mod client_disconnect;
mod clocks;
mod cluster;
mod command_errors;
mod command_line;
mod connections;
mod documents;
mod encoding;
mod export_events;
mod export_url;
mod faults;
mod foreign_database;
mod full_disk;
mod guard;
mod import_argusai;
mod import_csv;
mod import_frigate;
mod integer_keys;
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
