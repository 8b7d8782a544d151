//! Selects cameras: all, one or several. The checkboxes in a native disclosure work without script. With script they can be
//! searched, and each shows its number of events.

use std::collections::{BTreeSet, HashMap};

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::form_state::select_camera;
use super::selection::Selection;
use crate::api::cameras::Camera;
use crate::api::preview::CameraCount;
use crate::error::ApiError;
use crate::export_params::{Delimiter, ExportParams};
use crate::functions::preview::count_cameras;
use crate::i18n::export::Texts;
use crate::ui::controls::disclosure::Disclosure;
use crate::ui::{browser, page_data};

/// From this number of cameras on, there is a search field.
const MIN_SEARCHED: usize = 8;

/// The search among the cameras.
#[derive(Clone, Copy)]
struct Search {
    /// The shown name of each camera. An id counts only where it is shown, for a camera without a name.
    all: StoredValue<Vec<String>>,
    /// The same in lower case. Filled in after hydration.
    lowercase: StoredValue<Vec<String>>,
    /// The text to find, in lower case.
    query: RwSignal<String>,
}

impl Search {
    fn new(named: &[(String, String)]) -> Self {
        let all = StoredValue::new(named.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
        let search = Self { all, lowercase: StoredValue::new(Vec::new()), query: RwSignal::new(String::new()) };
        Effect::new(move || search.index());
        search
    }

    /// Prepares the texts to search.
    fn index(self) {
        let lowercase = self.all.with_value(|all| all.iter().map(|text| browser::lowercase(text)).collect());
        self.lowercase.set_value(lowercase);
    }

    fn set_query(self, text: &str) {
        self.query.set(browser::lowercase(text));
    }

    fn matches(self, index: usize) -> bool {
        self.query.with(|query| {
            let has_query = |text: &String| text.contains(query.trim());
            query.is_empty() || self.lowercase.with_value(|texts| texts.get(index).is_none_or(has_query))
        })
    }

    /// Returns the indices of the cameras that match.
    fn found(self) -> Vec<usize> {
        (0..self.all.with_value(Vec::len)).filter(|index| self.matches(*index)).collect()
    }
}

/// Returns the cameras to list with their ids: the known ones, followed by selected ones that do not exist. Those must be
/// listed, because without them the form would request all cameras.
fn listed_cameras(
    known: Vec<Camera>,
    selected: &BTreeSet<String>,
    name: impl Fn(&Camera) -> String,
) -> Vec<(String, String)> {
    let is_known = |id: &String| known.iter().any(|camera| camera.id == *id);
    let missing: Vec<_> = selected.iter().filter(|id| !is_known(id)).cloned().collect();
    let missing = missing.into_iter().map(|id| Camera { id, name: None });
    known.into_iter().chain(missing).map(|camera| (name(&camera), camera.id)).collect()
}

/// The cameras to select from.
#[component]
pub fn CameraSelect(
    /// All cameras.
    cameras: Vec<Camera>,
    /// The form.
    selection: Selection,
    /// The parameters of the export.
    params: Signal<Result<ExportParams, ApiError>>,
) -> impl IntoView {
    let language = page_data::language();
    let texts = language.export();
    let selected = selection.cameras;
    selection.hydrate_cameras();
    let disclosure = Disclosure::closed();
    let is_open = disclosure.is_open;
    let counts = counts(is_open, params);
    let known = cameras.len();
    let listed = listed_cameras(cameras, &selected.get_untracked(), |camera| language.camera(camera));
    let search = Search::new(&listed);
    let summary = {
        let names: HashMap<_, _> = listed.iter().map(|(name, id)| (id.clone(), name.clone())).collect();
        move || selected.with(|selected| summary(selected, &names, known, texts))
    };
    let field = (listed.len() >= MIN_SEARCHED).then(|| {
        let ids = StoredValue::new(listed.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>());
        let select_found = move || {
            selected.set(ids.with_value(|ids| search.found().into_iter().map(|index| ids[index].clone()).collect()));
        };
        search_field(search, select_found)
    });
    let rows = listed.into_iter().enumerate().map(|(index, (name, id))| {
        let counted = id.clone();
        let events = move || {
            let count = |counts: &HashMap<String, u64>| counts.get(&counted).copied().unwrap_or_default();
            counts.with(|counts| counts.as_ref().map(|counts| language.events(count(counts))))
        };
        view! { <li hidden=move || !search.matches(index)>{row(name, id, selected, events)}</li> }
    });
    let key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            disclosure.close();
            browser::focus(".picker > summary");
        }
    };
    view! {
        <div class="field">
            <span id="cameras-label" class="label">{texts.cameras}</span>
            <details
                class="picker"
                node_ref=disclosure.details
                on:keydown=key
                on:toggle=move |_| disclosure.sync()
            >
                <summary aria-labelledby="cameras-label cameras-chosen">
                    <span id="cameras-chosen">{summary}</span>
                </summary>
                <div class="backdrop" on:click=move |_| disclosure.close()></div>
                // Focusable, so that a click on its empty area keeps the focus inside.
                <div class="popover picker__panel" role="group" aria-labelledby="cameras-label" tabindex="-1">
                    {field}
                    <p class="hint without-script">{texts.cameras_hint}</p>
                    <ul>
                        <li>
                            <label class="check picker__all">
                                // An empty id stands for all cameras.
                                <input
                                    type="checkbox"
                                    name="camera_id"
                                    value=""
                                    checked=selected.with_untracked(BTreeSet::is_empty)
                                    prop:checked=move || selected.with(BTreeSet::is_empty)
                                    on:change:target=move |event| {
                                        selected.set(BTreeSet::new());
                                        event.target().set_checked(true);
                                    }
                                />
                                <span class="picker__name">{texts.all_cameras}</span>
                            </label>
                        </li>
                        {rows.collect_view()}
                    </ul>
                </div>
            </details>
        </div>
    }
}

/// The search field, and a button that selects all cameras found.
fn search_field(search: Search, select_found: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let texts = page_data::language().export();
    let found = Memo::new(move |_| search.found().len());
    let field = NodeRef::<leptos::html::Input>::new();
    let read = move || search.set_query(&field.get_untracked().map(|field| field.value()).unwrap_or_default());
    // The user may have begun to type before hydration.
    Effect::new(read);
    let is_empty = move || search.query.with(String::is_empty);
    let status = move || (!is_empty()).then(|| (texts.cameras_found)(found.get()));
    view! {
        <div class="picker__search needs-script">
            <input
                type="search"
                aria-label=texts.search_cameras
                placeholder=texts.search_cameras
                autocomplete="off"
                // Belongs to no form, because the Enter key would submit it.
                form=""
                node_ref=field
                on:input=move |_| read()
            />
            <button
                type="button"
                class="quiet"
                on:click=move |_| select_found()
                disabled=move || is_empty() || found.get() == 0
            >
                {texts.select_found}
            </button>
            <p class="hint" role="status">{status}</p>
        </div>
    }
}

/// A camera with its checkbox and its number of events.
fn row(
    name: String,
    id: String,
    selected: RwSignal<BTreeSet<String>>,
    events: impl Fn() -> Option<String> + Send + 'static,
) -> impl IntoView {
    let (value, own, initial) = (id.clone(), id.clone(), selected.with_untracked(|selected| selected.contains(&id)));
    let is_selected = move || selected.with(|selected| selected.contains(&own));
    let select = move |is_checked: bool| selected.update(|selected| select_camera(selected, &id, is_checked));
    view! {
        <label class="check">
            <input
                type="checkbox"
                name="camera_id"
                value=value
                checked=initial
                prop:checked=is_selected
                on:change:target=move |event| select(event.target().checked())
            />
            <span class="picker__name">{name}</span>
            <span class="picker__count">{events}</span>
        </label>
    }
}

/// The number of events by the id of the camera.
type Counts = HashMap<String, u64>;

/// Decides when the events of the cameras are counted.
#[derive(Debug, Default)]
struct CountRequests {
    /// The query that is counted or being counted.
    current: Option<String>,
}

impl CountRequests {
    /// Takes note of the query to count. Returns whether it must be requested.
    fn next(&mut self, query: Option<&str>) -> bool {
        let is_new = query.is_some() && query != self.current.as_deref();
        if is_new || query.is_none() {
            self.current = query.map(str::to_owned);
        }
        is_new
    }

    /// Returns the counts if they are of the current query. After a failure, the next change requests them again.
    fn accept(&mut self, query: &str, result: Result<Vec<CameraCount>, ApiError>) -> Option<Counts> {
        if self.current.as_deref() != Some(query) {
            return None;
        }
        let Ok(counts) = result else {
            self.current = None;
            return None;
        };
        Some(counts.into_iter().map(|count| (count.id, count.events)).collect())
    }
}

/// Returns the query that counts the events of all cameras in the range of an export.
fn count_query(params: ExportParams) -> String {
    let delimiter = Delimiter::Comma;
    ExportParams { camera_ids: Vec::new(), delimiter, bom: false, excel_date: false, ..params }.to_query()
}

/// Counts the events of each camera in the selected range while the disclosure is open. `None` while the counts are unknown.
fn counts(is_open: RwSignal<bool>, params: Signal<Result<ExportParams, ApiError>>) -> RwSignal<Option<Counts>> {
    let counts = RwSignal::new(None);
    // An invalid range cannot be counted.
    let query = Memo::new(move |_| is_open.get().then(|| params.get().ok().map(count_query)));
    let requests = StoredValue::new(CountRequests::default());
    Effect::new(move |_| {
        let Some(query) = query.get() else { return };
        let must_request = requests.try_update_value(|requests| requests.next(query.as_deref())).unwrap_or_default();
        if must_request || query.is_none() {
            counts.set(None);
        }
        let Some(query) = query.filter(|_| must_request) else { return };
        spawn_local(async move {
            let result = count_cameras(query.clone()).await;
            if let Some(counted) = requests.try_update_value(|requests| requests.accept(&query, result)).flatten() {
                counts.set(Some(counted));
            }
        });
    });
    counts
}

/// Returns the selected cameras in one line.
fn summary(selected: &BTreeSet<String>, names: &HashMap<String, String>, known: usize, texts: &Texts) -> String {
    match selected.first() {
        None => (texts.all_of_cameras)(known),
        Some(one) if selected.len() == 1 => names.get(one).unwrap_or(one).clone(),
        Some(_) => (texts.some_cameras)(selected.len(), known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::language::Language;
    use crate::api::page::Content;
    use crate::i18n::export::{ENGLISH, GERMAN};
    use crate::ui::test_support::{form_data, render, with_owner};

    #[test]
    fn the_selection_is_summarized_in_one_line() {
        let names = HashMap::from([("a".to_owned(), "Front".to_owned()), ("b".to_owned(), "Back".to_owned())]);
        let line =
            |selected: &[&str]| summary(&selected.iter().map(ToString::to_string).collect(), &names, 2, &ENGLISH);
        assert_eq!(line(&[]), "All Cameras (2)");
        assert_eq!(line(&["a"]), "Front");
        assert_eq!(line(&["unknown"]), "unknown");
        assert_eq!(line(&["a", "b"]), "2 of 2 cameras");
        assert_eq!(summary(&BTreeSet::new(), &names, 1_000, &ENGLISH), "All Cameras (1,000)");
        assert_eq!(summary(&BTreeSet::new(), &names, 1_000, &GERMAN), "Alle Kameras (1.000)");
    }

    #[test]
    fn cameras_are_found_by_what_is_shown_in_any_case() {
        with_owner(|| {
            let camera = |name: &str, id: &str| (name.to_owned(), id.to_owned());
            let search = Search::new(&[
                camera("Front Door", "cam-1"),
                camera("GARAGE", "cam-2"),
                camera("Tür", "x"),
                camera("cam-4 (no longer exists)", "cam-4"),
            ]);
            let find = |text: &str| {
                search.set_query(text);
                untrack(|| search.found())
            };
            assert_eq!(find("garage"), [0, 1, 2, 3], "all match until the texts are prepared");
            search.index();
            assert_eq!(find(""), [0, 1, 2, 3]);
            assert_eq!(find("garage"), [1]);
            assert_eq!(find(" CAM-"), [3], "no id that is not shown");
            assert_eq!(find("TÜR"), [2]);
            assert_eq!(find("no such camera"), [0; 0]);
        });
    }

    #[test]
    fn a_selected_camera_that_does_not_exist_is_listed() {
        let selected = BTreeSet::from(["cam-1".to_owned(), "gone".to_owned()]);
        let listed = listed_cameras(form_data().cameras, &selected, |camera| Language::English.camera(camera));
        let ids: Vec<_> = listed.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, ["cam-1", "cam-2", "gone"]);
        assert_eq!(listed[2].0, "gone (no longer exists)");
    }

    #[test]
    fn events_are_counted_once_for_each_range_and_again_after_a_failure() {
        let mut requests = CountRequests::default();
        assert!(requests.next(Some("a")));
        assert!(!requests.next(Some("a")), "it is being counted");
        assert!(requests.next(Some("b")));
        let count = |events| Ok(vec![CameraCount { id: "cam-1".to_owned(), events }]);
        assert_eq!(requests.accept("a", count(1)), None, "another range was chosen meanwhile");
        assert_eq!(requests.accept("b", count(2)), Some(HashMap::from([("cam-1".to_owned(), 2)])));
        assert!(!requests.next(Some("b")));
        assert_eq!(requests.accept("b", Err(ApiError::internal())), None);
        assert!(requests.next(Some("b")), "the request failed");
        assert!(!requests.next(None), "the range is invalid");
        assert!(requests.next(Some("b")));
    }

    #[test]
    fn events_are_counted_for_all_cameras() {
        let params = ExportParams::parse("camera_id=a&start_date=2025-12-01&bom=true").expect("valid");
        assert_eq!(ExportParams::parse(&count_query(params)), ExportParams::parse("start_date=2025-12-01"));
    }

    #[test]
    fn a_long_list_can_be_searched_and_a_short_one_not() {
        let html = |count: usize| {
            let camera = |number| Camera { id: format!("cam-{number}"), name: Some(format!("<{number}>")) };
            let cameras: Vec<_> = (0..count).map(camera).collect();
            render(Language::English, Content::Nothing, move || {
                let selection = Selection::new(&form_data());
                selection.cameras.set(BTreeSet::from(["cam-1".to_owned()]));
                view! { <CameraSelect cameras selection params=Signal::derive(move || selection.params())/> }
            })
        };
        let short = html(MIN_SEARCHED - 1);
        assert!(!short.contains("type=\"search\""), "{short}");
        for part in [
            "<span id=\"cameras-chosen\">&lt;1&gt;</span>",
            "name=\"camera_id\" value=\"\">",
            "name=\"camera_id\" value=\"cam-0\">",
            "name=\"camera_id\" value=\"cam-1\" checked",
        ] {
            assert!(short.contains(part), "{part} in {short}");
        }
        let long = html(MIN_SEARCHED);
        assert!(long.contains("type=\"search\"") && long.contains("Select all"), "{long}");
    }
}
