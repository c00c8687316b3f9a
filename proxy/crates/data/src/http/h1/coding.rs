//! How a body is written, so that its reader finds its end.

use std::io::Write as _;

use bytes::{BufMut, Bytes};
use hauberk_core::http1::chunks::strip_trailers;
use http::HeaderMap;
use http_body::Frame;

use crate::http::h1::outbox::Outbox;

/// The coding of a body that is being written (RFC 9112, 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// There is none, whatever the head says.
    None,
    /// As many bytes as the head says; so many are left.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Its end is that of the connection.
    UntilClose,
}

/// The body is not as long as its head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not as long as its head says")]
pub(crate) struct WrongLength;

impl Coding {
    /// Writes one piece. Returns whether the body is over.
    pub(crate) fn write(&mut self, frame: Frame<Bytes>, out: &mut Outbox) -> Result<bool, WrongLength> {
        match frame.into_data() {
            Ok(data) => self.data(data, out).map(|()| false),
            Err(frame) => match frame.into_trailers() {
                Ok(mut trailers) => {
                    strip_trailers(&mut trailers); // those that came over HTTP/2 still have everything
                    self.end(Some(&trailers), out).map(|()| true)
                }
                Err(_) => Ok(false), // there is no third kind
            },
        }
    }

    fn data(&mut self, data: Bytes, out: &mut Outbox) -> Result<(), WrongLength> {
        match self {
            Coding::None => {} // such as an explanation that a HEAD request gets no sight of
            Coding::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(WrongLength)?;
                out.push(data);
            }
            Coding::Chunked if data.is_empty() => {} // an empty chunk would be the last one
            Coding::Chunked => {
                // A buffer in memory takes every write.
                let _ = write!(out.text().writer(), "{:x}\r\n", data.len());
                out.push(data);
                out.text().extend_from_slice(b"\r\n");
            }
            Coding::UntilClose => out.push(data),
        }
        Ok(())
    }

    /// Writes the end.
    pub(crate) fn end(&mut self, trailers: Option<&HeaderMap>, out: &mut Outbox) -> Result<(), WrongLength> {
        match self {
            Coding::Length(left) if *left > 0 => return Err(WrongLength),
            Coding::Chunked => {
                let text = out.text();
                text.extend_from_slice(b"0\r\n");
                for (name, value) in trailers.into_iter().flatten() {
                    text.extend_from_slice(name.as_str().as_bytes());
                    text.extend_from_slice(b": ");
                    text.extend_from_slice(value.as_bytes());
                    text.extend_from_slice(b"\r\n");
                }
                text.extend_from_slice(b"\r\n");
            }
            Coding::None | Coding::Length(_) | Coding::UntilClose => {}
        }
        *self = Coding::None;
        Ok(())
    }
}
