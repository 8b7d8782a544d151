//! The bar at the top of every page.

use leptos::prelude::*;

use crate::app::SETTINGS_PATH;

/// The program's name, which leads to where everything is.
#[component]
pub fn Banner() -> impl IntoView {
    view! {
        <header class="banner">
            <a class="brand" href=SETTINGS_PATH>"Motion Export"</a>
        </header>
    }
}
