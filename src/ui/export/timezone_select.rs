//! In which time zone days are counted and timestamps written.

use std::fmt::Write;

use leptos::prelude::*;

use super::selection::Selection;
use crate::ui::page_data;

/// A select of all zones.
#[component]
pub fn TimezoneSelect(
    /// The names to choose from. The server knows them and writes them into the page; in the browser there are none, and
    /// those of the page stay.
    timezones: Vec<String>,
    /// Where the chosen one is.
    selection: Selection,
) -> impl IntoView {
    let value = selection.timezone;
    selection.timezones_come_alive();
    // As one piece: to bring six hundred options to life took a phone a third of a second.
    let options = options(&timezones, &value.get_untracked());
    view! {
        <div class="field">
            <label for="timezone">{page_data::language().export().timezone}</label>
            <select
                id="timezone"
                name="timezone"
                prop:value=move || value.get()
                on:change:target=move |event| value.set(event.target().value())
                inner_html=options
            ></select>
        </div>
    }
}

/// The options as HTML. The names of zones have no character that would have to be escaped.
fn options(timezones: &[String], chosen: &str) -> String {
    let mut html = String::new();
    let plain = |name: &&String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    for name in timezones.iter().filter(plain) {
        let selected = if name == chosen { " selected" } else { "" };
        let _ = write!(html, "<option value=\"{name}\"{selected}>{}</option>", name.replace('_', " "));
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_offered_with_the_chosen_one_selected_and_nothing_else_gets_into_the_page() {
        let names = ["UTC", "America/Los_Angeles", "<script>"].map(str::to_owned);
        assert_eq!(
            options(&names, "America/Los_Angeles"),
            "<option value=\"UTC\">UTC</option>\
             <option value=\"America/Los_Angeles\" selected>America/Los Angeles</option>"
        );
    }
}
