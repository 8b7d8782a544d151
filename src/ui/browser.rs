//! What the browser knows: its time zone, what day it is, what fields hold, and where the focus is. To be called in the
//! browser only, where it does not say otherwise.

use chrono::NaiveDate;
use js_sys::Reflect;
use leptos::prelude::{document, window};
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlInputElement};

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
    format.call2(&date, &JsValue::from_str("sv-SE"), &options).ok()?.as_string()?.parse().ok()
}

/// Puts the focus on an element where nothing else has it.
pub fn focus_if_lost(selector: &str) {
    let document = document();
    let lost = document.active_element().is_none_or(|active| active.tag_name() == "BODY");
    if lost
        && let Ok(Some(element)) = document.query_selector(selector)
        && let Ok(element) = element.dyn_into::<HtmlElement>()
    {
        let _ = element.focus();
    }
}

/// What a field of the document holds. `None` where there is no such field, and on the server.
pub fn value_of(id: &str) -> Option<String> {
    property_of(id, "value")?.as_string()
}

/// Whether a box of the document is checked. `None` where there is no such box, and on the server.
pub fn is_checked(id: &str) -> Option<bool> {
    property_of(id, "checked")?.as_bool()
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

/// Selects what a field holds.
pub fn select(id: &str) {
    let field = document().get_element_by_id(id).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field {
        let _ = field.focus();
        field.select();
    }
}

/// Checks all boxes of that name, or none.
pub fn check_all(name: &str, checked: bool) {
    let Ok(boxes) = document().query_selector_all(&format!("input[type=checkbox][name={name}]")) else { return };
    for index in 0..boxes.length() {
        if let Some(Ok(checkbox)) = boxes.item(index).map(JsCast::dyn_into::<HtmlInputElement>) {
            checkbox.set_checked(checked);
        }
    }
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
