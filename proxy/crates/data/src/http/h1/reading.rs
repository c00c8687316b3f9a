//! Where in the body of a message a connection is.

use bytes::{Bytes, BytesMut};
use hauberk_core::http1::Framing;
use hauberk_core::http1::chunks::Chunks;
use http_body::{Frame, SizeHint};

use crate::http::incoming::SenderError;

/// What of the current message's body is to come.
pub(super) enum Reading {
    Done,
    Length(u64),
    Chunks(Box<Chunks>),
    UntilClose,
}

impl Reading {
    /// All of a body, before anything of it was read.
    pub(super) fn of(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Reading::Done,
            Framing::Length(length) => Reading::Length(length),
            Framing::Chunked => Reading::Chunks(Box::default()),
            Framing::UntilClose => Reading::UntilClose,
        }
    }

    /// What is left.
    pub(super) fn size(&self) -> SizeHint {
        match self {
            Reading::Done => SizeHint::with_exact(0),
            Reading::Length(length) => SizeHint::with_exact(*length),
            Reading::Chunks(_) | Reading::UntilClose => SizeHint::new(),
        }
    }

    /// What of it is in `buffer`: a piece, its end, or nothing (`None`). `ended`: the peer sends nothing more.
    pub(super) fn next(
        &mut self,
        buffer: &mut BytesMut,
        ended: bool,
    ) -> Result<Option<Option<Frame<Bytes>>>, SenderError> {
        let length = match self {
            Reading::Done => return Ok(Some(None)),
            Reading::Length(left) => {
                let length = (*left).min(buffer.len() as u64);
                *left -= length;
                if *left == 0 {
                    *self = Reading::Done;
                }
                length
            }
            Reading::Chunks(chunks) => {
                let skipped = chunks.skip(buffer)?;
                let _ = buffer.split_to(skipped);
                if chunks.is_done() {
                    let trailers = chunks.trailers()?;
                    *self = Reading::Done;
                    return Ok(Some((!trailers.is_empty()).then(|| Frame::trailers(trailers))));
                }
                let length = chunks.data().min(buffer.len() as u64);
                chunks.took(length);
                length
            }
            Reading::UntilClose if ended && buffer.is_empty() => {
                *self = Reading::Done;
                return Ok(Some(None));
            }
            Reading::UntilClose => buffer.len() as u64,
        };
        Ok((length > 0).then(|| Some(Frame::data(take(buffer, length as usize)))))
    }
}

/// The first bytes of a buffer; it gives up what it has allocated where they are all.
pub(super) fn take(buffer: &mut BytesMut, length: usize) -> Bytes {
    if length == buffer.len() {
        return std::mem::take(buffer).freeze();
    }
    buffer.split_to(length).freeze()
}
