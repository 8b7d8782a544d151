//! Selects the time zone in which days are counted and timestamps are written: a native select, which works without script, and
//! a search field beside it.

use std::fmt::Write;

use leptos::prelude::*;

use self::offset::zone_text;
use self::search::timezone_search;
use super::selection::Selection;
use crate::api::export_form::{OfferedTimezone, OfferedTimezones};
use crate::i18n::timezones::Texts;
use crate::ui::page_data;
use crate::ui::table_html::escape_html;

mod offset;
mod search;

/// A select of time zones, and its search field.
///
/// `timezones`: the server writes them into the page. In the browser there are none here, and the options of the page stay.
pub fn timezone_select(timezones: &OfferedTimezones, selection: Selection) -> impl IntoView + use<> {
    let value = selection.timezone;
    selection.hydrate_timezones();
    offset::keep_current(selection);
    // As one piece of HTML: hydrating four hundred options took a phone a third of a second.
    let options = options(timezones, &value.get_untracked(), page_data::language().timezones());
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
            {timezone_search(value)}
        </div>
    }
}

/// Returns the options as HTML: a first group with the user's own zone and UTC, and one group for each region of the world.
fn options(timezones: &OfferedTimezones, chosen: &str, texts: &Texts) -> String {
    let mut html = String::new();
    group(&mut html, texts.own, &timezones.first, chosen);
    for region in timezones.others.chunk_by(|zone, next| region_of(zone) == region_of(next)) {
        let name = region.first().map(region_of).unwrap_or_default();
        let named = texts.regions.iter().find(|(known, _)| *known == name);
        group(&mut html, named.map_or(name, |(_, name)| name), region, chosen);
    }
    html
}

fn region_of(zone: &OfferedTimezone) -> &str {
    zone.name.split('/').next().unwrap_or_default()
}

fn group(html: &mut String, label: &str, zones: &[OfferedTimezone], chosen: &str) {
    let _ = write!(html, "<optgroup label=\"{}\">", escape_html(label));
    for OfferedTimezone { name, aliases, offsets } in zones {
        let selected = if name == chosen { " selected" } else { "" };
        let aliases =
            if aliases.is_empty() { String::new() } else { format!(" data-alias=\"{}\"", escape_html(aliases)) };
        let text = escape_html(&zone_text(name, *offsets));
        let _ = write!(html, "<option value=\"{}\"{aliases}{selected}>{text}</option>", escape_html(name));
    }
    html.push_str("</optgroup>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::timezones::{ENGLISH, GERMAN};

    fn zone(name: &str, aliases: &str, offsets: [i32; 2]) -> OfferedTimezone {
        OfferedTimezone { name: name.to_owned(), aliases: aliases.to_owned(), offsets }
    }

    #[test]
    fn time_zones_are_grouped_with_the_own_one_first_and_the_selected_one_is_marked() {
        let zones = OfferedTimezones {
            first: vec![zone("Europe/Berlin", "", [60, 60]), zone("UTC", "Zulu", [0, 0])],
            others: vec![
                zone("America/Los_Angeles", "US/Pacific", [-480, -480]),
                zone("America/New_York", "", [-240, -300]),
                zone("Indian/<b>", "", [0, 0]),
            ],
        };
        assert_eq!(
            options(&zones, "America/Los_Angeles", &ENGLISH),
            "<optgroup label=\"Your time zone and UTC\">\
             <option value=\"Europe/Berlin\">Berlin (UTC+01:00)</option>\
             <option value=\"UTC\" data-alias=\"Zulu\">UTC</option></optgroup>\
             <optgroup label=\"America\">\
             <option value=\"America/Los_Angeles\" data-alias=\"US/Pacific\" selected>Los Angeles (UTC-08:00)</option>\
             <option value=\"America/New_York\">New York (UTC-04:00/-05:00)</option></optgroup>\
             <optgroup label=\"Indian Ocean\">\
             <option value=\"Indian/&lt;b&gt;\">&lt;b&gt; (UTC+00:00)</option></optgroup>"
        );
        assert!(options(&zones, "UTC", &GERMAN).contains("<optgroup label=\"Amerika\">"));
    }
}
