//! Reads pages of events over a connection, and encodes them as CSV.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::mpsc;

use super::key_lookup::KeyLookup;
use super::keyset::{KeysetPager, RowLimit};
use crate::server::db::error::unavailable;
use crate::server::export::csv::Encoder;
use crate::server::export::error::ExportError;
use crate::server::export::reader::buffer_pool::{Buffer, BufferPool};
use crate::server::export::reader::postgres::Replayed;
use crate::server::export::reader::{Connection, TimeSlice, is_interrupted};

/// The size of the first page. It is small, so that the client receives something soon, even if each row must be read from
/// another place on a disk.
const FIRST_PAGE_BYTES: usize = 32 * 1_024;

/// The assumed size of a row until one was read, in bytes.
const ASSUMED_ROW_BYTES: usize = 128;

/// The maximum wait for the first row of a page. Then the page is read in another way.
///
/// PostgreSQL buffers rows until it has 8 kB: one row is requested then, and more again once it arrives. A scan past
/// the events of other cameras is given up: the next event is looked up in the indexes of the cameras.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// By what factor the number of rows grows from page to page after it was reduced to one.
const GROWTH: u64 = 4;

/// A page of the file.
#[derive(Debug)]
pub struct CsvPage {
    /// The number of rows.
    pub rows: u64,
    /// The lines. On the first page, the head of the file precedes them.
    pub lines: Buffer,
    /// Whether the file ends with this page; from a page reader, whether its part of the file does.
    pub last: bool,
}

/// What keys refer to, for all page readers of an export.
type SharedKeyLookup = Arc<Mutex<KeyLookup>>;

/// Reads pages of events and encodes them as CSV.
#[derive(Debug)]
pub struct CsvPageReader {
    pages: KeysetPager,
    encoder: Encoder,
    keys: SharedKeyLookup,
    /// The bytes before the first row; empty once they are part of a page.
    head: Vec<u8>,
    buffers: BufferPool,
    /// The size at which a page ends, in bytes.
    page_bytes: usize,
    fetch_size: FetchSize,
    /// The position in the primary's log that the server must have replayed, if it may be a replica.
    min_position: Option<i64>,
    /// How many more pages to read.
    remaining_pages: usize,
    /// The size of the lines that were read since [`Self::restart`].
    bytes_read: u64,
}

/// How many rows to request from an eager database, which also computes the rows that are not taken.
#[derive(Clone, Copy, Debug)]
struct FetchSize {
    /// The size of a row on the previous page, in bytes.
    row_bytes: usize,
    /// The limit after PostgreSQL held rows back; `None` before that.
    max_rows: Option<u64>,
}

impl FetchSize {
    fn new() -> Self {
        Self { row_bytes: ASSUMED_ROW_BYTES, max_rows: None }
    }

    /// Returns how many rows probably fill a page of `page_bytes`.
    fn rows_for(&self, page_bytes: usize) -> u64 {
        let rows = page_bytes.div_ceil(self.row_bytes) as u64;
        self.max_rows.map_or(rows, |max_rows| rows.min(max_rows))
    }

    /// Has the next page ask for one row, which PostgreSQL sends at once.
    fn reduce_to_one_row(&mut self) {
        self.max_rows = Some(1);
    }

    /// Notes that a page of `rows` rows in `bytes` bytes arrived.
    fn page_arrived(&mut self, rows: u64, bytes: usize) {
        self.max_rows = self.max_rows.map(|max_rows| max_rows.saturating_mul(GROWTH));
        self.row_bytes = usize::try_from(rows).map_or(1, |rows| bytes.checked_div(rows).unwrap_or(self.row_bytes));
    }
}

/// The result of reading a page.
enum PageRead {
    Page(CsvPage),
    /// The page took too long, and must be read over another connection.
    Interrupted,
}

/// What is left after some pages were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadEnd {
    /// The time slice ended.
    MorePages,
    /// As many pages were read as were requested.
    EnoughPages,
    /// The pager has no more events.
    LastPage,
}

impl CsvPageReader {
    /// Creates a reader of these pages, with `head` before the first row, each of about `page_bytes` at most. `keys` knows
    /// the keys that the encoder does not.
    pub fn new(
        pages: KeysetPager,
        encoder: Encoder,
        keys: KeyLookup,
        head: Vec<u8>,
        buffers: BufferPool,
        page_bytes: usize,
    ) -> Self {
        Self {
            pages,
            encoder,
            keys: Arc::new(keys.into()),
            head,
            buffers,
            page_bytes,
            fetch_size: FetchSize::new(),
            min_position: None,
            remaining_pages: 0,
            bytes_read: 0,
        }
    }

    /// Creates a second reader for the same file, without its head. [`Self::restart`] sets what it reads.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            encoder: self.encoder.clone(),
            keys: Arc::clone(&self.keys),
            head: Vec::new(),
            buffers: self.buffers.clone(),
            ..*self
        }
    }

    /// Returns the pager, with the position after the pages that were read.
    pub fn pager(&self) -> &KeysetPager {
        &self.pages
    }

    /// Returns the size at which a page ends, in bytes.
    pub fn page_bytes(&self) -> usize {
        self.page_bytes
    }

    /// Returns the size of the lines that were read since [`Self::restart`], in bytes.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Continues with other events of the same file, for up to `max_pages` pages.
    pub fn restart(&mut self, pages: KeysetPager, max_pages: usize) {
        (self.pages, self.remaining_pages, self.bytes_read) = (pages, max_pages, 0);
    }

    /// Reads only from a server that has replayed the primary's log up to `position`.
    #[must_use]
    pub fn at_least_lsn(self, position: Option<i64>) -> Self {
        Self { min_position: position, ..self }
    }

    /// Reads pages while any are requested and left, and the time slice lasts.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read or written. The pages before it were sent; it can be read again.
    pub fn fill(
        &mut self,
        connection: &mut Connection,
        slice: &TimeSlice,
        pages: &mpsc::Sender<CsvPage>,
    ) -> Result<ReadEnd, ExportError> {
        self.check_position(connection, slice)?;
        while let Ok(room) = pages.try_reserve() {
            let PageRead::Page(page) = self.read(connection, slice)? else { break };
            self.remaining_pages = self.remaining_pages.saturating_sub(1);
            room.send(page);
            if self.pages.ended() || self.remaining_pages == 0 || slice.is_expired() {
                break;
            }
        }
        Ok(if self.pages.ended() {
            ReadEnd::LastPage
        } else if self.remaining_pages == 0 {
            ReadEnd::EnoughPages
        } else {
            ReadEnd::MorePages
        })
    }

    /// Checks that the server has replayed what the export began with.
    fn check_position(&self, connection: &mut Connection, slice: &TimeSlice) -> Result<(), DbErr> {
        if let (Some(position), Connection::Postgres(connection)) = (self.min_position, connection)
            && matches!(connection.replayed(position, slice)?, Replayed::UpTo { .. })
        {
            return Err(unavailable("the replica is behind what the export began with"));
        }
        Ok(())
    }

    /// Reads the next page.
    fn read(&mut self, connection: &mut Connection, slice: &TimeSlice) -> Result<PageRead, ExportError> {
        let page_bytes = self.next_page_bytes();
        let limit = self.row_limit(connection, page_bytes);
        // PostgreSQL may hold back the first of several rows.
        let may_hold_back = matches!(limit, RowLimit::AtMost(2..));
        let may_be_slow = may_hold_back || self.pages.may_give_up_scan();
        slice.set_first_row_timeout(may_be_slow.then_some(MAX_WAIT));

        let mut lines = self.buffers.take();
        let Self { pages, encoder, keys, head, fetch_size, .. } = self;
        let bytes = &mut lines.bytes;
        bytes.extend_from_slice(head);
        let read = pages.next(connection, slice, limit, |row| {
            encoder.row(row, bytes, |key| {
                let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                Ok::<_, ExportError>(keys.look_up(key)?)
            })?;
            let is_full = bytes.len() >= page_bytes;
            Ok::<_, ExportError>(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        let rows = match read {
            Ok(rows) => rows,
            Err(ExportError::Database(error)) if is_interrupted(&error) => {
                if may_hold_back {
                    fetch_size.reduce_to_one_row();
                }
                return Ok(PageRead::Interrupted);
            }
            Err(error) => return Err(error),
        };
        let line_bytes = bytes.len() - head.len();
        fetch_size.page_arrived(rows, line_bytes);
        self.bytes_read += line_bytes as u64;
        // Not before: an interrupted page is read again, with the head.
        self.head.clear();
        Ok(PageRead::Page(CsvPage { rows, lines, last: self.pages.ended() }))
    }

    /// Returns the size at which the next page ends.
    fn next_page_bytes(&self) -> usize {
        let is_first = !self.head.is_empty();
        if is_first { FIRST_PAGE_BYTES.min(self.page_bytes) } else { self.page_bytes }
    }

    fn row_limit(&self, connection: &Connection, page_bytes: usize) -> RowLimit {
        if connection.is_eager() { RowLimit::AtMost(self.fetch_size.rows_for(page_bytes)) } else { RowLimit::PageRows }
    }
}
