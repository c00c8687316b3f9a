//! Stands before the HTTP/1 parser and lets through only what has one meaning.
//!
//! The parser gets one message at a time: a head is handed over once it is whole and checked, and no byte behind the
//! message's end goes with it. So the parser never sees a request that was not checked, also when a client sends several
//! at once, and the bytes after a request that changes the protocol are told apart from a next request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use hauberk_core::http1::{self, Checked, Framing, Refusal};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::chunks::Chunks;
use crate::stream::Stream;

/// Bytes that the head of a request may have.
pub(crate) const HEAD_MAX: usize = 64 * 1024;
/// From the first byte of a head to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// More room for a head that did not come at once.
const GROW: usize = 4 * 1024;

/// Tells the guard that its connection has stopped being HTTP. (Both are on one thread, which hyper does not know.)
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl Gate {
    /// From the end of the current request on, bytes pass as they are.
    pub(crate) fn tunnel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A connection whose requests are checked as they are read.
pub(crate) struct Guard {
    stream: Stream,
    gate: Gate,
    expect: Expect,
    /// Read, but not handed over.
    held: BytesMut,
    /// How many bytes of `held` may be handed over.
    cleared: usize,
    /// Runs while `held` begins with a head that was judged and is not whole.
    late: Option<Pin<Box<Sleep>>>,
}

/// What comes next.
enum Expect {
    Head,
    Body(u64),
    Chunks(Chunks),
    /// Nothing that may pass: the parser gets what makes it answer and close.
    Nothing(Answer),
}

/// How the parser answers a request that does not reach it.
#[derive(Clone, Copy)]
enum Answer {
    /// 400.
    Bad,
    /// 431.
    TooLong,
}

impl Guard {
    /// Guards a connection at its start.
    pub(crate) fn new(stream: Stream, gate: Gate) -> Self {
        Self { stream, gate, expect: Expect::Head, held: BytesMut::new(), cleared: 0, late: None }
    }

    /// Judges `bytes`, of which none was judged before, and returns how many of them may be handed over now: none if a head
    /// is not whole, and none behind the end of a message.
    fn judge(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut passed = 0;
        if matches!(self.expect, Expect::Head) {
            match http1::check(bytes, HEAD_MAX) {
                Checked::NeedMore => {
                    self.late.get_or_insert_with(|| Box::pin(sleep(HEAD_TIMEOUT)));
                    return Ok(0);
                }
                Checked::Refused(refusal) => {
                    tracing::info!(%refusal, "request refused");
                    let too_long = refusal == Refusal::TooLong;
                    self.expect = Expect::Nothing(if too_long { Answer::TooLong } else { Answer::Bad });
                    return Ok(0);
                }
                Checked::Ok(head) => {
                    passed = head.length;
                    self.late = None;
                    self.expect = match head.body {
                        Framing::Length(0) => return Ok(passed),
                        Framing::Length(length) => Expect::Body(length),
                        Framing::Chunked => Expect::Chunks(Chunks::new()),
                    };
                }
            }
        }
        let rest = &bytes[passed..];
        let over = match &mut self.expect {
            Expect::Body(left) => {
                let data = (*left).min(rest.len() as u64);
                *left -= data;
                passed += data as usize; // at most as long as the slice
                *left == 0
            }
            Expect::Chunks(chunks) => {
                passed += chunks.advance(rest).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                chunks.is_done()
            }
            Expect::Head | Expect::Nothing(_) => false,
        };
        if over {
            self.expect = Expect::Head;
        }
        Ok(passed)
    }

    /// Hands over what was held and may pass. Returns whether there was something.
    fn hand_over(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let taken = self.cleared.min(buf.remaining());
        buf.put_slice(&self.held[..taken]);
        self.held.advance(taken);
        self.cleared -= taken;
        if self.held.is_empty() {
            self.held = BytesMut::new(); // an idle connection keeps no buffer
        }
        taken > 0
    }

    /// Reads into the parser's own buffer; what may not pass yet goes to `held`. Returns whether the parser has something,
    /// which may be the end of the stream.
    fn poll_fresh(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let length = buf.filled().len() - before;
        if length == 0 {
            return Poll::Ready(Ok(true));
        }
        let passed = self.judge(&buf.filled()[before..])?;
        self.held.extend_from_slice(&buf.filled()[before + passed..]);
        buf.set_filled(before + passed);
        Poll::Ready(Ok(passed > 0))
    }

    /// Reads more of a head that is not whole. Returns whether the stream is at its end.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.late.as_mut().is_some_and(|late| late.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request's head took too long")));
        }
        let mut more = [0; GROW];
        let mut more = ReadBuf::new(&mut more);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut more))?;
        let more = more.filled();
        self.held.extend_from_slice(more);
        // Lines are judged when they are whole: without the end of one there is nothing new.
        if more.contains(&b'\n') || self.held.len() >= HEAD_MAX {
            self.judge_held()?;
        }
        Poll::Ready(Ok(more.is_empty()))
    }

    fn judge_held(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let passed = self.judge(&held);
        self.held = held;
        self.cleared = passed?;
        Ok(())
    }
}

/// Bytes that make the parser give the answer and close: no method has a NUL, and none is without an end.
fn feed(answer: Answer, buf: &mut ReadBuf<'_>) {
    match answer {
        Answer::Bad => buf.put_slice(&b"\0"[..buf.remaining().min(1)]),
        Answer::TooLong => {
            let room = buf.remaining();
            buf.initialize_unfilled().fill(b'A');
            buf.advance(room);
        }
    }
}

impl AsyncRead for Guard {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.hand_over(buf) {
                return Poll::Ready(Ok(()));
            }
            if let Expect::Nothing(answer) = this.expect {
                feed(answer, buf);
                return Poll::Ready(Ok(()));
            }
            let tunnel = this.gate.0.load(Ordering::Relaxed) && matches!(this.expect, Expect::Head);
            let over = match (this.held.is_empty(), this.late.is_some()) {
                (true, _) if tunnel => return Pin::new(&mut this.stream).poll_read(cx, buf),
                (false, _) if tunnel => {
                    this.cleared = this.held.len();
                    false
                }
                (true, _) => ready!(this.poll_fresh(cx, buf))?,
                (false, true) => ready!(this.poll_more(cx))?,
                (false, false) => {
                    this.judge_held()?;
                    false
                }
            };
            if over {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
