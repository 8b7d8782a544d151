//! The frames around pages: with the list of the settings, and without.

use leptos::prelude::*;
use leptos_meta::Title;

use super::hydration::still;
use super::page_data;
use crate::api::paths::{ACCOUNT_PATH, HISTORY_PATH, SETTINGS_PATH, TOKENS_PATH, USERS_PATH, VERIFY_PATH};
use crate::api::session::Role;
use crate::error::ApiError;
use crate::ui::layout::banner::Banner;
use crate::ui::layout::preferences::Preferences;

pub mod banner;
pub mod preferences;

/// A page of the settings: what there is to set up beside it, one page each.
#[component]
pub fn SettingsFrame(
    /// The path under which the page stands in the list.
    current: &'static str,
    /// What the page is called. Fixed, because leptos_meta writes titles as they are, and a name could end one.
    title: &'static str,
    /// The heading, where it is not the title.
    #[prop(optional)]
    heading: Option<String>,
    /// What the page is for.
    #[prop(into)]
    lead: String,
    children: Children,
) -> impl IntoView {
    let above = move || {
        view! {
            <PageTitle title/>
            <Banner/>
        }
    };
    let beside = move || view! { <Pages current/> };
    let head = move || {
        view! {
            <h1>{heading.unwrap_or_else(|| title.to_owned())}</h1>
            <p class="lead">{lead}</p>
        }
    };
    view! {
        {still(above)}
        <div class="shell">
            {still(beside)}
            <main id="main" tabindex="-1">
                {still(head)}
                {children()}
            </main>
        </div>
        {still(|| view! { <Preferences/> })}
    }
}

/// What the window is called.
#[component]
fn PageTitle(title: &'static str) -> impl IntoView {
    view! { <Title text=format!("{title} · Motion Export")/> }
}

/// The list of the settings.
#[component]
fn Pages(current: &'static str) -> impl IntoView {
    let is_admin = page_data::me().is_some_and(|me| me.role == Role::Admin);
    let words = page_data::language().frame();
    let pages = [
        (SETTINGS_PATH, words.data_export, true),
        (HISTORY_PATH, words.export_history, true),
        (VERIFY_PATH, words.verify_a_file, true),
        (TOKENS_PATH, words.access_tokens, true),
        (ACCOUNT_PATH, words.account, true),
        (USERS_PATH, words.people, is_admin),
    ];
    let links = pages.into_iter().filter(|(_, _, shown)| *shown).map(|(path, name, _)| {
        let here = (path == current).then_some("page");
        view! { <a href=path rel="external" aria-current=here>{name}</a> }
    });
    view! {
        <nav aria-labelledby="settings-title">
            <p id="settings-title" class="nav-title">{words.settings}</p>
            {links.collect_view()}
        </nav>
    }
}

/// A page with one thing to do, and no settings beside it.
#[component]
pub fn CenteredLayout(
    /// The heading.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <PageTitle title/>
        <Banner/>
        <main id="main" class="lonely" tabindex="-1">
            <h1>{title}</h1>
            {children()}
        </main>
        <Preferences/>
    }
}

/// What stands in place of a page's contents that cannot be shown, from the server on: it is [`still`].
#[component]
pub fn CannotShow(
    /// Why.
    error: ApiError,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.frame();
    still(move || {
        let id = error.request_id.as_ref().map(|id| format!(" {}: {id}.", words.request_id));
        view! {
            <div class="card" role="alert">
                <p>{language.error(&error)} {id}</p>
                <p><a href="" rel="external">{words.try_again}</a></p>
            </div>
        }
    })
}
