//! Follows the frames that a peer sends, by their headers alone (RFC 9113, 4.1), and finds floods of those that cost the
//! receiver work and the sender nothing.

use std::time::Instant;

use crate::http2::allowance::Allowance;
pub use crate::http2::allowance::Flood;

/// Frames without use that a peer may send at once.
const CREDIT: u32 = 1000;
/// Windows that it may widen at once for data that was not sent yet, such as those of streams that begin.
const UPDATES: u32 = 10_000;
/// What is sent may be answered by a wider window of its stream and one of the connection; whoever widens them by less than so
/// many bytes at a time wants it sent in pieces that cost more than they carry.
const UPDATE_LEAST: usize = 256;
const UPDATES_EACH: usize = 10;
const HEADER: usize = 9;
const PREFACE: usize = 24;
/// What any peer takes as one frame (RFC 9113, 4.2).
const FRAME_LEAST: usize = 16 * 1024;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;

/// Where in a peer's frames the next byte is.
#[derive(Clone, Debug)]
pub struct Frames {
    header: [u8; HEADER],
    have: usize,
    /// Bytes of the current frame, or of the preface, that are to come.
    skip: usize,
    /// Bytes of data so far, with their padding: what flow control counts.
    data: u64,
    credit: Allowance,
    updates: Allowance,
    /// What a reset costs: those of a server answer requests of ours.
    reset: u32,
    settings: Settings,
    goodbye: Goodbye,
}

/// How far the peer's latest goodbye is.
#[derive(Clone, Copy, Debug)]
struct Goodbye {
    last: [u8; 4],
    /// Bytes of it that have come; as many as it has where no goodbye has come.
    have: usize,
    said: bool,
}

impl Goodbye {
    const NONE: Self = Self { last: [0; 4], have: 4, said: false };

    /// Payload of its frame. It is there once its first part is.
    fn read(&mut self, payload: &[u8]) {
        let part = (self.last.len() - self.have).min(payload.len());
        self.last[self.have..self.have + part].copy_from_slice(&payload[..part]);
        self.have += part;
        self.said = self.have == self.last.len();
    }
}

/// How far the settings are with which a peer begins (RFC 9113, 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settings {
    Awaited,
    /// Their frame has begun.
    Begun,
    Complete,
}

impl Frames {
    /// Frames of a client, behind its preface.
    pub fn of_client(now: Instant) -> Self {
        // What a client resets again and again costs more than it gives, unless as many requests live on.
        Self { skip: PREFACE, reset: 2, ..Self::of_server(now) }
    }

    /// Frames of a server.
    pub fn of_server(now: Instant) -> Self {
        Self {
            header: [0; HEADER],
            have: 0,
            skip: 0,
            data: 0,
            credit: Allowance::of(CREDIT, now),
            updates: Allowance::of(UPDATES, now),
            reset: 0,
            settings: Settings::Awaited,
            goodbye: Goodbye::NONE,
        }
    }

    /// Bytes of data that came so far.
    pub fn data(&self) -> u64 {
        self.data
    }

    /// So many bytes of data went to the peer: it may answer each frame of them with a ping, as those do that measure the
    /// distance (gRPC does so all the time), and make room for as much again.
    pub fn sent(&mut self, length: usize) {
        self.credit.earn(length / FRAME_LEAST + 1);
        self.updates.earn(length / UPDATE_LEAST + UPDATES_EACH);
    }

    /// The client reset a stream that had lived for a while. Such streams are bounded by how many may be open at once, and what
    /// they cost is what any request costs: programs that run out of patience are no flood, however many share a connection.
    pub fn forgive(&mut self) {
        self.credit.earn(self.reset.saturating_sub(1) as usize);
    }

    /// Whether the settings with which the peer begins have come.
    pub fn has_settings(&self) -> bool {
        self.settings == Settings::Complete
    }

    /// The last stream that the peer took up, or still will, once it has said goodbye (RFC 9113, 6.8).
    pub fn last_stream(&self) -> Option<u32> {
        self.goodbye.said.then(|| u32::from_be_bytes(self.goodbye.last) & !(1 << 31))
    }

    /// Takes in the next bytes.
    pub fn read(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Flood> {
        loop {
            let skipped = self.skip.min(bytes.len());
            if self.goodbye.have < self.goodbye.last.len() {
                self.goodbye.read(&bytes[..skipped]);
            }
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            if self.skip == 0 && self.settings == Settings::Begun {
                self.settings = Settings::Complete;
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let part = (HEADER - self.have).min(bytes.len());
            self.header[self.have..self.have + part].copy_from_slice(&bytes[..part]);
            self.have += part;
            bytes = &bytes[part..];
            if self.have == HEADER {
                self.have = 0;
                self.frame(now)?;
            }
        }
    }

    fn frame(&mut self, now: Instant) -> Result<(), Flood> {
        let [a, b, c, kind, flags, ..] = self.header;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        self.skip = length;
        match kind {
            DATA if length > 0 => self.data += length as u64,
            DATA if flags & END_STREAM != 0 => {}
            HEADERS => {
                self.credit.earn(1);
                self.updates.earn(UPDATES_EACH);
            }
            RST_STREAM => return self.credit.spend(self.reset, now),
            PING | SETTINGS if flags & ACK != 0 => {}
            SETTINGS if self.settings == Settings::Awaited => self.settings = Settings::Begun,
            GOAWAY if length >= self.goodbye.last.len() => {
                self.goodbye.have = 0;
                return self.credit.spend(1, now);
            }
            WINDOW_UPDATE => return self.updates.spend(1, now),
            PRIORITY | PING | SETTINGS => return self.credit.spend(1, now),
            // Continuations, empty data, and frames that nobody knows.
            _ => return self.credit.spend(1, now),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
