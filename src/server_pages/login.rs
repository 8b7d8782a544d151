//! The sign-in.

use leptos::prelude::*;

use super::form::{FormOutcome, OnlyOverHttps, TextField};
use crate::api::page::Content;
use crate::api::paths::{LOGIN_PATH, TLS_PATH};
use crate::ui::layout::CenteredLayout;
use crate::ui::page_data;

/// The page at `/login`.
#[component]
pub fn Login() -> impl IntoView {
    let (next, has_no_users, has_own_authority) = match page_data::content() {
        Ok(Content::Login { next, has_no_users, has_own_authority }) => (next, has_no_users, has_own_authority),
        _ => (String::new(), false, false),
    };
    let language = page_data::language();
    let texts = language.login();
    let help = if has_no_users { texts.no_accounts } else { texts.help };
    // After a refused attempt, the form that was sent has the address to go to.
    let next = page_data::outcome().and_then(|outcome| outcome.filled_in("next")).unwrap_or(next);
    view! {
        <CenteredLayout title=texts.sign_in>
            <p class="lead">{texts.about}</p>
            <OnlyOverHttps/>
            <FormOutcome/>
            <form class="card stack" method="post" action=LOGIN_PATH>
                <input type="hidden" name="next" value=next/>
                <TextField name="name" label=language.forms().name autocomplete="username" first=true/>
                <TextField name="password" label=texts.password kind="password" autocomplete="current-password"/>
                <button class="primary">{texts.sign_in}</button>
            </form>
            <p class="hint">{help}</p>
            {has_own_authority.then(|| {
                let texts = language.tls();
                view! {
                    <p class="hint">
                        {texts.browser_warns} " " <a href=TLS_PATH rel="external">{texts.what_to_do}</a>
                    </p>
                }
            })}
        </CenteredLayout>
    }
}
