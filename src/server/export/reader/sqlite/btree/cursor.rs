//! A position in a b-tree of events, which moves in the order of the tree. No I/O of its own.

use rusqlite::ErrorCode;

use super::btree_page::BtreePage;
use super::record::{KeyOrder, event};
use crate::server::export::event::{Cursor, Row};

/// The maximum number of pages from the root to a leaf. SQLite has the same limit: `BTCURSOR_MAX_DEPTH`.
const MAX_DEPTH: usize = 20;

/// Why a tree could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is not as this program stores it, so SQLite has to read it.
    Unexpected,
    /// This event does not come after the one before it.
    OutOfOrder(Cursor),
    /// The time slice ended.
    Interrupted,
    /// SQLite could not read a page.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            _ => Self::Sqlite(error),
        }
    }
}

/// The pages of a database, all of the same moment.
pub trait BtreePages {
    /// Reads and decodes a page.
    ///
    /// # Errors
    /// Returns an error if there is no such page, it cannot be read, or the time slice ended.
    fn read(&mut self, number: u32, page: &mut BtreePage) -> Result<(), ReadError>;
}

/// A tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The number of the page that is its root.
    pub root: u32,
    /// The order of its records.
    pub order: KeyOrder,
}

/// The columns by which a tree is ordered: the camera, or 0 if it does not come first; the position of the event.
type Key = (i64, Cursor);

/// A position in a tree.
#[derive(Debug)]
pub struct TreeCursor {
    order: KeyOrder,
    /// The pages from the root to the one with the next record. Empty after the last record.
    path: Vec<BtreePage>,
    /// The key of the event that was returned last.
    last: Option<Key>,
    /// Pages whose memory can be used again.
    unused: Vec<BtreePage>,
}

impl TreeCursor {
    /// Creates a cursor at the first event for which `is_before` is false. It is true for those before it.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read, or the events on the page of the first one are not in order: it could be another
    /// one than that which was looked for.
    pub fn seek(pages: &mut impl BtreePages, tree: Tree, is_before: impl Fn(&Row) -> bool) -> Result<Self, ReadError> {
        let mut cursor = Self { order: tree.order, path: Vec::new(), last: None, unused: Vec::new() };
        let mut next = Some(tree.root);
        while let Some(number) = next {
            let page = cursor.push(pages, number)?;
            let (mut start, mut end) = (0, page.cells());
            while start < end {
                // The same records as SQLite compares, so that it finds no damage that is not found here.
                let middle = usize::midpoint(start, end - 1);
                let event = page.record(middle).and_then(|record| event(record, tree.order));
                if is_before(&event.ok_or(ReadError::Unexpected)?) { start = middle + 1 } else { end = middle }
            }
            page.position = start;
            next = child(page)?;
        }
        if let Some(leaf) = cursor.path.last() {
            cursor.check_order(leaf, 0)?;
        }
        cursor.pop_finished();
        Ok(cursor)
    }

    /// Checks the order of the events that are left on the page of the last one.
    ///
    /// # Errors
    /// Returns an error if one of them does not come after the one before it.
    pub fn check_rest_of_page(&self) -> Result<(), ReadError> {
        self.path.last().map_or(Ok(()), |page| self.check_order(page, page.position))
    }

    fn check_order(&self, page: &BtreePage, first: usize) -> Result<(), ReadError> {
        let mut last = None;
        for cell in first..page.cells() {
            let (_, key) = self.record(page, cell)?;
            if last.is_some_and(|last| key <= last) {
                return Err(ReadError::OutOfOrder(key.1));
            }
            last = Some(key);
        }
        Ok(())
    }

    /// Decodes a record, and returns its event and its key.
    fn record(&self, page: &BtreePage, cell: usize) -> Result<(Row, Key), ReadError> {
        let event = page.record(cell).and_then(|record| event(record, self.order)).ok_or(ReadError::Unexpected)?;
        let camera = if self.order == KeyOrder::Camera { event.camera_key } else { 0 };
        Ok((event, (camera, event.cursor)))
    }

    /// Returns the next event, and moves past it when the one after it is requested. `None` after the last event.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read, or an event is not stored as expected. The cursor must not be used then.
    pub fn next(&mut self, pages: &mut impl BtreePages) -> Result<Option<Row>, ReadError> {
        if self.last.is_some() {
            self.advance(pages)?;
        }
        let Some(page) = self.path.last() else { return Ok(None) };
        let (event, key) = self.record(page, page.position)?;
        if self.last.is_some_and(|last| key <= last) {
            return Err(ReadError::OutOfOrder(event.cursor));
        }
        self.last = Some(key);
        Ok(Some(event))
    }

    /// Moves to the next record.
    fn advance(&mut self, pages: &mut impl BtreePages) -> Result<(), ReadError> {
        let Some(page) = self.path.last_mut() else { return Ok(()) };
        page.position += 1;
        let mut next = child(page)?;
        while let Some(number) = next {
            next = child(self.push(pages, number)?)?;
        }
        self.pop_finished();
        Ok(())
    }

    /// Reads a page below the last one of the path.
    fn push(&mut self, pages: &mut impl BtreePages, number: u32) -> Result<&mut BtreePage, ReadError> {
        let depth = self.path.len();
        let mut page = self.unused.pop().unwrap_or_default();
        pages.read(number, &mut page)?;
        // Only the root of an empty tree has no records.
        if depth == MAX_DEPTH || (page.cells() == 0 && (depth > 0 || !page.is_leaf())) {
            return Err(ReadError::Unexpected);
        }
        self.path.push(page);
        self.path.last_mut().ok_or(ReadError::Unexpected)
    }

    /// Goes up to the next page that has a record after what was read below it.
    fn pop_finished(&mut self) {
        while let Some(page) = self.path.pop_if(|page| page.position >= page.cells()) {
            self.unused.push(page);
        }
    }
}

/// Returns the page whose records come before the current one of this page, if it has children.
fn child(page: &BtreePage) -> Result<Option<u32>, ReadError> {
    if page.is_leaf() { Ok(None) } else { page.child(page.position).map(Some).ok_or(ReadError::Unexpected) }
}
