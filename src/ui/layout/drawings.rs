//! The drawings of the pages: the mark, an icon for each page of the settings, and those of pages that have nothing to show.
//! They say nothing that is not beside them in words, so screen readers leave them out. Only the server renders them.

use leptos::prelude::*;

use crate::api::page::Page;

/// The mark of the program: a lens that something moves past, and the cells of a table.
const MARK: &str = include_str!("../../../public/favicon.svg");

/// Returns the mark.
pub fn mark() -> impl IntoView {
    // The file is an element of its own; the class is its first attribute.
    let svg = MARK.trim_end().replacen("<svg", "<svg class=\"mark\" aria-hidden=\"true\"", 1);
    view! { <span class="part" inner_html=svg></span> }
}

/// Returns the icon of a page in the navigation.
pub fn icon(page: Page) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
            <path d=outline(page)></path>
        </svg>
    }
}

/// Returns the outline of a page's icon, in a square of 20 units.
fn outline(page: Page) -> &'static str {
    match page {
        // An arrow into a tray.
        Page::Export => "M10 3v9m-3.5-3.5L10 12l3.5-3.5M4 14v2.5h12V14",
        // A clock whose hand goes back.
        Page::History => "M5.5 6A6 6 0 1 1 4 10M5.5 2.8V6h3.2M10 7v3.3l2.3 1.4",
        // A sheet of paper with lines.
        Page::ExportRecord => "M5.5 2.5h6l3.5 3.5v11.5H5.5zM11 2.5v4h4M8 10.5h4.5M8 13.5h4.5",
        // A shield with a tick.
        Page::Verify => "M10 2.5l6 2v5c0 4-3 6.5-6 8-3-1.5-6-4-6-8v-5zM7.5 9.8l2 2 3.3-3.8",
        // A key.
        Page::Tokens => "M10 13a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM9.2 10.8L16 4m-3.2 3.2l2.2 2.2",
        // A person.
        Page::Account => "M13 7a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM4 17c.5-3.5 3-5 6-5s5.5 1.5 6 5",
        // An arrow out of a tray.
        Page::Import => "M10 12V3M6.5 6.5L10 3l3.5 3.5M4 14v2.5h12V14",
        // Two people.
        Page::Users | Page::User => {
            "M10 7.2a2.7 2.7 0 1 1-5.4 0 2.7 2.7 0 0 1 5.4 0zM2.5 16.5c.3-3 2.2-4.5 4.8-4.5s4.5 1.5 4.8 4.5M12.8 4.7a2.7 \
             2.7 0 0 1 0 5M14.2 12.3c2 .5 3.1 1.9 3.3 4.2"
        }
        // A camera.
        Page::Sources => "M3 6.5h10v7.5H3zM13 9l4-2.5v7.5L13 11.5",
        // An hourglass.
        Page::Retention => {
            "M5.5 3h9M5.5 17h9M6.5 3c0 4 2.8 5 3.5 7-.7 2-3.5 3-3.5 7M13.5 3c0 4-2.8 5-3.5 7 .7 2 3.5 3 3.5 7"
        }
        // A door with an arrow.
        Page::Login | Page::Setup => "M9 4h6.5v12H9M4 10h8m-3-3l3 3-3 3",
    }
}

/// What a page shows in place of what it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// A camera that looks at nothing: there are no events.
    Camera,
    /// A locked camera: the user may see none.
    Locked,
    /// A key without a lock: there are no tokens.
    Key,
    /// A sheet with lines that are still empty: nothing was exported.
    Sheet,
    /// A page with a question: there is no such page.
    Nowhere,
}

impl Drawing {
    /// Returns the outlines, in a rectangle of 120 × 80 units: that in grey, and that in the colour of the brand.
    fn outlines(self) -> [&'static str; 2] {
        const CAMERA: &str = "M30 26h44v28H30zM74 34l16-8v28l-16-8M52 54v12m-12 0h24";
        match self {
            Self::Camera => [CAMERA, "M44 40a8 8 0 1 1 16 0 8 8 0 0 1-16 0zM98 32l6-3m-6 11h8m-8 8l6 3"],
            Self::Locked => [CAMERA, "M44 38h16v11H44zm3 0v-3.5a5 5 0 0 1 10 0V38"],
            Self::Key => [
                "M28 40a12 12 0 1 1 24 0 12 12 0 0 1-24 0zM52 40h36v10m-10-10v7",
                "M36 40h.1M96 28l4-4m-1 16h6m-9 12l4 4",
            ],
            Self::Sheet => ["M38 12h30l14 14v42H38zM68 12v14h14", "M48 36h24M48 46h24M48 56h14"],
            Self::Nowhere => ["M38 12h30l14 14v42H38zM68 12v14h14", "M54 38a6 6 0 1 1 9 5c-2 1.3-3 2.5-3 5m0 6v.1"],
        }
    }
}

/// Returns a card that says why there is nothing to show, with a drawing and the next step.
pub fn empty_state(drawing: Drawing, text: impl IntoView, next: Option<(&'static str, &'static str)>) -> impl IntoView {
    let [outline, accent] = drawing.outlines();
    let next = next.map(|(path, name)| view! { <p><a class="step" href=path rel="external">{name}</a></p> });
    view! {
        <div class="card empty">
            <svg class="empty__drawing" viewBox="0 0 120 80" aria-hidden="true">
                <path d=outline></path>
                <path class="accent" d=accent></path>
            </svg>
            {text}
            {next}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_support::to_html;

    #[test]
    fn drawings_are_hidden_from_screen_readers_and_pages_have_icons_of_their_own() {
        let icons: std::collections::BTreeSet<_> = Page::ALL.iter().map(|page| outline(*page)).collect();
        // A person's page has that of all people, and the setup that of the sign-in.
        assert_eq!(icons.len(), Page::ALL.len() - 2);
        for html in [to_html(mark()), to_html(icon(Page::Export)), to_html(empty_state(Drawing::Key, "none", None))] {
            assert!(html.contains("<svg ") && html.contains("aria-hidden=\"true\""), "{html}");
        }
    }

    #[test]
    fn an_empty_state_has_at_most_one_next_step() {
        let html = to_html(empty_state(Drawing::Camera, "Nothing yet.", Some(("/settings/sources", "Add a source"))));
        assert!(
            html.contains("Nothing yet.<p><a href=\"/settings/sources\" rel=\"external\" class=\"step\">"),
            "{html}"
        );
        assert!(!to_html(empty_state(Drawing::Locked, "None.", None)).contains("<a "));
    }
}
