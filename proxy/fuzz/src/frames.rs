//! Frames of HTTP/2 (RFC 9113, 4.1), by somebody who shares no line with the proxy.

/// The kinds (RFC 9113, 6).
pub const DATA: u8 = 0;
/// A head, or trailers.
pub const HEADERS: u8 = 1;
/// The end of a stream before its time.
pub const RST_STREAM: u8 = 3;
/// The end of a connection.
pub const GOAWAY: u8 = 7;

/// The flag of the last frame of a message.
pub const END_STREAM: u8 = 1;
/// The flag of data that padding follows.
const PADDED: u8 = 8;

/// What a server says that did nothing with a request.
pub const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];

/// A frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Such as [`DATA`].
    pub kind: u8,
    /// Such as [`END_STREAM`].
    pub flags: u8,
    /// 0: the connection.
    pub stream: u32,
    /// What follows the header of nine bytes.
    pub payload: &'a [u8],
}

/// The first frame, if it is whole, and what follows.
pub fn next(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (&[a, b, c, kind, flags, s1, s2, s3, s4], rest) = bytes.split_first_chunk::<9>()?;
    let (payload, rest) = rest.split_at_checked(u32::from_be_bytes([0, a, b, c]) as usize)?;
    let stream = u32::from_be_bytes([s1 & 0x7f, s2, s3, s4]);
    Some((Frame { kind, flags, stream, payload }, rest))
}

/// All whole frames.
pub fn all(mut bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let (frame, rest) = next(bytes)?;
        bytes = rest;
        Some(frame)
    })
}

impl Frame<'_> {
    /// The data, without padding.
    pub fn data(&self) -> &[u8] {
        if self.flags & PADDED == 0 {
            return self.payload;
        }
        let Some((&padding, rest)) = self.payload.split_first() else { return &[] };
        rest.get(..rest.len().saturating_sub(padding.into())).unwrap_or_default()
    }
}
