//! The forms of the account pages: what each does, and the page that comes after.

pub mod account;
pub mod form;
pub mod login;
pub mod setup;
pub mod tokens;
pub mod users;
