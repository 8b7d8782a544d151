//! The browser's side of a download: requests, streams, blobs and links. Must be called in the browser only.
//!
//! Decisions are in `response` (what an answer means), `follower` (what a record means) and `csv_digest`.

use std::time::Duration;

use gloo_file::{Blob, ObjectUrl};
use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::{document, set_timeout, window};
use leptos::wasm_bindgen::{JsCast, JsValue};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, BlobPropertyBag, HtmlAnchorElement, ReadableStream, ReadableStreamDefaultReader, RequestInit, Response,
};

use super::csv_digest::{CsvDigest, FileSummary};
use super::file_system_access::WritableFile;
use super::follower::{Follower, Step};
use super::progress::Progress;
use super::response::{ExportHead, ResponseHead, broken, check, refusal};
use super::{DownloadError, Saved};
use crate::api::exports::{EXPORT_ID_HEADER, EXPORTS_PATH, ExportRecord, ExportRecords, State};
use crate::export_params::ExportParams;
use crate::ui::browser;

/// The size at which chunks are merged into a blob, so that few of them stay in the page's memory.
const BLOB_BYTES: u32 = 8 * 1024 * 1024;

/// How long the blob stays reachable after the browser was asked to save it. The browser may ask the user first.
const BLOB_LIFETIME: Duration = Duration::from_mins(1);

/// How many bytes are copied into WASM memory and digested at once.
const BUFFER_BYTES: u32 = 64 * 1024;

/// How often the record is requested before it counts as unreachable, and the milliseconds between requests.
const MAX_RECORD_ATTEMPTS: u32 = 5;
/// The same after a connection broke: the server may have noticed nothing, and would then do so too late for the user.
const MAX_ATTEMPTS_AFTER_BREAK: u32 = 2;
const RETRY_DELAY_MILLISECONDS: i32 = 1_000;

/// Returns the error for a file that cannot be written, with the browser's message.
pub fn unwritable(error: &JsValue) -> DownloadError {
    let message = Reflect::get(error, &JsValue::from_str("message")).ok().and_then(|message| message.as_string());
    DownloadError::Unwritable(message.unwrap_or_default())
}

/// Where a file is written.
#[derive(Debug)]
pub enum Target {
    /// Into a blob, which the browser then saves as a download.
    Blob,
    /// To a file that the user chose.
    File(WritableFile),
}

/// Fetches `url`, compares the file with the server's record, and saves it. Calls `progress` after each chunk.
///
/// # Errors
/// Returns an error if the file is not complete. Then nothing was saved.
pub async fn download(
    url: &str,
    abort: &AbortSignal,
    target: Target,
    progress: impl Fn(Progress),
) -> Result<Saved, DownloadError> {
    let mut incoming = IncomingFile::new(target);
    let outcome = fetch_file(url, abort, &mut incoming, progress).await;
    if outcome.is_err()
        && let Target::File(file) = &incoming.target
    {
        file.abort().await;
    }
    outcome
}

async fn fetch_file(
    url: &str,
    abort: &AbortSignal,
    file: &mut IncomingFile,
    progress: impl Fn(Progress),
) -> Result<Saved, DownloadError> {
    let started_at = js_sys::Date::now();
    let or_cancelled = |error| if abort.aborted() { DownloadError::Cancelled } else { error };
    let response = fetch(url, Some(abort)).await.map_err(|_| or_cancelled(unreachable()))?;
    let head = ResponseHead {
        status: response.status(),
        content_type: header(&response, "content-type"),
        disposition: header(&response, "content-disposition"),
        export_id: header(&response, EXPORT_ID_HEADER),
    };
    if !head.is_csv() {
        return Err(error_of(&response).await);
    }
    let ExportHead { file_name, id } = head.export()?;
    browser::add_own_export(&id);

    let mut write_error = None;
    let body = read(response.body(), async |chunk| {
        if let Err(error) = file.push(chunk).await {
            write_error = Some(unwritable(&error));
            return Err(error);
        }
        progress(Progress {
            bytes: file.digest.bytes(),
            rows: file.digest.rows(),
            milliseconds: js_sys::Date::now() - started_at,
            ..Progress::default()
        });
        Ok(())
    });
    let is_read = body.await.is_ok();
    progress(Progress {
        is_checking: true,
        bytes: file.digest.bytes(),
        rows: file.digest.rows(),
        ..Progress::default()
    });
    // If the user cancelled while the last bytes arrived, the cancellation counts.
    if abort.aborted() {
        return Err(DownloadError::Cancelled);
    }
    if let Some(error) = write_error {
        return Err(error);
    }
    if !is_read {
        return Err(or_cancelled(broken(finished_record(&id, MAX_ATTEMPTS_AFTER_BREAK).await)));
    }
    let summary = file.digest.clone().finish();
    let complete_to =
        check(finished_record(&id, MAX_RECORD_ATTEMPTS).await, &summary).map_err(|error| match error {
            DownloadError::Unchecked => or_cancelled(DownloadError::Unchecked),
            error => error,
        })?;
    if abort.aborted() {
        return Err(DownloadError::Cancelled);
    }
    file.save(&file_name).await.map_err(|error| unwritable(&error))?;
    let file_name = match &file.target {
        Target::File(file) => file.name().unwrap_or(file_name),
        Target::Blob => file_name,
    };
    Ok(Saved { file_name, summary, complete_to })
}

/// Starts an export in the browser's download manager, and follows it until the server has sent the file.
///
/// # Errors
/// Returns an error if the server did not send the whole file, or if its record cannot be found or read.
pub async fn follow_browser_download(
    params: &ExportParams,
    progress: impl Fn(Progress),
) -> Result<Box<ExportRecord>, DownloadError> {
    let started_at = js_sys::Date::now();
    let mut follower = Follower::new(params.clone(), &newest_records().await?);
    click_link(&browser::local(&params.to_url()), None).map_err(|error| unwritable(&error))?;
    loop {
        browser::sleep(RETRY_DELAY_MILLISECONDS).await;
        let step = match follower.id() {
            Some(id) => {
                browser::add_own_export(id);
                let record = json::<ExportRecord>(&format!("{EXPORTS_PATH}/{id}")).await;
                follower.update(record.map(Some))
            }
            None => follower.find(newest_records().await),
        };
        match step? {
            Step::Wait => {}
            Step::Progress { rows, bytes } => {
                progress(Progress {
                    bytes,
                    rows,
                    milliseconds: js_sys::Date::now() - started_at,
                    ..Progress::default()
                });
            }
            Step::Complete(record) => return Ok(record),
        }
    }
}

/// Returns the records of the user's own last exports, newest first.
///
/// # Errors
/// Returns an error if they cannot be read.
pub async fn newest_records() -> Result<Vec<ExportRecord>, DownloadError> {
    json::<ExportRecords>(&format!("{EXPORTS_PATH}?mine=true&limit=20")).await.map(|records| records.exports)
}

async fn fetch(url: &str, abort: Option<&AbortSignal>) -> Result<Response, JsValue> {
    let request = RequestInit::new();
    request.set_signal(abort);
    JsFuture::from(window().fetch_with_str_and_init(&browser::local(url), &request)).await.map(JsCast::unchecked_into)
}

/// Returns the record with that id once its export has ended, or its last state if that takes more than `max_attempts`.
///
/// # Errors
/// Returns an error if the record cannot be read. An error that another attempt cannot change is returned at once.
async fn finished_record(id: &str, max_attempts: u32) -> Result<ExportRecord, DownloadError> {
    let mut attempt = 1;
    loop {
        let record = json::<ExportRecord>(&format!("{EXPORTS_PATH}/{id}")).await;
        let may_change = match &record {
            Ok(record) => record.state == State::Running,
            Err(DownloadError::Refused(error)) => !error.is_unauthenticated(),
            Err(error) => *error != DownloadError::Offline,
        };
        if !may_change || attempt == max_attempts {
            return record;
        }
        attempt += 1;
        browser::sleep(RETRY_DELAY_MILLISECONDS).await;
    }
}

/// Returns the error for a request that did not reach the server.
fn unreachable() -> DownloadError {
    if browser::is_online() { DownloadError::Unreachable } else { DownloadError::Offline }
}

/// Returns the records of exports whose file has that digest, newest first.
///
/// # Errors
/// Returns an error if they cannot be read.
pub async fn records_with_digest(sha256: &str) -> Result<ExportRecords, DownloadError> {
    json(&format!("{EXPORTS_PATH}?sha256={sha256}&limit=20")).await
}

async fn json<T: DeserializeOwned>(url: &str) -> Result<T, DownloadError> {
    let response = fetch(url, None).await.map_err(|_| unreachable())?;
    if !response.ok() {
        return Err(error_of(&response).await);
    }
    let unexpected = || DownloadError::Unexpected(response.status());
    let text = text(&response).await.ok_or_else(unexpected)?;
    serde_json::from_str(&text).map_err(|_| unexpected())
}

/// Returns the records of exports whose file had that name, newest first.
///
/// # Errors
/// Returns an error if they cannot be read.
pub async fn records_with_file_name(name: &str) -> Result<ExportRecords, DownloadError> {
    let name = form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
    json(&format!("{EXPORTS_PATH}?file_name={name}&limit=100")).await
}

/// The beginning and the end of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileEnds {
    /// Its first bytes.
    pub start: Vec<u8>,
    /// Its last byte; `None` if it is empty.
    pub last: Option<u8>,
}

/// How many of its first bytes are kept: enough for the names of the columns and a row.
const START_BYTES: u32 = 4 * 1024;

impl FileEnds {
    fn add(&mut self, chunk: &Uint8Array) {
        let missing = START_BYTES.saturating_sub(u32::try_from(self.start.len()).unwrap_or(u32::MAX));
        if missing > 0 {
            self.start.extend(chunk.subarray(0, missing.min(chunk.byte_length())).to_vec());
        }
        if let Some(last) = chunk.byte_length().checked_sub(1) {
            self.last = Some(chunk.get_index(last));
        }
    }
}

/// Counts and digests a file that the user chose. Calls `progress` with the bytes so far, until it returns false.
///
/// # Errors
/// Returns an error if the file cannot be read, or if `progress` has returned false.
pub async fn summarize(
    file: &web_sys::Blob,
    progress: impl Fn(u64) -> bool,
) -> Result<(FileSummary, FileEnds), JsValue> {
    let (mut digest, buffer) = (CsvDigest::default(), &mut vec![0; BUFFER_BYTES as usize]);
    let mut ends = FileEnds::default();
    read(Some(file.stream()), async |chunk| {
        digest_chunk(&mut digest, chunk, buffer);
        ends.add(chunk);
        if progress(digest.bytes()) { Ok(()) } else { Err(JsValue::UNDEFINED) }
    })
    .await?;
    Ok((digest.finish(), ends))
}

/// Digests a chunk through the buffer.
fn digest_chunk(digest: &mut CsvDigest, chunk: &Uint8Array, buffer: &mut [u8]) {
    let mut at = 0;
    while at < chunk.byte_length() {
        let end = chunk.byte_length().min(at + BUFFER_BYTES);
        let part = &mut buffer[..(end - at) as usize];
        chunk.subarray(at, end).copy_to(part);
        digest.update(part);
        at = end;
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// Returns the error that a response carries.
async fn error_of(response: &Response) -> DownloadError {
    refusal(response.status(), &text(response).await.unwrap_or_default())
}

async fn text(response: &Response) -> Option<String> {
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// Reads a stream to its end. A broken connection is an error.
async fn read(
    stream: Option<ReadableStream>,
    mut take: impl AsyncFnMut(&Uint8Array) -> Result<(), JsValue>,
) -> Result<(), JsValue> {
    let Some(stream) = stream else { return Ok(()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let step = JsFuture::from(reader.read()).await?;
        if Reflect::get(&step, &JsValue::from_str("done"))?.is_truthy() {
            return Ok(());
        }
        let chunk: Uint8Array = Reflect::get(&step, &JsValue::from_str("value"))?.unchecked_into();
        if let Err(error) = take(&chunk).await {
            // Otherwise the server would wait for a client that no longer reads.
            let _ = JsFuture::from(reader.cancel()).await;
            return Err(error);
        }
    }
}

/// A file that is arriving: written to disk, or collected in blobs and chunks.
struct IncomingFile {
    target: Target,
    /// The blobs, followed by chunks that are not in a blob yet.
    parts: Array,
    blobs: u32,
    loose_bytes: u32,
    digest: CsvDigest,
    buffer: Vec<u8>,
}

impl IncomingFile {
    fn new(target: Target) -> Self {
        let buffer = vec![0; BUFFER_BYTES as usize];
        Self { target, parts: Array::new(), blobs: 0, loose_bytes: 0, digest: CsvDigest::default(), buffer }
    }

    async fn push(&mut self, chunk: &Uint8Array) -> Result<(), JsValue> {
        digest_chunk(&mut self.digest, chunk, &mut self.buffer);
        if let Target::File(file) = &self.target {
            return file.write(chunk).await;
        }
        self.parts.push(chunk);
        self.loose_bytes += chunk.byte_length();
        if self.loose_bytes >= BLOB_BYTES {
            let loose = self.parts.splice_many(self.blobs, self.parts.length(), &[]);
            self.parts.push(web_sys::Blob::new_with_u8_array_sequence(&loose)?.as_ref());
            self.blobs += 1;
            self.loose_bytes = 0;
        }
        Ok(())
    }

    /// Completes the file where the user chose it, or saves the blob as a download.
    async fn save(&self, file_name: &str) -> Result<(), JsValue> {
        if let Target::File(file) = &self.target {
            return file.close().await;
        }
        let options = BlobPropertyBag::new();
        options.set_type("text/csv;charset=utf-8");
        let blob: Blob = web_sys::Blob::new_with_blob_sequence_and_options(&self.parts, &options)?.into();
        let url = ObjectUrl::from(blob);
        click_link(&url, Some(file_name))?;
        set_timeout(move || drop(url), BLOB_LIFETIME);
        Ok(())
    }
}

/// Downloads an address with the browser's download manager, under that name or the server's.
fn click_link(url: &str, file_name: Option<&str>) -> Result<(), JsValue> {
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(url);
    link.set_download(file_name.unwrap_or_default());
    link.click();
    Ok(())
}
