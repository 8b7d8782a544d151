//! A position in a b-tree of events, which moves in the order of the tree. No I/O of its own.

use std::ops::Range;

use sea_orm::DbErr;

use super::btree_page::BtreePage;
use super::record::{KeyOrder, event, timestamp};
use crate::server::export::event::{Cursor, Row};

/// The maximum number of pages from the root to a leaf. SQLite has the same limit: `BTCURSOR_MAX_DEPTH`.
const MAX_DEPTH: usize = 20;

/// Why a tree could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is not as this program stores it, so SQLite has to read it.
    Unexpected,
    /// The error of the database: it is damaged or unavailable, or the time slice ended.
    Database(DbErr),
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
                return Err(ReadError::Database(key.1.out_of_order()));
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
            return Err(ReadError::Database(event.cursor.out_of_order()));
        }
        self.last = Some(key);
        Ok(Some(event))
    }

    /// Returns the events from the next one to the last one on its page, without those for which `is_after` is true, and moves past
    /// them when others are requested. It is true for those after them. `None` after the last event.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read, or an event is not stored as expected. The cursor must not be used then.
    pub fn next_run(
        &mut self,
        pages: &mut impl BtreePages,
        is_after: impl Fn(&Row) -> bool,
    ) -> Result<Option<Run<'_>>, ReadError> {
        if self.next(pages)?.is_none_or(|first| is_after(&first)) {
            return Ok(None);
        }
        let Some(page) = self.path.last() else { return Ok(None) };
        let first = page.position;
        // Other records come between two of a page with children.
        let (mut start, mut end) = (first + 1, if page.is_leaf() { page.cells() } else { first + 1 });
        if start < end && !is_after(&self.record(page, end - 1)?.0) {
            start = end;
        }
        while start < end {
            let middle = usize::midpoint(start, end);
            if is_after(&self.record(page, middle)?.0) { end = middle } else { start = middle + 1 }
        }
        let (last, key) = self.record(page, start - 1)?;
        if start - first > 1 && self.last.is_some_and(|first| key <= first) {
            return Err(ReadError::Database(last.cursor.out_of_order()));
        }
        self.last = Some(key);
        if let Some(page) = self.path.last_mut() {
            page.position = start - 1;
        }
        Ok(Some(Run { cursor: self, cells: first..start }))
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

/// Consecutive events of a page, at least one.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    cursor: &'a TreeCursor,
    cells: Range<usize>,
}

impl Run<'_> {
    /// Returns the timestamps of the first and the last event.
    ///
    /// # Errors
    /// Returns an error if an event is not stored as expected.
    pub fn timestamps(&self) -> Result<(i64, i64), ReadError> {
        let first = self.timestamp(self.cells.start)?;
        Ok((first, if self.len() == 1 { first } else { self.timestamp(self.cells.end - 1)? }))
    }

    /// Returns the number of events.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns the events before this moment, at least one, and those after them.
    ///
    /// # Errors
    /// Returns an error if an event is not stored as expected.
    pub fn split_at(&self, moment: i64) -> Result<[Self; 2], ReadError> {
        // There are few of them as a rule.
        let (mut start, mut step) = (self.cells.start + 1, 1);
        while start + step < self.cells.end && self.timestamp(start + step)? < moment {
            start += step;
            step *= 2;
        }
        let mut end = self.cells.end.min(start + step);
        while start < end {
            let middle = usize::midpoint(start, end);
            if self.timestamp(middle)? < moment { start = middle + 1 } else { end = middle }
        }
        Ok([self.cells.start..end, end..self.cells.end].map(|cells| Self { cursor: self.cursor, cells }))
    }

    fn timestamp(&self, cell: usize) -> Result<i64, ReadError> {
        let page = self.cursor.path.last().ok_or(ReadError::Unexpected)?;
        page.record(cell).and_then(|record| timestamp(record, self.cursor.order)).ok_or(ReadError::Unexpected)
    }
}

/// Returns the page whose records come before the current one of this page, if it has children.
fn child(page: &BtreePage) -> Result<Option<u32>, ReadError> {
    if page.is_leaf() { Ok(None) } else { page.child(page.position).map(Some).ok_or(ReadError::Unexpected) }
}
