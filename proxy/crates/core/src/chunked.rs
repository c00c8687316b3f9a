//! Finds the end of a chunked body (RFC 9112, 7.1) without keeping any of it, as strictly as `http1` reads heads.

use crate::http1::is_tchar;

/// Bytes of one chunk's size with its extensions.
const SIZE_LINE_MAX: usize = 256;
/// Bytes of all trailers.
const TRAILERS_MAX: usize = 16 * 1024;

/// Follows one body through the pieces in which it arrives.
#[derive(Clone, Debug)]
pub struct Chunked {
    place: Place,
}

/// How far a piece led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All of it belongs to the body, which goes on.
    Within,
    /// The body ended after this many bytes of it.
    Ended(usize),
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not hexadecimal digits and extensions, or more than fits.
    #[error("the size of a chunk is malformed")]
    Size,
    /// Something else than CRLF where a line or chunk ends.
    #[error("a chunk does not end in CRLF")]
    LineEnd,
    /// No header, or too many.
    #[error("the trailers are malformed or too long")]
    Trailers,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Place {
    Size { line: usize, digits: u32, size: u64 },
    Extension { line: usize, size: u64 },
    SizeEnd { size: u64 },
    Data { left: u64 },
    DataEnd { cr: bool },
    TrailerStart { total: usize },
    Trailer { total: usize, named: bool },
    TrailerEnd { total: usize },
    LastEnd,
    Over,
}

const START: Place = Place::Size { line: 0, digits: 0, size: 0 };

impl Default for Chunked {
    fn default() -> Self {
        Self { place: START }
    }
}

impl Chunked {
    /// Takes in the next bytes. After the end it takes none.
    pub fn advance(&mut self, piece: &[u8]) -> Result<Progress, Malformed> {
        let mut at = 0;
        while at < piece.len() {
            match &mut self.place {
                Place::Over => return Ok(Progress::Ended(at)),
                Place::Data { left } => {
                    let here = (piece.len() - at) as u64;
                    let step = here.min(*left);
                    *left -= step;
                    at += step as usize;
                    if *left == 0 {
                        self.place = Place::DataEnd { cr: false };
                    }
                }
                place => {
                    *place = place.next(piece[at])?;
                    at += 1;
                }
            }
        }
        Ok(if matches!(self.place, Place::Over) { Progress::Ended(at) } else { Progress::Within })
    }
}

impl Place {
    fn next(self, byte: u8) -> Result<Self, Malformed> {
        match self {
            Place::Size { line, digits, size } => match byte {
                _ if byte.is_ascii_hexdigit() && line < SIZE_LINE_MAX && size >> 60 == 0 => {
                    let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                    Ok(Place::Size { line: line + 1, digits: digits + 1, size: size << 4 | digit })
                }
                b';' if digits > 0 => Ok(Place::Extension { line, size }),
                b'\r' if digits > 0 => Ok(Place::SizeEnd { size }),
                _ => Err(Malformed::Size),
            },
            Place::Extension { line, size } => match byte {
                b'\r' => Ok(Place::SizeEnd { size }),
                _ if is_text(byte) && line < SIZE_LINE_MAX => Ok(Place::Extension { line: line + 1, size }),
                _ => Err(Malformed::Size),
            },
            Place::SizeEnd { size } => match (byte, size) {
                (b'\n', 0) => Ok(Place::TrailerStart { total: 0 }),
                (b'\n', left) => Ok(Place::Data { left }),
                _ => Err(Malformed::LineEnd),
            },
            Place::DataEnd { cr } => match (byte, cr) {
                (b'\r', false) => Ok(Place::DataEnd { cr: true }),
                (b'\n', true) => Ok(START),
                _ => Err(Malformed::LineEnd),
            },
            Place::TrailerStart { .. } if byte == b'\r' => Ok(Place::LastEnd),
            Place::TrailerStart { total } | Place::Trailer { total, .. } if total >= TRAILERS_MAX => {
                Err(Malformed::Trailers)
            }
            Place::TrailerStart { total } if is_tchar(byte) => Ok(Place::Trailer { total: total + 1, named: false }),
            Place::TrailerStart { .. } => Err(Malformed::Trailers),
            Place::Trailer { total, named } => match byte {
                b'\r' if named => Ok(Place::TrailerEnd { total }),
                b':' if !named => Ok(Place::Trailer { total: total + 1, named: true }),
                _ if is_tchar(byte) || (named && is_text(byte)) => Ok(Place::Trailer { total: total + 1, named }),
                _ => Err(Malformed::Trailers),
            },
            Place::TrailerEnd { total } if byte == b'\n' => Ok(Place::TrailerStart { total }),
            Place::LastEnd if byte == b'\n' => Ok(Place::Over),
            Place::TrailerEnd { .. } | Place::LastEnd => Err(Malformed::LineEnd),
            Place::Data { .. } | Place::Over => Ok(self),
        }
    }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
