//! The page for an address that there is not.

use crate::api::paths::SETTINGS_PATH;
use crate::ui::layout::CenteredLayout;
use crate::ui::page_data;
use leptos::prelude::*;

/// Says so, and where to go. The server's status is 404, which leptos_axum sees to.
#[component]
pub fn NotFound() -> impl IntoView {
    let words = page_data::language().frame();
    view! {
        <CenteredLayout title=words.no_such_page>
            <p><a href=SETTINGS_PATH rel="external">{words.go_to_settings}</a></p>
        </CenteredLayout>
    }
}
