//! The other side of a TLS connection: it keeps to the rules in its handshake, and seals whatever it is told to afterwards.

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{CommonState, ConnectionTrafficSecrets, ContentType, ExtractedSecrets, ProtocolVersion, Tls13CipherSuite};

/// Whoever shakes hands.
pub enum Shaking {
    /// With a server.
    Client(UnbufferedClientConnection),
    /// With a client.
    Server(UnbufferedServerConnection),
}

impl Shaking {
    /// Takes what was received, and returns what it says to that.
    pub fn turn(&mut self, received: &mut Vec<u8>) -> Vec<u8> {
        let mut said = Vec::new();
        loop {
            let (discard, goes_on) = match self {
                Shaking::Client(client) => step(client.process_tls_records(received), &mut said),
                Shaking::Server(server) => step(server.process_tls_records(received), &mut said),
            };
            received.drain(..discard);
            if !goes_on {
                return said;
            }
        }
    }

    /// Whether it is not done.
    pub fn is_handshaking(&self) -> bool {
        let common: &CommonState = match self {
            Shaking::Client(client) => client,
            Shaking::Server(server) => server,
        };
        common.is_handshaking()
    }

    /// What it is after its handshake.
    pub fn done(self) -> Party {
        let (secrets, keys) = match self {
            Shaking::Client(client) => {
                let (secrets, keys) = client.dangerous_into_kernel_connection().unwrap();
                (secrets, Keys::Client(keys))
            }
            Shaking::Server(server) => {
                let (secrets, keys) = server.dangerous_into_kernel_connection().unwrap();
                (secrets, Keys::Server(keys))
            }
        };
        Party::new(keys, secrets)
    }
}

/// Returns how many of the shown bytes are done with, and whether there is more to do with the others.
fn step<D>(status: UnbufferedStatus<'_, '_, D>, said: &mut Vec<u8>) -> (usize, bool) {
    let goes_on = match status.state.unwrap() {
        ConnectionState::EncodeTlsData(mut record) => {
            let before = said.len();
            if let Err(EncodeError::InsufficientSize(error)) = record.encode(&mut []) {
                said.resize(before + error.required_size, 0);
            }
            record.encode(&mut said[before..]).unwrap();
            true
        }
        ConnectionState::TransmitTlsData(sent) => {
            sent.done();
            true
        }
        _ => false,
    };
    (status.discard, goes_on)
}

/// After its handshake.
pub struct Party {
    keys: Keys,
    suite: &'static Tls13CipherSuite,
    sealer: Box<dyn MessageEncrypter>,
    sealed: u64,
    opener: Box<dyn MessageDecrypter>,
    opened: u64,
}

enum Keys {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

impl Party {
    fn new(keys: Keys, secrets: ExtractedSecrets) -> Self {
        let suite = match &keys {
            Keys::Client(keys) => keys.negotiated_cipher_suite(),
            Keys::Server(keys) => keys.negotiated_cipher_suite(),
        };
        let suite = suite.tls13().expect("it is of TLS 1.3");
        let ((sealed, to_seal), (opened, to_open)) = (secrets.tx, secrets.rx);
        let (key, iv) = key_and_iv(to_seal);
        let sealer = suite.aead_alg.encrypter(key, iv);
        let (key, iv) = key_and_iv(to_open);
        let opener = suite.aead_alg.decrypter(key, iv);
        Self { keys, suite, sealer, sealed, opener, opened }
    }

    /// A record whose content, type and padding are these bytes, of which there is one at least.
    pub fn seal(&mut self, inner: &[u8]) -> Vec<u8> {
        let (last, others) = inner.split_last().expect("something is sealed");
        let message = OutboundPlainMessage {
            typ: ContentType::from(*last),
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(others),
        };
        let record = self.sealer.encrypt(message, self.sealed).unwrap().encode();
        self.sealed += 1;
        record
    }

    /// Seals with its next keys from here on.
    pub fn change_keys(&mut self) {
        let secrets = match &mut self.keys {
            Keys::Client(keys) => keys.update_tx_secret(),
            Keys::Server(keys) => keys.update_tx_secret(),
        };
        let (sealed, secrets) = secrets.unwrap();
        let (key, iv) = key_and_iv(secrets);
        (self.sealed, self.sealer) = (sealed, self.suite.aead_alg.encrypter(key, iv));
    }

    /// The type and the content of a record that came, by the number that is due.
    pub fn open(&mut self, record: &mut [u8]) -> Option<(u8, Vec<u8>)> {
        let sealed =
            InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut record[5..]);
        let message = self.opener.decrypt(sealed, self.opened).ok()?;
        self.opened += 1;
        Some((message.typ.into(), message.payload.to_vec()))
    }

    /// Records that it has opened with its keys, those of the session included.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Opens with the next keys from here on.
    pub fn follow(&mut self) {
        let secrets = match &mut self.keys {
            Keys::Client(keys) => keys.update_rx_secret(),
            Keys::Server(keys) => keys.update_rx_secret(),
        };
        let (opened, secrets) = secrets.unwrap();
        let (key, iv) = key_and_iv(secrets);
        (self.opened, self.opener) = (opened, self.suite.aead_alg.decrypter(key, iv));
    }
}

fn key_and_iv(secrets: ConnectionTrafficSecrets) -> (AeadKey, Iv) {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
        _ => unreachable!("it was not offered"),
    }
}
