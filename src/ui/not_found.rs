//! The page for an address that there is not.

use leptos::prelude::*;
use leptos_meta::Title;

use super::banner::Banner;
use crate::app::SETTINGS_PATH;

/// Says so, and where to go. The server's status is 404, which leptos_axum sees to.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <Banner/>
        <main class="lonely">
            <h1>"There is no such page"</h1>
            <p><a href=SETTINGS_PATH>"Go to the settings"</a></p>
        </main>
    }
}
