//! Handlers of the account forms: what each one does, and which page comes next.

pub mod account;
pub mod form;
pub mod history;
pub mod import;
pub mod login;
pub mod retention;
pub mod setup;
pub mod sources;
pub mod tokens;
pub mod users;
