//! The bar at the top of every page.

use leptos::prelude::*;

use crate::api::paths::{LOGOUT_PATH, SETTINGS_PATH};
use crate::ui::layout::drawings::mark;
use crate::ui::page_data;

/// The program's name as a link to the settings, the signed-in user, and the button to sign out.
#[component]
pub fn Banner() -> impl IntoView {
    let texts = page_data::language().frame();
    let account = page_data::me().map(|me| {
        view! {
            <form class="account" method="post" action=LOGOUT_PATH>
                <span class="account-name"><span class="visually-hidden">{texts.signed_in_as}</span>{me.name}</span>
                <button class="quiet">{texts.sign_out}</button>
            </form>
        }
    });
    view! {
        <a class="skip-link" href="#main" rel="external">{texts.skip_to_content}</a>
        <header class="banner">
            <a class="brand" href=SETTINGS_PATH rel="external">{mark()} "Motion Export"</a>
            {account}
        </header>
    }
}
