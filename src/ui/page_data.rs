//! What the server sent along with the page.

use leptos::prelude::*;
use leptos::reactive::owner::with_context;

use crate::api::language::Language;
use crate::api::page::{ColorScheme, Content, Outcome, Page, PageData, SecureAddress};
use crate::api::session::CurrentUser;
use crate::error::ApiError;

/// Takes over what the server sent, for the components of the page. Has to be called once, before them: what it is read
/// from is counted on both sides.
pub fn provide() {
    // In the browser it is not there yet; on the server, a page that does not come alive is rendered from what is there.
    let is_there = with_context(|_: &PageData| ()).is_some();
    if is_there && !page().is_some_and(Page::is_hydrated) {
        return;
    }
    let sent = SharedValue::new(use_context::<PageData>).into_inner();
    if let Some(sent) = sent {
        provide_context(sent);
    }
}

/// Which page it is; `None` for an address that there is not.
pub fn page() -> Option<Page> {
    with_context(|sent: &PageData| sent.page).flatten()
}

/// Who is signed in, where somebody is.
pub fn me() -> Option<CurrentUser> {
    use_context::<PageData>().and_then(|sent| sent.me)
}

/// In which language the page is.
pub fn language() -> Language {
    with_context(|sent: &PageData| sent.language).unwrap_or_default()
}

/// In which colours the page is.
pub fn color_scheme() -> ColorScheme {
    with_context(|sent: &PageData| sent.color_scheme).unwrap_or_default()
}

/// The page's own address on this server.
pub fn address() -> String {
    with_context(|sent: &PageData| sent.address.clone()).unwrap_or_default()
}

/// Where browsers keep this server's cookies, if that is over HTTPS only.
pub fn secure_address() -> Option<SecureAddress> {
    with_context(|sent: &PageData| sent.secure_address.clone()).flatten()
}

/// What became of the form that led here, where one did.
pub fn outcome() -> Option<Outcome> {
    use_context::<PageData>().and_then(|sent| sent.outcome)
}

/// What the page shows.
///
/// # Errors
/// Why it cannot be shown.
pub fn content() -> Result<Content, ApiError> {
    use_context::<PageData>().map_or(Ok(Content::Nothing), |sent| sent.content)
}
