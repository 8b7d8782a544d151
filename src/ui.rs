//! What people see. Components hold no logic that could be tested without them: that is in plain functions beside them.
//! They compile for the server too; whatever touches the browser is called from event handlers and effects only.

pub mod banner;
pub mod browser;
pub mod camera_select;
pub mod date_range_picker;
pub mod download;
pub mod format;
pub mod motion_export;
pub mod not_found;
pub mod select_field;
pub mod settings;
pub mod theme;
pub mod timezone_select;
pub mod toasts;
