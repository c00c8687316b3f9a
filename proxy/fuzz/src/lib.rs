//! What the fuzz targets share: a proxy in the process (the feature `harness`, which others count its work with), programs
//! behind it, and a reader of HTTP/1 of its own.
//!
//! In: the fuzzer's bytes. Out: a panic where a promise of the proxy is broken.
//! Invariant: nothing here is part of the proxy, and nothing of the proxy's own parsers judges what they gave.
#![cfg(feature = "harness")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a target says that it found something"
)]

#[cfg(feature = "fuzzing")]
pub mod ask1;
#[cfg(feature = "fuzzing")]
pub mod ask2;
pub mod authority;
#[cfg(feature = "fuzzing")]
pub mod certified;
pub mod client;
#[cfg(feature = "fuzzing")]
pub mod frames;
#[cfg(feature = "fuzzing")]
pub mod hello;
#[cfg(feature = "fuzzing")]
pub mod judge;
#[cfg(feature = "fuzzing")]
pub mod judge1;
#[cfg(feature = "fuzzing")]
pub mod judge2;
pub mod mesh;
#[cfg(feature = "fuzzing")]
pub mod names;
#[cfg(feature = "fuzzing")]
pub mod path;
#[cfg(feature = "fuzzing")]
pub mod plan;
pub mod policy;
#[cfg(feature = "fuzzing")]
pub mod program1;
#[cfg(feature = "fuzzing")]
pub mod program2;
#[cfg(feature = "fuzzing")]
pub mod records;
#[cfg(feature = "fuzzing")]
pub mod replies;
#[cfg(feature = "fuzzing")]
pub mod reply;
#[cfg(feature = "fuzzing")]
pub mod said1;
#[cfg(feature = "fuzzing")]
pub mod server1;
#[cfg(feature = "fuzzing")]
pub mod server2;
pub mod settings;
#[cfg(feature = "fuzzing")]
pub mod sink;
pub mod stack;
#[cfg(feature = "fuzzing")]
pub mod strict;
#[cfg(feature = "fuzzing")]
pub mod talk1;
#[cfg(feature = "fuzzing")]
pub mod talk2;
