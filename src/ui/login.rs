//! Signing in.

use leptos::prelude::*;

use super::form::{FormOutcome, TextField};
use super::frame::LonelyFrame;
use super::sent;
use crate::api::page::Content;
use crate::app::LOGIN_PATH;

/// The page at `/login`.
#[component]
pub fn Login() -> impl IntoView {
    let (asked_for, is_nobody) = match sent::content() {
        Ok(Content::Login { next, is_nobody }) => (next, is_nobody),
        _ => (String::new(), false),
    };
    let help = if is_nobody {
        "Nobody has an account yet. The server printed a link when it started: it makes the first administrator."
    } else {
        "No account, or no password any more? An administrator can help."
    };
    // After a refused attempt, the address that was asked for is in the form that came back.
    let next = sent::outcome().and_then(|outcome| outcome.filled_in("next")).unwrap_or(asked_for);
    view! {
        <LonelyFrame title="Sign in">
            <FormOutcome/>
            <form class="card stack" method="post" action=LOGIN_PATH>
                <input type="hidden" name="next" value=next/>
                <TextField name="name" label="Name" autocomplete="username" first=true/>
                <TextField name="password" label="Password" kind="password" autocomplete="current-password"/>
                <button class="primary">"Sign in"</button>
            </form>
            <p class="hint">{help}</p>
        </LonelyFrame>
    }
}
