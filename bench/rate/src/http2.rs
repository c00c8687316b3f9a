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
const METHOD_POST: u8 = 0x83;
const SCHEME_HTTP: u8 = 0x86;
const STATUS_200: u8 = 0x88;
const PATH: u8 = 0x04;
const AUTHORITY: u8 = 0x01;
/// `content-type` is entry 31: a name of the table that does not fit into four bits (RFC 7541, 6.2.2).
const CONTENT_TYPE: [u8; 2] = [0x0f, 0x10];
/// A name that is not of the table follows.
const NEW_NAME: u8 = 0x00;
/// What gRPC puts before a message: compressed or not, and the length.
const GRPC_PREFIX: usize = 5;
/// A field of type bytes with number 1 (Protocol Buffers).
const FIELD_BYTES: u8 = 0x0a;

/// What is asked for, and how its answer is recognised.
struct Ask {
    fields: Vec<u8>,
    /// Of the request; none with GET.
    body: Option<Vec<u8>>,
    /// Bytes of the answer.
    size: usize,
    /// Whether the answer has to end with trailers: a gRPC call that fails has no message before them.
    trailers: bool,
}

pub(crate) struct Http2 {
    reader: BufReader<TcpStream>,
    ask: Ask,
    stream: u32,
    unacknowledged: u32,
    payload: Vec<u8>,
}

impl Http2 {
    /// Asks for `/SIZE`.
    pub(crate) fn get(socket: TcpStream, authority: &str, size: usize) -> Result<Self> {
        let fields = fields(METHOD_GET, &format!("/{size}"), authority)?;
        Self::begin(socket, Ask { fields, body: None, size, trailers: false })
    }

    /// Calls a gRPC method that answers with its own message, which holds `size` bytes.
    pub(crate) fn call(socket: TcpStream, authority: &str, size: usize) -> Result<Self> {
        let mut fields = fields(METHOD_POST, "/bench.Echo/Unary", authority)?;
        fields.extend(CONTENT_TYPE);
        fields.extend(text("application/grpc")?);
        fields.push(NEW_NAME);
        fields.extend([text("te")?, text("trailers")?].concat());
        let body = message(size);
        if body.len() > FRAME_MAX {
            return Err(unexpected("size of a message")); // it goes out in one frame
        }
        Self::begin(socket, Ask { fields, size: body.len(), body: Some(body), trailers: true })
    }

    fn begin(mut socket: TcpStream, ask: Ask) -> Result<Self> {
        // No dynamic table, no push, windows as large as can be.
        let settings = [(1, 0), (2, 0), (4, WINDOW_MAX)];
        let settings: Vec<u8> = settings.iter().flat_map(|(id, value)| setting(*id, *value)).collect();
        let mut first = PREFACE.to_vec();
        first.extend(frame(SETTINGS, 0, 0, &settings));
        first.extend(frame(WINDOW_UPDATE, 0, 0, &(WINDOW_MAX - WINDOW_FIRST).to_be_bytes()));
        socket.write_all(&first)?;
        let reader = BufReader::with_capacity(4 * FRAME_MAX, socket);
        Ok(Self { reader, ask, stream: 1, unacknowledged: 0, payload: Vec::new() })
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

    /// The whole request in one write.
    fn send(&mut self, stream: u32) -> Result<()> {
        let request = match &self.ask.body {
            None => frame(HEADERS, END_STREAM | END_HEADERS, stream, &self.ask.fields),
            Some(body) => {
                [frame(HEADERS, END_HEADERS, stream, &self.ask.fields), frame(DATA, END_STREAM, stream, body)].concat()
            }
        };
        self.write(&request)
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
    fn ask(&mut self) -> Result<()> {
        let stream = self.stream;
        self.stream += 2;
        self.send(stream)?;
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
            if flags & END_STREAM != 0 {
                let whole = ok && body == self.ask.size && (kind == HEADERS || !self.ask.trailers);
                return if whole { Ok(()) } else { Err(unexpected("answer")) };
            }
        }
    }
}

fn fields(method: u8, path: &str, authority: &str) -> Result<Vec<u8>> {
    Ok([[method, SCHEME_HTTP, PATH].as_slice(), &text(path)?, &[AUTHORITY], &text(authority)?].concat())
}

/// A text as it is, without Huffman's code (RFC 7541, 5.2).
fn text(value: &str) -> Result<Vec<u8>> {
    let length = u8::try_from(value.len()).ok().filter(|length| *length < 0x7f);
    Ok([&[length.ok_or_else(|| unexpected("length of a field"))?], value.as_bytes()].concat())
}

/// A message of gRPC with one field of `size` bytes.
fn message(size: usize) -> Vec<u8> {
    let mut message = vec![FIELD_BYTES];
    let mut left = size;
    while left >= 0x80 {
        message.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    message.push(left as u8);
    message.resize(message.len() + size, b'x');
    let mut framed = vec![0; GRPC_PREFIX];
    framed[1..].copy_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend(message);
    framed
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
    fn a_message_tells_its_length_twice() {
        assert_eq!(message(2), [0, 0, 0, 0, 4, FIELD_BYTES, 2, b'x', b'x']);
        assert_eq!(message(200)[..8], [0, 0, 0, 0, 203, FIELD_BYTES, 0xc8, 0x01]);
    }

    #[test]
    fn a_frame_has_its_length_in_front() {
        assert_eq!(frame(PING, ACK, 0, &[7; 8])[..9], [0, 0, 8, 6, 1, 0, 0, 0, 0]);
        assert_eq!(frame(DATA, 0, 0x0102_0305, &[])[5..], [1, 2, 3, 5]);
    }
}
