//! Sockets and system calls: listeners, original destinations, copy loops, processes and namespaces.
//!
//! In: addresses and settings. Out: connected streams.
//! Invariant: the only crate that may contain `unsafe`; it knows nothing of protocols or policy.
#![allow(unsafe_code, reason = "system calls live here and nowhere else")]

pub mod accept;
pub mod copy;
pub mod descriptors;
pub mod io;
pub mod listen;
pub mod namespace;
pub mod original;
pub mod process;
pub mod rewind;
