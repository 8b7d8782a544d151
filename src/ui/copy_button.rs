//! A button that copies what a field holds.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{browser, page_data};

/// Copies the value of a field, and says that it did. Where the browser does not allow it, the value is selected, and the
/// keyboard's own copy works.
#[component]
pub fn CopyButton(
    /// The field's id.
    #[prop(into)]
    of: String,
    /// What the button is called, where there are several.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    let words = page_data::language().copying();
    let told = RwSignal::new("");
    let copy = move |_| {
        let of = of.clone();
        spawn_local(async move {
            let copied = browser::copy(&browser::value_of(&of).unwrap_or_default()).await;
            if !copied {
                browser::select(&of);
            }
            told.set(if copied { words.copied } else { words.selected });
        });
    };
    view! {
        <button type="button" class="needs-script" aria-label=label on:click=copy>{words.copy}</button>
        <span role="status">{move || told.get()}</span>
    }
}
