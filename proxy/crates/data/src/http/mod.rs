//! HTTP on both sides: serving connections, client connections, translation between versions, errors.

pub(crate) mod body;
mod chunks;
pub(crate) mod client;
pub(crate) mod error;
mod gather;
pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod observe;
pub(crate) mod pool;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod shared;
pub(crate) mod translate;
pub(crate) mod tunnel;

/// What is read of an HTTP/1 connection to a server at once, and so the longest head of an answer: larger buffers save few
/// system calls and cost much memory.
pub(crate) const BUFFER_MAX: usize = 32 * 1024;
/// The largest HTTP/2 frame that a peer may send: a large body takes fewer writes and reads than with the default of 16 KiB.
pub(crate) const FRAME_MAX: u32 = 32 * 1024;
