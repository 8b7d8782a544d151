//! An export that the page makes: begun, shown, cancelled, and told how it ended.

use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use thaw::{Button, ButtonSize, ButtonType};
use web_sys::AbortController;

use super::browser;
use super::download::{DownloadError, Saved, download};
use super::format;
use super::progress::Progress;
use super::toasts::Toasts;
use crate::error::{ApiError, ErrorCode};
use crate::export::ExportParams;

/// One export at a time, and how far it is.
#[derive(Clone, Copy)]
pub struct Exporting {
    /// None while nothing is being exported.
    progress: RwSignal<Option<Progress>>,
    /// How many events there will be, where that is known.
    total: RwSignal<Option<u64>>,
    /// What is exported.
    params: StoredValue<Option<ExportParams>>,
    // Not `new_local`: what that holds, even nothing, must be dropped on the thread that made it, and a page may be
    // rendered on one thread of the server and dropped on another. The wrapper itself is made in the browser only.
    abort: StoredValue<Option<SendWrapper<AbortController>>>,
    toasts: Toasts,
}

impl Exporting {
    /// Nothing yet. What becomes of exports is told by these toasts.
    pub fn new(toasts: Toasts) -> Self {
        let (progress, total) = (RwSignal::new(None), RwSignal::new(None));
        Self { progress, total, params: StoredValue::new(None), abort: StoredValue::new(None), toasts }
    }

    /// Whether there is one.
    pub fn is_running(self) -> Memo<bool> {
        Memo::new(move |_| self.progress.get().is_some())
    }

    /// Begins one, unless there is one.
    pub fn begin(self, params: ExportParams, total: Option<u64>) {
        let Self { progress, abort, toasts, .. } = self;
        if progress.get_untracked().is_some() {
            return;
        }
        toasts.clear();
        let Ok(controller) = AbortController::new() else {
            return toasts.error("The export cannot begin", "This browser is too old for it.".to_owned());
        };
        let signal = controller.signal();
        abort.set_value(Some(SendWrapper::new(controller)));
        self.total.set(total);
        self.params.set_value(Some(params.clone()));
        progress.set(Some(Progress::default()));
        spawn_local(async move {
            let outcome = download(&params.to_url(), &signal, move |so_far| progress.set(Some(so_far))).await;
            progress.set(None);
            match outcome {
                Ok(saved) => toasts.success("Export complete", told(&saved)),
                Err(error @ DownloadError::Cancelled) => toasts.info("Export cancelled", error.to_string()),
                Err(DownloadError::Refused(ApiError { code: ErrorCode::Unauthenticated, .. })) => toasts.signed_out(),
                Err(error) => toasts.error("Export failed", error.to_string()),
            }
        });
    }

    /// Says how many events a selection has, in case it is the one that is being exported.
    pub fn total_is(self, params: &ExportParams, total: u64) {
        if self.params.with_value(|mine| mine.as_ref() == Some(params)) {
            self.total.set(Some(total));
        }
    }

    fn cancel(self) {
        self.abort.with_value(|abort| {
            if let Some(abort) = abort {
                abort.abort();
            }
        });
    }
}

/// What is told of a file that was saved: that it is whole, and by what.
fn told(saved: &Saved) -> String {
    let Saved { file_name, sum } = saved;
    let size = format::bytes(sum.bytes);
    if sum.rows == 0 {
        return format!(
            "{file_name}, {size}. There are no events in this selection, so it holds the names of the columns only."
        );
    }
    let (events, begin) = (format::events(sum.rows), sum.sha256.get(..8).unwrap_or_default());
    format!("{file_name}: {events}, {size}, as the server's record tells. SHA-256 {begin}…")
}

/// How far the export is, and the button that ends it.
#[component]
pub fn ExportProgress(
    /// Which export.
    exporting: Exporting,
    /// What gets the focus when it is over, unless something else has it: what was pressed may be gone or disabled.
    back_to: &'static str,
) -> impl IntoView {
    let running = exporting.is_running();
    Effect::new(move |was_running: Option<bool>| {
        let running = running.get();
        if was_running == Some(true) && !running {
            browser::focus_if_lost(back_to);
        }
        running
    });
    let so_far = move || exporting.progress.get().unwrap_or_default();
    let part = move || exporting.total.get().filter(|total| *total > 0).map(|total| so_far().part(total).to_string());
    view! {
        <Show when=move || running.get()>
            <Button
                class="cancel-button"
                size=ButtonSize::Large
                button_type=ButtonType::Button
                on_click=move |_| exporting.cancel()
            >
                "Cancel"
            </Button>
            <div class="progress">
                <progress aria-label="Export" max="1" value=part></progress>
                <output aria-live="off">{move || so_far().told(exporting.total.get())}</output>
            </div>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::Sum;
    use super::*;

    #[test]
    fn a_file_that_was_saved_is_told_with_what_is_in_it() {
        let told = |rows| {
            let sum = Sum { bytes: 5_000, rows, sha256: "0123456789abcdef".to_owned() };
            told(&Saved { file_name: "motion-events-all.csv".to_owned(), sum })
        };
        assert!(told(0).contains("no events"));
        assert!(told(1).starts_with("motion-events-all.csv: 1 event, 5.0 kB"));
        assert!(told(1_234).contains("1,234 events") && told(1_234).ends_with("SHA-256 01234567…"));
    }
}
