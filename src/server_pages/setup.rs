//! The creation of the first administrator.

use leptos::prelude::*;

use super::form::{FormOutcome, NewPassword, OnlyOverHttps, TextField};
use crate::api::page::Content;
use crate::api::paths::{LOGIN_PATH, SETUP_PATH};
use crate::ui::layout::CenteredLayout;
use crate::ui::page_data;

/// The page at `/setup`.
#[component]
pub fn Setup() -> impl IntoView {
    let language = page_data::language();
    let texts = language.setup();
    let body = match page_data::content() {
        Ok(Content::Setup { key }) => Ok(view! {
            <p class="lead">{texts.lead}</p>
            <OnlyOverHttps/>
            <FormOutcome/>
            <form class="card stack" method="post" action=SETUP_PATH>
                <input type="hidden" name="key" value=key/>
                <TextField name="name" label=language.forms().name autocomplete="username" first=true/>
                <NewPassword label=language.login().password/>
                <button class="primary">{texts.create}</button>
            </form>
        }),
        Ok(_) => Err(None),
        Err(error) => Err(Some(language.error(&error))),
    };
    let body = body.map_err(|detail| {
        view! {
            <p class="notice notice--bad" role="alert">{detail}</p>
            <p><a href=LOGIN_PATH rel="external">{language.login().sign_in}</a></p>
        }
    });
    view! {
        <CenteredLayout title=texts.welcome>
            {match body {
                Ok(form) => leptos::either::Either::Left(form),
                Err(error) => leptos::either::Either::Right(error),
            }}
        </CenteredLayout>
    }
}
