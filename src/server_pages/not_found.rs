//! The page for an address that there is not.

use super::frame::LonelyFrame;
use super::sent;
use crate::paths::SETTINGS_PATH;
use leptos::prelude::*;

/// Says so, and where to go. The server's status is 404, which leptos_axum sees to.
#[component]
pub fn NotFound() -> impl IntoView {
    let words = sent::language().frame();
    view! {
        <LonelyFrame title=words.no_such_page>
            <p><a href=SETTINGS_PATH rel="external">{words.go_to_settings}</a></p>
        </LonelyFrame>
    }
}
