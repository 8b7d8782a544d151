//! Fetching the export and saving it as a file. To be called in the browser only.
//!
//! The bytes go from the network into blobs, which the browser keeps outside the page's memory and on disk where they
//! are large; they never enter WASM memory. The file is saved only once the body has ended as it should: a connection
//! that breaks is an error, and nothing is saved.

use std::time::Duration;

use gloo_file::{Blob, ObjectUrl};
use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::{document, set_timeout, window};
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, BlobPropertyBag, HtmlAnchorElement, ReadableStreamDefaultReader, RequestInit, Response};

use crate::error::{ApiError, ErrorCode};

/// Chunks are gathered into a blob when they come to this many bytes, so that few of them lie about.
const BLOB_BYTES: u32 = 8 * 1024 * 1024;

/// How long the file stays reachable after the browser was told to save it: it may ask the user first.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// A file that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its name, as the server gave it.
    pub file_name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Why no file was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadError {
    /// The user cancelled.
    Cancelled,
    /// The server refused, and said why.
    Refused(ApiError),
    /// The server answered with something that is no export.
    Unexpected(u16),
    /// The server could not be reached.
    Unreachable,
    /// The connection broke before the end of the file.
    Broken,
}

impl std::fmt::Display for DownloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cancelled => f.write_str("No file was saved."),
            Self::Refused(ApiError { code: ErrorCode::Internal, detail, request_id: Some(id), .. }) => {
                write!(f, "{detail} Request id: {id}.")
            }
            Self::Refused(error) => f.write_str(&error.detail),
            Self::Unexpected(status) => {
                write!(f, "The server answered with status {status} and no file. Try again, or tell its operator.")
            }
            Self::Unreachable => f.write_str("The server could not be reached. Check the connection and try again."),
            Self::Broken => f.write_str(
                "The connection broke before the file was whole, so nothing was saved. Try again; the server's log \
                 tells more.",
            ),
        }
    }
}

/// Fetches `url` and saves the file; `progress` is told the bytes so far.
///
/// # Errors
/// Where there is no whole file; nothing has been saved then.
pub async fn download(url: &str, abort: &AbortSignal, progress: impl Fn(u64)) -> Result<Saved, DownloadError> {
    let or_cancelled = |error| if abort.aborted() { DownloadError::Cancelled } else { error };
    let request = RequestInit::new();
    request.set_signal(Some(abort));
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &request))
        .await
        .map_err(|_| or_cancelled(DownloadError::Unreachable))?;
    let response: Response = response.unchecked_into();
    let is_csv = header(&response, "content-type").is_some_and(|kind| kind.starts_with("text/csv"));
    if !response.ok() || !is_csv {
        return Err(refusal(&response).await);
    }
    let file_name = header(&response, "content-disposition")
        .and_then(|disposition| file_name(&disposition))
        .ok_or(DownloadError::Unexpected(response.status()))?;
    let parts = Parts::new();
    read(&response, &parts, progress).await.map_err(|_| or_cancelled(DownloadError::Broken))?;
    // Cancelled with the last bytes already here: what was asked for last counts.
    if abort.aborted() {
        return Err(DownloadError::Cancelled);
    }
    let (blob, bytes) = parts.into_blob().map_err(|_| DownloadError::Broken)?;
    save(blob, &file_name).map_err(|_| DownloadError::Broken)?;
    Ok(Saved { file_name, bytes })
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

async fn refusal(response: &Response) -> DownloadError {
    let unexpected = DownloadError::Unexpected(response.status());
    let Ok(text) = response.text() else { return unexpected };
    let text = JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default();
    serde_json::from_str(&text).map_or(unexpected, DownloadError::Refused)
}

/// Reads the body to its end. A broken connection is an error here.
async fn read(response: &Response, parts: &Parts, progress: impl Fn(u64)) -> Result<(), JsValue> {
    let Some(body) = response.body() else { return Ok(()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let step = JsFuture::from(reader.read()).await?;
        if Reflect::get(&step, &JsValue::from_str("done"))?.is_truthy() {
            return Ok(());
        }
        let chunk: Uint8Array = Reflect::get(&step, &JsValue::from_str("value"))?.unchecked_into();
        parts.push(&chunk)?;
        progress(parts.bytes.get());
    }
}

/// The file as it comes in: blobs, and chunks that are yet to become one.
struct Parts {
    list: Array,
    blobs: std::cell::Cell<u32>,
    loose_bytes: std::cell::Cell<u32>,
    bytes: std::cell::Cell<u64>,
}

impl Parts {
    fn new() -> Self {
        Self { list: Array::new(), blobs: 0.into(), loose_bytes: 0.into(), bytes: 0.into() }
    }

    fn push(&self, chunk: &Uint8Array) -> Result<(), JsValue> {
        self.list.push(chunk);
        self.bytes.set(self.bytes.get() + u64::from(chunk.byte_length()));
        self.loose_bytes.set(self.loose_bytes.get() + chunk.byte_length());
        if self.loose_bytes.get() >= BLOB_BYTES {
            let loose = self.list.splice_many(self.blobs.get(), self.list.length(), &[]);
            self.list.push(web_sys::Blob::new_with_u8_array_sequence(&loose)?.as_ref());
            self.blobs.set(self.blobs.get() + 1);
            self.loose_bytes.set(0);
        }
        Ok(())
    }

    fn into_blob(self) -> Result<(Blob, u64), JsValue> {
        let options = BlobPropertyBag::new();
        options.set_type("text/csv;charset=utf-8");
        let blob = web_sys::Blob::new_with_blob_sequence_and_options(&self.list, &options)?;
        Ok((blob.into(), self.bytes.get()))
    }
}

/// Hands the file to the browser's downloads.
fn save(blob: Blob, file_name: &str) -> Result<(), JsValue> {
    let url = ObjectUrl::from(blob);
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(file_name);
    link.click();
    set_timeout(move || drop(url), KEPT_FOR);
    Ok(())
}

/// The file name in a `Content-Disposition` of ours, which is always quoted and plain.
fn file_name(disposition: &str) -> Option<String> {
    let (_, rest) = disposition.split_once("filename=\"")?;
    let (name, _) = rest.split_once('"')?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_is_taken_from_the_disposition() {
        let name = |disposition| file_name(disposition);
        assert_eq!(name("attachment; filename=\"motion-events-all.csv\""), Some("motion-events-all.csv".to_owned()));
        for none in ["attachment", "attachment; filename=\"\"", "attachment; filename=\"open"] {
            assert_eq!(name(none), None);
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_own_words() {
        let error = ApiError::invalid("start_date", "Choose another day.");
        assert_eq!(DownloadError::Refused(error).to_string(), "Choose another day.");
    }
}
