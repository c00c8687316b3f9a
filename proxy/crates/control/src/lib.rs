//! What the control plane says, kept current: gRPC clients that turn its messages into the nouns of `core`.
//!
//! In: the addresses of the control plane, the workload's names. Out: `core::discover::Discover`, and certificates in
//! the workload's credential store.
//! Invariants: the latest value wins; while the control plane is away, or sends what makes no sense, the last good view
//! stays; a view that is older than the one held is never taken; everything received is bounded before it is kept.

mod ask;
mod backoff;
pub mod capabilities;
pub mod config;
pub mod controller;
mod default_policy;
mod dial;
mod end;
mod follow;
pub mod identity;
mod key;
mod lines;
mod registry;
mod resolve;
pub mod service;
mod srv;
mod transport;
mod wire;

#[cfg(feature = "fuzzing")]
pub use srv::instances_in;
#[cfg(feature = "fuzzing")]
pub use wire::hostile::check as check_message;
