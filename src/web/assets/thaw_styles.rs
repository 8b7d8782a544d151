//! The style sheets of thaw's components, ready for the page's head.
//!
//! thaw hands a component's style out when the component is rendered, which is too late for a component inside a
//! `Suspense`, and would leave a page without script unstyled. So all components of our pages are rendered once, when
//! the server starts, and the styles that this yields go into every page.

use leptos::prelude::*;
use thaw::ssr::SSRMountStyleProvider;

use crate::ui::theme::Samples;

/// Each style sheet with the id under which thaw looks for it, so that the browser does not add it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyleSheets(pub Vec<(String, String)>);

impl StyleSheets {
    /// The style sheets of the components in [`Samples`].
    pub fn of_components() -> Self {
        let owner = Owner::new();
        let html = owner.with(|| {
            view! {
                <SSRMountStyleProvider>
                    <head></head>
                    <Samples/>
                </SSRMountStyleProvider>
            }
            .to_html()
        });
        owner.unset_with_forced_cleanup();
        let mut sheets: Vec<_> = html
            .split("<style id=\"")
            .skip(1)
            .filter_map(|sheet| {
                let (id, rest) = sheet.split_once("\">")?;
                let (css, _) = rest.split_once("</style>")?;
                Some((id.to_owned(), css.to_owned()))
            })
            .collect();
        sheets.sort();
        Self(sheets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_components_of_our_pages_have_their_styles() {
        let ids: Vec<_> = StyleSheets::of_components().0.into_iter().map(|(id, _)| id).collect();
        for component in ["app", "button", "config-provider", "spinner", "switch", "toaster"] {
            assert!(ids.contains(&format!("thaw-id-{component}")), "{component} is not in {ids:?}");
        }
    }
}
