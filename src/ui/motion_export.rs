//! `MotionExport`: the form from which motion events are exported.
//!
//! It is a real form on the export URL. Without script, or before the page is alive, submitting it makes the browser
//! download the file; with script the page fetches it, shows how far it is, and saves it once it is whole.

use leptos::either::EitherOf3;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use thaw::{Button, ButtonAppearance, ButtonSize, ButtonType, Switch};

use super::browser;
use super::camera_select::CameraSelect;
use super::copy_link::CopyLink;
use super::date_range_picker::DateRangePicker;
use super::exporting::{ExportProgress, Exporting};
use super::frame::CannotShow;
use super::preview::{self, Looked, PreviewCard};
use super::sent;
use super::timezone_select::TimezoneSelect;
use super::toasts::{LiveRegion, Toasts};
use crate::api::choices::Choices;
use crate::api::page::Content;
use crate::api::session::Role;
use crate::error::ApiError;
use crate::export::{DEFAULT_TIMEZONE, DateBound, DateRange, EXPORT_PATH, ExportParams};

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
    let exporting = Exporting::new(toasts);
    let running = exporting.is_running();
    let params = Signal::derive(move || selection.params());
    let problem = Signal::derive(move || params.get().err().map(|error| error.detail));
    let looked = preview::look(params);
    // For whoever exports before it is known how much that is.
    Effect::new(move |_| {
        if let (Some(total), Ok(params)) = (looked.with(Looked::rows), params.get_untracked()) {
            exporting.total_is(&params, total);
        }
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if running.get_untracked() {
            return;
        }
        match params.get_untracked() {
            Ok(params) => exporting.begin(params, looked.with_untracked(Looked::rows)),
            Err(error) => {
                toasts.clear();
                toasts.error("The export cannot begin", error.detail);
            }
        }
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
            <PreviewCard looked/>
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
                <ExportProgress exporting back_to=".export-button"/>
            </div>
            <LiveRegion toasts/>
        </form>
        // Outside of the form, whose every field is a parameter of the export.
        <CopyLink params link_max_minutes/>
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
