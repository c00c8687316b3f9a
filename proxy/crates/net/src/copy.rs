//! Bytes both ways between two streams, each direction ending on its own.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hauberk_core::budget::{Budget, Share};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Buffers start small and grow when a read fills them; a direction that rests gives its buffer back. Only what is beyond
/// the least is taken from the room: bytes pass without it as well, with more system calls.
const BUFFER_MIN: usize = 2 * 1024;
const BUFFER_MAX: usize = 64 * 1024;

/// How a pair of streams ended.
#[derive(Debug)]
pub enum End {
    /// Both directions reached their end.
    Clean,
    /// The client's side failed.
    Client(io::Error),
    /// The server's side failed.
    Server(io::Error),
}

/// Copies until both directions ended or one side failed. An end of input on one side is passed on as the end
/// of output on the other (half-close), while the opposite direction goes on. Buffers grow while there is `room`.
pub async fn both<A, B>(client: &mut A, server: &mut B, room: &Budget) -> End
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let mut up = Direction::default();
    let mut down = Direction::default();
    poll_fn(|cx| {
        let up_done = match up.poll(cx, client, server, room) {
            Poll::Ready(Err(Side::Source(e))) => return Poll::Ready(End::Client(e)),
            Poll::Ready(Err(Side::Sink(e))) => return Poll::Ready(End::Server(e)),
            Poll::Ready(Ok(())) => true,
            Poll::Pending => false,
        };
        let down_done = match down.poll(cx, server, client, room) {
            Poll::Ready(Err(Side::Source(e))) => return Poll::Ready(End::Server(e)),
            Poll::Ready(Err(Side::Sink(e))) => return Poll::Ready(End::Client(e)),
            Poll::Ready(Ok(())) => true,
            Poll::Pending => false,
        };
        if up_done && down_done { Poll::Ready(End::Clean) } else { Poll::Pending }
    })
    .await
}

enum Side {
    Source(io::Error),
    Sink(io::Error),
}

/// Small, as there are two for each connection.
#[derive(Default)]
struct Direction {
    buffer: Box<[u8]>,
    /// How large the next buffer is.
    size: usize,
    /// What the buffer has beyond the least.
    beyond: Option<Box<Share>>,
    start: usize,
    end: usize,
    unflushed: bool,
    state: State,
}

#[derive(Default, PartialEq)]
enum State {
    #[default]
    Open,
    /// The source ended; what is buffered still goes out.
    Closing,
    Done,
}

impl Direction {
    fn poll<S, K>(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut S,
        sink: &mut K,
        room: &Budget,
    ) -> Poll<Result<(), Side>>
    where
        S: AsyncRead + Unpin,
        K: AsyncWrite + Unpin,
    {
        loop {
            if self.start < self.end {
                ready!(self.poll_write(cx, sink, room))?;
                continue;
            }
            match self.state {
                State::Done => return Poll::Ready(Ok(())),
                State::Closing => {
                    ready!(Pin::new(&mut *sink).poll_shutdown(cx)).map_err(Side::Sink)?;
                    self.give_back();
                    self.state = State::Done;
                }
                State::Open => match self.poll_read(cx, source, room) {
                    Poll::Ready(result) => result?,
                    Poll::Pending => {
                        self.rest(cx, sink)?;
                        return Poll::Pending;
                    }
                },
            }
        }
    }

    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut S,
        room: &Budget,
    ) -> Poll<Result<(), Side>> {
        if self.buffer.is_empty() {
            self.grow(room);
        }
        let mut read = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(source).poll_read(cx, &mut read)).map_err(Side::Source)?;
        let filled = read.filled().len();
        (self.start, self.end) = (0, filled);
        if filled == 0 {
            self.state = State::Closing;
        } else if filled >= self.size {
            self.size = (self.size * 4).min(BUFFER_MAX);
        } else if filled < self.size / 8 {
            self.size = (self.size / 4).max(BUFFER_MIN); // the burst is over: the next buffer is a small one again
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write<K: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut K,
        room: &Budget,
    ) -> Poll<Result<(), Side>> {
        let written = ready!(Pin::new(sink).poll_write(cx, &self.buffer[self.start..self.end])).map_err(Side::Sink)?;
        if written == 0 {
            return Poll::Ready(Err(Side::Sink(io::ErrorKind::WriteZero.into())));
        }
        self.start += written;
        self.unflushed = true;
        if self.start == self.end && self.buffer.len() < self.size {
            self.grow(room);
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing to read for now: what was written goes out, and the buffer goes back.
    fn rest<K: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, sink: &mut K) -> Result<(), Side> {
        if self.unflushed
            && let Poll::Ready(result) = Pin::new(sink).poll_flush(cx)
        {
            result.map_err(Side::Sink)?;
            self.unflushed = false;
        }
        self.give_back();
        Ok(())
    }

    /// A buffer of the size that the flow asks for, if there is room.
    fn grow(&mut self, room: &Budget) {
        self.size = self.size.max(BUFFER_MIN);
        if self.size > BUFFER_MIN {
            let beyond = self.beyond.get_or_insert_with(|| Box::new(room.none()));
            let more = (self.size - BUFFER_MIN).saturating_sub(beyond.amount());
            if !beyond.try_grow(more) {
                self.size = BUFFER_MIN + beyond.amount();
            }
        }
        self.buffer = vec![0; self.size].into();
    }

    fn give_back(&mut self) {
        self.buffer = Box::default();
        self.beyond = None;
    }
}

#[cfg(test)]
#[path = "copy_tests.rs"]
mod tests;
