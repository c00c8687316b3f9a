//! The records of a connection after its handshake (RFC 8446, 4.6, 5 and 6): what is in them, and their keys.

use rustls::client::ClientConnectionData;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::server::ServerConnectionData;
use rustls::{
    AlertDescription, ConnectionTrafficSecrets, ContentType, Error, ExtractedSecrets, InvalidMessage, PeerMisbehaved,
    ProtocolVersion, Tls13CipherSuite,
};

use super::messages::{KEY_UPDATE, Message, Messages};

/// What stands before each record (5.1): its type, a version, and its length.
pub(super) const HEADER: usize = 5;
/// What a record is longer than its data, without its header: the type of the data, and the cipher's tag.
pub(super) const SEALED: usize = 17;
/// Data in a record (5.1).
pub(super) const DATA_MAX: usize = 1 << 14;
/// A record without its header (5.2).
const SEALED_MAX: usize = DATA_MAX + 256;
/// Messages and records of no data, without data between them: each costs more than it says.
const ASIDE_MAX: u8 = 32;
/// Alerts that change nothing.
const WARNINGS_MAX: u8 = 4;

/// Both directions of a connection.
pub(super) struct Records {
    keys: Keys,
    suite: &'static Tls13CipherSuite,
    opener: Box<dyn MessageDecrypter>,
    /// The number of the next record that comes, under these keys.
    opened: u64,
    sealer: Box<dyn MessageEncrypter>,
    /// The number of the next record that goes, under these keys.
    sealed: u64,
    messages: Messages,
    /// Messages and records of no data since the last data.
    aside: u8,
    warnings: u8,
    /// New keys are to be used before the next data, because the peer wants it or what has the old ones cannot go on.
    owes_update: bool,
}

/// Where the next keys come from.
pub(super) enum Keys {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

/// What was in a record.
pub(super) enum Opened<'a> {
    Data(&'a [u8]),
    /// Nothing for the reader.
    Aside,
    /// The peer sends no more data.
    End,
}

impl Records {
    pub(super) fn new(keys: Keys, secrets: ExtractedSecrets) -> Result<Self, Error> {
        let suite = match &keys {
            Keys::Client(keys) => keys.negotiated_cipher_suite(),
            Keys::Server(keys) => keys.negotiated_cipher_suite(),
        };
        let suite = suite.tls13().ok_or_else(|| Error::General("only TLS 1.3 is spoken here".into()))?;
        let ((sealed, to_seal), (opened, to_open)) = (secrets.tx, secrets.rx);
        Ok(Self {
            suite,
            opener: opener(suite, to_open)?,
            opened,
            sealer: sealer(suite, to_seal)?,
            sealed,
            messages: Messages::new(matches!(keys, Keys::Client(_))),
            keys,
            aside: 0,
            warnings: 0,
            // The session has sent tickets. A cipher may rely on seeing all records of its key in their order, as AWS-LC's
            // AES-GCM does, which counts from the first that it sees.
            owes_update: sealed > 0,
        })
    }

    /// Decrypts a whole record.
    pub(super) fn open<'a>(&mut self, record: &'a mut [u8]) -> Result<Opened<'a>, Error> {
        let sealed = record.get_mut(HEADER..).unwrap_or_default();
        let message = InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, sealed);
        let message = self.opener.decrypt(message, self.opened)?;
        self.opened += 1;
        if message.typ != ContentType::Handshake && self.messages.is_partial() {
            return Err(PeerMisbehaved::MessageInterleavedWithHandshakeMessage.into());
        }
        match message.typ {
            ContentType::ApplicationData if message.payload.is_empty() => {
                self.pass_over(PeerMisbehaved::TooManyEmptyFragments)?;
                Ok(Opened::Aside)
            }
            ContentType::ApplicationData => {
                self.aside = 0;
                Ok(Opened::Data(message.payload))
            }
            got_type @ (ContentType::Alert | ContentType::Handshake) if message.payload.is_empty() => {
                Err(Error::InappropriateMessage { expect_types: vec![ContentType::ApplicationData], got_type }) // (5.4)
            }
            ContentType::Alert => self.hear(message.payload),
            ContentType::Handshake => self.take(message.payload).map(|()| Opened::Aside),
            got_type => {
                let expect_types = vec![ContentType::ApplicationData, ContentType::Alert, ContentType::Handshake];
                Err(Error::InappropriateMessage { expect_types, got_type })
            }
        }
    }

    #[cfg(feature = "fuzzing")]
    pub(super) fn held(&self) -> usize {
        self.messages.held()
    }

    /// Whatever an alert says but an end is the end of the connection, and its level says nothing (6).
    fn hear(&mut self, alert: &[u8]) -> Result<Opened<'static>, Error> {
        let &[_, description] = alert else { return Err(InvalidMessage::MessageTooShort.into()) };
        match AlertDescription::from(description) {
            AlertDescription::CloseNotify => Ok(Opened::End),
            AlertDescription::UserCanceled if self.warnings < WARNINGS_MAX => {
                self.warnings += 1;
                Ok(Opened::Aside)
            }
            AlertDescription::UserCanceled => Err(PeerMisbehaved::TooManyWarningAlertsReceived.into()),
            description => Err(Error::AlertReceived(description)),
        }
    }

    /// What came is not for the reader; there is so much of that, `or` the connection ends.
    fn pass_over(&mut self, or: impl Into<Error>) -> Result<(), Error> {
        self.aside += 1;
        if self.aside > ASIDE_MAX { Err(or.into()) } else { Ok(()) }
    }

    fn take(&mut self, handshake: &[u8]) -> Result<(), Error> {
        self.messages.add(handshake);
        while let Some(message) = self.messages.next()? {
            self.pass_over(message.too_many())?;
            match (&mut self.keys, message) {
                (Keys::Client(keys), Message::Ticket(ticket)) => keys.handle_new_session_ticket(&ticket)?,
                (_, Message::Ticket(_)) => {}
                (_, Message::KeyUpdate { requested }) => self.follow(requested)?,
            }
        }
        Ok(())
    }

    /// The peer uses its next keys from here on (4.6.3).
    fn follow(&mut self, requested: bool) -> Result<(), Error> {
        self.owes_update |= requested;
        let (opened, secrets) = match &mut self.keys {
            Keys::Client(keys) => keys.update_rx_secret(),
            Keys::Server(keys) => keys.update_rx_secret(),
        }?;
        (self.opened, self.opener) = (opened, opener(self.suite, secrets)?);
        Ok(())
    }

    /// A record with data, and before it one that announces new keys, where these are due.
    pub(super) fn seal(&mut self, data: OutboundChunks<'_>, mut push: impl FnMut(Vec<u8>)) -> Result<(), Error> {
        if self.owes_update || self.sealed + 1 >= self.suite.common.confidentiality_limit {
            push(self.seal_one(ContentType::Handshake, OutboundChunks::Single(&KEY_UPDATE))?);
            let (sealed, secrets) = match &mut self.keys {
                Keys::Client(keys) => keys.update_tx_secret(),
                Keys::Server(keys) => keys.update_tx_secret(),
            }?;
            (self.sealed, self.sealer) = (sealed, sealer(self.suite, secrets)?);
            self.owes_update = false;
        }
        push(self.seal_one(ContentType::ApplicationData, data)?);
        Ok(())
    }

    /// A record with an alert. Nothing may follow it.
    pub(super) fn alert(&mut self, description: AlertDescription) -> Result<Vec<u8>, Error> {
        let level = if description == AlertDescription::CloseNotify { 1 } else { 2 };
        self.seal_one(ContentType::Alert, OutboundChunks::Single(&[level, description.into()]))
    }

    fn seal_one(&mut self, typ: ContentType, payload: OutboundChunks<'_>) -> Result<Vec<u8>, Error> {
        let message = OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload };
        let record = self.sealer.encrypt(message, self.sealed)?;
        self.sealed += 1;
        Ok(record.encode())
    }
}

/// The length of the record that begins with `bytes`, once its header came.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let Some(&[typ, version, _, high, low]) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    match ContentType::from(typ) {
        ContentType::ApplicationData => {}
        ContentType::Unknown(_) => return Err(InvalidMessage::InvalidContentType.into()),
        got_type => {
            return Err(Error::InappropriateMessage { expect_types: vec![ContentType::ApplicationData], got_type });
        }
    }
    if version != 3 {
        return Err(InvalidMessage::UnknownProtocolVersion.into());
    }
    match usize::from(u16::from_be_bytes([high, low])) {
        length if length > SEALED_MAX => Err(Error::PeerSentOversizedRecord),
        length => Ok(Some(HEADER + length)),
    }
}

/// What a peer is told who did this (6.2). None: it has given up itself.
pub(super) fn alert_for(error: &Error) -> Option<AlertDescription> {
    Some(match error {
        Error::AlertReceived(_) => return None,
        Error::DecryptError => AlertDescription::BadRecordMac,
        Error::PeerSentOversizedRecord => AlertDescription::RecordOverflow,
        Error::InvalidMessage(InvalidMessage::InvalidKeyUpdate) => AlertDescription::IllegalParameter,
        Error::InvalidMessage(_) => AlertDescription::DecodeError,
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } | Error::PeerMisbehaved(_) => {
            AlertDescription::UnexpectedMessage
        }
        _ => AlertDescription::InternalError,
    })
}

fn opener(suite: &Tls13CipherSuite, secrets: ConnectionTrafficSecrets) -> Result<Box<dyn MessageDecrypter>, Error> {
    key_and_iv(secrets).map(|(key, iv)| suite.aead_alg.decrypter(key, iv))
}

fn sealer(suite: &Tls13CipherSuite, secrets: ConnectionTrafficSecrets) -> Result<Box<dyn MessageEncrypter>, Error> {
    key_and_iv(secrets).map(|(key, iv)| suite.aead_alg.encrypter(key, iv))
}

fn key_and_iv(secrets: ConnectionTrafficSecrets) -> Result<(AeadKey, Iv), Error> {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => Ok((key, iv)),
        _ => Err(Error::General("a cipher that is not known here was agreed on".into())),
    }
}
