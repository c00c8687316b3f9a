//! What the other side hears of a stream: only what it may say, in an order that makes sense.

use super::party::Party;
use super::suites::LIMIT;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const NEW_SESSION_TICKET: u8 = 4;
const CLOSE_NOTIFY: [u8; 2] = [1, 0];
const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// Everything that was heard.
#[derive(Default)]
pub struct Heard {
    /// Data.
    pub data: Vec<u8>,
    /// The alert, after which there is nothing.
    pub alert: Option<[u8; 2]>,
    /// New keys that wear does not explain.
    pub answers: u32,
    /// The handshake has tickets, which come before all else.
    pub tickets: bool,
    bytes: Vec<u8>,
}

impl Heard {
    /// Nothing yet.
    pub fn new(tickets: bool) -> Self {
        Self { tickets, ..Self::default() }
    }

    /// The stream has written this.
    pub fn take(&mut self, bytes: &[u8], by: &mut Party) {
        self.bytes.extend_from_slice(bytes);
        while let Some(&[typ, 3, 3, high, low]) = self.bytes.first_chunk::<5>() {
            assert_eq!(typ, DATA, "what is written is protected");
            let length = 5 + usize::from(u16::from_be_bytes([high, low]));
            if self.bytes.len() < length {
                return;
            }
            let mut record: Vec<u8> = self.bytes.drain(..length).collect();
            let (typ, content) = by.open(&mut record).expect("the record has its number and its key");
            self.record(typ, &content, by);
        }
        assert!(self.bytes.len() < 5, "no header of a record");
    }

    fn record(&mut self, typ: u8, content: &[u8], by: &mut Party) {
        assert_eq!(self.alert, None, "an alert is the last word");
        assert!(by.opened() <= LIMIT, "a key is used too often");
        match (typ, content) {
            (DATA, []) => panic!("a record says nothing"),
            (DATA, data) => self.data.extend_from_slice(data),
            (ALERT, &[level, description]) => self.alert = Some([level, description]),
            (HANDSHAKE, [NEW_SESSION_TICKET, ..]) => assert!(self.tickets && self.data.is_empty(), "a ticket"),
            (HANDSHAKE, content) => {
                assert_eq!(content, KEY_UPDATE);
                self.answers += u32::from(by.opened() < LIMIT);
                by.follow();
            }
            _ => panic!("a record of type {typ} with {content:?}"),
        }
    }

    /// Whether a part of a record was heard.
    pub fn is_partial(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Whether it was told that nothing more comes.
    pub fn is_closed(&self) -> bool {
        self.alert == Some(CLOSE_NOTIFY)
    }
}
