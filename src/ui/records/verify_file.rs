//! Verifies a file: finds the exports of a CSV by its digest, which the browser computes. The file is not uploaded.

use std::collections::BTreeMap;

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Blob, DataTransfer, DragEvent, File, FileList, HtmlInputElement};

use self::comparison::{Comparison, compare};
use self::file_form::FileForm;
use super::export_history::{count, deletion_note, exported_by, selection_summary};
use crate::api::exports::{ExportRecord, ExportRecords};
use crate::api::language::Language;
use crate::api::paths::{HISTORY_PATH, VERIFY_PATH, record_path};
use crate::api::session::Role;
use crate::export_params::{ExportParams, FileDays};
use crate::ui::download::DownloadError;
use crate::ui::download::csv_digest::FileSummary;
use crate::ui::download::fetch::{FileEnds, records_with_digest, records_with_file_name, summarize};
use crate::ui::layout::{SettingsFrame, sign_in_link};
use crate::ui::{browser, page_data};

mod comparison;
mod file_form;

/// The state of the verification.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// The file is being read: the bytes so far.
    Reading(u64),
    /// Name and digest of the file, and the exports that have the digest.
    Known(String, FileSummary, ExportRecords),
    /// The same, and what is wrong with the file, because no export has the digest.
    Unknown(String, FileSummary, Comparison),
    /// The verification failed: the message, and whether the user must sign in.
    Failed(String, bool),
}

impl Verdict {
    /// Returns the verdict about a request that failed.
    fn failed(error: &DownloadError, language: Language) -> Self {
        let is_signed_out = matches!(error, DownloadError::Refused(error) if error.is_unauthenticated());
        Self::Failed(error.message(language), is_signed_out)
    }
}

/// Looks up the exports that have the digest of a file, or else those whose file had its name.
async fn look_up(name: String, summary: FileSummary, ends: &FileEnds) -> Result<Verdict, DownloadError> {
    let mut records = records_with_digest(&summary.sha256).await?;
    for record in &mut records.exports {
        to_own_timezone(record);
    }
    if !records.exports.is_empty() {
        return Ok(Verdict::Known(name, summary, records));
    }
    let form = FileForm::of(ends);
    let named = match FileDays::of(&name).filter(|_| form.is_some()) {
        Some(_) => records_with_file_name(&name).await?.exports,
        None => Vec::new(),
    };
    let mut comparison = compare(form.as_ref(), &summary, named);
    for record in &mut comparison.exports {
        to_own_timezone(record);
    }
    Ok(Verdict::Unknown(name, summary, comparison))
}

fn to_own_timezone(record: &mut ExportRecord) {
    record.started_at = browser::in_own_timezone(&record.started_at);
}

/// The verification of the file that was chosen last.
#[derive(Clone, Copy)]
struct Verification {
    file: StoredValue<Option<File>, LocalStorage>,
    verdict: RwSignal<Option<Verdict>>,
    /// The number of the last verification.
    last: StoredValue<u32>,
}

impl Verification {
    fn new() -> Self {
        Self { file: StoredValue::new_local(None), verdict: RwSignal::new(None), last: StoredValue::new(0) }
    }

    /// Starts a verification and returns its number.
    fn start(self) -> u32 {
        let number = self.last.get_value() + 1;
        self.last.set_value(number);
        self.verdict.set(Some(Verdict::Reading(0)));
        number
    }

    /// Shows a verdict, unless another file was chosen meanwhile. Returns whether it was shown.
    fn show(self, number: u32, verdict: Verdict) -> bool {
        let is_last = self.last.get_value() == number;
        if is_last {
            self.verdict.set(Some(verdict));
        }
        is_last
    }

    /// Verifies a file.
    fn run(self, file: File, language: Language) {
        let number = self.start();
        self.file.set_value(Some(file.clone()));
        spawn_local(async move {
            let blob: &Blob = file.as_ref();
            let summary = summarize(blob, |bytes| self.show(number, Verdict::Reading(bytes))).await;
            let verdict = match summary {
                Ok((summary, ends)) => {
                    let verdict = look_up(file.name(), summary, &ends).await;
                    verdict.unwrap_or_else(|error| Verdict::failed(&error, language))
                }
                Err(_) => Verdict::Failed(language.verify().unreadable.to_owned(), false),
            };
            self.show(number, verdict);
        });
    }
}

/// The page at `/settings/verify`.
#[component]
pub fn VerifyFile() -> impl IntoView {
    let language = page_data::language();
    let texts = language.verify();
    let verification = Verification::new();
    let verify_first = move |files: Option<FileList>| {
        if let Some(file) = files.and_then(|files| files.get(0)) {
            verification.run(file, language);
        }
    };
    let choose = move |event: leptos::ev::Event| {
        let input: Option<HtmlInputElement> = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(input) = input {
            verify_first(input.files());
        }
    };
    let field = NodeRef::<Input>::new();
    // Cleared, so that the same file can be chosen again after a change.
    let forget = move |_| {
        if let Some(field) = field.get_untracked() {
            field.set_value("");
        }
    };
    // The user has closed the picker: the last file still is the one of the verdict.
    let show_last = move || {
        if let (Some(field), Some(file)) = (field.get_untracked(), verification.file.get_value()) {
            show_file(&field, &file);
        }
    };
    // A file may be chosen or dropped before the page is hydrated.
    Effect::new(move || {
        if let Some(field) = field.get() {
            verify_first(field.files());
        }
    });
    let is_over = RwSignal::new(false);
    let drop_file = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        verify_first(event.data_transfer().and_then(|dropped| dropped.files()));
        show_last();
    };
    let drag_over = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(true);
    };
    let verdict = verification.verdict;
    view! {
        <SettingsFrame current=VERIFY_PATH title=language.frame().verify_a_file lead=texts.lead>
            <div
                class="card drop needs-script"
                class=("drop--over", move || is_over.get())
                on:dragover=drag_over
                on:dragleave=move |_| is_over.set(false)
                on:drop=drop_file
            >
                <label for="file">{texts.choose}</label>
                <input
                    id="file"
                    type="file"
                    accept=".csv,text/csv"
                    node_ref=field
                    on:click=forget
                    on:change=choose
                    on:cancel=move |_: leptos::ev::Event| show_last()
                    aria-describedby="file-hint"
                />
                <p class="hint" id="file-hint">{texts.hint}</p>
            </div>
            <p class="card without-script">
                {texts.without_script} <a href=HISTORY_PATH rel="external">{language.frame().export_history}</a> "."
            </p>
            // Outside the live region, because the progress changes too often to be read out.
            {move || verdict.with(|verdict| progress_message(verdict.as_ref(), language)).map(|message| view! {
                <p class="card">{message}</p>
            })}
            <div role="status">{move || verdict.get().and_then(|verdict| verdict_view(verdict, language))}</div>
        </SettingsFrame>
    }
}

/// Makes a file field show a file, such as one that was dropped beside it.
fn show_file(field: &HtmlInputElement, file: &File) {
    if let Ok(files) = DataTransfer::new()
        && files.items().add_with_file(file).is_ok()
    {
        field.set_files(files.files().as_ref());
    }
}

/// Returns the progress while the file is being read.
fn progress_message(verdict: Option<&Verdict>, language: Language) -> Option<String> {
    match verdict {
        Some(Verdict::Reading(bytes)) => Some((language.verify().bytes_read)(&language.bytes(*bytes))),
        _ => None,
    }
}

fn verdict_view(verdict: Verdict, language: Language) -> Option<AnyView> {
    Some(match verdict {
        Verdict::Reading(_) => return None,
        Verdict::Failed(message, is_signed_out) => {
            let link = sign_in_link(is_signed_out, language);
            view! { <p class="notice notice--bad">{message} " " {link}</p> }.into_any()
        }
        Verdict::Known(name, summary, records) => {
            let message = known_message(&name, records.exports.len(), language);
            verdict_card("stack notice", message, None, &records.exports, summary, language)
        }
        Verdict::Unknown(name, summary, comparison) => {
            let everybodys = page_data::me().is_some_and(|me| me.role == Role::Admin);
            let message = comparison.message(&name, &summary, everybodys, language);
            let lead = (!comparison.exports.is_empty()).then_some(language.verify().may_come_from);
            verdict_card("stack notice notice--bad", message, lead, &comparison.exports, summary, language)
        }
    })
}

/// The verdict with the exports that it is about. `lead` says what these are.
fn verdict_card(
    class: &'static str,
    message: String,
    lead: Option<&'static str>,
    records: &[ExportRecord],
    summary: FileSummary,
    language: Language,
) -> AnyView {
    let item = |record: &ExportRecord| {
        let address = browser::local(&record_path(&record.id));
        view! {
            <li>
                {record_summary(record, language)} " "
                <a href=address rel="external">{(language.verify().record)(&record.id)}</a>
                {deletion_note(record, language).map(|note| format!(". {note}"))}
            </li>
        }
    };
    let list = (!records.is_empty()).then(|| view! { <ul>{records.iter().map(item).collect_view()}</ul> });
    view! {
        <div class=class>
            <p><strong>{message}</strong></p>
            {lead.map(|lead| view! { <p>{lead}</p> })}
            {list}
            <p class="hint">
                {format!("{}, {}", (language.verify().rows)(summary.rows), language.bytes(summary.bytes))} <br/> "SHA-256 "
                <code>{summary.sha256}</code>
            </p>
        </div>
    }
    .into_any()
}

/// Returns the verdict about a file that this number of exports gave.
fn known_message(name: &str, exports: usize, language: Language) -> String {
    let texts = language.verify();
    if exports == 1 { (texts.known)(name) } else { (texts.known_to_several)(name) }
}

/// Returns when, by whom and with which selection an export was made.
fn record_summary(record: &ExportRecord, language: Language) -> String {
    let texts = language.verify();
    let selection = selection_summary(ExportParams::parse(&record.query).ok().as_ref(), &BTreeMap::new(), language);
    format!(
        "{}, {}: {selection}. {}.",
        language.timestamp(&record.started_at),
        exported_by(record, language),
        (texts.rows)(count(record.rows)),
    )
}

#[cfg(test)]
mod tests {
    use super::comparison::Finding;
    use super::*;
    use crate::api::page::Content;
    use crate::error::{ApiError, ErrorCode};
    use crate::messages::requests::RequestMessage;
    use crate::ui::test_support::{record, render, to_html, with_owner};

    fn records(count: usize) -> ExportRecords {
        ExportRecords { exports: vec![record("start_date=2025-12-01"); count], next: None }
    }

    fn html(verdict: Verdict) -> String {
        with_owner(|| to_html(verdict_view(verdict, Language::English).expect("a verdict")))
    }

    fn summary() -> FileSummary {
        FileSummary { bytes: 5_000, rows: 1_234, sha256: "0123456789abcdef".to_owned() }
    }

    #[test]
    fn an_export_with_the_digest_of_a_file_is_summarized() {
        assert!(known_message("a.csv", 2, Language::English).contains("each of these exports"));
        assert!(known_message("a.csv", 1, Language::German).contains("vollständig und unverändert"));
        assert_eq!(
            record_summary(&record("start_date=2025-12-01"), Language::English),
            "16 Dec 2025, 12:00:00 UTC, ann: from 1 Dec 2025, all cameras, UTC. 1,234 rows."
        );
        assert_eq!(
            record_summary(&record("start_date=2025-12-01"), Language::German),
            "16. Dez. 2025, 12:00:00 UTC, ann: ab 1. Dez. 2025, alle Kameras, UTC. 1.234 Zeilen."
        );
    }

    #[test]
    fn a_record_says_what_had_been_deleted_if_its_selection_begins_before() {
        let shown = |query: &str| {
            let deleted_to = Some("2025-11-16T12:00:00.000Z".to_owned());
            let records = ExportRecords { exports: vec![ExportRecord { deleted_to, ..record(query) }], next: None };
            html(Verdict::Known("a.csv".to_owned(), summary(), records))
        };
        for query in ["", "start_date=2025-11-16", "start_date=2025-11-16T10:00:00Z"] {
            let words =
                "Record 17</a>. Events before 16 Nov 2025, 12:00:00 UTC had been deleted in whole or in part.</li>";
            assert!(shown(query).contains(words), "{}", shown(query));
        }
        assert!(shown("start_date=2025-11-17").contains("Record 17</a></li>"));
    }

    #[test]
    fn the_verdict_of_a_file_that_was_replaced_by_another_one_is_dropped() {
        with_owner(|| {
            let verification = Verification::new();
            let first = verification.start();
            assert!(verification.show(first, Verdict::Reading(1)));
            let second = verification.start();
            assert!(!verification.show(first, Verdict::Reading(2)));
            assert_eq!(verification.verdict.get_untracked(), Some(Verdict::Reading(0)));
            assert!(verification.show(second, Verdict::Failed("why".to_owned(), false)));
            assert_eq!(verification.verdict.get_untracked(), Some(Verdict::Failed("why".to_owned(), false)));
        });
    }

    #[test]
    fn the_progress_is_shown_while_the_file_is_read_and_the_verdict_after_that() {
        let reading = Verdict::Reading(5_000);
        assert_eq!(progress_message(Some(&reading), Language::English).as_deref(), Some("5.0 kB read…"));
        assert_eq!(progress_message(None, Language::English), None);
        assert!(verdict_view(reading, Language::English).is_none());
        let known = html(Verdict::Known("a <b>.csv".to_owned(), summary(), records(1)));
        for part in [
            "<div class=\"stack notice\">",
            "<strong>a &lt;b&gt;.csv is complete and unchanged",
            "<li>16 Dec 2025, 12:00:00 UTC, ann:",
            "<a href=\"/settings/exports/17\" rel=\"external\">Record 17</a>",
            "1,234 rows, 5.0 kB",
            "<code>0123456789abcdef</code>",
        ] {
            assert!(known.contains(part), "{part} in {known}");
        }
        let compared =
            |finding, exports| html(Verdict::Unknown("a.csv".to_owned(), summary(), Comparison { finding, exports }));
        let unknown = compared(Finding::NotOurs, Vec::new());
        assert!(unknown.contains("notice--bad") && !unknown.contains("<ul>"), "{unknown}");
        let changed = compared(Finding::Changed, records(1).exports);
        assert!(
            changed.contains("a.csv was changed") && changed.contains("Exports with this name:</p><ul><li>"),
            "{changed}"
        );
    }

    #[test]
    fn a_failed_lookup_is_a_failure_with_its_message() {
        let unreachable = Verdict::failed(&DownloadError::Unreachable, Language::English);
        assert_eq!(unreachable, Verdict::Failed(DownloadError::Unreachable.message(Language::English), false));
        let failed = html(Verdict::Failed("It cannot be read.".to_owned(), false));
        assert!(failed.contains("It cannot be read.") && !failed.contains("<a"), "{failed}");
        let refused = DownloadError::Refused(ApiError::new(ErrorCode::Unauthenticated, RequestMessage::NotSignedIn));
        let signed_out = html(Verdict::failed(&refused, Language::English));
        assert!(signed_out.contains("You are signed out.") && signed_out.contains(">Sign in</a>"), "{signed_out}");
    }

    #[test]
    fn the_page_says_what_to_do_without_script() {
        let html = render(Language::English, Content::Nothing, || view! { <VerifyFile/> });
        assert!(html.contains("type=\"file\" accept=\".csv,text/csv\""), "{html}");
        assert!(html.contains("sha256sum") && html.contains("<div role=\"status\"></div>"), "{html}");
    }
}
