//! The clients against a stand-in for the control plane that speaks gRPC on real sockets.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panics")]

mod authority;
mod endpoints;
mod identity;
mod inbound;
mod life;
mod messages;
mod outbound;
mod plane;
mod script;
mod support;
