//! Fetching the export and saving it as a file. To be called in the browser only.
//!
//! The bytes go from the network to disk where the browser can do that, or into blobs, which the browser keeps outside the
//! page's memory and on disk where they are large. On their way they are counted and digested through a buffer of fixed size. The file is saved only once the
//! body has ended as it should, and its rows, its bytes and its digest are those of the server's record: browsers were
//! seen to take a body that was cut off for one that has ended.

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

use super::browser;
use crate::api::exports::{EXPORT_ID_HEADER, EXPORTS_PATH, ExportRecord, ExportRecords, State};
use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::ExportParams;
use crate::messages::Message;
use crate::ui::download::csv_digest::{CsvDigest, FileSummary, Mismatch, compare};
use crate::ui::download::file_system_access::File;
use crate::ui::download::progress::Progress;

pub mod csv_digest;
pub mod export_jobs;
pub mod file_system_access;
pub mod progress;

/// Chunks are gathered into a blob when they come to this many bytes, so that few of them lie about.
const BLOB_BYTES: u32 = 8 * 1024 * 1024;

/// How long the file stays reachable after the browser was told to save it: it may ask the user first.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// How much of the bytes is looked at at once.
const BUFFER_BYTES: u32 = 64 * 1024;

/// How often the record is asked for before it counts as out of reach, and how long lies between, in milliseconds.
const MAX_RECORD_ATTEMPTS: u32 = 5;
const RETRY_DELAY_MILLISECONDS: i32 = 1_000;

/// How often it is looked whether the browser has begun with what it was handed.
const BEGIN_TRIES: u32 = 30;

/// A file that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its name, as the server gave it.
    pub file_name: String,
    /// What it is.
    pub sum: FileSummary,
    /// RFC 3339: up to when it is complete, where the server's record says so.
    pub complete_to: Option<String>,
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
    /// The connection broke before the end of the file. Why, where the server's record says so.
    Broken(Option<Message>),
    /// What arrived is not what the server sent.
    Different(Mismatch),
    /// The server's record could not be read, so there is no telling whether the file is whole.
    Unchecked,
    /// What arrived could not be put where the file was to go. Why, in the browser's words.
    Unwritable(String),
    /// The browser was handed the export, and the server saw nothing of it.
    NotBegun,
    /// The record of what the browser was handed cannot be read any more.
    Unfollowed,
    /// What the browser was handed broke off. Why, where the server's record says so.
    HandedOver(Option<Message>),
}

impl DownloadError {
    /// What the browser says of it.
    pub fn unwritable(error: &JsValue) -> Self {
        let message = Reflect::get(error, &JsValue::from_str("message")).ok().and_then(|message| message.as_string());
        Self::Unwritable(message.unwrap_or_default())
    }
}

impl DownloadError {
    /// In words: what went wrong, and what to do.
    pub fn told(&self, language: Language) -> String {
        let words = language.export();
        match self {
            Self::Cancelled => words.nothing_saved.to_owned(),
            Self::Refused(error) => {
                let detail = language.error(error);
                match &error.request_id {
                    Some(id) if error.code == ErrorCode::Internal => (words.with_request_id)(&detail, id),
                    _ => detail,
                }
            }
            Self::Unexpected(status) => (words.unexpected_status)(*status),
            Self::Unreachable => words.unreachable.to_owned(),
            Self::Broken(None) => words.broken.to_owned(),
            Self::Broken(Some(reason)) => (words.broken_off)(&reason.text),
            Self::Different(what) => (words.different)(&what.told(language)),
            Self::Unchecked => words.unchecked.to_owned(),
            Self::Unwritable(reason) => (words.unwritable)(reason),
            Self::NotBegun => words.not_begun.to_owned(),
            Self::Unfollowed => words.unfollowed.to_owned(),
            Self::HandedOver(reason) => {
                let reason = reason.as_ref().map(|reason| &*reason.text).unwrap_or_default();
                (words.broken_in_browser)(reason)
            }
        }
    }
}

/// Where a file goes.
#[derive(Debug)]
pub enum Target {
    /// To the browser's downloads, by way of its memory and what it keeps on disk itself.
    Downloads,
    /// To a file that somebody chose.
    Disk(File),
}

/// Fetches `url`, compares what arrives with the server's record, and saves the file; `progress` is told how far it is.
///
/// # Errors
/// Where there is no whole file; nothing has been saved then.
pub async fn download(
    url: &str,
    abort: &AbortSignal,
    target: Target,
    progress: impl Fn(Progress),
) -> Result<Saved, DownloadError> {
    let mut arriving = Arriving::new(target);
    let outcome = fetch_whole(url, abort, &mut arriving, progress).await;
    if outcome.is_err()
        && let Target::Disk(file) = &arriving.target
    {
        file.abort().await;
    }
    outcome
}

async fn fetch_whole(
    url: &str,
    abort: &AbortSignal,
    arriving: &mut Arriving,
    progress: impl Fn(Progress),
) -> Result<Saved, DownloadError> {
    let began = js_sys::Date::now();
    let or_cancelled = |error| if abort.aborted() { DownloadError::Cancelled } else { error };
    let response = fetch(url, Some(abort)).await.map_err(|_| or_cancelled(DownloadError::Unreachable))?;
    let is_csv = header(&response, "content-type").is_some_and(|kind| kind.starts_with("text/csv"));
    if !response.ok() || !is_csv {
        return Err(refusal(&response).await);
    }
    let unexpected = || DownloadError::Unexpected(response.status());
    let file_name =
        header(&response, "content-disposition").and_then(|text| file_name(&text)).ok_or_else(unexpected)?;
    let id = header(&response, EXPORT_ID_HEADER).ok_or_else(unexpected)?;

    let mut unwritable = None;
    let read = read(response.body(), async |chunk| {
        if let Err(error) = arriving.push(chunk).await {
            unwritable = Some(DownloadError::unwritable(&error));
            return Err(error);
        }
        progress(Progress {
            bytes: arriving.tally.bytes(),
            rows: arriving.tally.rows(),
            milliseconds: js_sys::Date::now() - began,
        });
        Ok(())
    });
    let arrived = read.await;
    // Cancelled with the last bytes already here: what was asked for last counts.
    if abort.aborted() {
        return Err(DownloadError::Cancelled);
    }
    if let Some(error) = unwritable {
        return Err(error);
    }
    if arrived.is_err() {
        let reason = record(&id).await.and_then(|record| record.reason);
        return Err(or_cancelled(DownloadError::Broken(reason)));
    }
    let sum = arriving.tally.clone().sum();
    let record = record(&id).await.ok_or_else(|| or_cancelled(DownloadError::Unchecked))?;
    if record.state != State::Completed {
        return Err(DownloadError::Broken(record.reason));
    }
    compare(&record, &sum).map_err(DownloadError::Different)?;
    if abort.aborted() {
        return Err(DownloadError::Cancelled);
    }
    arriving.save(&file_name).await.map_err(|error| DownloadError::unwritable(&error))?;
    let file_name = match &arriving.target {
        Target::Disk(file) => file.name().unwrap_or(file_name),
        Target::Downloads => file_name,
    };
    Ok(Saved { file_name, sum, complete_to: record.complete_to })
}

/// Hands the export to the browser's own downloads, and follows it by the server's record: the next one of that selection
/// that the caller began on a page. Where there are two at once, neither is followed. (What the page cannot see is whether
/// the browser has the whole file; the record says whether the server sent it.)
///
/// # Errors
/// Where the server did not send the whole file.
pub async fn hand_over(params: &ExportParams, progress: impl Fn(Progress)) -> Result<ExportRecord, DownloadError> {
    let (began, query) = (js_sys::Date::now(), params.to_query());
    let before: Vec<_> = my_newest().await?.into_iter().map(|record| record.id).collect();
    click_link(&params.to_url(), None).map_err(|error| DownloadError::unwritable(&error))?;
    let mut id = None::<String>;
    let mut asked = 0;
    loop {
        browser::sleep(RETRY_DELAY_MILLISECONDS).await;
        let known = if let Some(id) = &id {
            json::<ExportRecord>(&format!("{EXPORTS_PATH}/{id}")).await.ok()
        } else {
            let of_this = |record: &ExportRecord| {
                record.via == "session" && record.query == query && !before.contains(&record.id)
            };
            let found: Vec<_> = my_newest().await.ok().into_iter().flatten().filter(of_this).collect();
            // The same was exported twice at once, as from two tabs: which record is of which file, nobody can tell.
            if found.len() > 1 {
                return Err(DownloadError::Unfollowed);
            }
            found.into_iter().next()
        };
        let Some(record) = known else {
            asked += 1;
            if asked > BEGIN_TRIES {
                return Err(if id.is_none() { DownloadError::NotBegun } else { DownloadError::Unfollowed });
            }
            continue;
        };
        asked = 0;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        match record.state {
            State::Running => progress(Progress {
                bytes: count(record.bytes),
                rows: count(record.rows),
                milliseconds: js_sys::Date::now() - began,
            }),
            State::Completed => return Ok(record),
            _ => return Err(DownloadError::HandedOver(record.reason)),
        }
        id = Some(record.id);
    }
}

/// The records of one's own last exports, newest first.
///
/// # Errors
/// Why they cannot be told, in words.
pub async fn my_newest() -> Result<Vec<ExportRecord>, DownloadError> {
    json::<ExportRecords>(&format!("{EXPORTS_PATH}?mine=true&limit=20")).await.map(|records| records.exports)
}

async fn fetch(url: &str, abort: Option<&AbortSignal>) -> Result<Response, JsValue> {
    let request = RequestInit::new();
    request.set_signal(abort);
    JsFuture::from(window().fetch_with_str_and_init(url, &request)).await.map(JsCast::unchecked_into)
}

/// The record with that id, once it has ended; as it is where that takes too long. `None` where it cannot be read.
async fn record(id: &str) -> Option<ExportRecord> {
    let mut last = None;
    for _ in 0..MAX_RECORD_ATTEMPTS {
        if let Ok(record) = json::<ExportRecord>(&format!("{EXPORTS_PATH}/{id}")).await {
            let running = record.state == State::Running;
            last = Some(record);
            if !running {
                break;
            }
        }
        browser::sleep(RETRY_DELAY_MILLISECONDS).await;
    }
    last
}

/// The records of exports whose file has that digest, newest first.
///
/// # Errors
/// Why they cannot be told, in words.
pub async fn records_of(sha256: &str) -> Result<ExportRecords, DownloadError> {
    json(&format!("{EXPORTS_PATH}?sha256={sha256}&limit=20")).await
}

async fn json<T: DeserializeOwned>(url: &str) -> Result<T, DownloadError> {
    let response = fetch(url, None).await.map_err(|_| DownloadError::Unreachable)?;
    if !response.ok() {
        return Err(refusal(&response).await);
    }
    let unexpected = || DownloadError::Unexpected(response.status());
    let text = response.text().map_err(|_| unexpected())?;
    let text = JsFuture::from(text).await.ok().and_then(|text| text.as_string()).ok_or_else(unexpected)?;
    serde_json::from_str(&text).map_err(|_| unexpected())
}

/// The sum of a file that the user chose, told how far that is, for as long as `progress` wants it.
///
/// # Errors
/// Where the file cannot be read, or where nobody wants the sum any more.
pub async fn sum_of(file: &web_sys::Blob, progress: impl Fn(u64) -> bool) -> Result<FileSummary, JsValue> {
    let (mut tally, buffer) = (CsvDigest::default(), &mut vec![0; BUFFER_BYTES as usize]);
    read(Some(file.stream()), async |chunk| {
        look(&mut tally, chunk, buffer);
        if progress(tally.bytes()) { Ok(()) } else { Err(JsValue::UNDEFINED) }
    })
    .await?;
    Ok(tally.sum())
}

/// Shows the tally what is in a chunk, a bufferful at a time.
fn look(tally: &mut CsvDigest, chunk: &Uint8Array, buffer: &mut [u8]) {
    let mut at = 0;
    while at < chunk.byte_length() {
        let end = chunk.byte_length().min(at + BUFFER_BYTES);
        let part = &mut buffer[..(end - at) as usize];
        chunk.subarray(at, end).copy_to(part);
        tally.update(part);
        at = end;
    }
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

/// Reads a stream to its end. A broken connection is an error here.
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
            // Or whoever sends it would wait for somebody who reads no more.
            let _ = JsFuture::from(reader.cancel()).await;
            return Err(error);
        }
    }
}

/// The file as it comes in: written to disk, or in blobs and chunks that are yet to become one.
struct Arriving {
    target: Target,
    list: Array,
    blobs: u32,
    loose_bytes: u32,
    tally: CsvDigest,
    buffer: Vec<u8>,
}

impl Arriving {
    fn new(target: Target) -> Self {
        let buffer = vec![0; BUFFER_BYTES as usize];
        Self { target, list: Array::new(), blobs: 0, loose_bytes: 0, tally: CsvDigest::default(), buffer }
    }

    async fn push(&mut self, chunk: &Uint8Array) -> Result<(), JsValue> {
        look(&mut self.tally, chunk, &mut self.buffer);
        if let Target::Disk(file) = &self.target {
            return file.write(chunk).await;
        }
        self.list.push(chunk);
        self.loose_bytes += chunk.byte_length();
        if self.loose_bytes >= BLOB_BYTES {
            let loose = self.list.splice_many(self.blobs, self.list.length(), &[]);
            self.list.push(web_sys::Blob::new_with_u8_array_sequence(&loose)?.as_ref());
            self.blobs += 1;
            self.loose_bytes = 0;
        }
        Ok(())
    }

    /// Has the file appear: where somebody chose, or in the browser's downloads.
    async fn save(&self, file_name: &str) -> Result<(), JsValue> {
        if let Target::Disk(file) = &self.target {
            return file.close().await;
        }
        let options = BlobPropertyBag::new();
        options.set_type("text/csv;charset=utf-8");
        let blob: Blob = web_sys::Blob::new_with_blob_sequence_and_options(&self.list, &options)?.into();
        let url = ObjectUrl::from(blob);
        click_link(&url, Some(file_name))?;
        set_timeout(move || drop(url), KEPT_FOR);
        Ok(())
    }
}

/// Hands what is at that address to the browser's downloads, under that name or the one that the server gives.
fn click_link(url: &str, file_name: Option<&str>) -> Result<(), JsValue> {
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(url);
    link.set_download(file_name.unwrap_or_default());
    link.click();
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
    use crate::messages::parameters::ParameterMessage;
    use crate::messages::records::RecordMessage;

    #[test]
    fn the_file_name_is_taken_from_the_disposition() {
        let name = |disposition| file_name(disposition);
        assert_eq!(name("attachment; filename=\"motion-events-all.csv\""), Some("motion-events-all.csv".to_owned()));
        for none in ["attachment", "attachment; filename=\"\"", "attachment; filename=\"open"] {
            assert_eq!(name(none), None);
        }
    }

    #[test]
    fn what_was_not_saved_is_told_as_that_and_why() {
        let broken =
            |reason: Option<RecordMessage>| DownloadError::Broken(reason.map(Message::from)).told(Language::English);
        assert!(broken(None).contains("nothing was saved. Try again."));
        assert!(broken(Some(RecordMessage::ServerStopped)).ends_with("nothing was saved. The server was stopped."));
        assert!(
            DownloadError::Different(Mismatch::Contents)
                .told(Language::English)
                .contains("nothing was saved: size and row count match")
        );
        assert!(DownloadError::Unchecked.told(Language::English).contains("nothing was saved"));
        let fault = ApiError { request_id: Some("7".to_owned()), ..ApiError::internal() };
        assert_eq!(
            DownloadError::Refused(fault).told(Language::English),
            format!("{} Request id: 7.", ApiError::internal().detail)
        );
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_own_words() {
        let error = ApiError::invalid("bom", ParameterMessage::GivenTwice);
        assert_eq!(DownloadError::Refused(error).told(Language::English), "This parameter may be given only once.");
    }
}
