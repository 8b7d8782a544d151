//! What the browser knows: its time zone, what day it is, what fields hold, and where the focus is. To be called in the
//! browser only, where it does not say otherwise.

use chrono::{NaiveDate, Weekday};
use js_sys::Reflect;
use leptos::prelude::{Effect, document, on_cleanup, window, window_event_listener_untyped};
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FocusOptions, HtmlElement, HtmlInputElement};

use crate::export_params::parse_day;

/// The IANA name of the browser's own time zone.
pub fn timezone() -> Option<String> {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    Reflect::get(&options, &JsValue::from_str("timeZone")).ok()?.as_string()
}

/// The local day in a time zone, by the browser's clock. `None` where the browser does not know the zone.
pub fn today(timezone: &str) -> Option<NaiveDate> {
    let options = js_sys::Object::new();
    Reflect::set(&options, &JsValue::from_str("timeZone"), &JsValue::from_str(timezone)).ok()?;
    let date = js_sys::Date::new_0();
    // Called by name, because the binding panics where the browser throws. Swedish dates are written YYYY-MM-DD.
    let format: js_sys::Function =
        Reflect::get(&date, &JsValue::from_str("toLocaleDateString")).ok()?.dyn_into().ok()?;
    format.call2(&date, &JsValue::from_str("sv-SE"), &options).ok()?.as_string().as_deref().and_then(parse_day)
}

/// Says of the page that it answers to clicks from here on: for tests.
pub fn say_alive() {
    if let Some(body) = document().body() {
        let _ = body.set_attribute("data-hydrated", "");
    }
}

/// Whether a select has such an option. Values that would have to be escaped in a selector are not looked for.
pub fn is_offered(id: &str, value: &str) -> bool {
    let is_plain = !value.contains(['"', '\\', '\n']);
    is_plain
        && document().query_selector(&format!("#{id} option[value=\"{value}\"]")).is_ok_and(|option| option.is_some())
}

/// Puts the focus on an element where nothing else has it, and what is around everything is nothing else. Whoever is
/// somewhere else on the page stays there.
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

/// Whether there is such an element.
pub fn is_there(selector: &str) -> bool {
    first(selector).is_some()
}

fn first(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

/// What a field of the document holds. `None` where there is no such field, and on the server.
pub fn value_of(id: &str) -> Option<String> {
    property_of(id, "value")?.as_string()
}

/// Has a field of the document hold that.
pub fn set_value(id: &str, value: &str) {
    if let Some(field) = document().get_element_by_id(id) {
        let _ = Reflect::set(&field, &JsValue::from_str("value"), &JsValue::from_str(value));
    }
}

/// Whether a box of the document is checked. `None` where there is no such box, and on the server.
pub fn is_checked(id: &str) -> Option<bool> {
    property_of(id, "checked")?.as_bool()
}

/// The boxes of that name that are no longer as the server made them: what each stands for, and whether it is checked.
pub fn changed_boxes(name: &str) -> Vec<(String, bool)> {
    // On the server there is no document to ask, and asking would panic.
    if !cfg!(target_family = "wasm") {
        return Vec::new();
    }
    let Ok(boxes) = document().query_selector_all(&format!("input[type=checkbox][name={name}]")) else {
        return Vec::new();
    };
    let boxes = (0..boxes.length()).filter_map(|index| boxes.item(index)?.dyn_into::<HtmlInputElement>().ok());
    let changed = boxes.filter(|checkbox| checkbox.checked() != checkbox.default_checked());
    changed.map(|checkbox| (checkbox.value(), checkbox.checked())).collect()
}

/// Tells the server with later pages which time zone this browser is in.
pub fn remember_timezone(name: &str) {
    const A_YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;
    let cookie = format!("timezone={name}; Path=/settings; Max-Age={A_YEAR_SECONDS}; SameSite=Lax");
    let _ = Reflect::set(&document(), &JsValue::from_str("cookie"), &JsValue::from_str(&cookie));
}

/// The query string of the page's address, without its question mark.
pub fn query() -> String {
    window().location().search().unwrap_or_default().trim_start_matches('?').to_owned()
}

/// Has the page's address have that query string, as a new step of the browser's history.
pub fn show_query(query: &str) {
    let path = window().location().pathname().unwrap_or_default();
    let address = if query.is_empty() { path } else { format!("{path}?{query}") };
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address));
    }
    come_back_to(&address);
}

/// Has the forms at the bottom of the page lead back to the address that it has.
pub fn come_back() {
    let path = window().location().pathname().unwrap_or_default();
    come_back_to(&format!("{path}{}", window().location().search().unwrap_or_default()));
}

/// Has the forms at the bottom of the page lead back to that address of it.
fn come_back_to(address: &str) {
    let Ok(fields) = document().query_selector_all(".preferences [name=next]") else { return };
    for index in 0..fields.length() {
        if let Some(Ok(field)) = fields.item(index).map(JsCast::dyn_into::<HtmlInputElement>) {
            field.set_value(address);
        }
    }
}

/// Has something done whenever somebody goes back or forth in the browser's history, until the page goes.
pub fn on_history_moves(act: impl Fn() + Clone + 'static) {
    Effect::new(move || {
        let act = act.clone();
        let listener = window_event_listener_untyped("popstate", move |_| {
            act();
            come_back();
        });
        on_cleanup(move || listener.remove());
    });
}

/// Has something done whenever somebody comes back to the page, or the network does, until the page goes.
pub fn on_return(act: impl Fn() + Copy + 'static) {
    Effect::new(move || {
        for event in ["focus", "online"] {
            let listener = window_event_listener_untyped(event, move |_| act());
            on_cleanup(move || listener.remove());
        }
    });
}

/// Whether the page is written from right to left.
pub fn is_right_to_left() -> bool {
    document().document_element().is_some_and(|html| html.get_attribute("dir").as_deref() == Some("rtl"))
}

/// How wide the window is, in CSS pixels.
pub fn width() -> f64 {
    window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default()
}

/// The browser's locale where it is of the page's language, and that language where it is not.
pub fn locale() -> String {
    let language = document().document_element().and_then(|html| html.get_attribute("lang")).unwrap_or_default();
    let own = window().navigator().language().unwrap_or_default();
    if own.split('-').next() == Some(&language) { own } else { language }
}

/// A day in the locale's words, made of these parts: names and values of `Intl.DateTimeFormat`'s options.
pub fn day_in_words(locale: &str, day: NaiveDate, parts: &[(&str, &str)]) -> String {
    let options = js_sys::Object::new();
    for (name, value) in parts.iter().chain(&[("timeZone", "UTC")]) {
        let _ = Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    // A day is written as its midnight is; a date alone is one in UTC.
    let date = js_sys::Date::new(&JsValue::from_str(&day.to_string()));
    // Called by name, because the binding panics where the browser throws, as it does for its own `en-US@posix`.
    let written = |locale: &JsValue| {
        let format: js_sys::Function =
            Reflect::get(&date, &JsValue::from_str("toLocaleDateString")).ok()?.dyn_into().ok()?;
        format.call2(&date, locale, &options).ok()?.as_string()
    };
    written(&JsValue::from_str(locale)).or_else(|| written(&JsValue::UNDEFINED)).unwrap_or_else(|| day.to_string())
}

/// The day that a week begins with where this browser is; Monday where the browser does not tell.
pub fn week_begins() -> Weekday {
    let first = || {
        let locale: js_sys::Function =
            Reflect::get(&Reflect::get(&window(), &"Intl".into()).ok()?, &"Locale".into()).ok()?.dyn_into().ok()?;
        let own = js_sys::Array::of1(&window().navigator().language()?.into());
        let locale = Reflect::construct(&locale, &own).ok()?;
        // First it was a property.
        let week = match Reflect::get(&locale, &"getWeekInfo".into()).ok()?.dyn_into::<js_sys::Function>() {
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

/// Puts the focus on an element.
pub fn focus(selector: &str) {
    let _ = first(selector).map(|element| element.focus());
}

/// Gives an element a name for those who do not see it.
pub fn name(selector: &str, name: &str) {
    if let Ok(Some(element)) = document().query_selector(selector) {
        let _ = element.set_attribute("aria-label", name);
    }
}

/// What an attribute says of the element that an event happened to, or of the nearest one around it that has it.
pub fn attribute_near(event: &web_sys::Event, attribute: &str) -> Option<String> {
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    target.closest(&format!("[{attribute}]")).ok()??.get_attribute(attribute)
}

/// Text in which capital letters are small ones.
pub fn lowercase(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// Puts text on the clipboard. False where the browser has none for us, or does not allow it.
pub async fn copy(text: &str) -> bool {
    let get = |target: &JsValue, name: &str| Reflect::get(target, &JsValue::from_str(name));
    let write = || {
        let clipboard = get(&get(&window(), "navigator")?, "clipboard")?;
        let write: js_sys::Function = get(&clipboard, "writeText")?.dyn_into()?;
        write.call1(&clipboard, &JsValue::from_str(text))
    };
    match write() {
        Ok(promise) => JsFuture::from(js_sys::Promise::from(promise)).await.is_ok(),
        Err(_) => false,
    }
}

/// Waits.
pub async fn sleep(milliseconds: i32) {
    let slept = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(slept).await;
}

/// Selects what a field holds, of one line or of several.
pub fn select(id: &str) {
    focus(&format!("#{id}"));
    let select = || {
        let field = document().get_element_by_id(id)?;
        let select: js_sys::Function = Reflect::get(&field, &"select".into()).ok()?.dyn_into().ok()?;
        select.call0(&field).ok()
    };
    let _ = select();
}

/// Scheme, host and port at which the page was opened.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

fn property_of(id: &str, name: &str) -> Option<JsValue> {
    // On the server there is no document to ask, and asking would panic.
    if !cfg!(target_family = "wasm") {
        return None;
    }
    Reflect::get(document().get_element_by_id(id)?.as_ref(), &JsValue::from_str(name)).ok()
}
