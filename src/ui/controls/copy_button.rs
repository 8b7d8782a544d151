//! A button that copies the value of a field.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ui::{browser, page_data};

/// Copies the value of a field and confirms it. If the browser refuses access to the clipboard, selects the value, so that
/// the keyboard shortcut copies it.
#[component]
pub fn CopyButton(
    /// The field's id.
    #[prop(into)]
    of: String,
    /// The accessible name of the button, if the page has several.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    let texts = page_data::language().copying();
    let status = RwSignal::new("");
    let copy = move |_| {
        let of = of.clone();
        spawn_local(async move {
            let is_copied = browser::copy(&browser::value_of(&of).unwrap_or_default()).await;
            if !is_copied {
                browser::select(&of);
            }
            status.set(if is_copied { texts.copied } else { texts.selected });
        });
    };
    view! {
        <button type="button" class="needs-script" aria-label=label on:click=copy>{texts.copy}</button>
        <span role="status">{move || status.get()}</span>
    }
}
