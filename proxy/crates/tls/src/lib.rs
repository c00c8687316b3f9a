//! Mutual TLS between members of the mesh: the workload's credentials, the configurations made from them, and the streams
//! of bytes over it.
//!
//! In: trust roots, a certificate with its key, the identity that a peer must prove. Out: rustls configurations, streams, and
//! what an accepted connection proved.
//! Invariants: TLS 1.3 only; a peer is known by its certificate's names, never by address or server name; credentials
//! that this proxy's peers would refuse are never installed, and what was in force stays.

pub mod credentials;
mod generation;
mod names;
pub mod peer;
pub mod provider;
pub mod roots;
pub mod store;
pub mod stream;
mod verify;
