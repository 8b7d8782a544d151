//! thaw's theme, light or dark by the system's setting or the user's choice, without script and without a flash.

use leptos::prelude::*;
use thaw::{Button, ConfigProvider, Switch, Theme};

use crate::api::page::ColorScheme;

/// The id under which thaw writes the theme's variables. Fixed, because thaw's random id would differ between server and
/// browser.
pub const THEME_ID: &str = "app";

/// Returns the CSS that makes a page dark, if the scheme allows it: thaw writes the variables of the light theme, and these
/// override them.
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

/// One of each thaw component that the pages use. Never shown: the server renders it to collect the components' styles
/// (see `web::assets::thaw_styles`).
#[component]
pub fn Samples() -> impl IntoView {
    view! {
        <ConfigProvider theme_id=THEME_ID>
            <Button loading=true>""</Button>
            <Switch id="sample"/>
        </ConfigProvider>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_dark_if_the_system_is_or_if_the_user_chose_it() {
        let sheet = |scheme| dark_style_sheet(scheme).unwrap_or_default();
        let dark = sheet(ColorScheme::Dark);
        assert!(dark.starts_with(".thaw-config-provider") && dark.contains("--colorNeutralBackground1:"), "{dark}");
        assert_eq!(sheet(ColorScheme::System), format!("@media(prefers-color-scheme:dark){{{dark}}}"));
        assert_eq!(sheet(ColorScheme::Light), "");
    }
}
