//! The fast path as programs see it: real sockets on loopback, two proxies between, a table instead of a control plane.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod endpoints;
mod framing;
mod http;
mod opaque;
mod policy;
mod smuggling;
mod support;
mod tunnel;
