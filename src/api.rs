//! Wire types: the data that server, page and programs exchange. [`page`] has the data that is sent along with a page.

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
pub mod sources;
pub mod tokens;
pub mod unknown_value;
pub mod users;
