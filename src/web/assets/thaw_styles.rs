//! The style sheets of thaw's components, for the head of every page.
//!
//! thaw adds the style of a component when the component is rendered. That is too late for a component inside a `Suspense`,
//! and would leave a page without JavaScript unstyled. So the server renders all components of our pages once at start and
//! collects their styles.

use leptos::prelude::*;
use thaw::ssr::SSRMountStyleProvider;

use crate::ui::theme::Samples;

/// Each style sheet with the id by which thaw recognizes it, so that thaw does not add it again in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyleSheets(pub Vec<(String, String)>);

impl StyleSheets {
    /// Renders the components in [`Samples`] and collects their style sheets.
    pub fn from_components() -> Self {
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
    fn each_component_of_our_pages_has_its_styles() {
        let ids: Vec<_> = StyleSheets::from_components().0.into_iter().map(|(id, _)| id).collect();
        for component in ["app", "button", "config-provider", "spinner", "switch"] {
            assert!(ids.contains(&format!("thaw-id-{component}")), "{component} is not in {ids:?}");
        }
    }
}
