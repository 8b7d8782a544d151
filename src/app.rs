//! The document around every page.

use leptos::nonce::{Nonce, use_nonce};
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};

use crate::api::exports::EXPORT_EVENTS_PATH;
use crate::api::page::{ColorScheme, Content, Page};
use crate::ui::hydration::{self, HydrationChunk};
use crate::ui::page_data;
use crate::ui::theme::{THEME_ID, dark_style_sheet};

/// Returns the path of the style sheet.
pub fn style_sheet(options: &LeptosOptions) -> String {
    format!("/{}/{}.css", options.site_pkg_dir, options.output_name)
}

/// The inline script of all pages: buttons that copy, and double clicks.
const COMMON: &str = include_str!("app/common.js");

/// The inline script of hydrated pages.
///
/// It does what a control does that is not hydrated yet: it fills in the dates of a preset, opens the browser's own picker in
/// place of the calendar, and keeps a dropped file. So no click is lost on a slow connection.
///
/// It delays the submission of a form until the page is parsed. A browser stops parsing when a form is submitted, even if
/// the response is a download, and the page would never be hydrated.
///
/// It also loads the WASM, in place of leptos' `HydrationScripts`, which fetches a third of a megabyte from the beginning
/// and so delays the first paint on a phone. The script fetches it after the first frame, or at once if the page is hidden.
const ARRIVE: &str = include_str!("app/arrive.js");

/// Returns a script without its comments and indentation, because it is part of every page.
fn without_comments(script: &str) -> String {
    let lines = script.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Renders the document around the app, on the server only. `styles` are the ids and style sheets of thaw's components.
pub fn shell(options: LeptosOptions, styles: Vec<(String, String)>, page: fn() -> AnyView) -> impl IntoView {
    // The content security policy rejects styles without the nonce.
    let nonce = use_nonce();
    provide_meta_context();
    let is_hydrated = page_data::page().is_some_and(Page::is_hydrated);
    let arrive = if is_hydrated {
        ARRIVE.replace("PKG", &format!("/{}/{}", options.site_pkg_dir, options.output_name))
    } else {
        String::new()
    };
    // In a block, so that its names are not global.
    let script = format!("{{{}}}", without_comments(&(COMMON.to_owned() + &arrive)));
    let script = view! {
        <script nonce=nonce.clone() inner_html=script></script>
        {(!is_hydrated).then(|| view! { <script src="/plain.js" defer nonce=nonce.clone()></script> })}
    };
    let live = live_script(nonce.clone());
    let styles = styles.into_iter().map({
        let nonce = nonce.clone();
        move |(id, css)| view! { <style id=id nonce=nonce.clone() inner_html=css></style> }
    });
    let styles = styles.collect_view();
    let (language, scheme) = (page_data::language(), page_data::color_scheme());
    // The system's scheme needs no attribute.
    let theme = (scheme != ColorScheme::System).then_some(scheme.as_str());
    let dark = dark_style_sheet(scheme).map(|css| view! { <style nonce=nonce inner_html=css></style> });
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content=scheme.css()/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {styles}
                // thaw inserts further style sheets before this element.
                <meta name="thaw-ui-style"/>
                {dark}
                <link rel="stylesheet" href=style_sheet(&options)/>
                <AutoReload options/>
                {script}
                {live}
                <MetaTags/>
            </head>
            <body>
                <App page/>
            </body>
        </html>
    }
}

/// Returns the script that keeps the exports on a page up to date, for the pages that list exports. It has its texts as
/// attributes, and needs nothing of the WASM, in which it would weigh many times as much.
fn live_script(nonce: Option<Nonce>) -> Option<impl IntoView> {
    if !matches!(page_data::page(), Some(Page::Export | Page::History)) {
        return None;
    }
    let limit = match page_data::content() {
        Ok(Content::Export(data)) => data.max_at_once,
        _ => usize::MAX,
    };
    let language = page_data::language();
    let waits = (language.export().all_slots_used)(limit);
    let newer = language.history().newer;
    Some(view! {
        <script
            src="/live.js"
            type="module"
            nonce=nonce
            data-events=EXPORT_EVENTS_PATH
            data-limit=limit.to_string()
            data-waits=waits
            data-newer=newer
        ></script>
    })
}

/// The app around `page`, the same on the server and in the browser.
#[component]
pub fn App(
    /// The page.
    page: fn() -> AnyView,
) -> impl IntoView {
    page_data::provide();
    hydration::provide();
    view! {
        // What thaw's `ConfigProvider` renders. The styles of the theme are in the head already, so the WASM does without it.
        <div class="thaw-config-provider" data-thaw-id=THEME_ID>
            <HydrationChunk>{page()}</HydrationChunk>
        </div>
    }
}
