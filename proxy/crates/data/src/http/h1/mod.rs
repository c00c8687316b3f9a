//! HTTP/1 connections of both sides (RFC 9112): no task of their own, no channel; whoever needs the next byte reads it.

mod answer;
mod client;
mod coding;
pub(crate) mod conn;
pub(crate) mod download;
pub(crate) mod ended;
pub(crate) mod exchange;
mod leave;
mod outbox;
mod raw;
mod reading;
pub(crate) mod send;
pub(crate) mod server;
mod waiting;
mod write;

/// Bytes that the head of a request may have.
const REQUEST_HEAD_MAX: usize = 64 * 1024;
/// Bytes that the head of a response may have.
const RESPONSE_HEAD_MAX: usize = 64 * 1024;
