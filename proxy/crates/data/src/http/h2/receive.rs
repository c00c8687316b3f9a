//! What arrives on a stream.
//!
//! Some senders cut a large body into many small frames. Each would become a frame, a TLS record and a write of its own at the
//! next hop; what has arrived already costs less as one. Nothing waits for more to arrive.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use http_body::{Frame, SizeHint};

use crate::http::h2::flow::{Flow, Took};
use crate::http::h2::pipe::Pipe;
use crate::http::h2::shared::SharedLease;
use crate::http::incoming::{Piece, SenderError};
use crate::http::stall::Watch;

/// What is this large passes as it is.
const LARGE: usize = 16 * 1024;
/// What was gathered, at most: one frame of the next hop.
const FULL: usize = 32 * 1024;

/// The body of a request or response.
pub(crate) struct Receive {
    stream: RecvStream,
    flow: Rc<Flow>,
    took: Took,
    length: Option<u64>,
    /// All data was read; trailers may follow.
    data_over: bool,
    over: bool,
    /// What came behind gathered data and is none; it is for the next call.
    failed: Option<h2::Error>,
    /// Waits for more, where a client has promised it.
    promised: Option<Watch>,
    /// What of the request is still being sent; only of a response.
    upload: Option<Pipe>,
    /// The place on a shared connection, as long as the response lasts.
    lease: Option<SharedLease>,
}

impl Receive {
    /// The body on `stream`, of `length` bytes where the head says so.
    pub(super) fn new(stream: RecvStream, length: Option<u64>, flow: Rc<Flow>) -> Self {
        flow.opened();
        Self {
            stream,
            flow,
            took: Took::default(),
            length,
            data_over: false,
            over: false,
            failed: None,
            promised: None,
            upload: None,
            lease: None,
        }
    }

    /// The same body, which its client is to send without being told.
    pub(super) fn promised(mut self) -> Self {
        self.promised = self.length.map(|_| Watch::default());
        self
    }

    /// The body of a response, with the rest of its request.
    pub(super) fn answering(mut self, upload: Option<Pipe>, lease: SharedLease) -> Self {
        (self.upload, self.lease) = (upload, Some(lease));
        self.flow.closed(); // the lease counts already
        self
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        self.poll_upload(cx);
        if let Some(error) = self.failed.take() {
            self.over = true;
            return Poll::Ready(Some(Err(error.into())));
        }
        if !self.data_over {
            let Poll::Ready(data) = self.stream.poll_data(cx) else {
                ready!(self.poll_stalled(cx));
                return Poll::Ready(Some(Err(SenderError::Stalled)));
            };
            match data {
                Some(Ok(data)) => {
                    return Poll::Ready(Some(self.data(data, cx).map(Frame::data).map_err(SenderError::from)));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => self.data_over = true,
            }
        }
        if self.over {
            return Poll::Ready(None);
        }
        let trailers = ready!(self.stream.poll_trailers(cx));
        self.over = true;
        Poll::Ready(match trailers {
            Ok(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            Err(error) => Some(Err(error.into())),
        })
    }

    /// Ready once a client has sent nothing for too long of what it promised.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(watch), Some(left), Some(patience)) = (&mut self.promised, self.length, self.flow.patience()) else {
            return Poll::Pending;
        };
        watch.poll(patience, left, cx)
    }

    /// `first`, and what else has arrived if that is little.
    fn data(&mut self, first: Bytes, cx: &mut Context<'_>) -> Result<Bytes, h2::Error> {
        self.release(first.len())?;
        if first.len() >= LARGE || self.stream.is_end_stream() {
            return Ok(first);
        }
        let mut gathered: Option<BytesMut> = None;
        while gathered.as_ref().map_or(first.len(), BytesMut::len) <= FULL - LARGE && !self.stream.is_end_stream() {
            match self.stream.poll_data(cx) {
                Poll::Ready(Some(Ok(data))) => {
                    self.release(data.len())?;
                    gathered.get_or_insert_with(|| begin(&first)).extend_from_slice(&data);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.failed = Some(error);
                    break;
                }
                Poll::Ready(None) => {
                    self.data_over = true;
                    break;
                }
                Poll::Pending => break,
            }
        }
        Ok(gathered.map_or(first, BytesMut::freeze))
    }

    /// The sender may send as much again.
    fn release(&mut self, length: usize) -> Result<(), h2::Error> {
        if let Some(left) = &mut self.length {
            *left = left.saturating_sub(length as u64);
        }
        self.flow.take(&mut self.took, length);
        self.stream.flow_control().release_capacity(length)
    }

    /// Goes on sending; a failure shows in the answer, if it matters.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        if let Some(upload) = &mut self.upload
            && upload.poll(cx).is_ready()
        {
            self.upload = None;
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.failed.is_none() && (self.over || self.stream.is_end_stream())
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.length {
            _ if self.is_end_stream() => SizeHint::with_exact(0),
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::new(),
        }
    }
}

impl Drop for Receive {
    fn drop(&mut self) {
        // What nobody reads any more the library drops.
        let unread = self.stream.flow_control().used_capacity();
        self.flow.drop_unread(unread);
        match &self.lease {
            Some(lease) if self.upload.is_none() && self.stream.is_end_stream() => lease.leave(&mut self.stream),
            Some(_) => {}
            None => {
                self.flow.closed();
            }
        }
    }
}

fn begin(first: &[u8]) -> BytesMut {
    let mut buffer = BytesMut::with_capacity(FULL);
    buffer.extend_from_slice(first);
    buffer
}
