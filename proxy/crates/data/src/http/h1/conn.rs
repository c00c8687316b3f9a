//! One HTTP/1 connection: what was read and not used yet, what waits to be written, and where in a body it is.

use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hauberk_core::budget::Budget;
use hauberk_core::http1::Framing;
use hauberk_net::rewind::Rewind;
use http_body::SizeHint;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::http::h1::outbox::Outbox;
use crate::http::h1::reading::{Reading, take};
use crate::http::held::{self, Held};
use crate::http::incoming::Piece;
use crate::stream::Stream;

/// Room for what comes when a head is expected. It is on the stack: a connection that waits holds no buffer.
const HEAD_ROOM: usize = 8 * 1024;
/// Room for a part of a body; it grows when a read fills it.
const BODY_ROOM_MIN: usize = 8 * 1024;
const BODY_ROOM_MAX: usize = 64 * 1024;

/// A connection of either side.
pub(crate) struct Conn {
    stream: Stream,
    /// Read, and not used yet.
    pub(crate) buffer: BytesMut,
    /// Not written yet.
    pub(crate) out: Outbox,
    reading: Reading,
    /// Bytes that were written since the connection was last taken up, or since an answer began.
    written: usize,
    unflushed: bool,
    /// The room of what waits in the buffer and to be written.
    held: Held,
    /// Bytes that passed in either direction.
    moved: u64,
    /// More of the current body was asked for, and nothing came yet.
    starved: bool,
    /// The peer sends nothing more.
    ended: bool,
    /// The current body will never be whole.
    broken: bool,
    room: usize,
}

impl Conn {
    /// A connection at its start. What waits here is held in `room`.
    pub(crate) fn new(stream: Stream, room: Budget) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            out: Outbox::default(),
            reading: Reading::Done,
            written: 0,
            unflushed: false,
            held: Held::new(room),
            moved: 0,
            starved: false,
            ended: false,
            broken: false,
            room: BODY_ROOM_MIN,
        }
    }

    /// A message's head was read; its body follows.
    pub(crate) fn expect_body(&mut self, framing: Framing) {
        self.starved = false;
        self.reading = Reading::of(framing);
    }

    /// The whole body, if all of it has been read already.
    pub(crate) fn take_whole_body(&mut self) -> Option<Bytes> {
        match self.reading {
            Reading::Length(length) if length <= self.buffer.len() as u64 => {
                self.reading = Reading::Done;
                Some(take(&mut self.buffer, length as usize))
            }
            _ => None,
        }
    }

    /// Whether all of the current body was read.
    pub(crate) fn is_body_over(&self) -> bool {
        matches!(self.reading, Reading::Done)
    }

    /// What is left of the current body.
    pub(crate) fn body_size(&self) -> SizeHint {
        self.reading.size()
    }

    /// Whether the peer has said that it sends nothing more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether everything that was written is on its way: TLS keeps what the socket does not take.
    pub(crate) fn is_flushed(&self) -> bool {
        self.out.is_empty() && !self.unflushed
    }

    /// Whether anything was written since the connection was last taken up, or since an answer began.
    pub(crate) fn has_written(&self) -> bool {
        self.written > 0
    }

    /// From here on, what is written is another message.
    pub(crate) fn begin_message(&mut self) {
        self.written = 0;
    }

    /// Takes back a message of which nothing was written. Returns whether that was so.
    pub(crate) fn take_back(&mut self) -> bool {
        let unsaid = !self.has_written();
        if unsaid {
            self.out = Outbox::default();
        }
        unsaid
    }

    /// A number that is another one whenever bytes have passed in either direction.
    pub(crate) fn moved(&self) -> u64 {
        self.moved
    }

    /// Whether the peer is waited for to send more of the current body.
    pub(crate) fn is_starved(&self) -> bool {
        self.starved && !self.is_body_over()
    }

    /// Whether more may be read ahead, up to `most` bytes.
    pub(crate) fn has_room_ahead(&self, most: usize) -> bool {
        let ahead = self.buffer.len();
        ahead < most && (ahead < held::LEAST || !held::is_scarce(self.held.room()))
    }

    /// The room for what could be done without.
    pub(crate) fn spare(&self) -> Budget {
        held::spare(self.held.room())
    }

    /// Whether the buffer holds more than a little although there is no room left.
    pub(crate) fn is_too_much(&self) -> bool {
        self.buffer.len() >= held::LEAST && held::is_spent(self.held.room())
    }

    /// Counts what waits.
    pub(crate) fn wait(&mut self) {
        self.held.wait(self.out.len() + self.buffer.len());
    }

    /// What waits to be written, with the room that is left for it.
    pub(crate) fn outbox(&mut self) -> (&mut Outbox, &Budget) {
        (&mut self.out, self.held.room())
    }

    /// Whether reading the current body failed.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The next piece of the current body.
    pub(crate) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        let piece = ready!(self.poll_piece(cx));
        self.broken |= matches!(piece, Some(Err(_)));
        Poll::Ready(piece)
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        loop {
            match self.reading.next(&mut self.buffer, self.ended) {
                Ok(Some(piece)) => return Poll::Ready(piece.map(Ok)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
            if self.ended {
                return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())));
            }
            match ready!(self.poll_more_body(cx)) {
                Ok(()) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    fn poll_more_body(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.room > BODY_ROOM_MIN && held::is_scarce(self.held.room()) {
            self.room = BODY_ROOM_MIN;
        }
        self.buffer.reserve(self.room);
        let read = pin!(self.stream.read_buf(&mut self.buffer)).poll(cx);
        self.starved = read.is_pending();
        let Poll::Ready(read) = read else {
            if self.buffer.is_empty() {
                self.buffer = BytesMut::new();
            }
            return Poll::Pending;
        };
        let read = read?;
        self.moved += read as u64;
        if read == 0 {
            self.ended = true;
        } else if read >= self.room {
            self.room = (self.room * 2).min(BODY_ROOM_MAX);
        } else if read < self.room / 4 {
            self.room = (self.room / 2).max(BODY_ROOM_MIN);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on where a head is expected. Returns what came; nothing at the end of the stream.
    pub(crate) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let mut room = [const { MaybeUninit::uninit() }; HEAD_ROOM];
        let mut read = ReadBuf::uninit(&mut room);
        let Poll::Ready(done) = Pin::new(&mut self.stream).poll_read(cx, &mut read) else {
            self.wait();
            return Poll::Pending;
        };
        done?;
        self.moved += read.filled().len() as u64;
        self.ended |= read.filled().is_empty();
        let before = self.buffer.len();
        self.buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(&self.buffer[before..]))
    }

    /// Writes out what waits, to the last byte.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            self.unflushed = true;
            let Poll::Ready(written) = self.out.poll_write(cx, &mut self.stream) else {
                self.wait();
                return Poll::Pending;
            };
            let written = written?;
            self.written += written;
            self.moved += written as u64;
        }
        self.held.pass(self.buffer.len());
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the direction out.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Makes the end of the connection an error for the peer: without it, half a message that ends with its connection
    /// would look whole.
    pub(crate) fn abort(&self) {
        self.stream.abort();
    }

    /// Nothing is expected for now: gives back what is allocated.
    pub(crate) fn rest(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        self.out.rest();
        self.held.pass(self.buffer.len());
    }

    /// Takes up a connection that was kept. `false`: its peer has closed it, or spoken out of turn. `careful` asks the kernel
    /// for what the runtime has not heard of yet.
    pub(crate) fn is_usable(&mut self, cx: &mut Context<'_>, careful: bool) -> bool {
        self.written = 0;
        let silent = self.buffer.is_empty() && !self.ended && self.poll_more(cx).is_pending();
        silent && (!careful || self.stream.is_silent())
    }

    /// The connection beneath what was read already.
    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// The connection as bytes, from here on.
    pub(crate) fn into_stream(self) -> Rewind<Stream> {
        Rewind::new(self.stream, self.buffer.freeze())
    }
}
