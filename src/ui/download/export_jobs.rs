//! Exports that the page makes: begun, shown side by side, cancelled, and told how they ended.

use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use web_sys::AbortController;

use super::file_system_access::{self, File};
use super::progress::{Progress, WHOLE};
use super::{DownloadError, Saved, Target, download, hand_over};
use crate::api::exports::ExportRecord;
use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{DateBound, ExportParams, file_name};
use crate::ui::toasts::Toasts;
use crate::ui::{browser, page_data};

/// From that size on, a file goes straight to disk where the browser can do that: about as much as a tab can bear to keep
/// on a small machine.
const LARGE_BYTES: u64 = 100_000_000;

/// From that size on, where it cannot go straight to disk, the browser's own downloads get the export.
const TOO_LARGE_BYTES: u64 = 500_000_000;

/// How often the page looks whether it knows by now how large the file will be, and after how many milliseconds each: in
/// all, less than the five seconds for which Chromium lets a page ask for a file after a click.
const SIZE_TRIES: u32 = 30;
const BETWEEN_SIZE_TRIES_MILLISECONDS: i32 = 100;

/// What is known of an export before it begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Events.
    pub rows: Option<u64>,
    /// Bytes of the file.
    pub bytes: Option<u64>,
}

/// How the file of an export gets to where it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SaveMethod {
    /// The page fetches it, and saves it once it is whole.
    Page,
    /// The page writes it to disk while it comes.
    Disk,
    /// The browser's own downloads.
    Browser,
}

impl SaveMethod {
    fn of(bytes: Option<u64>, disk_is_there: bool) -> Self {
        match bytes {
            // What nobody could count may be the largest of all.
            None | Some(LARGE_BYTES..) if disk_is_there => Self::Disk,
            Some(TOO_LARGE_BYTES..) => Self::Browser,
            _ => Self::Page,
        }
    }
}

/// An export that is being made.
#[derive(Clone)]
struct Job {
    number: u32,
    params: ExportParams,
    way: SaveMethod,
    progress: ArcRwSignal<Progress>,
    /// How many events there will be, where that is known.
    total: ArcRwSignal<Option<u64>>,
    /// Whether it is over. It keeps its place until all are, so that nobody who is about to end one ends another.
    is_over: bool,
    // What it holds must be dropped on the thread that made it, which is the browser's only one: the server makes none.
    abort: SendWrapper<AbortController>,
}

/// The exports that are being made, up to as many at once as the server allows.
#[derive(Clone, Copy)]
pub struct ExportJobs {
    jobs: RwSignal<Vec<Job>>,
    begun: StoredValue<u32>,
    most: usize,
    toasts: Toasts,
    language: Language,
}

impl ExportJobs {
    /// Nothing yet. What becomes of exports is told by these toasts.
    pub fn new(toasts: Toasts, most: usize) -> Self {
        let language = page_data::language();
        let exporting = Self { jobs: RwSignal::new(Vec::new()), begun: StoredValue::new(0), most, toasts, language };
        // Whoever leaves the page loses them.
        let would_lose =
            Memo::new(move |_| exporting.jobs.with(|jobs| running(jobs).any(|job| job.way != SaveMethod::Browser)));
        Effect::new(move |_| {
            if would_lose.get() {
                let listener = window_event_listener_untyped("beforeunload", |event| event.prevent_default());
                on_cleanup(move || listener.remove());
            }
        });
        exporting
    }

    /// How many are being made.
    pub fn count(self) -> usize {
        self.jobs.with(|jobs| running(jobs).count())
    }

    /// Whether no other can begin: there are as many as there may be.
    pub fn is_full(self) -> Memo<bool> {
        Memo::new(move |_| self.count() >= self.most)
    }

    /// Whether this very selection is being exported.
    pub fn is_about(self, params: &ExportParams) -> bool {
        self.jobs.with(|jobs| running(jobs).any(|job| job.params == *params))
    }

    /// Begins one, unless there are as many as there may be. Has to follow on a click. `known` says what is known of it:
    /// nothing yet, where that is still looked for.
    pub fn begin(self, params: ExportParams, known: Box<dyn Fn() -> Option<Expected>>) {
        let Self { jobs, toasts, language, .. } = self;
        let words = language.export();
        if untrack(|| self.count() >= self.most || self.is_about(&params)) {
            return;
        }
        if jobs.with_untracked(Vec::is_empty) {
            toasts.clear();
        }
        let Ok(abort) = AbortController::new() else {
            return toasts.error(words.cannot_begin, words.browser_too_old.to_owned());
        };
        let number = self.begun.get_value();
        self.begun.set_value(number + 1);
        let job = Job {
            number,
            params,
            way: SaveMethod::Page,
            progress: ArcRwSignal::new(Progress::default()),
            total: ArcRwSignal::new(None),
            is_over: false,
            abort: SendWrapper::new(abort),
        };
        jobs.update(|jobs| match jobs.iter_mut().find(|job| job.is_over) {
            Some(place) => *place = job.clone(),
            None => jobs.push(job.clone()),
        });
        spawn_local(async move {
            // Where it goes depends on how large it is.
            for _ in 0..SIZE_TRIES {
                if known().is_some() || job.abort.signal().aborted() {
                    break;
                }
                browser::sleep(BETWEEN_SIZE_TRIES_MILLISECONDS).await;
            }
            let expected = known().unwrap_or_default();
            job.total.set(expected.rows);
            let way = SaveMethod::of(expected.bytes, file_system_access::is_there());
            jobs.update(|jobs| jobs.iter_mut().filter(|job| job.number == number).for_each(|job| job.way = way));
            let target = match way {
                _ if job.abort.signal().aborted() => Err(DownloadError::Cancelled),
                SaveMethod::Page => Ok(Target::Downloads),
                SaveMethod::Disk => match File::ask(&job.file_name()).await {
                    Ok(Some(file)) => Ok(Target::Disk(file)),
                    // Whoever was asked where it should go, and closed the question, knows.
                    Ok(None) => return self.ends(number),
                    Err(error) => Err(DownloadError::unwritable(&error)),
                },
                SaveMethod::Browser => {
                    let progress = job.progress.clone();
                    let outcome = hand_over(&job.params, move |so_far| progress.set(so_far)).await;
                    self.ends(number);
                    return match outcome {
                        Ok(record) => toasts.success(words.export_complete, handed_over(&record, language)),
                        Err(error) => self.tell(&error),
                    };
                }
            };
            let target = match target {
                Ok(target) => target,
                Err(error) => {
                    self.ends(number);
                    return self.tell(&error);
                }
            };
            let progress = job.progress.clone();
            let signal = job.abort.signal();
            let outcome = download(&job.params.to_url(), &signal, target, move |so_far| progress.set(so_far)).await;
            self.ends(number);
            match outcome {
                Ok(saved) => toasts.success(words.export_complete, told(&saved, language)),
                Err(error) => self.tell(&error),
            }
        });
    }

    fn ends(self, number: u32) {
        self.jobs.update(|jobs| {
            jobs.iter_mut().filter(|job| job.number == number).for_each(|job| job.is_over = true);
            if jobs.iter().all(|job| job.is_over) {
                jobs.clear();
            }
        });
    }

    fn tell(self, error: &DownloadError) {
        let words = self.language.export();
        match error {
            DownloadError::Cancelled => self.toasts.info(words.export_cancelled, error.told(self.language)),
            DownloadError::Refused(ApiError { code: ErrorCode::Unauthenticated, .. }) => self.toasts.signed_out(),
            error => self.toasts.error(words.export_failed, error.told(self.language)),
        }
    }

    /// Says how many events a selection has, in case it is one that is being exported.
    pub fn total_is(self, params: &ExportParams, total: u64) {
        self.jobs.with_untracked(|jobs| {
            jobs.iter().filter(|job| job.params == *params).for_each(|job| job.total.set(Some(total)));
        });
    }
}

fn running(jobs: &[Job]) -> impl Iterator<Item = &Job> {
    jobs.iter().filter(|job| !job.is_over)
}

impl Job {
    /// What the server will call the file, as far as the page can tell.
    fn file_name(&self) -> String {
        let day = |bound: Option<DateBound>| match bound? {
            DateBound::Day(day) => Some(day),
            DateBound::Instant(instant) => Some(instant.date_naive()),
        };
        file_name(day(self.params.range.start()), day(self.params.range.end()))
    }

    /// What is exported, in a line.
    fn told(&self, language: Language) -> String {
        let words = language.export();
        let day = |bound: DateBound| match bound {
            DateBound::Day(day) => language.day(day),
            bound @ DateBound::Instant(_) => bound.to_string(),
        };
        let days = match (self.params.range.start().map(day), self.params.range.end().map(day)) {
            (None, None) => words.everything.to_owned(),
            (Some(start), None) => (language.history().from)(&start),
            (None, Some(end)) => (language.history().until)(&end),
            (Some(start), Some(end)) => format!("{start} – {end}"),
        };
        format!("{days}, {}", (words.cameras_told)(self.params.camera_ids.len()))
    }
}

/// What is told of a file that was saved: that it is whole, and by what.
fn told(saved: &Saved, language: Language) -> String {
    let words = language.export();
    let Saved { file_name, sum, complete_to } = saved;
    let size = language.bytes(sum.bytes);
    let told = if sum.rows == 0 {
        (words.saved_empty)(file_name, &size)
    } else {
        (words.saved)(file_name, &language.events(sum.rows), &size, sum.sha256.get(..8).unwrap_or_default())
    };
    up_to(told, complete_to.as_deref(), language)
}

/// What is told of a file that the browser's own downloads have got.
fn handed_over(record: &ExportRecord, language: Language) -> String {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let begin = record.sha256.as_deref().and_then(|sha256| sha256.get(..8)).unwrap_or_default();
    let (events, size) = (language.events(count(record.rows)), language.bytes(count(record.bytes)));
    up_to((language.export().handed_over)(&events, &size, begin), record.complete_to.as_deref(), language)
}

/// And up to when it is complete, where it was read from a replica.
fn up_to(told: String, moment: Option<&str>, language: Language) -> String {
    match moment {
        Some(moment) => format!("{told} {}", (language.history().complete_to)(&language.moment(moment))),
        None => told,
    }
}

/// How far the exports are, each with the button that ends it.
#[component]
pub fn ExportProgress(
    /// Which exports.
    exporting: ExportJobs,
    /// What gets the focus when one is over, unless something else has it: what was pressed may be gone or disabled.
    back_to: &'static str,
) -> impl IntoView {
    let language = exporting.language;
    let words = language.export();
    Effect::new(move |before: Option<usize>| {
        let now = exporting.count();
        if before.is_some_and(|before| before > now) {
            // Once the button can be pressed again.
            request_animation_frame(move || {
                browser::lose_focus(".job--over :focus");
                browser::focus_if_lost(back_to);
            });
        }
        now
    });
    let row = move |job: Job| {
        let name = job.told(language);
        let label = (words.export_named)(&name);
        let (progress, total) = (job.progress.clone(), job.total.clone());
        let part = {
            let (progress, total) = (progress.clone(), total.clone());
            move || total.get().filter(|total| *total > 0).map(|total| progress.get().part(total).to_string())
        };
        let so_far = move || progress.get().told(total.get(), language);
        let end = match job.way {
            SaveMethod::Browser => view! { <span class="hint">{words.in_downloads}</span> }.into_any(),
            SaveMethod::Page | SaveMethod::Disk => {
                let abort = job.abort.clone();
                view! {
                    <button
                        type="button"
                        class="cancel-button"
                        on:click=move |_| abort.abort()
                    >
                        {words.cancel}
                        <span class="visually-hidden">{format!(" {name}")}</span>
                    </button>
                }
                .into_any()
            }
        };
        view! {
            <li class="job" class:job--over=job.is_over>
                <div class="progress">
                    <p class="progress__name">{job.told(language)}</p>
                    <progress aria-label=label max=WHOLE.to_string() value=part></progress>
                    <output aria-live="off">{so_far}</output>
                </div>
                {end}
            </li>
        }
    };
    view! {
        <ul class="jobs" aria-label=words.exports_running hidden=move || exporting.count() == 0>
            {move || exporting.jobs.get().into_iter().map(row).collect_view()}
        </ul>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::download::csv_digest::FileSummary;

    #[test]
    fn a_file_that_was_saved_is_told_with_what_is_in_it() {
        let told = |rows| {
            let sum = FileSummary { bytes: 5_000, rows, sha256: "0123456789abcdef".to_owned() };
            told(&Saved { file_name: "motion-events-all.csv".to_owned(), sum, complete_to: None }, Language::English)
        };
        assert!(told(0).contains("no events"));
        assert!(told(1).starts_with("motion-events-all.csv: 1 event, 5.0 kB"));
        assert!(told(1_234).contains("1,234 events") && told(1_234).ends_with("SHA-256 01234567…"));
        let limited = up_to(told(1), Some("2025-12-16T12:00:05Z"), Language::English);
        assert!(limited.ends_with("… Complete up to 2025-12-16 12:00:05 UTC."), "{limited}");
    }

    #[test]
    fn a_file_goes_where_there_is_room_for_it() {
        let ways = |disk| {
            [None, Some(99_999_999), Some(100_000_000), Some(500_000_000)].map(|bytes| SaveMethod::of(bytes, disk))
        };
        assert_eq!(ways(true), [SaveMethod::Disk, SaveMethod::Page, SaveMethod::Disk, SaveMethod::Disk]);
        assert_eq!(ways(false), [SaveMethod::Page, SaveMethod::Page, SaveMethod::Page, SaveMethod::Browser]);
    }
}
