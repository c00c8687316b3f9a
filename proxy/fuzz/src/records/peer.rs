//! The peer of a stream: what it sends, and what the stream must make of that.

use super::moves::Move;
use super::party::Party;
use super::rules::{Rules, TICKET};
use super::text;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
/// The header's second byte of version, which says nothing (RFC 8446, 5.1).
const IGNORED: usize = 2;

/// After its handshake.
pub struct Peer {
    /// Its keys.
    pub party: Party,
    /// What a receiver makes of all that was sent.
    pub rules: Rules,
    /// Sent, and not there yet.
    pub sent: Vec<u8>,
    /// Bytes were sent that may be the beginning of what never comes whole.
    pub is_raw: bool,
    /// How often it has taken new keys.
    changes: u32,
    /// Bytes of data it has sent.
    said: usize,
}

impl Peer {
    /// Nothing is sent yet.
    pub fn new(party: Party, rules: Rules) -> Self {
        Self { party, rules, sent: Vec::new(), is_raw: false, changes: 0, said: 0 }
    }

    /// Does what a move wants of it. `false`: nothing, it is the stream's move.
    pub fn send(&mut self, what: &Move<'_>) -> bool {
        match *what {
            Move::Data(length) => self.data(length, 0),
            Move::Padded(length, padding) => self.data(length, padding),
            Move::Inner(inner) => self.inner(inner),
            Move::Message(message) => self.record(HANDSHAKE, message),
            Move::Update(asks) => {
                self.record(HANDSHAKE, &[24, 0, 0, 1, asks.into()]);
                self.change_keys();
            }
            Move::Tickets(count) => self.record(HANDSHAKE, &TICKET.repeat(count)),
            Move::Alert(alert) => self.record(ALERT, &alert),
            Move::Bare(bytes) => self.forge(bytes),
            Move::Flipped(bit) => self.flip(bit),
            Move::Silently => self.change_keys(),
            _ => return false,
        }
        true
    }

    fn data(&mut self, length: usize, padding: usize) {
        let mut inner: Vec<u8> = text(self.said, length).collect();
        self.said += length;
        inner.push(DATA);
        inner.resize(inner.len() + padding, 0);
        self.inner(&inner);
    }

    fn record(&mut self, typ: u8, content: &[u8]) {
        self.inner(&[content, &[typ]].concat());
    }

    fn inner(&mut self, inner: &[u8]) {
        let record = self.party.seal(inner);
        self.sent.extend(record);
        self.counts(inner);
    }

    /// A record that is whole and true, if its key is the one that the receiver has.
    fn counts(&mut self, inner: &[u8]) {
        match self.changes == self.rules.changes {
            true => self.rules.take(inner),
            false => self.rules.forged(),
        }
    }

    fn forge(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        self.is_raw = true;
        self.rules.forged();
    }

    fn flip(&mut self, bit: usize) {
        let inner = [b"12345", &[DATA][..]].concat();
        let mut record = self.party.seal(&inner);
        let at = bit / 8 % record.len();
        record[at] ^= 1 << (bit % 8);
        match at == IGNORED {
            true => {
                self.sent.extend(record);
                self.counts(&inner);
            }
            false => self.forge(&record),
        }
    }

    fn change_keys(&mut self) {
        self.party.change_keys();
        self.changes += 1;
    }
}
