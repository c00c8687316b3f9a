//! HTTP/2 with prior knowledge (RFC 9113), one stream at a time, as far as it is needed here.

use std::io::{BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::TcpStream;

use crate::Client;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED_OR_PRIORITY: u8 = 0x28;
const WINDOW_MAX: u32 = 0x7fff_ffff;
const WINDOW_FIRST: u32 = 65_535;
/// The connection's window is filled up again after so many bytes.
const REFILL: u32 = 1 << 30;
/// The largest frame that a server may send, as we allow no larger ones (SETTINGS_MAX_FRAME_SIZE).
const FRAME_MAX: usize = 16 * 1024;
/// Fields of the static table (RFC 7541, appendix A).
const METHOD_GET: u8 = 0x82;
const SCHEME_HTTP: u8 = 0x86;
const STATUS_200: u8 = 0x88;
const PATH: u8 = 0x04;
const AUTHORITY: u8 = 0x01;

pub(crate) struct Http2 {
    reader: BufReader<TcpStream>,
    request: Vec<u8>,
    size: usize,
    stream: u32,
    unacknowledged: u32,
    payload: Vec<u8>,
}

impl Http2 {
    pub(crate) fn begin(mut socket: TcpStream, authority: &str, size: usize) -> Result<Self> {
        // No dynamic table, no push, windows as large as can be.
        let settings = [(1, 0), (2, 0), (4, WINDOW_MAX)];
        let settings: Vec<u8> = settings.iter().flat_map(|(id, value)| setting(*id, *value)).collect();
        let mut first = PREFACE.to_vec();
        first.extend(frame(SETTINGS, 0, 0, &settings));
        first.extend(frame(WINDOW_UPDATE, 0, 0, &(WINDOW_MAX - WINDOW_FIRST).to_be_bytes()));
        socket.write_all(&first)?;
        let mut request = vec![METHOD_GET, SCHEME_HTTP];
        for (name, value) in [(PATH, format!("/{size}")), (AUTHORITY, authority.to_owned())] {
            let length = u8::try_from(value.len()).ok().filter(|length| *length < 0x7f);
            request.extend([name, length.ok_or_else(|| unexpected("length of a name"))?]);
            request.extend(value.as_bytes());
        }
        let reader = BufReader::with_capacity(4 * FRAME_MAX, socket);
        Ok(Self { reader, request, size, stream: 1, unacknowledged: 0, payload: Vec::new() })
    }

    /// Type, flags and stream; the payload is in `self.payload`.
    fn read(&mut self) -> Result<(u8, u8, u32)> {
        let mut head = [0; 9];
        self.reader.read_exact(&mut head)?;
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        if length > FRAME_MAX {
            return Err(unexpected("size of a frame"));
        }
        self.payload.resize(length, 0);
        self.reader.read_exact(&mut self.payload)?;
        Ok((kind, flags, u32::from_be_bytes([s0 & 0x7f, s1, s2, s3])))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// What concerns the connection.
    fn attend(&mut self, kind: u8, flags: u8) -> Result<()> {
        match kind {
            SETTINGS if flags & ACK == 0 => self.write(&frame(SETTINGS, ACK, 0, &[])),
            PING if flags & ACK == 0 => self.write(&frame(PING, ACK, 0, &self.payload)),
            GOAWAY => Err(unexpected("GOAWAY")),
            DATA => {
                self.unacknowledged += u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
                if self.unacknowledged < REFILL {
                    return Ok(());
                }
                let increment = std::mem::take(&mut self.unacknowledged);
                self.write(&frame(WINDOW_UPDATE, 0, 0, &increment.to_be_bytes()))
            }
            _ => Ok(()),
        }
    }
}

impl Client for Http2 {
    fn get(&mut self) -> Result<()> {
        let stream = self.stream;
        self.stream += 2;
        self.write(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &self.request))?;
        let (mut body, mut ok) = (0, false);
        loop {
            let (kind, flags, of) = self.read()?;
            self.attend(kind, flags)?;
            if of != stream {
                continue;
            }
            match kind {
                HEADERS if flags & PADDED_OR_PRIORITY == 0 => ok |= is_200(&self.payload),
                HEADERS => return Err(unexpected("padding")),
                DATA => body += self.payload.len(),
                RST_STREAM => return Err(unexpected("reset")),
                _ => continue,
            }
            if kind != RST_STREAM && flags & END_STREAM != 0 {
                return if ok && body == self.size { Ok(()) } else { Err(unexpected("answer")) };
            }
        }
    }
}

/// Whether a block of fields begins with status 200. Updates of the table's size may come before (RFC 7541, 6.3).
fn is_200(block: &[u8]) -> bool {
    block.iter().find(|byte| **byte & 0xe0 != 0x20) == Some(&STATUS_200)
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    [id.to_be_bytes().as_slice(), value.to_be_bytes().as_slice()].concat()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, l0, l1, l2] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let [s0, s1, s2, s3] = stream.to_be_bytes();
    [[l0, l1, l2, kind, flags, s0, s1, s2, s3].as_slice(), payload].concat()
}

fn unexpected(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("unexpected {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_behind_updates_of_the_table() {
        assert!(is_200(&[0x88, 0x76]));
        assert!(is_200(&[0x20, 0x88]));
        assert!(!is_200(&[0x20, 0x8d]));
        assert!(!is_200(&[]));
    }

    #[test]
    fn a_frame_has_its_length_in_front() {
        assert_eq!(frame(PING, ACK, 0, &[7; 8])[..9], [0, 0, 8, 6, 1, 0, 0, 0, 0]);
        assert_eq!(frame(DATA, 0, 0x0102_0305, &[])[5..], [1, 2, 3, 5]);
    }
}
