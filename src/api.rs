//! Wire types: what goes between page and server, and between programs and server. [`page`] is all that comes along with a
//! page.

pub mod cameras;
pub mod export_form;
pub mod exports;
pub mod language;
pub mod page;
pub mod paths;
pub mod preview;
pub mod session;
pub mod shell;
pub mod signed_url;
pub mod tokens;
pub mod unknown_value;
pub mod users;
