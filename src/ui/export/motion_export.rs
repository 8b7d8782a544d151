//! `MotionExport`: the form that exports motion events.
//!
//! It is a plain form on the export URL. Without script, and until the page is hydrated, the browser submits it and downloads
//! the file. After hydration the page fetches the file, shows the progress, and saves the file once it is checked.

use leptos::either::EitherOf3;
use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use thaw::{Button, ButtonAppearance, ButtonSize, ButtonType, Switch};

use super::camera_select::CameraSelect;
use super::date_range_picker::DateRangePicker;
use super::integrations::integrations;
use super::preview::preview_card;
use super::preview::zoom::DateZoom;
use super::preview_query::{PreviewQuery, PreviewState, expected_export, use_preview};
use super::recent_exports::recent_exports;
use super::selection::Selection;
use super::timezone_select::timezone_select;
use crate::api::export_form::ExportFormData;
use crate::api::language::Language;
use crate::api::page::Content;
use crate::api::paths::{IMPORT_PATH, SETTINGS_PATH, SOURCES_PATH};
use crate::api::session::Role;
use crate::error::ApiError;
use crate::export_params::{EXPORT_PATH, ExportParams};
use crate::ui::download::export_jobs::{ExportJobs, ended_exports, export_progress};
use crate::ui::download::save_method::Expected;
use crate::ui::hydration::{self, HydrationChunk, static_html};
use crate::ui::layout::CannotShow;
use crate::ui::layout::drawings::{Drawing, empty_state};
use crate::ui::toasts::{Notification, Toasts, toast_area};
use crate::ui::{browser, page_data};

/// The export form with the data of the page, or the error if they could not be loaded.
#[component]
pub fn MotionExport() -> impl IntoView {
    match page_data::content() {
        Ok(Content::Export(data)) => EitherOf3::A(export_form(*data)),
        Err(error) => EitherOf3::B(view! { <CannotShow error/> }),
        // Content of another page: links between pages load a new document, so this does not happen.
        Ok(_) => EitherOf3::C(()),
    }
}

/// What the parts of the form share.
#[derive(Clone, Copy)]
struct FormContext {
    selection: Selection,
    /// The parameters of the selection, or why they are invalid.
    params: Signal<Result<ExportParams, ApiError>>,
    preview: PreviewQuery,
    jobs: ExportJobs,
    toasts: Toasts,
    language: Language,
    is_hydrated: ReadSignal<bool>,
    /// Whether this selection is being exported.
    is_running: Memo<bool>,
    /// Whether as many exports run as one user may run.
    is_full: Memo<bool>,
}

impl FormContext {
    fn new(data: &mut ExportFormData) -> Self {
        let selection = Selection::new(data);
        let toasts = Toasts::new(page_data::language());
        let jobs = ExportJobs::new(toasts, data.max_at_once);
        let params = Signal::derive(move || selection.params());
        Self {
            selection,
            params,
            preview: use_preview(params, data.preview.take(), move |params| selection.show_in_address(params)),
            jobs,
            toasts,
            language: page_data::language(),
            is_hydrated: hydration::is_hydrated(),
            is_running: Memo::new(move |_| params.get().is_ok_and(|params| jobs.is_exporting(&params))),
            is_full: jobs.is_full(),
        }
    }

    /// Returns whether the export button is disabled. The same selection cannot be exported twice at once; another one can.
    fn is_disabled(self) -> bool {
        self.is_running.get() || self.is_full.get()
    }

    /// Passes the number of events to a running export that was started before its preview was loaded.
    fn share_total(self) {
        self.preview.state.track();
        if let Ok(params) = self.params.get_untracked()
            && let Some(total) = self.preview.of(&params).as_ref().and_then(PreviewState::rows)
        {
            self.jobs.set_total(&params, total);
        }
    }

    /// Handles the submission of the form by one of its buttons. Returns false if the browser must submit the form itself.
    fn submit(self, is_export_button: bool) -> bool {
        let submission = Submission {
            is_export_button,
            is_hydrated: self.is_hydrated.get_untracked(),
            is_disabled: untrack(|| self.is_disabled()),
        };
        match submission.action(self.params.get_untracked()) {
            SubmitAction::LeaveToBrowser => return false,
            SubmitAction::Ignore => {}
            SubmitAction::Start(params) => {
                let started = params.clone();
                let shown = untrack(|| self.selection.shown_range());
                self.jobs.start(params, shown, Box::new(move || untrack(|| self.expected(&started))));
            }
            SubmitAction::ShowError(error) => {
                let message = self.language.selection_error(&error);
                self.toasts.show(Notification::Error(self.language.export().cannot_start, message));
            }
        }
        true
    }

    /// Returns what an export will be, or `None` while its preview is loading.
    fn expected(self, params: &ExportParams) -> Option<Expected> {
        expected_export(self.preview.of(params).as_ref(), self.params.get().as_ref() == Ok(params))
    }
}

/// The submission of the form.
#[derive(Clone, Copy, Debug)]
struct Submission {
    /// Whether the export button submitted it, and not a button with another address.
    is_export_button: bool,
    is_hydrated: bool,
    /// Whether the export button is disabled. The Enter key submits the form nevertheless.
    is_disabled: bool,
}

/// What to do about a submission.
#[derive(Debug, PartialEq)]
enum SubmitAction {
    /// Let the browser submit the form, as it does without script.
    LeaveToBrowser,
    /// Do nothing.
    Ignore,
    /// Start the export.
    Start(ExportParams),
    /// Show what is wrong with the selection.
    ShowError(ApiError),
}

impl Submission {
    fn action(self, params: Result<ExportParams, ApiError>) -> SubmitAction {
        match params {
            // Before hydration is complete, the signals may not have the values of the fields yet.
            _ if !self.is_export_button || !self.is_hydrated => SubmitAction::LeaveToBrowser,
            _ if self.is_disabled => SubmitAction::Ignore,
            Ok(params) => SubmitAction::Start(params),
            Err(error) => SubmitAction::ShowError(error),
        }
    }
}

/// The form: the selection, its preview, and the export button.
fn export_form(mut data: ExportFormData) -> impl IntoView {
    let form = FormContext::new(&mut data);
    let FormContext { selection, params, preview, jobs, toasts, is_running, .. } = form;
    let is_disabled = Signal::derive(move || form.is_disabled());
    let ExportFormData { cameras, timezones, recent, selected, link_max_minutes, max_at_once, no_events, .. } = data;
    let names = cameras.iter().filter_map(|camera| Some((camera.id.clone(), camera.name.clone()?))).collect();
    selection.follow_history(selected);
    Effect::new(move |_| form.share_total());
    let last_day = Signal::derive(move || preview.state.with(PreviewState::last_day));
    let submit = move |event: SubmitEvent| {
        let is_export_button = event.submitter().is_none_or(|button| !button.has_attribute("formaction"));
        if form.submit(is_export_button) {
            event.prevent_default();
        }
    };
    view! {
        {static_html(move || no_events_notice(no_events))}
        <HydrationChunk>{address_problem(selection)}</HydrationChunk>
        <form class="motion-export" method="get" action=EXPORT_PATH on:submit=submit>
            <input type="hidden" name="format" value="csv"/>
            // The Enter key presses the first button of a form, which would otherwise be a preset.
            <button class="visually-hidden" tabindex="-1" aria-hidden="true">{form.language.export().export_csv}</button>
            <div class="card card--selection">
                <h2 class="visually-hidden">{form.language.history().selection}</h2>
                <HydrationChunk><DateRangePicker selection params last_day/></HydrationChunk>
                <HydrationChunk><CameraSelect cameras selection params/></HydrationChunk>
                <HydrationChunk>{timezone_select(&timezones, selection)}</HydrationChunk>
                <HydrationChunk>{file_options(selection)}</HydrationChunk>
            </div>
            <HydrationChunk>{preview_card(preview.state, params, DateZoom::new(selection))}</HydrationChunk>
            <div class="card card--action">
                <h2 class="visually-hidden">{form.language.export().export}</h2>
                <HydrationChunk>{export_button(is_running, is_disabled)}</HydrationChunk>
                <button class="without-script" formaction=SETTINGS_PATH>{form.language.export().show_preview}</button>
                <HydrationChunk>
                    {export_progress(jobs, ".export-button")} {waits(jobs, form.is_full, max_at_once)} {toast_area(toasts)}
                </HydrationChunk>
            </div>
        </form>
        // Outside the form, because every field inside it is a parameter of the export.
        <HydrationChunk>{integrations(params, link_max_minutes)}</HydrationChunk>
        <HydrationChunk>{ended_exports(jobs)}{recent_exports(recent, names, jobs)}</HydrationChunk>
    }
}

/// Helps a user who sees no events: says who can change that, or leads administrators to it.
fn no_events_notice(administrators: Option<Vec<String>>) -> impl IntoView {
    let texts = page_data::language().export();
    let is_admin = page_data::me().is_some_and(|me| me.role == Role::Admin);
    administrators.map(|names| {
        if !is_admin {
            let text = view! { <p>{(texts.nothing_granted)(&names.join(", "))}</p> };
            return empty_state(Drawing::Locked, text, None).into_any();
        }
        let text = view! {
            <h2>{texts.nothing_yet}</h2>
            <p>{texts.nothing_yet_for_admins} " " <a href=IMPORT_PATH rel="external">{texts.import_a_file}</a></p>
        };
        empty_state(Drawing::Camera, text, Some((SOURCES_PATH, texts.add_a_source))).into_any()
    })
}

/// Says what is wrong with the selection in the page's address.
fn address_problem(selection: Selection) -> impl IntoView {
    let language = page_data::language();
    let message = move || {
        let error = selection.problem.get()?;
        Some((language.export().bad_address)(&language.error(&error)))
    };
    move || message().map(|message| view! { <p class="notice notice--bad" role="alert">{message}</p> })
}

/// The button that starts the export.
fn export_button(is_running: Memo<bool>, is_disabled: Signal<bool>) -> impl IntoView {
    let texts = page_data::language().export();
    // thaw gives its spinner no accessible name.
    Effect::new(move |_| {
        if is_running.get() {
            let set_label = || browser::set_label(".export-button [role=progressbar]", texts.export_csv);
            request_animation_frame(set_label);
        }
    });
    view! {
        <Button
            class="export-button"
            appearance=ButtonAppearance::Primary
            size=ButtonSize::Large
            button_type=ButtonType::Submit
            disabled=is_disabled
            loading=is_running
            on_click=ignore_double_click
        >
            {texts.export_csv}
        </Button>
    }
}

/// Says why the button waits, while as many exports run as one user may run. While exports of this page run, the line stays
/// without its text, so that the buttons above it do not move when one ends.
fn waits(jobs: ExportJobs, is_full: Memo<bool>, limit: usize) -> impl IntoView {
    let message = (page_data::language().export().all_slots_used)(limit);
    let text = move || if is_full.get() { message.clone() } else { String::new() };
    let hidden = move || jobs.running() == 0;
    view! { <p class="hint export-waits" role="status" hidden=hidden>{text}</p> }
}

/// Ignores the second click of a double click: the user wants one file.
fn ignore_double_click(event: MouseEvent) {
    if event.detail() > 1 {
        event.prevent_default();
    }
}

/// The options for spreadsheets.
fn file_options(selection: Selection) -> impl IntoView {
    let texts = page_data::language().export();
    selection.hydrate_file_options();
    view! {
        <div class="option" role="group" aria-label=texts.file aria-describedby="bom-hint">
            <Switch id="bom" name="bom" value="true" checked=selection.bom label=texts.for_excel/>
            <p class="hint" id="bom-hint">{texts.for_excel_hint}</p>
        </div>
        <div class="option" role="group" aria-label=texts.file aria-describedby="excel-date-hint">
            <Switch id="excel_date" name="excel_date" value="true" checked=selection.excel_date label=texts.excel_date/>
            <p class="hint" id="excel-date-hint">{texts.excel_date_hint}</p>
        </div>
        <div class="option" role="group" aria-label=texts.file aria-describedby="delimiter-hint">
            <Switch id="delimiter" name="delimiter" value="semicolon" checked=selection.semicolons label=texts.semicolons/>
            <p class="hint" id="delimiter-hint">{texts.semicolons_hint}</p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_support::{form_data, preview, record, render, render_with, to_html};

    fn html(language: Language, data: ExportFormData) -> String {
        render(language, Content::Export(Box::new(data)), || view! { <MotionExport/> })
    }

    fn submit(
        is_export_button: bool,
        is_hydrated: bool,
        is_disabled: bool,
        params: Result<ExportParams, ApiError>,
    ) -> SubmitAction {
        Submission { is_export_button, is_hydrated, is_disabled }.action(params)
    }

    #[test]
    fn the_browser_submits_the_form_until_the_page_is_hydrated_and_for_other_buttons() {
        let params = || Ok(ExportParams::default());
        assert_eq!(submit(true, false, false, params()), SubmitAction::LeaveToBrowser);
        assert_eq!(submit(false, true, false, params()), SubmitAction::LeaveToBrowser);
        assert_eq!(submit(true, false, true, params()), SubmitAction::LeaveToBrowser);
    }

    #[test]
    fn a_submission_starts_an_export_or_shows_what_is_wrong() {
        assert_eq!(
            submit(true, true, false, Ok(ExportParams::default())),
            SubmitAction::Start(ExportParams::default())
        );
        let error = ApiError::internal();
        assert_eq!(submit(true, true, false, Err(error.clone())), SubmitAction::ShowError(error));
        assert_eq!(submit(true, true, true, Ok(ExportParams::default())), SubmitAction::Ignore);
    }

    #[test]
    fn the_form_works_without_script_and_has_the_selection_of_the_address() {
        let query = "start_date=2025-12-01&end_date=2025-12-03&camera_id=cam-2&timezone=Europe/Berlin&bom=true";
        let data = ExportFormData {
            selected: query.to_owned(),
            preview: Some(Ok(preview())),
            recent: vec![record(query)],
            ..form_data()
        };
        let html = html(Language::English, data);
        for part in [
            "<form method=\"get\" action=\"/api/v1/motion-events/export\" class=\"motion-export\">",
            "<input type=\"hidden\" name=\"format\" value=\"csv\">",
            "id=\"start-date\" name=\"start_date\" max=\"9999-12-31\" value=\"2025-12-01\"",
            "id=\"end-date\" name=\"end_date\" max=\"9999-12-31\" value=\"2025-12-03\"",
            "name=\"camera_id\" value=\"cam-2\" checked",
            "<option value=\"Europe/Berlin\" selected>",
            "formaction=\"/settings\" class=\"without-script\">Show preview</button>",
            "<dt>Events</dt><dd>3</dd>",
            "Excel-compatible",
            "1,234 events, 5.0 kB",
            "Use in other tools",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("class=\"notice"), "{html}");
    }

    #[test]
    fn a_user_without_cameras_and_an_invalid_address_get_a_notice() {
        let problem = Some(ExportParams::no_such_timezone("Mars/Olympus"));
        let no_events = Some(vec!["ann".to_owned(), "bob".to_owned()]);
        let data = ExportFormData { cameras: Vec::new(), problem, no_events, ..form_data() };
        let html = html(Language::English, data);
        assert!(html.contains("Administrators can change that: ann, bob."), "{html}");
        assert!(
            html.contains(
                "role=\"alert\" class=\"notice notice--bad\">The selection in this page's address can't be used."
            ),
            "{html}"
        );
        assert!(html.contains("Mars/Olympus"), "{html}");
    }

    #[test]
    fn the_form_is_german_on_a_german_page() {
        let html = html(Language::German, form_data());
        for part in ["Zeitraum", "Alle Kameras (2)", "Zeitzone", "Datumsspalte", "Vorschau"] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn submitting_an_invalid_selection_shows_the_error_and_a_disabled_form_ignores_it() {
        render(Language::English, Content::Nothing, || {
            let form = FormContext::new(&mut form_data());
            assert!(!form.submit(true), "the page is not hydrated");
            let (hydrated, _) = signal(true);
            let form = FormContext { is_hydrated: hydrated, ..form };
            form.selection.set_date_range("2025-12-02".to_owned(), "2025-12-01".to_owned());
            assert!(form.submit(true));
            let live = to_html(toast_area(form.toasts));
            assert!(live.contains("role=\"alert\" class=\"visually-hidden\">The export cannot start. "), "{live}");
        });
    }

    #[test]
    fn the_total_of_a_preview_reaches_the_form_of_the_same_selection_only() {
        render(Language::English, Content::Nothing, || {
            let mut data = ExportFormData { preview: Some(Ok(preview())), ..form_data() };
            let form = FormContext::new(&mut data);
            let params = untrack(|| form.selection.params()).expect("valid");
            assert_eq!(untrack(|| form.expected(&params)).and_then(|expected| expected.rows), Some(3));
            let other = ExportParams { timezone: "Asia/Tokyo".to_owned(), ..params };
            let expected = untrack(|| form.expected(&other)).expect("no longer selected");
            assert_eq!((expected.rows, expected.bytes), (None, Some(0)));
            assert!(!untrack(|| form.is_disabled()));
        });
    }

    #[test]
    fn an_error_of_the_page_is_shown_in_place_of_the_form() {
        let html = render_with(Language::English, Err(ApiError::internal()), || {
            view! { <MotionExport/> }
        });
        assert!(html.contains(&ApiError::internal().detail) && !html.contains("class=\"motion-export\""), "{html}");
    }
}
