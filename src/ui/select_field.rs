//! A labelled select: the browser's own, so that it works without script and with every keyboard and screen reader.

use leptos::prelude::*;

/// A select with its label. The children are its options.
#[component]
pub fn SelectField(
    /// Names the select to its label.
    id: &'static str,
    /// Names its value to the server.
    name: &'static str,
    /// For people.
    label: &'static str,
    /// The value of the chosen option.
    value: RwSignal<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select
                id=id
                name=name
                prop:value=move || value.get()
                on:change:target=move |event| value.set(event.target().value())
            >
                {children()}
            </select>
        </div>
    }
}
