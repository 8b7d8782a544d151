//! The caller's own account.

use leptos::prelude::*;

use super::form::{FormOutcome, NewPassword, PasswordOf, TextField};
use super::frame::SettingsFrame;
use super::sent;
use crate::api::session::Role;
use crate::app::ACCOUNT_PATH;

/// The page at `/settings/account`.
#[component]
pub fn Account() -> impl IntoView {
    let lead = sent::me().map_or_else(String::new, |me| match me.role {
        Role::Admin => format!("You are {}, an administrator: you see all cameras, and manage people.", me.name),
        Role::User => format!("You are {}. You see the cameras that an administrator granted you.", me.name),
    });
    let name = sent::me().map(|me| me.name);
    view! {
        <SettingsFrame current=ACCOUNT_PATH title="Account" lead>
            <FormOutcome/>
            <form class="card stack" method="post" action=ACCOUNT_PATH aria-labelledby="password-title">
                <h2 id="password-title">"Change password"</h2>
                {name.map(|name| view! { <PasswordOf name/> })}
                <TextField
                    name="current_password"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                />
                <NewPassword label="New password"/>
                <p class="hint" id="password-effect">
                    "All other browsers are signed out, and all links stop working. Access tokens stay."
                </p>
                <button class="primary" aria-describedby="password-effect">"Change password"</button>
            </form>
        </SettingsFrame>
    }
}
