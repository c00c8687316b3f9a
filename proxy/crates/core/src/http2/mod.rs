//! HTTP/2 as frames: what a connection's peer sends, beneath the library that understands it (RFC 9113).

mod allowance;
pub mod frames;
pub mod lifetime;
pub mod window;
