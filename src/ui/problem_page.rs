//! What people see where a page is refused before it is rendered: who they are could not be found out, or they may not
//! go there. Rendered on the server only.

use leptos::prelude::*;

use crate::app::{SETTINGS_PATH, style_sheet};
use crate::error::ApiError;

/// The whole document, without script.
pub fn problem_page(options: &LeptosOptions, error: &ApiError) -> String {
    let title = error.code.title();
    let id = error.request_id.as_ref().map(|id| view! { <p class="hint">{format!("Request id: {id}")}</p> });
    let style_sheet = style_sheet(options);
    let page = view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{title} · Motion Export")}</title>
                <link rel="stylesheet" href=style_sheet/>
            </head>
            <body>
                <main class="lonely">
                    <h1>{title}</h1>
                    <p>{error.detail.clone()}</p>
                    {id}
                    <p><a href=SETTINGS_PATH>"Go to the settings"</a></p>
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn what_is_told_is_escaped() {
        let error = ApiError {
            request_id: Some("<b>".to_owned()),
            ..ApiError::new(ErrorCode::Forbidden, "</main><script>alert(1)</script>")
        };
        let page = problem_page(&LeptosOptions::builder().output_name("x").build(), &error);
        assert!(page.contains("&lt;/main&gt;&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }
}
