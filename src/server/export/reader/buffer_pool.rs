//! Memory for the pages of exports. A buffer is used again once its bytes were sent, so an export of any length needs the
//! memory of a few pages, and no time to allocate more.

use std::sync::{Arc, Mutex, PoisonError};

/// The size at which a page ends, in bytes. It bounds an export's memory, however long the texts of events are.
///
/// Each page wakes some threads, so larger pages are faster: a million events took 0.80 s with pages of 115 kB, 0.72 s with
/// twice that, 0.66 s with this size, and no less with larger ones.
pub const PAGE_BYTES: usize = 512 * 1_024;

/// The initial capacity of a buffer: a page, and the row that it ends with. It seldom has to grow.
pub const PAGE_CAPACITY: usize = PAGE_BYTES + 4 * 1_024;

/// The maximum number of free buffers: as many as one export uses at the same time.
const MAX_FREE: usize = 8;

/// A pool of buffers, which return to it when they are dropped. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BufferPool {
    capacity: usize,
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl BufferPool {
    /// Creates a pool of buffers with an initial capacity in bytes. Nothing is allocated yet.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, free: Arc::default() }
    }

    /// Returns an empty buffer: a free one, or a new one.
    pub fn take(&self) -> Buffer {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer { bytes: free.unwrap_or_else(|| Vec::with_capacity(self.capacity)), pool: self.clone() }
    }
}

/// Bytes whose memory returns to its pool.
#[derive(Debug)]
pub struct Buffer {
    /// The bytes.
    pub bytes: Vec<u8>,
    pool: BufferPool,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut free = self.pool.free.lock().unwrap_or_else(PoisonError::into_inner);
        // A buffer that has grown for a long row is freed.
        if free.len() < MAX_FREE && bytes.capacity() <= 2 * self.pool.capacity {
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
    fn a_buffer_is_reused_empty_once_its_bytes_are_sent() {
        let pool = BufferPool::new(100);
        let mut first = pool.take();
        first.bytes.extend_from_slice(b"abc");
        let address = first.bytes.as_ptr();
        let sent = Bytes::from_owner(first);
        assert_ne!(pool.take().bytes.as_ptr(), address, "the bytes are not sent yet");
        drop(sent.slice(1..));
        drop(sent);
        let again = pool.take();
        assert_eq!((again.bytes.as_ptr(), again.bytes.len()), (address, 0));
    }

    #[test]
    fn a_buffer_that_has_grown_is_not_kept() {
        let pool = BufferPool::new(100);
        pool.take().bytes.resize(1_000, 0);
        assert_eq!(pool.take().bytes.capacity(), 100);
    }

    #[test]
    fn the_pool_keeps_as_many_buffers_as_one_export_needs() {
        let pool = BufferPool::new(100);
        let buffers: Vec<_> = (0..50).map(|_| pool.take()).collect();
        drop(buffers);
        assert_eq!(pool.free.lock().expect("no panic").len(), MAX_FREE);
    }
}
