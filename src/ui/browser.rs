//! What the browser knows: its time zone, what day it is, what fields hold, and where the focus is. To be called in the
//! browser only, where it does not say otherwise.

use chrono::NaiveDate;
use leptos::prelude::document;
use leptos::wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// The IANA name of the browser's own time zone.
pub fn timezone() -> Option<String> {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    js_sys::Reflect::get(&options, &JsValue::from_str("timeZone")).ok()?.as_string()
}

/// The local day in a time zone, by the browser's clock. `None` where the browser does not know the zone.
pub fn today(timezone: &str) -> Option<NaiveDate> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &JsValue::from_str("timeZone"), &JsValue::from_str(timezone)).ok()?;
    let date = js_sys::Date::new_0();
    // Called by name, because the binding panics where the browser throws. Swedish dates are written YYYY-MM-DD.
    let format: js_sys::Function =
        js_sys::Reflect::get(&date, &JsValue::from_str("toLocaleDateString")).ok()?.dyn_into().ok()?;
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

fn property_of(id: &str, name: &str) -> Option<JsValue> {
    // On the server there is no document to ask, and asking would panic.
    if !cfg!(target_family = "wasm") {
        return None;
    }
    js_sys::Reflect::get(document().get_element_by_id(id)?.as_ref(), &JsValue::from_str(name)).ok()
}
