//! Handshakes of both sides.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{ClientConfig, CommonState, Error, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};

use super::buffer::Buffer;
use super::outbox::Outbox;
use super::read::poll_receive;
use super::records::{HEADER, Keys, Records};
use super::{Input, TlsStream};

/// Bytes that a peer may send for a handshake: several times what a long chain of certificates takes.
const RECEIVED_MAX: usize = 256 * 1024;
/// What is read at once; a peer's messages are hardly longer.
const READ: usize = 4 * 1024;

/// What came of a handshake.
pub struct Agreed<T> {
    /// The stream.
    pub stream: TlsStream<T>,
    /// The protocol that both want to speak.
    pub alpn: Option<Vec<u8>>,
    /// What the peer proved to own, its own certificate first.
    pub peer: Option<CertificateDer<'static>>,
}

/// The client's side of a handshake with `name`, over `io`. The configuration must let its secrets be extracted.
///
/// Errors: `InvalidData` with the `rustls::Error` of what was wrong, after the peer has been told where that is possible;
/// `UnexpectedEof` if the peer goes away; those of `io`.
pub async fn connect<T>(io: T, config: Arc<ClientConfig>, name: ServerName<'static>) -> io::Result<Agreed<T>>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let session = UnbufferedClientConnection::new(config, name).map_err(io::Error::other)?;
    Handshake::new(io, Session::Client(session), &[]).shake().await
}

/// The server's side of a handshake over `io`, of which `received` was read already. Configuration and errors as of [`connect`].
pub async fn accept<T>(io: T, received: &[u8], config: Arc<ServerConfig>) -> io::Result<Agreed<T>>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let session = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
    Handshake::new(io, Session::Server(session), received).shake().await
}

#[allow(clippy::large_enum_variant, reason = "it does not live long")]
enum Session {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

struct Handshake<T> {
    io: T,
    session: Session,
    received: Buffer,
    /// Of what was received, how much the session saw; what it has done with is gone. It sees record after record: what
    /// follows the handshake is not for it.
    seen: usize,
    out: Outbox,
}

/// What the session did.
#[derive(PartialEq, Eq)]
enum Step {
    Done,
    Blocked,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Handshake<T> {
    fn new(io: T, session: Session, received: &[u8]) -> Self {
        Self { io, session, received: Buffer::of(received), seen: 0, out: Outbox::default() }
    }

    async fn shake(mut self) -> io::Result<Agreed<T>> {
        let mut received = 0;
        poll_fn(|cx| self.poll(cx, &mut received)).await?;
        self.finish()
    }

    fn poll(&mut self, cx: &mut Context<'_>, received: &mut usize) -> Poll<io::Result<()>> {
        loop {
            if let Err(error) = self.advance() {
                // The peer hears of it, if the socket takes it at once; whatever goes wrong now is not what went wrong first.
                let _ = self.drain();
                let _ = self.out.poll_write(cx, &mut self.io);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
            ready!(self.out.poll_write(cx, &mut self.io))?;
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            if !self.session.common().is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            match ready!(poll_receive(&mut self.io, &mut self.received, cx, READ))? {
                0 => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the handshake was cut off")));
                }
                more => *received += more,
            }
            if *received > RECEIVED_MAX {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the handshake takes too many bytes",
                )));
            }
        }
    }

    /// Does what can be done with what was received, until the handshake is over or needs more.
    fn advance(&mut self) -> Result<(), Error> {
        loop {
            self.drain()?;
            if !self.session.common().is_handshaking() {
                return Ok(());
            }
            if self.step(self.seen)? == Step::Done {
                continue;
            }
            let received = self.received.filled();
            if received.len() == self.seen {
                return Ok(());
            }
            match record(&received[self.seen..]) {
                Some(length) => {
                    self.seen += length;
                    self.step(self.seen)?;
                }
                None => {
                    // The session says whether the header of what has begun makes sense.
                    return self.step(received.len()).map(drop);
                }
            }
        }
    }

    /// Takes what the session wants to send.
    fn drain(&mut self) -> Result<(), Error> {
        while self.session.common().wants_write() {
            self.step(self.seen)?;
        }
        Ok(())
    }

    fn step(&mut self, shown: usize) -> Result<Step, Error> {
        let shown = &mut self.received.filled_mut()[..shown];
        let (discard, step) = match &mut self.session {
            Session::Client(client) => step(client.process_tls_records(shown), &mut self.out),
            Session::Server(server) => step(server.process_tls_records(shown), &mut self.out),
        };
        self.received.consume(discard);
        self.seen = self.seen.saturating_sub(discard);
        step
    }

    /// The keys are the stream's from here on.
    fn finish(self) -> io::Result<Agreed<T>> {
        let common = self.session.common();
        let alpn = common.alpn_protocol().map(<[u8]>::to_vec);
        let peer = common.peer_certificates().and_then(|chain| chain.first()).cloned();
        let records = match self.session {
            Session::Client(client) => client
                .dangerous_into_kernel_connection()
                .and_then(|(secrets, keys)| Records::new(Keys::Client(keys), secrets)),
            Session::Server(server) => server
                .dangerous_into_kernel_connection()
                .and_then(|(secrets, keys)| Records::new(Keys::Server(keys), secrets)),
        };
        let mut received = self.received;
        received.rest();
        let stream = TlsStream {
            io: self.io,
            records: records.map_err(io::Error::other)?,
            received,
            ahead: Buffer::default(),
            out: self.out,
            input: Input::Open,
            closed: false,
        };
        Ok(Agreed { stream, alpn, peer })
    }
}

impl Session {
    fn common(&self) -> &CommonState {
        match self {
            Session::Client(client) => client,
            Session::Server(server) => server,
        }
    }
}

/// Returns how many of the shown bytes are done with.
fn step<D>(status: UnbufferedStatus<'_, '_, D>, out: &mut Outbox) -> (usize, Result<Step, Error>) {
    let step = match status.state {
        Ok(ConnectionState::EncodeTlsData(mut record)) => {
            let mut bytes = Vec::new();
            if let Err(EncodeError::InsufficientSize(error)) = record.encode(&mut bytes) {
                bytes.resize(error.required_size, 0);
            }
            let encoded = record.encode(&mut bytes);
            encoded.map_err(|error| Error::General(error.to_string())).map(|_| {
                out.push(bytes);
                Step::Done
            })
        }
        Ok(ConnectionState::TransmitTlsData(sent)) => {
            sent.done(); // what is in `out` leaves in its order
            Ok(Step::Done)
        }
        Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => Ok(Step::Blocked),
        Ok(state) => Err(Error::General(format!("{state:?} is not expected in a handshake"))),
        Err(error) => Err(error),
    };
    (status.discard, step)
}

/// The length of the whole record that begins with `bytes`.
fn record(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<HEADER>()?;
    let length = HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]));
    (length <= bytes.len()).then_some(length)
}
