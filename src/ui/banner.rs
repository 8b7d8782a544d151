//! The bar at the top of every page.

use leptos::prelude::*;

use super::sent;
use crate::app::{LOGOUT_PATH, SETTINGS_PATH};

/// The program's name, which leads to where everything is; who is signed in, and the way out.
#[component]
pub fn Banner() -> impl IntoView {
    let account = sent::me().map(|me| {
        view! {
            <form class="account" method="post" action=LOGOUT_PATH>
                <span class="account-name"><span class="visually-hidden">"Signed in as "</span>{me.name}</span>
                <button class="quiet">"Sign out"</button>
            </form>
        }
    });
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to the content"</a>
        <header class="banner">
            <a class="brand" href=SETTINGS_PATH rel="external">"Motion Export"</a>
            {account}
        </header>
    }
}
