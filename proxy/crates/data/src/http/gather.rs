//! A body whose small pieces travel together.
//!
//! Some servers send a large body in many small HTTP/2 frames. Each would become a frame, a TLS record and a write of its own
//! at the next hop; what has arrived already costs less as one. Nothing waits for more to arrive.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::http::FRAME_MAX;

/// What is this large passes as it is.
const LARGE: usize = 16 * 1024;
/// What was gathered, at most: one frame of the next hop.
const FULL: usize = FRAME_MAX as usize;

type Piece = Result<Frame<Bytes>, hyper::Error>;

/// What a peer sends.
pub(crate) struct Gather {
    body: Incoming,
    /// What came behind gathered data and is no data; boxed, as it is rare and a body is moved about a lot.
    held: Option<Box<Piece>>,
    ended: bool,
}

impl Gather {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, held: None, ended: false }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(*held));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let Some(piece) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
            self.ended = true;
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match piece.map(Frame::into_data) {
            Ok(Ok(data)) => Ok(Frame::data(if data.len() < LARGE { self.gather(data, cx) } else { data })),
            Ok(Err(other)) => Ok(other),
            Err(error) => Err(error),
        }))
    }

    /// `first`, and what else has arrived.
    fn gather(&mut self, first: Bytes, cx: &mut Context<'_>) -> Bytes {
        let mut gathered: Option<BytesMut> = None;
        while gathered.as_ref().map_or(first.len(), BytesMut::len) <= FULL - LARGE && !self.body.is_end_stream() {
            let Poll::Ready(piece) = Pin::new(&mut self.body).poll_frame(cx) else { break };
            match piece.map(|piece| piece.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => gathered.get_or_insert_with(|| begin(&first)).extend_from_slice(&data),
                Some(Ok(Err(other))) => self.held = Some(Box::new(Ok(other))),
                Some(Err(error)) => self.held = Some(Box::new(Err(error))),
                None => self.ended = true,
            }
            if self.held.is_some() || self.ended {
                break;
            }
        }
        gathered.map_or(first, BytesMut::freeze)
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.held.is_none() && (self.ended || self.body.is_end_stream())
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn begin(first: &[u8]) -> BytesMut {
    let mut buffer = BytesMut::with_capacity(FULL);
    buffer.extend_from_slice(first);
    buffer
}
