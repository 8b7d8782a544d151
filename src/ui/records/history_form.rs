//! The form of the export history: which records are listed. A plain form, which the server renders and nothing hydrates.

use leptos::prelude::*;

use crate::api::exports::{HISTORY_CSV_PATH, State};
use crate::api::language::Language;
use crate::api::page::HistoryForm;
use crate::api::paths::HISTORY_PATH;
use crate::ui::page_data;

/// The names of the fields beside which a problem is shown.
const FIELDS: [&str; 3] = ["start_date", "end_date", "sha256"];

/// The form. `everybodys`: the list has the records of all users. `is_filtered`: the list has not all records.
pub fn history_form(form: HistoryForm, everybodys: bool, is_filtered: bool) -> impl IntoView {
    let language = page_data::language();
    let texts = language.history();
    let HistoryForm {
        state,
        user,
        camera_id,
        sha256,
        days,
        timezone,
        users,
        removed_users,
        cameras,
        problems,
        csv_query,
    } = form;
    let problem = |name: &str| {
        let found = problems.iter().find(|error| error.field.as_deref() == Some(name));
        found.map(|error| language.error(error))
    };
    let elsewhere =
        problems.iter().filter(|error| !error.field.as_deref().is_some_and(|field| FIELDS.contains(&field)));
    let elsewhere =
        elsewhere.map(|error| view! { <p class="problem" role="alert">{language.error(error)}</p> }).collect_view();
    let [start, end] = days;
    let states = State::ALL.map(|known| (known.as_str().to_owned(), language.state(known).to_owned()));
    let mut known_cameras: Vec<_> = cameras.iter().map(|camera| (camera.id.clone(), language.camera(camera))).collect();
    if let Some(id) = camera_id.as_ref().filter(|id| cameras.iter().all(|camera| camera.id != **id)) {
        known_cameras.push((id.clone(), id.clone()));
    }
    let mut removed_users = removed_users;
    if let Some(name) = user.as_ref().filter(|name| !users.contains(name) && !removed_users.contains(name)) {
        removed_users.push(name.clone());
    }
    view! {
        <form class="card filter" method="get" action=HISTORY_PATH aria-labelledby="filter-title">
            <h2 id="filter-title" class="visually-hidden">{texts.which}</h2>
            // The zone in which the days below are counted, so that a bookmark means the same elsewhere.
            <input type="hidden" name="timezone" value=timezone.clone()/>
            {field("start_date", texts.first_day, "date", start, problem("start_date"))}
            {field("end_date", texts.last_day, "date", end, problem("end_date"))}
            {everybodys.then(|| people(users, removed_users, user, language))}
            {select("camera_id", texts.camera, texts.every_camera, known_cameras, camera_id)}
            {select("state", texts.state, texts.every_state, states.into(), state)}
            {field("sha256", texts.digest_of_file, "text", sha256, problem("sha256"))}
            <button>{texts.show}</button>
            <div class="filter__more">
                {elsewhere}
                <p class="hint">{(texts.days_in)(&timezone)}</p>
                <p>
                    {is_filtered.then(|| view! { <a href=HISTORY_PATH rel="external">{texts.show_all}</a> " · " })}
                    <a href=format!("{HISTORY_CSV_PATH}?{csv_query}") rel="external" download="">{texts.as_csv}</a>
                </p>
            </div>
        </form>
    }
}

fn field(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: Option<String>,
    problem: Option<String>,
) -> impl IntoView {
    let id = format!("{name}-problem");
    let is_text = kind == "text";
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                max=(!is_text).then_some("9999-12-31")
                autocapitalize=is_text.then_some("none")
                spellcheck=is_text.then_some("false")
                autocomplete="off"
                value=value
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=problem.is_some().then(|| id.clone())
            />
            {problem.map(|problem| view! { <p class="problem" id=id role="alert">{problem}</p> })}
        </div>
    }
}

fn options(options: Vec<(String, String)>, chosen: Option<&str>) -> impl IntoView + use<> {
    let chosen = chosen.map(str::to_owned);
    let option = move |(value, text): (String, String)| {
        let selected = chosen.as_ref() == Some(&value);
        view! { <option value=value selected=selected>{text}</option> }
    };
    options.into_iter().map(option).collect_view()
}

/// A select whose first option, `all`, selects nothing.
fn select(
    name: &'static str,
    label: &'static str,
    all: &'static str,
    choices: Vec<(String, String)>,
    chosen: Option<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>
                <option value="">{all}</option>
                {options(choices, chosen.as_deref())}
            </select>
        </div>
    }
}

fn people(users: Vec<String>, removed: Vec<String>, chosen: Option<String>, language: Language) -> impl IntoView {
    let texts = language.history();
    let named = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>();
    let removed = (!removed.is_empty()).then(|| {
        view! { <optgroup label=texts.removed_people>{options(named(removed), chosen.as_deref())}</optgroup> }
    });
    view! {
        <div class="field">
            <label for="user">{texts.person}</label>
            <select id="user" name="user">
                <option value="">{texts.everybody}</option>
                {options(named(users), chosen.as_deref())}
                {removed}
            </select>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::cameras::Camera;
    use crate::api::page::Content;
    use crate::error::ApiError;
    use crate::messages::parameters::ParameterMessage;
    use crate::ui::test_support::render;

    fn form() -> HistoryForm {
        HistoryForm {
            state: Some("failed".to_owned()),
            user: Some("bob".to_owned()),
            camera_id: Some("gone".to_owned()),
            sha256: Some("abc".to_owned()),
            days: [Some("2025-12-01".to_owned()), None],
            timezone: "Europe/Berlin".to_owned(),
            users: vec!["ann".to_owned()],
            removed_users: vec!["bob".to_owned()],
            cameras: vec![Camera { id: "cam-1".to_owned(), name: Some("Front Door".to_owned()) }],
            problems: vec![ApiError::invalid("sha256", ParameterMessage::DigestExpected)],
            csv_query: "state=failed&user=bob&bom=true".to_owned(),
        }
    }

    fn html(language: Language, form: HistoryForm, everybodys: bool) -> String {
        render(language, Content::Nothing, move || history_form(form, everybodys, true))
    }

    #[test]
    fn the_form_keeps_what_is_selected_and_names_a_wrong_digest_beside_its_field() {
        let html = html(Language::English, form(), true);
        for part in [
            "<input type=\"hidden\" name=\"timezone\" value=\"Europe/Berlin\">",
            "id=\"start_date\" name=\"start_date\" type=\"date\" max=\"9999-12-31\" autocomplete=\"off\" value=\"2025-12-01\"",
            "<option value=\"ann\">ann</option>",
            "<optgroup label=\"Removed\"><option value=\"bob\" selected>bob</option></optgroup>",
            "<option value=\"cam-1\">Front Door</option>",
            "<option value=\"gone\" selected>gone</option>",
            "<option value=\"failed\" selected>Failed</option>",
            "value=\"abc\" aria-invalid=\"true\" aria-describedby=\"sha256-problem\"",
            "id=\"sha256-problem\" role=\"alert\" class=\"problem\">A SHA-256 has 64",
            "Days in Europe/Berlin.",
            "href=\"/api/v1/exports.csv?state=failed&amp;user=bob&amp;bom=true\"",
            ">Show all exports</a>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn users_do_not_choose_among_people_and_a_problem_without_a_field_is_above_the_links() {
        let problems =
            vec![ApiError::invalid("timezone", ParameterMessage::NoSuchTimezone { timezone: "Mars".to_owned() })];
        let html = html(Language::German, HistoryForm { problems, ..form() }, false);
        assert!(!html.contains("name=\"user\"") && html.contains("Eine Zeitzone „Mars“ gibt es nicht."), "{html}");
        assert!(!html.contains("aria-invalid"), "{html}");
    }
}
