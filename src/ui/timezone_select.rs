//! In which time zone days are counted and timestamps written.

use leptos::prelude::*;

use super::browser;
use super::select_field::SelectField;
use crate::export::DEFAULT_TIMEZONE;

/// A select of all zones. UTC until the page is alive, then the browser's own.
#[component]
pub fn TimezoneSelect(
    /// The names to choose from.
    timezones: Vec<String>,
    /// The chosen one.
    value: RwSignal<String>,
) -> impl IntoView {
    let known = timezones.clone();
    Effect::new(move || {
        // Somebody may have chosen a zone before the page came alive.
        let untouched = value.get_untracked() == DEFAULT_TIMEZONE;
        if let Some(own) = browser::timezone().filter(|own| untouched && known.contains(own)) {
            value.set(own);
        }
    });
    let options = timezones.into_iter().map(|name| {
        let label = name.replace('_', " ");
        let selected = name == DEFAULT_TIMEZONE;
        view! { <option value=name selected=selected>{label}</option> }
    });
    view! {
        <SelectField id="timezone" name="timezone" label="Time zone" value>
            {options.collect_view()}
        </SelectField>
    }
}
