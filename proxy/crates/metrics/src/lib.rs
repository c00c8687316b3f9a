//! Counters, histograms, labels and the text that a scraper reads.
//!
//! In: events of the fast path, of the control plane's client and of the process. Out: one page of text.
//! Invariant: label sets are formatted once, when a connection or an endpoint appears; an event costs a few relaxed
//! atomic additions to memory that only one thread writes. Every family has a bound of label sets, and what nobody uses
//! is forgotten after a while.

pub mod balancer;
pub mod buckets;
pub mod control;
pub mod counter;
pub mod detection;
pub mod edge;
pub mod families;
mod family;
mod gate;
pub mod histogram;
pub mod identity;
pub mod labels;
pub mod page;
pub mod process;
pub mod registry;
pub mod resolutions;
pub mod response;
pub mod route;
pub mod statuses;
pub mod text;
mod transfer;
pub mod transport;
