//! What goes between page and server besides the export: server functions (`cameras`, `links`, `preview`), whose signatures are
//! compiled for both sides, and whose bodies run on the server and are the only place outside `server` that may name it;
//! and the types of all that is sent.

pub mod cameras;
pub mod choices;
pub mod exports;
pub mod language;
pub mod links;
pub mod page;
pub mod people;
pub mod preview;
pub mod session;
pub mod tokens;
