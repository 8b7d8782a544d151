//! Reads events from the pages of SQLite's b-trees, in place of statements: SQLite's virtual machine takes half of the time of an
//! export otherwise (docs/decisions/0068).
//!
//! SQLite provides each page as its transaction sees it, from the file or from the log. What is not as this program stores it is
//! left to SQLite.

mod btree_page;
pub mod cursor;
pub mod database;
mod record;
pub mod scan;
