//! Reads a page of events from the trees of a database, and counts events. No I/O of its own.

use std::ops::ControlFlow;

use super::cursor::{BtreePages, ReadError, Tree, TreeCursor};
use super::database::Trees;
use crate::server::accounts::camera_access::camera_filter::CameraFilter;
use crate::server::export::event::{Cursor, Row, ScanEnd};
use crate::server::export::query::{Filter, PageQuery, Plan};
use crate::server::export::reader::time_slice::is_interrupted;
use crate::server::export::timezone::TimeRange;

/// Passes the events of a page to `take`, in order, until it breaks. If reading ends early after some events, the
/// page ends with them, and is cut short.
///
/// # Errors
/// Returns an error if no event could be read, or a page cannot be read. The inner error is that of `take`.
pub fn scan<E>(
    pages: &mut impl BtreePages,
    trees: Trees,
    query: &PageQuery<'_>,
    mut take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
) -> Result<Result<ScanEnd, E>, ReadError> {
    let mut taken = 0;
    let mut take = |event: &Row| {
        taken += 1;
        match take(event)? {
            ControlFlow::Continue(()) if taken < query.limit => Ok(ControlFlow::Continue(())),
            _ => Ok(ControlFlow::Break(())),
        }
    };
    let scanned = match query.plan() {
        Plan::All => scan_table(pages, trees, query, |_| true, &mut take),
        Plan::Scan(cameras) => {
            let mut keys: Vec<i64> = cameras.iter().map(|camera| camera.key.into()).collect();
            keys.sort_unstable();
            scan_table(pages, trees, query, |camera| keys.binary_search(&camera).is_ok(), &mut take)
        }
        Plan::One(camera) => merge(pages, trees, query, &[camera], &mut take),
        Plan::Merge(cameras) => {
            let keys: Vec<i32> = cameras.iter().map(|camera| camera.key).collect();
            merge(pages, trees, query, &keys, &mut take)
        }
    };
    match scanned {
        Err(ReadError::Unexpected) if taken > 0 => Ok(Ok(ScanEnd::CutShort)),
        Err(ReadError::Database(error)) if taken > 0 && is_interrupted(&error) => Ok(Ok(ScanEnd::CutShort)),
        scanned => scanned,
    }
}

/// Takes the events of the table, of those cameras that are selected.
fn scan_table<E>(
    pages: &mut impl BtreePages,
    trees: Trees,
    query: &PageQuery<'_>,
    is_selected: impl Fn(i64) -> bool,
    take: &mut impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
) -> Result<Result<ScanEnd, E>, ReadError> {
    let tree = trees.by_time.ok_or(ReadError::Unexpected)?;
    let mut cursor = TreeCursor::seek(pages, tree, |event| is_before(query, event.cursor))?;
    while let Some(event) = cursor.next(pages)? {
        if is_after(query, &event) {
            cursor.check_rest_of_page()?;
            break;
        }
        if is_selected(event.camera_key) {
            match take(&event) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(Ok(ScanEnd::CutShort)),
                Err(error) => return Ok(Err(error)),
            }
        }
    }
    Ok(Ok(ScanEnd::Exhausted))
}

/// The next event of a camera, and where it was read.
struct CameraCursor {
    event: Row,
    cursor: TreeCursor,
}

impl CameraCursor {
    /// Creates a cursor at the first event of the camera; `None` if it has none.
    fn seek(
        pages: &mut impl BtreePages,
        tree: Tree,
        query: &PageQuery<'_>,
        camera: i64,
    ) -> Result<Option<Self>, ReadError> {
        let mut cursor = seek(pages, tree, query, camera)?;
        let event = next_of(&mut cursor, pages, query, camera)?;
        Ok(event.map(|event| Self { event, cursor }))
    }

    /// Moves to the next event of the camera. Returns whether there is one.
    fn advance(&mut self, pages: &mut impl BtreePages, query: &PageQuery<'_>) -> Result<bool, ReadError> {
        let next = next_of(&mut self.cursor, pages, query, self.event.camera_key)?;
        let has_next = next.is_some();
        self.event = next.unwrap_or(self.event);
        Ok(has_next)
    }
}

/// Returns the next event of a camera, if the cursor is at its events.
fn next_of(
    cursor: &mut TreeCursor,
    pages: &mut impl BtreePages,
    query: &PageQuery<'_>,
    camera: i64,
) -> Result<Option<Row>, ReadError> {
    let Some(event) = cursor.next(pages)? else { return Ok(None) };
    if event.camera_key == camera && !is_after(query, &event) {
        return Ok(Some(event));
    }
    cursor.check_rest_of_page()?;
    Ok(None)
}

/// Takes the events of these cameras from the index, merged.
fn merge<E>(
    pages: &mut impl BtreePages,
    trees: Trees,
    query: &PageQuery<'_>,
    cameras: &[i32],
    take: &mut impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
) -> Result<Result<ScanEnd, E>, ReadError> {
    let tree = trees.by_camera.ok_or(ReadError::Unexpected)?;
    let mut cursors = Vec::with_capacity(cameras.len());
    for camera in cameras {
        cursors.extend(CameraCursor::seek(pages, tree, query, (*camera).into())?);
    }
    while let Some(next) = (0..cursors.len()).min_by_key(|index| cursors[*index].event.cursor) {
        match take(&cursors[next].event) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(Ok(ScanEnd::CutShort)),
            Err(error) => return Ok(Err(error)),
        }
        if !cursors[next].advance(pages, query)? {
            cursors.swap_remove(next);
        }
    }
    Ok(Ok(ScanEnd::Exhausted))
}

/// Counts the events of a camera: passes the timestamps of the first and the last one of some events, and their number, to `add`,
/// in order. If it returns a moment after the first one, it is passed those before that moment, and then the others.
///
/// # Errors
/// Returns an error if a page cannot be read, or an event is not stored as expected. Those before it were counted.
pub fn count(
    pages: &mut impl BtreePages,
    trees: Trees,
    interval: TimeRange,
    camera: i64,
    add: &mut impl FnMut(i64, i64, u64) -> Option<i64>,
) -> Result<(), ReadError> {
    let tree = trees.by_camera.ok_or(ReadError::Unexpected)?;
    let filter = Filter { interval, cameras: CameraFilter::default() };
    let query = filter.page(interval, None, u64::MAX);
    let mut cursor = seek(pages, tree, &query, camera)?;
    while let Some(mut run) = cursor.next_run(pages, |event| event.camera_key != camera || is_after(&query, event))? {
        while run.len() > 0 {
            let (first, last) = run.timestamps()?;
            let Some(moment) = add(first, last, run.len() as u64) else { break };
            let [before, after] = run.split_at(moment)?;
            let (first, last) = before.timestamps()?;
            add(first, last, before.len() as u64);
            run = after;
        }
    }
    Ok(())
}

/// Creates a cursor at the first event of the page that is of the camera, or at the one after it.
fn seek(pages: &mut impl BtreePages, tree: Tree, query: &PageQuery<'_>, camera: i64) -> Result<TreeCursor, ReadError> {
    TreeCursor::seek(pages, tree, |event| {
        event.camera_key < camera || (event.camera_key == camera && is_before(query, event.cursor))
    })
}

/// Returns whether an event comes before those of the page.
fn is_before(query: &PageQuery<'_>, event: Cursor) -> bool {
    match query.after {
        // It lies within the interval, so it replaces the start.
        Some(after) => event <= after,
        None => query.interval.start.is_some_and(|start| event.timestamp < start),
    }
}

/// Returns whether an event comes after those of the interval.
fn is_after(query: &PageQuery<'_>, event: &Row) -> bool {
    query.interval.end.is_some_and(|end| event.cursor.timestamp >= end)
}
