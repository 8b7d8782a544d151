//! Server functions: what the page asks the server for, besides the export itself. Their signatures are compiled for
//! both sides; their bodies run on the server, and are the only place outside `server` that may name it.

pub mod cameras;
pub mod choices;
pub mod timezones;
