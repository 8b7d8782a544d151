//! Verify a file: which export a CSV is the file of, by its digest, which the browser computes. The file stays where it
//! is.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Blob, DragEvent, File, HtmlInputElement};

use super::download::{records_of, sum_of};
use super::export_history::{by, selection};
use super::format;
use super::frame::SettingsFrame;
use super::tally::Sum;
use crate::api::exports::{ExportRecord, ExportRecords};
use crate::app::{HISTORY_PATH, VERIFY_PATH};
use crate::export::ExportParams;

/// What is known of the file that was chosen last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// So many bytes were looked at.
    Looking(u64),
    /// Its name, what it is, and the exports it is the file of.
    Known(String, Sum, ExportRecords),
    /// Why there is no verdict.
    Failed(String),
}

/// The page at `/settings/verify`.
#[component]
pub fn VerifyFile() -> impl IntoView {
    let verdict = RwSignal::new(None::<Verdict>);
    let turn = StoredValue::new(0_u32);
    let verify = move |file: File| {
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        let tell = move |told| {
            // Another file may have been chosen meanwhile.
            if turn.get_value() == mine {
                verdict.set(Some(told));
            }
        };
        tell(Verdict::Looking(0));
        spawn_local(async move {
            let blob: &Blob = file.as_ref();
            let Ok(sum) = sum_of(blob, |bytes| tell(Verdict::Looking(bytes))).await else {
                return tell(Verdict::Failed(
                    "The file cannot be read. It may have been changed or moved meanwhile.".to_owned(),
                ));
            };
            tell(match records_of(&sum.sha256).await {
                Ok(records) => Verdict::Known(file.name(), sum, records),
                Err(error) => Verdict::Failed(error.to_string()),
            });
        });
    };
    let chosen = move |event: leptos::ev::Event| {
        let input: Option<HtmlInputElement> = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(input) = input
            && let Some(file) = input.files().and_then(|files| files.get(0))
        {
            verify(file);
            // So that the same file, changed, can be chosen once more.
            input.set_value("");
        }
    };
    let is_over = RwSignal::new(false);
    let drop_file = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        if let Some(file) = event.data_transfer().and_then(|dropped| dropped.files()).and_then(|files| files.get(0)) {
            verify(file);
        }
    };
    view! {
        <SettingsFrame
            current=VERIFY_PATH
            title="Verify a file"
            lead="Tells whether a CSV is, byte for byte, a file that this server exported."
        >
            <div
                class="card drop needs-script"
                class=("drop--over", move || is_over.get())
                on:dragover=move |event: DragEvent| {
                    event.prevent_default();
                    is_over.set(true);
                }
                on:dragleave=move |_| is_over.set(false)
                on:drop=drop_file
            >
                <label for="file">"Drop a CSV here, or choose it"</label>
                <input id="file" type="file" accept=".csv,text/csv" on:change=chosen aria-describedby="file-hint"/>
                <p class="hint" id="file-hint">
                    "The file stays on this device: its SHA-256 is computed here, and only that is looked up. A file that \
                     Excel or another program has saved anew is another file."
                </p>
            </div>
            <p class="card without-script">
                "Without script, compute the SHA-256 of the file yourself, such as with sha256sum, and look it up in the "
                <a href=HISTORY_PATH rel="external">"Export history"</a> "."
            </p>
            // How far it is changes too often to be read out.
            {move || match verdict.get() {
                Some(Verdict::Looking(bytes)) => Some(view! {
                    <p class="card">{format!("{} looked at…", format::bytes(bytes))}</p>
                }),
                _ => None,
            }}
            <div role="status">{move || verdict.get().and_then(shown)}</div>
        </SettingsFrame>
    }
}

fn shown(verdict: Verdict) -> Option<AnyView> {
    Some(match verdict {
        Verdict::Looking(_) => return None,
        Verdict::Failed(why) => view! { <p class="notice notice--bad">{why}</p> }.into_any(),
        Verdict::Known(name, sum, records) => {
            let (is_known, words) = told(&name, &records);
            let class = if is_known { "notice" } else { "notice notice--bad" };
            let list = records.exports.into_iter().map(|record| view! { <li>{record_told(&record)}</li> });
            view! {
                <div class=format!("stack {class}")>
                    <p><strong>{words}</strong></p>
                    <ul>{list.collect_view()}</ul>
                    <p class="hint">
                        {format!("{} rows, {}", format::count(sum.rows), format::bytes(sum.bytes))} <br/> "SHA-256 "
                        <code>{sum.sha256}</code>
                    </p>
                </div>
            }
            .into_any()
        }
    })
}

/// Whether the file is known, and that in words.
fn told(name: &str, records: &ExportRecords) -> (bool, String) {
    match records.exports.len() {
        0 => (
            false,
            format!(
                "{name} is not a file that you exported from this server: it was changed, is cut, or comes from elsewhere or \
                 from somebody whose exports you do not see."
            ),
        ),
        1 => (true, format!("{name} is whole and unchanged: it is the file of this export.")),
        _ => (true, format!("{name} is whole and unchanged: it is the file of each of these exports.")),
    }
}

fn record_told(record: &ExportRecord) -> String {
    let selection = selection(ExportParams::parse(&record.query).ok().as_ref(), &BTreeMap::new());
    format!(
        "{}, {}: {selection}. {} rows. Record {}",
        format::moment(&record.started_at),
        by(record),
        format::count(u64::try_from(record.rows).unwrap_or_default()),
        record.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::exports::State;

    #[test]
    fn a_file_is_whole_where_a_record_has_its_digest_and_only_there() {
        let record = ExportRecord {
            id: "17".to_owned(),
            state: State::Completed,
            user: Some("ann".to_owned()),
            via: "session".to_owned(),
            query: "start_date=2025-12-01".to_owned(),
            rows: 1_234,
            bytes: 5,
            sha256: None,
            started_at: "2025-12-16T12:00:00.000Z".to_owned(),
            finished_at: None,
            duration_ms: None,
            error: None,
            complete_to: None,
        };
        let of = |count| ExportRecords { exports: vec![record.clone(); count], next: None };
        let (known, words) = told("a.csv", &of(0));
        assert!(!known && words.contains("not a file that you exported"));
        assert!(told("a.csv", &of(1)).0 && told("a.csv", &of(2)).1.contains("each of these exports"));
        assert_eq!(
            record_told(&record),
            "2025-12-16 12:00:00 UTC, ann: from 2025-12-01, all cameras, UTC. 1,234 rows. Record 17"
        );
    }
}
