//! The bar at the top of every page.

use leptos::prelude::*;

use crate::api::paths::{LOGOUT_PATH, SETTINGS_PATH};
use crate::ui::page_data;

/// The program's name, which leads to where everything is; who is signed in, and the way out.
#[component]
pub fn Banner() -> impl IntoView {
    let words = page_data::language().frame();
    let account = page_data::me().map(|me| {
        view! {
            <form class="account" method="post" action=LOGOUT_PATH>
                <span class="account-name"><span class="visually-hidden">{words.signed_in_as}</span>{me.name}</span>
                <button class="quiet">{words.sign_out}</button>
            </form>
        }
    });
    view! {
        <a class="skip-link" href="#main" rel="external">{words.skip_to_content}</a>
        <header class="banner">
            <a class="brand" href=SETTINGS_PATH rel="external">"Motion Export"</a>
            {account}
        </header>
    }
}
