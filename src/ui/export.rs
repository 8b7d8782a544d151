//! The form of the export, and what stands around it on its page.

pub mod camera_select;
pub mod date_range_picker;
pub mod histogram;
pub mod integrations;
pub mod motion_export;
pub mod preview;
pub mod recent_exports;
pub mod selection;
pub mod settings;
pub mod snippets;
pub mod timezone_select;
