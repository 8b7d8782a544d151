//! `MotionExport`: the form from which motion events are exported.
//!
//! It is a real form on the export URL. Without script, or before the page is alive, submitting it makes the browser
//! download the file; with script the page fetches it, shows how far it is, and saves it once it is whole.

use leptos::either::EitherOf3;
use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use thaw::{Button, ButtonAppearance, ButtonSize, ButtonType, Switch};

use super::camera_select::CameraSelect;
use super::date_range_picker::DateRangePicker;
use super::integrations::UseFrom;
use super::preview::{self, PreviewCard, PreviewState};
use super::recent_exports::RecentExports;
use super::selection::Selection;
use super::timezone_select::TimezoneSelect;
use crate::api::export_form::ExportFormData;
use crate::api::page::Content;
use crate::api::paths::SETTINGS_PATH;
use crate::api::session::Role;
use crate::export_params::EXPORT_PATH;
use crate::ui::download::export_jobs::{Expected, ExportJobs, ExportProgress};
use crate::ui::hydration::{self, HydrationChunk, still};
use crate::ui::layout::CannotShow;
use crate::ui::toasts::{LiveRegion, Toasts};
use crate::ui::{browser, page_data};

/// Dates, cameras, time zone, what they hold, and the button that makes the file.
#[component]
pub fn MotionExport() -> impl IntoView {
    match page_data::content() {
        Ok(Content::Export(choices)) => EitherOf3::A(view! { <ExportForm choices=*choices/> }),
        Err(error) => EitherOf3::B(view! { <CannotShow error/> }),
        // Another page's: there is no way to come here from there but by asking the server anew.
        Ok(_) => EitherOf3::C(()),
    }
}

#[component]
fn ExportForm(choices: ExportFormData) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    let selection = Selection::new(&choices);
    let ExportFormData { cameras, timezones, preview, recent, selected, max_at_once, link_max_minutes, .. } = choices;
    let names = cameras.iter().filter_map(|camera| Some((camera.id.clone(), camera.name.clone()?))).collect();
    selection.follow_history(selected);
    let has_cameras = !cameras.is_empty();
    let nothing = move || {
        let told = match page_data::me().map(|me| me.role) {
            Some(Role::User) => words.no_camera_granted,
            _ => words.no_cameras,
        };
        (!has_cameras).then(|| view! { <p class="notice">{told}</p> })
    };
    let problem = move || {
        let told = selection.problem.get().map(|error| (words.bad_address)(&language.error(&error)));
        told.map(|told| view! { <p class="notice notice--bad" role="alert">{told}</p> })
    };
    let toasts = Toasts::expect();
    let exporting = ExportJobs::new(toasts, max_at_once);
    let params = Signal::derive(move || selection.params());
    let looking = preview::look(params, preview, move |params| selection.show_in_address(params));
    let looked = looking.looked;
    let last_day = Signal::derive(move || looked.with(PreviewState::last_day));
    // For whoever exports before it is known how much that is.
    Effect::new(move |_| {
        looked.track();
        if let Ok(params) = params.get_untracked()
            && let Some(total) = looking.at(&params).as_ref().and_then(PreviewState::rows)
        {
            exporting.total_is(&params, total);
        }
    });
    // The same file twice at once is nobody's wish; another selection can be exported meanwhile.
    let is_running = Memo::new(move |_| params.get().is_ok_and(|params| exporting.is_about(&params)));
    let is_full = exporting.is_full();
    let is_disabled = Signal::derive(move || is_running.get() || is_full.get());

    // thaw's spinner has none.
    Effect::new(move |_| {
        if is_running.get() {
            request_animation_frame(move || browser::name(".export-button [role=progressbar]", words.export_csv));
        }
    });

    let alive = hydration::alive();
    let submit = move |event: SubmitEvent| {
        // Another button's.
        let is_export = event.submitter().is_none_or(|button| !button.has_attribute("formaction"));
        // Before all of it is alive, the browser sends the form itself, as it does without script: what is filled in then
        // may not be known here yet.
        if !is_export || !alive.get_untracked() {
            return;
        }
        event.prevent_default();
        if is_disabled.get_untracked() {
            return;
        }
        match params.get_untracked() {
            Ok(params) => {
                let of = params.clone();
                // Of what the server will not export there is no file to find a place for, and what is no longer selected is
                // no longer counted.
                let small = Expected { rows: None, bytes: Some(0) };
                let known = move || match untrack(|| looking.at(&of)) {
                    Some(PreviewState::Failed(Some(error))) if error.code.status() < 500 => Some(small),
                    None | Some(PreviewState::Loading) => {
                        (untrack(|| selection.params()).as_ref() != Ok(&of)).then_some(small)
                    }
                    Some(looked) => Some(Expected { rows: looked.rows(), bytes: looked.bytes() }),
                };
                exporting.begin(params, Box::new(known));
            }
            Err(error) => {
                toasts.clear();
                toasts.error(words.cannot_begin, language.error(&error));
            }
        }
    };
    let narrow = move |(first, last): (chrono::NaiveDate, chrono::NaiveDate)| {
        selection.start.set(first.to_string());
        selection.end.set(last.to_string());
    };

    view! {
        {still(nothing)}
        <HydrationChunk>{problem}</HydrationChunk>
        <form class="motion-export" method="get" action=EXPORT_PATH on:submit=submit>
            <input type="hidden" name="format" value="csv"/>
            <div class="card card--selection">
                <HydrationChunk><DateRangePicker selection params last_day/></HydrationChunk>
                <HydrationChunk><CameraSelect cameras selection params/></HydrationChunk>
                <HydrationChunk><TimezoneSelect timezones selection/></HydrationChunk>
            </div>
            <HydrationChunk><PreviewCard looked narrow/></HydrationChunk>
            <div class="card card--action">
                <HydrationChunk>
                    <Button
                        class="export-button"
                        appearance=ButtonAppearance::Primary
                        size=ButtonSize::Large
                        button_type=ButtonType::Submit
                        disabled=is_disabled
                        loading=is_running
                        // Whoever clicks everything twice wants one file.
                        on_click=move |event: MouseEvent| {
                            if event.detail() > 1 {
                                event.prevent_default();
                            }
                        }
                    >
                        {words.export_csv}
                    </Button>
                </HydrationChunk>
                <button class="without-script" formaction=SETTINGS_PATH>{words.look}</button>
                <HydrationChunk><FileOption selection/></HydrationChunk>
                <HydrationChunk><ExportProgress exporting back_to=".export-button"/></HydrationChunk>
            </div>
            <LiveRegion toasts/>
        </form>
        // Outside of the form, whose every field is a parameter of the export.
        <HydrationChunk><UseFrom params link_max_minutes/></HydrationChunk>
        <HydrationChunk><RecentExports recent cameras=names exporting/></HydrationChunk>
    }
}

/// What kind of file it is to be.
#[component]
fn FileOption(selection: Selection) -> impl IntoView {
    let words = page_data::language().export();
    selection.file_options_come_alive();
    view! {
        <div class="option" role="group" aria-label=words.file aria-describedby="bom-hint">
            <Switch id="bom" name="bom" value="true" checked=selection.bom label=words.for_excel/>
            <p class="hint" id="bom-hint">{words.for_excel_hint}</p>
        </div>
        <div class="option" role="group" aria-label=words.file aria-describedby="excel-date-hint">
            <Switch id="excel_date" name="excel_date" value="true" checked=selection.excel_date label=words.excel_date/>
            <p class="hint" id="excel-date-hint">{words.excel_date_hint}</p>
        </div>
    }
}
