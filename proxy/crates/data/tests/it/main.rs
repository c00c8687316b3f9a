//! The fast path as programs see it: real sockets on loopback, two proxies between, a table instead of a control plane.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod breaker;
mod counted;
mod endpoints;
mod families;
mod framing;
mod gateway;
mod http;
mod http1;
mod http1_bodies;
mod http2;
mod http2_ends;
mod http2_floods;
mod http2_windows;
mod ingress;
mod limits;
mod opaque;
mod overrides;
mod own_tls;
mod policy;
mod review;
mod server_first;
mod smuggling;
mod support;
mod tunnel;
mod workers;
