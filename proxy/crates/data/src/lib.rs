//! The fast path: accepts connections, reads their protocol, decides, forwards, measures.
//!
//! In: sockets, answers of `core::discover`, credentials. Out: traffic and counters.
//! Invariant: knows neither the control plane nor its messages; one worker is one thread, without locks, and no
//! request is copied or collected on its way.

pub mod accept;
pub mod access_log;
pub mod budgets;
pub mod common;
pub mod config;
pub mod drain;
pub mod worker;

mod balance;
mod candidate;
mod circuit;
mod connect;
mod counted;
mod detection;
mod first_word;
mod forward;
mod greeters;
mod http;
mod inbound;
mod outbound;
mod recent;
mod server_names;
mod sniff;
mod stream;
mod turns;
