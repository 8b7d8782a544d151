//! Export history: who exported what, when, and whether the file is whole.

use std::collections::BTreeMap;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use super::copy_button::CopyButton;
use super::exporting::{ExportProgress, Exporting};
use super::format;
use super::frame::{CannotShow, SettingsFrame};
use super::sent;
use super::toasts::{LiveRegion, Toasts};
use crate::api::exports::{ExportRecord, State};
use crate::api::page::{Content, History};
use crate::app::{HISTORY_PATH, VERIFY_PATH};
use crate::export::{DateBound, ExportParams};

/// The page at `/settings/exports`.
#[component]
pub fn ExportHistory() -> impl IntoView {
    let list = match sent::content() {
        Ok(Content::History(history)) => EitherOf3::A(view! { <Records history/> }),
        Err(error) => EitherOf3::B(view! { <CannotShow error/> }),
        Ok(_) => EitherOf3::C(()),
    };
    view! {
        <SettingsFrame
            current=HISTORY_PATH
            title="Export history"
            lead="Every export is recorded: by the page, by scripts, by links and on the command line."
        >
            {list}
        </SettingsFrame>
    }
}

#[component]
fn Records(history: History) -> impl IntoView {
    let History { records, older, cameras, everybodys, state, user, sha256, is_later } = history;
    let toasts = Toasts::expect();
    let exporting = Exporting::new(toasts);
    let states = State::ALL.map(|known| {
        let chosen = state.as_deref() == Some(known.word());
        view! { <option value=known.word() selected=chosen>{known.label()}</option> }
    });
    let older = older.map(|query| format!("{HISTORY_PATH}?{query}"));
    let list = if records.is_empty() {
        Either::Left(view! { <p class="card">"There are no records of such exports."</p> })
    } else {
        Either::Right(view! { <RecordTable records cameras everybodys exporting/> })
    };
    view! {
        <form class="card filter" method="get" action=HISTORY_PATH aria-label="Which exports">
            <div class="field">
                <label for="state">"State"</label>
                <select id="state" name="state">
                    <option value="">"All"</option>
                    {states.collect_view()}
                </select>
            </div>
            {everybodys.then(|| view! {
                <div class="field">
                    <label for="user">"Person"</label>
                    <input id="user" name="user" autocapitalize="none" spellcheck="false" value=user/>
                </div>
            })}
            <div class="field">
                <label for="sha256">"SHA-256 of the file"</label>
                <input id="sha256" name="sha256" autocapitalize="none" spellcheck="false" value=sha256/>
            </div>
            <button>"Show"</button>
        </form>
        <div class="export-again-progress"><ExportProgress exporting back_to="#main"/></div>
        {list}
        <p class="pages">
            {is_later.then(|| view! { <a href=HISTORY_PATH rel="external">"Newest exports"</a> })}
            {older.map(|older| view! { <a href=older rel="external">"Older exports"</a> })}
        </p>
        <LiveRegion toasts/>
    }
}

#[component]
fn RecordTable(
    records: Vec<ExportRecord>,
    cameras: BTreeMap<String, String>,
    everybodys: bool,
    exporting: Exporting,
) -> impl IntoView {
    let rows = records.into_iter().map(|record| {
        view! { <RecordRow record cameras=cameras.clone() everybodys exporting/> }
    });
    view! {
        <div class="card">
            <table role="table" class="records">
                <caption>"Exports, newest first"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"Begun"</th>
                        {everybodys.then(|| view! { <th scope="col" role="columnheader">"By"</th> })}
                        <th scope="col" role="columnheader">"Selection"</th>
                        <th scope="col" role="columnheader">"Events"</th>
                        <th scope="col" role="columnheader">"Size"</th>
                        <th scope="col" role="columnheader">"State"</th>
                        <th scope="col" role="columnheader">"SHA-256"</th>
                        <td role="cell"></td>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
        <p class="hint">
            "“Complete” says that the server sent the whole file. Whether a file that you have is that file, "
            <a href=VERIFY_PATH rel="external">"Verify a file"</a> " tells."
        </p>
    }
}

#[component]
fn RecordRow(
    record: ExportRecord,
    cameras: BTreeMap<String, String>,
    everybodys: bool,
    exporting: Exporting,
) -> impl IntoView {
    let params = ExportParams::parse(&record.query).ok();
    let begun = format::moment(&record.started_at);
    let again = params.clone().map(|params| {
        let url = params.to_url();
        view! {
            <a
                class="again"
                href=url
                rel="external"
                aria-label=format!("Export again what was exported {begun}")
                on:click=move |event| {
                    // In a new tab or window, the browser does it.
                    if event.ctrl_key() || event.meta_key() || event.shift_key() {
                        return;
                    }
                    event.prevent_default();
                    exporting.begin(params.clone(), None);
                }
            >
                "Export again"
            </a>
        }
    });
    let digest = record.sha256.clone().map(|digest| {
        let id = format!("sha256-{}", record.id);
        view! {
            <span class="copyable">
                <input id=id.clone() class="digest" aria-label=format!("SHA-256, {begun}") readonly value=digest/>
                <CopyButton of=id label=format!("Copy the SHA-256, {begun}")/>
            </span>
        }
    });
    let (day, time) = begun.split_once(' ').unwrap_or((&begun, ""));
    let (day, time) = (day.to_owned(), time.to_owned());
    let up_to =
        record.complete_to.as_deref().map(|moment| format!("Holds what was there at {}.", format::moment(moment)));
    let reason = record.error.clone().or(up_to).map(|reason| view! { <span class="reason">{reason}</span> });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <time datetime=record.started_at.clone()>
                    <span>{day}</span>
                    " "
                    <span>{time}</span>
                </time>
            </th>
            {everybodys.then(|| view! { <td role="cell" data-label="By">{by(&record)}</td> })}
            <td role="cell" data-label="Selection">{selection(params.as_ref(), &cameras)}</td>
            <td role="cell" data-label="Events" class="number">{number(record.rows, format::count)}</td>
            <td role="cell" data-label="Size" class="number">{number(record.bytes, format::bytes)}</td>
            <td role="cell" data-label="State">
                <span class=format!("state state--{}", record.state.word())>{record.state.label()}</span>
                {reason}
            </td>
            <td role="cell" data-label="SHA-256">{digest}</td>
            <td role="cell">{again}</td>
        </tr>
    }
}

fn number(number: i64, told: fn(u64) -> String) -> String {
    told(u64::try_from(number).unwrap_or_default())
}

/// By whom, and by which way where it was not the page.
pub fn by(record: &ExportRecord) -> String {
    let way = match record.via.as_str() {
        "token" => " by token",
        "link" => " by link",
        "command" => {
            return record
                .user
                .as_ref()
                .map_or_else(|| "command line".to_owned(), |user| format!("command line, as {user} sees it"));
        }
        _ => "",
    };
    format!("{}{way}", record.user.as_deref().unwrap_or("somebody"))
}

/// A selection in words.
pub fn selection(params: Option<&ExportParams>, cameras: &BTreeMap<String, String>) -> String {
    let Some(ExportParams { range, camera_ids, timezone, .. }) = params else { return String::new() };
    let end = |bound: DateBound| bound.to_string();
    let days = match (range.start().map(end), range.end().map(end)) {
        (None, None) => "everything".to_owned(),
        (Some(start), None) => format!("from {start}"),
        (None, Some(end)) => format!("until {end}"),
        (Some(start), Some(end)) if start == end => start,
        (Some(start), Some(end)) => format!("{start} to {end}"),
    };
    let cameras = match camera_ids.as_slice() {
        [] => "all cameras".to_owned(),
        [one] => cameras.get(one).unwrap_or(one).clone(),
        many => format!("{} cameras", many.len()),
    };
    format!("{days}, {cameras}, {timezone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(query: &str) -> String {
        let cameras = BTreeMap::from([("cam-1".to_owned(), "Front Door".to_owned())]);
        selection(ExportParams::parse(query).ok().as_ref(), &cameras)
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
            assert_eq!(told(query), words);
        }
    }

    #[test]
    fn who_exported_is_told_with_the_way() {
        let by = |user: Option<&str>, via: &str| {
            by(&ExportRecord {
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
                complete_to: None,
            })
        };
        assert_eq!(by(Some("ann"), "session"), "ann");
        assert_eq!(by(Some("ann"), "token"), "ann by token");
        assert_eq!(by(Some("ann"), "link"), "ann by link");
        assert_eq!(by(None, "command"), "command line");
        assert_eq!(by(Some("ann"), "command"), "command line, as ann sees it");
    }
}
