//! Selects the time zone in which days are counted and timestamps are written.

use std::fmt::Write;

use leptos::prelude::*;

use super::selection::Selection;
use crate::ui::page_data;

/// A select of all time zones.
///
/// `timezones`: their names. The server writes them into the page. In the browser the list is empty, and the options of the
/// page stay.
pub fn timezone_select(timezones: &[String], selection: Selection) -> impl IntoView + use<> {
    let value = selection.timezone;
    selection.hydrate_timezones();
    // As one piece of HTML: hydrating six hundred options took a phone a third of a second.
    let options = options(timezones, &value.get_untracked());
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

/// Returns the options as HTML. Names with characters that would need escaping are skipped; no time zone has one.
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
    fn the_selected_time_zone_is_marked_and_markup_is_skipped() {
        let names = ["UTC", "America/Los_Angeles", "<script>"].map(str::to_owned);
        assert_eq!(
            options(&names, "America/Los_Angeles"),
            "<option value=\"UTC\">UTC</option>\
             <option value=\"America/Los_Angeles\" selected>America/Los Angeles</option>"
        );
    }
}
