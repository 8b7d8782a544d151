//! The document, and which page stands at which address.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
use thaw::{ConfigProvider, ToasterProvider};

use crate::ui::not_found::NotFound;
use crate::ui::settings::Settings;
use crate::ui::theme::{THEME_ID, dark_style_sheet};

/// Where the settings are.
pub const SETTINGS_PATH: &str = "/settings";

/// The document around the app; rendered on the server only. `styles` are the style sheets of thaw's components with
/// their ids.
pub fn shell(options: LeptosOptions, styles: Vec<(String, String)>) -> impl IntoView {
    let styles = styles.into_iter().map(|(id, css)| view! { <style id=id inner_html=css></style> }).collect_view();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {styles}
                // thaw puts further style sheets before this.
                <meta name="thaw-ui-style"/>
                <style inner_html=dark_style_sheet()></style>
                <link rel="stylesheet" href=format!("/{}/{}.css", options.site_pkg_dir, options.output_name)/>
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
                    </Routes>
                </Router>
            </ToasterProvider>
        </ConfigProvider>
    }
}
