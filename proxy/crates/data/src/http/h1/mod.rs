//! HTTP/1 connections of both sides (RFC 9112): no task of their own, no channel; whoever needs the next byte reads it.

mod coding;
pub(crate) mod conn;
pub(crate) mod download;
pub(crate) mod exchange;
mod outbox;
pub(crate) mod send;
pub(crate) mod server;
mod write;

/// Bytes that the head of a request may have.
const REQUEST_HEAD_MAX: usize = 64 * 1024;
/// Bytes that the head of a response may have.
const RESPONSE_HEAD_MAX: usize = 64 * 1024;
