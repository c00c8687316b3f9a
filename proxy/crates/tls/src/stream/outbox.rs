//! Records on their way out.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

/// Records of one write.
const SLICES: usize = 8;

/// A queue of records, of which mostly there is one. It holds no memory while there is none.
#[derive(Default)]
pub(super) struct Outbox {
    first: Vec<u8>,
    /// Bytes of the first that are gone.
    gone: usize,
    more: VecDeque<Vec<u8>>,
}

impl Outbox {
    /// Whether everything is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    #[cfg(feature = "fuzzing")]
    pub(super) fn held(&self) -> usize {
        self.first.capacity() + self.more.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Adds a record.
    pub(super) fn push(&mut self, record: Vec<u8>) {
        if self.first.is_empty() {
            self.first = record;
        } else {
            self.more.push_back(record);
        }
    }

    /// Writes out everything.
    pub(super) fn poll_write<T>(&mut self, cx: &mut Context<'_>, io: &mut T) -> Poll<io::Result<()>>
    where
        T: AsyncWrite + Unpin,
    {
        while !self.first.is_empty() {
            let written = ready!(self.poll_once(cx, io))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.took(written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_once<T: AsyncWrite + Unpin>(&self, cx: &mut Context<'_>, io: &mut T) -> Poll<io::Result<usize>> {
        let first = &self.first[self.gone..];
        if self.more.is_empty() {
            return Pin::new(io).poll_write(cx, first);
        }
        let mut slices = [IoSlice::new(first); SLICES];
        let mut count = 1;
        for (slice, record) in slices[1..].iter_mut().zip(&self.more) {
            *slice = IoSlice::new(record);
            count += 1;
        }
        Pin::new(io).poll_write_vectored(cx, &slices[..count])
    }

    fn took(&mut self, mut written: usize) {
        loop {
            let left = self.first.len() - self.gone;
            if written < left {
                self.gone += written;
                return;
            }
            written -= left;
            self.gone = 0;
            match self.more.pop_front() {
                Some(next) => self.first = next,
                None => {
                    *self = Self::default();
                    return;
                }
            }
        }
    }
}
