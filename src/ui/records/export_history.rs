//! The export history: who exported what and when, and whether the file is complete.

use std::collections::BTreeMap;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use super::history_form::history_form;
use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::api::page::{Content, History, Outcome};
use crate::api::paths::{HISTORY_PATH, SETTINGS_PATH, VERIFY_PATH, record_path};
use crate::export_params::ExportParams;
use crate::ui::controls::copy_button::CopyButton;
use crate::ui::download::export_jobs::{ExportJobs, ended_exports, export_progress};
use crate::ui::download::save_method::Expected;
use crate::ui::hydration::{self, static_html};
use crate::ui::layout::drawings::{Drawing, empty_state};
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::table_html::escape_html;
use crate::ui::toasts::{Toasts, toast_area};
use crate::ui::{browser, page_data};

/// The page at `/settings/exports`.
#[component]
pub fn ExportHistory() -> impl IntoView {
    let list = match page_data::content() {
        Ok(Content::History(history)) => EitherOf3::A(records(*history)),
        Err(error) => EitherOf3::B(view! { <CannotShow error/> }),
        Ok(_) => EitherOf3::C(()),
    };
    let language = page_data::language();
    view! {
        <SettingsFrame
            current=HISTORY_PATH
            title=language.frame().export_history
            lead=language.history().lead
        >
            {list}
        </SettingsFrame>
    }
}

/// The form, the running exports, and the table.
fn records(history: History) -> impl IntoView {
    let History { records, older, cameras, everybodys, is_zone_known, is_filtered, is_later, form } = history;
    let language = page_data::language();
    let texts = language.history();
    let toasts = Toasts::new(page_data::language());
    let jobs = ExportJobs::new(toasts, usize::MAX);
    let times = Times::new(is_zone_known);
    let list = if records.is_empty() {
        Either::Left(static_html(move || {
            let (text, next) = if is_filtered {
                (texts.no_match, None)
            } else {
                (texts.none, Some((SETTINGS_PATH, language.frame().data_export)))
            };
            empty_state(Drawing::Sheet, view! { <p>{text}</p> }, next)
        }))
    } else {
        Either::Right(record_table(&records, &cameras, everybodys, jobs, times))
    };
    let refused = move || match page_data::outcome() {
        Some(Outcome::Refused { error, .. }) => Some(language.error(&error)),
        _ => None,
    };
    let refused = move || refused().map(|error| view! { <p class="notice notice--bad" role="alert">{error}</p> });
    let form = move || history_form(form, everybodys, is_filtered);
    let pages = move || {
        let older = older.map(|query| format!("{HISTORY_PATH}?{query}"));
        view! {
            <p class="pages">
                {is_later.then(|| view! { <a href=HISTORY_PATH rel="external">{texts.newest}</a> })}
                {older.map(|older| view! { <a href=older rel="external">{texts.older}</a> })}
            </p>
        }
    };
    view! {
        {static_html(refused)}
        {static_html(form)}
        <div class="export-again-progress">{export_progress(jobs, "#main")} {toast_area(toasts)}</div>
        {ended_exports(jobs)}
        {list}
        {static_html(pages)}
    }
}

/// In which time zone the times of the list are.
#[derive(Clone, Copy)]
struct Times {
    /// Whether the page moves them to the browser's zone. The server has done so if it knows the zone.
    are_moved: RwSignal<bool>,
}

impl Times {
    fn new(is_zone_known: bool) -> Self {
        let are_moved = RwSignal::new(false);
        let is_hydrated = hydration::is_hydrated();
        Effect::new(move || {
            // Not before the list is hydrated as the server has rendered it.
            if !is_zone_known && is_hydrated.get() {
                if let Some(zone) = browser::timezone() {
                    browser::remember_timezone(&zone);
                }
                are_moved.set(true);
            }
        });
        Self { are_moved }
    }

    /// Returns the day and the time of a timestamp, the day with its comma.
    fn shown(self, text: &str, language: Language) -> (String, String) {
        let shown = if self.are_moved.get() { browser::in_own_timezone(text) } else { text.to_owned() };
        let shown = language.timestamp(&shown);
        let (day, time) = shown.split_at(shown.find(", ").map_or(0, |comma| comma + 1));
        (day.to_owned(), time.to_owned())
    }
}

fn record_table(
    records: &[ExportRecord],
    cameras: &BTreeMap<String, String>,
    everybodys: bool,
    jobs: ExportJobs,
    times: Times,
) -> impl IntoView + use<> {
    let language = page_data::language();
    let texts = language.history();
    let rows = records.iter().map(|record| record_row(record, cameras, everybodys, jobs, times));
    view! {
        <div class="card">
            <h2 id="records-title">{texts.caption}</h2>
            <table role="table" class="records" aria-labelledby="records-title">
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">{texts.started}</th>
                        {everybodys.then(|| view! { <th scope="col" role="columnheader">{texts.by}</th> })}
                        <th scope="col" role="columnheader">{texts.selection}</th>
                        <th scope="col" role="columnheader" class="number">{texts.events}</th>
                        <th scope="col" role="columnheader" class="number">{texts.size}</th>
                        <th scope="col" role="columnheader">{texts.state}</th>
                        <th scope="col" role="columnheader">"SHA-256"</th>
                        <td role="cell"></td>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
        <p class="hint">
            {texts.hint_before} <a href=VERIFY_PATH rel="external">{language.frame().verify_a_file}</a> {texts.hint_after}
        </p>
    }
}

fn record_row(
    record: &ExportRecord,
    cameras: &BTreeMap<String, String>,
    everybodys: bool,
    jobs: ExportJobs,
    times: Times,
) -> impl IntoView + use<> {
    let language = page_data::language();
    let texts = language.history();
    let params = ExportParams::parse(&record.query).ok();
    let expected = expected_again(record);
    let started = language.timestamp(&record.started_at);
    let again = params.clone().map(|params| {
        let url = browser::local(&params.to_url());
        view! {
            <a
                class="again"
                href=url
                rel="external"
                aria-label=(texts.export_again_of)(&started)
                on:click=move |event| {
                    // The browser opens the link in a new tab or window.
                    if event.ctrl_key() || event.meta_key() || event.shift_key() {
                        return;
                    }
                    event.prevent_default();
                    jobs.start(params.clone(), params.range, Box::new(move || Some(expected)));
                }
            >
                {texts.export_again}
            </a>
        }
    });
    let digest = record.sha256.clone().map(|digest| {
        let id = format!("sha256-{}", record.id);
        view! {
            <span class="copyable">
                <input id=id.clone() class="digest" aria-label=(texts.digest_of)(&started) readonly value=digest/>
                <CopyButton of=id label=(texts.copy_digest_of)(&started)/>
            </span>
        }
    });
    let cancel = cancel_form(record, &escape_html(&started));
    let shown = StoredValue::new(record.started_at.clone());
    let day = move || shown.with_value(|started| times.shown(started, language).0);
    let time = move || shown.with_value(|started| times.shown(started, language).1);
    let limit = record.complete_to.as_deref().map(|limit| (texts.complete_to)(&language.timestamp(limit)));
    let limit =
        [limit, deletion_note(record, language)].into_iter().flatten().reduce(|one, other| format!("{one} {other}"));
    let reason = record.reason.as_ref().map(|reason| reason.text.clone()).or(limit);
    let reason = reason.map(|reason| view! { <span class="reason">{reason}</span> });
    view! {
        <tr role="row" data-export=record.id.clone()>
            <th scope="row" role="rowheader">
                <a href=record_path(&record.id) rel="external">
                    <time datetime=record.started_at.clone()>
                        <span>{day}</span>
                        <span>{time}</span>
                    </time>
                </a>
            </th>
            {everybodys.then(|| view! { <td role="cell" data-label=texts.by>{exported_by(record, language)}</td> })}
            <td role="cell" data-label=texts.selection class="selection">
                {selection_summary(params.as_ref(), cameras, language)}
            </td>
            <td role="cell" data-label=texts.events class="number">{language.count(count(record.rows))}</td>
            <td role="cell" data-label=texts.size class="number">{language.bytes(count(record.bytes))}</td>
            <td role="cell" data-label=texts.state>
                <span class=format!("state state--{}", record.state.as_str())>{language.state_of(record)}</span>
                {reason}
            </td>
            <td role="cell" data-label="SHA-256">{digest}</td>
            <td role="cell">{again}<div inner_html=cancel></div></td>
        </tr>
    }
}

/// Returns the form that cancels a running export, as HTML; empty for another one. `name` says which export it is, as HTML.
pub fn cancel_form(record: &ExportRecord, name: &str) -> String {
    if record.state != State::Running || record.cancel_requested {
        return String::new();
    }
    let (id, cancel) = (&record.id, page_data::language().export().cancel);
    format!(
        "<form method=post action=\"{HISTORY_PATH}\"><button id=cancel-{id} name=export value={id} class=cancel-button>{cancel}\
         <span class=visually-hidden> {name}</span></button></form>"
    )
}

/// Returns a count of a record, which is never negative.
pub fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Returns who exported, and by what means unless it was the page.
pub fn exported_by(record: &ExportRecord, language: Language) -> String {
    let texts = language.history();
    let user = record.user.as_deref();
    match record.via.as_str() {
        "command" => user.map_or_else(|| texts.command_line.to_owned(), texts.command_line_as),
        "token" => (texts.by_token)(user.unwrap_or(texts.unknown_user)),
        "link" => (texts.by_link)(user.unwrap_or(texts.unknown_user)),
        _ => user.unwrap_or(texts.unknown_user).to_owned(),
    }
}

/// Returns what to expect of exporting a record's selection again. A record that is not complete says nothing about the size.
fn expected_again(record: &ExportRecord) -> Expected {
    match record.state {
        State::Completed => Expected { rows: u64::try_from(record.rows).ok(), bytes: u64::try_from(record.bytes).ok() },
        _ => Expected::default(),
    }
}

/// Returns days, cameras and time zone of a selection; empty for an invalid one.
pub fn selection_summary(
    params: Option<&ExportParams>,
    cameras: &BTreeMap<String, String>,
    language: Language,
) -> String {
    let Some(ExportParams { range, camera_ids, timezone, .. }) = params else { return String::new() };
    let (texts, days) = (language.history(), language.range(range));
    let cameras = match camera_ids.as_slice() {
        [] => texts.all_cameras.to_owned(),
        [one] => cameras.get(one).unwrap_or(one).clone(),
        many => (texts.cameras)(many.len()),
    };
    format!("{days}, {cameras}, {timezone}")
}

/// Returns that events had been deleted, if the selection begins no later.
pub fn deletion_note(record: &ExportRecord, language: Language) -> Option<String> {
    let moment = record.deleted_to.as_deref()?;
    let start = ExportParams::parse(&record.query).ok().and_then(|params| params.range.start());
    // The day of the start is in the time zone of the export, so this is a day more at most.
    let begins_before = start.is_none_or(|start| start.to_string().get(..10) <= moment.get(..10));
    begins_before.then(|| (language.history().deleted_to)(&language.timestamp(moment)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::HistoryForm;
    use crate::ui::test_support::{record, render};

    fn summary(query: &str, language: Language) -> String {
        let cameras = BTreeMap::from([("cam-1".to_owned(), "Front Door".to_owned())]);
        selection_summary(ExportParams::parse(query).ok().as_ref(), &cameras, language)
    }

    #[test]
    fn a_selection_is_summarized_in_words() {
        for (query, words) in [
            ("", "everything, all cameras, UTC"),
            ("start_date=2025-12-01&camera_id=cam-1", "from 1 Dec 2025, Front Door, UTC"),
            ("end_date=2025-12-01&camera_id=gone", "until 1 Dec 2025, gone, UTC"),
            ("start_date=2025-12-01&end_date=2025-12-01&timezone=Asia/Tokyo", "1 Dec 2025, all cameras, Asia/Tokyo"),
            (
                "start_date=2025-12-01&end_date=2025-12-02&camera_id=a&camera_id=b",
                "1 Dec 2025 – 2 Dec 2025, 2 cameras, UTC",
            ),
            ("nonsense=1", ""),
        ] {
            assert_eq!(summary(query, Language::English), words);
        }
        for (query, words) in [
            ("", "alles, alle Kameras, UTC"),
            ("start_date=2025-12-01&camera_id=cam-1", "ab 1. Dez. 2025, Front Door, UTC"),
            ("end_date=2025-12-01T08:00:00Z&camera_id=a&camera_id=b", "bis 1. Dez. 2025, 08:00:00 UTC, 2 Kameras, UTC"),
            ("start_date=2025-12-01&end_date=2025-12-02", "1. Dez. 2025 – 2. Dez. 2025, alle Kameras, UTC"),
        ] {
            assert_eq!(summary(query, Language::German), words);
        }
    }

    #[test]
    fn the_exporter_is_named_with_the_means() {
        let by = |user: Option<&str>, via: &str, language| {
            let record = ExportRecord { user: user.map(str::to_owned), via: via.to_owned(), ..record("") };
            exported_by(&record, language)
        };
        let english = |user, via| by(user, via, Language::English);
        assert_eq!(english(Some("ann"), "session"), "ann");
        assert_eq!(english(Some("ann"), "token"), "ann, with a token");
        assert_eq!(english(Some("ann"), "link"), "ann, with a link");
        assert_eq!(english(None, "command"), "command line");
        assert_eq!(english(Some("ann"), "command"), "command line, as ann");
        assert_eq!(english(None, "session"), "unknown user");
        let german = |user, via| by(user, via, Language::German);
        assert_eq!(german(Some("ann"), "session"), "ann");
        assert_eq!(german(Some("ann"), "token"), "ann, mit Token");
        assert_eq!(german(None, "link"), "unbekannt, über einen Link");
        assert_eq!(german(None, "command"), "Kommandozeile");
    }

    #[test]
    fn only_a_complete_record_says_how_large_the_file_will_be() {
        let known = Expected { rows: Some(1_234), bytes: Some(5_000) };
        assert_eq!(expected_again(&record("")), known);
        let broken = ExportRecord { state: State::Failed, ..record("") };
        assert_eq!(expected_again(&broken), Expected::default());
    }

    fn html(history: History) -> String {
        render(Language::English, Content::History(Box::new(history)), || view! { <ExportHistory/> })
    }

    fn history(records: Vec<ExportRecord>) -> History {
        History {
            records,
            older: None,
            cameras: BTreeMap::new(),
            everybodys: false,
            is_zone_known: true,
            is_filtered: false,
            is_later: false,
            form: HistoryForm::default(),
        }
    }

    #[test]
    fn a_record_is_shown_with_its_digest_and_a_link_to_export_again() {
        let html = html(history(vec![record("start_date=2025-12-01")]));
        for part in [
            "<a href=\"/settings/exports/17\" rel=\"external\"><time datetime=\"2025-12-16T12:00:00.000Z\">\
             <span>16 Dec 2025,</span><span> 12:00:00 UTC</span></time></a>",
            "from 1 Dec 2025, all cameras, UTC</td>",
            "class=\"number\">1,234</td>",
            "class=\"number\">5.0 kB</td>",
            "<span class=\"state state--completed\">Complete</span>",
            "readonly value=\"0123456789abcdef\"",
            "href=\"/api/v1/motion-events/export?format=csv&amp;start_date=2025-12-01&amp;timezone=UTC",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("name=\"user\"") && !html.contains(">ann</td>"), "one's own records: {html}");
    }

    #[test]
    fn an_administrator_sees_who_exported_and_can_turn_pages() {
        let html = html(History {
            everybodys: true,
            older: Some("before=17".to_owned()),
            is_later: true,
            form: HistoryForm { state: Some("failed".to_owned()), ..HistoryForm::default() },
            ..history(vec![ExportRecord { sha256: None, query: "nonsense=1".to_owned(), ..record("") }])
        });
        for part in [
            "name=\"user\"",
            ">ann</td>",
            "<option value=\"failed\" selected>",
            "href=\"/settings/exports?before=17\"",
            "href=\"/settings/exports\" rel=\"external\">Newest exports",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("class=\"again\"") && !html.contains("class=\"digest\""), "{html}");
    }

    #[test]
    fn a_running_export_has_a_button_that_cancels_it_until_it_was_pressed() {
        let running = ExportRecord { state: State::Running, sha256: None, ..record("") };
        let shown = html(history(vec![running.clone()]));
        for part in [
            "<span class=\"state state--running\">Running</span>",
            "<form method=post action=\"/settings/exports\"><button id=cancel-",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        let shown = html(history(vec![ExportRecord { cancel_requested: true, ..running }]));
        assert!(shown.contains(">Being cancelled</span>") && !shown.contains("cancel-button"), "{shown}");
        assert!(!html(history(vec![record("")])).contains("cancel-button"), "it has ended");
    }

    #[test]
    fn a_history_without_exports_leads_to_the_first_and_one_without_matches_says_so() {
        let empty = html(history(Vec::new()));
        assert!(empty.contains("<p>No exports yet.</p>") && empty.contains("class=\"step\">Data Export"), "{empty}");
        let filtered = html(History { is_filtered: true, ..history(Vec::new()) });
        assert!(
            filtered.contains("<p>No exports match the filter.</p>") && !filtered.contains("class=\"step\""),
            "{filtered}"
        );
    }
}
