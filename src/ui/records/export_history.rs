//! Export history: who exported what, when, and whether the file is whole.

use std::collections::BTreeMap;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::api::page::{Content, History};
use crate::api::paths::{HISTORY_PATH, VERIFY_PATH};
use crate::export_params::{DateBound, ExportParams};
use crate::ui::copy_button::CopyButton;
use crate::ui::download::export_jobs::{Expected, ExportJobs, ExportProgress};
use crate::ui::hydration::still;
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;
use crate::ui::toasts::{LiveRegion, Toasts};

/// The page at `/settings/exports`.
#[component]
pub fn ExportHistory() -> impl IntoView {
    let list = match page_data::content() {
        Ok(Content::History(history)) => EitherOf3::A(view! { <Records history/> }),
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

#[component]
fn Records(history: History) -> impl IntoView {
    let History { records, older, cameras, everybodys, state, user, sha256, is_later } = history;
    let language = page_data::language();
    let words = language.history();
    let toasts = Toasts::expect();
    let exporting = ExportJobs::new(toasts, usize::MAX);
    let list = if records.is_empty() {
        Either::Left(view! { <p class="card">{words.none}</p> })
    } else {
        Either::Right(view! { <RecordTable records cameras everybodys exporting/> })
    };
    let filter = move || {
        let states = State::ALL.map(|known| {
            let chosen = state.as_deref() == Some(known.as_str());
            view! { <option value=known.as_str() selected=chosen>{language.state(known)}</option> }
        });
        view! {
            <form class="card filter" method="get" action=HISTORY_PATH aria-label=words.which>
                <div class="field">
                    <label for="state">{words.state}</label>
                    <select id="state" name="state">
                        <option value="">{words.every_state}</option>
                        {states.collect_view()}
                    </select>
                </div>
                {everybodys.then(|| view! {
                    <div class="field">
                        <label for="user">{words.person}</label>
                        <input id="user" name="user" autocapitalize="none" spellcheck="false" value=user/>
                    </div>
                })}
                <div class="field">
                    <label for="sha256">{words.digest_of_file}</label>
                    <input id="sha256" name="sha256" autocapitalize="none" spellcheck="false" value=sha256/>
                </div>
                <button>{words.show}</button>
            </form>
        }
    };
    let pages = move || {
        let older = older.map(|query| format!("{HISTORY_PATH}?{query}"));
        view! {
            <p class="pages">
                {is_later.then(|| view! { <a href=HISTORY_PATH rel="external">{words.newest}</a> })}
                {older.map(|older| view! { <a href=older rel="external">{words.older}</a> })}
            </p>
        }
    };
    view! {
        {still(filter)}
        <div class="export-again-progress"><ExportProgress exporting back_to="#main"/></div>
        {list}
        {still(pages)}
        <LiveRegion toasts/>
    }
}

#[component]
fn RecordTable(
    records: Vec<ExportRecord>,
    cameras: BTreeMap<String, String>,
    everybodys: bool,
    exporting: ExportJobs,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.history();
    let rows = records.into_iter().map(|record| {
        view! { <RecordRow record cameras=cameras.clone() everybodys exporting/> }
    });
    view! {
        <div class="card">
            <table role="table" class="records">
                <caption>{words.caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">{words.begun}</th>
                        {everybodys.then(|| view! { <th scope="col" role="columnheader">{words.by}</th> })}
                        <th scope="col" role="columnheader">{words.selection}</th>
                        <th scope="col" role="columnheader" class="number">{words.events}</th>
                        <th scope="col" role="columnheader" class="number">{words.size}</th>
                        <th scope="col" role="columnheader">{words.state}</th>
                        <th scope="col" role="columnheader">"SHA-256"</th>
                        <td role="cell"></td>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
        <p class="hint">
            {words.hint_before} <a href=VERIFY_PATH rel="external">{language.frame().verify_a_file}</a> {words.hint_after}
        </p>
    }
}

#[component]
fn RecordRow(
    record: ExportRecord,
    cameras: BTreeMap<String, String>,
    everybodys: bool,
    exporting: ExportJobs,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.history();
    let params = ExportParams::parse(&record.query).ok();
    // How far one got that broke says nothing of the whole.
    let expected = match record.state {
        State::Completed => Expected { rows: u64::try_from(record.rows).ok(), bytes: u64::try_from(record.bytes).ok() },
        _ => Expected::default(),
    };
    let begun = language.moment(&record.started_at);
    let again = params.clone().map(|params| {
        let url = params.to_url();
        view! {
            <a
                class="again"
                href=url
                rel="external"
                aria-label=(words.export_again_of)(&begun)
                on:click=move |event| {
                    // In a new tab or window, the browser does it.
                    if event.ctrl_key() || event.meta_key() || event.shift_key() {
                        return;
                    }
                    event.prevent_default();
                    exporting.begin(params.clone(), Box::new(move || Some(expected)));
                }
            >
                {words.export_again}
            </a>
        }
    });
    let digest = record.sha256.clone().map(|digest| {
        let id = format!("sha256-{}", record.id);
        view! {
            <span class="copyable">
                <input id=id.clone() class="digest" aria-label=(words.digest_of)(&begun) readonly value=digest/>
                <CopyButton of=id label=(words.copy_digest_of)(&begun)/>
            </span>
        }
    });
    let (day, time) = begun.split_once(' ').unwrap_or((&begun, ""));
    let (day, time) = (day.to_owned(), time.to_owned());
    let up_to = record.complete_to.as_deref().map(|moment| (words.complete_to)(&language.moment(moment)));
    let reason = record.reason.as_ref().map(|reason| reason.text.clone()).or(up_to);
    let reason = reason.map(|reason| view! { <span class="reason">{reason}</span> });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <time datetime=record.started_at.clone()>
                    <span>{day}</span>
                    " "
                    <span>{time}</span>
                </time>
            </th>
            {everybodys.then(|| view! { <td role="cell" data-label=words.by>{by(&record, language)}</td> })}
            <td role="cell" data-label=words.selection class="selection">{selection(params.as_ref(), &cameras, language)}</td>
            <td role="cell" data-label=words.events class="number">{language.count(number(record.rows))}</td>
            <td role="cell" data-label=words.size class="number">{language.bytes(number(record.bytes))}</td>
            <td role="cell" data-label=words.state>
                <span class=format!("state state--{}", record.state.as_str())>{language.state(record.state)}</span>
                {reason}
            </td>
            <td role="cell" data-label="SHA-256">{digest}</td>
            <td role="cell">{again}</td>
        </tr>
    }
}

/// A number of a record, none of which is less than nothing.
pub fn number(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// By whom, and by which way where it was not the page.
pub fn by(record: &ExportRecord, language: Language) -> String {
    let words = language.history();
    let user = record.user.as_deref();
    match record.via.as_str() {
        "command" => user.map_or_else(|| words.command_line.to_owned(), words.command_line_as),
        "token" => (words.by_token)(user.unwrap_or(words.somebody)),
        "link" => (words.by_link)(user.unwrap_or(words.somebody)),
        _ => user.unwrap_or(words.somebody).to_owned(),
    }
}

/// A selection in words.
pub fn selection(params: Option<&ExportParams>, cameras: &BTreeMap<String, String>, language: Language) -> String {
    let Some(ExportParams { range, camera_ids, timezone, .. }) = params else { return String::new() };
    let words = language.history();
    let end = |bound: DateBound| language.digits_of_day(&bound.to_string());
    let days = match (range.start().map(end), range.end().map(end)) {
        (None, None) => words.everything.to_owned(),
        (Some(start), None) => (words.from)(&start),
        (None, Some(end)) => (words.until)(&end),
        (Some(start), Some(end)) if start == end => start,
        (Some(start), Some(end)) => (words.from_to)(&start, &end),
    };
    let cameras = match camera_ids.as_slice() {
        [] => words.all_cameras.to_owned(),
        [one] => cameras.get(one).unwrap_or(one).clone(),
        many => (words.cameras)(many.len()),
    };
    format!("{days}, {cameras}, {timezone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(query: &str, language: Language) -> String {
        let cameras = BTreeMap::from([("cam-1".to_owned(), "Front Door".to_owned())]);
        selection(ExportParams::parse(query).ok().as_ref(), &cameras, language)
    }

    #[test]
    fn a_selection_is_told_in_words() {
        for (query, words) in [
            ("", "everything, all cameras, UTC"),
            ("start_date=2025-12-01&camera_id=cam-1", "from 2025-12-01, Front Door, UTC"),
            ("end_date=2025-12-01&camera_id=gone", "until 2025-12-01, gone, UTC"),
            ("start_date=2025-12-01&end_date=2025-12-01&timezone=Asia/Tokyo", "2025-12-01, all cameras, Asia/Tokyo"),
            (
                "start_date=2025-12-01&end_date=2025-12-02&camera_id=a&camera_id=b",
                "2025-12-01 to 2025-12-02, 2 cameras, UTC",
            ),
            ("nonsense=1", ""),
        ] {
            assert_eq!(told(query, Language::English), words);
        }
        for (query, words) in [
            ("", "alles, alle Kameras, UTC"),
            ("start_date=2025-12-01&camera_id=cam-1", "ab 01.12.2025, Front Door, UTC"),
            ("end_date=2025-12-01T08:00:00Z&camera_id=a&camera_id=b", "bis 2025-12-01T08:00:00Z, 2 Kameras, UTC"),
            ("start_date=2025-12-01&end_date=2025-12-02", "01.12.2025 bis 02.12.2025, alle Kameras, UTC"),
        ] {
            assert_eq!(told(query, Language::German), words);
        }
    }

    #[test]
    fn who_exported_is_told_with_the_way() {
        let by_in = |user: Option<&str>, via: &str, language| {
            let record = ExportRecord {
                id: String::new(),
                state: State::Completed,
                user: user.map(str::to_owned),
                via: via.to_owned(),
                query: String::new(),
                rows: 0,
                bytes: 0,
                sha256: None,
                started_at: String::new(),
                finished_at: None,
                duration_ms: None,
                error: None,
                reason: None,
                complete_to: None,
            };
            by(&record, language)
        };
        let by = |user, via| by_in(user, via, Language::English);
        assert_eq!(by(Some("ann"), "session"), "ann");
        assert_eq!(by(Some("ann"), "token"), "ann by token");
        assert_eq!(by(Some("ann"), "link"), "ann by link");
        assert_eq!(by(None, "command"), "command line");
        assert_eq!(by(Some("ann"), "command"), "command line, as ann sees it");
        assert_eq!(by(None, "session"), "somebody");
        let by = |user, via| by_in(user, via, Language::German);
        assert_eq!(by(Some("ann"), "session"), "ann");
        assert_eq!(by(Some("ann"), "token"), "ann, mit Token");
        assert_eq!(by(None, "link"), "jemand, über Link");
        assert_eq!(by(None, "command"), "Kommandozeile");
    }
}
