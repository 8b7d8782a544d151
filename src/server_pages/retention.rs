//! Retention, for administrators: how long events are kept, holds, and the latest deletions.

use std::collections::{HashMap, HashSet};

use leptos::either::Either;
use leptos::prelude::*;

use super::form::searchable::{LongList, MIN_SEARCHED, Search};
use super::form::{FormOutcome, SelectChoice, TextField};
use crate::api::cameras::Camera;
use crate::api::language::Language;
use crate::api::page::Content;
use crate::api::page::retention::{Deletion, Hold, KeptCamera, RetentionPage};
use crate::api::paths::RETENTION_PATH;
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// The number of events of a hold that are counted.
const COUNTED: u64 = 100_000;

/// The maximum number of cameras that a deletion names.
const NAMED_CAMERAS: usize = 5;

/// The page at `/settings/retention`.
#[component]
pub fn Retention() -> impl IntoView {
    let language = page_data::language();
    let body = match page_data::content() {
        Ok(Content::Retention(page)) => Either::Left(cards(page, language)),
        Ok(_) => Either::Left(cards(RetentionPage::default(), language)),
        Err(error) => Either::Right(view! { <CannotShow error/> }),
    };
    view! {
        <SettingsFrame current=RETENTION_PATH title=language.frame().retention lead=language.retention().lead>
            <FormOutcome/>
            {body}
        </SettingsFrame>
    }
}

fn cards(page: RetentionPage, language: Language) -> impl IntoView {
    let texts = language.retention();
    let RetentionPage { keep_days, cameras, search, holds, deletions, timezone } = page;
    let general = if keep_days == 0 { texts.kept_for_good.to_owned() } else { (texts.kept_for)(keep_days) };
    let choices: Vec<_> = cameras.iter().map(|kept| (kept.camera.id.clone(), language.camera(&kept.camera))).collect();
    let has_cameras = !choices.is_empty();
    let of_days = camera_choice("camera", "camera_name", &choices, false, language);
    // Open if it was refused.
    let is_new_hold = page_data::outcome().is_some_and(|outcome| outcome.filled_in("why").is_some());
    let of_hold = camera_choice("camera_id", "held_camera_name", &choices, true, language);
    view! {
        <div class="card stack">
            <h2 id="kept-title">{texts.how_long}</h2>
            <p>{general} " " {texts.how_to_change}</p>
            {has_cameras.then(|| kept_cameras(cameras, search, keep_days, language))}
        </div>
        {has_cameras.then(|| view! {
            <form class="card stack" method="post" action=RETENTION_PATH aria-labelledby="days-title">
                <h2 id="days-title">{texts.change_days}</h2>
                {of_days}
                {days_field(language)}
                <button class="primary" name="action" value="keep">{texts.save}</button>
            </form>
        })}
        <div class="card stack">
            <h2 id="holds-title">{texts.holds}</h2>
            <p>{texts.holds_lead}</p>
            <LongList id="holds-list" labelled_by="holds-title">{hold_list(holds, language)}</LongList>
        </div>
        <details class="card" open=is_new_hold>
            <summary><h2 id="hold-title">{texts.new_hold}</h2></summary>
            <form class="stack" method="post" action=RETENTION_PATH aria-labelledby="hold-title">
                {of_hold}
                <TextField name="start_date" label=texts.first_day kind="date"/>
                <TextField name="end_date" label=texts.last_day kind="date" hint=(texts.days_in)(&timezone)/>
                <input type="hidden" name="timezone" value=timezone/>
                <TextField name="why" label=texts.why hint=texts.why_hint/>
                <button class="primary" name="action" value="hold">{texts.create_hold}</button>
            </form>
        </details>
        <div class="card stack">
            <h2 id="deletions-title">{texts.deletions}</h2>
            <LongList id="deletions-list" labelled_by="deletions-title">{deletion_list(deletions, language)}</LongList>
        </div>
    }
}

/// Returns a choice of one camera, or of all if `or_all`: a list whose field `id` has an id, or if the list were long, a field
/// `text` with suggestions. `cameras` are ids with their visible names.
fn camera_choice(
    id: &'static str,
    text: &'static str,
    cameras: &[(String, String)],
    or_all: bool,
    language: Language,
) -> impl IntoView + use<> {
    let texts = language.retention();
    if cameras.len() >= MIN_SEARCHED {
        let hint = if or_all { texts.camera_or_all_hint } else { texts.camera_hint };
        let suggestions = suggestions(cameras);
        return Either::Left(view! { <TextField name=text label=texts.camera hint optional=or_all suggestions/> });
    }
    let all = or_all.then(|| (String::new(), texts.all_cameras.to_owned()));
    let options: Vec<_> = all.into_iter().chain(cameras.iter().cloned()).collect();
    let chosen = options.first().map(|(id, _)| id.clone()).unwrap_or_default();
    Either::Right(view! { <SelectChoice name=id label=texts.camera options chosen/> })
}

/// Returns the names of cameras; the id where another camera has the name, in capitals or not, or has it as its id.
fn suggestions(cameras: &[(String, String)]) -> Vec<String> {
    let ids: HashSet<&str> = cameras.iter().map(|(id, _)| &**id).collect();
    let mut uses: HashMap<String, u32> = HashMap::new();
    for (_, name) in cameras {
        *uses.entry(name.to_lowercase()).or_default() += 1;
    }
    let is_unique = |id: &str, name: &str| uses[&name.to_lowercase()] == 1 && (name == id || !ids.contains(name));
    cameras.iter().map(|(id, name)| if is_unique(id, name) { name.clone() } else { id.clone() }).collect()
}

/// Returns the field for the days of a camera, which may be empty.
fn days_field(language: Language) -> impl IntoView {
    let texts = language.retention();
    let value = page_data::outcome().and_then(|outcome| outcome.filled_in("keep_days"));
    view! {
        <div class="field">
            <label for="keep_days">{texts.keep_days}</label>
            <input id="keep_days" name="keep_days" inputmode="numeric" autocomplete="off" value=value aria-describedby="keep_days-hint"/>
            <p class="hint" id="keep_days-hint">{texts.keep_days_hint}</p>
        </div>
    }
}

fn kept_cameras(cameras: Vec<KeptCamera>, search: String, general: u32, language: Language) -> impl IntoView {
    let (texts, forms) = (language.retention(), language.forms());
    let total = cameras.len();
    let cameras: Vec<_> = cameras.into_iter().filter(|camera| camera.is_found).collect();
    let found = cameras.len();
    let rows = cameras.into_iter().map(|KeptCamera { camera, keep_days, deleted_to, .. }| {
        let deleted = deleted_to.map_or_else(|| texts.nothing_deleted.to_owned(), |moment| language.timestamp(&moment));
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">{language.camera(&camera)}</th>
                <td role="cell" data-label=texts.kept>{kept(keep_days, general, language)}</td>
                <td role="cell" data-label=texts.deleted_before>{deleted}</td>
            </tr>
        }
    });
    let head = [texts.camera, texts.kept, texts.deleted_before];
    let table = table("kept-title", &head, false, rows.collect_view().into_any());
    view! {
        <Search action=RETENTION_PATH.to_owned() list="kept-list" label=forms.search_cameras search found total/>
        {(found == 0).then(|| view! { <p>{forms.nothing_found}</p> })}
        <LongList id="kept-list" labelled_by="kept-title">{table}</LongList>
    }
}

/// Returns for how long the events of a camera are kept, as text.
fn kept(own: Option<u32>, general: u32, language: Language) -> String {
    let texts = language.retention();
    let days = |days| if days == 0 { texts.for_good.to_owned() } else { (texts.days)(days) };
    own.map_or_else(|| (texts.as_for_all)(&days(general)), days)
}

fn hold_list(holds: Vec<Hold>, language: Language) -> AnyView {
    let texts = language.retention();
    if holds.is_empty() {
        return view! { <p>{texts.no_holds}</p> }.into_any();
    }
    let rows = holds.into_iter().map(|hold| {
        let camera = hold.camera.map_or_else(|| texts.all_cameras.to_owned(), |camera| language.camera(&camera));
        let range = (texts.range_of)(&language.timestamp(&hold.starts_at), &language.timestamp(&hold.ends_at));
        let events =
            hold.events.map_or_else(|| (texts.more_than)(&language.count(COUNTED)), |events| language.count(events));
        let label = (texts.release_named)(&hold.why);
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">{hold.why}</th>
                <td role="cell" data-label=texts.camera>{camera}</td>
                <td role="cell" data-label=texts.range>{range}</td>
                <td role="cell" data-label=texts.events>{events}</td>
                <td role="cell" data-label=texts.who>{hold.who}</td>
                <td role="cell" data-label=texts.created>{language.timestamp(&hold.created_at)}</td>
                <td role="cell">
                    <form method="post" action=RETENTION_PATH>
                        <input type="hidden" name="hold" value=hold.id/>
                        <button class="quiet danger" name="action" value="release" aria-label=label>{texts.release}</button>
                    </form>
                </td>
            </tr>
        }
    });
    let head = [texts.why, texts.camera, texts.range, texts.events, texts.who, texts.created];
    table("holds-title", &head, true, rows.collect_view().into_any())
}

fn deletion_list(deletions: Vec<Deletion>, language: Language) -> AnyView {
    let texts = language.retention();
    if deletions.is_empty() {
        return view! { <p>{texts.no_deletions}</p> }.into_any();
    }
    let rows = deletions.into_iter().map(|deletion| {
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">
                    {language.timestamp(&deletion.started_at)} {(!deletion.is_finished).then_some(texts.not_finished)}
                </th>
                <td role="cell" data-label=texts.rule>{(texts.rule_of)(deletion.rule)}</td>
                <td role="cell" data-label=texts.deleted_before>{language.timestamp(&deletion.deleted_to)}</td>
                <td role="cell" data-label=texts.events>{language.count(deletion.rows)}</td>
                <td role="cell" data-label=texts.camera>{names(&deletion.cameras, language)}</td>
            </tr>
        }
    });
    let head = [texts.when, texts.rule, texts.deleted_before, texts.events, texts.camera];
    table("deletions-title", &head, false, rows.collect_view().into_any())
}

/// Returns the names of the first cameras, and how many there are besides.
fn names(cameras: &[Camera], language: Language) -> String {
    let mut names: Vec<_> = cameras.iter().take(NAMED_CAMERAS).map(|camera| language.camera(camera)).collect();
    if cameras.len() > NAMED_CAMERAS {
        names.push(format!("+ {}", cameras.len() - NAMED_CAMERAS));
    }
    names.join(", ")
}

/// Returns a table with this heading, these columns, and perhaps a column of buttons.
fn table(title: &'static str, head: &[&'static str], has_buttons: bool, rows: AnyView) -> AnyView {
    let head: Vec<_> =
        head.iter().map(|name| view! { <th scope="col" role="columnheader">{*name}</th> }.into_any()).collect();
    view! {
        <table role="table" aria-labelledby=title>
            <thead role="rowgroup">
                <tr role="row">{head} {has_buttons.then(|| view! { <td role="cell"></td> })}</tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_says_whether_its_days_are_its_own() {
        for (own, general, english, german) in [
            (None, 0, "for good (as for all)", "unbegrenzt (wie für alle)"),
            (None, 30, "30 days (as for all)", "30 Tage (wie für alle)"),
            (Some(0), 30, "for good", "unbegrenzt"),
            (Some(1), 30, "1 day", "1 Tag"),
        ] {
            assert_eq!(kept(own, general, Language::English), english);
            assert_eq!(kept(own, general, Language::German), german);
        }
    }

    #[test]
    fn a_camera_is_suggested_by_its_name_or_by_its_id_if_another_has_the_name() {
        let cameras = [("a", "Gate"), ("b", "Yard"), ("c", "gate"), ("d", "b"), ("e", "e")];
        let cameras = cameras.map(|(id, name)| (id.to_owned(), name.to_owned()));
        assert_eq!(suggestions(&cameras), ["a", "Yard", "c", "d", "e"]);
    }

    #[test]
    fn a_deletion_names_some_cameras_and_counts_the_others() {
        let cameras: Vec<_> = (0..7).map(|id| Camera { id: id.to_string(), name: Some(format!("c{id}")) }).collect();
        assert_eq!(names(&cameras[..2], Language::English), "c0, c1");
        assert_eq!(names(&cameras, Language::English), "c0, c1, c2, c3, c4, + 2");
    }
}
