//! What the fuzz targets share: a proxy in the process, programs behind it, and a reader of HTTP/1 of its own.
//!
//! In: the fuzzer's bytes. Out: a panic where a promise of the proxy is broken.
//! Invariant: nothing here is part of the proxy, and nothing of the proxy's own parsers judges what they gave.
#![cfg(feature = "fuzzing")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a target says that it found something"
)]

pub mod authority;
pub mod client;
pub mod hello;
pub mod judge;
pub mod mesh;
pub mod names;
pub mod path;
pub mod program1;
pub mod program2;
pub mod sink;
pub mod strict;
