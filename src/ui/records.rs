//! The pages about the records of exports.

pub mod export_history;
pub mod verify_file;
