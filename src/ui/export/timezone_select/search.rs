//! Finds a time zone by a part of its name, of an old name, or by its offset.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::ui::{browser, page_data};

/// How many zones are shown.
const MAX_SHOWN: usize = 8;

/// A time zone to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Zone {
    name: String,
    text: String,
    /// Its text, its name and its aliases, as [`browser::searchable`] writes them.
    searchable: String,
}

impl Zone {
    fn new([name, text, aliases]: [String; 3]) -> Self {
        let searchable = browser::searchable(&format!("{text} {name} {aliases}").replace('_', " "));
        Self { name, text, searchable }
    }
}

/// Returns the zones that contain all words of a query, those that begin with it first.
fn find(zones: Vec<Zone>, query: &str) -> Vec<Zone> {
    let query = browser::searchable(&query.replace('_', " "));
    let words: Vec<_> = query.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let matching = zones.into_iter().filter(|zone| words.iter().all(|word| zone.searchable.contains(word)));
    let (mut first, others): (Vec<_>, Vec<_>) = matching.partition(|zone| zone.searchable.starts_with(query.trim()));
    first.extend(others);
    first
}

/// The search field with the zones that it finds. Choosing one sets `chosen`.
pub fn timezone_search(chosen: RwSignal<String>) -> impl IntoView {
    let texts = page_data::language().timezones();
    let field = NodeRef::<leptos::html::Input>::new();
    // `None` while nothing is typed.
    let found = RwSignal::new(None::<Vec<Zone>>);
    let query = move || field.get_untracked().map(|field| field.value()).unwrap_or_default();
    let search = move || {
        let query = query();
        let zones = || browser::options("timezone").into_iter().map(Zone::new).collect();
        found.set((!query.trim().is_empty()).then(|| find(zones(), &query)));
    };
    let clear = move || {
        browser::set_value("find-timezone", "");
        found.set(None);
    };
    let choose = move |name: String| {
        chosen.set(name);
        clear();
        browser::focus("#timezone");
    };
    let key = move |event: KeyboardEvent| match &*event.key() {
        "Enter" => {
            event.prevent_default();
            let first = found.with_untracked(|found| Some(found.as_ref()?.first()?.name.clone()));
            first.into_iter().for_each(choose);
        }
        "Escape" => clear(),
        _ => {}
    };
    // The user may have begun to type before hydration.
    Effect::new(search);
    let status = move || found.with(|found| found.as_ref().map(|found| (texts.found)(found.len())));
    let shown = move || found.get().unwrap_or_default().into_iter().take(MAX_SHOWN);
    let buttons = move || {
        let button = |zone: Zone| {
            let name = zone.name;
            view! { <li><button type="button" class="quiet" on:click=move |_| choose(name.clone())>{zone.text}</button></li> }
        };
        shown().map(button).collect_view()
    };
    view! {
        <div class="zone-search needs-script">
            <input
                id="find-timezone"
                type="search"
                aria-label=texts.find
                placeholder=texts.find
                autocomplete="off"
                // Belongs to no form, because the Enter key would submit it.
                form=""
                node_ref=field
                on:input=move |_| search()
                on:keydown=key
            />
            <p class="hint" role="status">{status}</p>
            <ul hidden=move || found.with(Option::is_none)>{buttons}</ul>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_city_old_name_and_offset_and_those_that_begin_so_come_first() {
        let zones = || {
            [
                ("Africa/Johannesburg", "Johannesburg (UTC+02:00)", ""),
                ("America/New_York", "New York (UTC-05:00)", "US/Eastern EST5EDT"),
                ("Asia/Kolkata", "Kolkata (UTC+05:30)", "Asia/Calcutta"),
                ("Europe/Berlin", "Berlin (UTC+01:00)", ""),
                ("Pacific/Bougainville", "Bougainville (UTC+11:00)", ""),
            ]
            .map(|zone| Zone::new([zone.0, zone.1, zone.2].map(str::to_owned)))
            .to_vec()
        };
        let names = |query: &str| find(zones(), query).into_iter().map(|zone| zone.name).collect::<Vec<_>>();
        assert_eq!(names("b"), ["Europe/Berlin", "Pacific/Bougainville", "Africa/Johannesburg"]);
        assert_eq!(names(" new YORK "), ["America/New_York"]);
        assert_eq!(names("us eastern"), ["America/New_York"]);
        assert_eq!(names("calcutta"), ["Asia/Kolkata"]);
        assert_eq!(names("+05:30"), ["Asia/Kolkata"]);
        assert_eq!(names("America/New_York"), ["America/New_York"]);
        assert_eq!(names("atlantis"), [""; 0]);
        assert_eq!(names(" "), [""; 0]);
    }
}
