//! The page of the export: the form, its parts, and the sections around it.

pub mod camera_select;
pub mod chart_cursor;
pub mod date_range_picker;
pub mod form_state;
pub mod histogram;
pub mod integrations;
pub mod motion_export;
pub mod preview;
pub mod preview_query;
pub mod recent_exports;
pub mod selection;
pub mod settings;
pub mod snippets;
pub mod timezone_select;
