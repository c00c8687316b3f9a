//! Follows the chunked coding of a body (RFC 9112, 7.1). Stricter than the RFC asks of a recipient: every line ends in CRLF.

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE, EXPECT, HOST,
    SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName};

use crate::http1::fields;

/// Bytes of one chunk's extensions, which nobody uses.
const EXTENSION_MAX: usize = 256;
/// Bytes of the trailer section.
const TRAILERS_MAX: usize = 16 * 1024;
/// Lines of the trailer section.
const TRAILER_LINES_MAX: usize = 128;
/// Digits that a chunk's size needs at most.
const DIGITS_MAX: u8 = 15;

/// Where in a chunked body its next byte is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunks {
    at: At,
    size: u64,
    digits: u8,
    /// Bytes so far of an extension.
    extension: usize,
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size,
    /// White space after the size, which only an extension may follow.
    SizePad,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    /// The start of a trailer line.
    Trailer,
    TrailerLine,
    TrailerLineEnd,
    LastEnd,
    Done,
    /// Something was malformed: whoever looks again must not find a meaning in what is left.
    Broken,
}

/// The body is not chunked as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chunked body is malformed")]
pub struct Malformed;

impl Default for Chunks {
    fn default() -> Self {
        Self { at: At::Size, size: 0, digits: 0, extension: 0, trailers: Vec::new() }
    }
}

impl Chunks {
    /// Whether the body is over.
    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Bytes of data that come next; 0 where something else does.
    pub fn data(&self) -> u64 {
        if self.at == At::Data { self.size } else { 0 }
    }

    /// Notes that the next `length` bytes of data were taken, at most as many as `data` says.
    pub fn took(&mut self, length: u64) {
        self.size = self.size.saturating_sub(length);
        if self.at == At::Data && self.size == 0 {
            self.at = At::DataReturn;
        }
    }

    /// Takes in what is no data, up to the next data or the end of the body, and returns how many of `bytes` that is.
    pub fn skip(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        for (used, &byte) in bytes.iter().enumerate() {
            if matches!(self.at, At::Data | At::Done) {
                return Ok(used);
            }
            self.at = self.step(byte).inspect_err(|_| self.at = At::Broken)?;
        }
        Ok(bytes.len())
    }

    /// The trailers of a body that is over, without those that would change what the message is (RFC 9110, 6.5.1).
    pub fn trailers(&self) -> Result<HeaderMap, Malformed> {
        let all = Bytes::copy_from_slice(&self.trailers);
        let mut headers = HeaderMap::new();
        let mut rest: &[u8] = &all;
        while let Some((line, length)) = fields::line(rest).map_err(|_| Malformed)? {
            let (name, value) = fields::field(line).map_err(|_| Malformed)?;
            fields::append(&mut headers, &all, name, value).map_err(|_| Malformed)?;
            rest = &rest[length..];
        }
        if headers.len() > TRAILER_LINES_MAX {
            return Err(Malformed);
        }
        strip_trailers(&mut headers);
        Ok(headers)
    }

    fn step(&mut self, byte: u8) -> Result<At, Malformed> {
        match (self.at, byte) {
            (At::Size, _) if byte.is_ascii_hexdigit() => self.digit(byte),
            (At::Size, b'\r') if self.digits > 0 => Ok(At::SizeEnd),
            (At::Size, b' ' | b'\t') if self.digits > 0 => self.extension(At::SizePad),
            (At::SizePad, b' ' | b'\t') => self.extension(At::SizePad),
            (At::Size, b';') if self.digits > 0 => self.extension(At::Extension),
            (At::SizePad, b';') => self.extension(At::Extension),
            (At::Extension, b'\r') => Ok(At::SizeEnd),
            (At::Extension, b'\t' | b' '..=b'~' | 0x80..) => self.extension(At::Extension),
            (At::SizeEnd, b'\n') => Ok(self.begin_data()),
            (At::DataReturn, b'\r') => Ok(At::DataEnd),
            (At::DataEnd, b'\n') => Ok(At::Size),
            (At::Trailer, b'\r') => Ok(At::LastEnd),
            (At::Trailer | At::TrailerLine, b'\t' | b' '..=b'~' | 0x80..) => self.trailer(byte, At::TrailerLine),
            (At::TrailerLine, b'\r') => self.trailer(byte, At::TrailerLineEnd),
            (At::TrailerLineEnd, b'\n') => self.trailer(byte, At::Trailer),
            (At::LastEnd, b'\n') => Ok(At::Done),
            _ => Err(Malformed),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<At, Malformed> {
        self.digits += 1;
        if self.digits > DIGITS_MAX {
            return Err(Malformed);
        }
        let value = char::from(byte).to_digit(16).ok_or(Malformed)?;
        self.size = self.size * 16 + u64::from(value);
        Ok(At::Size)
    }

    fn begin_data(&mut self) -> At {
        self.digits = 0;
        self.extension = 0;
        if self.size == 0 { At::Trailer } else { At::Data }
    }

    fn extension(&mut self, next: At) -> Result<At, Malformed> {
        self.extension += 1;
        if self.extension > EXTENSION_MAX { Err(Malformed) } else { Ok(next) }
    }

    fn trailer(&mut self, byte: u8, next: At) -> Result<At, Malformed> {
        self.trailers.push(byte);
        if self.trailers.len() > TRAILERS_MAX { Err(Malformed) } else { Ok(next) }
    }
}

/// Removes what would change what the message is (RFC 9110, 6.5.1), or is for one hop only.
pub fn strip_trailers(trailers: &mut HeaderMap) {
    for name in &FORBIDDEN {
        trailers.remove(name);
    }
}

/// Fields that frame, route, authorize or describe the message: too late at its end.
static FORBIDDEN: [HeaderName; 16] = [
    AUTHORIZATION,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    COOKIE,
    EXPECT,
    HOST,
    SET_COOKIE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The data and the end of a body.
    fn read(chunks: &mut Chunks, body: &[u8], data: &mut Vec<u8>) -> Result<usize, Malformed> {
        let mut at = 0;
        while at < body.len() && !chunks.is_done() {
            at += chunks.skip(&body[at..])?;
            let take = (chunks.data() as usize).min(body.len() - at);
            data.extend_from_slice(&body[at..at + take]);
            chunks.took(take as u64);
            at += take;
        }
        Ok(at)
    }

    fn end(body: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut chunks = Chunks::default();
        let used = read(&mut chunks, body, &mut Vec::new())?;
        Ok(chunks.is_done().then_some(used))
    }

    #[test]
    fn a_body_ends_after_its_trailers() {
        assert_eq!(end(b"5\r\nhello\r\n0\r\n\r\nGET / "), Ok(Some(15)));
        assert_eq!(end(b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n"), Ok(Some(25)));
        assert_eq!(end(b"5\r\nhello\r\n0\r\n"), Ok(None));
    }

    #[test]
    fn any_split_gives_the_same() {
        let body = b"a\r\n0123456789\r\n3 ;x\r\nabc\r\n0\r\nt: 1\r\nu: 2\r\n\r\n";
        for cut in 0..=body.len() {
            let (mut chunks, mut data) = (Chunks::default(), Vec::new());
            assert_eq!(read(&mut chunks, &body[..cut], &mut data), Ok(cut));
            assert_eq!(read(&mut chunks, &body[cut..], &mut data), Ok(body.len() - cut));
            assert!(chunks.is_done(), "cut at {cut}");
            assert_eq!(data, b"0123456789abc");
            assert_eq!(chunks.trailers().unwrap().len(), 2);
        }
    }

    #[test]
    fn trailers_cannot_change_the_message() {
        let mut chunks = Chunks::default();
        let body = b"0\r\ncontent-length: 5\r\nHost: b\r\nx-sum: 1\r\n\r\n";
        read(&mut chunks, body, &mut Vec::new()).unwrap();
        let trailers = chunks.trailers().unwrap();
        assert_eq!((trailers.len(), trailers["x-sum"].as_bytes()), (1, &b"1"[..]));
    }

    #[test]
    fn what_was_malformed_once_is_so_for_ever() {
        let body = b"3\r\nabc\r\n0:\r\n\r\n";
        let mut chunks = Chunks::default();
        assert_eq!(read(&mut chunks, body, &mut Vec::new()), Err(Malformed));
        for rest in [&body[6..], &body[8..], b"\r\n\r\n"] {
            assert_eq!(chunks.skip(rest), Err(Malformed), "{:?}", String::from_utf8_lossy(rest));
        }
        assert!(!chunks.is_done());
    }

    #[test]
    fn what_two_parsers_might_read_differently_is_malformed() {
        for body in [
            &b"5\nhello\r\n0\r\n\r\n"[..],
            b"5\r\nhello\n0\r\n\r\n",
            b"5\r\nhello0\r\n\r\n",
            b"\r\n",
            b"-5\r\n",
            b"0x5\r\nhello\r\n",
            b"5 5\r\nhello\r\n",
            b"5;a\nb\r\nhello\r\n",
            b"0\r\nx: y\n\r\n",
            b"10000000000000000\r\n",
        ] {
            assert_eq!(end(body), Err(Malformed), "{:?}", String::from_utf8_lossy(body));
        }
    }
}
