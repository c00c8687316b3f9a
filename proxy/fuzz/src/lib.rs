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

pub mod ask1;
pub mod ask2;
pub mod authority;
pub mod client;
pub mod frames;
pub mod hello;
pub mod judge;
pub mod judge1;
pub mod judge2;
pub mod mesh;
pub mod names;
pub mod path;
pub mod plan;
pub mod policy;
pub mod program1;
pub mod program2;
pub mod records;
pub mod said1;
pub mod server1;
pub mod server2;
pub mod settings;
pub mod sink;
pub mod stack;
pub mod strict;
pub mod talk1;
pub mod talk2;
