//! A button that copies the value of a field.

use leptos::prelude::*;

use crate::ui::page_data;

/// Copies the value of a field and confirms it. If the browser refuses access to the clipboard, selects the value, so that
/// the keyboard shortcut copies it. `src/app/common.js` does it, so that the button works before the page is hydrated.
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
    view! {
        <button
            type="button"
            class="needs-script"
            aria-label=label
            data-copies=of
            data-copied=texts.copied
            data-selected=texts.selected
        >
            {texts.copy}
        </button>
        <span role="status"></span>
    }
}

/// A text that cannot be changed, with a button that copies it.
#[component]
pub fn CopyField(
    /// The field's id.
    id: &'static str,
    /// The accessible name of the field.
    label: &'static str,
    /// The text.
    value: String,
    /// The class of the field, for its looks.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <span class="copyable">
            <input id=id class=class aria-label=label readonly value=value/>
            <CopyButton of=id/>
        </span>
    }
}
