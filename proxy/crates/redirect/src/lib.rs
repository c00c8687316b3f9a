//! The rules by which the kernel sends the TCP of a network namespace through the proxy in it.
//!
//! In: who the proxy is, and what does not go through it. Out: rules in the kernel.
//! Invariants: the rules are data (`rules`), written in three ways that mean the same: for the kernel's nf_tables, for
//! iptables-restore, and as text for people. They are made in one step or not at all, and made again they stay the same.

mod apply;
mod cli;
mod failure;
mod iptables;
mod missing;
mod netlink;
mod ports;
mod rules;
mod subnets;
mod text;
mod tool;
mod validate;

pub use apply::{Applied, Mode, apply};
pub use cli::{redirect, validate_network};
pub use failure::Failure;
pub use missing::missing;
pub use ports::{Ports, PortsError};
pub use rules::Redirect;
pub use subnets::{Subnet, Subnets, SubnetsError};
pub use validate::validate_own;
