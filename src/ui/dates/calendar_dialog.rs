//! A range of days, chosen in a calendar: a dialog by the pattern of the WAI-ARIA Authoring Practices, for mouse, touch and
//! keyboard.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use send_wrapper::SendWrapper;
use web_sys::HtmlElement;

use super::calendar::{month_of, months_later, moved, weeks};
use super::date_preset::{PRESETS, Preset};
use crate::api::language::Language;
use crate::api::preview::Day;
use crate::export_params::parse_day;
use crate::ui::{browser, page_data};

/// From that width on, in CSS pixels, there is room for two months.
const WIDE: f64 = 760.0;

/// What is known of the days: how many events each has, where that is known.
pub type EventsPerDay = HashMap<NaiveDate, u64>;

/// The days that have events.
pub fn known(days: &[Day]) -> EventsPerDay {
    days.iter().filter_map(|day| Some((parse_day(&day.day)?, day.events))).collect()
}

/// What the calendar shows, and where somebody is in it.
#[derive(Clone, Copy)]
struct Calendar {
    /// The first of the months that are shown.
    shown: RwSignal<NaiveDate>,
    /// How many are.
    months: i32,
    /// The day that the keyboard is at.
    focus: RwSignal<NaiveDate>,
    /// What was chosen when the dialog was opened.
    before: (Option<NaiveDate>, Option<NaiveDate>),
    /// The first day that was chosen, while the last one is not.
    anchor: RwSignal<Option<NaiveDate>>,
    /// The day that would be the last one.
    other: RwSignal<Option<NaiveDate>>,
    /// Where the pointer was pressed, and is held down.
    pressed: RwSignal<Option<NaiveDate>>,
    today: NaiveDate,
    known: RwSignal<EventsPerDay>,
    week_begins: Weekday,
    locale: StoredValue<String>,
    language: Language,
    take: Callback<Preset>,
}

impl Calendar {
    fn in_words(self, day: NaiveDate, parts: &[(&str, &str)]) -> String {
        browser::day_in_words(&self.locale.read_value(), day, parts)
    }

    /// Has the keyboard be where the calendar says, from the beginning on and after each move.
    fn lead(self) {
        Effect::new(move |is_open: Option<()>| {
            let day = self.focus.get();
            self.shown.track();
            let go = move || {
                // Whoever turns months may want to turn more of them.
                if !browser::is_there(".calendar__turn:focus") {
                    browser::focus(&format!(".calendar [data-day=\"{day}\"]"));
                }
            };
            match is_open {
                // At once: a key that is pressed before the next frame is meant for the dialog already.
                None => go(),
                Some(()) => request_animation_frame(go),
            }
        });
    }

    /// Brings the keyboard to a day, which is shown.
    fn go(self, day: NaiveDate) {
        let first = self.shown.get_untracked();
        if day < first {
            self.shown.set(month_of(day));
        } else if day >= months_later(first, self.months) {
            self.shown.set(months_later(month_of(day), 1 - self.months));
        }
        self.focus.set(day);
        self.other.set(self.anchor.get_untracked().map(|_| day));
    }

    /// Shows other months, and takes the keyboard's day along.
    fn turn(self, months: i32) {
        self.shown.update(|shown| *shown = months_later(*shown, months));
        self.focus.update(|focus| *focus = months_later(*focus, months));
    }

    fn choose(self, day: NaiveDate) {
        match self.anchor.get_untracked() {
            None => {
                self.anchor.set(Some(day));
                self.other.set(None);
                self.focus.set(day);
            }
            Some(anchor) => {
                self.anchor.set(None);
                self.take.run(Preset::Days(anchor.min(day), anchor.max(day)));
            }
        }
    }

    fn press(self, event: &PointerEvent) {
        // A finger that moves on is over other days, too.
        if let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
            let _ = target.release_pointer_capture(event.pointer_id());
        }
        self.pressed.set(day_of(event).filter(|_| self.anchor.get_untracked().is_none()));
    }

    fn over(self, event: &PointerEvent) {
        let Some(day) = day_of(event) else { return };
        if let Some(first) = self.pressed.get_untracked().filter(|first| *first != day) {
            self.anchor.set(Some(first));
        }
        if self.anchor.get_untracked().is_some() {
            self.other.set(Some(day));
        }
    }

    /// Forgets a drag that became something else, such as scrolling.
    fn let_go(self) {
        if self.pressed.get_untracked().is_some() {
            self.pressed.set(None);
            self.anchor.set(None);
        }
    }

    fn release(self, event: &PointerEvent) {
        let pressed = self.pressed.get_untracked();
        self.pressed.set(None);
        // Dragged from one day to another; a click on one day is a click.
        if let (Some(first), Some(day)) = (pressed, day_of(event))
            && first != day
        {
            self.choose(day);
        }
    }

    /// What is chosen, or would be.
    fn picked(self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match self.anchor.get() {
            None => self.before,
            Some(anchor) => {
                let other = self.other.get().unwrap_or(anchor);
                (Some(anchor.min(other)), Some(anchor.max(other)))
            }
        }
    }

    /// What is to be done next.
    fn told(self) -> String {
        let words = self.language.export();
        match self.anchor.get() {
            None => words.choose_first_day.to_owned(),
            Some(anchor) => (words.choose_last_day)(&self.in_words(anchor, &[("dateStyle", "long")])),
        }
    }

    /// From when to when there are events.
    fn limits(self) -> Option<String> {
        self.known.with(|known| {
            let (first, last) = (known.keys().min()?, known.keys().max()?);
            let text = |day: &NaiveDate| self.in_words(*day, &[("dateStyle", "medium")]);
            Some((self.language.export().events_from_to)(&text(first), &text(last)))
        })
    }

    /// The days of the week, short and in full.
    fn weekdays(self) -> Vec<(String, String)> {
        let name = |offset: u64| {
            // A Monday, and the days after it.
            let monday = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
            let day = monday + Days::new(u64::from(self.week_begins.num_days_from_monday()) + offset);
            (self.in_words(day, &[("weekday", "short")]), self.in_words(day, &[("weekday", "long")]))
        };
        (0..7).map(name).collect()
    }

    fn month(self, number: i32) -> impl IntoView + use<> {
        let month = months_later(self.shown.get(), number);
        let title = self.in_words(month, &[("year", "numeric"), ("month", "long")]);
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
        let events = self.known.with(|known| known.get(&day).copied());
        let picked = self.picked();
        let is_within = picked != (None, None)
            && picked.0.is_none_or(|first| first <= day)
            && picked.1.is_none_or(|last| day <= last);
        let is_end = picked.0 == Some(day) || picked.1 == Some(day);
        let parts = [("weekday", "long"), ("year", "numeric"), ("month", "long"), ("day", "numeric")];
        let mut label = self.in_words(day, &parts);
        if let Some(events) = events {
            label = format!("{label}, {}", self.language.events(events));
        }
        view! {
            <td aria-selected=is_within.to_string() class:within=is_within class:end=is_end>
                <button
                    type="button"
                    class="day"
                    class:day--events=events.is_some()
                    data-day=day.to_string()
                    tabindex=if day == self.focus.get() { "0" } else { "-1" }
                    aria-label=label
                    aria-current=(day == self.today).then_some("date")
                >
                    {day.day()}
                </button>
            </td>
        }
        .into_any()
    }

    fn turner(self, label: &'static str, sign: &'static str, months: i32) -> impl IntoView + use<> {
        view! {
            <button
                type="button"
                class="calendar__turn"
                aria-label=label
                title=label
                on:click=move |_| self.turn(months)
            >
                <span aria-hidden="true">{sign}</span>
            </button>
        }
    }
}

fn day_of(event: &web_sys::Event) -> Option<NaiveDate> {
    parse_day(&browser::attribute_near(event, "data-day")?)
}

/// The dialog. It is there while it is open.
#[component]
pub fn CalendarDialog(
    /// The first and the last day that are chosen so far.
    chosen: (Option<NaiveDate>, Option<NaiveDate>),
    /// The day it is.
    today: NaiveDate,
    /// The day to begin at where none is chosen.
    begin: NaiveDate,
    /// What is known of the days.
    known: RwSignal<EventsPerDay>,
    /// Takes the range that was chosen, or a preset.
    #[prop(into)]
    take: Callback<Preset>,
    /// Closes the dialog.
    #[prop(into)]
    close: Callback<()>,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    let months = if browser::width() >= WIDE { 2 } else { 1 };
    let begin = chosen.1.or(chosen.0).unwrap_or(begin);
    let calendar = Calendar {
        shown: RwSignal::new(months_later(month_of(begin), 1 - months)),
        months,
        focus: RwSignal::new(begin),
        before: chosen,
        anchor: RwSignal::new(None),
        other: RwSignal::new(None),
        pressed: RwSignal::new(None),
        today,
        known,
        week_begins: browser::week_begins(),
        locale: StoredValue::new(browser::locale()),
        language,
        take,
    };
    let dialog = NodeRef::<Div>::new();
    calendar.lead();
    let key = move |event: KeyboardEvent| {
        let key = event.key();
        if key == "Escape" {
            event.stop_propagation();
            close.run(());
        } else if key == "Tab" {
            stay_within(dialog, &event);
        } else if let Some(day) = day_of(&event) {
            // The focus may be a key behind: it follows with the next frame.
            let at = calendar.focus.get_untracked();
            if let Some(there) = moved(at, &key, event.shift_key(), calendar.week_begins, browser::is_right_to_left()) {
                event.prevent_default();
                calendar.go(there);
            } else if day != at && matches!(key.as_str(), "Enter" | " ") {
                event.prevent_default();
                calendar.choose(at);
            }
        }
    };
    let presets = PRESETS.map(|preset| {
        view! {
            <li>
                <button type="button" on:click=move |_| take.run(preset)>{preset.label(words)}</button>
            </li>
        }
    });
    let leave = move |event: MouseEvent| {
        // Whoever clicks everything twice wants the calendar that the first of both has opened.
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
            aria-label=words.choose_dates
            // A click where nothing is leaves the keyboard within.
            tabindex="-1"
            node_ref=dialog
            on:keydown=key
        >
            <ul class="calendar__presets" aria-label=words.presets>{presets.into_iter().collect_view()}</ul>
            <div class="calendar__days">
                <div
                    class="calendar__months"
                    on:click=move |event| day_of(&event).into_iter().for_each(|day| calendar.choose(day))
                    on:pointerdown=move |event| calendar.press(&event)
                    on:pointerover=move |event| calendar.over(&event)
                    on:pointerup=move |event| calendar.release(&event)
                    on:pointercancel=move |_| calendar.let_go()
                >
                    <div class="calendar__bar">
                        {calendar.turner(words.previous_year, "«", -12)}
                        {calendar.turner(words.previous_month, "‹", -1)}
                        <span class="calendar__gap"></span>
                        {calendar.turner(words.next_month, "›", 1)}
                        {calendar.turner(words.next_year, "»", 12)}
                    </div>
                    {move || (0..months).map(|number| calendar.month(number)).collect_view()}
                </div>
                <div class="calendar__told">
                    <p class="hint" role="status">{move || calendar.told()}</p>
                    <p class="hint">{move || calendar.limits()}</p>
                </div>
                <button type="button" class="calendar__close" on:click=move |_| close.run(())>{words.close}</button>
            </div>
        </div>
    }
}

/// Has the focus go round within the dialog.
fn stay_within(dialog: NodeRef<Div>, event: &KeyboardEvent) {
    let Some(dialog) = dialog.get_untracked() else { return };
    let Ok(stops) = dialog.query_selector_all("button:not([tabindex='-1'])") else { return };
    let stop = |index: u32| stops.item(index)?.dyn_into::<HtmlElement>().ok().map(SendWrapper::new);
    let (Some(first), Some(last)) = (stop(0), stop(stops.length().saturating_sub(1))) else { return };
    let (from, to) = if event.shift_key() { (first, last) } else { (last, first) };
    let at = document().active_element();
    if at.as_ref() == Some(from.as_ref()) || (event.shift_key() && at.as_ref() == Some(dialog.as_ref())) {
        event.prevent_default();
        let _ = to.focus();
    }
}
