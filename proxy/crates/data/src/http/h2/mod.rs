//! HTTP/2 connections of both sides (RFC 9113). Streams of a connection are polled by its own task: what arrives for many of
//! them is answered in one write.

pub(crate) mod client;
mod flow;
mod others;
mod pipe;
pub(crate) mod receive;
pub(crate) mod server;
pub(crate) mod shared;
mod tend;
mod wakes;
mod watched;
