//! The export: from parameters to bytes. Data goes one way, and each stage can be tested alone:
//! [`zone`] (days to moments) → [`query`] (SQL) → [`pages`] (rows of the database) → [`csv`] (bytes) → [`lines`] (pages
//! of them, ahead of whoever takes them) → [`run`] (the whole, as chunks that can be pulled) → [`route`] (HTTP) or the
//! command line. `csv`, `formula`, `query` and `zone` do no I/O.

pub mod body;
pub mod buffer;
pub mod csv;
pub mod encoding;
pub mod error;
pub mod formula;
pub mod lines;
pub mod pages;
pub mod preview;
pub mod query;
pub mod reader;
pub mod record;
pub mod replica;
pub mod route;
pub mod run;
pub mod running;
pub mod stored_message;
pub mod workshop;
pub mod zone;
