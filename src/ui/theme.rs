//! thaw's theme, light and dark by the system's setting, without script and without a flash.

use leptos::prelude::*;
use thaw::{Button, ConfigProvider, Switch, Theme, ToasterProvider};

/// Under which thaw keeps the theme's variables. Fixed, because a random one would differ between server and browser.
pub const THEME_ID: &str = "app";

/// thaw writes the light theme's variables; this overrides them where the system is dark.
pub fn dark_style_sheet() -> String {
    let mut variables = String::new();
    Theme::dark().color.write_css_vars(&mut variables);
    // The second attribute outweighs thaw's own rule, wherever it comes in the document.
    format!("@media(prefers-color-scheme:dark){{.thaw-config-provider[data-thaw-id][data-thaw-id]{{{variables}}}}}")
}

/// One of each thaw component that our pages use. It is never shown: the server renders it to learn the components'
/// styles (see `server::style`).
#[component]
pub fn Samples() -> impl IntoView {
    view! {
        <ConfigProvider theme_id=THEME_ID>
            <ToasterProvider>
                <Button loading=true>""</Button>
                <Switch id="sample"/>
            </ToasterProvider>
        </ConfigProvider>
    }
}
