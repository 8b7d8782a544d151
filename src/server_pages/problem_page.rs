//! The page of an error that occurs before a page is rendered, such as missing permission.

use leptos::prelude::*;

use crate::api::language::Language;
use crate::api::page::ColorScheme;
use crate::api::paths::SETTINGS_PATH;
use crate::app::style_sheet;
use crate::error::{ApiError, ErrorCode};

/// Returns the complete document, without JavaScript. `sign_in` is the address of the sign-in, if it is the next step.
pub fn problem_page(
    options: &LeptosOptions,
    error: &ApiError,
    language: Language,
    scheme: ColorScheme,
    sign_in: Option<String>,
) -> String {
    let texts = language.frame();
    let title = language.problem_title(error.code);
    let id = error.request_id.as_ref().map(|id| {
        let id = format!("{}: {id}", texts.request_id);
        view! { <p class="hint">{id}</p> }
    });
    let link = match sign_in {
        Some(address) => Some((address, language.login().sign_in)),
        // Nothing else is shown at this host either.
        None if error.code == ErrorCode::Misdirected => None,
        None => Some((SETTINGS_PATH.to_owned(), texts.go_to_settings)),
    };
    let link = link.map(|(address, link)| view! { <p><a href=address>{link}</a></p> });
    let theme = (scheme != ColorScheme::System).then_some(scheme.as_str());
    let style_sheet = style_sheet(options);
    let page = view! {
        <html lang=language.tag() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content=scheme.css()/>
                // As a child, the text would be followed by a hydration marker, and a title would show that.
                <title inner_html=format!("{title} · Motion Export")></title>
                <link rel="stylesheet" href=style_sheet/>
            </head>
            <body>
                <main class="lonely">
                    <h1>{title}</h1>
                    <p>{language.error(error)}</p>
                    {id}
                    {link}
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::forms::FormMessage;

    #[test]
    fn the_text_is_escaped() {
        let name_taken = FormMessage::NameTaken { name: "</main><script>alert(1)</script>".to_owned() };
        let error = ApiError { request_id: Some("<b>".to_owned()), ..ApiError::new(ErrorCode::Forbidden, name_taken) };
        let options = LeptosOptions::builder().output_name("x").build();
        let page = problem_page(&options, &error, Language::English, ColorScheme::System, None);
        assert!(page.contains("&lt;/main&gt;&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }

    #[test]
    fn the_page_is_in_the_chosen_language_and_colours() {
        let error = ApiError::new(ErrorCode::Forbidden, FormMessage::AdministratorsOnly);
        let options = LeptosOptions::builder().output_name("x").build();
        let german = Language::German.translate_error(error.clone());
        let page = problem_page(&options, &german, Language::German, ColorScheme::Dark, None);
        assert!(page.contains("<html lang=\"de\" data-theme=\"dark\">"), "{page}");
        for part in [
            "content=\"dark\"",
            "<title>Nicht erlaubt · Motion Export</title>",
            "<h1>Nicht erlaubt",
            "Diese Seite ist Administratoren vorbehalten",
            "Zu den Einstellungen",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let page = problem_page(&options, &error, Language::English, ColorScheme::System, None);
        assert!(page.contains("<html lang=\"en\">") && page.contains("content=\"light dark\""), "{page}");
    }
}
