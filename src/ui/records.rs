//! The pages about the records of exports.

pub mod export_history;
mod history_form;
pub mod verify_file;
