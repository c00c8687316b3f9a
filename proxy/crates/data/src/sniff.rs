//! Reads the first bytes of a stream without taking them away.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// What looking at the first bytes gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sniffed<T> {
    /// The bytes say this.
    Decided(T),
    /// Nothing was decided in time; the bytes so far are in the buffer.
    TimedOut,
    /// The stream ended before it was decided.
    Ended,
}

/// Reads into `buffer` until `decide` says something, the stream ends, or `deadline` passes. `decide` sees all bytes
/// so far (at first what is in the buffer already) and must decide before the buffer holds `limit` bytes;
/// a stream that fills the buffer undecided counts as timed out.
pub(crate) async fn sniff<S, T>(
    stream: &mut S,
    buffer: &mut BytesMut,
    limit: usize,
    deadline: Instant,
    mut decide: impl FnMut(&[u8]) -> Option<T>,
) -> io::Result<Sniffed<T>>
where
    S: AsyncRead + Unpin,
{
    loop {
        if !buffer.is_empty()
            && let Some(decision) = decide(buffer)
        {
            return Ok(Sniffed::Decided(decision));
        }
        if buffer.len() >= limit {
            return Ok(Sniffed::TimedOut);
        }
        buffer.reserve(1024);
        match timeout_at(deadline, stream.read_buf(buffer)).await {
            Err(_) => return Ok(Sniffed::TimedOut),
            Ok(Ok(0)) => return Ok(Sniffed::Ended),
            Ok(Ok(_)) => {}
            Ok(Err(e)) => return Err(e),
        }
    }
}
