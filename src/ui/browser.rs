//! Browser APIs as plain functions: time zone, dates, fields, focus, history, clipboard.
//!
//! They must be called in the browser only, unless their documentation says what they return on the server.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc, Weekday};
use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::{Effect, document, on_cleanup, set_timeout, window, window_event_listener_untyped};
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FocusOptions, HtmlElement, HtmlInputElement};

use crate::api::paths::SETTINGS_PATH;
use crate::export_params::parse_day;
use crate::ui::format::offset;

/// Whether this code runs in a browser. On the server, a call of a browser API panics.
const IS_BROWSER: bool = cfg!(target_family = "wasm");

/// Returns the IANA name of the browser's own time zone.
pub fn timezone() -> Option<String> {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    Reflect::get(&options, &JsValue::from_str("timeZone")).ok()?.as_string()
}

/// Returns the local day in a time zone by the browser's clock. Returns `None` if the browser does not know the zone, and
/// on the server.
pub fn today(timezone: &str) -> Option<NaiveDate> {
    parse_day(local_time(timezone, 0)?.get(..10)?)
}

/// Returns the local time in a time zone that many hours ago, by the browser's clock, to the minute: `2025-12-01T08:30`.
/// Returns `None` if the browser does not know the zone, and on the server.
pub fn local_time(timezone: &str, hours_ago: u32) -> Option<String> {
    if !IS_BROWSER {
        return None;
    }
    let time = local_time_at(timezone, js_sys::Date::now() - f64::from(hours_ago) * 3_600_000.0)?;
    time.get(..16).map(str::to_owned)
}

/// Returns the offset of a time zone at noon UTC of a day, in minutes east of Greenwich. Returns `None` if the browser does not
/// know the zone.
pub fn utc_offset(timezone: &str, day: NaiveDate) -> Option<i32> {
    offset_at(timezone, day.and_hms_opt(12, 0, 0)?.and_utc())
}

/// Returns the offset of a time zone at a moment, in minutes east of Greenwich.
fn offset_at(timezone: &str, moment: DateTime<Utc>) -> Option<i32> {
    #[expect(clippy::cast_precision_loss, reason = "a year of four digits")]
    let local = local_time_at(timezone, moment.timestamp_millis() as f64)?;
    let local = DateTime::parse_from_rfc3339(&format!("{local}Z")).ok()?;
    i32::try_from((local.timestamp() - moment.timestamp()).div_euclid(60)).ok()
}

/// Returns an RFC 3339 timestamp as the same moment in the browser's time zone, to the second. Returns the text itself if the
/// zone is unknown, and on the server.
pub fn in_own_timezone(text: &str) -> String {
    let moved = || {
        let moment = DateTime::parse_from_rfc3339(text).ok().filter(|_| IS_BROWSER)?.to_utc();
        let minutes = offset_at(&timezone()?, moment)?;
        let local = moment.checked_add_signed(TimeDelta::minutes(minutes.into()))?;
        Some(format!("{:?}{}", local.naive_utc().with_nanosecond(0)?, offset(minutes)))
    };
    moved().unwrap_or_else(|| text.to_owned())
}

/// Returns the local time at a moment, in milliseconds since 1970: `2025-12-01T08:30:00`.
fn local_time_at(timezone: &str, milliseconds: f64) -> Option<String> {
    let options = js_sys::Object::new();
    Reflect::set(&options, &JsValue::from_str("timeZone"), &JsValue::from_str(timezone)).ok()?;
    let date = js_sys::Date::new(&JsValue::from_f64(milliseconds));
    // Called by name, because the binding panics if the browser throws. Swedish times are written YYYY-MM-DD HH:MM:SS.
    let format: Function = Reflect::get(&date, &JsValue::from_str("toLocaleString")).ok()?.dyn_into().ok()?;
    let text = format.call2(&date, &JsValue::from_str("sv-SE"), &options).ok()?.as_string()?;
    Some(format!("{}T{}", text.get(..10)?, text.get(11..19)?))
}

/// Marks the page as hydrated. Tests wait for the mark.
pub fn mark_hydrated() {
    if let Some(body) = document().body() {
        let _ = body.set_attribute("data-hydrated", "");
    }
}

/// Adds an export to those that this page runs and reports. `live.js` does not report them again.
pub fn add_own_export(id: &str) {
    if let Some(body) = document().body() {
        let ids = body.get_attribute("data-exports").unwrap_or_default();
        if !ids.contains(id) {
            let _ = body.set_attribute("data-exports", &(ids + id));
        }
    }
}

/// Returns whether a select has an option with that value. Returns false if the value would need escaping in a selector.
pub fn is_offered(id: &str, value: &str) -> bool {
    option(id, &format!("[value=\"{value}\"]"), value).is_some()
}

/// Returns the value of the option of a select that has this value, or this alias.
pub fn offered_value(id: &str, value: &str) -> Option<String> {
    let by_value = option(id, &format!("[value=\"{value}\"]"), value);
    by_value.or_else(|| option(id, &format!("[data-alias~=\"{value}\"]"), value))?.get_attribute("value")
}

/// Moves the option with that value to the first place of the first group of a select.
pub fn offer_first(id: &str, value: &str) {
    let moved = option(id, &format!("[value=\"{value}\"]"), value);
    let Some((moved, Ok(Some(group)))) = moved.zip(Some(document().query_selector(&format!("#{id} optgroup")))) else {
        return;
    };
    if !group.contains(Some(&moved)) {
        let selected = value_of(id);
        let _ = group.insert_before(&moved, group.first_child().as_ref());
        if let Some(selected) = selected {
            set_value(id, &selected);
        }
    }
}

fn option(id: &str, condition: &str, value: &str) -> Option<web_sys::Element> {
    let is_plain = !value.contains(['"', '\\', '\n']);
    is_plain.then(|| document().query_selector(&format!("#{id} option{condition}")).ok())??
}

/// Returns the options of a select: value, text, and `data-alias`.
pub fn options(id: &str) -> Vec<[String; 3]> {
    let Ok(options) = document().query_selector_all(&format!("#{id} option")) else { return Vec::new() };
    let options = (0..options.length()).filter_map(|index| options.item(index)?.dyn_into::<web_sys::Element>().ok());
    let parts = |option: web_sys::Element| {
        let attribute = |name| option.get_attribute(name).unwrap_or_default();
        [attribute("value"), option.text_content().unwrap_or_default(), attribute("data-alias")]
    };
    options.map(parts).collect()
}

/// Sets the text of the option of a select that has this value.
pub fn set_option_text(id: &str, value: &str, text: &str) {
    if let Some(option) = option(id, &format!("[value=\"{value}\"]"), value) {
        option.set_text_content(Some(text));
    }
}

/// Focuses an element unless another element has the focus. The body and the main element do not count.
pub fn focus_if_lost(selector: &str) {
    if document().active_element().is_none_or(|active| matches!(active.tag_name().as_str(), "BODY" | "MAIN")) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = first(selector).map(|element| element.focus_with_options(&options));
    }
}

/// Takes the focus from an element.
pub fn lose_focus(selector: &str) {
    let _ = first(selector).map(|element| element.blur());
}

/// Returns whether the document has such an element.
pub fn exists(selector: &str) -> bool {
    first(selector).is_some()
}

fn first(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

/// Returns the value of a field. Returns `None` if there is no such field, and on the server.
pub fn value_of(id: &str) -> Option<String> {
    property_of(id, "value")?.as_string()
}

/// Returns the value of a field if it differs from the server's HTML. Returns `None` on the server.
pub fn changed_value(id: &str) -> Option<String> {
    value_of(id)
        .filter(|value| property_of(id, "defaultValue").and_then(|before| before.as_string()).as_ref() != Some(value))
}

/// Returns an attribute of an element. Returns `None` on the server.
pub fn attribute(id: &str, name: &str) -> Option<String> {
    if !IS_BROWSER {
        return None;
    }
    document().get_element_by_id(id)?.get_attribute(name)
}

/// Sets the type of an input. Returns whether it had another one; the browser clears a value that does not fit.
pub fn set_input_type(id: &str, input_type: &str) -> bool {
    let before = property_of(id, "type").and_then(|before| before.as_string());
    if before.is_none() || before.as_deref() == Some(input_type) {
        return false;
    }
    if let Some(input) = document().get_element_by_id(id) {
        let _ = input.set_attribute("type", input_type);
    }
    true
}

/// Sets the value of a field, if there is such a field.
pub fn set_value(id: &str, value: &str) {
    if let Some(field) = document().get_element_by_id(id) {
        let _ = Reflect::set(&field, &JsValue::from_str("value"), &JsValue::from_str(value));
    }
}

/// Returns whether a checkbox is checked. Returns `None` if there is no such checkbox, and on the server.
pub fn is_checked(id: &str) -> Option<bool> {
    property_of(id, "checked")?.as_bool()
}

/// Returns the checkboxes of that name that differ from the server's HTML: their values, and whether they are checked.
/// Returns none on the server.
pub fn changed_boxes(name: &str) -> Vec<(String, bool)> {
    if !IS_BROWSER {
        return Vec::new();
    }
    let Ok(boxes) = document().query_selector_all(&format!("input[type=checkbox][name={name}]")) else {
        return Vec::new();
    };
    let boxes = (0..boxes.length()).filter_map(|index| boxes.item(index)?.dyn_into::<HtmlInputElement>().ok());
    let changed = boxes.filter(|checkbox| checkbox.checked() != checkbox.default_checked());
    changed.map(|checkbox| (checkbox.value(), checkbox.checked())).collect()
}

/// Stores this browser's time zone in a cookie, which tells the server on later page loads.
pub fn remember_timezone(name: &str) {
    const A_YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;
    let path = local(SETTINGS_PATH);
    let cookie = format!("timezone={name}; Path={path}; Max-Age={A_YEAR_SECONDS}; SameSite=Lax");
    let _ = Reflect::set(&document(), &JsValue::from_str("cookie"), &JsValue::from_str(&cookie));
}

/// Returns the query string of the page's address, without its question mark. Returns an empty string on the server.
pub fn query() -> String {
    if !IS_BROWSER {
        return String::new();
    }
    window().location().search().unwrap_or_default().trim_start_matches('?').to_owned()
}

/// Sets the query string of the page's address, as a new entry of the history.
pub fn show_query(query: &str) {
    let path = window().location().pathname().unwrap_or_default();
    let address = if query.is_empty() { path } else { format!("{path}?{query}") };
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address));
    }
    set_return_address(&address);
}

/// Makes the forms at the bottom of the page return to the current address.
pub fn update_return_address() {
    set_return_address(&address());
}

fn set_return_address(address: &str) {
    let Ok(fields) = document().query_selector_all(".preferences [name=next]") else { return };
    for index in 0..fields.length() {
        if let Some(Ok(field)) = fields.item(index).map(JsCast::dyn_into::<HtmlInputElement>) {
            field.set_value(address);
        }
    }
}

/// Calls `act` whenever the user goes back or forward in the history, for as long as the owner lives. Does nothing on the
/// server.
pub fn on_history_moves(act: impl Fn() + Clone + 'static) {
    Effect::new(move || {
        let act = act.clone();
        let listener = window_event_listener_untyped("popstate", move |_| {
            act();
            update_return_address();
        });
        on_cleanup(move || listener.remove());
    });
}

/// Calls `act` whenever the window gets the focus or the network returns, for as long as the owner lives. Does nothing on
/// the server.
pub fn on_return(act: impl Fn() + Copy + 'static) {
    Effect::new(move || {
        for event in ["focus", "online"] {
            let listener = window_event_listener_untyped(event, move |_| act());
            on_cleanup(move || listener.remove());
        }
    });
}

/// Returns whether the page is written from right to left. False on the server.
pub fn is_right_to_left() -> bool {
    IS_BROWSER && document().document_element().is_some_and(|html| html.get_attribute("dir").as_deref() == Some("rtl"))
}

/// Returns the width of the window in CSS pixels. Zero on the server.
pub fn width() -> f64 {
    if !IS_BROWSER {
        return 0.0;
    }
    window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default()
}

/// Returns a name in a date, such as that of its month. `parts` are options of `Intl.DateTimeFormat`. Returns `YYYY-MM-DD` on the server.
pub fn format_day(language: &str, day: NaiveDate, parts: &[(&str, &str)]) -> String {
    if !IS_BROWSER {
        return day.to_string();
    }
    let options = js_sys::Object::new();
    for (name, value) in parts.iter().chain(&[("timeZone", "UTC")]) {
        let _ = Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    // JavaScript parses a date without a time as midnight in UTC.
    let date = js_sys::Date::new(&JsValue::from_str(&day.to_string()));
    date.to_locale_date_string(language, &options).into()
}

/// Returns the first day of the week in the browser's locale. Monday if the browser does not know, and on the server.
pub fn week_begins() -> Weekday {
    if !IS_BROWSER {
        return Weekday::Mon;
    }
    let first = || {
        let locale: Function =
            Reflect::get(&Reflect::get(&window(), &"Intl".into()).ok()?, &"Locale".into()).ok()?.dyn_into().ok()?;
        let own = Array::of1(&window().navigator().language()?.into());
        let locale = Reflect::construct(&locale, &own).ok()?;
        // Older browsers have a property instead of the function.
        let week = match Reflect::get(&locale, &"getWeekInfo".into()).ok()?.dyn_into::<Function>() {
            Ok(get) => get.call0(&locale).ok()?,
            Err(_) => Reflect::get(&locale, &"weekInfo".into()).ok()?,
        };
        Reflect::get(&week, &"firstDay".into()).ok()?.as_f64()
    };
    // From 1 for Monday to 7.
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let number = first().unwrap_or(1.0);
    days.into_iter().find(|day| f64::from(day.number_from_monday()) >= number).unwrap_or(Weekday::Mon)
}

/// Focuses an element.
pub fn focus(selector: &str) {
    let _ = first(selector).map(|element| element.focus());
}

/// Opens a disclosure, and focuses its summary, which scrolls it into view.
pub fn open_disclosure(id: &str) {
    if let Some(details) = document().get_element_by_id(id) {
        let _ = details.set_attribute("open", "");
        focus(&format!("#{id} > summary"));
    }
}

/// Sets the accessible name of an element.
pub fn set_label(selector: &str, label: &str) {
    if let Ok(Some(element)) = document().query_selector(selector) {
        let _ = element.set_attribute("aria-label", label);
    }
}

/// Returns an attribute of the event's target, or of its nearest ancestor that has it.
pub fn attribute_near(event: &web_sys::Event, attribute: &str) -> Option<String> {
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    target.closest(&format!("[{attribute}]")).ok()??.get_attribute(attribute)
}

/// Returns a text in lower case. (The standard library's tables would weigh several kilobytes in the WASM.)
pub fn lowercase(text: &str) -> String {
    if !IS_BROWSER {
        return text.to_lowercase();
    }
    js_sys::JsString::from(text).to_lower_case().into()
}

/// Returns a text for a search that ignores case and accents.
pub fn searchable(text: &str) -> String {
    if !IS_BROWSER {
        return text.to_lowercase();
    }
    let text: String = js_sys::JsString::from(text).normalize("NFD").to_lower_case().into();
    text.chars().filter(|letter| !('\u{300}'..='\u{36f}').contains(letter)).collect()
}

/// Writes text to the clipboard. Returns false if the browser has no clipboard or refuses access.
pub async fn copy(text: &str) -> bool {
    is_written(write_to_clipboard("writeText", &text.into())).await
}

/// A text that is written to the clipboard once it is known.
pub struct PendingCopy {
    /// Resolves and rejects the text.
    settle: Option<(Function, Function)>,
    /// The write. An error if the browser cannot wait for the text.
    write: Result<JsValue, JsValue>,
}

impl PendingCopy {
    /// Begins to write to the clipboard. Must be called in the handler of a click: Safari refuses access later, such as
    /// after a request.
    pub fn begin() -> Self {
        let mut settle = None;
        let text = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
        // A browser that does not wait for the text would report its rejection as an unhandled error.
        drop(JsFuture::from(text.clone()));
        let item = || {
            let constructor: Function = get(&window(), "ClipboardItem")?.dyn_into()?;
            let formats = js_sys::Object::new();
            Reflect::set(&formats, &"text/plain".into(), &text)?;
            Reflect::construct(&constructor, &Array::of1(&formats))
        };
        let write = item().and_then(|item| write_to_clipboard("write", &Array::of1(&item)));
        Self { settle, write }
    }

    /// Sets the text; `None` leaves the clipboard unchanged. Returns whether the text was copied.
    pub async fn finish(self, text: Option<&str>) -> bool {
        if let (Some((resolve, reject)), Ok(_)) = (self.settle, &self.write) {
            // A blob, because older browsers accept no text here.
            let _ = match text.and_then(|text| Blob::new_with_blob_sequence(&Array::of1(&text.into())).ok()) {
                Some(blob) => resolve.call1(&JsValue::UNDEFINED, &blob),
                None => reject.call0(&JsValue::UNDEFINED),
            };
        }
        if is_written(self.write).await {
            return true;
        }
        match text {
            Some(text) => copy(text).await,
            None => false,
        }
    }
}

fn write_to_clipboard(method: &str, value: &JsValue) -> Result<JsValue, JsValue> {
    let clipboard = get(&get(&window(), "navigator")?, "clipboard")?;
    let write: Function = get(&clipboard, method)?.dyn_into()?;
    write.call1(&clipboard, value)
}

async fn is_written(promise: Result<JsValue, JsValue>) -> bool {
    match promise {
        Ok(promise) => JsFuture::from(Promise::from(promise)).await.is_ok(),
        Err(_) => false,
    }
}

fn get(target: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(target, &JsValue::from_str(name))
}

/// Calls `act` after that time. Does nothing on the server.
pub fn call_later(act: impl FnOnce() + 'static, after: Duration) {
    if IS_BROWSER {
        set_timeout(act, after);
    }
}

/// Waits.
pub async fn sleep(milliseconds: i32) {
    let timeout = Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(timeout).await;
}

/// Returns whether the device has a network connection, as far as the browser knows.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// Returns the path and query string of the page's address. Empty on the server.
pub fn address() -> String {
    if !IS_BROWSER {
        return String::new();
    }
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Returns scheme, host and port of the page's address, and the path of the public address. Empty on the server.
pub fn origin() -> String {
    if !IS_BROWSER {
        return String::new();
    }
    window().location().origin().unwrap_or_default() + &base_path()
}

/// Returns the path of the public address, which the server adds to the document: `/motion`. Empty without one, and on the
/// server.
pub fn base_path() -> String {
    if !IS_BROWSER {
        return String::new();
    }
    document().document_element().and_then(|html| html.get_attribute("data-base")).unwrap_or_default()
}

/// Returns the address of a path of this server, for a request or a link that the browser makes. What the server renders gets
/// the path of the public address when it is sent.
pub fn local(path: &str) -> String {
    base_path() + path
}

fn property_of(id: &str, name: &str) -> Option<JsValue> {
    if !IS_BROWSER {
        return None;
    }
    Reflect::get(document().get_element_by_id(id)?.as_ref(), &JsValue::from_str(name)).ok()
}
