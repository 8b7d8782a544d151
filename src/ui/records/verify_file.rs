//! Verify a file: which export a CSV is the file of, by its digest, which the browser computes. The file stays where it
//! is.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Blob, DragEvent, File, HtmlInputElement};

use super::export_history::{by, selection};
use crate::api::exports::{ExportRecord, ExportRecords};
use crate::api::language::Language;
use crate::api::paths::{HISTORY_PATH, VERIFY_PATH};
use crate::export_params::ExportParams;
use crate::ui::download::csv_digest::FileSummary;
use crate::ui::download::{records_of, sum_of};
use crate::ui::layout::SettingsFrame;
use crate::ui::page_data;

/// What is known of the file that was chosen last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// So many bytes were looked at.
    Looking(u64),
    /// Its name, what it is, and the exports it is the file of.
    EventsPerDay(String, FileSummary, ExportRecords),
    /// Why there is no verdict.
    Failed(String),
}

/// The page at `/settings/verify`.
#[component]
pub fn VerifyFile() -> impl IntoView {
    let language = page_data::language();
    let words = language.verify();
    let verdict = RwSignal::new(None::<Verdict>);
    let turn = StoredValue::new(0_u32);
    let verify = move |file: File| {
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        let tell = move |told| {
            // Another file may have been chosen meanwhile.
            let is_last = turn.get_value() == mine;
            if is_last {
                verdict.set(Some(told));
            }
            is_last
        };
        tell(Verdict::Looking(0));
        spawn_local(async move {
            let blob: &Blob = file.as_ref();
            let Ok(sum) = sum_of(blob, |bytes| tell(Verdict::Looking(bytes))).await else {
                tell(Verdict::Failed(words.unreadable.to_owned()));
                return;
            };
            tell(match records_of(&sum.sha256).await {
                Ok(records) => Verdict::EventsPerDay(file.name(), sum, records),
                Err(error) => Verdict::Failed(error.told(language)),
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
        <SettingsFrame current=VERIFY_PATH title=language.frame().verify_a_file lead=words.lead>
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
                <label for="file">{words.choose}</label>
                <input id="file" type="file" accept=".csv,text/csv" on:change=chosen aria-describedby="file-hint"/>
                <p class="hint" id="file-hint">{words.hint}</p>
            </div>
            <p class="card without-script">
                {words.without_script} <a href=HISTORY_PATH rel="external">{language.frame().export_history}</a> "."
            </p>
            // How far it is changes too often to be read out.
            {move || match verdict.get() {
                Some(Verdict::Looking(bytes)) => Some(view! {
                    <p class="card">{(words.looked_at)(&language.bytes(bytes))}</p>
                }),
                _ => None,
            }}
            <div role="status">{move || verdict.get().and_then(|verdict| shown(verdict, language))}</div>
        </SettingsFrame>
    }
}

fn shown(verdict: Verdict, language: Language) -> Option<AnyView> {
    Some(match verdict {
        Verdict::Looking(_) => return None,
        Verdict::Failed(why) => view! { <p class="notice notice--bad">{why}</p> }.into_any(),
        Verdict::EventsPerDay(name, sum, records) => {
            let (is_known, words) = told(&name, &records, language);
            let class = if is_known { "notice" } else { "notice notice--bad" };
            let list = records.exports.into_iter().map(|record| view! { <li>{record_told(&record, language)}</li> });
            view! {
                <div class=format!("stack {class}")>
                    <p><strong>{words}</strong></p>
                    <ul>{list.collect_view()}</ul>
                    <p class="hint">
                        {format!("{}, {}", (language.verify().rows)(sum.rows), language.bytes(sum.bytes))} <br/> "SHA-256 "
                        <code>{sum.sha256}</code>
                    </p>
                </div>
            }
            .into_any()
        }
    })
}

/// Whether the file is known, and that in words.
fn told(name: &str, records: &ExportRecords, language: Language) -> (bool, String) {
    let words = language.verify();
    match records.exports.len() {
        0 => (false, (words.unknown)(name)),
        1 => (true, (words.known)(name)),
        _ => (true, (words.known_to_several)(name)),
    }
}

fn record_told(record: &ExportRecord, language: Language) -> String {
    let words = language.verify();
    let selection = selection(ExportParams::parse(&record.query).ok().as_ref(), &BTreeMap::new(), language);
    format!(
        "{}, {}: {selection}. {}. {}",
        language.moment(&record.started_at),
        by(record, language),
        (words.rows)(u64::try_from(record.rows).unwrap_or_default()),
        (words.record)(&record.id)
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
            reason: None,
            complete_to: None,
        };
        let of = |count| ExportRecords { exports: vec![record.clone(); count], next: None };
        let (known, words) = told("a.csv", &of(0), Language::English);
        assert!(!known && words.contains("not a file that you exported"));
        let (known, words) = told("a.csv", &of(2), Language::English);
        assert!(known && words.contains("each of these exports"));
        assert!(told("a.csv", &of(1), Language::German).0);
        assert_eq!(
            record_told(&record, Language::English),
            "2025-12-16 12:00:00 UTC, ann: from 2025-12-01, all cameras, UTC. 1,234 rows. Record 17"
        );
        assert_eq!(
            record_told(&record, Language::German),
            "16.12.2025 12:00:00 UTC, ann: ab 01.12.2025, alle Kameras, UTC. 1.234 Zeilen. Eintrag 17"
        );
    }
}
