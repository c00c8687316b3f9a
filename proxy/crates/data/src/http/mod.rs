//! HTTP on both sides: serving connections, client connections, translation between versions, errors.

pub(crate) mod body;
pub(crate) mod body_error;
pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod frames;
mod h1;
mod h2;
pub(crate) mod headers;
pub(crate) mod held;
mod idle;
pub(crate) mod incoming;
pub(crate) mod interim;
pub(crate) mod limit;
pub(crate) mod observe;
pub(crate) mod pool;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod stall;
pub(crate) mod translate;

pub(crate) use h1::exchange::Answer;
pub(crate) use h2::shared::Shared;
