//! A whole connection: what each side does in its turn.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use hauberk_tls::stream::TlsStream;
use tokio::io::AsyncWrite;

use super::heard::Heard;
use super::moves::Move;
use super::peer::Peer;
use super::pipe::Pipe;
use super::text;

/// What a stream may hold: what was received, a record that nobody read, four records that the socket does not take, a message.
const HELD_MAX: usize = 256 * 1024;
/// Slices of a write, more than a record takes.
const SLICES: usize = 40;

/// A connection.
pub struct Game {
    pub(super) stream: TlsStream<Pipe>,
    pub(super) pipe: Pipe,
    pub(super) peer: Peer,
    pub(super) heard: Heard,
    /// Bytes that were read and not put back.
    pub(super) read: usize,
    /// Bytes that were written.
    pub(super) written: usize,
    /// How reading has ended, for good.
    pub(super) over: Option<Over>,
    pub(super) closed: Closed,
    /// The peer's socket has ended.
    pub(super) is_cut: bool,
}

/// Whether the stream has said that nothing more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    No,
    /// Not if it had failed before, of which the next read would tell.
    Perhaps,
    Yes,
}

/// How reading has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Orderly,
    Badly(ErrorKind),
}

impl Game {
    /// After the handshake.
    pub(super) fn new(stream: TlsStream<Pipe>, pipe: Pipe, peer: Peer, heard: Heard) -> Self {
        Self { stream, pipe, peer, heard, read: 0, written: 0, over: None, closed: Closed::No, is_cut: false }
    }

    /// Does one move.
    pub fn play(&mut self, what: &Move<'_>) {
        match *what {
            Move::Arrive(length) => self.arrive(length),
            Move::Read(room) => drop(self.read(room)),
            Move::PutBack(length) if self.over.is_none() => {
                let length = length.min(self.read);
                self.stream.put_back(&self.peer.rules.data[self.read - length..self.read]);
                self.read -= length;
            }
            Move::PutBack(_) => {}
            Move::Write(length) => self.write(length),
            Move::Room(room) => self.pipe.0.borrow_mut().room = room,
            Move::Flush => drop(self.flush()),
            Move::Shutdown => {
                self.closed = match self.closed {
                    Closed::No if self.is_failed() => Closed::No,
                    Closed::No if self.may_fail() => Closed::Perhaps,
                    Closed::No => Closed::Yes,
                    before => before,
                };
                let closed = Pin::new(&mut self.stream).poll_shutdown(&mut Context::from_waker(Waker::noop()));
                self.goes_out(closed);
            }
            Move::Cut => {
                self.arrive(usize::MAX);
                self.pipe.0.borrow_mut().ended = true;
                self.is_cut = true;
            }
            _ if self.is_cut => {}
            _ => drop(self.peer.send(what)),
        }
        let gone = std::mem::take(&mut self.pipe.0.borrow_mut().gone);
        self.heard.take(&gone, &mut self.peer.party);
        assert!(self.stream.held() <= HELD_MAX, "the stream holds {} bytes", self.stream.held());
    }

    pub(super) fn arrive(&mut self, length: usize) {
        let length = length.min(self.peer.sent.len());
        self.pipe.0.borrow_mut().coming.extend(self.peer.sent.drain(..length));
    }

    fn write(&mut self, length: usize) {
        let bytes: Vec<u8> = text(self.written, length).collect();
        let cx = &mut Context::from_waker(Waker::noop());
        let written = if length.is_multiple_of(3) {
            let slices: Vec<IoSlice<'_>> = bytes.chunks(length / SLICES + 1).map(IoSlice::new).collect();
            Pin::new(&mut self.stream).poll_write_vectored(cx, &slices)
        } else {
            Pin::new(&mut self.stream).poll_write(cx, &bytes)
        };
        let allowed = match &written {
            Poll::Pending => self.pipe.0.borrow().room == 0,
            Poll::Ready(Ok(written)) => {
                self.written += written;
                *written <= length && (*written > 0 || length == 0) && self.closed == Closed::No && !self.is_failed()
            }
            Poll::Ready(Err(error)) => match error.kind() {
                ErrorKind::InvalidData => self.may_fail(),
                ErrorKind::BrokenPipe => self.closed != Closed::No,
                _ => false,
            },
        };
        assert!(allowed, "{written:?} of a write");
    }

    /// Returns whether everything is out.
    pub(super) fn flush(&mut self) -> bool {
        let flushed = Pin::new(&mut self.stream).poll_flush(&mut Context::from_waker(Waker::noop()));
        self.goes_out(flushed)
    }

    fn goes_out(&self, result: Poll<io::Result<()>>) -> bool {
        match result {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => panic!("the socket takes everything, but: {error}"),
            Poll::Pending => {
                assert_eq!(self.pipe.0.borrow().room, 0, "there is room");
                false
            }
        }
    }
}
