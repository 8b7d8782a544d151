//! Writes a file directly to disk with the File System Access API. Must be called in the browser only.
//!
//! The browser writes to a temporary file and replaces the chosen, empty file only on `close`. It deletes the temporary file
//! on `abort` or when the page closes. So a file that is not empty is complete with this save method, too.

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The function that opens the file picker.
const PICKER: &str = "showSaveFilePicker";

/// A file that the user has chosen and that is being written.
#[derive(Debug)]
pub struct WritableFile {
    handle: JsValue,
    writable: JsValue,
}

/// Returns whether the browser supports the API on this page. No browser does over plain HTTP, except from the same machine.
pub fn is_supported() -> bool {
    get(&window(), PICKER).is_ok_and(|picker| picker.is_function())
}

impl WritableFile {
    /// Opens the file picker. Must be called soon after a click. Returns `None` if the user closes the picker.
    ///
    /// # Errors
    /// Returns an error if the chosen file cannot be written.
    pub async fn pick(name: &str) -> Result<Option<Self>, JsValue> {
        let options = Object::new();
        Reflect::set(&options, &"suggestedName".into(), &name.into())?;
        let handle = match call(&window(), PICKER, &options).await {
            Ok(handle) => handle,
            Err(error) if get(&error, "name")?.as_string().as_deref() == Some("AbortError") => return Ok(None),
            Err(error) => return Err(error),
        };
        match call(&handle, "createWritable", &JsValue::UNDEFINED).await {
            Ok(writable) => Ok(Some(Self { handle, writable })),
            Err(error) => {
                remove_empty(&handle).await;
                Err(error)
            }
        }
    }

    /// Returns the name that the user chose.
    pub fn name(&self) -> Option<String> {
        get(&self.handle, "name").ok()?.as_string()
    }

    /// Appends a chunk.
    ///
    /// # Errors
    /// Returns an error if the chunk cannot be written, such as on a full disk.
    pub async fn write(&self, chunk: &Uint8Array) -> Result<(), JsValue> {
        call(&self.writable, "write", chunk).await.map(drop)
    }

    /// Completes the file, so that it appears under its name.
    ///
    /// # Errors
    /// Returns an error if it cannot be completed.
    pub async fn close(&self) -> Result<(), JsValue> {
        call(&self.writable, "close", &JsValue::UNDEFINED).await.map(drop)
    }

    /// Discards what was written.
    pub async fn abort(&self) {
        let _ = call(&self.writable, "abort", &JsValue::UNDEFINED).await;
        remove_empty(&self.handle).await;
    }
}

/// Removes the empty file that the picker has created, or emptied.
async fn remove_empty(handle: &JsValue) {
    let Ok(file) = call(handle, "getFile", &JsValue::UNDEFINED).await else { return };
    if get(&file, "size").is_ok_and(|size| size.as_f64() == Some(0.0)) {
        let _ = call(handle, "remove", &JsValue::UNDEFINED).await;
    }
}

fn get(target: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(target, &JsValue::from_str(name))
}

async fn call(target: &JsValue, name: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let function: Function = get(target, name)?.dyn_into()?;
    let promise: Promise = function.call1(target, argument)?.dyn_into()?;
    JsFuture::from(promise).await
}
