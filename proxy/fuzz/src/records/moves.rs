//! A game between a peer and a stream, read from the fuzzer's bytes.

/// The most moves of a game.
const MOVES_MAX: usize = 100;

/// What is settled before the first move.
pub struct Setup {
    /// The stream is the client's.
    pub is_client: bool,
    /// Which cipher.
    pub suite: usize,
    /// The stream's server gives tickets in its handshake.
    pub tickets: bool,
    /// So many moves of the peer arrive together with the end of its handshake, where it is the client.
    pub early: usize,
    /// The most bytes of a read from the socket.
    pub width: usize,
}

/// What one of both does.
#[derive(Debug)]
pub enum Move<'a> {
    /// The peer sends a record of so much data.
    Data(usize),
    /// The same with padding.
    Padded(usize, usize),
    /// A record with this content, type and padding.
    Inner(&'a [u8]),
    /// A record with this of handshake messages.
    Message(&'a [u8]),
    /// New keys, and whether the stream is to change its own.
    Update(bool),
    /// Tickets that make sense, so many in one record.
    Tickets(usize),
    /// An alert.
    Alert([u8; 2]),
    /// Bytes that are not protected.
    Bare(&'a [u8]),
    /// A record of which a bit is not as it was.
    Flipped(usize),
    /// The peer uses its next keys and does not say so.
    Silently,
    /// So many bytes arrive.
    Arrive(usize),
    /// All arrives, and the stream reads so much at most.
    Read(usize),
    /// The stream is given back the last so many bytes that were read.
    PutBack(usize),
    /// The stream writes so many bytes.
    Write(usize),
    /// The socket takes so many bytes more.
    Room(usize),
    /// The stream flushes.
    Flush,
    /// The stream says that nothing more comes.
    Shutdown,
    /// The peer's socket ends.
    Cut,
}

/// All of it; `None` where the input is too short for a game.
pub fn read(input: &[u8]) -> Option<(Setup, Vec<Move<'_>>)> {
    let (&[first, width], rest) = input.split_first_chunk::<2>()?;
    let setup = Setup {
        is_client: first & 1 == 1,
        tickets: first & 2 == 2,
        early: usize::from(first >> 2 & 3),
        suite: usize::from(first >> 4) % 3,
        width: if width == 0 { usize::MAX } else { usize::from(width) * usize::from(width) },
    };
    let mut rest = rest;
    let moves = std::iter::from_fn(|| next(&mut rest)).take(MOVES_MAX).collect();
    Some((setup, moves))
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Move<'a>> {
    let kind = byte(rest)?;
    Some(match kind % 18 {
        0 => Move::Data(usize::from(byte(rest)?)),
        1 => Move::Data(number(rest)? % 16_386),
        2 => Move::Padded(usize::from(byte(rest)?), number(rest)? % 16_700),
        3 => Move::Inner(bytes(rest)?),
        4 => Move::Message(bytes(rest)?),
        5 => Move::Update(byte(rest)? & 1 == 1),
        6 => Move::Tickets(usize::from(byte(rest)? % 40)),
        7 => Move::Alert([byte(rest)?, byte(rest)?]),
        8 => Move::Bare(bytes(rest)?),
        9 => Move::Flipped(number(rest)?),
        10 => Move::Silently,
        11 => Move::Arrive(number(rest)?),
        12 => Move::Read(number(rest)?),
        13 => Move::PutBack(usize::from(byte(rest)?)),
        14 => Move::Write(number(rest)? * 2),
        15 => Move::Room(number(rest)?),
        16 if byte(rest)? & 1 == 0 => Move::Flush,
        16 => Move::Shutdown,
        _ => Move::Cut,
    })
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(*first)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes([byte(rest)?, byte(rest)?])))
}

/// As many as the first byte says, or as there are; one at least.
fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(byte(rest)?).min(rest.len());
    let (bytes, others) = rest.split_at(length);
    *rest = others;
    (!bytes.is_empty()).then_some(bytes)
}
