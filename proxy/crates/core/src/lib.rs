//! The nouns and the decisions of the proxy: what a destination is, which route a request takes, who may
//! pass, which endpoint is picked.
//!
//! In: bytes, heads, policies, and the time as an argument. Out: plain values.
//! Invariant: no socket, no clock, no randomness of its own, no runtime; `control` fills these nouns from the
//! wire, `data` acts on them, and neither knows the other.

pub mod access_log;
pub mod authorize;
pub mod balance;
pub mod breaker;
pub mod budget;
pub mod classify;
pub mod client_hello;
pub mod detect;
pub mod discover;
pub mod duration;
pub mod endpoint;
pub mod fair;
pub mod forwarded;
pub mod http1;
pub mod http2;
pub mod identity;
pub mod inbound;
pub mod keyed;
pub mod matching;
pub mod meta;
pub mod name;
pub mod outbound;
pub mod overrides;
pub mod path;
pub mod penalty;
pub mod probe;
mod protobuf;
mod query;
pub mod rate;
pub mod resolv;
pub mod route;
pub mod stall;
pub mod transport_header;
pub mod version;
pub mod weak_map;
pub mod words;
