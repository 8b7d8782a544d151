//! Writing a file straight to disk, where the browser can (File System Access). To be called in the browser only.
//!
//! What is written becomes the file only when it is closed; until then the browser keeps it aside, under a file that is
//! empty, and throws it away when it is aborted or the page goes. So a file with something in it is whole here, too.

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What asks somebody where a file is to go.
const ASK: &str = "showSaveFilePicker";

/// A file that is being written.
#[derive(Debug)]
pub struct File {
    handle: JsValue,
    writable: JsValue,
}

/// Whether the browser can do it, here: over plain HTTP from another machine it cannot.
pub fn is_there() -> bool {
    get(&window(), ASK).is_ok_and(|ask| ask.is_function())
}

impl File {
    /// Asks where the file is to go. Has to follow on a click. `None` where nobody wants it.
    ///
    /// # Errors
    /// Where it cannot be written there.
    pub async fn ask(name: &str) -> Result<Option<Self>, JsValue> {
        let options = Object::new();
        Reflect::set(&options, &"suggestedName".into(), &name.into())?;
        let handle = match call(&window(), ASK, &options).await {
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

    /// What somebody called it.
    pub fn name(&self) -> Option<String> {
        get(&self.handle, "name").ok()?.as_string()
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// Where there is no room left, say.
    pub async fn write(&self, chunk: &Uint8Array) -> Result<(), JsValue> {
        call(&self.writable, "write", chunk).await.map(drop)
    }

    /// Has the file appear.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn close(&self) -> Result<(), JsValue> {
        call(&self.writable, "close", &JsValue::UNDEFINED).await.map(drop)
    }

    /// Throws away what was written.
    pub async fn abort(&self) {
        let _ = call(&self.writable, "abort", &JsValue::UNDEFINED).await;
        remove_empty(&self.handle).await;
    }
}

/// Removes what the browser made, or emptied, when it asked: a file with nothing in it is left for nobody to wonder about.
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
