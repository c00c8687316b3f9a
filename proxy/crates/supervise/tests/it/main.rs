//! Workloads with real processes in real network namespaces. Each test has a pretended machine of its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panics and say on the error stream why they are skipped"
)]

mod life;
mod names;
mod report;
mod support;
mod traffic;
