//! Counters, histograms, labels and the text that a scraper reads.
//!
//! In: events of the fast path, of the control plane's client and of the process. Out: one page of text.
//! Invariant: label sets are formatted once, when a connection or an endpoint appears; an event costs a few relaxed
//! atomic additions. Every family has a bound of label sets, and what nobody uses is forgotten after a while.

pub mod control;
pub mod counter;
pub mod edge;
pub mod families;
pub mod histogram;
pub mod identity;
pub mod labels;
pub mod page;
pub mod process;
pub mod registry;
pub mod response;
pub mod text;
pub mod transport;
