//! What people see. Components hold no logic that could be tested without them: that is in plain functions beside them.
//! They compile for the server too; what touches the browser is called from event handlers, effects and what `part` does
//! later, or says of itself that it answers on the server as well.

use leptos::prelude::*;

use crate::api::page::Page;

pub mod banner;
pub mod browser;
pub mod calendar;
pub mod calendar_dialog;
pub mod camera_select;
pub mod copy_button;
pub mod date_range_picker;
pub mod disk;
pub mod download;
pub mod export_history;
pub mod exporting;
pub mod fold;
pub mod format;
pub mod frame;
pub mod histogram;
pub mod motion_export;
pub mod part;
pub mod preferences;
pub mod preview;
pub mod progress;
pub mod recent;
pub mod rows;
pub mod selection;
pub mod sent;
pub mod settings;
pub mod snippets;
pub mod tally;
pub mod theme;
pub mod timezone_select;
pub mod toasts;
pub mod use_from;
pub mod verify_file;

/// The page that was asked for, of those that come alive in the browser.
pub fn page() -> AnyView {
    use export_history::ExportHistory;
    use settings::Settings;
    use verify_file::VerifyFile;

    match sent::page() {
        Some(Page::History) => view! { <ExportHistory/> }.into_any(),
        Some(Page::Verify) => view! { <VerifyFile/> }.into_any(),
        _ => view! { <Settings/> }.into_any(),
    }
}
