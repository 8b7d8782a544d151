//! A part of an export that one task reads: a few pages, in order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::page_reader::{CsvPage, CsvPageReader, ReadEnd};
use crate::server::db::error::{is_statement_timeout, may_pass};
use crate::server::export::error::ExportError;
use crate::server::export::reader::{MAX_TIME_SLICE, Reader};
use crate::server::retry::Retry;

/// How long an export that has sent rows waits for an unavailable database, such as during a restart or a failover.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// The delay between two attempts.
pub const RETRY_DELAY: Duration = Duration::from_millis(250);

/// A page reader that is used by one task after another.
pub type SharedPageReader = Arc<Mutex<CsvPageReader>>;

/// Locks a page reader. One task uses it at a time.
pub fn lock(reader: &SharedPageReader) -> MutexGuard<'_, CsvPageReader> {
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A few pages of an export, which a task reads. Dropping it cancels the reading.
#[derive(Debug)]
pub struct Segment {
    pages: mpsc::Receiver<CsvPage>,
    reading: JoinSet<Result<(), ExportError>>,
    task: AbortHandle,
    /// How many pages may still come.
    outstanding: usize,
    /// The moment at which the segment starts; `None` if it has no lower bound.
    pub start: Option<i64>,
    /// What the task uses.
    pub reader: SharedPageReader,
    /// Whether the part behind its pages was taken over.
    pub is_rest_taken: bool,
}

/// What a reading task needs.
#[derive(Debug)]
struct SegmentReader {
    reader: Reader,
    page_timeout: Duration,
    pages: SharedPageReader,
    sender: mpsc::Sender<CsvPage>,
}

impl Segment {
    /// Starts to read the events of the page reader, which was restarted for `max_pages` pages. `page_timeout`: how long a
    /// page may take, even if it is not requested yet.
    pub fn start(reader: Reader, page_timeout: Duration, pages: SharedPageReader, max_pages: usize) -> Self {
        let (sender, receiver) = mpsc::channel(max_pages);
        let start = lock(&pages).pager().position();
        let task = SegmentReader { reader, page_timeout, pages: Arc::clone(&pages), sender };
        let mut reading = JoinSet::new();
        let task = reading.spawn(task.read());
        Self { pages: receiver, reading, task, outstanding: max_pages, start, reader: pages, is_rest_taken: false }
    }

    /// Returns whether the task has ended. Pages may still wait.
    pub fn is_read(&self) -> bool {
        self.task.is_finished()
    }

    /// Returns the next page if it waits.
    pub fn try_next(&mut self) -> Option<CsvPage> {
        let page = self.pages.try_recv().ok()?;
        self.page_taken(&page);
        Some(page)
    }

    /// Waits for the next page. Returns `None` after the last one.
    ///
    /// # Errors
    /// Returns an error if the page cannot be read. Pages that were read before the error are returned first.
    ///
    /// # Panics
    /// Panics if the task has panicked.
    pub async fn next(&mut self) -> Result<Option<CsvPage>, ExportError> {
        // The task drops its sender when it ends.
        let page = self.pages.recv().await;
        match &page {
            Some(page) => self.page_taken(page),
            None => self.ended().await?,
        }
        Ok(page)
    }

    /// Returns whether no page follows those that were returned. Then the task ends soon, if it has not ended.
    pub fn has_returned_all(&self) -> bool {
        self.outstanding == 0
    }

    /// Waits until the task has ended.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read.
    ///
    /// # Panics
    /// Panics if the task has panicked.
    pub async fn ended(&mut self) -> Result<(), ExportError> {
        while let Some(read) = self.reading.join_next().await {
            read.unwrap_or_else(|error| resume_panic(error))?;
        }
        Ok(())
    }

    fn page_taken(&mut self, page: &CsvPage) {
        self.outstanding = if page.last { 0 } else { self.outstanding.saturating_sub(1) };
    }
}

impl SegmentReader {
    /// Reads all pages, over one connection for each time slice.
    async fn read(self) -> Result<(), ExportError> {
        while self.read_slice().await? == ReadEnd::MorePages {}
        Ok(())
    }

    /// Reads pages for one time slice. Retries if the database is unavailable: a page that failed was not sent, so it can be
    /// read again.
    async fn read_slice(&self) -> Result<ReadEnd, ExportError> {
        let retry = Retry::every(RETRY_DELAY).within(RETRY_FOR);
        match retry.run(|| self.try_read(), |read| self.should_retry(read)).await {
            Err(ExportError::Database(error)) if is_statement_timeout(&error) => {
                Err(ExportError::TimedOut(self.page_timeout))
            }
            read => read,
        }
    }

    async fn try_read(&self) -> Result<ReadEnd, ExportError> {
        let (pages, sender) = (Arc::clone(&self.pages), self.sender.clone());
        let read = self.reader.read(move |connection, slice| lock(&pages).fill(connection, slice, &sender));
        // A read that takes longer than this has exceeded the timeout with a single page.
        let timeout = self.page_timeout + MAX_TIME_SLICE;
        tokio::time::timeout(timeout, read).await.unwrap_or(Err(ExportError::TimedOut(self.page_timeout)))
    }

    /// Retries only once rows were read: before that, the client receives an error with a status.
    fn should_retry(&self, read: &Result<ReadEnd, ExportError>) -> bool {
        matches!(read, Err(ExportError::Database(error)) if may_pass(error))
            && lock(&self.pages).pager().has_read_rows()
    }
}

/// Continues a task's panic in the task that waits for it.
///
/// # Panics
/// Always panics.
pub fn resume_panic(error: JoinError) -> ! {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Only the end of the runtime cancels the task.
        Err(error) => panic!("the runtime is shutting down: {error}"),
    }
}
