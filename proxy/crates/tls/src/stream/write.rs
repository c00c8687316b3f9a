//! From data to records for the socket.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use rustls::crypto::cipher::OutboundChunks;
use rustls::{AlertDescription, Error};
use tokio::io::{AsyncRead, AsyncWrite};

use super::records::DATA_MAX;
use super::{Input, TlsStream};

/// Data of one write: four records of the greatest size.
const WRITE_MAX: usize = 4 * DATA_MAX;
/// Slices of one write.
const SLICES: usize = 32;

impl<T: AsyncRead + AsyncWrite + Unpin> TlsStream<T> {
    /// The same for data in several slices.
    pub(super) fn poll_encrypt_all(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut chunks = [&[][..]; SLICES];
        let mut count = 0;
        for (chunk, slice) in chunks.iter_mut().zip(slices.iter().filter(|slice| !slice.is_empty())) {
            *chunk = slice;
            count += 1;
        }
        self.poll_encrypt(cx, OutboundChunks::new(&chunks[..count]))
    }

    /// Encrypts data once all before it is on its way, and writes what the socket takes. Returns how much was encrypted.
    pub(super) fn poll_encrypt(&mut self, cx: &mut Context<'_>, data: OutboundChunks<'_>) -> Poll<io::Result<usize>> {
        if let Input::Failed(_) = self.input {
            return Poll::Ready(Err(self.input.error().unwrap_or_else(|| io::ErrorKind::InvalidData.into())));
        }
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(self.poll_out(cx))?;
        let (data, _) = data.split_at(WRITE_MAX);
        let encrypted = data.len();
        let mut rest = data;
        while !rest.is_empty() {
            let piece;
            (piece, rest) = rest.split_at(DATA_MAX);
            let out = &mut self.out;
            self.records.seal(piece, |record| out.push(record)).map_err(refused)?;
        }
        match self.poll_out(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // What the socket did not take goes before the next, or with a flush.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(encrypted)),
        }
    }

    /// Tells the peer that no more data comes.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if self.closed || matches!(self.input, Input::Failed(_)) {
            return Ok(());
        }
        self.closed = true;
        self.out.push(self.records.alert(AlertDescription::CloseNotify).map_err(refused)?);
        Ok(())
    }

    /// Writes out what waits.
    pub(super) fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.out.poll_write(cx, &mut self.io)
    }
}

fn refused(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
