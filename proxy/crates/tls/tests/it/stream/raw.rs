//! A peer that protects records itself, so that it can break the rules.

use std::io::ErrorKind;
use std::task::Poll;

use hauberk_tls::stream;
use rustls::ProtocolVersion::TLSv1_2;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{ConnectionTrafficSecrets, ContentType, ExtractedSecrets, Tls13CipherSuite};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::peers::{AMPLE, Members, Ours, Thin, name, read_now};

/// Shakes hands over a pipe.
macro_rules! shake {
    ($session:expr, $pipe:expr) => {{
        let (mut received, mut out) = (Vec::new(), Vec::new());
        loop {
            let (discard, next) = step($session.process_tls_records(&mut received), &mut out);
            received.drain(..discard);
            if let Next::Another = next {
                continue;
            }
            $pipe.write_all(&std::mem::take(&mut out)).await.unwrap();
            if !$session.is_handshaking() {
                break;
            }
            assert!($pipe.read_buf(&mut received).await.unwrap() > 0, "the handshake was cut off");
        }
    }};
}

pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const DATA: u8 = 23;
/// A message that announces new keys and asks for none.
pub(crate) const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// The shortest ticket: it lives for an hour, has no nonce, is a byte long and has no extensions.
pub(crate) const TICKET: [u8; 18] = [4, 0, 0, 14, 0, 0, 14, 16, 1, 2, 3, 4, 0, 0, 1, 7, 0, 0];

/// After its handshake. Its keys change when it is told so only.
pub(crate) struct Raw {
    keys: Keys,
    suite: &'static Tls13CipherSuite,
    sealer: Box<dyn MessageEncrypter>,
    sealed: u64,
    opener: Box<dyn MessageDecrypter>,
    opened: u64,
    pub(crate) pipe: DuplexStream,
}

enum Keys {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

impl Raw {
    /// A record of this type with this content.
    pub(crate) fn record(&mut self, typ: u8, content: &[u8]) -> Vec<u8> {
        self.seal(&[content, &[typ]].concat())
    }

    /// A record of what stands where content, type and padding should.
    pub(crate) fn seal(&mut self, inner: &[u8]) -> Vec<u8> {
        let (last, others) = inner.split_last().unwrap();
        let message = OutboundPlainMessage {
            typ: ContentType::from(*last),
            version: TLSv1_2,
            payload: OutboundChunks::Single(others),
        };
        let record = self.sealer.encrypt(message, self.sealed).unwrap().encode();
        self.sealed += 1;
        record
    }

    /// Seals with the next keys from here on.
    pub(crate) fn change_keys(&mut self) {
        let (sealed, secrets) = match &mut self.keys {
            Keys::Client(keys) => keys.update_tx_secret(),
            Keys::Server(keys) => keys.update_tx_secret(),
        }
        .unwrap();
        let (key, iv) = key_and_iv(secrets);
        (self.sealed, self.sealer) = (sealed, self.suite.aead_alg.encrypter(key, iv));
    }

    /// The types and contents of these records.
    pub(crate) fn open(&mut self, mut records: &mut [u8]) -> Vec<(u8, Vec<u8>)> {
        let mut opened = Vec::new();
        while let [23, 3, 3, high, low, ..] = *records {
            let (record, rest) = records.split_at_mut(5 + usize::from(u16::from_be_bytes([high, low])));
            records = rest;
            let record = InboundOpaqueMessage::new(ContentType::from(record[0]), TLSv1_2, &mut record[5..]);
            let message = self.opener.decrypt(record, self.opened).unwrap();
            self.opened += 1;
            if (message.typ, message.payload) == (ContentType::Handshake, &KEY_UPDATE) {
                let (opened, secrets) = match &mut self.keys {
                    Keys::Client(keys) => keys.update_rx_secret(),
                    Keys::Server(keys) => keys.update_rx_secret(),
                }
                .unwrap();
                let (key, iv) = key_and_iv(secrets);
                (self.opened, self.opener) = (opened, self.suite.aead_alg.decrypter(key, iv));
            }
            opened.push((message.typ.into(), message.payload.to_vec()));
        }
        assert_eq!(*records, [], "whole records only");
        opened
    }

    fn new(keys: Keys, secrets: ExtractedSecrets, pipe: DuplexStream) -> Self {
        let suite = match &keys {
            Keys::Client(keys) => keys.negotiated_cipher_suite(),
            Keys::Server(keys) => keys.negotiated_cipher_suite(),
        };
        let suite = suite.tls13().unwrap();
        let ((sealed, to_seal), (opened, to_open)) = (secrets.tx, secrets.rx);
        let (key, iv) = key_and_iv(to_seal);
        let sealer = suite.aead_alg.encrypter(key, iv);
        let (key, iv) = key_and_iv(to_open);
        let opener = suite.aead_alg.decrypter(key, iv);
        Self { keys, suite, sealer, sealed, opener, opened, pipe }
    }
}

fn key_and_iv(secrets: ConnectionTrafficSecrets) -> (AeadKey, Iv) {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
        _ => panic!("the cipher is not known"),
    }
}

impl Members {
    /// A server of ours and a client that breaks the rules.
    pub(crate) async fn serve_raw(&self) -> (Ours, Raw) {
        let (near, mut far) = duplex(AMPLE);
        let mut session = UnbufferedClientConnection::new(self.client.clone(), name()).unwrap();
        let accepting = stream::accept(Thin::new(near, usize::MAX), &[], self.server.clone());
        let (ours, ()) = tokio::join!(accepting, async { shake!(session, far) });
        let (secrets, keys) = session.dangerous_into_kernel_connection().unwrap();
        (ours.unwrap().stream, Raw::new(Keys::Client(keys), secrets, far))
    }

    /// A client of ours and a server that breaks the rules.
    pub(crate) async fn call_raw(&self) -> (Ours, Raw) {
        let (near, mut far) = duplex(AMPLE);
        let mut session = UnbufferedServerConnection::new(self.server.clone()).unwrap();
        let connecting = stream::connect(Thin::new(near, usize::MAX), self.client.clone(), name());
        let (ours, ()) = tokio::join!(connecting, async { shake!(session, far) });
        let (secrets, keys) = session.dangerous_into_kernel_connection().unwrap();
        (ours.unwrap().stream, Raw::new(Keys::Server(keys), secrets, far))
    }
}

/// What a session does next.
enum Next {
    Another,
    Receive,
}

/// Returns how many of the shown bytes are done with.
fn step<D>(status: UnbufferedStatus<'_, '_, D>, out: &mut Vec<u8>) -> (usize, Next) {
    let next = match status.state.unwrap() {
        ConnectionState::EncodeTlsData(mut record) => {
            let before = out.len();
            if let Err(EncodeError::InsufficientSize(error)) = record.encode(&mut []) {
                out.resize(before + error.required_size, 0);
            }
            record.encode(&mut out[before..]).unwrap();
            Next::Another
        }
        ConnectionState::TransmitTlsData(sent) => {
            sent.done();
            Next::Another
        }
        _ => Next::Receive,
    };
    (status.discard, next)
}

/// How reading ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Not,
    Orderly,
    Badly(ErrorKind),
}

pub(crate) const BROKEN: Ended = Ended::Badly(ErrorKind::InvalidData);

/// All that can be read now.
pub(crate) fn read_all(ours: &mut Ours) -> (Vec<u8>, Ended) {
    let mut seen = Vec::new();
    loop {
        match read_now(ours, 1000) {
            Poll::Pending => return (seen, Ended::Not),
            Poll::Ready(Ok(data)) if data.is_empty() => return (seen, Ended::Orderly),
            Poll::Ready(Ok(data)) => seen.extend(data),
            Poll::Ready(Err(error)) => return (seen, Ended::Badly(error.kind())),
        }
    }
}
