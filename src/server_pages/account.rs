//! The account of the signed-in user.

use leptos::either::Either;
use leptos::prelude::*;

use super::form::sessions::Sessions;
use super::form::{FormOutcome, NewPassword, PasswordOf, RevokeTokens, TextField};
use crate::api::page::Content;
use crate::api::paths::ACCOUNT_PATH;
use crate::api::session::Role;
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// The page at `/settings/account`.
#[component]
pub fn Account() -> impl IntoView {
    let language = page_data::language();
    let texts = language.account();
    let lead = page_data::me().map_or_else(String::new, |me| match me.role {
        Role::Admin => (texts.lead_of_admin)(&me.name),
        Role::User => (texts.lead_of_user)(&me.name),
    });
    let name = page_data::me().map(|me| me.name);
    let sessions = match page_data::content() {
        Ok(Content::Account(sessions)) => Either::Left(view! { <Sessions sessions action=ACCOUNT_PATH.to_owned()/> }),
        Ok(_) => Either::Left(view! { <Sessions sessions=Vec::new() action=ACCOUNT_PATH.to_owned()/> }),
        Err(error) => Either::Right(view! { <CannotShow error/> }),
    };
    view! {
        <SettingsFrame current=ACCOUNT_PATH title=language.frame().account lead>
            <FormOutcome/>
            <form class="card stack" method="post" action=ACCOUNT_PATH aria-labelledby="password-title">
                <h2 id="password-title">{texts.change_password}</h2>
                {name.map(|name| view! { <PasswordOf name/> })}
                <TextField
                    name="current_password"
                    label=texts.current_password
                    kind="password"
                    autocomplete="current-password"
                />
                <NewPassword label=texts.new_password/>
                <RevokeTokens label=texts.revoke_tokens/>
                <p class="hint" id="password-effect">{texts.effect}</p>
                <button class="primary" name="action" value="password" aria-describedby="password-effect">
                    {texts.change_password}
                </button>
            </form>
            {sessions}
        </SettingsFrame>
    }
}
