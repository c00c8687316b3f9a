//! Messages of a peer after its handshake (RFC 8446, 4.6), which may come in pieces.

use rustls::{Error, HandshakeType, InvalidMessage, PeerMisbehaved};

/// The type of a message and its length (4).
const HEADER: usize = 4;
/// A ticket that is longer is an attack.
const TICKET_MAX: usize = 16 * 1024;
/// From here on the next keys are used; the peer's stay as they are (4.6.3).
pub(super) const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// What a peer may say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// For another connection later.
    Ticket(Vec<u8>),
    /// The peer uses its next keys; if `requested`, we are to do so, too.
    KeyUpdate { requested: bool },
}

impl Message {
    /// What a peer is to hear that says this again and again.
    pub(super) fn too_many(&self) -> Error {
        match self {
            Message::Ticket(_) => unexpected(HandshakeType::NewSessionTicket),
            Message::KeyUpdate { .. } => PeerMisbehaved::TooManyKeyUpdateRequests.into(),
        }
    }
}

fn unexpected(got_type: HandshakeType) -> Error {
    Error::InappropriateHandshakeMessage { expect_types: vec![HandshakeType::KeyUpdate], got_type }
}

/// What came and was not a whole message yet. Bounded: only known messages are collected, to their longest.
pub(super) struct Messages {
    /// Tickets come from servers only.
    tickets: bool,
    bytes: Vec<u8>,
}

impl Messages {
    /// Those to a client, or to a server.
    pub(super) fn new(of_client: bool) -> Self {
        Self { tickets: of_client, bytes: Vec::new() }
    }

    /// Whether a message has begun.
    pub(super) fn is_partial(&self) -> bool {
        !self.bytes.is_empty()
    }

    #[cfg(feature = "fuzzing")]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// What a record held. All whole messages are taken out before the next.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub(super) fn next(&mut self) -> Result<Option<Message>, Error> {
        let Some(&[typ, high, middle, low]) = self.bytes.first_chunk::<HEADER>() else { return Ok(None) };
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        let typ = HandshakeType::from(typ);
        match typ {
            HandshakeType::KeyUpdate if length == 1 => {}
            HandshakeType::KeyUpdate => return Err(InvalidMessage::InvalidKeyUpdate.into()),
            HandshakeType::NewSessionTicket if self.tickets && length <= TICKET_MAX => {}
            HandshakeType::NewSessionTicket if self.tickets => {
                return Err(InvalidMessage::HandshakePayloadTooLarge.into());
            }
            other => return Err(unexpected(other)),
        }
        if self.bytes.len() < HEADER + length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(HEADER + length);
        let message = std::mem::replace(&mut self.bytes, rest);
        if typ == HandshakeType::NewSessionTicket {
            return Ok(Some(Message::Ticket(message[HEADER..].to_vec())));
        }
        if self.is_partial() {
            // What follows would be under other keys (5.1).
            return Err(PeerMisbehaved::KeyEpochWithPendingFragment.into());
        }
        match message[HEADER] {
            requested @ (0 | 1) => Ok(Some(Message::KeyUpdate { requested: requested == 1 })),
            _ => Err(InvalidMessage::InvalidKeyUpdate.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All messages in these records.
    fn read(of_client: bool, records: &[&[u8]]) -> Result<(Vec<Message>, bool), Error> {
        let mut messages = Messages::new(of_client);
        let mut seen = Vec::new();
        for record in records {
            messages.add(record);
            while let Some(message) = messages.next()? {
                seen.push(message);
            }
        }
        Ok((seen, messages.is_partial()))
    }

    #[test]
    fn messages_may_share_a_record_or_be_cut_at_every_byte() {
        let bytes = [4, 0, 0, 2, 7, 8, 4, 0, 0, 0, 24, 0, 0, 1, 1];
        let all = || vec![Message::Ticket(vec![7, 8]), Message::Ticket(vec![]), Message::KeyUpdate { requested: true }];
        assert_eq!(read(true, &[&bytes]), Ok((all(), false)));
        for cut in 1..bytes.len() {
            let (first, second) = bytes.split_at(cut);
            assert_eq!(read(true, &[first, second]), Ok((all(), false)), "cut after {cut}");
            assert!(read(true, &[first]).unwrap().1 || matches!(cut, 6 | 10), "cut after {cut}");
        }
        assert_eq!(read(false, &[&KEY_UPDATE]), Ok((vec![Message::KeyUpdate { requested: false }], false)));
    }

    #[test]
    fn what_is_not_expected_is_refused_by_its_first_bytes() {
        for wrong in [[24, 0, 0, 2], [24, 0, 0, 0], [4, 0, 0x40, 1], [1, 0, 0, 1], [20, 0, 0, 1], [99, 0, 0, 1]] {
            assert!(read(true, &[&wrong]).is_err(), "{wrong:?}");
        }
        assert!(read(false, &[&[4, 0, 0, 0]]).is_err(), "a client gives no tickets");
        assert!(read(false, &[&[24, 0, 0, 1, 2]]).is_err());
        assert!(read(false, &[&[24, 0, 0, 1, 0, 24]]).is_err(), "nothing may stand behind new keys");
    }
}
