//! The data that the server sends along with a page.

use leptos::prelude::*;
use leptos::reactive::owner::with_context;

use crate::api::language::Language;
use crate::api::page::{ColorScheme, Content, Outcome, Page, PageData, SecureAddress};
use crate::api::session::CurrentUser;
use crate::error::ApiError;

/// Provides the data to the components of the page. Must be called once, before them, because leptos numbers serialized
/// values in the order of creation on both sides.
pub fn provide() {
    // In the browser there are no data yet. On the server, a page that is not hydrated is rendered from the context.
    let is_provided = with_context(|_: &PageData| ()).is_some();
    if is_provided && !page().is_some_and(Page::is_hydrated) {
        return;
    }
    let data = SharedValue::new(use_context::<PageData>).into_inner();
    if let Some(data) = data {
        provide_context(data);
    }
}

/// Returns which page this is, or `None` for an unknown address.
pub fn page() -> Option<Page> {
    with_context(|data: &PageData| data.page).flatten()
}

/// Returns the signed-in user, if there is one.
pub fn me() -> Option<CurrentUser> {
    use_context::<PageData>().and_then(|data| data.me)
}

/// Returns the language of the page.
pub fn language() -> Language {
    with_context(|data: &PageData| data.language).unwrap_or_default()
}

/// Returns the colour scheme of the page.
pub fn color_scheme() -> ColorScheme {
    with_context(|data: &PageData| data.color_scheme).unwrap_or_default()
}

/// Returns the page's own path and query string.
pub fn address() -> String {
    with_context(|data: &PageData| data.address.clone()).unwrap_or_default()
}

/// Returns the server's HTTPS address, if browsers keep its cookies over HTTPS only.
pub fn secure_address() -> Option<SecureAddress> {
    with_context(|data: &PageData| data.secure_address.clone()).flatten()
}

/// Returns the outcome of the submitted form, if the page answers one.
pub fn outcome() -> Option<Outcome> {
    use_context::<PageData>().and_then(|data| data.outcome)
}

/// Returns the content of the page.
///
/// # Errors
/// Returns an error if the server could not load the content.
pub fn content() -> Result<Content, ApiError> {
    use_context::<PageData>().map_or(Ok(Content::Nothing), |data| data.content)
}
