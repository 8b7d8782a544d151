//! `MotionExport`: the form from which motion events are exported.
//!
//! It is a real form on the export URL. Without script, or before the page is alive, submitting it makes the browser
//! download the file; with script the page fetches it, shows how far it is, and saves it once it is whole.

use leptos::either::EitherOf3;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use thaw::{Button, ButtonAppearance, ButtonSize, ButtonType, Switch};
use web_sys::AbortController;

use super::browser;
use super::camera_select::CameraSelect;
use super::copy_link::CopyLink;
use super::date_range_picker::DateRangePicker;
use super::download::{DownloadError, Saved, download};
use super::format;
use super::frame::CannotShow;
use super::sent;
use super::timezone_select::TimezoneSelect;
use super::toasts::{LiveRegion, Toasts};
use crate::api::choices::Choices;
use crate::api::page::Content;
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::export::{BYTE_ORDER_MARK, COLUMNS, DEFAULT_TIMEZONE, DateBound, DateRange, EXPORT_PATH, ExportParams};

/// What the form says.
#[derive(Clone, Copy)]
struct Selection {
    start: RwSignal<String>,
    end: RwSignal<String>,
    camera: RwSignal<String>,
    timezone: RwSignal<String>,
    bom: RwSignal<bool>,
}

impl Selection {
    /// What an untouched form says. What somebody filled in before the page came alive is taken over right after:
    /// coming alive, the page has to be as the server made it.
    fn new() -> Self {
        let text = |id: &str, default: &str| {
            let signal = RwSignal::new(default.to_owned());
            let there = browser::value_of(id);
            Effect::new(move || there.iter().for_each(|there| signal.set(there.clone())));
            signal
        };
        let bom = RwSignal::new(true);
        let there = browser::is_checked("bom");
        Effect::new(move || there.iter().for_each(|there| bom.set(*there)));
        Self {
            start: text("start-date", ""),
            end: text("end-date", ""),
            camera: text("camera", ""),
            timezone: text("timezone", DEFAULT_TIMEZONE),
            bom,
        }
    }

    /// The parameters of the export, checked as the server checks them.
    fn params(self) -> Result<ExportParams, ApiError> {
        let camera = self.camera.get();
        params(&self.start.get(), &self.end.get(), &camera, self.timezone.get(), self.bom.get())
    }
}

fn params(start: &str, end: &str, camera: &str, timezone: String, bom: bool) -> Result<ExportParams, ApiError> {
    let bound = |field, text: &str| (!text.is_empty()).then(|| DateBound::parse(field, text)).transpose();
    Ok(ExportParams {
        range: DateRange::new(bound("start_date", start)?, bound("end_date", end)?)?,
        camera_ids: if camera.is_empty() { Vec::new() } else { vec![camera.to_owned()] },
        timezone,
        bom,
        raw: false,
    })
}

/// What is told of a file that was saved.
fn told(saved: &Saved, bom: bool) -> String {
    let header = COLUMNS.join(",").len() + "\r\n".len() + if bom { BYTE_ORDER_MARK.len() } else { 0 };
    let size = format::bytes(saved.bytes);
    if saved.bytes <= header as u64 {
        format!(
            "{}, {size}. There are no events in this selection, so it holds the names of the columns only.",
            saved.file_name
        )
    } else {
        format!("{}, {size}", saved.file_name)
    }
}

/// Dates, camera, time zone, and the button that makes the file.
#[component]
pub fn MotionExport() -> impl IntoView {
    match sent::content() {
        Ok(Content::Export(choices)) => EitherOf3::A(view! { <ExportForm choices/> }),
        Err(error) => EitherOf3::B(view! { <CannotShow error/> }),
        // Another page's: there is no way to come here from there but by asking the server anew.
        Ok(_) => EitherOf3::C(()),
    }
}

#[component]
fn ExportForm(choices: Choices) -> impl IntoView {
    let Choices { cameras, timezones, link_max_minutes } = choices;
    let nothing = cameras.is_empty().then(|| {
        let words = match sent::me().map(|me| me.role) {
            Some(Role::User) => {
                "No camera was granted to you yet, so the file will be empty. An administrator can do that."
            }
            _ => "There are no cameras yet, so the file will be empty. They come with the first import.",
        };
        view! { <p class="notice">{words}</p> }
    });
    let selection = Selection::new();
    let toasts = Toasts::expect();
    // The bytes that have come in; none while nothing is being exported.
    let received = RwSignal::new(None::<u64>);
    let running = Memo::new(move |_| received.get().is_some());
    // Not `new_local`: what that holds, even nothing, must be dropped on the thread that made it, and a page may be
    // rendered on one thread of the server and dropped on another. The wrapper itself is made in the browser only.
    let abort = StoredValue::new(None::<SendWrapper<AbortController>>);
    // A button that is disabled loses the focus. Whoever came with the keyboard gets it back, unless they moved on.
    Effect::new(move |was_running: Option<bool>| {
        let running = running.get();
        if was_running == Some(true) && !running {
            browser::focus_if_lost(".export-button");
        }
        running
    });
    let problem = Signal::derive(move || selection.params().err().map(|error| error.detail));

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if running.get_untracked() {
            return;
        }
        toasts.clear();
        let params = match untrack(move || selection.params()) {
            Ok(params) => params,
            Err(error) => return toasts.error("The export cannot begin", error.detail),
        };
        let Ok(controller) = AbortController::new() else {
            return toasts.error("The export cannot begin", "This browser is too old for it.".to_owned());
        };
        let signal = controller.signal();
        abort.set_value(Some(SendWrapper::new(controller)));
        received.set(Some(0));
        spawn_local(async move {
            let outcome = download(&params.to_url(), &signal, move |bytes| received.set(Some(bytes))).await;
            received.set(None);
            match outcome {
                Ok(saved) => toasts.success("Export complete", told(&saved, params.bom)),
                Err(error @ DownloadError::Cancelled) => toasts.info("Export cancelled", error.to_string()),
                Err(DownloadError::Refused(ApiError { code: ErrorCode::Unauthenticated, .. })) => toasts.signed_out(),
                Err(error) => toasts.error("Export failed", error.to_string()),
            }
        });
    };
    let cancel = move |_| {
        abort.with_value(|abort| {
            if let Some(abort) = abort {
                abort.abort();
            }
        });
    };

    view! {
        {nothing}
        <form class="motion-export" method="get" action=EXPORT_PATH on:submit=submit>
            <input type="hidden" name="format" value="csv"/>
            <div class="card card--selection">
                <DateRangePicker start=selection.start end=selection.end timezone=selection.timezone problem/>
                <CameraSelect cameras value=selection.camera/>
                <TimezoneSelect timezones value=selection.timezone/>
                <div class="option" role="group" aria-label="File" aria-describedby="bom-hint">
                    <Switch
                        id="bom"
                        name="bom"
                        value="true"
                        checked=selection.bom
                        label="Excel-compatible"
                    />
                    <p class="hint" id="bom-hint">
                        "Marks the file as UTF-8, which Excel needs for letters such as ü. Off for other tools."
                    </p>
                </div>
            </div>
            <div class="card card--action">
                <Button
                    class="export-button"
                    appearance=ButtonAppearance::Primary
                    size=ButtonSize::Large
                    button_type=ButtonType::Submit
                    disabled=running
                    loading=running
                >
                    "Export CSV"
                </Button>
                <Show when=move || running.get()>
                    <Button class="cancel-button" size=ButtonSize::Large button_type=ButtonType::Button on_click=cancel>
                        "Cancel"
                    </Button>
                    <output class="received" aria-live="off">
                        {move || format!("{} so far", format::bytes(received.get().unwrap_or_default()))}
                    </output>
                </Show>
            </div>
            <LiveRegion toasts/>
        </form>
        // Outside of the form, whose every field is a parameter of the export.
        <CopyLink params=Signal::derive(move || selection.params()) link_max_minutes/>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_asks_for_what_it_says() {
        let params = params("2025-12-01", "", "cam-1", "Europe/Berlin".to_owned(), true).expect("valid");
        assert_eq!(
            params.to_url(),
            "/api/v1/motion-events/export?format=csv&start_date=2025-12-01&camera_id=cam-1\
             &timezone=Europe%2FBerlin&bom=true"
        );
    }

    #[test]
    fn a_file_without_events_is_told_as_that() {
        let told = |bytes, bom| told(&Saved { file_name: "motion-events-all.csv".to_owned(), bytes }, bom);
        for (bytes, bom, empty) in [(79, false, true), (82, true, true), (82, false, false), (5_000, true, false)] {
            assert_eq!(told(bytes, bom).contains("no events"), empty, "{bytes} {bom}");
        }
    }

    #[test]
    fn an_untouched_form_asks_for_everything() {
        let params = params("", "", "", "UTC".to_owned(), true).expect("valid");
        assert_eq!(params, ExportParams { bom: true, ..ExportParams::default() });
    }

    #[test]
    fn dates_in_the_wrong_order_are_told_before_the_server_is_asked() {
        let error = params("2025-12-02", "2025-12-01", "", "UTC".to_owned(), true).expect_err("reversed");
        assert_eq!(error.field.as_deref(), Some("start_date"));
    }
}
