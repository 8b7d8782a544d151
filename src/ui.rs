//! The hydrated pages and their components.
//!
//! Components compile for the server and for the browser. Decisions are in plain functions and state machines beside the
//! components, with ordinary unit tests. Browser APIs are called only from event handlers, effects and hydration tasks; a
//! function of [`browser`] that rendering calls returns a default on the server.

use leptos::prelude::*;

use crate::api::page::Page;

pub mod browser;
pub mod controls;
pub mod dates;
pub mod download;
pub mod export;
pub mod format;
pub mod hydration;
pub mod layout;
pub mod page_data;
pub mod records;
pub mod table_html;
#[cfg(test)]
pub(crate) mod test_support;
pub mod theme;
pub mod toasts;

/// Renders the requested page, which must be one that is hydrated.
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
