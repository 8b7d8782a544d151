//! The switches at the bottom of every page: colour scheme and language. They are plain forms that return to the page, so
//! they work without script.

use leptos::prelude::*;

use crate::api::language::Language;
use crate::api::page::ColorScheme;
use crate::api::paths::PREFERENCES_PATH;
use crate::ui::page_data;

/// The switches.
#[component]
pub fn Preferences() -> impl IntoView {
    let (language, scheme, address) = (page_data::language(), page_data::color_scheme(), page_data::address());
    let texts = language.preferences();
    let schemes = ColorScheme::ALL.map(|offered| {
        view! {
            <button class="chip" name="theme" value=offered.as_str() aria-pressed=pressed(offered == scheme)>
                {language.color_scheme(offered)}
            </button>
        }
    });
    let languages = Language::ALL.map(|offered| {
        // In its own language, for users who cannot read the language of the page.
        view! {
            <button
                class="chip"
                name="language"
                value=offered.tag()
                lang=offered.tag()
                aria-pressed=pressed(offered == language)
            >
                {offered.name()}
            </button>
        }
    });
    view! {
        <footer class="preferences">
            <form method="post" action=PREFERENCES_PATH>
                <input type="hidden" name="next" value=address.clone()/>
                <div class="chips" role="group" aria-labelledby="theme-title">
                    <span id="theme-title" class="preferences__title">{texts.theme}</span>
                    {schemes.collect_view()}
                </div>
            </form>
            <form method="post" action=PREFERENCES_PATH>
                <input type="hidden" name="next" value=address/>
                <div class="chips" role="group" aria-labelledby="language-title">
                    <span id="language-title" class="preferences__title">{texts.language}</span>
                    {languages.collect_view()}
                </div>
            </form>
        </footer>
    }
}

/// Returns the value of `aria-pressed`, which is a word and not a boolean attribute.
fn pressed(is_pressed: bool) -> &'static str {
    if is_pressed { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::{Content, PageData};

    #[test]
    fn the_current_preferences_are_pressed_and_each_language_has_its_own_name() {
        let owner = Owner::new();
        let html = owner.with(|| {
            provide_context(PageData {
                page: None,
                me: None,
                content: Ok(Content::Nothing),
                outcome: None,
                language: Language::German,
                color_scheme: ColorScheme::Dark,
                address: "/settings?a=b&c=\"".to_owned(),
                secure_address: None,
            });
            view! { <Preferences/> }.to_html()
        });
        for part in [
            "action=\"/preferences\"",
            "name=\"next\" value=\"/settings?a=b&amp;c=&quot;\"",
            ">Farbschema<",
            "name=\"theme\" value=\"dark\" aria-pressed=\"true\"",
            "name=\"theme\" value=\"light\" aria-pressed=\"false\"",
            ">Dunkel<",
            "name=\"language\" value=\"de\" lang=\"de\" aria-pressed=\"true\"",
            "name=\"language\" value=\"en\" lang=\"en\" aria-pressed=\"false\"",
            ">English<",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
