//! A TLS connection in memory after its handshake: the proxy's stream, a peer that sends what the fuzzer wants, and somebody
//! who knows what must come of it.

pub mod game;
pub mod heard;
pub mod moves;
pub mod party;
pub mod peer;
pub mod pipe;
mod reading;
pub mod rules;
pub mod shaking;
pub mod suites;

/// Bytes that differ from their neighbours and from those of any other place.
pub fn text(from: usize, length: usize) -> impl Iterator<Item = u8> {
    (from..from + length).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 13).to_le_bytes()[0])
}
