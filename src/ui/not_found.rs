//! The page for an address that there is not.

use super::frame::LonelyFrame;
use crate::app::SETTINGS_PATH;
use leptos::prelude::*;

/// Says so, and where to go. The server's status is 404, which leptos_axum sees to.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <LonelyFrame title="There is no such page">
            <p><a href=SETTINGS_PATH rel="external">"Go to the settings"</a></p>
        </LonelyFrame>
    }
}
