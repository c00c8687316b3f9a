//! Follows the frames that a peer sends, by their headers alone (RFC 9113, 4.1), and finds floods of those that cost the
//! receiver work and the sender nothing.

use std::time::{Duration, Instant};

/// Frames without use that a peer may send at once; that many more each `REFILL`.
const CREDIT: u32 = 1000;
const REFILL: Duration = Duration::from_secs(5);
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
    credit: u32,
    refilled: Instant,
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

/// The peer sends more frames without use than any program needs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a flood of frames")]
pub struct Flood;

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
            credit: CREDIT,
            refilled: now,
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
    /// distance (gRPC does so all the time).
    pub fn sent(&mut self, length: usize) {
        let frames = u32::try_from(length / FRAME_LEAST).unwrap_or(CREDIT);
        self.credit = self.credit.saturating_add(frames).saturating_add(1).min(CREDIT);
    }

    /// The client reset a stream that had lived for a while. Such streams are bounded by how many may be open at once, and what
    /// they cost is what any request costs: programs that run out of patience are no flood, however many share a connection.
    pub fn forgive(&mut self) {
        self.credit = self.credit.saturating_add(self.reset.saturating_sub(1)).min(CREDIT);
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
            HEADERS => self.credit = (self.credit + 1).min(CREDIT),
            RST_STREAM => return self.spend(self.reset, now),
            PING | SETTINGS if flags & ACK != 0 => {}
            SETTINGS if self.settings == Settings::Awaited => self.settings = Settings::Begun,
            GOAWAY if length >= self.goodbye.last.len() => {
                self.goodbye.have = 0;
                return self.spend(1, now);
            }
            WINDOW_UPDATE => {} // as many as the data that they answer
            PRIORITY | PING | SETTINGS => return self.spend(1, now),
            // Continuations, empty data, and frames that nobody knows.
            _ => return self.spend(1, now),
        }
        Ok(())
    }

    fn spend(&mut self, cost: u32, now: Instant) -> Result<(), Flood> {
        if self.credit < cost && now.saturating_duration_since(self.refilled) >= REFILL {
            self.refilled = now;
            self.credit = CREDIT;
        }
        self.credit = self.credit.checked_sub(cost).ok_or(Flood)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![0, (length >> 8) as u8, length as u8, kind, flags, 0, 0, 0, 1];
        frame.resize(HEADER + length, 7);
        frame
    }

    fn read(frames: &[Vec<u8>], count: usize) -> Result<u64, Flood> {
        let now = Instant::now();
        let mut read = Frames::of_client(now);
        read.read(&[0; PREFACE], now)?;
        for _ in 0..count {
            for frame in frames {
                read.read(frame, now)?;
            }
        }
        Ok(read.data())
    }

    #[test]
    fn what_programs_send_passes_however_much_it_is() {
        let request = [frame(HEADERS, 4, 30), frame(DATA, 0, 1000), frame(DATA, END_STREAM, 0)];
        assert_eq!(read(&request, 10_000), Ok(10_000_000));
        let download = [frame(WINDOW_UPDATE, 0, 4), frame(PING, ACK, 8), frame(SETTINGS, ACK, 0)];
        assert_eq!(read(&download, 100_000), Ok(0));
        let half_cancelled = [frame(HEADERS, 4, 30), frame(HEADERS, 5, 30), frame(RST_STREAM, 0, 4)];
        assert_eq!(read(&half_cancelled, 10_000), Ok(0));
    }

    #[test]
    fn floods_are_found() {
        for (kind, flags, length) in [
            (PING, 0, 8),
            (SETTINGS, 0, 6),
            (PRIORITY, 0, 5),
            (DATA, 0, 0),
            (RST_STREAM, 0, 4),
            (GOAWAY, 0, 8),
            (9, 0, 10),
            (77, 0, 3),
        ] {
            assert_eq!(read(&[frame(kind, flags, length)], 100), Ok(0), "{kind}");
            assert_eq!(read(&[frame(kind, flags, length)], 1100), Err(Flood), "{kind}");
        }
        let rapid_reset = [frame(HEADERS, 5, 30), frame(RST_STREAM, 0, 4)];
        assert_eq!(read(&rapid_reset, 1100), Err(Flood));
    }

    #[test]
    fn requests_that_are_given_up_after_a_while_are_no_flood_and_rapid_resets_between_them_are() {
        let now = Instant::now();
        let mut client = Frames::of_client(now);
        client.read(&[0; PREFACE], now).unwrap();
        let given_up = [frame(HEADERS, 5, 30), frame(RST_STREAM, 0, 4)].concat();
        for _ in 0..10_000 {
            assert_eq!(client.read(&given_up, now), Ok(()));
            client.forgive();
        }
        let mixed = (0..5000).try_for_each(|_| {
            client.read(&given_up.repeat(2), now)?;
            client.forgive();
            Ok(())
        });
        assert_eq!(mixed, Err(Flood));
    }

    #[test]
    fn a_peer_s_first_settings_are_there_once_they_are_complete() {
        let now = Instant::now();
        let bytes = [frame(SETTINGS, 0, 12), frame(SETTINGS, ACK, 0)].concat();
        for cut in 0..=bytes.len() {
            let mut read = Frames::of_server(now);
            read.read(&bytes[..cut], now).unwrap();
            assert_eq!(read.has_settings(), cut >= HEADER + 12, "cut at {cut}");
        }
        let mut read = Frames::of_server(now);
        read.read(&frame(SETTINGS, ACK, 0), now).unwrap();
        assert!(!read.has_settings(), "an acknowledgement is none");
        read.read(&frame(SETTINGS, 0, 0), now).unwrap();
        assert!(read.has_settings(), "they may be empty");
    }

    #[test]
    fn a_goodbye_tells_the_last_stream_wherever_it_is_cut() {
        let now = Instant::now();
        let goodbye = |last: u32| [&[0, 0, 8, GOAWAY, 0, 0, 0, 0, 0][..], &last.to_be_bytes(), &[0; 4]].concat();
        let bytes = [frame(SETTINGS, 0, 0), goodbye(u32::MAX), goodbye(39), frame(DATA, 1, 7)].concat();
        let first = 2 * HEADER + 4;
        let second = first + 4 + HEADER + 4;
        for cut in 0..=bytes.len() {
            let mut read = Frames::of_server(now);
            read.read(&bytes[..cut], now).unwrap();
            let expected = match cut {
                cut if cut >= second => Some(39),
                cut if cut >= first => Some(u32::MAX >> 1),
                _ => None,
            };
            // While a later one is on its way, none is known.
            assert!(read.last_stream() == expected || cut > first && read.last_stream().is_none(), "cut at {cut}");
            read.read(&bytes[cut..], now).unwrap();
            assert_eq!(read.last_stream(), Some(39), "cut at {cut}");
        }
        let mut read = Frames::of_server(now);
        read.read(&[0, 0, 2, GOAWAY, 0, 0, 0, 0, 0, 1, 2], now).unwrap();
        assert_eq!(read.last_stream(), None, "too short to be one");
    }

    #[test]
    fn a_ping_for_each_piece_is_no_flood_and_neither_are_refusals() {
        let now = Instant::now();
        let (mut client, mut server) = (Frames::of_client(now), Frames::of_server(now));
        client.read(&[0; PREFACE], now).unwrap();
        for _ in 0..5000 {
            client.sent(10);
            assert_eq!(client.read(&frame(PING, 0, 8), now), Ok(()));
            assert_eq!(server.read(&frame(RST_STREAM, 0, 4), now), Ok(()));
        }
    }

    #[test]
    fn a_quiet_peer_gets_new_credit() {
        let now = Instant::now();
        let mut read = Frames::of_server(now);
        let ping = frame(PING, 0, 8);
        for second in 0..1000 {
            for _ in 0..100 {
                assert_eq!(read.read(&ping, now + Duration::from_secs(second)), Ok(()), "{second}");
            }
        }
    }

    #[test]
    fn any_split_counts_the_same() {
        let now = Instant::now();
        let bytes = [vec![0; PREFACE], frame(DATA, 0, 40), frame(HEADERS, 4, 3), frame(DATA, 1, 2)].concat();
        for cut in 0..=bytes.len() {
            let mut read = Frames::of_client(now);
            read.read(&bytes[..cut], now).unwrap();
            read.read(&bytes[cut..], now).unwrap();
            assert_eq!(read.data(), 42, "cut at {cut}");
        }
    }
}
