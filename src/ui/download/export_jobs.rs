//! Exports that the page runs: started, shown side by side, cancelled, and reported when they end.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use web_sys::{AbortController, AbortSignal};

use super::fetch::{Target, download, follow_browser_download, unwritable};
use super::file_system_access::{self, WritableFile};
use super::job_list::{Job, JobList};
use super::progress::{PROGRESS_MAX, Progress};
use super::save_method::{Expected, SaveMethod};
use super::{DownloadError, Saved};
use crate::api::exports::ExportRecord;
use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{DateRange, ExportParams};
use crate::ui::toasts::{Notification, Toasts};
use crate::ui::{browser, page_data};

/// How often, and after how many milliseconds each, the page checks whether the size of the file is known. In all, this must
/// be less than the 5 seconds after a click in which Chromium allows a page to open the file picker.
const MAX_SIZE_CHECKS: u32 = 30;
const SIZE_CHECK_INTERVAL_MILLISECONDS: i32 = 100;

/// Returns what is known of an export, or `None` while that is being loaded.
pub type ExpectedSource = Box<dyn Fn() -> Option<Expected>>;

/// The exports of a page.
#[derive(Clone, Copy)]
pub struct ExportJobs {
    list: RwSignal<JobList>,
    toasts: Toasts,
    language: Language,
}

impl ExportJobs {
    /// Creates an empty list for at most `max_running` exports at once, which reports to these toasts.
    pub fn new(toasts: Toasts, max_running: usize) -> Self {
        let jobs = Self { list: RwSignal::new(JobList::new(max_running)), toasts, language: page_data::language() };
        let would_be_lost = Memo::new(move |_| jobs.list.with(JobList::would_be_lost));
        Effect::new(move |_| {
            if would_be_lost.get() {
                let listener = window_event_listener_untyped("beforeunload", |event| event.prevent_default());
                on_cleanup(move || listener.remove());
            }
        });
        jobs
    }

    /// Returns how many exports run.
    pub fn running(self) -> usize {
        self.list.with(|list| list.running().count())
    }

    /// Returns whether no other export may start now.
    pub fn is_full(self) -> Memo<bool> {
        Memo::new(move |_| self.list.with(JobList::is_full))
    }

    /// Returns whether this selection is being exported.
    pub fn is_exporting(self, params: &ExportParams) -> bool {
        self.list.with(|list| list.is_exporting(params))
    }

    /// Sets the number of events of a selection, in case it is being exported.
    pub fn set_total(self, params: &ExportParams, total: u64) {
        self.list.with_untracked(|list| list.set_total(params, total));
    }

    /// Starts an export, if it may start. Must be called in the handler of a click, because the file picker opens only
    /// then. `shown` are its dates as the page shows them.
    pub fn start(self, params: ExportParams, shown: DateRange, expected: ExpectedSource) {
        if !self.list.with_untracked(|list| list.may_start(&params)) {
            return;
        }
        if self.list.with_untracked(|list| list.jobs().is_empty()) {
            self.toasts.clear();
        }
        let Ok(controller) = AbortController::new() else {
            let texts = self.language.export();
            return self.toasts.show(Notification::Error(texts.cannot_start, texts.browser_too_old.to_owned()));
        };
        let (signal, controller) = (controller.signal(), SendWrapper::new(controller));
        let Some(job) = self.list.try_update(|list| list.start(params, shown, Arc::new(move || controller.abort())))
        else {
            return;
        };
        spawn_local(async move {
            let outcome = self.run(&job, &signal, expected).await;
            self.finish(job.number, outcome_notification(outcome, self.language));
        });
    }

    /// Ends an export, and reports how. The first outcome is a toast with all details. Several toasts would cover the page and
    /// each other: from the second outcome on, one toast sums them up, and [`ended_exports`] has the details.
    fn finish(self, number: u32, outcome: Option<Notification>) {
        let finish = |list: &mut JobList| {
            let name = list.finish(number, outcome.clone(), self.language);
            (name.unwrap_or_default(), list.summary(self.language))
        };
        if let (Some((name, summary)), Some(outcome)) = (self.list.try_update(finish), outcome.clone()) {
            self.toasts.announce(&outcome, &name);
            self.toasts.replace(summary.unwrap_or(outcome));
        }
    }

    /// Runs an export to its end.
    async fn run(self, job: &Job, signal: &AbortSignal, expected: ExpectedSource) -> Result<Outcome, DownloadError> {
        // The save method depends on the size, which may still be loading.
        for _ in 0..MAX_SIZE_CHECKS {
            if expected().is_some() || signal.aborted() {
                break;
            }
            browser::sleep(SIZE_CHECK_INTERVAL_MILLISECONDS).await;
        }
        let expected = expected().unwrap_or_default();
        job.total.set(expected.rows);
        let save_method = SaveMethod::choose(expected.bytes, file_system_access::is_supported());
        self.list.update(|list| list.set_save_method(job.number, save_method));
        if signal.aborted() {
            return Err(DownloadError::Cancelled);
        }
        let set_progress = |progress| job.progress.set(progress);
        let target = match save_method {
            SaveMethod::Blob => Target::Blob,
            SaveMethod::FileSystem => match WritableFile::pick(&job.file_name()).await {
                Ok(Some(file)) => Target::File(file),
                Ok(None) => return Ok(Outcome::PickerClosed),
                Err(error) => return Err(unwritable(&error)),
            },
            SaveMethod::BrowserDownload => {
                return follow_browser_download(&job.params, set_progress).await.map(Outcome::SavedByBrowser);
            }
        };
        spawn_local(self.count_idle_seconds(job.clone()));
        download(&job.params.to_url(), signal, target, set_progress).await.map(Outcome::Saved)
    }
}

impl ExportJobs {
    /// Counts the seconds in which no bytes arrive, until the export ends.
    async fn count_idle_seconds(self, job: Job) {
        let (mut bytes, mut last_change) = (0, js_sys::Date::now());
        loop {
            browser::sleep(1_000).await;
            if !self.list.with_untracked(|list| list.running().any(|running| running.number == job.number)) {
                return;
            }
            let now = js_sys::Date::now();
            let progress = job.progress.get_untracked();
            if progress.bytes != bytes {
                (bytes, last_change) = (progress.bytes, now);
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time span in seconds")]
            let idle_seconds = ((now - last_change) / 1_000.0) as u64;
            job.progress.set(Progress { idle_seconds, ..progress });
        }
    }
}

/// How an export ended, unless it failed.
#[derive(Debug)]
enum Outcome {
    /// The page saved the file.
    Saved(Saved),
    /// The server sent the file to the browser's download manager.
    SavedByBrowser(Box<ExportRecord>),
    /// The user closed the file picker.
    PickerClosed,
}

/// Returns how to report an outcome. A closed file picker is not reported: the user did it.
fn outcome_notification(outcome: Result<Outcome, DownloadError>, language: Language) -> Option<Notification> {
    let texts = language.export();
    Some(match outcome {
        Ok(Outcome::PickerClosed) => return None,
        Ok(Outcome::Saved(saved)) => Notification::Success(texts.export_complete, saved_message(&saved, language)),
        Ok(Outcome::SavedByBrowser(record)) => {
            Notification::Success(texts.export_complete, saved_by_browser_message(&record, language))
        }
        Err(DownloadError::Refused(error)) if error.is_unauthenticated() => Notification::SignedOut,
        // Somebody has cancelled it elsewhere.
        Err(DownloadError::Broken(Some(reason))) if reason.code.starts_with("cancelled_by_") => {
            Notification::Info(texts.export_cancelled, format!("{} {}", reason.text, texts.nothing_saved))
        }
        Err(DownloadError::Refused(ApiError { code: ErrorCode::ExportEnded, message, .. })) => {
            Notification::Info(texts.export_cancelled, language.translate(*message).text)
        }
        Err(error @ DownloadError::Cancelled) => Notification::Info(texts.export_cancelled, error.message(language)),
        Err(error) => Notification::Error(texts.export_failed, error.message(language)),
    })
}

fn saved_message(saved: &Saved, language: Language) -> String {
    let texts = language.export();
    let Saved { file_name, summary, complete_to } = saved;
    let size = language.bytes(summary.bytes);
    let message = if summary.rows == 0 {
        (texts.saved_empty)(file_name, &size)
    } else {
        let digest = summary.sha256.get(..8).unwrap_or_default();
        (texts.saved)(file_name, &language.events(summary.rows), &size, digest)
    };
    with_limit(message, complete_to.as_deref(), language)
}

fn saved_by_browser_message(record: &ExportRecord, language: Language) -> String {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let digest = record.sha256.as_deref().and_then(|sha256| sha256.get(..8)).unwrap_or_default();
    let (events, size) = (language.events(count(record.rows)), language.bytes(count(record.bytes)));
    let message = (language.export().saved_by_browser)(&events, &size, digest);
    with_limit(message, record.complete_to.as_deref(), language)
}

/// Appends up to when a file is complete, if it was read from a replica.
fn with_limit(message: String, complete_to: Option<&str>, language: Language) -> String {
    match complete_to {
        Some(timestamp) => {
            format!("{message} {}", (language.history().complete_to)(&language.timestamp(timestamp)))
        }
        None => message,
    }
}

/// The running exports with their progress, each with a button that cancels it.
///
/// `back_to`: the element that gets the focus when an export ends and the focused button disappears.
pub fn export_progress(jobs: ExportJobs, back_to: &'static str) -> impl IntoView {
    let texts = jobs.language.export();
    Effect::new(move |before: Option<usize>| {
        let now = jobs.running();
        if before.is_some_and(|before| before > now) {
            // After the export button is enabled again.
            request_animation_frame(move || {
                browser::lose_focus(".job--over :focus");
                browser::focus_if_lost(back_to);
            });
        }
        now
    });
    let rows = move || jobs.list.with(|list| (list.jobs().to_vec(), list.labels(jobs.language)));
    let rows = move || {
        let (jobs, labels) = rows();
        jobs.into_iter().zip(labels)
    };
    view! {
        <ul class="jobs" aria-label=texts.exports_running hidden=move || jobs.running() == 0>
            {move || rows().map(|(job, label)| job_row(job, label, jobs.language)).collect_view()}
        </ul>
    }
}

/// A row of the list.
fn job_row(job: Job, name: String, language: Language) -> impl IntoView {
    let texts = language.export();
    let (progress, total, cancel) = (job.progress, job.total, job.cancel);
    let fraction = {
        let (progress, total) = (progress.clone(), total.clone());
        move || total.get().filter(|total| *total > 0).map(|total| progress.get().fraction(total).to_string())
    };
    let message = move || progress.get().message(total.get(), language);
    let end = match job.save_method {
        SaveMethod::BrowserDownload => view! { <span class="hint">{texts.in_downloads}</span> }.into_any(),
        SaveMethod::Blob | SaveMethod::FileSystem => view! {
            <button type="button" class="cancel-button" on:click=move |_| cancel()>
                {texts.cancel}
                <span class="visually-hidden">{format!(" {name}")}</span>
            </button>
        }
        .into_any(),
    };
    view! {
        <li class="job" class:job--over=job.is_finished>
            <div class="progress">
                <p class="progress__name">{name.clone()}</p>
                <progress aria-label=(texts.export_named)(&name) max=PROGRESS_MAX.to_string() value=fraction></progress>
                <output aria-live="off">{message}</output>
            </div>
            {end}
        </li>
    }
}

/// How exports that ran beside each other have ended. Empty for a single one, which has a toast.
pub fn ended_exports(jobs: ExportJobs) -> impl IntoView {
    let html = move || jobs.list.with(|list| list.outcomes_html(jobs.language));
    view! { <section class="card outcomes" inner_html=html></section> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::messages::records::RecordMessage;
    use crate::ui::download::csv_digest::FileSummary;
    use crate::ui::test_support::{record, render, to_html};
    use crate::ui::toasts::toast_area;

    fn saved(rows: u64) -> Saved {
        let summary = FileSummary { bytes: 5_000, rows, sha256: "0123456789abcdef".to_owned() };
        Saved { file_name: "motion-events-all.csv".to_owned(), summary, complete_to: None }
    }

    #[test]
    fn a_saved_file_is_reported_with_its_contents() {
        let message = |rows| saved_message(&saved(rows), Language::English);
        assert!(message(0).contains("no events"));
        assert!(message(1).starts_with("motion-events-all.csv: 1 event, 5.0 kB"));
        assert!(message(1_234).contains("1,234 events") && message(1_234).ends_with("SHA-256 01234567…"));
        let limited = Saved { complete_to: Some("2025-12-16T12:00:05Z".to_owned()), ..saved(1) };
        let limited = saved_message(&limited, Language::English);
        assert!(limited.ends_with("… Complete up to 16 Dec 2025, 12:00:05 UTC."), "{limited}");
    }

    #[test]
    fn each_outcome_is_reported_in_its_own_way() {
        let report = |outcome| outcome_notification(outcome, Language::English);
        assert_eq!(report(Ok(Outcome::PickerClosed)), None);
        assert_eq!(
            report(Ok(Outcome::Saved(saved(1)))),
            Some(Notification::Success("Export complete", saved_message(&saved(1), Language::English)))
        );
        match report(Ok(Outcome::SavedByBrowser(Box::new(record(""))))) {
            Some(Notification::Success("Export complete", message)) => {
                assert!(message.contains("1,234 events, 5.0 kB") && message.contains("SHA-256 01234567…"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        let cancelled = Notification::Info("Export cancelled", "No file was saved.".to_owned());
        assert_eq!(report(Err(DownloadError::Cancelled)), Some(cancelled));
        let signed_out = ApiError { code: ErrorCode::Unauthenticated, ..ApiError::internal() };
        assert_eq!(report(Err(DownloadError::Refused(signed_out))), Some(Notification::SignedOut));
        match report(Err(DownloadError::Unreachable)) {
            Some(Notification::Error("Export failed", message)) => assert!(message.contains("could not be reached")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_export_that_was_cancelled_elsewhere_is_no_error() {
        let reason = RecordMessage::CancelledByAdministrator { name: "eve".to_owned() };
        let report = outcome_notification(Err(DownloadError::Broken(Some(reason.into()))), Language::English);
        match report {
            Some(Notification::Info("Export cancelled", message)) => {
                assert!(message.starts_with("Cancelled by eve, an administrator."), "{message}");
                assert!(message.ends_with("No file was saved."), "{message}");
            }
            other => panic!("{other:?}"),
        }
        let refused = ApiError::new(ErrorCode::ExportEnded, RecordMessage::CancelledByOwner);
        let report = outcome_notification(Err(DownloadError::Refused(refused)), Language::German);
        assert!(matches!(report, Some(Notification::Info(_, message)) if message.starts_with("Abgebrochen von der")));
    }

    #[test]
    fn running_exports_are_shown_with_progress_and_a_button_that_cancels_them() {
        let html = render(Language::English, Content::Nothing, || {
            let jobs = ExportJobs::new(Toasts::new(page_data::language()), 2);
            assert!(to_html(export_progress(jobs, "#main")).contains("hidden"), "nothing runs");
            let params = |query| ExportParams::parse(query).expect("valid");
            let page = jobs
                .list
                .try_update(|list| list.start(params("camera_id=a"), DateRange::default(), Arc::new(|| {})))
                .expect("a job");
            page.progress.set(Progress { bytes: 80, rows: 1, ..Progress::default() });
            jobs.set_total(&params("camera_id=a"), 4);
            let browser = jobs
                .list
                .try_update(|list| list.start(params(""), DateRange::default(), Arc::new(|| {})))
                .expect("a job");
            jobs.list.update(|list| list.set_save_method(browser.number, SaveMethod::BrowserDownload));
            assert!(jobs.is_full().get_untracked() && untrack(|| jobs.is_exporting(&params(""))));
            export_progress(jobs, "#main")
        });
        for part in [
            "aria-label=\"Export: everything, one camera\" max=\"1000\" value=\"250\"",
            "1 of 4 events, 80 bytes</output>",
            "<span class=\"visually-hidden\"> everything, one camera</span></button>",
            "<p class=\"progress__name\">everything, all cameras</p>",
            "cancel it there.</span>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("cancel-button").count(), 1, "{html}");
    }

    #[test]
    fn exports_that_end_beside_others_share_a_toast_and_are_announced_by_name() {
        let html = render(Language::English, Content::Nothing, || {
            let jobs = ExportJobs::new(Toasts::new(page_data::language()), 3);
            let start = |query| {
                let params = ExportParams::parse(query).expect("valid");
                jobs.list
                    .try_update(|list| list.start(params, DateRange::default(), Arc::new(|| {})))
                    .expect("a job")
                    .number
            };
            let (first, second) = (start("camera_id=a"), start(""));
            jobs.finish(first, Some(Notification::Error("Export failed", "No space.".to_owned())));
            assert_eq!(jobs.running(), 1);
            assert!(to_html(toast_area(jobs.toasts)).contains("<b>Export failed</b><p>No space.</p>"));
            jobs.finish(second, Some(Notification::Success("Export complete", "b.csv".to_owned())));
            (ended_exports(jobs), toast_area(jobs.toasts))
        });
        for part in [
            "class=\"card outcomes\"><h2>Ended exports</h2><ul><li>everything, one camera<p><b class=state--failed>",
            "<b>Ended exports</b><p>1 of 2 complete.",
            "everything, one camera. Export failed. No space.</div>",
            "everything, all cameras. Export complete. b.csv</div>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("<section aria-label").count(), 1, "one toast: {html}");
    }
}
