//! What people see. Components hold no logic that could be tested without them: that is in plain functions beside them.
//! They compile for the server too; what touches the browser is called from event handlers, effects and what `hydration` does
//! later, or says of itself that it answers on the server as well.

use leptos::prelude::*;

use crate::api::page::Page;

pub mod browser;
pub mod copy_button;
pub mod dates;
pub mod disclosure;
pub mod download;
pub mod export;
pub mod format;
pub mod hydration;
pub mod layout;
pub mod page_data;
pub mod records;
pub mod table_html;
pub mod theme;
pub mod toasts;

/// The page that was asked for, of those that come alive in the browser.
pub fn page() -> AnyView {
    use export::settings::Settings;
    use records::export_history::ExportHistory;
    use records::verify_file::VerifyFile;

    match page_data::page() {
        Some(Page::History) => view! { <ExportHistory/> }.into_any(),
        Some(Page::Verify) => view! { <VerifyFile/> }.into_any(),
        _ => view! { <Settings/> }.into_any(),
    }
}
