//! The calendar dialog, which chooses a range of days with mouse, touch or keyboard, by the patterns of the WAI-ARIA
//! Authoring Practices.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use send_wrapper::SendWrapper;
use web_sys::HtmlElement;

use super::calendar::{months_later, weeks};
use super::calendar_state::{CalendarState, EventsPerDay, KeyAction, OpenRange, first_and_last};
use super::date_preset::{Preset, labels};
use crate::api::language::Language;
use crate::export_params::parse_day;
use crate::ui::{browser, page_data};

/// From this width on, in CSS pixels, the dialog shows two months.
const WIDE: f64 = 760.0;

/// The calendar with what its view needs.
#[derive(Clone, Copy)]
struct CalendarView {
    state: CalendarState,
    events: RwSignal<EventsPerDay>,
    today: NaiveDate,
    week_begins: Weekday,
    language: Language,
}

impl CalendarView {
    fn format(self, day: NaiveDate, parts: &[(&str, &str)]) -> String {
        browser::format_day(self.language.tag(), day, parts)
    }

    /// Moves the browser's focus to the focused day, at first and after each change.
    fn follow_focus(self) {
        Effect::new(move |is_open: Option<()>| {
            let day = self.state.focus.get();
            self.state.shown.track();
            let focus = move || {
                // A button that turns months keeps the focus, so that it can be pressed again.
                if !browser::exists(".calendar__turn:focus") {
                    browser::focus(&format!(".calendar [data-day=\"{day}\"]"));
                }
            };
            match is_open {
                // At once, because a key that is pressed before the next frame is meant for the dialog.
                None => focus(),
                Some(()) => request_animation_frame(focus),
            }
        });
    }

    /// Returns the instruction for the next step.
    fn instruction(self) -> String {
        let texts = self.language.export();
        match self.state.anchor.get() {
            None => texts.choose_first_day.to_owned(),
            Some(anchor) => (texts.choose_last_day)(&self.language.day(anchor)),
        }
    }

    /// Returns from when to when there are events, if that is known.
    fn limits(self) -> Option<String> {
        let (first, last) = self.events.with(first_and_last)?;
        Some((self.language.export().events_from_to)(&self.language.day(first), &self.language.day(last)))
    }

    /// Returns the short and the long names of the days of the week.
    fn weekdays(self) -> Vec<(String, String)> {
        let name = |offset: u64| {
            // A Monday, and the days after it.
            let monday = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
            let day = monday + Days::new(u64::from(self.week_begins.num_days_from_monday()) + offset);
            (self.format(day, &[("weekday", "short")]), self.format(day, &[("weekday", "long")]))
        };
        (0..7).map(name).collect()
    }

    fn month(self, number: i32) -> impl IntoView + use<> {
        let month = months_later(self.state.shown.get(), number);
        let title = self.format(month, &[("year", "numeric"), ("month", "long")]);
        let id = format!("calendar-month-{number}");
        let rows = weeks(month, self.week_begins)
            .into_iter()
            .map(|week| view! { <tr>{week.map(|day| self.cell(day)).into_iter().collect_view()}</tr> });
        let heads = self.weekdays().into_iter().map(|(short, long)| {
            view! { <th scope="col" abbr=long>{short}</th> }
        });
        view! {
            <div class="calendar__month">
                <h2 id=id.clone() aria-live="polite">{title}</h2>
                <table role="grid" aria-labelledby=id>
                    <thead>
                        <tr>{heads.collect_view()}</tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
    }

    fn cell(self, day: Option<NaiveDate>) -> AnyView {
        let Some(day) = day else { return view! { <td></td> }.into_any() };
        let events = self.events.with(|events| events.get(&day).copied());
        let look = self.state.look(day);
        let mut label = format!("{}, {}", self.format(day, &[("weekday", "long")]), self.language.day(day));
        if let Some(events) = events {
            label = format!("{label}, {}", self.language.events(events));
        }
        view! {
            <td aria-selected=look.is_within.to_string() class:within=look.is_within class:end=look.is_end>
                <button
                    type="button"
                    class="day"
                    class:day--events=events.is_some()
                    data-day=day.to_string()
                    tabindex=if look.is_focusable { "0" } else { "-1" }
                    aria-label=label
                    aria-current=(day == self.today).then_some("date")
                >
                    {day.day()}
                </button>
            </td>
        }
        .into_any()
    }

    fn turn_button(self, label: &'static str, sign: &'static str, months: i32) -> impl IntoView + use<> {
        view! {
            <button
                type="button"
                class="calendar__turn"
                aria-label=label
                title=label
                on:click=move |_| self.state.turn(months)
            >
                <span aria-hidden="true">{sign}</span>
            </button>
        }
    }
}

/// Returns the day of the button that an event happened on.
fn day_of(event: &web_sys::Event) -> Option<NaiveDate> {
    parse_day(&browser::attribute_near(event, "data-day")?)
}

/// The dialog. It exists while it is open.
#[component]
pub fn CalendarDialog(
    /// The first and the last day that are chosen.
    chosen: OpenRange,
    /// Today.
    today: NaiveDate,
    /// The day at which the calendar opens if none is chosen.
    begin: NaiveDate,
    /// The events of each day.
    events: RwSignal<EventsPerDay>,
    /// Takes the chosen range or preset.
    #[prop(into)]
    choose: Callback<Preset>,
    /// Closes the dialog.
    #[prop(into)]
    close: Callback<()>,
) -> impl IntoView {
    let language = page_data::language();
    let texts = language.export();
    let months = if browser::width() >= WIDE { 2 } else { 1 };
    let week_begins = browser::week_begins();
    let state = CalendarState::new(chosen, begin, months, week_begins, choose);
    let calendar = CalendarView { state, events, today, week_begins, language };
    let dialog = NodeRef::<Div>::new();
    calendar.follow_focus();
    let key = move |event: KeyboardEvent| match state.key(
        &event.key(),
        event.shift_key(),
        day_of(&event),
        browser::is_right_to_left(),
    ) {
        KeyAction::PassOn => {}
        KeyAction::Handled => event.prevent_default(),
        KeyAction::TrapFocus => trap_focus(dialog, &event),
        KeyAction::Close => {
            event.stop_propagation();
            close.run(());
        }
    };
    let presets = labels(texts).into_iter().enumerate().map(|(index, label)| {
        view! {
            <li>
                <button type="button" on:click=move |_| choose.run(Preset::Named(index))>{label}</button>
            </li>
        }
    });
    let leave = move |event: MouseEvent| {
        // The second click of a double click on the calendar button must not close the dialog.
        if event.detail() < 2 {
            close.run(());
        }
    };
    view! {
        <div class="backdrop" on:click=leave></div>
        <div
            class="popover calendar"
            role="dialog"
            aria-modal="true"
            aria-label=texts.choose_dates
            // Focusable, so that a click on its empty area keeps the focus inside.
            tabindex="-1"
            node_ref=dialog
            on:keydown=key
        >
            <ul class="calendar__presets" aria-label=texts.presets>{presets.collect_view()}</ul>
            <div class="calendar__days">
                <div
                    class="calendar__months"
                    on:click=move |event| day_of(&event).into_iter().for_each(|day| state.choose(day))
                    on:pointerdown=move |event| press(state, &event)
                    on:pointerover=move |event| day_of(&event).into_iter().for_each(|day| state.point(day))
                    on:pointerup=move |event| state.release(day_of(&event))
                    on:pointercancel=move |_| state.cancel_drag()
                >
                    <div class="calendar__bar">
                        {calendar.turn_button(texts.previous_year, "«", -12)}
                        {calendar.turn_button(texts.previous_month, "‹", -1)}
                        <span class="calendar__gap"></span>
                        {calendar.turn_button(texts.next_month, "›", 1)}
                        {calendar.turn_button(texts.next_year, "»", 12)}
                    </div>
                    {move || (0..months).map(|number| calendar.month(number)).collect_view()}
                </div>
                <div class="calendar__message">
                    <p class="hint" role="status">{move || calendar.instruction()}</p>
                    <p class="hint">{move || calendar.limits()}</p>
                </div>
                <button type="button" class="calendar__close" on:click=move |_| close.run(())>{texts.close}</button>
            </div>
        </div>
    }
}

fn press(state: CalendarState, event: &PointerEvent) {
    // Without capture, a finger that moves on is over other days, too.
    if let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
        let _ = target.release_pointer_capture(event.pointer_id());
    }
    state.press(day_of(event));
}

/// Keeps the focus inside the dialog: after its last element comes the first one, and the other way round.
fn trap_focus(dialog: NodeRef<Div>, event: &KeyboardEvent) {
    let Some(dialog) = dialog.get_untracked() else { return };
    let Ok(stops) = dialog.query_selector_all("button:not([tabindex='-1'])") else { return };
    let stop = |index: u32| stops.item(index)?.dyn_into::<HtmlElement>().ok().map(SendWrapper::new);
    let (Some(first), Some(last)) = (stop(0), stop(stops.length().saturating_sub(1))) else { return };
    let (from, to) = if event.shift_key() { (first, last) } else { (last, first) };
    let current = document().active_element();
    if current.as_ref() == Some(from.as_ref()) || (event.shift_key() && current.as_ref() == Some(dialog.as_ref())) {
        event.prevent_default();
        let _ = to.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::ui::dates::calendar_state::events_per_day;
    use crate::ui::test_support::{preview, render};

    fn html(chosen: OpenRange) -> String {
        render(Language::English, Content::Nothing, move || {
            let day = |text| parse_day(text).expect("a day");
            let events = RwSignal::new(events_per_day(&preview().days));
            view! {
                <CalendarDialog
                    chosen
                    today=day("2025-12-16")
                    begin=day("2025-12-03")
                    events
                    choose=|_| {}
                    close=|()| {}
                />
            }
        })
    }

    #[test]
    fn the_dialog_shows_a_month_with_its_events_and_today() {
        let html = html((None, None));
        for part in [
            "role=\"dialog\" aria-modal=\"true\" aria-label=\"Choose dates\"",
            "aria-label=\"Previous year\" title=\"Previous year\"",
            "aria-label=\"2025-12-03, 3 Dec 2025, 2 events\"",
            "data-day=\"2025-12-16\" tabindex=\"-1\" aria-label=\"2025-12-16, 16 Dec 2025\" aria-current=\"date\"",
            "There are events from 1 Dec 2025 to 3 Dec 2025.",
            "Choose the first day, or drag over the range.",
            "Last 30 days",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("data-day=").count(), 31, "one month: {html}");
        assert_eq!(html.matches("tabindex=\"0\"").count(), 1, "one day can be reached: {html}");
        assert_eq!(html.matches("aria-selected=\"true\"").count(), 0, "{html}");
    }

    #[test]
    fn the_chosen_range_is_selected() {
        let html = html((parse_day("2025-12-10"), parse_day("2025-12-12")));
        assert_eq!(html.matches("aria-selected=\"true\"").count(), 3, "{html}");
        assert!(html.contains("data-day=\"2025-12-12\" tabindex=\"0\""), "{html}");
    }
}
