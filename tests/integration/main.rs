//! Integration tests: the real router on a port of its own with a database of its own, and the real binary.
//! What can be tested without either is tested beside the code; what only a browser shows, in `end2end`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod api;
mod app;
mod cameras;
mod clocks;
mod cluster;
mod command_errors;
mod command_line;
mod connections;
mod documents;
mod doors;
mod encoding;
mod engine;
mod export_url;
mod faults;
mod foreign_database;
mod full_disk;
mod going_away;
mod guard;
mod import_argusai;
mod import_csv;
mod laws;
mod layers;
mod limits;
mod links;
mod log;
mod observability;
mod pages;
mod people;
mod places;
mod postgres;
mod preferences;
mod preview;
mod program;
mod proxy;
mod quiet_cameras;
mod recognize;
mod records;
mod replaced_file;
mod reverse_proxy;
mod rolling;
mod schema;
mod servers;
mod sessions;
mod setup;
mod several_processes;
mod silence;
mod site;
mod snippets;
mod tokens;
