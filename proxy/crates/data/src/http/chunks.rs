//! Follows the chunked coding of a body (RFC 9112, 7.1), to find where it ends. Stricter than the RFC asks of a recipient:
//! every line ends in CRLF.

/// Bytes of one chunk's extensions, which nobody uses.
const EXTENSION_MAX: usize = 256;
/// Bytes of the trailer section.
const TRAILERS_MAX: usize = 16 * 1024;
/// Digits that a chunk's size needs at most.
const DIGITS_MAX: u8 = 15;

/// Where in a chunked body its next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    at: At,
    size: u64,
    digits: u8,
    /// Bytes so far of what is bounded: an extension, or the trailers.
    spent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size,
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
}

/// The body is not chunked as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chunked body is malformed")]
pub(crate) struct Malformed;

impl Chunks {
    /// The start of a body.
    pub(crate) fn new() -> Self {
        Self { at: At::Size, size: 0, digits: 0, spent: 0 }
    }

    /// Whether the body is over.
    pub(crate) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Takes in what belongs to the body and returns how many of `bytes` that is.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut used = 0;
        while used < bytes.len() && self.at != At::Done {
            if self.at == At::Data {
                let data = self.size.min((bytes.len() - used) as u64);
                self.size -= data;
                used += data as usize; // at most as long as the slice
                if self.size == 0 {
                    self.at = At::DataReturn;
                }
            } else {
                self.at = self.step(bytes[used])?;
                used += 1;
            }
        }
        Ok(used)
    }

    fn step(&mut self, byte: u8) -> Result<At, Malformed> {
        match (self.at, byte) {
            (At::Size, _) if byte.is_ascii_hexdigit() => self.digit(byte),
            (At::Size, b'\r') if self.digits > 0 => Ok(At::SizeEnd),
            (At::Size, b';' | b' ' | b'\t') if self.digits > 0 => self.spend(At::Extension, EXTENSION_MAX),
            (At::Extension, b'\r') => Ok(At::SizeEnd),
            (At::Extension, b'\t' | b' '..=b'~' | 0x80..) => self.spend(At::Extension, EXTENSION_MAX),
            (At::SizeEnd, b'\n') => Ok(self.begin_data()),
            (At::DataReturn, b'\r') => Ok(At::DataEnd),
            (At::DataEnd, b'\n') => Ok(At::Size),
            (At::Trailer, b'\r') => Ok(At::LastEnd),
            (At::Trailer | At::TrailerLine, b'\t' | b' '..=b'~' | 0x80..) => self.spend(At::TrailerLine, TRAILERS_MAX),
            (At::TrailerLine, b'\r') => Ok(At::TrailerLineEnd),
            (At::TrailerLineEnd, b'\n') => Ok(At::Trailer),
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
        self.spent = 0;
        if self.size == 0 { At::Trailer } else { At::Data }
    }

    fn spend(&mut self, next: At, max: usize) -> Result<At, Malformed> {
        self.spent += 1;
        if self.spent > max { Err(Malformed) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(body: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut chunks = Chunks::new();
        let used = chunks.advance(body)?;
        Ok(chunks.is_done().then_some(used))
    }

    #[test]
    fn a_body_ends_after_its_trailers() {
        assert_eq!(end(b"5\r\nhello\r\n0\r\n\r\nGET / "), Ok(Some(15)));
        assert_eq!(end(b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n"), Ok(Some(25)));
        assert_eq!(end(b"5\r\nhello\r\n0\r\n"), Ok(None));
    }

    #[test]
    fn any_split_gives_the_same_end() {
        let body = b"a\r\n0123456789\r\n3 ;x\r\nabc\r\n0\r\nt: 1\r\nu: 2\r\n\r\n";
        for cut in 0..=body.len() {
            let mut chunks = Chunks::new();
            assert_eq!(chunks.advance(&body[..cut]), Ok(cut));
            assert_eq!(chunks.advance(&body[cut..]), Ok(body.len() - cut));
            assert!(chunks.is_done(), "cut at {cut}");
        }
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
            b"5;a\nb\r\nhello\r\n",
            b"0\r\nx: y\n\r\n",
            b"10000000000000000\r\n",
        ] {
            assert_eq!(end(body), Err(Malformed), "{:?}", String::from_utf8_lossy(body));
        }
    }
}
