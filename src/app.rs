//! The document, and which page stands at which address.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
use thaw::{ConfigProvider, ToasterProvider};

use crate::api::page::ColorScheme;
use crate::ui::account::Account;
use crate::ui::export_history::ExportHistory;
use crate::ui::login::Login;
use crate::ui::not_found::NotFound;
use crate::ui::people::People;
use crate::ui::person::PersonPage;
use crate::ui::sent;
use crate::ui::settings::Settings;
use crate::ui::setup::Setup;
use crate::ui::theme::{THEME_ID, dark_style_sheet};
use crate::ui::tokens::Tokens;
use crate::ui::verify_file::VerifyFile;

/// Where the settings are, and in them the export.
pub const SETTINGS_PATH: &str = "/settings";
/// Where the records of exports are.
pub const HISTORY_PATH: &str = "/settings/exports";
/// Where files are compared with them.
pub const VERIFY_PATH: &str = "/settings/verify";
/// Where the caller's access tokens are.
pub const TOKENS_PATH: &str = "/settings/tokens";
/// Where the caller's own account is.
pub const ACCOUNT_PATH: &str = "/settings/account";
/// Where an administrator finds people; below it, each by its id.
pub const PEOPLE_PATH: &str = "/settings/people";
/// Where people sign in.
pub const LOGIN_PATH: &str = "/login";
/// Where they sign out.
pub const LOGOUT_PATH: &str = "/logout";
/// Where the first administrator is made.
pub const SETUP_PATH: &str = "/setup";

/// Where language and colours of the pages are chosen.
pub const PREFERENCES_PATH: &str = "/preferences";

/// Where the person with that id is.
pub fn person_path(id: &str) -> String {
    format!("{PEOPLE_PATH}/{id}")
}

/// Where the style sheet is.
pub fn style_sheet(options: &LeptosOptions) -> String {
    format!("/{}/{}.css", options.site_pkg_dir, options.output_name)
}

/// The document around the app; rendered on the server only. `styles` are the style sheets of thaw's components with
/// their ids.
pub fn shell(options: LeptosOptions, styles: Vec<(String, String)>) -> impl IntoView {
    // The page's policy takes no style without the page's nonce.
    let nonce = use_nonce();
    let styles = styles.into_iter().map({
        let nonce = nonce.clone();
        move |(id, css)| view! { <style id=id nonce=nonce.clone() inner_html=css></style> }
    });
    let styles = styles.collect_view();
    let (language, scheme) = (sent::language(), sent::color_scheme());
    // What the system has needs no word.
    let theme = (scheme != ColorScheme::System).then_some(scheme.word());
    let dark = dark_style_sheet(scheme).map(|css| view! { <style nonce=nonce inner_html=css></style> });
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content=scheme.css()/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {styles}
                // thaw puts further style sheets before this.
                <meta name="thaw-ui-style"/>
                {dark}
                <link rel="stylesheet" href=style_sheet(&options)/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The app, the same on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    sent::provide();
    // For tests and style sheets: from here on, the page answers to clicks.
    Effect::new(|| {
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "");
        }
    });
    view! {
        <Title formatter=|page| format!("{page} · Motion Export")/>
        <ConfigProvider theme_id=THEME_ID>
            <ToasterProvider>
                <Router>
                    <Routes fallback=NotFound>
                        // Async: the page is sent when its data is there, so that it is whole without script.
                        <Route path=path!("/settings") view=Settings ssr=SsrMode::Async/>
                        <Route path=path!("/settings/exports") view=ExportHistory ssr=SsrMode::Async/>
                        <Route path=path!("/settings/verify") view=VerifyFile ssr=SsrMode::Async/>
                        <Route path=path!("/settings/tokens") view=Tokens ssr=SsrMode::Async/>
                        <Route path=path!("/settings/account") view=Account ssr=SsrMode::Async/>
                        <Route path=path!("/settings/people") view=People ssr=SsrMode::Async/>
                        <Route path=path!("/settings/people/:id") view=PersonPage ssr=SsrMode::Async/>
                        <Route path=path!("/login") view=Login ssr=SsrMode::Async/>
                        <Route path=path!("/setup") view=Setup ssr=SsrMode::Async/>
                    </Routes>
                </Router>
            </ToasterProvider>
        </ConfigProvider>
    }
}
