//! thaw's theme, light and dark by the system's setting or as was chosen, without script and without a flash.

use leptos::prelude::*;
use thaw::{Button, ConfigProvider, Switch, Theme, ToasterProvider};

use crate::api::page::ColorScheme;

/// Under which thaw keeps the theme's variables. Fixed, because a random one would differ between server and browser.
pub const THEME_ID: &str = "app";

/// thaw writes the light theme's variables; this overrides them where the page is to be dark. The server knows that when
/// it renders, so that they are in the page once at most.
pub fn dark_style_sheet(scheme: ColorScheme) -> Option<String> {
    if scheme == ColorScheme::Light {
        return None;
    }
    let mut variables = String::new();
    Theme::dark().color.write_css_vars(&mut variables);
    // The second attribute outweighs thaw's own rule, wherever it comes in the document.
    let rule = format!(".thaw-config-provider[data-thaw-id][data-thaw-id]{{{variables}}}");
    Some(if scheme == ColorScheme::Dark { rule } else { format!("@media(prefers-color-scheme:dark){{{rule}}}") })
}

/// One of each thaw component that our pages use. It is never shown: the server renders it to learn the components'
/// styles (see `web::assets::thaw_styles`).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_dark_where_the_system_is_or_where_that_was_chosen() {
        let sheet = |scheme| dark_style_sheet(scheme).unwrap_or_default();
        let dark = sheet(ColorScheme::Dark);
        assert!(dark.starts_with(".thaw-config-provider") && dark.contains("--colorNeutralBackground1:"), "{dark}");
        assert_eq!(sheet(ColorScheme::System), format!("@media(prefers-color-scheme:dark){{{dark}}}"));
        assert_eq!(sheet(ColorScheme::Light), "");
    }
}
