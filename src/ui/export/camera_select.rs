//! Which cameras to export: all, one or several. Boxes to tick in a part of the page that unfolds, all of it the browser's
//! own, so it works without script; with script, they can be searched and each says how many events it has.

use std::collections::{BTreeSet, HashMap};

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::selection::Selection;
use crate::api::cameras::Camera;
use crate::error::ApiError;
use crate::export_params::ExportParams;
use crate::functions::preview::count_cameras;
use crate::i18n::export::Texts;
use crate::ui::disclosure::Disclosure;
use crate::ui::{browser, page_data};

/// From so many cameras on, it is quicker to search than to look.
const SEARCHED_FROM: usize = 8;

/// Which cameras are looked for, of all.
#[derive(Clone, Copy)]
struct Search {
    /// What each is found by: name and id.
    all: StoredValue<Vec<String>>,
    /// The same in small letters. Filled in the browser, where it is needed.
    searched: StoredValue<Vec<String>>,
    sought: RwSignal<String>,
}

impl Search {
    fn new(named: &[(String, String)]) -> Self {
        let all = StoredValue::new(named.iter().map(|(name, id)| format!("{name}\n{id}")).collect::<Vec<_>>());
        let searched = StoredValue::new(Vec::new());
        Effect::new(move || {
            searched.set_value(all.with_value(|all| all.iter().map(|text| browser::lowercase(text)).collect()));
        });
        Self { all, searched, sought: RwSignal::new(String::new()) }
    }

    fn finds(self, place: usize) -> bool {
        self.sought.with(|sought| {
            let is_in = |text: &String| text.contains(sought.trim());
            sought.is_empty() || self.searched.with_value(|searched| searched.get(place).is_none_or(is_in))
        })
    }

    /// The places of those that are found.
    fn found(self) -> Vec<usize> {
        (0..self.all.with_value(Vec::len)).filter(|place| self.finds(*place)).collect()
    }
}

/// The cameras to choose from.
#[component]
pub fn CameraSelect(
    /// All that there are.
    cameras: Vec<Camera>,
    /// Where the chosen ones are.
    selection: Selection,
    /// The export that they are for.
    params: Signal<Result<ExportParams, ApiError>>,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    let chosen = selection.cameras;
    selection.cameras_come_alive();
    let fold = Disclosure::folded();
    let is_open = fold.is_open;
    let counts = counts(is_open, params);
    // One that is named by the address and not there is a row as well: it can be taken out, and it goes with the form, whose
    // file would otherwise be of all cameras.
    let is_known = |id: &String| cameras.iter().any(|camera| camera.id == *id);
    let unknown = chosen.with_untracked(|chosen| chosen.iter().filter(|id| !is_known(id)).cloned().collect::<Vec<_>>());
    let known = cameras.len();
    let cameras = cameras.into_iter().chain(unknown.into_iter().map(|id| Camera { id, name: None }));
    let named: Vec<_> = cameras.map(|camera| (language.camera(&camera), camera.id)).collect();
    let search = Search::new(&named);
    let summary = {
        let called: HashMap<_, _> = named.iter().map(|(name, id)| (id.clone(), name.clone())).collect();
        move || chosen.with(|chosen| summary(chosen, &called, known, words))
    };
    let field = (named.len() >= SEARCHED_FROM).then(|| {
        let ids = StoredValue::new(named.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>());
        let choose = move || {
            chosen.set(ids.with_value(|ids| search.found().into_iter().map(|place| ids[place].clone()).collect()));
        };
        view! { <SearchField search choose/> }
    });
    let rows = named.into_iter().enumerate().map(|(place, (name, id))| {
        let counted = id.clone();
        let events = move || {
            let count = |counts: &HashMap<String, u64>| counts.get(&counted).copied().unwrap_or_default();
            counts.with(|counts| counts.as_ref().map(|counts| language.events(count(counts))))
        };
        view! { <li hidden=move || !search.finds(place)>{row(name, id, chosen, events)}</li> }
    });
    let key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            fold.close();
            browser::focus(".picker > summary");
        }
    };
    view! {
        <div class="field">
            <span id="cameras-label" class="label">{words.cameras}</span>
            <details
                class="picker"
                node_ref=fold.details
                on:keydown=key
                on:toggle=move |_| fold.look()
            >
                <summary aria-labelledby="cameras-label cameras-chosen">
                    <span id="cameras-chosen">{summary}</span>
                </summary>
                <Show when=move || is_open.get()>
                    <div class="backdrop" on:click=move |_| fold.close()></div>
                </Show>
                // A click where nothing is leaves the keyboard within.
                <div class="popover picker__panel" role="group" aria-labelledby="cameras-label" tabindex="-1">
                    {field}
                    <p class="hint without-script">{words.ticked_cameras}</p>
                    <ul>
                        <li>
                            <label class="check picker__all">
                                // Without a value it says nothing, so all are meant.
                                <input
                                    type="checkbox"
                                    name="camera_id"
                                    value=""
                                    checked=chosen.with_untracked(BTreeSet::is_empty)
                                    prop:checked=move || chosen.with(BTreeSet::is_empty)
                                    on:change:target=move |event| {
                                        chosen.set(BTreeSet::new());
                                        event.target().set_checked(true);
                                    }
                                />
                                <span class="picker__name">{words.all_cameras}</span>
                            </label>
                        </li>
                        {rows.collect_view()}
                    </ul>
                </div>
            </details>
        </div>
    }
}

/// What to look for, and a button that chooses all that is found.
#[component]
fn SearchField(search: Search, choose: impl Fn() + Copy + 'static) -> impl IntoView {
    let words = page_data::language().export();
    let found = Memo::new(move |_| search.found().len());
    let field = NodeRef::<leptos::html::Input>::new();
    let look = move || {
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        search.sought.set(browser::lowercase(&text));
    };
    // Somebody may have begun to type before this was alive.
    Effect::new(look);
    let is_bare = move || search.sought.with(String::is_empty);
    let told = move || (!is_bare()).then(|| (words.cameras_found)(found.get()));
    view! {
        <div class="picker__search needs-script">
            <input
                type="search"
                aria-label=words.search_cameras
                placeholder=words.search_cameras
                autocomplete="off"
                // Of no form, which Enter would send.
                form=""
                node_ref=field
                on:input=move |_| look()
            />
            <button type="button" class="quiet" on:click=move |_| choose() disabled=move || is_bare() || found.get() == 0>
                {words.choose_found}
            </button>
            <p class="hint" role="status">{told}</p>
        </div>
    }
}

/// A camera with its box to tick, and its number of events.
fn row(
    name: String,
    id: String,
    chosen: RwSignal<BTreeSet<String>>,
    events: impl Fn() -> Option<String> + Send + 'static,
) -> impl IntoView {
    let (value, asked, there) = (id.clone(), id.clone(), chosen.with_untracked(|chosen| chosen.contains(&id)));
    let is_chosen = move || chosen.with(|chosen| chosen.contains(&asked));
    let choose = move |is_ticked: bool| {
        chosen.update(|chosen| {
            if is_ticked {
                chosen.insert(id.clone())
            } else {
                chosen.remove(&id)
            };
        });
    };
    view! {
        <label class="check">
            <input
                type="checkbox"
                name="camera_id"
                value=value
                checked=there
                prop:checked=is_chosen
                on:change:target=move |event| choose(event.target().checked())
            />
            <span class="picker__name">{name}</span>
            <span class="picker__count">{events}</span>
        </label>
    }
}

/// How many events each camera has in the range, counted while the cameras are unfolded. `None` while it is not known.
fn counts(
    is_open: RwSignal<bool>,
    params: Signal<Result<ExportParams, ApiError>>,
) -> RwSignal<Option<HashMap<String, u64>>> {
    let counts = RwSignal::new(None);
    // Of all cameras, whichever are chosen. Nothing can be counted where the range is wrong.
    let wanted = Memo::new(move |_| {
        let of_all =
            |params| ExportParams { camera_ids: Vec::new(), bom: false, excel_date: false, ..params }.to_query();
        is_open.get().then(|| params.get().ok().map(of_all))
    });
    let known = StoredValue::new(None::<String>);
    Effect::new(move |_| {
        let Some(wanted) = wanted.get() else { return };
        let Some(query) = wanted else {
            known.set_value(None);
            return counts.set(None);
        };
        if known.with_value(|known| known.as_ref() == Some(&query)) {
            return;
        }
        known.set_value(Some(query.clone()));
        counts.set(None);
        spawn_local(async move {
            let counted = count_cameras(query.clone()).await;
            // Another range may have been chosen meanwhile.
            if known.try_with_value(|known| known.as_ref() == Some(&query)) == Some(true) {
                match counted {
                    Ok(counted) => {
                        counts.set(Some(counted.into_iter().map(|count| (count.id, count.events)).collect()));
                    }
                    // To be asked again.
                    Err(_) => known.set_value(None),
                }
            }
        });
    });
    counts
}

/// What is chosen of so many cameras that there are, in a line.
fn summary(chosen: &BTreeSet<String>, names: &HashMap<String, String>, known: usize, words: &Texts) -> String {
    match chosen.first() {
        None => (words.all_of_cameras)(known),
        Some(one) if chosen.len() == 1 => names.get(one).unwrap_or(one).clone(),
        Some(_) => (words.some_cameras)(chosen.len(), known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::export::{ENGLISH, GERMAN};

    #[test]
    fn what_is_chosen_is_told_in_a_line() {
        let names = HashMap::from([("a".to_owned(), "Front".to_owned()), ("b".to_owned(), "Back".to_owned())]);
        let told = |chosen: &[&str]| summary(&chosen.iter().map(ToString::to_string).collect(), &names, 2, &ENGLISH);
        assert_eq!(told(&[]), "All Cameras (2)");
        assert_eq!(told(&["a"]), "Front");
        assert_eq!(told(&["unknown"]), "unknown");
        assert_eq!(told(&["a", "b"]), "2 of 2 cameras");
        assert_eq!(summary(&BTreeSet::new(), &names, 1_000, &ENGLISH), "All Cameras (1,000)");
        assert_eq!(summary(&BTreeSet::new(), &names, 1_000, &GERMAN), "Alle Kameras (1.000)");
    }
}
