//! The exports of a page as plain data: which run, how many may run at once, when finished ones disappear, and how they ended.

use std::sync::Arc;

use leptos::prelude::*;

use super::progress::Progress;
use super::save_method::SaveMethod;
use crate::api::language::Language;
use crate::export_params::{DateBound, DateRange, ExportParams, file_name};
use crate::ui::table_html::escape_html;
use crate::ui::toasts::Notification;

/// An export of this page.
#[derive(Clone)]
pub struct Job {
    /// Identifies the job on this page.
    pub number: u32,
    /// What is exported.
    pub params: ExportParams,
    /// Its dates as the page shows them, without relative ones.
    pub shown: DateRange,
    /// How the file is saved.
    pub save_method: SaveMethod,
    /// How much has arrived.
    pub progress: ArcRwSignal<Progress>,
    /// The number of events of the complete file, once it is known.
    pub total: ArcRwSignal<Option<u64>>,
    /// Whether it has ended. It stays in the list until all have, so that rows do not move under the user's pointer.
    pub is_finished: bool,
    /// Cancels the export.
    pub cancel: Arc<dyn Fn() + Send + Sync>,
}

impl Job {
    /// Returns the name to suggest for the file. The server uses the same if it agrees about the days.
    pub fn file_name(&self) -> String {
        let day = |bound: Option<DateBound>| match bound? {
            DateBound::Day(day) => Some(day),
            DateBound::Instant(instant) => Some(instant.date_naive()),
            DateBound::Local(time) => Some(time.date()),
            DateBound::Relative(_) => None,
        };
        file_name(day(self.shown.start()), day(self.shown.end()))
    }

    /// Returns the days and the number of cameras of the export.
    pub fn summary(&self, language: Language) -> String {
        let cameras = (language.export().cameras_summary)(self.params.camera_ids.len());
        format!("{}, {cameras}", language.range(&self.shown))
    }
}

/// The exports of a page.
#[derive(Clone)]
pub struct JobList {
    jobs: Vec<Job>,
    /// The exports that have ended since one started while none ran: their labels, and how they ended.
    outcomes: Vec<(String, Notification)>,
    /// How many have been started.
    started: u32,
    /// How many may run at once.
    max_running: usize,
}

impl JobList {
    /// Creates an empty list for at most `max_running` exports at once.
    pub fn new(max_running: usize) -> Self {
        Self { jobs: Vec::new(), outcomes: Vec::new(), started: 0, max_running }
    }

    /// Returns all jobs in the order of their rows.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Returns a label for each job: its summary, with the time zone if another job has the same summary.
    pub fn labels(&self, language: Language) -> Vec<String> {
        let summaries: Vec<_> = self.jobs.iter().map(|job| job.summary(language)).collect();
        let is_shared = |summary: &&String| summaries.iter().filter(|other| other == summary).count() > 1;
        let label = |(job, summary): (&Job, &String)| match Some(summary).filter(is_shared) {
            Some(summary) => format!("{summary}, {}", job.params.timezone),
            None => summary.clone(),
        };
        self.jobs.iter().zip(&summaries).map(label).collect()
    }

    /// Returns the jobs that have not ended.
    pub fn running(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| !job.is_finished)
    }

    /// Returns whether no other export may start now.
    pub fn is_full(&self) -> bool {
        self.running().count() >= self.max_running
    }

    /// Returns whether this selection is being exported.
    pub fn is_exporting(&self, params: &ExportParams) -> bool {
        self.running().any(|job| job.params == *params)
    }

    /// Returns whether an export may start: the list is not full, and the same selection is not being exported.
    pub fn may_start(&self, params: &ExportParams) -> bool {
        !self.is_full() && !self.is_exporting(params)
    }

    /// Returns whether exports are lost if the user leaves the page. Those of the browser's download manager are not.
    pub fn would_be_lost(&self) -> bool {
        self.running().any(|job| job.save_method != SaveMethod::BrowserDownload)
    }

    /// Adds a job, in the row of a finished one if there is any.
    pub fn start(&mut self, params: ExportParams, shown: DateRange, cancel: Arc<dyn Fn() + Send + Sync>) -> Job {
        if self.running().next().is_none() {
            self.outcomes.clear();
        }
        let job = Job {
            number: self.started,
            params,
            shown,
            save_method: SaveMethod::Blob,
            progress: ArcRwSignal::new(Progress::default()),
            total: ArcRwSignal::new(None),
            is_finished: false,
            cancel,
        };
        self.started += 1;
        match self.jobs.iter_mut().find(|job| job.is_finished) {
            Some(slot) => *slot = job.clone(),
            None => self.jobs.push(job.clone()),
        }
        job
    }

    /// Sets how the file of a job is saved.
    pub fn set_save_method(&mut self, number: u32, save_method: SaveMethod) {
        self.jobs.iter_mut().filter(|job| job.number == number).for_each(|job| job.save_method = save_method);
    }

    /// Ends a job. The list is emptied once all have ended. Returns how to name the job if there are others beside it.
    pub fn finish(&mut self, number: u32, outcome: Option<Notification>, language: Language) -> Option<String> {
        let position = self.jobs.iter().position(|job| job.number == number)?;
        let label = self.labels(language).swap_remove(position);
        let is_only = self.jobs.len() == 1;
        if let Some(job) = self.jobs.get_mut(position) {
            job.is_finished = true;
        }
        if self.jobs.iter().all(|job| job.is_finished) {
            self.jobs.clear();
        }
        self.outcomes.extend(outcome.map(|outcome| (label.clone(), outcome)));
        Some(label).filter(|_| !is_only)
    }

    /// Returns one message for all exports that have ended, if there are several.
    pub fn summary(&self, language: Language) -> Option<Notification> {
        let ended = self.outcomes.len();
        if ended < 2 {
            return None;
        }
        let (mut complete, mut failed) = (0, 0);
        for (_, outcome) in &self.outcomes {
            match outcome {
                Notification::Success(..) => complete += 1,
                Notification::Info(..) => {}
                Notification::Error(..) => failed += 1,
                // It links to the sign-in.
                Notification::SignedOut => return Some(Notification::SignedOut),
            }
        }
        let texts = language.export();
        let kind = match failed {
            0 if complete == ended => Notification::Success,
            0 => Notification::Info,
            _ => Notification::Error,
        };
        Some(kind(texts.ended_exports, (texts.complete_of)(complete, ended)))
    }

    /// Returns how each export has ended as HTML, if several have. Views would take more of the page's WASM.
    pub fn outcomes_html(&self, language: Language) -> String {
        if self.outcomes.len() < 2 {
            return String::new();
        }
        let texts = language.export();
        let item = |(label, outcome): &(String, Notification)| {
            let (kind, title, body) = outcome.parts(texts);
            format!(
                "<li>{}<p><b class={}>{title}.</b> {}</p></li>",
                escape_html(label),
                kind.state_class,
                escape_html(&body)
            )
        };
        let items: String = self.outcomes.iter().map(item).collect();
        format!("<h2>{}</h2><ul>{items}</ul>", texts.ended_exports)
    }

    /// Sets the number of events of a selection, for the jobs that export it.
    pub fn set_total(&self, params: &ExportParams, total: u64) {
        self.jobs.iter().filter(|job| job.params == *params).for_each(|job| job.total.set(Some(total)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> ExportParams {
        ExportParams::parse(query).expect("valid")
    }

    fn start(list: &mut JobList, query: &str) -> Job {
        let params = params(query);
        let shown = params.range;
        list.start(params, shown, Arc::new(|| {}))
    }

    fn finish(list: &mut JobList, job: &Job, outcome: Option<Notification>) -> Option<String> {
        list.finish(job.number, outcome, Language::English)
    }

    fn complete() -> Notification {
        Notification::Success("Export complete", "a.csv".to_owned())
    }

    fn cancelled() -> Notification {
        Notification::Info("Export cancelled", "No file was saved.".to_owned())
    }

    fn failed() -> Notification {
        Notification::Error("Export failed", "Why <so>.".to_owned())
    }

    fn numbers(list: &JobList) -> Vec<(u32, bool)> {
        list.jobs().iter().map(|job| (job.number, job.is_finished)).collect()
    }

    #[test]
    fn as_many_exports_run_as_allowed_and_none_twice() {
        let mut list = JobList::new(2);
        let first = start(&mut list, "camera_id=a");
        assert!(!list.may_start(&params("camera_id=a")), "the same selection");
        assert!(list.may_start(&params("camera_id=b")));
        start(&mut list, "camera_id=b");
        assert!(list.is_full() && !list.may_start(&params("camera_id=c")));
        finish(&mut list, &first, Some(complete()));
        assert!(!list.is_full() && list.may_start(&params("camera_id=a")));
    }

    #[test]
    fn a_finished_row_stays_until_all_have_ended_and_is_used_again() {
        let mut list = JobList::new(3);
        let (first, second) = (start(&mut list, "camera_id=a"), start(&mut list, "camera_id=b"));
        finish(&mut list, &first, Some(complete()));
        assert_eq!(numbers(&list), [(0, true), (1, false)]);
        let third = start(&mut list, "camera_id=c");
        assert_eq!(numbers(&list), [(2, false), (1, false)]);
        finish(&mut list, &third, Some(complete()));
        finish(&mut list, &second, Some(complete()));
        assert_eq!(numbers(&list), []);
    }

    #[test]
    fn several_outcomes_have_one_summary_that_is_as_bad_as_the_worst() {
        let summary = |outcomes: &[Notification], language| {
            let mut list = JobList::new(9);
            let jobs: Vec<_> = (0..outcomes.len()).map(|n| start(&mut list, &format!("camera_id={n}"))).collect();
            jobs.iter().zip(outcomes).for_each(|(job, outcome)| {
                finish(&mut list, job, Some(outcome.clone()));
            });
            list.summary(language)
        };
        let english = |outcomes: &[Notification]| summary(outcomes, Language::English);
        assert_eq!(english(&[complete()]), None, "its own toast tells it");
        let expected = |kind: fn(&'static str, String) -> Notification, complete: &str| {
            let message = format!("{complete} complete. The list of ended exports has the details.");
            Some(kind("Ended exports", message))
        };
        assert_eq!(english(&[complete(), complete()]), expected(Notification::Success, "2 of 2"));
        assert_eq!(english(&[complete(), cancelled()]), expected(Notification::Info, "1 of 2"));
        assert_eq!(english(&[complete(), failed(), complete()]), expected(Notification::Error, "2 of 3"));
        assert_eq!(english(&[failed(), cancelled()]), expected(Notification::Error, "0 of 2"));
        assert_eq!(english(&[Notification::SignedOut, failed()]), Some(Notification::SignedOut));
        let german = "1 von 2 vollständig. Einzelheiten stehen in der Liste der beendeten Exporte.";
        let german = Some(Notification::Info("Beendete Exporte", german.to_owned()));
        assert_eq!(summary(&[complete(), cancelled()], Language::German), german);
    }

    #[test]
    fn outcomes_are_listed_by_name_until_an_export_starts_while_none_runs() {
        let mut list = JobList::new(2);
        let first = start(&mut list, "camera_id=a");
        assert_eq!(finish(&mut list, &first, Some(failed())), None, "the only one needs no name");
        assert_eq!(list.outcomes_html(Language::English), "");
        let (first, second) = (start(&mut list, "camera_id=a"), start(&mut list, ""));
        assert_eq!(finish(&mut list, &first, Some(failed())).as_deref(), Some("everything, one camera"));
        assert_eq!(list.outcomes_html(Language::English), "", "it has a toast");
        let third = start(&mut list, "camera_id=b&camera_id=c");
        assert_eq!(finish(&mut list, &second, Some(complete())).as_deref(), Some("everything, all cameras"));
        let html = "<h2>Ended exports</h2><ul>\
                    <li>everything, one camera<p><b class=state--failed>Export failed.</b> Why &lt;so&gt;.</p></li>\
                    <li>everything, all cameras<p><b class=state--completed>Export complete.</b> a.csv</p></li></ul>";
        assert_eq!(list.outcomes_html(Language::English), html);
        finish(&mut list, &third, None);
        assert_eq!(list.outcomes_html(Language::English), html, "until the next one starts");
        start(&mut list, "");
        assert_eq!(list.outcomes_html(Language::English), "");
    }

    #[test]
    fn names_of_ended_exports_are_not_markup() {
        let mut list = JobList::new(2);
        for query in ["timezone=<b>1", "timezone=<b>2"] {
            start(&mut list, query);
        }
        for job in list.jobs().to_vec() {
            finish(&mut list, &job, Some(complete()));
        }
        let html = list.outcomes_html(Language::English);
        assert!(html.contains("all cameras, &lt;b&gt;1<p>"), "{html}");
    }

    #[test]
    fn leaving_the_page_loses_only_what_the_page_itself_fetches() {
        let mut list = JobList::new(3);
        assert!(!list.would_be_lost());
        let job = start(&mut list, "");
        assert!(list.would_be_lost());
        list.set_save_method(job.number, SaveMethod::BrowserDownload);
        assert!(!list.would_be_lost());
    }

    #[test]
    fn a_late_total_reaches_the_exports_of_its_selection_only() {
        let mut list = JobList::new(3);
        let (one, other) = (start(&mut list, "camera_id=a"), start(&mut list, "camera_id=b"));
        list.set_total(&params("camera_id=a"), 7);
        assert_eq!((one.total.get_untracked(), other.total.get_untracked()), (Some(7), None));
    }

    #[test]
    fn jobs_of_the_same_days_and_cameras_are_labelled_with_their_time_zones() {
        let mut list = JobList::new(3);
        for query in ["timezone=Europe/Berlin", "timezone=Asia/Tokyo", "camera_id=a"] {
            let params = ExportParams::parse(query).expect("valid");
            let shown = params.range;
            list.start(params, shown, Arc::new(|| {}));
        }
        let labels = list.labels(Language::English);
        assert!(labels[0].ends_with("all cameras, Europe/Berlin"), "{labels:?}");
        assert!(labels[1].ends_with("all cameras, Asia/Tokyo"), "{labels:?}");
        assert!(labels[2].ends_with("one camera"), "{labels:?}");
    }

    #[test]
    fn a_job_is_summarized_by_its_days_and_cameras() {
        for (query, english, german, file) in [
            ("", "everything, all cameras", "alles, alle Kameras", "motion-events-all.csv"),
            (
                "start_date=2025-12-01&camera_id=a",
                "from 1 Dec 2025, one camera",
                "ab 1. Dez. 2025, eine Kamera",
                "motion-events-2025-12-01-latest.csv",
            ),
            (
                "end_date=2025-12-01&camera_id=a&camera_id=b",
                "until 1 Dec 2025, 2 cameras",
                "bis 1. Dez. 2025, 2 Kameras",
                "motion-events-earliest-2025-12-01.csv",
            ),
            (
                "start_date=2025-12-01T08:00:00Z&end_date=2025-12-02",
                "1 Dec 2025, 08:00:00 UTC – 2 Dec 2025, all cameras",
                "1. Dez. 2025, 08:00:00 UTC – 2. Dez. 2025, alle Kameras",
                "motion-events-2025-12-01-2025-12-02.csv",
            ),
        ] {
            let job = start(&mut JobList::new(1), query);
            assert_eq!(job.summary(Language::English), english);
            assert_eq!(job.summary(Language::German), german);
            assert_eq!(job.file_name(), file);
        }
    }
}
