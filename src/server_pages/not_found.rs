//! The page for an unknown path.

use crate::api::paths::SETTINGS_PATH;
use crate::ui::layout::CenteredLayout;
use crate::ui::layout::drawings::{Drawing, empty_state};
use crate::ui::page_data;
use leptos::prelude::*;

/// The page, with a link to the settings. The router sets the status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    let texts = page_data::language().frame();
    view! {
        <CenteredLayout title=texts.no_such_page>
            {empty_state(Drawing::Nowhere, (), Some((SETTINGS_PATH, texts.go_to_settings)))}
        </CenteredLayout>
    }
}
