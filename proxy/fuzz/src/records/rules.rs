//! What a side of TLS 1.3 must make of the records that it receives after its handshake (RFC 8446, 4.6, 5 and 6), by somebody
//! who shares no line with the proxy.

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;
const USER_CANCELED: u8 = 90;
/// Bytes in a record (5.1).
const CONTENT_MAX: usize = 1 << 14;
/// Messages and records of no data between two of data; warnings in all: the proxy's own bounds.
const ASIDE_MAX: u32 = 32;
const WARNINGS_MAX: u32 = 4;
const TICKET_MAX: usize = 16 * 1024;

/// A ticket that every client understands: a lifetime of an hour, no nonce, one byte, no extensions.
pub const TICKET: [u8; 18] = [NEW_SESSION_TICKET, 0, 0, 14, 0, 0, 14, 16, 1, 2, 3, 4, 0, 0, 1, 7, 0, 0];

/// Where the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// More may come.
    Open,
    /// The sender has said that nothing more comes.
    Ended,
    /// The sender broke a rule; `told`: it is to be told so, since it has not given up itself.
    Broken {
        /// See above.
        told: bool,
    },
}

/// A receiver.
pub struct Rules {
    /// The data of all records that count.
    pub data: Vec<u8>,
    /// So much of it must be read at least: what follows is doubtful.
    pub sure: Option<usize>,
    /// Now.
    pub state: State,
    /// How often new keys were asked for.
    pub asked: u32,
    /// How often the sender's keys have changed, by its word.
    pub changes: u32,
    is_client: bool,
    partial: Vec<u8>,
    aside: u32,
    warnings: u32,
}

impl Rules {
    /// Nothing has come.
    pub fn new(is_client: bool) -> Self {
        Self {
            data: Vec::new(),
            sure: None,
            state: State::Open,
            asked: 0,
            changes: 0,
            is_client,
            partial: Vec::new(),
            aside: 0,
            warnings: 0,
        }
    }

    /// Whether a message has begun.
    pub fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Something came that is no record under the keys and with the number that are due.
    pub fn forged(&mut self) {
        if self.state == State::Open {
            self.state = State::Broken { told: true };
        }
    }

    /// A record came with this inside: content, type, padding.
    pub fn take(&mut self, inner: &[u8]) {
        if self.state == State::Open
            && let Err(state) = self.record(inner)
        {
            self.state = state;
        }
    }

    fn record(&mut self, inner: &[u8]) -> Result<(), State> {
        const BROKEN: State = State::Broken { told: true };
        let end = inner.iter().rposition(|byte| *byte != 0).ok_or(BROKEN)?;
        let (content, typ) = (&inner[..end], inner[end]);
        if inner.len() > CONTENT_MAX + 1 || (typ != HANDSHAKE && self.is_partial()) {
            return Err(BROKEN);
        }
        match typ {
            DATA if content.is_empty() => self.aside(),
            DATA => {
                self.data.extend_from_slice(content);
                self.aside = 0;
                Ok(())
            }
            ALERT => match *content {
                [_, 0] => Err(State::Ended),
                [_, USER_CANCELED] if self.warnings < WARNINGS_MAX => {
                    self.warnings += 1;
                    Ok(())
                }
                [_, USER_CANCELED] => Err(BROKEN),
                [_, _] => Err(State::Broken { told: false }),
                _ => Err(BROKEN),
            },
            HANDSHAKE if !content.is_empty() => {
                self.partial.extend_from_slice(content);
                while let Some(length) = self.message().ok_or(BROKEN)? {
                    self.aside()?;
                    let message: Vec<u8> = self.partial.drain(..length).collect();
                    self.understand(&message).ok_or(BROKEN)?;
                }
                Ok(())
            }
            _ => Err(BROKEN),
        }
    }

    fn aside(&mut self) -> Result<(), State> {
        self.aside += 1;
        if self.aside > ASIDE_MAX { Err(State::Broken { told: true }) } else { Ok(()) }
    }

    /// The length of the first message, if it is whole. `None`: it must not come.
    fn message(&self) -> Option<Option<usize>> {
        let [typ, a, b, c, ..] = self.partial[..] else { return Some(None) };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let is_known = match typ {
            KEY_UPDATE => length == 1,
            NEW_SESSION_TICKET => self.is_client && length <= TICKET_MAX,
            _ => false,
        };
        is_known.then(|| (self.partial.len() >= 4 + length).then_some(4 + length))
    }

    fn understand(&mut self, message: &[u8]) -> Option<()> {
        match message {
            [KEY_UPDATE, .., asked @ (0 | 1)] if !self.is_partial() => {
                self.asked += u32::from(*asked);
                self.changes += 1;
                Some(())
            }
            [KEY_UPDATE, ..] => None,
            ticket => {
                if ticket != TICKET {
                    // Whether it makes sense is not known here.
                    self.sure.get_or_insert(self.data.len());
                }
                Some(())
            }
        }
    }
}
