//! What people see. Components hold no logic that could be tested without them: that is in plain functions beside them.
//! They compile for the server too; whatever touches the browser is called from event handlers and effects only.

pub mod account;
pub mod banner;
pub mod browser;
pub mod camera_select;
pub mod copy_button;
pub mod copy_link;
pub mod date_range_picker;
pub mod download;
pub mod export_history;
pub mod exporting;
pub mod form;
pub mod format;
pub mod frame;
pub mod login;
pub mod motion_export;
pub mod not_found;
pub mod people;
pub mod person;
pub mod preferences;
pub mod preview;
pub mod problem_page;
pub mod progress;
pub mod select_field;
pub mod sent;
pub mod settings;
pub mod setup;
pub mod tally;
pub mod theme;
pub mod timezone_select;
pub mod toasts;
pub mod tokens;
pub mod verify_file;
