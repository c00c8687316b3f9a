//! From the socket's records to data.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::buffer::Buffer;
use super::records::{self, DATA_MAX, HEADER, Opened, SEALED};
use super::{Input, TlsStream};

/// The least that is read at once.
const READ_MIN: usize = 2 * 1024;
/// A reader with less room has little to do or is short of memory: what it leaves must not keep a whole buffer from others until
/// it comes back. With more, it is about to.
const ROOM_AMPLE: usize = 16 * 1024;
/// Room that is not expected to be filled: a read that leaves some needs no other one to find the socket empty.
const SPARE: usize = 512;

impl<T: AsyncRead + AsyncWrite + Unpin> TlsStream<T> {
    /// Data, as much as there is and fits into `buf`. Nothing: the peer has said that it is over.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if !self.ahead.is_empty() {
            let length = self.ahead.filled().len().min(buf.remaining());
            buf.put_slice(&self.ahead.filled()[..length]);
            self.ahead.consume(length);
            self.ahead.release();
            return Poll::Ready(Ok(()));
        }
        let room = buf.remaining();
        loop {
            if self.decrypt(cx, buf) {
                if room < ROOM_AMPLE {
                    self.received.rest();
                } else {
                    self.received.release();
                }
                return Poll::Ready(Ok(()));
            }
            match &self.input {
                Input::Open => {}
                Input::Ended => return Poll::Ready(Ok(())),
                Input::Cut | Input::Failed(_) => return Poll::Ready(self.input.error().map_or(Ok(()), Err)),
            }
            let wanted = self.wanted(buf.remaining());
            if ready!(poll_receive(&mut self.io, &mut self.received, cx, wanted))? == 0 {
                self.received.clear();
                self.input = Input::Cut;
            }
        }
    }

    /// Decrypts for as long as the data fits. Returns whether there was any.
    fn decrypt(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> bool {
        let before = buf.filled().len();
        while matches!(self.input, Input::Open) {
            let length = match records::length(self.received.filled()) {
                Ok(Some(length)) if length <= self.received.filled().len() => length,
                Ok(_) => break,
                Err(error) => {
                    self.fail(cx, error);
                    break;
                }
            };
            if buf.filled().len() > before && length > buf.remaining() + HEADER + SEALED {
                break;
            }
            match self.records.open(&mut self.received.filled_mut()[..length]) {
                Ok(Opened::Data(data)) => {
                    let fits = data.len().min(buf.remaining());
                    buf.put_slice(&data[..fits]);
                    if fits < data.len() {
                        self.ahead.put(&data[fits..]);
                    }
                    self.received.consume(length);
                }
                Ok(Opened::Aside) => self.received.consume(length),
                Ok(Opened::End) => {
                    self.received.clear(); // what follows an end is nothing (RFC 8446, 6.1)
                    self.input = Input::Ended;
                }
                Err(error) => self.fail(cx, error),
            }
        }
        buf.filled().len() > before
    }

    /// Bytes of records that so many bytes of data take; at least the rest of the record that has begun.
    fn wanted(&self, data: usize) -> usize {
        let records = data / DATA_MAX + 1;
        let received = self.received.filled();
        let begun = records::length(received).ok().flatten();
        (data + records * (HEADER + SEALED)).max(begun.map_or(0, |length| length - received.len()))
    }

    /// The peer hears why the connection ends, if there is a way to say so and the socket takes it at once. Where records wait
    /// for the socket already, it does not; and it is whoever wrote them that it must wake.
    fn fail(&mut self, cx: &mut Context<'_>, error: Error) {
        if let Some(alert) = records::alert_for(&error)
            && !self.closed
            && let Ok(record) = self.records.alert(alert)
        {
            let waits = !self.out.is_empty();
            self.out.push(record);
            if !waits {
                // Whatever goes wrong now is not what went wrong first.
                let _ = self.poll_out(cx);
            }
        }
        self.received.clear();
        self.input = Input::Failed(Box::new(error));
    }
}

/// Receives up to `wanted` bytes and a few more. Returns how many came.
pub(super) fn poll_receive<T>(
    io: &mut T,
    received: &mut Buffer,
    cx: &mut Context<'_>,
    wanted: usize,
) -> Poll<io::Result<usize>>
where
    T: AsyncRead + Unpin,
{
    let wanted = wanted.max(READ_MIN) + SPARE;
    let room = received.room(wanted);
    if room.is_empty() {
        let error = Error::General("the peer's message comes in too many pieces".into());
        return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
    }
    let length = room.len().min(wanted);
    let mut read = ReadBuf::new(&mut room[..length]);
    let Poll::Ready(result) = Pin::new(io).poll_read(cx, &mut read) else {
        received.rest();
        return Poll::Pending;
    };
    let length = read.filled().len();
    received.add(length);
    Poll::Ready(result.map(|()| length))
}
