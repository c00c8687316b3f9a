//! The clients against a stand-in for the control plane that speaks gRPC on real sockets.

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
