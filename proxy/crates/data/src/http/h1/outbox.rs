//! Bytes on their way out of a connection.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

/// Pieces up to this size are joined with their neighbours; copying them costs less than another slice.
const JOINED_MAX: usize = 4 * 1024;
/// Slices of one write.
const SLICES: usize = 16;

/// What waits to be written. Bounded by those who fill it: they look at `len` first.
#[derive(Default)]
pub(crate) struct Outbox {
    parts: VecDeque<Bytes>,
    /// Behind the parts.
    tail: BytesMut,
    /// Bytes in the parts.
    in_parts: usize,
}

impl Outbox {
    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.in_parts + self.tail.len()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where text is written.
    pub(crate) fn text(&mut self) -> &mut BytesMut {
        &mut self.tail
    }

    /// Adds data.
    pub(crate) fn push(&mut self, data: Bytes) {
        if data.len() <= JOINED_MAX {
            self.tail.extend_from_slice(&data);
            return;
        }
        if !self.tail.is_empty() {
            self.in_parts += self.tail.len();
            self.parts.push_back(self.tail.split().freeze());
        }
        self.in_parts += data.len();
        self.parts.push_back(data);
    }

    /// Writes everything, as far as `stream` takes it. Returns how many bytes it took.
    pub(crate) fn poll_write<S>(&mut self, cx: &mut Context<'_>, stream: &mut S) -> Poll<io::Result<usize>>
    where
        S: AsyncWrite + Unpin,
    {
        let mut total = 0;
        while !self.is_empty() {
            let written = match self.poll_once(cx, stream) {
                Poll::Ready(written) => written?,
                Poll::Pending if total > 0 => return Poll::Ready(Ok(total)),
                Poll::Pending => return Poll::Pending,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.took(written);
            total += written;
        }
        Poll::Ready(Ok(total))
    }

    fn poll_once<S>(&self, cx: &mut Context<'_>, stream: &mut S) -> Poll<io::Result<usize>>
    where
        S: AsyncWrite + Unpin,
    {
        if self.parts.is_empty() {
            return Pin::new(stream).poll_write(cx, &self.tail);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let waiting = self.parts.iter().map(|part| &part[..]).chain([&self.tail[..]]);
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(waiting) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        Poll::Ready(Ok(ready!(Pin::new(stream).poll_write_vectored(cx, &slices[..count]))?))
    }

    fn took(&mut self, mut written: usize) {
        while let Some(first) = self.parts.front_mut() {
            let part = written.min(first.len());
            first.advance(part);
            self.in_parts -= part;
            written -= part;
            if !first.is_empty() {
                return;
            }
            self.parts.pop_front();
        }
        if written >= self.tail.len() {
            self.tail.clear();
        } else {
            self.tail.advance(written);
        }
    }

    /// Gives back what is allocated, if nothing waits.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }
}
