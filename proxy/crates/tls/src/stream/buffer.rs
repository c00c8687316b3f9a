//! Bytes on their way between a socket and a session.

use std::cell::RefCell;

/// The size of a buffer in use: four whole records, and some.
const SIZE: usize = 80 * 1024;
/// Buffers that a thread keeps for its next read or write.
const POOLED_MAX: usize = 4;
/// What is left, up to the longest record, moves into memory of its own size, so that the buffer can serve others.
const REST_MAX: usize = 20 * 1024;

thread_local!(static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) });

/// A queue of bytes. It holds memory while there is something in it, or while it is being filled.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// A queue with these bytes, in memory of their size.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), start: 0, end: bytes.len() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// All bytes, oldest first.
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// All bytes, oldest first.
    pub(super) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Room behind the bytes; all that there can be, if it is less than `wanted`.
    pub(super) fn room(&mut self, wanted: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < wanted && self.bytes.len() < SIZE {
            let small = std::mem::replace(&mut self.bytes, take());
            self.bytes[..self.end - self.start].copy_from_slice(&small[self.start..self.end]);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.bytes.len() - self.end < wanted && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.bytes[self.end..]
    }

    /// The first `length` bytes of the room were filled.
    pub(super) fn add(&mut self, length: usize) {
        self.end = (self.end + length).min(self.bytes.len());
    }

    /// Adds bytes, in memory of their size.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.end);
        self.bytes.extend_from_slice(bytes);
        self.end = self.bytes.len();
    }

    /// Adds bytes before all others.
    pub(super) fn put_front(&mut self, bytes: &[u8]) {
        *self = Self::of(&[bytes, self.filled()].concat());
    }

    /// The first `length` bytes were used.
    pub(super) fn consume(&mut self, length: usize) {
        self.start = (self.start + length).min(self.end);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.consume(self.end);
        self.release();
    }

    #[cfg(feature = "fuzzing")]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives the memory back, if nothing is in it.
    pub(super) fn release(&mut self) {
        if self.is_empty() && self.bytes.capacity() > 0 {
            give_back(std::mem::take(&mut self.bytes));
        }
    }

    /// Gives back what memory is not needed while nothing happens.
    pub(super) fn rest(&mut self) {
        let length = self.end - self.start;
        if (1..=REST_MAX).contains(&length) && self.bytes.len() == SIZE {
            let rest = self.filled().to_vec();
            give_back(std::mem::replace(&mut self.bytes, rest));
            (self.start, self.end) = (0, length);
        }
        self.release();
    }
}

fn take() -> Vec<u8> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().pop());
    pooled.ok().flatten().unwrap_or_else(|| vec![0; SIZE])
}

fn give_back(bytes: Vec<u8>) {
    if bytes.len() != SIZE {
        return;
    }
    // A thread that ends has no pool any more.
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < POOLED_MAX {
            pool.push(bytes);
        }
    });
}

impl Drop for Buffer {
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled() -> usize {
        POOL.with(|pool| pool.borrow().len())
    }

    #[test]
    fn bytes_leave_in_the_order_in_which_they_came() {
        let mut buffer = Buffer::of(b"abc");
        buffer.room(2)[..2].copy_from_slice(b"de");
        buffer.add(2);
        buffer.consume(1);
        assert_eq!(buffer.filled(), b"bcde");
        buffer.rest();
        assert_eq!((buffer.filled(), buffer.bytes.len()), (&b"bcde"[..], 4));
        buffer.put(b"f");
        buffer.consume(1);
        buffer.put_front(b"b");
        assert_eq!(buffer.room(SIZE - 5).len(), SIZE - 5);
        assert_eq!(buffer.filled(), b"bcdef");
        buffer.consume(4);
        assert_eq!(buffer.room(SIZE).len(), SIZE - 1, "no more than the buffer");
        assert_eq!(buffer.filled(), b"f");
    }

    #[test]
    fn what_rests_holds_no_buffer_and_a_thread_keeps_few() {
        let mut buffers: Vec<Buffer> = (0..2 * POOLED_MAX).map(|_| Buffer::default()).collect();
        for buffer in &mut buffers {
            buffer.room(1);
            buffer.add(1);
            buffer.rest();
            assert_eq!((buffer.bytes.capacity(), buffer.filled().len()), (1, 1));
        }
        assert_eq!(pooled(), 1, "they took turns");
        for buffer in &mut buffers {
            buffer.room(SIZE);
            buffer.add(REST_MAX + 1);
            buffer.rest();
            assert_eq!(buffer.bytes.len(), SIZE, "much is not moved");
        }
        assert_eq!(pooled(), 0);
        for buffer in &mut buffers {
            buffer.clear();
            assert_eq!(buffer.bytes.capacity(), 0);
        }
        assert_eq!(pooled(), POOLED_MAX);
    }
}
