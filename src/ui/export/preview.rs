//! The preview of the selection: number of events, estimated size, a chart and the first rows of the file.

use chrono::NaiveDate;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use self::sheet_limit::sheet_limit;
use self::zoom::{DateZoom, zoom_buttons};
use super::histogram::histogram;
use super::preview_query::PreviewState;
use crate::api::language::Language;
use crate::api::paths::SETTINGS_PATH;
use crate::api::preview::Preview;
use crate::error::ApiError;
use crate::export_params::{DateBound, DateRange, ExportParams, parse_day};
use crate::ui::layout::sign_in_link;
use crate::ui::table_html::table_rows_html;
use crate::ui::{browser, page_data};

pub mod sheet_limit;
pub mod zoom;

/// The preview. `zoom` sets the dates of the selection.
/// `params` is the selection.
pub fn preview_card(
    state: RwSignal<PreviewState>,
    params: Signal<Result<ExportParams, ApiError>>,
    zoom: DateZoom,
) -> impl IntoView {
    let language = page_data::language();
    let texts = language.export();
    let shown = Memo::new(move |before: Option<&PreviewState>| shown_state(before, state.get()));
    let is_loading = move || state.with(|state| *state == PreviewState::Loading);
    let content = move || match shown.get() {
        PreviewState::Loading => view! { <p class="hint preview__none">{texts.loading_preview}</p> }.into_any(),
        PreviewState::Failed(error) => {
            let link = sign_in_link(error.as_ref().is_some_and(ApiError::is_unauthenticated), language);
            view! { <p class="hint preview__none">{failure_message(error.as_ref(), language)} " " {link}</p> }
                .into_any()
        }
        PreviewState::Ready(preview) => preview_view(preview, params, language, zoom).into_any(),
    };
    // Screen readers read one sentence, and not the chart.
    let announcement = move || state.with(|state| announcement(state, language));
    view! {
        <section class="card preview" aria-labelledby="preview-title" aria-busy=move || is_loading().to_string()>
            <h2 id="preview-title" class="visually-hidden">{texts.preview}</h2>
            {content}
            <p class="visually-hidden" aria-live="polite">{announcement}</p>
        </section>
    }
}

/// Returns the state to show. A loaded preview stays while the next one is loading, so that the layout does not jump.
fn shown_state(before: Option<&PreviewState>, now: PreviewState) -> PreviewState {
    match (now, before) {
        (PreviewState::Loading, Some(before @ PreviewState::Ready(_))) => before.clone(),
        (now, _) => now,
    }
}

fn failure_message(error: Option<&ApiError>, language: Language) -> String {
    let texts = language.export();
    match error {
        None => texts.dates_reversed.to_owned(),
        Some(error) => (texts.preview_failed)(&language.error(error)),
    }
}

fn announcement(state: &PreviewState, language: Language) -> String {
    match state {
        PreviewState::Ready(Preview { rows, bytes, .. }) => {
            let holds = (language.export().holds)(&language.events(*rows), &language.bytes(*bytes));
            match sheet_limit::warning(*rows, language) {
                warning if warning.is_empty() => holds,
                warning => format!("{holds}. {warning}"),
            }
        }
        _ => String::new(),
    }
}

fn preview_view(
    preview: Preview,
    params: Signal<Result<ExportParams, ApiError>>,
    language: Language,
    zoom: DateZoom,
) -> impl IntoView {
    let texts = language.export();
    let chart = (preview.rows > 0 && !preview.days.is_empty()).then(|| histogram(&preview, zoom.select));
    let Preview {
        rows: events, first, last, bytes, days, columns, sample, elsewhere, deleted_to, keep_days, gaps, ..
    } = preview;
    let deleted = deleted_to.map(|moment| (texts.deleted_before)(&language.date_time(&moment)));
    let kept = keep_days.map(|days| (texts.kept_for)(days));
    let missing =
        gaps.iter().map(|gap| (texts.missing_from_to)(&language.date_time(&gap.begin), &language.date_time(&gap.end)));
    let missing = missing.collect::<Vec<_>>().join(", ");
    let missing = (!missing.is_empty()).then(|| (texts.events_may_be_missing)(&missing));
    let notes = [missing, deleted, kept].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let notes = (!notes.is_empty()).then(|| view! { <p class="hint">{notes}</p> }.into_any());
    if events == 0 {
        let elsewhere = elsewhere.and_then(|days| Some((parse_day(&days.first)?, parse_day(&days.last)?)));
        let link = elsewhere.map(|days| link_to_events(days, params, language, zoom));
        return view! { <p class="preview__none">{texts.no_events} " " {link}</p> {notes} {zoom_buttons(zoom)} }
            .into_any();
    }
    let tile = |name: &'static str, value: String| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let rows = table_rows_html(&sample, 0);
    view! {
        <dl class="tiles">
            {tile(texts.events, language.count(events))}
            {tile(texts.estimated_size, language.bytes(bytes))}
            {first.map(|first| tile(texts.first, language.date_time(&first)))}
            {last.map(|last| tile(texts.last, language.date_time(&last)))}
        </dl>
        {sheet_limit(events, &days, params, language, zoom.start_on)}
        {notes}
        {chart}
        {zoom_buttons(zoom)}
        <details class="sample" open>
            <summary>{texts.first_rows}</summary>
            // Focusable, so that the keyboard can scroll it.
            <div class="scroll" tabindex="0" role="region" aria-label=texts.first_rows>
                <table class="plain">
                    <thead>
                        <tr>{columns.into_iter().map(|column| view! { <th scope="col">{column}</th> }).collect_view()}</tr>
                    </thead>
                    <tbody inner_html=rows></tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

/// Says on which days there are events, with a link that selects them.
fn link_to_events(
    days: (NaiveDate, NaiveDate),
    params: Signal<Result<ExportParams, ApiError>>,
    language: Language,
    zoom: DateZoom,
) -> AnyView {
    let texts = language.export();
    let (first, last) = days;
    let [start, end] = [first, last].map(|day| Some(DateBound::Day(day)));
    let params = params.get_untracked().unwrap_or_default();
    let range = DateRange::new(start, end).unwrap_or_default();
    let address = format!("{}?{}", browser::local(SETTINGS_PATH), ExportParams { range, ..params }.to_query());
    let select = move |event: MouseEvent| {
        event.prevent_default();
        zoom.select.run((first.to_string(), last.to_string()));
    };
    view! {
        {(texts.events_from_to)(&language.day(first), &language.day(last))} " "
        <a href=address rel="external" on:click=select>{texts.select_them}</a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::api::preview::{Day, Days, Gap};
    use crate::error::ErrorCode;
    use crate::messages::requests::RequestMessage;
    use crate::ui::test_support::{preview, render};

    fn html(language: Language, state: PreviewState) -> String {
        let params = ExportParams { camera_ids: vec!["a".to_owned()], ..ExportParams::default() };
        render(language, Content::Nothing, move || {
            preview_card(RwSignal::new(state), Signal::stored(Ok(params)), DateZoom::fixed())
        })
    }

    #[test]
    fn a_loaded_preview_stays_while_the_next_one_is_loading() {
        let ready = PreviewState::Ready(preview());
        assert_eq!(shown_state(Some(&ready), PreviewState::Loading), ready);
        assert_eq!(shown_state(Some(&PreviewState::Failed(None)), PreviewState::Loading), PreviewState::Loading);
        assert_eq!(shown_state(Some(&ready), PreviewState::Failed(None)), PreviewState::Failed(None));
        assert_eq!(shown_state(None, PreviewState::Loading), PreviewState::Loading);
    }

    #[test]
    fn a_loaded_preview_shows_numbers_chart_and_the_first_rows() {
        let english = html(Language::English, PreviewState::Ready(preview()));
        for part in [
            "aria-busy=\"false\"",
            "<dt>Events</dt><dd>3</dd>",
            "<dt>Estimated size</dt><dd>240 bytes</dd>",
            "<dt>First</dt><dd>1 Dec 2025, 08:00:00</dd>",
            "<dt>Last</dt><dd>3 Dec 2025, 09:30:00</dd>",
            "class=\"histogram\"",
            "<th scope=\"col\">camera_id</th>",
            "<td>&lt;cam&gt;</td>",
            "aria-live=\"polite\" class=\"visually-hidden\">3 events, a file of about 240 bytes</p>",
        ] {
            assert!(english.contains(part), "{part} in {english}");
        }
        let german = html(Language::German, PreviewState::Ready(preview()));
        assert!(german.contains("<dd>1. Dez. 2025, 08:00:00</dd>"), "{german}");
    }

    #[test]
    fn a_selection_that_no_sheet_holds_says_so_and_offers_the_newest_part_and_other_tools() {
        let day = |day: &str, events| Day { day: day.to_owned(), events };
        let fits = Preview { rows: sheet_limit::SHEET_EVENTS, ..preview() };
        let days = vec![day("2025-11-30", 1_000_000), day("2025-12-03", 48_576)];
        let too_many = Preview { rows: sheet_limit::SHEET_EVENTS + 1, days, ..preview() };
        let english = html(Language::English, PreviewState::Ready(too_many.clone()));
        let warning = "Excel and Calc show the first 1,048,575 and leave out the rest.";
        for part in [
            format!("<p>Too many events for one sheet: {warning}</p>"),
            format!("about 240 bytes. Too many events for one sheet: {warning}</p>"),
            "start_date=2025-12-01&amp;camera_id=a&amp;timezone=UTC\" rel=\"external\">Select the newest that fit: from 1 Dec 2025, \
             48,576 events</a>".to_owned(),
            "<a href=\"#other-tools\" rel=\"external\">".to_owned(),
        ] {
            assert!(english.contains(&part), "{part} in {english}");
        }
        let german = html(Language::German, PreviewState::Ready(too_many));
        assert!(german.contains("zeigen die ersten 1.048.575, der Rest fehlt."), "{german}");
        let busy_day = Preview { rows: 2_000_000, days: vec![day("2025-12-03", 2_000_000)], ..preview() };
        let busy_day = html(Language::English, PreviewState::Ready(busy_day));
        assert!(busy_day.contains("Too many events") && !busy_day.contains("Select the newest"), "{busy_day}");
        assert!(!html(Language::English, PreviewState::Ready(fits)).contains("Too many"));
    }

    #[test]
    fn a_selection_without_events_shows_a_sentence_and_no_table() {
        let empty = html(Language::English, PreviewState::Ready(Preview::default()));
        assert!(empty.contains("There are no events in this selection.") && !empty.contains("<table"), "{empty}");
    }

    #[test]
    fn events_outside_of_the_selection_are_selected_by_a_link() {
        let days = Days { first: "2025-12-01".to_owned(), last: "2025-12-03".to_owned() };
        let html = html(Language::German, PreviewState::Ready(Preview { elsewhere: Some(days), ..Preview::default() }));
        assert!(html.contains("Es gibt Ereignisse vom 1. Dez. 2025 bis zum 3. Dez. 2025."), "{html}");
        let address =
            "/settings?format=csv&amp;start_date=2025-12-01&amp;end_date=2025-12-03&amp;camera_id=a&amp;timezone=UTC";
        assert!(html.contains(&format!("<a href=\"{address}\" rel=\"external\">Diese auswählen</a>")), "{html}");
    }

    #[test]
    fn a_preview_says_what_was_deleted_and_how_long_events_are_kept() {
        let moment = || Some("2025-11-16T13:00:00+01:00".to_owned());
        let limited = |preview| Preview { deleted_to: moment(), keep_days: Some(30), ..preview };
        for shown in [limited(preview()), limited(Preview::default())] {
            let english = html(Language::English, PreviewState::Ready(shown.clone()));
            let words = "Events before 16 Nov 2025, 13:00:00 were deleted in whole or in part. Events are kept for at least 30 days.";
            assert!(english.contains(words), "{english}");
            let german = html(Language::German, PreviewState::Ready(shown));
            let words = "Ereignisse vor dem 16. Nov. 2025, 13:00:00 wurden ganz oder teilweise gelöscht. Ereignisse werden mindestens 30 Tage aufbewahrt.";
            assert!(german.contains(words), "{german}");
        }
        let one_day = Preview { keep_days: Some(1), ..preview() };
        let english = html(Language::English, PreviewState::Ready(one_day));
        assert!(english.contains("Events are kept for at least 1 day.") && !english.contains("deleted"), "{english}");
        let all = html(Language::English, PreviewState::Ready(preview()));
        assert!(!all.contains("class=\"hint\""), "{all}");
    }

    #[test]
    fn a_preview_says_when_events_may_be_missing() {
        let gap = |begin: &str, end: &str| Gap { begin: begin.to_owned(), end: end.to_owned() };
        let gaps = vec![
            gap("2025-11-16T13:00:00+01:00", "2025-11-17T08:00:00+01:00"),
            gap("2025-11-20T13:00:00+01:00", "2025-11-20T15:00:00+01:00"),
        ];
        for shown in [Preview { gaps: gaps.clone(), ..preview() }, Preview { gaps, ..Preview::default() }] {
            let english = html(Language::English, PreviewState::Ready(shown.clone()));
            let words = "Events may be missing from 16 Nov 2025, 13:00:00 to 17 Nov 2025, 08:00:00, from 20 Nov 2025, 13:00:00 to 20 Nov 2025, 15:00:00:";
            assert!(english.contains(words), "{english}");
            let german = html(Language::German, PreviewState::Ready(shown));
            let words =
                "Möglicherweise fehlen Ereignisse vom 16. Nov. 2025, 13:00:00 bis zum 17. Nov. 2025, 08:00:00, vom";
            assert!(german.contains(words), "{german}");
        }
    }

    #[test]
    fn a_preview_that_is_loading_or_failed_says_so() {
        let loading = html(Language::English, PreviewState::Loading);
        assert!(loading.contains("aria-busy=\"true\"") && loading.contains("Loading the preview…"), "{loading}");
        let invalid = html(Language::English, PreviewState::Failed(None));
        assert!(invalid.contains("“From” must not be after “To”."), "{invalid}");
        let signed_out = ApiError::new(ErrorCode::Unauthenticated, RequestMessage::NotSignedIn);
        let signed_out = html(Language::English, PreviewState::Failed(Some(signed_out)));
        assert!(signed_out.contains("You are signed out."), "{signed_out}");
        assert!(signed_out.contains("<a href=\"/login?next=\" rel=\"external\">Sign in</a>"), "{signed_out}");
        let failed = html(Language::English, PreviewState::Failed(Some(ApiError::internal())));
        assert!(failed.contains(&ApiError::internal().detail), "{failed}");
    }
}
