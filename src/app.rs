//! The document around every page.

use leptos::either::Either;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use thaw::{ConfigProvider, ToasterProvider};

use crate::api::page::{ColorScheme, Page};
use crate::ui::hydration::{self, HydrationChunk};
use crate::ui::page_data;
use crate::ui::theme::{THEME_ID, dark_style_sheet};

/// Where the style sheet is.
pub fn style_sheet(options: &LeptosOptions) -> String {
    format!("/{}/{}.css", options.site_pkg_dir, options.output_name)
}

/// What a page does while it arrives.
///
/// It holds a form back that is sent meanwhile: a browser stops reading a page when it sends a form, even where the answer
/// is a file to be saved, and the page would never come alive.
///
/// And it loads what the page comes alive with, in place of leptos' `HydrationScripts`, which has that fetched from the
/// beginning on: a third of a megabyte, for which a phone would wait longer to see anything. So it is asked for when the
/// first frame is there, or at once where nobody looks.
const ARRIVE: &str = include_str!("app/arrive.js");

/// The document around the app; rendered on the server only. `styles` are the style sheets of thaw's components with
/// their ids.
pub fn shell(options: LeptosOptions, styles: Vec<(String, String)>, page: fn() -> AnyView) -> impl IntoView {
    // The page's policy takes no style without the page's nonce.
    let nonce = use_nonce();
    provide_meta_context();
    let script = if page_data::page().is_some_and(Page::is_hydrated) {
        let script = ARRIVE.replace("PKG", &format!("/{}/{}", options.site_pkg_dir, options.output_name));
        Either::Left(view! { <script nonce=nonce.clone() inner_html=script></script> })
    } else {
        Either::Right(view! { <script src="/plain.js" defer nonce=nonce.clone()></script> })
    };
    let styles = styles.into_iter().map({
        let nonce = nonce.clone();
        move |(id, css)| view! { <style id=id nonce=nonce.clone() inner_html=css></style> }
    });
    let styles = styles.collect_view();
    let (language, scheme) = (page_data::language(), page_data::color_scheme());
    // What the system has needs no word.
    let theme = (scheme != ColorScheme::System).then_some(scheme.as_str());
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
                <AutoReload options/>
                {script}
                <MetaTags/>
            </head>
            <body>
                <App page/>
            </body>
        </html>
    }
}

/// The app, the same on the server and in the browser: what is around `page`.
#[component]
pub fn App(
    /// The page.
    page: fn() -> AnyView,
) -> impl IntoView {
    page_data::provide();
    hydration::provide();
    view! {
        <HydrationChunk>
            <ConfigProvider theme_id=THEME_ID>
                <ToasterProvider>
                    <HydrationChunk>{page()}</HydrationChunk>
                </ToasterProvider>
            </ConfigProvider>
        </HydrationChunk>
    }
}
