//! What a peer sends: the body of a request or of a response, whatever carries it.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hauberk_core::http1::chunks::Malformed;
use http_body::{Frame, SizeHint};

use crate::http::h1::conn::Conn;
use crate::http::h1::download::Download;
use crate::http::h2::receive::Receive;

/// A body that arrives piece by piece.
pub(crate) enum Incoming {
    /// Nothing more.
    Empty,
    /// All of it, which came with the head.
    Whole(Bytes),
    /// A request over HTTP/1; its connection is shared with whoever writes the answer.
    Request(Rc<RefCell<Conn>>),
    /// A response over HTTP/1.
    Response(Box<Download>),
    /// Either over HTTP/2.
    Stream(Box<Receive>),
}

/// Why what a peer sends ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SenderError {
    /// Its connection failed, or ended too soon.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its chunks make no sense.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It announced more and sent nothing for too long.
    #[error("nothing came for too long of a body that was announced")]
    Stalled,
    /// Its stream was reset, or its connection failed.
    #[error(transparent)]
    Http2(#[from] h2::Error),
}

/// The next piece of a body.
pub(crate) type Piece = Option<Result<Frame<Bytes>, SenderError>>;

impl Incoming {
    /// The next piece; `None` at the end.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        match self {
            Incoming::Empty => Poll::Ready(None),
            Incoming::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Incoming::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Incoming::Request(conn) => conn.borrow_mut().poll_body(cx),
            Incoming::Response(download) => download.poll_frame(cx),
            Incoming::Stream(receive) => receive.poll_frame(cx),
        }
    }

    /// Goes on sending what this answers while nobody reads it, so that neither direction waits for the other.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        match self {
            Incoming::Response(download) => download.poll_upload(cx),
            Incoming::Stream(receive) => receive.poll_upload(cx),
            Incoming::Empty | Incoming::Whole(_) | Incoming::Request(_) => {}
        }
    }

    /// Whether it is certain that nothing more comes.
    pub(crate) fn is_end_stream(&self) -> bool {
        match self {
            Incoming::Empty => true,
            Incoming::Whole(bytes) => bytes.is_empty(),
            Incoming::Request(conn) => conn.borrow().is_body_over(),
            Incoming::Response(download) => download.is_end_stream(),
            Incoming::Stream(receive) => receive.is_end_stream(),
        }
    }

    /// How much is to come, as far as its sender said.
    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Incoming::Empty => SizeHint::with_exact(0),
            Incoming::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Incoming::Request(conn) => conn.borrow().body_size(),
            Incoming::Response(download) => download.size_hint(),
            Incoming::Stream(receive) => receive.size_hint(),
        }
    }
}
