//! The layouts around pages: with the navigation of the settings, and without.

use leptos::prelude::*;
use leptos_meta::Title;

use super::hydration::static_html;
use super::{browser, page_data};
use crate::api::language::Language;
use crate::api::page::Page;
use crate::api::paths::{
    ACCOUNT_PATH, HISTORY_PATH, IMPORT_PATH, RETENTION_PATH, SETTINGS_PATH, SOURCES_PATH, TOKENS_PATH, USERS_PATH,
    VERIFY_PATH, login_url,
};
use crate::api::session::Role;
use crate::error::ApiError;
use crate::ui::layout::banner::Banner;
use crate::ui::layout::drawings::{icon, mark};
use crate::ui::layout::preferences::Preferences;

pub mod banner;
pub mod drawings;
pub mod preferences;

/// A page of the settings, with the navigation beside it.
#[component]
pub fn SettingsFrame(
    /// The path of the page in the navigation.
    current: &'static str,
    /// The title of the page. Static, because leptos_meta writes titles unescaped, so a user's text could end the element.
    title: &'static str,
    /// The heading, if it differs from the title.
    #[prop(optional)]
    heading: Option<String>,
    /// The sentence below the heading.
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
        {static_html(above)}
        <div class="shell">
            {static_html(beside)}
            <main id="main" tabindex="-1">
                {static_html(head)}
                {children()}
            </main>
        </div>
        {static_html(|| view! { <Preferences/> })}
    }
}

/// The title of the window.
#[component]
fn PageTitle(title: &'static str) -> impl IntoView {
    view! { <Title text=format!("{title} · Motion Export")/> }
}

/// The navigation of the settings.
#[component]
fn Pages(current: &'static str) -> impl IntoView {
    let is_admin = page_data::me().is_some_and(|me| me.role == Role::Admin);
    let texts = page_data::language().frame();
    let pages = [
        (SETTINGS_PATH, texts.data_export, true),
        (HISTORY_PATH, texts.export_history, true),
        (VERIFY_PATH, texts.verify_a_file, true),
        (TOKENS_PATH, texts.access_tokens, true),
        (ACCOUNT_PATH, texts.account, true),
        (USERS_PATH, texts.people, is_admin),
        (SOURCES_PATH, texts.sources, is_admin),
        (IMPORT_PATH, texts.import, is_admin),
        (RETENTION_PATH, texts.retention, is_admin),
    ];
    let links = pages.into_iter().filter(|(_, _, shown)| *shown).map(|(path, name, _)| {
        let is_current = (path == current).then_some("page");
        view! { <a href=path rel="external" aria-current=is_current>{Page::at(path).map(icon)} {name}</a> }
    });
    view! {
        <nav aria-labelledby="settings-title">
            <p id="settings-title" class="nav-title">{texts.settings}</p>
            {links.collect_view()}
        </nav>
    }
}

/// A page with a single task and without navigation.
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
            {mark()}
            <h1>{title}</h1>
            {children()}
        </main>
        <Preferences/>
    }
}

/// Returns a link to the sign-in that returns to this page, for a request without a session.
pub fn sign_in_link(is_signed_out: bool, language: Language) -> Option<AnyView> {
    is_signed_out.then(|| {
        let address = browser::local(&login_url(&browser::address()));
        view! { <a href=address rel="external">{language.export().sign_in}</a> }.into_any()
    })
}

/// The error in place of content that could not be loaded. Static, because only the server renders it.
#[component]
pub fn CannotShow(
    /// The error.
    error: ApiError,
) -> impl IntoView {
    let language = page_data::language();
    let texts = language.frame();
    static_html(move || {
        let id = error.request_id.as_ref().map(|id| format!(" {}: {id}.", texts.request_id));
        view! {
            <div class="card" role="alert">
                <p>{language.error(&error)} {id}</p>
                <p><a href="" rel="external">{texts.try_again}</a></p>
            </div>
        }
    })
}
