//! Memory for the pages of exports. Each piece is used again once its bytes have been sent: however long files are, their
//! pages take the memory of those that are on their way, and no time to get it.

use std::sync::{Arc, Mutex, PoisonError};

/// Where a page ends that has not ended before, in bytes. However long the texts of events are, an export takes little
/// memory. Each page wakes some threads, which is what larger ones save: a million events took 0.80 s with pages of
/// 115 kB, 0.72 s with twice as much, 0.66 s with this, and no less with more.
pub const PAGE_BYTES: usize = 512 * 1_024;

/// The memory of a page: with room for the row that it ends with, so that it seldom has to be moved for it.
pub const PAGE_CAPACITY: usize = PAGE_BYTES + 4 * 1_024;

/// How many pieces are kept for later: as many as one export has on their way at most.
const MAX_FREE: usize = 8;

/// Hands out pieces of memory, and takes them back when they are dropped. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BufferPool {
    capacity: usize,
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl BufferPool {
    /// Pieces of that size, in bytes, to begin with. Nothing is allocated yet.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, free: Arc::default() }
    }

    /// An empty piece: one that came back, or a new one.
    pub fn take(&self) -> Buffer {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer { bytes: free.unwrap_or_else(|| Vec::with_capacity(self.capacity)), home: self.clone() }
    }
}

/// Bytes whose memory goes back where it came from.
#[derive(Debug)]
pub struct Buffer {
    /// The bytes.
    pub bytes: Vec<u8>,
    home: BufferPool,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut free = self.home.free.lock().unwrap_or_else(PoisonError::into_inner);
        // One that had to grow for a long row is let go of.
        if free.len() < MAX_FREE && bytes.capacity() <= 2 * self.home.capacity {
            bytes.clear();
            free.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn memory_is_used_again_once_its_bytes_are_gone_and_comes_back_empty() {
        let buffers = BufferPool::new(100);
        let mut first = buffers.take();
        first.bytes.extend_from_slice(b"abc");
        let place = first.bytes.as_ptr();
        let sent = Bytes::from_owner(first);
        assert_ne!(buffers.take().bytes.as_ptr(), place, "it is still on its way");
        drop(sent.slice(1..));
        drop(sent);
        let again = buffers.take();
        assert_eq!((again.bytes.as_ptr(), again.bytes.len()), (place, 0));
    }

    #[test]
    fn memory_that_had_to_grow_is_not_kept() {
        let buffers = BufferPool::new(100);
        buffers.take().bytes.resize(1_000, 0);
        assert_eq!(buffers.take().bytes.capacity(), 100);
    }

    #[test]
    fn no_more_memory_is_kept_than_one_export_needs() {
        let buffers = BufferPool::new(100);
        let many: Vec<_> = (0..50).map(|_| buffers.take()).collect();
        drop(many);
        assert_eq!(buffers.free.lock().expect("no panic").len(), MAX_FREE);
    }
}
